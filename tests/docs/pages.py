"""What stands on the pages: their tables, their examples, their links."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "CHANGELOG.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))))

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
_HEADING = re.compile(r"^(#+) (.+)$", re.M)


@dataclass(frozen=True)
class Section:
    """A heading, and what stands below it up to the next one."""

    heading: str
    text: str

    @property
    def rows(self) -> list[list[str]]:
        """The rows of its tables, without their heads."""
        return rows_of(self.text)


def text_of(page: str) -> str:
    """A page, by its path in the project."""
    return (ROOT / page).read_text("utf-8")


def blocks(page: str, language: str) -> list[str]:
    """The examples in one language."""
    return [body for kind, body in _BLOCK.findall(text_of(page)) if kind == language]


def prose(page: str) -> str:
    """A page without its examples."""
    return _BLOCK.sub("", text_of(page))


def sections(page: str) -> list[Section]:
    """The page, cut at its headings."""
    text = prose(page)
    found = list(_HEADING.finditer(text))
    ends = [*(one.start() for one in found[1:]), len(text)]
    return [Section(one[2], text[one.end() : end]) for one, end in zip(found, ends, strict=True)]


def section(page: str, heading: str) -> Section:
    """One of them."""
    [found] = [one for one in sections(page) if one.heading == heading]
    return found


def rows_of(text: str) -> list[list[str]]:
    """The rows of all tables, without their heads."""
    rows: list[list[str]] = []
    for line in text.splitlines():
        if line.startswith("|---"):
            rows.pop()  # what came before was the head
        elif line.startswith("|"):
            rows.append([cell.strip() for cell in line[1:].rstrip().removesuffix("|").split("|")])
    return rows


def codes(cell: str) -> list[str]:
    """What stands in backquotes."""
    return re.findall(r"`([^`]+)`", cell)


def first_codes(rows: Sequence[Sequence[str]]) -> list[str]:
    """What stands in backquotes in the first cells."""
    return [code for row in rows for code in codes(row[0])]


def links(page: str) -> Iterator[str]:
    """Where its links lead."""
    yield from re.findall(r"\]\(([^)\s]+)\)", prose(page))


def anchors(page: str) -> set[str]:
    """Where a link into it may lead: GitHub's names of its headings."""
    return {re.sub(r"[^\w\- ]", "", one.heading.lower()).replace(" ", "-") for one in sections(page)}


def file_patterns() -> list[str]:
    """Every name that `docs/files.md` lists, as a pattern; of what stands in braces, each one."""
    names = [code for one in sections("docs/files.md") for row in one.rows for code in codes(row[0])]
    return [re.sub(r"<(?!account>)[^>]+>", "*", name) for given in names for name in _each(given)]


def _each(name: str) -> Iterator[str]:
    found = re.search(r"\{([^}]+)\}", name)
    if found is None:
        yield name
        return
    for one in found[1].split(","):
        yield from _each(name.replace(found[0], one))
