"""What the pages point to exists, and nothing committed points to one machine."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, links, prose

OURS = re.compile(r"`((?:domain|application|adapters|tests|docs)/[\w/]+(?:\.\w+)?)`")
MACHINE = re.compile(r"(?<![\w.~*-])/(?:home|Users|root|mnt|work|workspace|builds?)/\w")
REGISTRY = re.compile(
    r"--(?:extra-)?index[-]url|https?://[^\s\"'`]*(?:pypi|pythonhosted|artifactory|nexus|/simple/)", re.I
)


@pytest.mark.parametrize("page", PAGES)
def test_every_link_within_the_project_leads_somewhere(page: str) -> None:
    for link in links(page):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = page if not file else ((ROOT / page).parent / file).resolve().relative_to(ROOT).as_posix()
        assert (ROOT / target).exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_linked_from_the_readme() -> None:
    assert {page for page in PAGES if page.startswith("docs/")} <= set(links("README.md"))


@pytest.mark.parametrize("page", PAGES)
def test_every_room_that_a_page_names_exists(page: str) -> None:
    for name in OURS.findall(prose(page)):
        plain = ROOT / name
        module = ROOT / f"{name.split('.')[0]}.py"
        assert plain.exists() or module.exists(), name


def committed() -> Iterator[Path]:
    """Every file but those that `.gitignore` leaves out."""
    left_out = {name.strip("/") for name in (ROOT / ".gitignore").read_text("utf-8").split()}
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        if path.is_file() and parts[0] != ".git" and not any(_matches(part, left_out) for part in parts):
            yield path


def _matches(part: str, patterns: set[str]) -> bool:
    return any(Path(part).match(pattern) for pattern in patterns)


def test_no_file_holds_a_path_of_a_machine_or_the_address_of_a_registry() -> None:
    found = []
    for path in committed():
        text = path.read_text("utf-8", errors="ignore")
        found += [
            f"{path.relative_to(ROOT)}: {one[0]}"
            for one in (MACHINE.search(text), REGISTRY.search(text))
            if one
        ]

    assert len(list(committed())) > 100
    assert found == []
