"""What is stored, found without asking Trakt and without being signed in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from returns.result import Success

from crosswatch_trakt.adapters.clock import SystemClock
from crosswatch_trakt.adapters.history import SqliteHistory
from crosswatch_trakt.adapters.state import FileState
from crosswatch_trakt.application.documents import (
    SCHEMA,
    StoredHistory,
    StoredList,
    parse_document,
    read_document,
)
from crosswatch_trakt.application.features import Feature
from crosswatch_trakt.application.identity import ACCOUNTS_FILE, Accounts
from crosswatch_trakt.application.index.history import ROWS_FILE
from crosswatch_trakt.application.index.lists import RATINGS_FILE, WATCHLIST_FILE
from crosswatch_trakt.application.ports import Progress
from crosswatch_trakt.application.trakt.person import Person
from crosswatch_trakt.application.write.unresolved import UnresolvedBook

_LISTS: Mapping[Feature, str] = {"watchlist": WATCHLIST_FILE, "ratings": RATINGS_FILE}


@dataclass(frozen=True, slots=True)
class StoredFeature:
    """One feature of one account, as it lies on disk."""

    feature: Feature
    items: int | None  # None: nothing usable is stored
    read_at: int | None  # epoch seconds
    unresolved: int | None


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """The folder of one account."""

    folder: str
    person: Person | None  # as remembered
    features: Sequence[StoredFeature]


def files_in(folder: Path) -> Mapping[str, int]:
    """Every file of the state folder, with its size; those of locks are left out."""
    found: dict[str, int] = {}
    try:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                found[path.relative_to(folder).as_posix()] = path.stat().st_size
    except OSError:
        return found
    return found


def stored_accounts(folder: Path, progress: Progress) -> Sequence[StoredAccount]:
    """The accounts that have a folder."""
    try:
        folders = sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return ()
    people = {person.folder: person for person in _people(folder)}
    return [
        StoredAccount(
            path.name,
            people.get(path.name),
            [
                *(_list(path, feature, file, progress) for feature, file in _LISTS.items()),
                _history(path, progress),
            ],
        )
        for path in folders
        if not path.name.startswith(".")
    ]


def _people(folder: Path) -> Sequence[Person]:
    body = FileState(folder).read(ACCOUNTS_FILE).value_or(None)
    try:
        return tuple(msgspec.json.decode(body or b"{}", type=Accounts).people.values())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()


def _list(folder: Path, feature: Feature, file: str, progress: Progress) -> StoredFeature:
    read = read_document(FileState(folder), file, StoredList, feature, progress)
    document = read.value_or(None)
    unresolved = _unresolved(folder, feature, progress)
    if document is None:
        return StoredFeature(feature, None, None, unresolved)
    return StoredFeature(feature, len(document.items), document.ts, unresolved)


def _history(folder: Path, progress: Progress) -> StoredFeature:
    unresolved = _unresolved(folder, "history", progress)
    nothing = StoredFeature("history", None, None, unresolved)
    if not (folder / ROWS_FILE).is_file():
        return nothing
    store = SqliteHistory(folder / ROWS_FILE)
    proof = store.proof().value_or(None)
    document = parse_document(proof, ROWS_FILE, StoredHistory, "history", progress)
    count = store.count()
    if document is None or document.schema != SCHEMA or not isinstance(count, Success):
        return nothing
    return StoredFeature("history", count.unwrap(), document.ts, unresolved)


def _unresolved(folder: Path, feature: Feature, progress: Progress) -> int | None:
    book = UnresolvedBook(feature, FileState(folder), SystemClock(), progress)
    read = book.read()
    return len(read.unwrap()) if isinstance(read, Success) else None
