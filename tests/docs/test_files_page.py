"""`docs/files.md` lists every file that the code makes, and no other."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch

from crosswatch_trakt.adapters.cli import demo
from crosswatch_trakt.adapters.container import _tokens_file
from crosswatch_trakt.application.settings import Settings
from tests.docs.pages import ROOT, file_patterns, text_of

PAGE = "docs/files.md"
FILE_NAME = re.compile(r"[\w.*@-]+\.(json|jsonl|sqlite|lock|tmp|damaged|stock)")


def in_code() -> set[str]:
    """Every name of a file that the code spells, with `*` for what it fills in."""
    found = {_tokens_file(Settings(base_url="http://localhost:1"))}
    for room in ("adapters", "application"):
        for path in (ROOT / room).rglob("*.py"):
            if not {"cli", "simulator"} & set(path.parts):
                found |= set(_names(ast.parse(path.read_text("utf-8"))))
    return found


def _names(tree: ast.AST) -> Iterator[str]:
    parts = {part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        text = ""
        if node in parts:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        elif isinstance(node, ast.JoinedStr):
            text = "".join(str(one.value) if isinstance(one, ast.Constant) else "*" for one in node.values)
        if FILE_NAME.fullmatch(text):
            yield text


def fits(one: str, other: str) -> bool:
    """Whether two patterns speak of the same files."""
    return fnmatch(one, other) or fnmatch(other, one)


def test_the_page_lists_the_files_that_the_code_makes_and_no_others() -> None:
    on_page, made = {name.rpartition("/")[2] for name in file_patterns()}, in_code()

    assert [name for name in sorted(made) if not any(fits(name, one) for one in on_page)] == []
    assert [name for name in sorted(on_page) if not any(fits(name, one) for one in made)] == []


def test_the_folders_are_named() -> None:
    assert f"`{demo.FOLDER}/`" in text_of(PAGE)
    assert "crosswatch-trakt/.cw_state" in text_of(PAGE)
