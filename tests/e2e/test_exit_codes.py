"""Each exit code, from the fault that it stands for."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from crosswatch_trakt.adapters.simulator import Fault, Simulator
from tests.e2e.terminal import Terminal

FILM = json.dumps({"type": "movie", "ids": {"tmdb": 501001}, "watched_at": "2026-01-01T10:00:00Z"})


def no_plays_left(trakt: Simulator) -> None:
    trakt.account.limits.plays = 0


def lock(trakt: Simulator) -> None:
    trakt.account.locked = True


def delete_the_app(trakt: Simulator) -> None:
    trakt.app_deleted = True


def no_gets_left(trakt: Simulator) -> None:
    trakt.quota.gets = 0


def break_down(trakt: Simulator) -> None:
    trakt.fail_next(Fault(status=503), times=100)


def break_down_writes(trakt: Simulator) -> None:
    trakt.fail_next(Fault(status=500), method="POST", path_prefix="/sync/history", times=50)


def answer_html(trakt: Simulator) -> None:
    trakt.fail_next(Fault(status=200, body=b"<html>It works!</html>"), times=100)


def hold_rows_back(trakt: Simulator) -> None:
    """Two readings of one endpoint, both short and unlike: nothing is proven."""
    row = {
        "rated_at": "2026-01-01T00:00:00Z",
        "rating": 5,
        "type": "movie",
        "movie": {"ids": {"trakt": 1001}},
    }
    head = {"x-pagination-item-count": "60", "x-pagination-limit": "250"}
    for rows in ([], [row]):
        body = json.dumps(rows).encode()
        trakt.fail_next(Fault(status=200, body=body, headers=head), path_prefix="/sync/ratings/movies")


@pytest.mark.parametrize(
    ("wrong", "feature", "code", "words"),
    [
        (lambda trakt: trakt.oauth.revoke_all(), "ratings", 3, "crosswatch-trakt login"),
        (delete_the_app, "ratings", 3, "client_id"),
        (lock, "ratings", 4, "locked"),
        (break_down, "ratings", 5, "503"),
        (answer_html, "ratings", 5, "cannot be read"),
        (no_gets_left, "ratings", 5, "rate limit"),
        (hold_rows_back, "ratings", 6, "announced 60 rows"),
    ],
)
def test_an_index_that_cannot_be_had_is_one_sentence_and_its_code(
    terminal: Terminal,
    trakt: Simulator,
    wrong: Callable[[Simulator], None],
    feature: str,
    code: int,
    words: str,
) -> None:
    wrong(trakt)
    ran = terminal("index", feature, "--json", "--set", "max_retries=0", "--set", "retry_after_max_s=0")

    assert (ran.code, ran.out) == (code, "")
    assert words in ran.err
    assert ran.err.splitlines()[-1].endswith((".", "`."))


@pytest.mark.parametrize(("wrong", "code"), [(no_plays_left, 4), (break_down_writes, 5)])
def test_a_write_that_fails_says_more_than_unresolved(
    terminal: Terminal, trakt: Simulator, wrong: Callable[[Simulator], None], code: int
) -> None:
    wrong(trakt)
    plays = len(trakt.account.plays)
    ran = terminal("add", "history", "-", "--json", "--set", "settle_wait_s=0", stdin=FILM)

    assert ran.code == code
    assert len(ran.json["unresolved"]) == 1
    assert ran.json["problems"][0]["advice"] in ran.err
    assert len(trakt.account.plays) == plays


def test_a_server_that_is_not_there_is_5_and_nothing_was_sent(terminal: Terminal) -> None:
    ran = terminal("index", "ratings", "--base-url", "http://127.0.0.1:9", "--set", "max_retries=0")

    assert ran.code == 5
    assert "Nothing was sent" in ran.err


def test_nobody_signed_in_is_3_and_no_client_id_is_2(terminal: Terminal) -> None:
    nobody = terminal("index", "ratings", CROSSWATCH_TRAKT_ACCESS_TOKEN="", CROSSWATCH_TRAKT_STATE_DIR="new")
    no_id = terminal("login", CROSSWATCH_TRAKT_CLIENT_ID="")

    assert (nobody.code, no_id.code) == (3, 2)
    assert "crosswatch-trakt login" in nobody.err
    assert "CROSSWATCH_TRAKT_CLIENT_ID" in no_id.err


def test_a_state_folder_that_cannot_be_written_is_7_and_nothing_was_sent(
    terminal: Terminal, trakt: Simulator, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    plays = len(trakt.account.plays)
    for arguments in (("add", "history", "-"), ("unresolved", "list")):
        ran = terminal(*arguments, "--state-dir", "file/state", stdin=FILM)
        assert ran.code == 7, ran.err
        assert "file/state" in ran.err
    assert len(trakt.account.plays) == plays


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_output_that_finds_no_room_is_7(terminal: Terminal) -> None:
    with open("/dev/full", "wb") as full:
        process = subprocess.run(
            [sys.executable, "-m", "crosswatch_trakt", "status"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=terminal.environment,
            cwd=terminal.folder,
            check=False,
        )
    assert process.returncode == 7
    assert b"No space left" in process.stderr
    assert b"Traceback" not in process.stderr
