"""What the use cases need of the world, in their words.

Each port has one contract suite under `tests/contracts`, run on every adapter. A port never raises
for what a network, a disk or a user can do: it gives a Failure with a Problem.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias, TypeVar

from returns.result import Result

from crosswatch_trakt.domain.journal import Line
from crosswatch_trakt.domain.media import Media
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import Problem

T = TypeVar("T")


# --- HTTP


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, ready to go. Headers and body may hold secrets: they have no repr."""

    method: str
    url: str  # absolute, with its query
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    timeout_s: float = 15.0  # to connect, and between two bytes of the answer
    fresh: bool = False  # by a connection of its own: one that lay idle may be dead, and a write lost in it


@dataclass(frozen=True, slots=True)
class Response:
    """One whole HTTP answer of any status. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class HttpTransport(Protocol):
    """Sends one request once: no retry, no redirect, no credentials of its own."""

    def send(self, request: Request) -> Result[Response, Problem]:
        """Fails with NotSent only if no connection was ever made; all else is AnswerLost."""
        ...


# --- time


class Clock(Protocol):
    """Time, which tests run by hand."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, from an unknown start."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; returns at once for zero or less."""
        ...


# --- state


class StateStore(Protocol):
    """Named documents in one folder: those of an account, or those above all accounts."""

    def read(self, name: str) -> Result[bytes | None, Problem]:
        """The document as last written, whole; None if there is none. Fails with StateUnreadable."""
        ...

    def write(self, name: str, document: bytes) -> Result[None, Problem]:
        """Replace it at once and durably: a reader or a crash sees the old one or the new one.

        Fails with StateUnwritable.
        """
        ...

    def delete(self, name: str) -> Result[None, Problem]:
        """Remove it; no fault if it is not there."""
        ...

    def locked(self, name: str, work: Callable[[], Result[T, Problem]]) -> Result[T, Problem]:
        """Do the work while no other thread or process holds this name; re-entrant in a thread.

        A lock ends with its owner, which may hold it for many minutes if Trakt makes it wait. Fails with
        StateUnwritable if it cannot be made, or is not had within an hour.
        """
        ...

    def names(self) -> Result[Sequence[str], Problem]:
        """The documents that are there, sorted."""
        ...


class HistoryStore(Protocol):
    """The plays of one account as rows. A cache: it may be deleted at any time."""

    def proof(self) -> Result[bytes | None, Problem]:
        """What `replace` kept beside the rows; None if nothing was ever stored, or it was unusable."""
        ...

    def plays(self) -> Result[Sequence[Play], Problem]:
        """All plays, newest first; plays of one title share one Media."""
        ...

    def plays_at(self, minutes: Collection[int]) -> Result[Sequence[Play], Problem]:
        """The plays of these minutes (epoch seconds), in no order."""
        ...

    def titles(self) -> Result[Sequence[Media], Problem]:
        """Each film and episode that has a play, once."""
        ...

    def count(self) -> Result[int, Problem]:
        """How many plays are stored."""
        ...

    def replace(self, plays: Iterable[Play], proof: bytes) -> Result[None, Problem]:
        """Put these plays and their proof in place of all, in one transaction."""
        ...

    def apply(
        self, added: Iterable[Play], removed: Iterable[Play], proof: bytes | None = None
    ) -> Result[None, Problem]:
        """Remove plays, then add others, in one transaction; with a proof, that is kept too.

        A play goes by its history id; one that has none (ours, not read since) by title and minute. One
        that is added takes the place of one with its history id.
        """
        ...

    def clear(self) -> Result[None, Problem]:
        """Forget rows and proof."""
        ...


class Journal(Protocol):
    """The memory of what was sent to the history. Not a cache: losing it may double a play."""

    def lines(self) -> Result[Mapping[int, Line], Problem]:
        """All lines by their number. Fails with StateUnreadable if it is damaged but for its last entry:
        an entry that was cut was never on disk whole, so nothing was sent on its account.
        """
        ...

    def write(self, lines: Iterable[Line], dropped: Iterable[int] = ()) -> Result[None, Problem]:
        """Put lines in the place of those of their number, and drop others: on disk when it returns."""
        ...


@dataclass(frozen=True, slots=True)
class Tokens:
    """A pair of tokens. A refresh token works once: the new pair must be on disk before it is used."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: int | None = None  # epoch seconds, UTC
    client_id: str | None = None  # the app it was given to, which alone can refresh it
    client_secret: str | None = field(default=None, repr=False)


class TokenStore(Protocol):
    """Where the pair of one login is kept."""

    def load(self) -> Result[Tokens | None, Problem]:
        """The newest pair that descends from the one given in the settings, else that one."""
        ...

    def replace(self, new: Tokens | None) -> Result[None, Problem]:
        """Keep the pair durably as the child of the one loaded; None forgets the login."""
        ...

    def locked(self, work: Callable[[], Result[T, Problem]]) -> Result[T, Problem]:
        """Do the work while no other thread or process refreshes this pair; re-entrant."""
        ...


# --- progress


@dataclass(frozen=True, slots=True)
class ApiHit:
    """`api:hit`: one attempt at a request and what came of it."""

    feature: str  # watchlist, ratings, history, collection, account
    method: str
    endpoint: str  # path without query or secret
    status: int | None  # None: no answer
    ms: int
    attempt: int  # 1 is the first


@dataclass(frozen=True, slots=True)
class SnapshotProgress:
    """`snapshot:progress`: rows read of an index so far."""

    feature: str
    done: int
    total: int | None  # None: not known yet
    final: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A wait of more than a few seconds begins."""

    feature: str
    seconds: float
    why: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person should know that is no problem: rows left aside, a file rebuilt."""

    feature: str
    text: str


Event: TypeAlias = ApiHit | SnapshotProgress | Waiting | Note


class Progress(Protocol):
    """Is told what happens, from any thread. Must neither fail nor block for long."""

    def tell(self, event: Event) -> None:
        """Take one event."""
        ...
