"""`crosswatch`: our file into a CrossWatch and out of it, as a person does it."""

import sys
from pathlib import Path

import pytest

from crosswatch_trakt.adapters.crosswatch.installing import KEPT, source
from tests.crosswatch.standin import FILE, STOCK, standin
from tests.e2e.terminal import Ran, Terminal, environment_in


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """Of somebody who has no account: none of these commands asks Trakt."""
    return Terminal(tmp_path, environment_in(tmp_path))


@pytest.fixture
def host(tmp_path: Path) -> Path:
    return standin(tmp_path / "CrossWatch")


def test_it_goes_in_is_seen_and_comes_out(terminal: Terminal, host: Path) -> None:
    missing = terminal("crosswatch", "check", "CrossWatch")
    put, again = (terminal("crosswatch", "install", "CrossWatch") for _ in range(2))
    there, told = (
        terminal("crosswatch", "check", "CrossWatch"),
        terminal("crosswatch", "check", str(host), "--json"),
    )
    in_place = (host / FILE).read_bytes()
    out = terminal("crosswatch", "uninstall", "CrossWatch")
    nothing = terminal("crosswatch", "uninstall", "CrossWatch")

    assert (missing.code, put.code, again.code, there.code, told.code, out.code) == (1, 0, 0, 0, 0, 0)
    assert missing.rows[0] == ["file", "CrossWatch's own: ours is not installed"]
    assert "is now ours" in put.out
    assert "kept as _mod_TRAKT.py.stock. Restart CrossWatch." in put.out
    assert "is ours already" in again.out
    assert there.rows[0] == ["file", "ours, of this version"]
    assert there.rows[-1] == ["CrossWatch", "0.11.3, tested"]
    assert told.json.keys() == {
        *("in_place", "of_this_version", "venv", "kept", "python", "importable", "trouble"),
        *("crosswatch", "tested", "tested_range"),
    }
    assert (told.json["in_place"], told.json["of_this_version"], told.json["python"]) == (
        True,
        True,
        sys.executable,
    )
    assert told.json["importable"] is (told.json["trouble"] is None)
    assert in_place == source()
    assert out.out.endswith("is CrossWatch's own again. Restart CrossWatch.\n")
    assert (host / FILE).read_bytes() == STOCK
    assert not (host / FILE.with_name(KEPT)).exists()
    assert nothing.code == 2
    assert "There is nothing to put back; it stays." in nothing.err
    assert {ran.err for ran in (missing, put, again, there, told, out)} == {""}


def test_an_untested_crosswatch_is_named(terminal: Terminal, host: Path) -> None:
    (host / "VERSION").write_text("v0.14.1")
    put, there = (terminal("crosswatch", name, "CrossWatch") for name in ("install", "check"))

    assert (put.code, there.code) == (0, 0)
    assert put.err == "This CrossWatch is 0.14.1; tested is 0.11.3 to 0.13. Try a dry run first.\n"
    assert there.rows[-1] == ["CrossWatch", "0.14.1, not tested: 0.11.3 to 0.13 is"]


@pytest.mark.parametrize("command", ["install", "uninstall", "check"])
def test_a_folder_that_is_no_crosswatch_is_2_and_one_sentence(terminal: Terminal, command: str) -> None:
    ran = terminal("crosswatch", command, "elsewhere")

    assert ran == Ran(2, "", ran.err)
    assert ran.err.startswith("There is no CrossWatch in elsewhere. Nothing was changed. Name the folder")
    assert len(ran.err.splitlines()) == 1


def test_a_file_that_the_system_will_not_replace_is_7_and_stays(terminal: Terminal, host: Path) -> None:
    """A folder in the way of what is kept: the system refuses even root."""
    (host / FILE.with_name(KEPT)).mkdir()
    ran = terminal("crosswatch", "install", "CrossWatch")

    assert (ran.code, ran.out) == (7, "")
    assert "CrossWatch's files in CrossWatch cannot be changed: Is a directory" in ran.err
    assert "What is in place is whole." in ran.err
    assert (host / FILE).read_bytes() == STOCK


def test_the_file_is_printed_with_the_place_of_the_environment(terminal: Terminal, host: Path) -> None:
    plain = terminal("crosswatch", "shim")
    placed = terminal("crosswatch", "shim", "--venv", "/config/it's here")
    wrong = terminal("crosswatch", "shim", "--venv", "trakt")
    (host / FILE).write_bytes(placed.out.encode())  # as it is mounted
    there = terminal("crosswatch", "check", "CrossWatch", "--json")

    assert (plain.code, plain.out.encode()) == (0, source())
    assert (placed.code, placed.out.encode()) == (0, source("/config/it's here"))
    assert (there.code, there.json["venv"]) == (0, "/config/it's here")
    assert (wrong.code, wrong.out) == (2, "")
    assert "Give the whole path, like /config/trakt." in wrong.err
