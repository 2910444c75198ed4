"""`docs/settings.md` says what `Settings` has, and nothing besides."""

import re
import tomllib
from dataclasses import MISSING, fields
from typing import Annotated, Literal, get_args, get_origin, get_type_hints

import msgspec
import pytest
from platformdirs import user_config_path
from returns.result import Success

from crosswatch_trakt.adapters.cli.settings import APP, CONFIG, FILE, PREFIX, SECRETS
from crosswatch_trakt.application.settings import Settings, parse_settings
from tests.docs.pages import ROOT, blocks, codes, section, sections, text_of

PAGE = "docs/settings.md"
NAMES = [entry.name for entry in fields(Settings)]
HINTS = get_type_hints(Settings, include_extras=True)
ROWS = {
    codes(row[0])[0]: row
    for one in sections(PAGE)
    for row in one.rows
    if len(row) == 5 and one.heading != "Where settings come from"
}


def words_of(hint: object) -> str:
    """A type as the page says it."""
    arguments = get_args(hint)
    if get_origin(hint) is Annotated:
        return words_of(arguments[0]) + _range(arguments[1])
    if get_origin(hint) is Literal:
        *most, last = (f"`{value}`" for value in arguments)
        return f"{', '.join(most)} or {last}"
    if get_origin(hint) is tuple:
        return "list of " + ", ".join(f"`{value}`" for value in get_args(arguments[0]))
    if type(None) in arguments:
        return words_of(arguments[0])
    return {str: "text", bool: "true or false", int: "whole number", float: "number"}[hint]  # type: ignore[index]


def _range(meta: msgspec.Meta) -> str:
    if meta.gt is not None:
        return f", above {meta.gt:g}"
    most = meta.le if meta.le is not None and meta.le < 1e9 else None
    return f", {meta.ge:g} or more" if most is None else f", {meta.ge:g} to {most:,}"


def test_every_setting_stands_in_one_row_and_no_other_does() -> None:
    rows = [row for one in sections(PAGE) for row in one.rows]

    assert sorted(codes(row[0])[0] for row in rows) == sorted(NAMES)
    assert all(re.search(r"\w", row[4]) for row in rows), "each says what it does"


@pytest.mark.parametrize("entry", fields(Settings), ids=lambda entry: str(entry.name))
def test_a_row_has_the_variable_the_type_and_the_default(entry: object) -> None:
    name, default = entry.name, entry.default  # type: ignore[attr-defined]
    assert default is not MISSING
    _, variable, kind, said, _ = ROWS[name]
    lifted = default is not None and type(None) in get_args(HINTS[name])

    assert variable == f"`{PREFIX}{name.upper()}`"
    assert kind == words_of(HINTS[name]) + (", or none" if lifted else "")
    if default is None:
        assert said == "none"
    else:
        value = tomllib.loads(f"x = {said.strip('`')}")["x"]
        assert (tuple(value) if isinstance(value, list) else value) == default


def test_where_settings_come_from_is_said() -> None:
    words = section(PAGE, "Where settings come from").text

    assert CONFIG in words
    assert f"{APP}/{FILE}" in words
    assert user_config_path(APP).name == APP
    assert set(codes(words)) >= SECRETS
    assert words.index("command line") < words.index("environment") < words.index("settings file")


def test_the_example_file_is_taken() -> None:
    [example] = blocks(PAGE, "toml")

    assert isinstance(parse_settings(tomllib.loads(example)), Success)


def test_the_variables_that_the_pages_name_are_read() -> None:
    known = {f"{PREFIX}{name.upper()}" for name in NAMES} | {CONFIG}

    for page in ("README.md", PAGE, "docs/commands.md", "docs/simulator.md"):
        named = {one for one in re.findall(rf"{PREFIX}\w*", text_of(page)) if one != PREFIX}
        assert named <= known, page


def test_a_setting_that_has_no_effect_is_not_said_to_have_one() -> None:
    """Whoever adds a setting makes something read it, or says on the page that nothing does."""
    read = "".join(
        path.read_text("utf-8")
        for room in ("adapters", "application")
        for path in (ROOT / room).rglob("*.py")
        if path != ROOT / "application" / "settings.py"
    )
    idle = [name for name in NAMES if not re.search(rf"settings\.(provided\.)?{name}\b", read)]

    assert "Every one has its effect today." in text_of(PAGE)
    assert idle == []
