"""Ctrl-C ends a command promptly, wherever it is, and leaves state whole."""

import json
import subprocess
import time
from collections.abc import Callable

import pytest
from returns.result import Result, Success

from crosswatch_trakt.adapters.simulator import Simulator
from crosswatch_trakt.adapters.state import FileState
from crosswatch_trakt.application.index.history import LOCK
from crosswatch_trakt.domain.problems import Problem
from tests.e2e.terminal import Ran, Terminal


def wait_until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def requested(trakt: Simulator, path: str) -> Callable[[], bool]:
    return lambda: any(one.path.startswith(path) for one in list(trakt.requests))


def read_history(terminal: Terminal, trakt: Simulator) -> None:
    after = terminal("index", "history", "--json")
    assert (after.code, len(after.json["items"])) == (0, len(trakt.account.plays))


def test_in_a_wait_for_the_rate_limit(terminal: Terminal, trakt: Simulator) -> None:
    trakt.quota.gets = 4
    process = terminal.start("index", "history")
    wait_until(lambda: len(trakt.requests) >= 4)
    time.sleep(0.5)
    ran, took_s = terminal.interrupt(process)

    assert (ran.code, ran.out) == (130, "")
    assert took_s < 2
    assert "Interrupted" in ran.err.splitlines()[-1]
    trakt.quota.gets = None
    read_history(terminal, trakt)


def test_while_requests_are_in_flight(terminal: Terminal, trakt: Simulator) -> None:
    process = terminal.start("index", "history")
    wait_until(requested(trakt, "/sync/history/movies"))
    with trakt.lock:  # nothing is answered any more
        time.sleep(0.3)
        if process.poll() is None:
            ran, took_s = terminal.interrupt(process)
            assert ran.code in (0, 130)
            assert took_s < 2
        else:
            close(process)
    read_history(terminal, trakt)


def test_while_a_play_is_being_written(terminal: Terminal, trakt: Simulator) -> None:
    batch = json.dumps([{"type": "movie", "ids": {"tmdb": 501001}, "watched_at": "2026-01-01T10:00:00Z"}])
    terminal("index", "history")
    plays = len(trakt.account.plays)
    process = terminal.start("add", "history", "-")
    assert process.stdin is not None
    process.stdin.write(batch.encode())
    with trakt.lock:
        process.stdin.close()
        process.stdin = None
        time.sleep(1.0)  # it now waits for an answer
        ran, took_s = terminal.interrupt(process)
    wait_until(lambda: trakt.lock.acquire(blocking=False) and not trakt.lock.release())  # type: ignore[func-returns-value]
    again = terminal("add", "history", "-", stdin=batch)

    assert ran.code == 130
    assert took_s < 2
    assert again.code in (0, 1)
    assert len(trakt.account.plays) <= plays + 1, "never twice"


def test_in_a_wait_for_another_run_that_is_said_as_it_begins(terminal: Terminal, trakt: Simulator) -> None:
    terminal("index", "history")
    (folder,) = (path for path in (terminal.folder / "state").iterdir() if path.is_dir())
    item = '{"type": "movie", "ids": {"tmdb": 501001}, "watched_at": "2026-01-01T10:00:00Z"}'
    batch = terminal.folder / "batch.json"
    batch.write_text(item)

    def interrupt() -> Result[tuple[Ran, str], Problem]:
        process = terminal.start("add", "history", str(batch))
        assert process.stderr is not None
        said = process.stderr.readline().decode()
        return Success((terminal.interrupt(process)[0], said))

    ran, said = FileState(folder).locked(LOCK, interrupt).unwrap()

    assert said.startswith("[TRAKT:history] Another run is at work here")
    assert ran.code == 130
    assert terminal("add", "history", str(batch)).code == 0


@pytest.mark.parametrize("arguments", [("simulate",), ("demo",)])
def test_in_commands_that_need_no_account(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    process = terminal.start(*arguments)
    assert process.stdout is not None
    assert process.stdout.readline()
    time.sleep(0.2)
    # The simulator's own token is shown by `simulate`, and is not that of this terminal.
    ran, took_s = terminal.interrupt(process)

    assert ran.code == 130
    assert took_s < 2
    assert not (terminal.folder / ".demo").exists()


def close(process: subprocess.Popen[bytes]) -> None:
    process.communicate(timeout=10)
