"""The index of the history: every play, newest first, from the rows that are stored.

Nothing new, nothing read: stamps unmoved and old enough, counts as they were, and a ledger no older than
a day. Else what has changed is read and proven, and stored under the lock of the journal: what we sent a
moment ago stays in the index until Trakt's own lists have shown it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol, cast

import msgspec
from returns.result import Result, Success

from crosswatch_trakt.application.collector import collector_paused
from crosswatch_trakt.application.documents import Document, parse_document
from crosswatch_trakt.application.index.index import Index
from crosswatch_trakt.application.index.lists import is_verified, say_set_aside
from crosswatch_trakt.application.index.proving import Stamps
from crosswatch_trakt.application.index.reading import HistoryRead, Known, ReadHistory
from crosswatch_trakt.application.ports import Clock, HistoryStore, Journal, Progress, StateStore
from crosswatch_trakt.application.settings import Verify
from crosswatch_trakt.application.trakt.recent import Recent, Stamp
from crosswatch_trakt.domain.items import play_item
from crosswatch_trakt.domain.journal import LAG_S, Line, Lines, after_reading, changed, match, unseen
from crosswatch_trakt.domain.keys import KeyedPlays
from crosswatch_trakt.domain.ledger import ByTitle, Title
from crosswatch_trakt.domain.media import MediaType
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import Problem
from crosswatch_trakt.domain.witnesses import Rows

Plays = Index[Play]

ROWS_FILE = "trakt_history.sqlite"
LOCK = "trakt_history"  # of the rows and the journal, held while either is changed
ASKED_AGE_MAX_S = 24 * 3600.0  # a change that no stamp and no count shows is found within a day


class Counts(Protocol):
    """How much there is, by a count that does not hang on stamps."""

    def plays(self) -> Result[Mapping[str, int], Problem]:
        """Plays by kind."""
        ...


class StoredHistory(Document, kw_only=True):
    """What is kept beside the rows of the history."""

    stamp: str
    ts: int  # epoch seconds: when it was proven
    settled: bool
    hidden: int
    settled_stamp: str = ""  # of the last settled proof
    asked_at: float = 0.0  # when nothing was last taken as remembered, by the server's clock
    verified_at: float = 0.0  # when the counts were last held against these
    quiet_at: float = 0.0  # when they last showed a change of which no stamp told
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    unshown: dict[str, list[int]] = msgspec.field(default_factory=dict)  # title → minutes only ledgered
    disagreeing: dict[str, tuple[str, str]] = msgspec.field(default_factory=dict)  # title → digests
    young: dict[str, float] = msgspec.field(default_factory=dict)  # history id → first seen
    set_aside: dict[str, int] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IndexHistory:
    """The index of the history: as stored if nothing is new, else read, proven and stored."""

    read: ReadHistory
    stamps: Stamps
    counts: Counts
    store: HistoryStore
    journal: Journal
    state: StateStore
    recent: Recent
    clock: Clock
    progress: Progress
    verify: Verify

    def __call__(self) -> Result[Plays, Problem]:
        """Today's index, proven whole."""
        started_at, now = self.clock.monotonic(), self.clock.now()
        return (
            self._current()
            .bind(lambda current: self._today(*current, now))
            .map(lambda index: self._proven(index, started_at))
        )

    def bring_up_to_date(self) -> Result[None, Problem]:
        """Prove what is stored, or read what is new; for writes, which ask the store itself."""
        started_at = self.clock.monotonic()
        return self._current().map(lambda _: self.recent.proven("history", started_at))

    def stored(self) -> Result[Plays | None, Problem]:
        """The index as last stored, however old."""
        return self._proof().bind(self._old)

    def unshown(self) -> Result[ByTitle, Problem]:
        """The plays that Trakt counts and has never shown: they are there all the same."""
        return self._proof().map(lambda proof: {} if proof is None else _titles(proof.unshown))

    # --- is anything new?

    def _current(self) -> Result["_Current", Problem]:
        """What is kept."""
        return self._proof().bind(
            lambda proof: (
                self._read(None)
                if proof is None
                else self._quiet(proof).bind(
                    lambda quiet: Success((proof, None)) if quiet else self._read(proof)
                )
            )
        )

    def _quiet(self, proof: StoredHistory) -> Result[bool, Problem]:
        """Whether nothing speaks for a change, as far as the user wants it verified."""
        return self.stamps.stamp("history").bind(lambda stamp: self._unmoved(proof, stamp))

    def _unmoved(self, proof: StoredHistory, stamp: Stamp) -> Result[bool, Problem]:
        if stamp.text != proof.stamp or not proof.settled:
            return Success(False)
        if not is_verified(self.verify, stamp.at - proof.verified_at):
            return Success(True)
        if _is_due(proof, stamp):
            return Success(False)
        same = self.counts.plays().map(lambda counts: dict(counts) == proof.counts)
        if self.verify == "hourly" and same.value_or(False):
            return self.state.locked(LOCK, lambda: self._note_verified(proof, stamp)).map(lambda _: True)
        return same

    def _note_verified(self, proof: StoredHistory, stamp: Stamp) -> Result[None, Problem]:
        verified = msgspec.json.encode(_verified(proof, stamp.at))
        return self._proof().bind(
            lambda now: self.store.apply((), (), verified) if now == proof else Success(None)
        )

    # --- reading and storing

    def _read(self, proof: StoredHistory | None) -> Result["_Current", Problem]:
        """Counts come first: what changes after them is seen at the next look."""
        stored: Result[Sequence[Play], Problem] = Success(()) if proof is None else self.store.plays()
        return self.stamps.stamp("history").bind(
            lambda stamp: self.counts.plays().bind(
                lambda counts: stored.bind(
                    lambda plays: self._read_since(_Before(proof, plays, stamp, dict(counts)))
                )
            )
        )

    def _read_since(self, before: "_Before") -> Result["_Current", Problem]:
        return self.read(before.known()).bind(
            lambda read: self.state.locked(LOCK, lambda: self._keep(read, before))
        )

    def _keep(self, read: HistoryRead, before: "_Before") -> Result["_Current", Problem]:
        """Store rows and proof, with what the journal knows and Trakt does not show."""
        proof = self._proof_of(read, before)
        return self.journal.lines().bind(
            lambda lines: self._settle_lines(read, lines).bind(
                lambda ours: self._proof().bind(
                    lambda now: self._store(read.index.entries, ours, proof, before, now)
                )
            )
        )

    def _settle_lines(self, read: HistoryRead, lines: Lines) -> Result[Sequence[Play], Problem]:
        """Note in the journal which lines this reading has shown; gives the plays that it has not."""
        rows = read.index.entries.values()
        shown = match(lines.values(), rows)
        after: dict[int, Line] = {}
        for number, line in lines.items():
            kept = after_reading(line, shown=number in shown, began_at=read.began_at)
            if kept is not None:
                after[number] = kept
        news, gone = changed(lines, after.values()), lines.keys() - after.keys()
        written = self.journal.write(news, gone) if news or gone else Success(None)
        return written.map(lambda _: unseen(after.values(), rows))

    @collector_paused()
    def _store(
        self,
        rows: Rows,
        ours: Sequence[Play],
        proof: StoredHistory,
        before: "_Before",
        now: StoredHistory | None,
    ) -> Result["_Current", Problem]:
        """Store the change alone, if what is stored is still what the reading began with. It may have been
        deleted or written by another process meanwhile, and a proof must stand beside its own rows.
        """
        body, plays = msgspec.json.encode(proof), sorted([*rows.values(), *ours], key=_newest_first)
        if before.proof is None or now != before.proof:
            stored = self.store.replace(plays, body)
        else:
            old = {play.history_id: play for play in before.plays if play.history_id is not None}
            added = [play for number, play in rows.items() if _is_new(play, old.get(number))]
            removed = [play for number, play in old.items() if number not in rows]
            unlisted = [play for play in before.plays if play.history_id is None]
            stored = self.store.apply([*added, *ours], [*removed, *unlisted, *ours], body)
        return stored.map(lambda _: (proof, plays))

    def _proof_of(self, read: HistoryRead, before: "_Before") -> StoredHistory:
        if read.set_aside is not None:
            say_set_aside(self.progress, "history", read.set_aside)
        last = before.proof
        unshown = {_name(title): list(minutes) for title, minutes in (read.unshown or {}).items()}
        kept_aside = {} if last is None else last.set_aside
        return StoredHistory(
            stamp=read.stamp.text,
            ts=int(read.stamp.at),
            settled=read.settled,
            settled_stamp=read.stamp.text if read.settled else "" if last is None else last.settled_stamp,
            asked_at=before.asked_at,
            verified_at=before.stamp.at,
            quiet_at=before.quiet_at,
            hidden=read.index.hidden,
            counts=before.counts,
            unshown=unshown if read.unshown is not None or last is None else last.unshown,
            disagreeing={_name(title): digests for title, digests in read.disagreeing.items()},
            young={str(number): at for number, at in read.young.items()},
            set_aside=dict(kept_aside if read.set_aside is None else read.set_aside),
        )

    # --- what is stored

    def _proof(self) -> Result[StoredHistory | None, Problem]:
        return self.store.proof().map(
            lambda body: parse_document(body, ROWS_FILE, StoredHistory, "history", self.progress)
        )

    def _today(
        self, proof: StoredHistory, read: Sequence[Play] | None, now: datetime
    ) -> Result[Plays, Problem]:
        """The index of what was just read, or of what is stored. A file that is damaged or deleted meanwhile
        reads as one without plays: its rows are believed only if the proof still stands beside them.
        """
        if read is not None:
            return Success(_index(proof, read, now, fetched=True))
        return self._stored_plays().bind(
            lambda plays: self._proof().bind(
                lambda still: (
                    Success(_index(proof, plays, now, fetched=False))
                    if still is not None and _verified(still, proof.verified_at) == proof
                    else self._read(still).bind(lambda current: self._today(*current, now))
                )
            )
        )

    @collector_paused()
    def _stored_plays(self) -> Result[Sequence[Play], Problem]:
        return self.store.plays()

    def _old(self, proof: StoredHistory | None) -> Result[Plays | None, Problem]:
        if proof is None:
            return Success(None)
        as_of = datetime.fromtimestamp(proof.ts, UTC)
        return self._today(proof, None, as_of).map(lambda index: replace(index, stale=True))

    def _proven(self, index: Plays, started_at: float) -> Plays:
        self.recent.proven("history", started_at)
        return index


