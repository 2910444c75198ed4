"""Token pairs: above all accounts in one document, and in memory.

Trakt's refresh token works once. Settings keep the pair that they were written with, so a stored
pair remembers which pairs it came from, and stands for any of them. A new login comes from none: it may
be that of another account.
"""

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType
from returns.result import Failure, Result, Success

from crosswatch_trakt.application.identity import fingerprint
from crosswatch_trakt.application.ports import StateStore, Tokens
from crosswatch_trakt.application.trakt.access import REPLACED
from crosswatch_trakt.domain.problems import Problem, SignInAgain, StateUnreadable, StateUnwritable

T = TypeVar("T")

DOCUMENT = "tokens.json"
LOCK_TIMEOUT_S = 60.0
ANCESTORS_MAX = 1000  # of a pair; with a refresh a day, the pairs of almost three years


class FileTokens:
    """The pair of one login, in a document that holds those of several.

    `given` is the pair in the settings; without one it is the login that the command line made.
    """

    def __init__(self, state: StateStore, given: Tokens | None, document: str = DOCUMENT) -> None:
        self._state = state
        self._given = given
        self._document = document
        self._line: str | None = None  # the fingerprint of the pair that was loaded or kept last
        self._forgot = False

    def load(self) -> Result[Tokens | None, Problem]:
        """The stored pair that descends from the one given, else that one.

        Fails with SignInAgain if it descends from none that was loaded before: then it is another login.
        """
        line = self._line  # before reading: another thread may keep a newer pair meanwhile
        return self._state.read(self._document).bind(self._parse).bind(lambda now: self._newest(now, line))

    def replace(self, new: Tokens | None) -> Result[None, Problem]:
        """Keep the pair on disk as the child of the one loaded; None forgets the stored one, and the
        next pair is that of a new login.

        Fails on a damaged document, unless none was given: a new login may replace it, and with it
        the stored pairs of other logins, which could not be read any more.
        """
        return self.locked(lambda: self._replace(new)).map(lambda _: self._kept(new))

    def locked(self, work: Callable[[], Result[T, Problem]]) -> Result[T, Problem]:
        """Do the work under the lock of the document.

        One for all logins: two with different settings may yet hold the same pair.
        """
        return self._state.locked(self._document, work)

    def _parse(self, document: bytes | None) -> Result["_Document", Problem]:
        parsed = _parse(document)
        if parsed is None:
            return Failure(StateUnreadable(self._document, "it is damaged, or of another version"))
        return Success(parsed)

    def _replace(self, new: Tokens | None) -> Result[None, Problem]:
        read = self._state.read(self._document).bind(self._parse)
        if self._given is None:  # a new login may take the place of what cannot be read
            read = self._state.read(self._document).map(_parse_or_begin_anew)
        return read.bind(lambda now: self._write(self._replaced(now, new)))

    def _write(self, document: "_Document") -> Result[None, Problem]:
        return self._state.write(self._document, msgspec.json.format(msgspec.json.encode(document)))

    def _kept(self, new: Tokens | None) -> None:
        self._line = None if new is None else _mark(new)
        self._forgot = new is None

    def _newest(self, document: "_Document", line: str | None) -> Result[Tokens | None, Problem]:
        stored = self._stored(document)
        newest = self._given if stored is None else stored.tokens()
        mark = None if newest is None else _mark(newest)
        if stored is not None and line not in (None, mark, *stored.ancestors):
            return Failure(SignInAgain(REPLACED))
        self._line = mark
        return Success(newest)

    def _stored(self, document: "_Document") -> "_Pair | None":
        """The pair of this login; of several, the one that was stored last."""
        if self._given is None:
            return next((pair for pair in reversed(document.pairs) if pair.login), None)
        own = _mark(self._given)
        for pair in reversed(document.pairs):
            if own in (*pair.ancestors, pair.stands_for, _mark(pair.tokens())):
                return pair
        return None

    def _replaced(self, document: "_Document", new: Tokens | None) -> "_Document":
        old = self._stored(document)
        others = [pair for pair in document.pairs if pair is not old]
        if new is None:
            return replace(document, pairs=others)
        own = None if self._given is None else _mark(self._given)
        if self._forgot:
            begun = _Pair(**asdict(new), login=own is None, stands_for=own or UNSET)
            return replace(document, pairs=[*others, begun])
        stands_for = old.stands_for if old else UNSET
        ancestors = list(old.ancestors) if old else []
        # The pair given goes last, so that it is not among those dropped while its settings are in use.
        for parent in (_mark(old.tokens()) if old else None, own if own != stands_for else None):
            if parent is not None:
                ancestors = [*(one for one in ancestors if one != parent), parent]
        login = old.login if old else own is None
        child = _Pair(**asdict(new), login=login, ancestors=ancestors[-ANCESTORS_MAX:], stands_for=stands_for)
        return replace(document, pairs=[*others, child])


class MemoryTokens:
    """The pair of one login in this process, gone with it."""

    def __init__(self, given: Tokens | None = None, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> None:
        self._given = given
        self._newest: Tokens | None = None
        self._lock_timeout_s = lock_timeout_s
        self._lock = threading.RLock()

    def load(self) -> Result[Tokens | None, Problem]:
        """The pair kept last, else the one given."""
        return Success(self._newest or self._given)

    def replace(self, new: Tokens | None) -> Result[None, Problem]:
        """Keep the pair; None forgets the one kept."""
        return self.locked(lambda: self._keep(new))

    def locked(self, work: Callable[[], Result[T, Problem]]) -> Result[T, Problem]:
        """Do the work while no other thread does."""
        if not self._lock.acquire(timeout=self._lock_timeout_s):
            return Failure(StateUnwritable(DOCUMENT, "the tokens are held by another thread"))
        try:
            return work()
        finally:
            self._lock.release()

    def _keep(self, new: Tokens | None) -> Result[None, Problem]:
        self._newest = new
        return Success(None)


@dataclass(frozen=True, slots=True)
class _Pair(Tokens):
    login: bool = False  # made by the command line, for settings without tokens
    ancestors: list[str] = field(default_factory=list, repr=False)  # fingerprints, the oldest first
    # Of a login: the pair of the settings it was made with, which is no ancestor.
    stands_for: str | UnsetType = field(default=UNSET, repr=False)

    def tokens(self) -> Tokens:
        return Tokens(**{part.name: getattr(self, part.name) for part in fields(Tokens)})


@dataclass(frozen=True, slots=True)
class _Document:
    schema: Literal[1] = 1
    pairs: list[_Pair] = field(default_factory=list)


def _mark(tokens: Tokens) -> str:
    return fingerprint(tokens.access_token or tokens.refresh_token or "")


def _parse(document: bytes | None) -> _Document | None:
    """The pairs; None if they cannot be read."""
    if document is None:
        return _Document()
    try:
        return msgspec.json.decode(document, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError):  # their words are left out: they may quote a token
        return None


def _parse_or_begin_anew(document: bytes | None) -> _Document:
    return _parse(document) or _Document()
