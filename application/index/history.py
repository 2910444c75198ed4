"""The index of the history: every play, newest first, from the rows that are stored.

Unchanged stamps mean that nothing is fetched; a change means all pages.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol, cast

import msgspec
from returns.result import Result, Success

from crosswatch_trakt.application.documents import StoredHistory, parse_document
from crosswatch_trakt.application.index.index import Index
from crosswatch_trakt.application.index.lists import say_set_aside
from crosswatch_trakt.application.index.proving import Endpoint, Proven, Stamps, read_proven
from crosswatch_trakt.application.ports import Clock, HistoryStore, Progress
from crosswatch_trakt.application.trakt.lists import PLAYED_KINDS, Counting, Listed, PlayedKind
from crosswatch_trakt.application.trakt.recent import Recent
from crosswatch_trakt.domain.items import play_item
from crosswatch_trakt.domain.keys import EventKey, key_plays
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import Problem

Plays = Index[Play]

ROWS_FILE = "trakt_history.sqlite"


class PlayLists(Protocol):
    """The two halves of the history, as Trakt gives them."""

    def plays(self, kind: PlayedKind, counting: Counting) -> Result[Listed[Play], Problem]:
        """One half, whole."""
        ...


@dataclass(frozen=True, slots=True)
class IndexHistory:
    """The index of the history: as stored if unchanged, else read anew and stored."""

    lists: PlayLists
    stamps: Stamps
    store: HistoryStore
    recent: Recent
    clock: Clock
    progress: Progress

    def __call__(self) -> Result[Plays, Problem]:
        """Today's index, proven whole."""
        started_at, now = self.clock.monotonic(), self.clock.now()
        return (
            self._current()
            .bind(lambda kept: self._of(*kept, now))
            .map(lambda index: self._proven(index, started_at))
        )

    def bring_up_to_date(self) -> Result[None, Problem]:
        """Prove what is stored, or read it anew; for writes, which ask the store itself."""
        started_at = self.clock.monotonic()
        return self._current().map(lambda _: self.recent.proven("history", started_at))

    def stored(self) -> Result[Plays | None, Problem]:
        """The index as last stored, however old."""
        return self._proof().bind(self._old)

    def _current(self) -> Result[tuple[StoredHistory, bool], Problem]:
        """What is kept, and whether it had to be fetched."""
        return self._proof().bind(
            lambda proof: self.stamps.stamp("history").bind(
                lambda stamp: (
                    Success((proof, False))
                    if proof is not None and proof.stamp == stamp
                    else self._read().map(lambda fresh: (fresh, True))
                )
            )
        )

    def _proof(self) -> Result[StoredHistory | None, Problem]:
        return self.store.proof().map(
            lambda body: parse_document(body, ROWS_FILE, StoredHistory, "history", self.progress)
        )

    def _read(self) -> Result[StoredHistory, Problem]:
        now = int(self.clock.now().timestamp())
        counting = Counting(self.progress, "history")
        endpoints = [self._endpoint(kind, counting) for kind in PLAYED_KINDS]
        proven = read_proven("history", self.stamps, endpoints, _keyed)
        counting.end()
        return proven.bind(lambda read: self._store(read, now))

    def _endpoint(self, kind: PlayedKind, counting: Counting) -> Endpoint[Play]:
        return lambda: self.lists.plays(kind, counting)

    def _store(self, read: Proven[EventKey, Play], now: int) -> Result[StoredHistory, Problem]:
        say_set_aside(self.progress, "history", read.set_aside)
        proof = StoredHistory(
            stamp=read.index.stamp, ts=now, hidden=read.index.hidden, set_aside=read.set_aside
        )
        plays = read.index.entries.values()
        return self.store.replace(plays, msgspec.json.encode(proof)).map(lambda _: proof)

    def _of(self, proof: StoredHistory, fetched: bool, now: datetime) -> Result[Plays, Problem]:
        return self.store.plays().map(
            lambda plays: Index(
                cast(Mapping[str, Play], key_plays(plays)),  # an EventKey is text
                play_item,
                _moment,
                now,
                hidden=proof.hidden,
                fetched=fetched,
                set_aside=proof.set_aside,
            )
        )

    def _old(self, proof: StoredHistory | None) -> Result[Plays | None, Problem]:
        if proof is None:
            return Success(None)
        as_of = datetime.fromtimestamp(proof.ts, UTC)
        return self._of(proof, False, as_of).map(lambda index: replace(index, stale=True))

    def _proven(self, index: Plays, started_at: float) -> Plays:
        self.recent.proven("history", started_at)
        return index


def _keyed(plays: Iterable[Play]) -> dict[EventKey, Play]:
    """Each play once, newest first: repeated rows have one history id."""
    once = {play.history_id: play for play in plays}
    return key_plays(sorted(once.values(), key=lambda play: (-play.minute, -(play.history_id or 0))))


def _moment(play: Play) -> int:
    return play.minute