_Current = tuple[StoredHistory, Sequence[Play] | None]  # None: nothing had to be read, it is as stored


@dataclass(frozen=True, slots=True)
class _Before:
    """What there was before a reading began."""

    proof: StoredHistory | None
    plays: Sequence[Play]
    stamp: Stamp
    counts: dict[str, int]

    @property
    def asked_at(self) -> float:
        """When all on which the witnesses disagree was last asked."""
        return self.stamp.at if self.proof is None or _is_due(self.proof, self.stamp) else self.proof.asked_at

    @property
    def quiet_at(self) -> float:
        """When the counts last showed a change of which no stamp told: lists may not show it yet."""
        last = self.proof
        if last is None:
            return 0.0
        told = self.stamp.text != last.stamp or last.ts - self.stamp.newest < LAG_S
        return last.quiet_at if told or self.counts == last.counts else self.stamp.at

    def known(self) -> Known | None:
        """What a reading may build on; None: nothing."""
        proof = self.proof
        if proof is None:
            return None
        remembered = {} if _is_due(proof, self.stamp) else proof.disagreeing
        return Known(
            {play.history_id: play for play in self.plays if play.history_id is not None},
            proof.stamp,
            proof.settled_stamp,
            {_title(name): digests for name, digests in remembered.items()},
            {int(number): at for number, at in proof.young.items()},
            self.quiet_at,
        )


