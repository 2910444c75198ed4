"""Telling what happens: to nobody, as JSON, to a log, to a list. For people: `adapters.cli.progress`.

A stream that is closed or broken (`| head`) must not stop a synchronisation: its lines are lost.
"""

import json
import logging
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import TextIO

from crosswatch_trakt.application.ports import (
    ApiHit,
    Event,
    Note,
    Progress,
    SnapshotProgress,
    Waiting,
)

PROVIDER = "TRAKT"
EVENT_NAMES: Mapping[type[Event], str] = {
    ApiHit: "api:hit",
    SnapshotProgress: "snapshot:progress",
    Waiting: "waiting",
    Note: "note",
}


class SilentProgress:
    """Tells nobody."""

    def tell(self, event: Event) -> None:
        """Forget it."""


class RecordingProgress:
    """Keeps every event, for tests and for those who embed."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def tell(self, event: Event) -> None:
        """Add it to `events`."""
        self.events.append(event)


class JsonLinesProgress:
    """One JSON object a line for each event, for programs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def tell(self, event: Event) -> None:
        """Write `event`, `provider` and the fields of the event."""
        line = {"event": EVENT_NAMES[type(event)], "provider": PROVIDER, **asdict(event)}
        with self._lock:
            write_line(self._stream, json.dumps(line))


class LoggingProgress:
    """To the standard library's log, as `[TRAKT:<feature>]`: requests and pages at DEBUG, else INFO."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def tell(self, event: Event) -> None:
        """Log it."""
        paging = isinstance(event, SnapshotProgress) and not event.final
        level = logging.DEBUG if paging or isinstance(event, ApiHit) else logging.INFO
        if self._logger.isEnabledFor(level):
            self._logger.log(level, "%s", f"[{PROVIDER}:{event.feature}] {_words(event)}")


class FanOut:
    """Tells several, each in turn; one that fails does not keep it from the others."""

    def __init__(self, *progress: Progress) -> None:
        self._progress = progress

    def tell(self, event: Event) -> None:
        """Pass it on."""
        for one in self._progress:
            with suppress(Exception):  # an embedder's own may fail, and a synchronisation must not
                one.tell(event)


def _words(event: Event) -> str:
    """One line without control characters: titles come from outside, and a terminal obeys some."""
    match event:
        case ApiHit():
            status = "no answer" if event.status is None else str(event.status)
            again = f", attempt {event.attempt}" if event.attempt > 1 else ""
            text = f"{event.method} {event.endpoint} {status} in {event.ms} ms{again}"
        case SnapshotProgress():
            of_all = "" if event.total is None else f" of {event.total}"
            text = f"{event.done}{of_all} rows read{', done' if event.final else ''}"
        case Waiting():
            text = f"waiting {event.seconds:.0f} s: {event.why}"
        case Note():
            text = event.text
    return "".join(mark if mark.isprintable() else " " for mark in text)


def write_line(stream: TextIO, line: str) -> None:
    """Write and flush, if anybody reads it; letters that the stream cannot show as their numbers."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    with suppress(OSError, ValueError, LookupError):  # broken; closed; in an encoding nobody knows
        stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        stream.flush()
