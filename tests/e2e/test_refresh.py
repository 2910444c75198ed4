"""A refresh among processes: once, whoever needs it, and what becomes of it when it goes wrong.

Each process here is one of its own, at a real socket; they share a state folder.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from returns.result import Result, Success

from crosswatch_trakt.adapters.simulator import Fault, Simulator
from crosswatch_trakt.adapters.state import FileState
from crosswatch_trakt.domain.problems import Problem
from tests.e2e.terminal import Ran, Terminal

REFRESH = "/oauth/token"
PAGE = b"<!DOCTYPE html><html><body>Access denied</body></html>"
HTML = {"content-type": "text/html; charset=UTF-8"}
INDEX = ("index", "watchlist", "--json")


@pytest.fixture
def expired(terminal: Terminal, trakt: Simulator) -> Iterator[Terminal]:
    """The terminal of somebody whose token has come to its end, and who knows it."""
    terminal.environment |= {
        "CROSSWATCH_TRAKT_REFRESH_TOKEN": trakt.account.refresh_token,
        "CROSSWATCH_TRAKT_EXPIRES_AT": "1",
    }
    expire(trakt)
    yield terminal
    for secret in (trakt.account.access_token, trakt.account.refresh_token):
        for path in state(terminal).rglob("*"):
            assert path == document(terminal) or path.is_dir() or secret.encode() not in path.read_bytes()


def expire(trakt: Simulator) -> None:
    """Let every access token be too old; refresh tokens live."""
    with trakt.lock:
        trakt.oauth.expire_all()


def state(terminal: Terminal) -> Path:
    return Path(terminal.environment["CROSSWATCH_TRAKT_STATE_DIR"])


def document(terminal: Terminal) -> Path:
    """Where the tokens of this server lie."""
    server = urlsplit(terminal.environment["CROSSWATCH_TRAKT_BASE_URL"]).netloc
    return state(terminal) / f"tokens@{server.replace(':', '_')}.json"


def refreshes(trakt: Simulator) -> list[int | None]:
    """What each refresh was answered."""
    return [seen.status for seen in list(trakt.requests) if seen.path == REFRESH]


def stored(terminal: Terminal) -> list[str]:
    """The access tokens that lie on disk."""
    return [pair["access_token"] for pair in json.loads(document(terminal).read_bytes())["pairs"]]


def ended(terminal: Terminal, process: subprocess.Popen[bytes]) -> Ran:
    out, err = process.communicate(timeout=60)
    return terminal.look(process.returncode, out, err)


def wait_until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def slowly(trakt: Simulator) -> None:
    """Let a refresh take long enough for all the others to want one, too."""
    trakt.on_request(lambda method, path, query: time.sleep(0.6 if path == REFRESH else 0))


@pytest.mark.parametrize("known", [True, False], ids=["its end is known", "a 401 tells"])
def test_processes_that_need_a_new_token_at_once_refresh_it_once(
    expired: Terminal, trakt: Simulator, known: bool
) -> None:
    if not known:
        expired.environment["CROSSWATCH_TRAKT_EXPIRES_AT"] = ""
    slowly(trakt)
    several = [expired.start(*INDEX) for _ in range(3)]
    codes = [ended(expired, process).code for process in several]

    assert codes == [0] * 3
    assert refreshes(trakt) == [200]
    assert stored(expired) == [trakt.account.access_token]
    assert expired(*INDEX).code == 0
    assert refreshes(trakt) == [200], "a later one finds the pair"


def test_a_process_killed_in_its_refresh_does_not_keep_others_from_theirs(
    expired: Terminal, trakt: Simulator
) -> None:
    trakt.fail_next(Fault(timed_out=True), path_prefix=REFRESH)
    hanging = expired.start(*INDEX)
    wait_until(lambda: len(refreshes(trakt)) == 1)
    waiting = expired.start(*INDEX)
    time.sleep(0.5)
    hanging.kill()
    hanging.communicate(timeout=10)

    assert ended(expired, waiting).code == 0
    assert refreshes(trakt) == [None, 200]


@pytest.mark.parametrize("times", [1, 2])
def test_a_refresh_whose_answer_is_lost_is_tried_once_more_and_then_the_reason_is_said(
    expired: Terminal, trakt: Simulator, times: int
) -> None:
    """Trakt has obeyed the first: the refresh token is dead, and with it the login."""
    trakt.fail_next(Fault(lost=True, before=False), path_prefix=REFRESH, times=times)
    ran = expired(*INDEX, CROSSWATCH_TRAKT_MAX_RETRIES="5")

    assert ran.code == 3
    assert len(refreshes(trakt)) == 2
    assert "sign in again" in ran.err
    assert "answer" in ran.err
    assert "Run `crosswatch-trakt login`" in ran.err
    assert not [seen for seen in trakt.requests if seen.path.startswith("/sync")]


def test_a_refresh_that_trakt_never_got_is_made_up_for(expired: Terminal, trakt: Simulator) -> None:
    trakt.fail_next(Fault(lost=True), path_prefix=REFRESH)

    assert expired(*INDEX).code == 0
    assert refreshes(trakt) == [None, 200]


def test_a_refresh_token_that_is_dead_ends_in_signing_in_again(expired: Terminal, trakt: Simulator) -> None:
    with trakt.lock:
        trakt.oauth.revoke_all()
    ran = expired(*INDEX)

    assert ran.code == 3
    assert refreshes(trakt) == [400]
    assert "the refresh token was used already, or revoked" in ran.err
    assert "Run `crosswatch-trakt login`" in ran.err


def test_a_page_of_the_network_in_place_of_an_answer_burns_no_refresh(
    terminal: Terminal, trakt: Simulator
) -> None:
    terminal.environment["CROSSWATCH_TRAKT_REFRESH_TOKEN"] = trakt.account.refresh_token
    trakt.fail_next(Fault(status=403, body=PAGE, headers=HTML), times=None)
    ran = terminal(*INDEX)

    assert ran.code == 5
    assert "HTML 403" in ran.err
    assert refreshes(trakt) == []


def test_a_token_that_is_good_is_used_on_while_its_refresh_has_to_wait(
    expired: Terminal, trakt: Simulator
) -> None:
    soon = str(int(time.time()) + 900)
    with trakt.lock:
        good = trakt.oauth.sign_in(trakt.account)
    trakt.fail_next(Fault(status=429, headers={"retry-after": "200"}), path_prefix=REFRESH, times=None)
    start = time.monotonic()
    ran = expired(
        *INDEX,
        CROSSWATCH_TRAKT_ACCESS_TOKEN=good.access_token,
        CROSSWATCH_TRAKT_REFRESH_TOKEN=good.refresh_token,
        CROSSWATCH_TRAKT_EXPIRES_AT=soon,
    )

    assert ran.code == 0
    assert time.monotonic() - start < 10
    assert refreshes(trakt) == [429]


def test_a_refresh_refused_with_429_waits_without_the_lock_of_all(
    expired: Terminal, trakt: Simulator
) -> None:
    trakt.fail_next(Fault(status=429, headers={"retry-after": "3"}), path_prefix=REFRESH)
    waiting = expired.start(*INDEX)
    wait_until(lambda: refreshes(trakt) == [429])
    time.sleep(0.3)
    start = time.monotonic()
    got: Result[float, Problem] = FileState(state(expired), lock_timeout_s=2).locked(
        document(expired).name, lambda: Success(time.monotonic() - start)
    )

    assert got.unwrap() < 1
    assert waiting.poll() is None, "it waits for Trakt"
    assert ended(expired, waiting).code == 0
    assert refreshes(trakt) == [429, 200]


@pytest.mark.skipif(os.name != "posix", reason="needs ulimit")
def test_a_disk_that_takes_no_pair_is_found_out_before_the_refresh_token_is_spent(
    expired: Terminal, trakt: Simulator
) -> None:
    process = subprocess.Popen(
        ["/bin/sh", "-c", 'ulimit -f 0; exec "$@"', "sh", sys.executable, "-m", "crosswatch_trakt", *INDEX],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=expired.folder,
        env=expired.environment,
    )
    ran = ended(expired, process)

    assert ran.code == 7
    assert f"{document(expired).name} cannot be written: File too large" in ran.err
    assert list(trakt.requests) == []
    assert expired(*INDEX).code == 0, "nothing is lost: it goes on as soon as there is room"
