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
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

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
    media: str = ""  # none: the line as it was, come further
    minute: int = 0
    stage: Stage = Stage.MEANT
    sent_at: float = 0.0
    stamp: str | None = None  # None: that of the entry before
    stamp_is_old: bool = False
    confirmed_at: float | None = None
    seen: bool = False
    absent_at: float | None = None
    others: tuple[int, ...] = ()
    dropped: list[int] = []


_Mark: TypeAlias = tuple[int, int, int, int]  # device, inode, size, time of change


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the file said when it was read, or written by us, last."""

    mark: _Mark | None = None
    lines: dict[int, Line] = field(default_factory=dict)
    entries: int = 0


class FileJournal:
    """The journal in `folder`. Callers hold the account's history lock while they use it."""

    def __init__(self, folder: Path, *, spare: int = ENTRIES_SPARE) -> None:
        self._folder = folder
        self._spare = spare
        self._path = folder / FILE
        self._named: int | None = None  # the inode whose name is on disk: we have synced the folder since
        self._kept = _Kept()

    def lines(self) -> Result[Mapping[int, Line], Problem]:
        """All lines by their number."""
        return self._read().map(lambda kept: dict(kept.lines))

    def write(self, lines: Iterable[Line], dropped: Iterable[int] = ()) -> Result[None, Problem]:
        """Append, flush to the disk, and now and then write anew."""
        news, gone = list(lines), list(dropped)
        known = self._is_known()
        entries = _entries(news, self._kept.lines if known else {})
        if gone:
            entries.append(_Entry(dropped=gone))
        body = _encoded(entries)
        try:
            self._append(body)
        except OSError as error:
            self._kept = _Kept()
            return Failure(StateUnwritable(FILE, system_words(error)))
        if known:  # and nobody else may write meanwhile
            self._kept.lines.update({line.number: line for line in news})
            for number in gone:
                self._kept.lines.pop(number, None)
            self._kept = _Kept(self._mark(), self._kept.lines, self._kept.entries + len(entries))
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
        return self._read().map(self._rewrite)

    def _rewrite(self, kept: "_Kept") -> None:
        """Write anew what counts. Where that fails nothing is lost: the longer file stands."""
        if kept.entries >= 2 * len(kept.lines) + self._spare:
            body = _encoded(_entries(kept.lines.values(), {}))
            FileState(self._folder).write(FILE, body)  # has another inode

    def _mark(self) -> _Mark | None:
        """What tells this file as it is now from any other; None if there is none."""
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns

    def _is_known(self) -> bool:
        return self._kept.mark is not None and self._kept.mark == self._mark()

    def _read(self) -> Result["_Kept", Problem]:
        """What the file says; it is read once, as long as nobody else has written to it."""
        if self._is_known():
            return Success(self._kept)
        mark = self._mark()
        try:
            body = self._path.read_bytes()
        except FileNotFoundError:
            return Success(_Kept())
        except OSError as error:
            return Failure(StateUnreadable(FILE, system_words(error)))
        whole, _, _ = body.rpartition(b"\n")
        found: dict[int, Line] = {}
        entries = whole.split(b"\n") if whole else []
        stamp = ""
        for text in entries:
            try:
                entry = msgspec.json.decode(text, type=_Entry)
                stamp = stamp if entry.stamp is None else entry.stamp
                if entry.number is not None:
                    old = None if entry.media else found[entry.number]
                    found[entry.number] = (
                        _line(entry, entry.number, stamp) if old is None else _on(old, entry)
                    )
            except (msgspec.DecodeError, ValueError, KeyError, _Unusable):
                return Failure(StateUnreadable(FILE, "it is damaged"))
            for number in entry.dropped:
                found.pop(number, None)
        self._kept = _Kept(mark, found, len(entries))
        return Success(self._kept)


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


def _entries(lines: Iterable[Line], known: Mapping[int, Line]) -> list[_Entry]:
    """Lines as they go to the file: of one that is known only how far it has come."""
    entries: list[_Entry] = []
    stamp: str | None = None
    for line in lines:
        entry = _Entry(
            line.number,
            stage=line.stage,
            confirmed_at=line.confirmed_at,
            seen=line.seen,
            absent_at=line.absent_at,
        )
        old = known.get(line.number)
        if old is None or _on(old, entry) != line:
            entry.media, entry.minute = encode_media(line.play.media), line.play.minute
            entry.sent_at, entry.stamp_is_old, entry.others = line.sent_at, line.stamp_is_old, line.others
            entry.stamp = None if line.stamp == stamp else line.stamp
            stamp = line.stamp
        entries.append(entry)
    return entries


def _encoded(entries: Iterable[_Entry]) -> bytes:
    return b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries)


def _line(entry: _Entry, number: int, stamp: str) -> Line:
    return Line(
        number,
        Play(decode_media(entry.media), entry.minute),
        entry.stage,
        entry.sent_at,
        stamp,
        entry.stamp_is_old,
        entry.confirmed_at,
        entry.seen,
        entry.absent_at,
        entry.others,
    )


def _on(line: Line, entry: _Entry) -> Line:
    """A line, come as far as this entry says."""
    return replace(
        line,
        stage=entry.stage,
        confirmed_at=entry.confirmed_at,
        seen=entry.seen,
        absent_at=entry.absent_at,
    )


def _write_by_pages(file: int, end: int, body: bytes) -> None:
    rest = memoryview(body)
    while rest:
        written = os.write(file, rest[: PAGE_BYTES - end % PAGE_BYTES])
        end += written
        rest = rest[written:]
        if end % PAGE_BYTES == 0 or not rest:
            os.fsync(file)
