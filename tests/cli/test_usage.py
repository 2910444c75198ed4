"""Wrong usage: exit code 2, and one sentence that says what to do."""

import json
from pathlib import Path

import pytest

from crosswatch_trakt.adapters.cli import app, show
from crosswatch_trakt.adapters.cli.app import hoisted, run


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Away from the settings and the state of whoever runs the tests."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["add", "histroy", "nothing.json"], "There is no feature 'histroy'"),
        (["unresolved", "list", "all"], "There is no feature 'all'"),
        (["index"], "Missing argument 'FEATURE'"),
        (["index", "history", "--limt", "3"], "No such option"),
        (["index", "history", "--limit", "many"], "'--limit'"),
        (
            ["status", "--timezone", "Mars/Olympus"],
            "The setting timezone is 'Mars/Olympus' (from the command line)",
        ),
        (["status", "--set", "time_out=3"], "Did you mean timeout?"),
        (["status", "--set", "timeout"], "NAME=VALUE"),
        (["status", "--set", "access_token=abc"], "CROSSWATCH_TRAKT_ACCESS_TOKEN"),
        (["status", "--config", "none.toml"], "no settings file none.toml"),
        (["status", "--config"], "requires an argument"),
        (["status", "--config", "."], "cannot be read"),
        (["status", "--base-url", "api.trakt.tv"], "base_url is no address"),
        (["status", "--base-url", "http://example.org"], "unencrypted"),
        (["simulate", "--port", "99999"], "'--port'"),
        (["add", "history", "."], "Is a directory"),
        (["remove", "history", "a\0b"], "cannot be read"),
        (["unresolved"], "Missing command"),
    ],
)
def test_wrong_usage_is_2_and_one_sentence(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(arguments)
    shown = capsys.readouterr()

    assert (code, shown.out) == (2, "")
    assert words in shown.err
    assert len(shown.err.splitlines()) == 1


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    assert "Usage: crosswatch-trakt" in capsys.readouterr().out


def test_the_programs_options_may_stand_anywhere() -> None:
    assert hoisted(["index", "history", "-v", "--state-dir", "x", "--limit", "3", "--set=verify=never"]) == [
        *("-v", "--state-dir", "x", "--set=verify=never"),
        *("index", "history", "--limit", "3"),
    ]
    assert hoisted(["add", "history", "--", "-v"]) == ["add", "history", "--", "-v"]


@pytest.mark.parametrize(("flags", "traceback"), [([], False), (["-v"], True)])
def test_a_fault_of_the_program_is_70_and_asks_to_be_reported(
    flags: list[str], traceback: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(app, "hoisted", fail)
    code = run([*flags, "status"])
    shown = capsys.readouterr()

    assert code == 70
    assert "Please report it" in shown.err
    assert ("Traceback" in shown.err) is traceback


def test_a_title_is_shown_without_what_a_terminal_would_obey() -> None:
    item = {"type": "movie", "title": "\x1b[31m" + "A" * 2_000_000, "year": 10**30}
    name = show.name_of(item)

    assert "\x1b" not in name
    assert len(name) < 100
    assert json.loads(json.dumps(name)) == name
