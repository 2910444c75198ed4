"""What people mistake: one clear sentence, the code, no traceback, nothing lost."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from crosswatch_trakt.adapters.simulator import Simulator
from tests.e2e.terminal import Terminal

FILM = {"type": "movie", "ids": {"tmdb": 501001}, "watched_at": "2026-01-01T10:00:00Z"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["index", "movies"], "Choose from: watchlist, ratings, history"),
        (["indx", "history"], "No such command 'indx'"),
        (["index", "history", "--since", "yesterday"], "Give a date like 2026-01-31"),
        (["status", "--set", "timeout=soon"], "timeout is wrong (from the command line)"),
        (["add", "history", "none.json"], "The file none.json cannot be read: No such file"),
    ],
)
def test_wrong_usage_is_2_and_one_sentence(terminal: Terminal, arguments: list[str], words: str) -> None:
    """More of these stand in `tests/cli`, where they take no process each."""
    ran = terminal(*arguments)

    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\x89PNG\r\n\x1a\n\x00", "no text in UTF-8"),
        (b'{"type": "movie"}\n\n7\n', "Line 3 of standard input is a number, not an object"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused_whole(
    terminal: Terminal, trakt: Simulator, body: bytes, words: str
) -> None:
    ran = terminal("add", "history", "-", stdin=body)

    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err
    assert "Nothing was sent." in ran.err
    assert len(ran.err.splitlines()) == 1
    assert trakt.requests == []


def test_an_item_that_cannot_be_meant_is_named_and_the_others_go_on(
    terminal: Terminal, trakt: Simulator
) -> None:
    huge = "A" * 2_000_000
    items = [
        FILM,
        {**FILM, "type": "cassette"},
        {**FILM, "ids": {"tmdb": [501001]}},
        {**FILM, "ids": [501001]},
        {**FILM, "title": huge, "watched_at": "2026-01-02T10:00:00Z"},
        {**FILM, "ids": {}, "title": huge},
        {**FILM, "ids": {}, "title": "\x1b[31mred\ttab"},
    ]
    ran = terminal("add", "history", "-", stdin=json.dumps(items))
    listed = terminal("unresolved", "list")

    assert (ran.code, listed.code) == (1, 0)
    assert ["confirmed", "", "2"] in ran.rows
    assert ["unresolved", "unsupported_type", "1"] in ran.rows
    assert ["unresolved", "missing_ids", "4"] in ran.rows
    assert len(ran.out) < 5000, "nobody wants to see two megabytes"
    assert "\x1b" not in ran.out + listed.out
    assert len(listed.rows) == 5


@pytest.mark.parametrize(
    ("spoil", "features"), [("cut", ("ratings", "history")), ("version", ("watchlist",))]
)
def test_a_spoilt_state_file_is_made_again_and_said_so(
    terminal: Terminal, trakt: Simulator, tmp_path: Path, spoil: str, features: tuple[str, ...]
) -> None:
    for feature in features:
        terminal("index", feature)
    [folder] = [path for path in (tmp_path / "state").iterdir() if path.is_dir()]
    files = [path for path in folder.iterdir() if path.suffix in (".json", ".sqlite")]
    assert len(files) == len(features)
    for path in files:
        body = path.read_bytes()
        other = body.replace(b'"schema":1', b'"schema":99')
        path.write_bytes(body[: len(body) // 2] if spoil == "cut" else other)
    there = {
        "watchlist": len(trakt.account.watchlist),
        "ratings": len(trakt.account.ratings),
        "history": len(trakt.account.plays),
    }
    for feature in features:
        ran = terminal("index", feature)
        assert (ran.code, len(ran.rows)) == (0, there[feature])
        assert "made again" in ran.err
        assert f"[TRAKT:{feature}]" in ran.err


def test_a_spoilt_login_is_told_from_none(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    host = urlsplit(terminal.environment["CROSSWATCH_TRAKT_BASE_URL"]).netloc.replace(":", "_")
    (tmp_path / "state" / f"tokens@{host}.json").write_text('{"schema": 1, "pairs": [{"access_tok')
    ran = terminal("index", "ratings", CROSSWATCH_TRAKT_ACCESS_TOKEN="")

    assert ran.code == 7
    assert f"tokens@{host}.json cannot be read" in ran.err


def test_settings_come_from_a_file_whose_secrets_are_guarded(
    terminal: Terminal, trakt: Simulator, tmp_path: Path
) -> None:
    token = terminal.environment.pop("CROSSWATCH_TRAKT_ACCESS_TOKEN")
    file = tmp_path / "my.toml"
    file.write_text(f'access_token = "{token}"\ntimezone = "Asia/Tokyo"\n')
    file.chmod(0o644)
    ran = terminal("index", "history", "--config", "my.toml", "--limit", "1", CROSSWATCH_TRAKT_SILLY="1")
    file.write_text(f'access_token = "{token}\n')
    broken = terminal("status", CROSSWATCH_TRAKT_CONFIG="my.toml")
    file.write_text(f'access_token = "{token} x"\n')
    wrong = terminal("status", CROSSWATCH_TRAKT_CONFIG="my.toml")

    assert ran.code == 0
    assert ran.rows[0][2].endswith("+09:00")
    assert "chmod 600 my.toml" in ran.err
    assert "CROSSWATCH_TRAKT_SILLY names no setting" in ran.err
    assert (broken.code, wrong.code) == (2, 2)
    assert "my.toml is no TOML (at line 1" in broken.err
    assert "(from my.toml)" in wrong.err
