"""The documents in which indexes are kept, and what becomes of one that cannot be used.

An index document is a copy of what Trakt has: one that is cut, or of another version, is dropped and
made again, and that is said. (What Trakt has not, the unresolved, has a document of its own.)
"""

from typing import TypeVar

import msgspec
from returns.result import Result

from crosswatch_trakt.application.ports import Note, Progress, StateStore
from crosswatch_trakt.domain.problems import Problem

T = TypeVar("T", bound="Document")

SCHEMA = 1


class Document(msgspec.Struct, kw_only=True):
    """What every document of ours begins with."""

    schema: int = SCHEMA


class StoredList(Document, kw_only=True):
    """A watchlist or the ratings, as items under their keys."""

    stamp: str  # of last_activities, before the first page
    ts: int  # epoch seconds: when it was read
    settled: bool = False  # the last change was longer ago than the list may lag
    hidden: int
    items: dict[str, dict[str, object]]
    etag: str = ""  # of page 1
    count: int | None = None  # what the account's statistics said
    etags: list[str | None] = []
    set_aside: dict[str, int] = {}
    never_shown: int = 0  # rows that Trakt counts, and of which it has never said a title here


class StoredHistory(Document, kw_only=True):
    """What is kept beside the rows of the history."""

    stamp: str
    ts: int
    hidden: int
    set_aside: dict[str, int] = {}


def read_document(
    state: StateStore, name: str, shape: type[T], feature: str, progress: Progress
) -> Result[T | None, Problem]:
    """The document; None if there is none that can be used, which is said if there was one."""
    return state.read(name).map(lambda body: parse_document(body, name, shape, feature, progress))


def parse_document(
    body: bytes | None, name: str, shape: type[T], feature: str, progress: Progress
) -> T | None:
    """Read a document of ours; one that is damaged or of another version counts as none."""
    if body is None:
        return None
    try:
        document = msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        progress.tell(Note(feature, f"{name} was damaged; it is made again."))
        return None
    if document.schema != SCHEMA:
        progress.tell(Note(feature, f"{name} was of another version; it is made again."))
        return None
    return document


def write_document(state: StateStore, name: str, document: Document) -> Result[None, Problem]:
    """Replace a document, durably."""
    return state.write(name, msgspec.json.encode(document))
