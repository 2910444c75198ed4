"""Plays as rows: in SQLite, and in memory.

The file is a cache. A damaged one, or one of another program or version, is removed and begun
anew; then there is no proof in it, and that means: read Trakt again. SQLite is used here only.
"""

import json
import os
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

import msgspec
from returns.result import Failure, Result, Success

from crosswatch_trakt.adapters.state import make_private_folder, system_words
from crosswatch_trakt.domain.ids import NO_IDS, Ids
from crosswatch_trakt.domain.media import Media, MediaType
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import Problem, StateUnreadable, StateUnwritable

T = TypeVar("T")

SCHEMA_VERSION = 3  # of the tables and of the JSON in them; any other is begun anew
BUSY_MAX_S = 60.0
_AT_ONCE_MAX = 900  # SQLite took no more than 999 values in one statement before 3.32

_BY_ID = "CREATE UNIQUE INDEX play_id ON play (id)"
_SCHEMA = (
    "CREATE TABLE media (id INTEGER PRIMARY KEY, document TEXT NOT NULL UNIQUE)",
    # `id` is the history id; a play that has none counts down from -1.
    "CREATE TABLE play (minute INTEGER NOT NULL, id INTEGER NOT NULL,"
    " media INTEGER NOT NULL REFERENCES media, hidden INTEGER NOT NULL,"
    " PRIMARY KEY (minute, id)) WITHOUT ROWID",
    _BY_ID,
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL)",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)

_PLAYS = "SELECT media, minute, id, hidden FROM play ORDER BY minute DESC, id DESC"
_PLAYS_AT = (
    "SELECT media.id, document, minute, play.id, hidden FROM play JOIN media ON media.id = play.media"
    " WHERE minute IN ({})"
)


def _say_nothing(cause: str) -> None:
    del cause


