"""Adding plays: what is there is left out, and what is sent is sent once.

validate → batches in order of date → each sent once (`once`) → outcomes → the collection, if wanted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Protocol

from returns.result import Failure, Result, Success

from crosswatch_trakt.application.ports import Clock, HistoryStore
from crosswatch_trakt.application.trakt.recent import Recent
from crosswatch_trakt.application.write.episodes import Episodes, MakeEpisodes
from crosswatch_trakt.application.write.once import (
    NO_LOOK_UP,
    OPEN_HINT,
    CurrentHistory,
    SendOnce,
    minute_of,
    up_to_date,
)
from crosswatch_trakt.application.write.report import Report, reason_of
from crosswatch_trakt.application.write.run import Run, begin
from crosswatch_trakt.application.write.unresolved import UnresolvedBook
from crosswatch_trakt.domain.items import PlayWish, parse_play
from crosswatch_trakt.domain.journal import Line
from crosswatch_trakt.domain.keys import canonical_key, event_key
from crosswatch_trakt.domain.media import Lookup
from crosswatch_trakt.domain.outcomes import Already, End, Reason, Refusal
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import Problem
from crosswatch_trakt.domain.repeating import hinders_all
from crosswatch_trakt.domain.timestamps import Undated, on_the_minute

QUICK_ANSWER_S = 10.0  # batches grow while answers take less


class Collect(Protocol):
    """What follows a history write in the collection, if the user wants that."""

    def added(self, plays: Sequence[Play]) -> Report | None:
        """These plays were added; None: there was nothing to do."""
        ...

    def removed(self, plays: Sequence[Play]) -> Report | None:
        """These plays were removed."""
        ...


@dataclass(frozen=True, slots=True)
class BatchSizes:
    """How many plays a POST holds: at first, and at most."""

    first: int
    most: int


@dataclass(frozen=True, slots=True)
class AddPlays:
    """Adds plays to the history."""

    once: SendOnce
    history: CurrentHistory
    store: HistoryStore
    episodes: MakeEpisodes
    collect: Collect
    recent: Recent
    book: UnresolvedBook
    clock: Clock
    zone: tzinfo
    sizes: BatchSizes
    trust_s: float
    one_play_a_title: bool

    def __call__(
        self, items: Sequence[object], *, dry_run: bool = False, thaw: bool = False, meant: bool = False
    ) -> Result[Report, Problem]:
        """Bring every item to its end. Fails only if nothing was sent. `meant` lifts what blocks a play
        because nobody knows whether it was sent before.
        """
        return self.book.read().bind(
            lambda entries: self._add(
                begin("add", items, {} if thaw else entries, self._parse, _key, dry_run=dry_run), meant
            )
        )

    def _parse(self, item: object) -> Result[PlayWish, Refusal]:
        return parse_play(item, self.zone)

    def _add(self, run: Run[PlayWish], meant: bool) -> Result[Report, Problem]:
        if not run.wishes:
            return Success(run.finish(self.book))
        episodes = self.episodes()
        return (
            up_to_date(self.history, self.store, self.recent, self.trust_s)
            .bind(lambda _: _date_released(run, episodes))
            .bind(
                lambda _: self._one_a_title(run, episodes, meant) if self.one_play_a_title else Success(None)
            )
            .map(lambda _: _find_twins(run))
            .bind(lambda _: self._send(run, episodes, meant))
        )

    def _one_a_title(self, run: Run[PlayWish], episodes: Episodes, meant: bool) -> Result[None, Problem]:
        """For an account that keeps one play a title: the newest of the call, if there is none yet."""
        return self.once.watched(episodes).map(lambda watched: _keep_newest(run, watched, meant))

    def _send(self, run: Run[PlayWish], episodes: Episodes, meant: bool) -> Result[Report, Problem]:
        """In order of date, a batch at a time. Batches grow while answers are quick, and shrink when Trakt
        is in trouble.
        """
        waiting = sorted((minute_of(wish), position) for position, wish in run.open())
        positions = [position for _, position in waiting]
        if run.dry_run:
            return self.once.look(run, positions, episodes).map(lambda _: run.finish(self.book))
        added: list[Play] = []
        size = self.sizes.first
        while positions:
            batch, positions = positions[:size], positions[size:]
            if run.stopped is not None:
                run.give_up(batch)
                continue
            run.answer_s, run.in_trouble = 0.0, False
            sent = self.once.batch(run, batch, episodes, meant=meant)
            if not isinstance(sent, Success):
                if not run.sent_any:
                    return Failure(sent.failure())
                run.fail([place for place in batch if run.fates.open(place)], sent.failure())
                run.stopped = sent.failure()
                continue
            added += sent.unwrap()
            size = self._next_size(size, run)
        return Success(run.finish(self.book, self.collect.added(added) if added else None))

    def _next_size(self, size: int, run: Run[PlayWish]) -> int:
        """Of the next batch, after what the last one met."""
        if run.in_trouble:
            return max(1, size // 2)
        return min(size * 2, max(size, self.sizes.most)) if run.answer_s < QUICK_ANSWER_S else size


def _date_released(run: Run[PlayWish], episodes: Episodes) -> Result[None, Problem]:
    """Put the date in place of `released`: what is there is compared by minutes."""
    for position, wish in list(run.open()):
        if wish.watched_at is not Undated.RELEASED:
            continue
        released = episodes.released_at(wish.media)
        if not isinstance(released, Success):
            if hinders_all(released.failure()):
                return Failure(released.failure())
            run.fates.settle(position, End.UNRESOLVED, reason_of(released.failure()), NO_LOOK_UP)
            continue
        at = released.unwrap()
        if at is None or at < 0:
            hint = "Trakt does not say when it was first aired"
            run.refuse(position, Refusal(Reason.UNRELEASED, hint))
        else:
            run.wishes[position] = replace(wish, watched_at=on_the_minute(at))
    return Success(None)


def _find_twins(run: Run[PlayWish]) -> None:
    """The items of a call that are one play."""
    seen: dict[int, Lookup[int]] = {}
    for position, wish in list(run.open()):
        twins = seen.setdefault(minute_of(wish), Lookup())
        found = twins.find(wish.media)
        if found:
            run.twins[position] = found[0]
        else:
            twins.add(wish.media, position)


def _keep_newest(run: Run[PlayWish], watched: Lookup[Line | None], meant: bool) -> None:
    newest: Lookup[int] = Lookup()
    for position, wish in sorted(run.open(), key=lambda entry: -minute_of(entry[1])):
        found = watched.find(wish.media)
        if any(line is None or line.confirmed for line in found):
            run.exists(position, Already.THERE, "the account keeps one play a title, and has one")
        elif found and not meant:
            run.fates.settle(position, End.UNRESOLVED, Reason.AMBIGUOUS, OPEN_HINT)
        elif newest.find(wish.media):
            run.exists(position, Already.DUPLICATE, "the account keeps one play a title: the newest went")
        else:
            newest.add(wish.media, position)


def _key(wish: PlayWish) -> str | None:
    key = canonical_key(wish.media)
    return None if key is None else event_key(key, minute_of(wish))
