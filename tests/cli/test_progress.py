"""Waits and notes are always shown, requests with `-v`, and a terminal gets bars and a countdown."""

import io
import time

import pytest
from rich.console import Console
from rich.progress import Progress

from crosswatch_trakt.adapters.cli.progress import Bars, Lines
from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.application.ports import ApiHit, SnapshotProgress, Waiting
from crosswatch_trakt.application.ports import Note as Noted

EVENTS = (
    ApiHit("history", "GET", "/sync/history/movies", 200, 12, 1),
    SnapshotProgress("history", 250, 500, final=False),
    Waiting("ratings", 42, "Trakt's rate limit"),
    Noted("watchlist", "a file was made again"),
    SnapshotProgress("history", 500, 500, final=True),
)


@pytest.mark.parametrize(("verbose", "shown"), [(False, 3), (True, 5)])
def test_lines_begin_with_the_feature(verbose: bool, shown: int) -> None:
    written: list[str] = []
    lines = Lines(written.append, verbose=verbose)
    for event in EVENTS:
        lines.tell(event)

    assert len(written) == shown
    assert all(
        line.startswith(("[TRAKT:history]", "[TRAKT:ratings]", "[TRAKT:watchlist]")) for line in written
    )
    assert any("waiting 42 s" in line for line in written)
    assert any("made again" in line for line in written)


def test_of_an_index_there_is_a_line_each_two_seconds_and_a_last(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, written = ManualClock(), list[str]()
    monkeypatch.setattr(time, "monotonic", clock.monotonic)
    lines = Lines(written.append, verbose=False)
    for done in range(0, 100, 5):  # half a second each
        lines.tell(SnapshotProgress("history", done, 100, final=False))
        clock.advance(0.5)
    lines.tell(SnapshotProgress("history", 100, 100, final=True))

    assert written == [
        *(f"[TRAKT:history] {done} of 100 rows read" for done in (20, 40, 60, 80)),
        "[TRAKT:history] 100 of 100 rows read, done",
    ]


def test_bars_stay_and_waits_go() -> None:
    screen = io.StringIO()
    bars = Progress(console=Console(file=screen, force_terminal=True, width=100), auto_refresh=False)
    shown = Bars(bars, verbose=False)
    for event in EVENTS:
        shown.tell(event)
    waiting = [task.description for task in bars.tasks]
    shown.end()

    assert "ratings: waiting, Trakt's rate limit" in waiting
    assert [(task.description, task.completed, task.finished) for task in bars.tasks] == [
        ("history", 500, True)
    ]
    assert "made again" in screen.getvalue()
