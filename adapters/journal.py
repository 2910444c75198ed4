"""The journal of what was sent to the history: in a file of its own folder, and in memory.

One JSON object a line, appended and flushed to the disk before it counts. A line that was cut by a crash
was never whole on disk, so nothing was sent on its account. When most of the file is of no more use it is
written anew, beside, and renamed.
"""

import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
from returns.result import Failure, Result, Success

from crosswatch_trakt.adapters.history import decode_media, encode_media
from crosswatch_trakt.adapters.state import FileState, make_private_folder, system_words
from crosswatch_trakt.domain.journal import Line, Stage
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import Problem, StateUnreadable, StateUnwritable

FILE = "trakt_history.jsonl"
ENTRIES_SPARE = 2000  # entries of no more use that a file may hold before it is written anew


class _Entry(msgspec.Struct, omit_defaults=True):
    """One line of the file: a line of the journal as it is from now on, or what is dropped."""

    number: int | None = None
    media: str = ""
    minute: int = 0
    stage: Stage = Stage.MEANT
    sent_at: float = 0.0
    stamp: str = ""
    stamp_is_old: bool = False
    confirmed_at: float | None = None
    seen: bool = False
    absent_at: float | None = None
    dropped: list[int] = []


class FileJournal:
    """The journal in `folder`. Callers hold the account's history lock while they use it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / FILE

    def lines(self) -> Result[Mapping[int, Line], Problem]:
        """All lines by their number."""
        return self._read().map(lambda read: read[0])

    def write(self, lines: Iterable[Line], dropped: Iterable[int] = ()) -> Result[None, Problem]:
        """Append, flush to the disk, and now and then write anew."""
        entries = [_entry(line) for line in lines]
        gone = list(dropped)
        if gone:
            entries.append(_Entry(dropped=gone))
        body = b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries)
        try:
            self._append(body)
        except OSError as error:
            return Failure(StateUnwritable(FILE, system_words(error)))
        return self._compact()

    def _append(self, body: bytes) -> None:
        make_private_folder(self._folder)
        is_new = not self._path.exists()
        with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "rb+") as file:
            end = file.seek(0, os.SEEK_END)
            if end:
                file.seek(end - 1)
                if file.read(1) != b"\n":  # a crash cut the last entry: it never counted
                    whole = self._path.read_bytes()
                    file.truncate(whole.rfind(b"\n") + 1)
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            _sync(self._folder)

    def _compact(self) -> Result[None, Problem]:
        return self._read().bind(lambda read: self._rewrite(*read))

    def _rewrite(self, lines: Mapping[int, Line], entries: int) -> Result[None, Problem]:
        if entries < 2 * len(lines) + ENTRIES_SPARE:
            return Success(None)
        body = b"".join(msgspec.json.encode(_entry(line)) + b"\n" for line in lines.values())
        return FileState(self._folder).write(FILE, body)

    def _read(self) -> Result[tuple[dict[int, Line], int], Problem]:
        try:
            body = self._path.read_bytes()
        except FileNotFoundError:
            return Success(({}, 0))
        except OSError as error:
            return Failure(StateUnreadable(FILE, system_words(error)))
        whole, _, _ = body.rpartition(b"\n")
        found: dict[int, Line] = {}
        entries = whole.split(b"\n") if whole else []
        for text in entries:
            try:
                entry = msgspec.json.decode(text, type=_Entry)
                if entry.number is not None:
                    found[entry.number] = _line(entry, entry.number)
            except (msgspec.DecodeError, ValueError, UnicodeDecodeError):
                return Failure(StateUnreadable(FILE, "it is damaged"))
            for number in entry.dropped:
                found.pop(number, None)
        return Success((found, len(entries)))


class MemoryJournal:
    """The journal of a test, or of a host that keeps its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: dict[int, Line] = {}

    def lines(self) -> Result[Mapping[int, Line], Problem]:
        """All lines by their number."""
        with self._lock:
            return Success(dict(self._lines))

    def write(self, lines: Iterable[Line], dropped: Iterable[int] = ()) -> Result[None, Problem]:
        """Put and drop."""
        with self._lock:
            self._lines.update({line.number: line for line in lines})
            for number in dropped:
                self._lines.pop(number, None)
        return Success(None)


def _entry(line: Line) -> _Entry:
    return _Entry(
        line.number,
        encode_media(line.play.media),
        line.play.minute,
        line.stage,
        line.sent_at,
        line.stamp,
        line.stamp_is_old,
        line.confirmed_at,
        line.seen,
        line.absent_at,
    )


def _line(entry: _Entry, number: int) -> Line:
    return Line(
        number,
        Play(decode_media(entry.media), entry.minute),
        entry.stage,
        entry.sent_at,
        entry.stamp,
        entry.stamp_is_old,
        entry.confirmed_at,
        entry.seen,
        entry.absent_at,
    )


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