def _index(proof: StoredHistory, plays: Sequence[Play], now: datetime, *, fetched: bool) -> Plays:
    return Index(
        cast(Mapping[str, Play], KeyedPlays(plays)),  # an EventKey is text
        play_item,
        _moment,
        now,
        hidden=proof.hidden,
        fetched=fetched,
        set_aside=proof.set_aside,
    )


def _verified(proof: StoredHistory, at: float) -> StoredHistory:
    """The same proof, verified then."""
    return msgspec.structs.replace(proof, verified_at=at)


def _is_due(proof: StoredHistory, stamp: Stamp) -> bool:
    """Whether it is time to take nothing as remembered."""
    return stamp.at - proof.asked_at > ASKED_AGE_MAX_S


def _name(title: Title) -> str:
    return f"{title.type}:{title.trakt}"


def _title(name: str) -> Title:
    kind, _, trakt = name.partition(":")
    return Title(MediaType(kind), int(trakt))


def _titles(minutes: Mapping[str, Sequence[int]]) -> ByTitle:
    return {_title(name): tuple(of) for name, of in minutes.items()}


def _is_new(play: Play, old: Play | None) -> bool:
    return play is not old and play != old  # nearly all are the same object


def _newest_first(play: Play) -> tuple[int, int]:
    """As a store gives them: those of ours that no list has shown come last in their minute."""
    return -play.minute, 1 if play.history_id is None else -play.history_id


def _moment(play: Play) -> int:
    return play.minute
