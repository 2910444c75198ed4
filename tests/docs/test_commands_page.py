"""`docs/commands.md` says what the command line takes and gives, and nothing besides."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from crosswatch_trakt.adapters.cli import codes as exit_codes
from crosswatch_trakt.adapters.cli.app import app
from crosswatch_trakt.application.advice import ExitCode
from crosswatch_trakt.domain.outcomes import PERMANENT, Already, Reason
from tests.docs.pages import PAGES, ROOT, blocks, codes, first_codes, prose, rows_of, section, sections

PAGE = "docs/commands.md"
HELP = {"-h", "--help"}


def commands(group: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every command of the program with its path."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


def options(command: Any) -> set[str]:
    """Every spelling of every option."""
    every = [param for param in command.params if param.param_type_name == "option"]
    return {name for param in every for name in (*param.opts, *param.secondary_opts)}


def arguments(command: Any) -> list[str]:
    """The arguments as the help shows them."""
    return [param.metavar for param in command.params if param.param_type_name == "argument"]


def ours(page: str) -> str:
    """A page with its examples for our commands, without those for other programs."""
    return "\n".join((prose(page), *blocks(page, "sh")))


def spelt(cells: list[str]) -> set[str]:
    """The options among what stands in backquotes."""
    return {code.split()[0] for code in cells if code.startswith("-")}


ROOT_COMMAND: Any = typer.main.get_command(app)
COMMANDS = dict(commands(ROOT_COMMAND))
GROUPS = {path.split()[0] for path in COMMANDS if " " in path}
HEADINGS = {  # path → heading
    " ".join(re.findall(r"[a-z]+", one.heading)): one.heading
    for one in sections(PAGE)
    if re.fullmatch(r"[a-z]+( [a-z]+)?( \[?[A-Z]+\]?)*", one.heading)
}


def test_every_command_has_its_section_and_no_other_has_one() -> None:
    assert sorted(HEADINGS) == sorted(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS)
def test_a_section_has_the_arguments_the_options_and_the_defaults(path: str) -> None:
    rows = section(PAGE, HEADINGS[path]).rows
    defaults = {
        name: f"{param.default}"
        for param in COMMANDS[path].params
        for name in param.opts
        if isinstance(param.default, int | float) and not isinstance(param.default, bool)
    }

    assert re.findall(r"\[?[A-Z]+\]?", HEADINGS[path]) == arguments(COMMANDS[path])
    assert spelt(first_codes(rows)) == options(COMMANDS[path])
    assert defaults == {
        name: row[1] for row in rows for name in spelt(codes(row[0])) if len(row) == 3 and row[1]
    }


def test_the_options_of_the_program_stand_in_their_table() -> None:
    rows = section(PAGE, "Options of every command").rows

    assert spelt(first_codes(rows)) == options(ROOT_COMMAND) | HELP


def test_no_page_names_a_command_or_an_option_that_does_not_exist() -> None:
    every = options(ROOT_COMMAND).union(HELP, *(options(command) for command in COMMANDS.values()))
    known = {path.split()[0] for path in COMMANDS}

    for page in PAGES:
        text = ours(page)
        assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)) <= every, page
        called = re.findall(r"(?:^|[`|] ?)crosswatch-trakt ([a-z]+)(?: ([a-z]+))?", text, re.M)
        assert {first for first, _ in called} <= known, page
        assert all(f"{first} {second}" in COMMANDS for first, second in called if first in GROUPS), page


def test_every_exit_code_stands_in_the_table() -> None:
    rows = section(PAGE, "Exit codes").rows
    every = {int(code) for code in ExitCode} | {exit_codes.FAULT}

    assert sorted(int(row[0]) for row in rows) == sorted(every)
    assert {int(row[0]) for row in rows_of(exit_codes.__doc__ or "")} == every


def test_every_reason_stands_in_the_table_with_whether_it_is_tried_again() -> None:
    rows = section(PAGE, "Why an item is unresolved").rows
    unresolved = {codes(row[0])[0]: row for row in rows if len(row) == 4}
    existing = {codes(row[0])[0] for row in rows if len(row) == 2}

    assert set(unresolved) == set(Reason) | {"http:<status>"}
    assert {name for name, row in unresolved.items() if row[1].startswith("no")} == PERMANENT
    assert existing == set(Already)


def test_a_reason_that_nothing_gives_is_not_on_the_page() -> None:
    """All of them are there, so each must be given somewhere."""
    rest = "".join(
        path.read_text("utf-8")
        for room in ("application", "domain")
        for path in (ROOT / room).rglob("*.py")
        if path != ROOT / "domain" / "outcomes.py"
    )

    assert [one for one in Reason if f"Reason.{one.name}" not in rest] == []
    assert [one for one in Already if f"Already.{one.name}" not in rest] == []


def test_every_field_of_an_item_stands_in_the_table() -> None:
    source = (ROOT / "domain" / "items.py").read_text("utf-8")
    known = set(re.findall(r'item(?:\.get\("|\[")(\w+)"', source))
    rows = section(PAGE, "Files of items").rows

    assert set(first_codes(rows)) == known