@dataclass(frozen=True, slots=True)
class SqliteHistory:
    """One file, opened for each call: for any number of threads and processes, also after a fork.

    A history id is one play: the last one put under it counts. Among the plays of one minute those
    without a history id come last, in the order in which they were added.
    """

    path: Path
    on_rebuilt: Callable[[str], None] = _say_nothing  # is told why a file was thrown away
    busy_max_s: float = BUSY_MAX_S  # how long to wait for another process's transaction

    def proof(self) -> Result[bytes | None, Problem]:
        """What `replace` kept; None if there is no usable file, or nothing was ever replaced in it."""
        return self._read(_proof, None)

    def plays(self) -> Result[Sequence[Play], Problem]:
        """All plays, newest first; plays of one title share one Media."""
        return self._read(_plays, ())

    def plays_at(self, minutes: Collection[int]) -> Result[Sequence[Play], Problem]:
        """The plays of these minutes (epoch seconds), in no order."""
        wanted = sorted(set(minutes))
        return self._read(lambda connection: _plays_at(connection, wanted), ())

    def titles(self) -> Result[Sequence[Media], Problem]:
        """Each film and episode that has a play, once."""
        return self._read(_titles, ())

    def count(self) -> Result[int, Problem]:
        """How many plays are stored."""
        return self._read(_count, 0)

    def replace(self, plays: Iterable[Play], proof: bytes) -> Result[None, Problem]:
        """Put these plays and their proof in place of all, in one transaction."""
        rows = list(plays)
        return self._write(lambda connection: _replace(connection, rows, proof))

    def apply(
        self, added: Iterable[Play], removed: Iterable[Play], proof: bytes | None = None
    ) -> Result[None, Problem]:
        """First remove these plays, then add those, in one transaction."""
        rows, gone = list(added), list(removed)
        return self._write(lambda connection: _apply(connection, rows, gone, proof))

    def clear(self) -> Result[None, Problem]:
        """Forget rows and proof."""
        return self._write(_clear)

    def _read(self, work: Callable[[sqlite3.Connection], T], nothing: T) -> Result[T, Problem]:
        def read(connection: sqlite3.Connection) -> T:
            return work(connection) if _has_our_tables(connection) else nothing

        try:
            if not self.path.exists():
                return Success(nothing)
            try:
                return Success(self._transact("BEGIN", read))
            except (_Unusable, sqlite3.DatabaseError) as error:
                self._remove_damaged(error)
                return Success(nothing)
        except (sqlite3.DatabaseError, OSError) as error:
            return Failure(StateUnreadable(self.path.name, _cause(error)))

    def _write(self, work: Callable[[sqlite3.Connection], None]) -> Result[None, Problem]:
        def write(connection: sqlite3.Connection) -> None:
            if not _has_our_tables(connection):
                for statement in _SCHEMA:
                    connection.execute(statement)
            work(connection)

        try:
            _make_private_file(self.path)
            try:
                self._transact("BEGIN IMMEDIATE", write)
            except (_Unusable, sqlite3.DatabaseError) as error:
                self._remove_damaged(error)
                _make_private_file(self.path)
                self._transact("BEGIN IMMEDIATE", write)
        except (_Unusable, sqlite3.DatabaseError, OSError) as error:
            return Failure(StateUnwritable(self.path.name, _cause(error)))
        return Success(None)

    def _transact(self, begin: str, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = sqlite3.connect(self.path, timeout=self.busy_max_s, isolation_level=None)
        with closing(connection):
            connection.execute(begin)
            try:
                done = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a full disk has rolled it back already
                    connection.execute("ROLLBACK")
                raise
            return done

    def _remove_damaged(self, error: Exception) -> None:
        """Remove the file if the error says that it is damaged, else raise the error again."""
        if not _is_damage(error):
            raise error
        for suffix in ("", "-journal", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        self.on_rebuilt(_cause(error))


class MemoryHistory:
    """Plays of this process, gone with it; the same rules."""

    def __init__(self) -> None:
        self._plays: dict[object, Play] = {}  # by history id, or by a mark of its own
        self._media: dict[Media, Media] = {}
        self._proof: bytes | None = None
        self._lock = threading.Lock()

    def proof(self) -> Result[bytes | None, Problem]:
        """What `replace` kept; None if nothing was ever replaced."""
        with self._lock:
            return Success(self._proof)

    def plays(self) -> Result[Sequence[Play], Problem]:
        """All plays, newest first; plays of one title share one Media."""
        with self._lock:
            return Success(sorted(self._plays.values(), key=_newest_first))

    def plays_at(self, minutes: Collection[int]) -> Result[Sequence[Play], Problem]:
        """The plays of these minutes (epoch seconds), in no order."""
        wanted = frozenset(minutes)
        with self._lock:
            return Success([play for play in self._plays.values() if play.minute in wanted])

    def titles(self) -> Result[Sequence[Media], Problem]:
        """Each film and episode that has a play, once."""
        with self._lock:
            return Success(list({id(play.media): play.media for play in self._plays.values()}.values()))

    def count(self) -> Result[int, Problem]:
        """How many plays are stored."""
        with self._lock:
            return Success(len(self._plays))

    def replace(self, plays: Iterable[Play], proof: bytes) -> Result[None, Problem]:
        """Put these plays and their proof in place of all."""
        rows = list(plays)
        with self._lock:
            self._forget()
            self._add(rows)
            self._proof = bytes(proof)
        return Success(None)

    def apply(
        self, added: Iterable[Play], removed: Iterable[Play], proof: bytes | None = None
    ) -> Result[None, Problem]:
        """First remove these plays, then add those."""
        rows = list(added)
        with self._lock:
            for key in [key for play in removed for key in self._keys(play)]:
                self._plays.pop(key, None)
            self._add(rows)
            if proof is not None:
                self._proof = bytes(proof)
        return Success(None)

    def clear(self) -> Result[None, Problem]:
        """Forget rows and proof."""
        with self._lock:
            self._forget()
        return Success(None)

    def _forget(self) -> None:
        self._plays, self._media, self._proof = {}, {}, None

    def _add(self, plays: Iterable[Play]) -> None:
        for play in plays:
            media = self._media.setdefault(play.media, play.media)
            key = object() if play.history_id is None else play.history_id
            self._plays[key] = replace(play, media=media)

    def _keys(self, play: Play) -> list[object]:
        if play.history_id is not None:
            return [play.history_id]
        return [key for key, kept in self._plays.items() if kept == play]


def _newest_first(play: Play) -> tuple[int, int]:
    return -play.minute, -play.history_id if play.history_id is not None else 1  # ids are positive


# --- what is done within a transaction


def _has_our_tables(connection: sqlite3.Connection) -> bool:
    """False for a new, empty file; raises _Unusable for a file that is not ours."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == SCHEMA_VERSION:
        return True
    if version == 0 and connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
        return False
    raise _Unusable(f"it has version {version}, not {SCHEMA_VERSION}")


def _proof(connection: sqlite3.Connection) -> bytes | None:
    row = connection.execute("SELECT value FROM meta WHERE name = 'proof'").fetchone()
    return None if row is None else bytes(row[0])


def _plays(connection: sqlite3.Connection) -> list[Play]:
    shows: Shows = {}
    titles = connection.execute("SELECT id, document FROM media")
    media = {row: decode_media(text, shows) for row, text in titles}
    found = connection.execute(_PLAYS)
    try:
        return [
            Play(media[row], minute, number if number >= 0 else None, bool(hidden))
            for row, minute, number, hidden in found
        ]
    except KeyError:
        raise _Unusable("a play has no title") from None


def _plays_at(connection: sqlite3.Connection, minutes: Sequence[int]) -> list[Play]:
    media: dict[int, Media] = {}
    plays: list[Play] = []
    for start in range(0, len(minutes), _AT_ONCE_MAX):
        some = minutes[start : start + _AT_ONCE_MAX]
        marks = ",".join("?" * len(some))
        found = connection.execute(_PLAYS_AT.format(marks), some)
        for row, text, minute, number, hidden in found:
            if row not in media:
                media[row] = decode_media(text)
            plays.append(Play(media[row], minute, number if number >= 0 else None, bool(hidden)))
    return plays


def _titles(connection: sqlite3.Connection) -> list[Media]:
    found = connection.execute("SELECT document FROM media WHERE id IN (SELECT media FROM play)")
    return [decode_media(text) for (text,) in found]


def _count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM play").fetchone()[0])


def _replace(connection: sqlite3.Connection, plays: Sequence[Play], proof: bytes) -> None:
    _clear(connection)
    # An index made of all rows at once takes a fifth of the time.
    connection.execute("DROP INDEX play_id")
    _add(connection, plays)
    connection.execute(_BY_ID)
    _keep_proof(connection, proof)


def _keep_proof(connection: sqlite3.Connection, proof: bytes) -> None:
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('proof', ?)", (proof,))


def _apply(
    connection: sqlite3.Connection, added: Sequence[Play], removed: Sequence[Play], proof: bytes | None
) -> None:
    # A title whose last play goes keeps its row until the next `replace`: nothing reads it meanwhile.
    ids = [(play.history_id,) for play in removed if play.history_id is not None]
    ours = [(play.minute, encode_media(play.media)) for play in removed if play.history_id is None]
    connection.executemany("DELETE FROM play WHERE id = ?", ids)
    connection.executemany(
        "DELETE FROM play WHERE minute = ? AND id < 0 AND media = (SELECT id FROM media WHERE document = ?)",
        ours,
    )
    _add(connection, added)
    if proof is not None:
        _keep_proof(connection, proof)


def _add(connection: sqlite3.Connection, plays: Sequence[Play]) -> None:
    media = {id(play.media): play.media for play in plays}
    # Sorted, as their index is: that takes half of the time.
    documents = sorted((encode_media(title), number) for number, title in media.items())
    titles = {number: _title_row(connection, document) for document, number in documents}
    ours = connection.execute("SELECT min(0, coalesce(min(id), 0)) FROM play").fetchone()[0]
    numbers: list[int] = []
    for play in plays:
        if play.history_id is None:
            ours -= 1
        numbers.append(ours if play.history_id is None else play.history_id)
    if len(set(numbers)) < len(numbers):  # of one history id the last counts
        numbered = dict(zip(numbers, plays, strict=True))
        numbers, plays = list(numbered), list(numbered.values())
    # Backwards: what comes newest first goes in as the table is sorted, in a third of the time.
    connection.executemany(
        "INSERT OR REPLACE INTO play VALUES (?, ?, ?, ?)",
        (
            (play.minute, number, titles[id(play.media)], int(play.hidden))
            for number, play in zip(reversed(numbers), reversed(plays), strict=True)
        ),
    )


def _title_row(connection: sqlite3.Connection, document: str) -> int | None:
    """The row of a title, made if there is none. Equal titles are one row."""
    made = connection.execute("INSERT OR IGNORE INTO media (document) VALUES (?)", (document,))
    if made.rowcount:
        return made.lastrowid
    return int(connection.execute("SELECT id FROM media WHERE document = ?", (document,)).fetchone()[0])


def _clear(connection: sqlite3.Connection) -> None:
    for table in ("play", "media", "meta"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608  # the three names above


# --- a title as JSON: equal titles are equal text

Shows: TypeAlias = dict[tuple[object, ...], Ids]


def encode_media(media: Media) -> str:
    """A title as a JSON array. What JSON cannot hold, in ids of other services, becomes its text."""
    values = [
        media.type.value,
        _ids_values(media.ids),
        media.title,
        media.year,
        _ids_values(media.show_ids),
        media.season,
        media.episode,
        media.series_title,
    ]
    try:
        return _encoder.encode(values).decode()
    except (ValueError, TypeError, OverflowError):  # half a character, a number beyond 64 bits, odd keys
        return json.dumps(values, default=_plain, skipkeys=True, separators=(",", ":"))


def decode_media(document: str, shows: Shows | None = None) -> Media:
    """Back from the array; raises _Unusable if it is none of ours. Episodes share the ids of `shows`."""
    try:
        kind, ids, title, year, show, season, episode, series_title = _decode(document)
        show_ids = _ids(show) if shows is None else _shared(show, shows)
        return Media(_TYPES[kind], _ids(ids), title, year, show_ids, season, episode, series_title)
    except (ValueError, TypeError, KeyError):
        raise _Unusable("a title cannot be read") from None


def _ids_values(ids: Ids) -> list[object]:
    """Nothing for no ids, so that the title of a film does not carry those of a show."""
    values: list[object] = [ids.trakt, ids.imdb, ids.tmdb, ids.tvdb, ids.slug]
    if ids.others:
        return [*values, dict(ids.others)]
    return values if ids else []


def _ids(values: list[Any]) -> Ids:
    if not values:
        return NO_IDS
    if len(values) == 6:
        values[5] = MappingProxyType(values[5])
    return Ids(*values)


def _shared(values: list[Any], shows: Shows) -> Ids:
    if len(values) != 5:
        return _ids(values)
    known = shows.get(tuple(values))
    if known is None:
        known = shows[tuple(values)] = _ids(values)
    return known


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else str(value)


def _decode(document: str) -> Any:
    try:
        return msgspec.json.decode(document)
    except msgspec.DecodeError:
        return json.loads(document)  # takes what only the standard library writes


_TYPES = {kind.value: kind for kind in MediaType}
_encoder = msgspec.json.Encoder(enc_hook=_plain, order="deterministic")


# --- files and faults


class _Unusable(Exception):
    """The file is sound for SQLite and not for us."""


_DAMAGED = frozenset(
    {
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_FORMAT,
        sqlite3.SQLITE_ERROR,  # no such table, no such column
        sqlite3.SQLITE_MISMATCH,
        None,  # not SQLite's: a text that is not UTF-8
    }
)


def _is_damage(error: Exception) -> bool:
    """Whether the file itself is at fault, not the disk, its rights, or another process."""
    if isinstance(error, sqlite3.ProgrammingError):
        return False
    code = getattr(error, "sqlite_errorcode", None)
    return (code if code is None else code & 0xFF) in _DAMAGED  # the upper bits tell the kinds of each


def _cause(error: Exception) -> str:
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return "the file is held by another process"
    return system_words(error)


def _make_private_file(path: Path) -> None:
    """Make an empty file for this user alone, before SQLite makes one for all. Its journal is made alike.

    It gets its name only once it is closed: closing a file drops every lock of this process on it,
    those of SQLite in another thread too.
    """
    if path.exists():
        return
    make_private_folder(path.parent)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    os.close(handle)
    try:
        with suppress(FileExistsError):  # another was first
            try:
                os.link(temporary, path)
            except PermissionError:  # a file system without links, or one that may not be written
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    finally:
        os.unlink(temporary)
