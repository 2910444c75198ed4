"""The journal of what was sent to the history: in a file of its own folder, and in memory.

One JSON object a line, appended and flushed to the disk before it counts, page by page: a crash of the
machine may then cut the end off, never tear a hole before it. A line that was cut was never whole on disk,
so nothing was sent on its account, nor on that of the lines written with it, of which some may be left:
they are doubts like others. When most of the file is of no more use it is written anew, beside, and renamed.
"""

import os
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec
from returns.result import Failure, Result, Success

from crosswatch_trakt.adapters.history import _Unusable, decode_media, encode_media
from crosswatch_trakt.adapters.state import FileState, make_private_folder, sync_folder, system_words
from crosswatch_trakt.domain.journal import Line, Stage
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import Problem, StateUnreadable, StateUnwritable

FILE = "trakt_history.jsonl"
PAGE_BYTES = 4096  # written to the disk wholly, or not, by every system we know of
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
    others: tuple[int, ...] = ()
    dropped: list[int] = []


class FileJournal:
    """The journal in `folder`. Callers hold the account's history lock while they use it."""

    def __init__(self, folder: Path, *, spare: int = ENTRIES_SPARE) -> None:
        self._folder = folder
        self._spare = spare
        self._path = folder / FILE
        self._named: int | None = None  # the inode whose name is on disk: we have synced the folder since

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
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        file = os.open(self._path, flags, 0o600)
        try:
            end = self._cut_tail(file)
            inode = os.fstat(file).st_ino
            if end and self._named != inode:  # whoever made or renamed it may have died before this
                sync_folder(self._folder)
            try:
                _write_by_pages(file, end, body)
            except BaseException:  # the caller will not send: an entry left behind would be a doubt
                with suppress(OSError):
                    os.ftruncate(file, end)
                raise
        finally:
            os.close(file)
        if not end:
            sync_folder(self._folder)
        self._named = inode

    def _cut_tail(self, file: int) -> int:
        """Cut off what a crash left of an entry: it never counted. Gives where to go on."""
        size = os.fstat(file).st_size
        if size == 0:
            return 0
        os.lseek(file, size - 1, os.SEEK_SET)
        if os.read(file, 1) == b"\n":
            return size
        end = self._path.read_bytes().rfind(b"\n") + 1
        os.ftruncate(file, end)
        return end

    def _compact(self) -> Result[None, Problem]:
        return self._read().map(lambda read: self._rewrite(*read))

    def _rewrite(self, lines: Mapping[int, Line], entries: int) -> None:
        """Write anew what counts. Where that fails nothing is lost: the longer file stands."""
        if entries >= 2 * len(lines) + self._spare:
            body = b"".join(msgspec.json.encode(_entry(line)) + b"\n" for line in lines.values())
            FileState(self._folder).write(FILE, body)  # has another inode

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
            except (msgspec.DecodeError, ValueError, _Unusable):
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
        line.others,
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
        entry.others,
    )


def _write_by_pages(file: int, end: int, body: bytes) -> None:
    rest = memoryview(body)
    while rest:
        written = os.write(file, rest[: PAGE_BYTES - end % PAGE_BYTES])
        end += written
        rest = rest[written:]
        if end % PAGE_BYTES == 0 or not rest:
            os.fsync(file)
