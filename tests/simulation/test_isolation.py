"""The simulator judges by Trakt's rules, not by ours, and depends on nothing that varies."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import crosswatch_trakt.adapters.simulator as simulator

SOURCES = sorted(Path(simulator.__file__).parent.glob("*.py"))
WORLDLY = {"time", "socket", "http.server", "os", "pathlib", "requests", "rich", "typer", "secrets", "uuid"}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_our_domain_is_known_to_the_transport_alone_and_there_its_problems_only(path: Path) -> None:
    ours = {name for name in imported(path) if name.startswith("crosswatch_trakt.domain")}

    assert ours == ({"crosswatch_trakt.domain.problems"} if path.stem == "transport" else set())


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if path.stem != "server"], ids=lambda path: path.stem
)
def test_the_rules_do_no_io_and_read_no_clock(path: Path) -> None:
    assert WORLDLY.isdisjoint(imported(path))
    assert "datetime.now(" not in path.read_text(encoding="utf-8")
