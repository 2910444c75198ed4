"""What everyone does who is told of progress, and what each makes of it."""

import io
import json
import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TextIO, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswatch_trakt.adapters.cli.progress import Lines
from crosswatch_trakt.adapters.progress import (
    FanOut,
    JsonLinesProgress,
    LoggingProgress,
    RecordingProgress,
    SilentProgress,
    write_line,
)
from crosswatch_trakt.application.ports import ApiHit, Event, Note, Progress, SnapshotProgress, Waiting

MakeProgress: TypeAlias = Callable[[TextIO], Progress]

LISTENERS: dict[str, MakeProgress] = {
    "silent": lambda stream: SilentProgress(),
    "recording": lambda stream: RecordingProgress(),
    "lines": lambda stream: _plain(stream),
    "json": JsonLinesProgress,
    "logging": lambda stream: LoggingProgress(_logger(stream)),
    "fan-out": lambda stream: FanOut(JsonLinesProgress(stream), SilentProgress(), _plain(stream)),
}
HIT = ApiHit("history", "GET", "/sync/history/movies", 200, 87, 1)
LOST = ApiHit("history", "POST", "/sync/history", None, 15_000, 2)
SOME = SnapshotProgress("history", 250, 1000, final=False)
DONE = SnapshotProgress("history", 1000, None, final=True)
WAIT = Waiting("ratings", 61.4, "Trakt asked for it")
NOTE = Note("watchlist", "2 rows without ids were left aside")
EVENTS: list[Event] = [HIT, LOST, SOME, DONE, WAIT, NOTE]

texts = st.text(st.characters(), max_size=10)
counts = st.integers(0, 10**7)
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(ApiHit, texts, texts, texts, st.none() | counts, counts, counts),
    st.builds(SnapshotProgress, texts, counts, st.none() | counts, st.booleans()),
    st.builds(Waiting, texts, st.floats(0, 1e6), texts),
    st.builds(Note, texts, texts),
)

listeners = pytest.mark.parametrize("make", LISTENERS.values(), ids=LISTENERS)


@listeners
@given(st.lists(events, max_size=5))
def test_any_event_can_be_told_and_nothing_is_raised(make: MakeProgress, told: list[Event]) -> None:
    for encoding in ("utf-8", "ascii", "cp1252"):
        with io.TextIOWrapper(io.BytesIO(), encoding) as stream:
            listener = make(stream)
            for event in told:
                listener.tell(event)


@listeners
def test_a_closed_or_broken_stream_is_no_fault(make: MakeProgress, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)  # else logging tells of it on stderr
    closed = io.StringIO()
    closed.close()
    reading, writing = os.pipe()
    os.close(reading)
    broken = io.TextIOWrapper(io.FileIO(writing, "w"), write_through=True)
    for stream in (closed, broken):
        listener = make(stream)
        for event in EVENTS:
            listener.tell(event)
    broken.close()


@listeners
def test_threads_may_tell_at_once_and_lines_stay_whole(make: MakeProgress) -> None:
    stream = io.StringIO()
    listener = make(stream)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: listener.tell(NOTE), range(200)))

    assert len(set(stream.getvalue().splitlines())) <= 2  # a fan-out has two forms


def test_what_is_recorded_are_the_events_in_order() -> None:
    recording = RecordingProgress()
    for event in EVENTS:
        recording.tell(event)

    assert recording.events == EVENTS


def test_json_lines_hold_name_provider_and_fields() -> None:
    assert [json.loads(line) for line in _lines(JsonLinesProgress, EVENTS)] == [
        {
            "event": "api:hit",
            "provider": "TRAKT",
            "feature": "history",
            "method": "GET",
            "endpoint": "/sync/history/movies",
            "status": 200,
            "ms": 87,
            "attempt": 1,
        },
        {
            "event": "api:hit",
            "provider": "TRAKT",
            "feature": "history",
            "method": "POST",
            "endpoint": "/sync/history",
            "status": None,
            "ms": 15_000,
            "attempt": 2,
        },
        {
            "event": "snapshot:progress",
            "provider": "TRAKT",
            "feature": "history",
            "done": 250,
            "total": 1000,
            "final": False,
        },
        {
            "event": "snapshot:progress",
            "provider": "TRAKT",
            "feature": "history",
            "done": 1000,
            "total": None,
            "final": True,
        },
        {
            "event": "waiting",
            "provider": "TRAKT",
            "feature": "ratings",
            "seconds": 61.4,
            "why": "Trakt asked for it",
        },
        {
            "event": "note",
            "provider": "TRAKT",
            "feature": "watchlist",
            "text": "2 rows without ids were left aside",
        },
    ]


@given(events)
def test_a_json_line_is_one_line_that_gives_the_event_back(event: Event) -> None:
    (line,) = _lines(JsonLinesProgress, [event])
    fields = json.loads(line)
    del fields["event"], fields["provider"]

    assert type(event)(**fields) == event


def test_no_line_obeys_what_stands_in_a_title() -> None:
    note = Note("history", "a title\x1b[2J\r\nwith\x07 bells")
    lines = _lines(_plain, [note]) + _lines(lambda stream: LoggingProgress(_logger(stream)), [note])

    assert [line.partition("a title")[2] for line in lines] == [" [2J  with  bells"] * 2


def test_a_stream_that_cannot_show_a_letter_shows_its_number() -> None:
    with io.TextIOWrapper(io.BytesIO(), "ascii") as stream:
        _plain(stream).tell(Note("history", "Amélie"))
        stream.seek(0)

        assert stream.read() == "[TRAKT:history] Am\\xe9lie\n"


def test_log_lines_bear_the_provider_and_requests_are_for_debugging() -> None:
    def told(level: int) -> Iterator[str]:
        stream = io.StringIO()
        listener = LoggingProgress(_logger(stream, level))
        for event in EVENTS:
            listener.tell(event)
        yield from stream.getvalue().splitlines()

    assert list(told(logging.INFO)) == [
        "INFO [TRAKT:history] 1000 rows read, done",
        "INFO [TRAKT:ratings] waiting 61 s: Trakt asked for it",
        "INFO [TRAKT:watchlist] 2 rows without ids were left aside",
    ]
    assert list(told(logging.DEBUG))[:3] == [
        "DEBUG [TRAKT:history] GET /sync/history/movies 200 in 87 ms",
        "DEBUG [TRAKT:history] POST /sync/history no answer in 15000 ms, attempt 2",
        "DEBUG [TRAKT:history] 250 of 1000 rows read",
    ]


def test_one_listener_that_fails_does_not_keep_an_event_from_the_others() -> None:
    class Failing:
        def tell(self, event: Event) -> None:
            raise RuntimeError("theirs")

    first, last = RecordingProgress(), RecordingProgress()
    FanOut(first, Failing(), last).tell(NOTE)

    assert first.events == last.events == [NOTE]


def _plain(stream: TextIO) -> Lines:
    """The lines of the command line, on this stream."""
    return Lines(lambda line: write_line(stream, line), verbose=True)


def _lines(make: MakeProgress, told: list[Event]) -> list[str]:
    stream = io.StringIO()
    listener = make(stream)
    for event in told:
        listener.tell(event)
    return stream.getvalue().splitlines()


def _logger(stream: TextIO, level: int = logging.DEBUG) -> logging.Logger:
    logger = logging.Logger("test", level)  # not among those of the process
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger.addHandler(handler)
    return logger
