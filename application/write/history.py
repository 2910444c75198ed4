"""Adding plays: what is there is left out, and what is sent is sent once.

validate → drop duplicates → leave out what is there → find ids → batches in order of date → send once →
outcomes. An answer that is lost proves nothing: its plays are `ambiguous`, and not sent again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Protocol

from returns.result import Failure, Result, Success

from crosswatch_trakt.application.ports import Clock, HistoryStore
from crosswatch_trakt.application.trakt.recent import Recent
from crosswatch_trakt.application.write.episodes import Episodes, MakeEpisodes
from crosswatch_trakt.application.write.report import Report
from crosswatch_trakt.application.write.run import Run, Writes, begin
from crosswatch_trakt.application.write.unresolved import UnresolvedBook
from crosswatch_trakt.domain.items import PlayWish, parse_play
from crosswatch_trakt.domain.keys import canonical_key, event_key
from crosswatch_trakt.domain.media import Lookup, Media
from crosswatch_trakt.domain.outcomes import Already, Reason, Refusal
from crosswatch_trakt.domain.payloads import Leaf, Target, Way, plan_payloads, way_to
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import Problem
from crosswatch_trakt.domain.timestamps import Undated, on_the_minute, to_iso

QUICK_ANSWER_S = 10.0  # batches grow while answers take less


class CurrentHistory(Protocol):
    """The stored history, brought up to date."""

    def bring_up_to_date(self) -> Result[None, Problem]:
        """Prove what is stored, or read it anew."""
        ...


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

    history: CurrentHistory
    store: HistoryStore
    writes: Writes
    episodes: MakeEpisodes
    collect: Collect
    recent: Recent
    book: UnresolvedBook
    clock: Clock
    zone: tzinfo
    sizes: BatchSizes
    trust_s: float
    by_numbers: bool

    def __call__(
        self, items: Sequence[object], *, dry_run: bool = False, thaw: bool = False
    ) -> Result[Report, Problem]:
        """Bring every item to its end. Fails only if nothing was sent."""
        return self.book.read().bind(
            lambda entries: self._add(
                begin("add", items, {} if thaw else entries, self._parse, _key, dry_run=dry_run)
            )
        )

    def _parse(self, item: object) -> Result[PlayWish, Refusal]:
        return parse_play(item, self.zone)

    def _add(self, run: Run[PlayWish]) -> Result[Report, Problem]:
        if not run.wishes:
            return Success(run.finish(self.book))
        episodes = self.episodes()
        return (
            up_to_date(self.history, self.recent, self.trust_s)
            .bind(lambda _: _date_released(run, episodes))
            .bind(lambda _: self._leave_out(run, episodes))
            .map(lambda _: self._send(run))
        )

    # --- what is there

    def _leave_out(self, run: Run[PlayWish], episodes: Episodes) -> Result[None, Problem]:
        """Settle what is there and duplicates, before ids are looked up and after."""
        minutes = {_minute(wish) for _, wish in run.open()}
        return self.store.plays_at(minutes).bind(lambda plays: self._compare(run, plays, episodes))

    def _compare(
        self, run: Run[PlayWish], plays: Sequence[Play], episodes: Episodes
    ) -> Result[None, Problem]:
        there = _by_minute(plays)
        seen: dict[int, Lookup[int]] = {}
        for position, wish in list(run.open()):
            minute = _minute(wish)
            others = there.get(minute, Lookup())
            batch = seen.setdefault(minute, Lookup())
            if _settled(run, position, wish.media, others, batch):
                continue
            found = self._named(wish.media, [*others.values(), *_media_of(run, batch)], episodes)
            if not isinstance(found, Success):
                return Failure(found.failure())
            media = found.unwrap()
            if media is None:
                hint = "neither the stored history nor the show's season list has it"
                run.refuse(position, Refusal(Reason.EPISODE_NOT_FOUND, hint))
                continue
            run.wishes[position] = replace(wish, media=media)
            if not _settled(run, position, media, others, batch):
                batch.add(media, position)
        return Success(None)

    def _named(
        self, media: Media, others: Sequence[Media], episodes: Episodes
    ) -> Result[Media | None, Problem]:
        """The title with the ids it takes to tell it from the others of its minute, and to be sent."""
        if way_to(media) is Way.NUMBERS and not self.by_numbers:
            return episodes.with_own_ids(media)
        return episodes.told_apart(media, others).map(_maybe)

    # --- sending

    def _send(self, run: Run[PlayWish]) -> Report:
        leaves = [
            Leaf(position, wish.media, {"watched_at": _sent_date(wish)})
            for position, wish in sorted(run.open(), key=lambda entry: _minute(entry[1]))
        ]
        added: list[Play] = []
        if run.dry_run:
            plan = plan_payloads(Target.HISTORY, leaves, size=self.sizes.first)
            for position, refusal in plan.refused:
                run.refuse(position, refusal)
            return run.finish(self.book)
        size = self.sizes.first
        while leaves:
            batch, leaves = leaves[:size], leaves[size:]
            start = self.clock.monotonic()
            added += self._send_batch(run, batch)
            took = self.clock.monotonic() - start
            size = (
                min(size * 2, self.sizes.most)
                if took < QUICK_ANSWER_S and not run.doubtful
                else max(1, size // 2)
            )
        if run.doubtful:
            self.recent.doubt("history")
        return run.finish(self.book, self.collect.added(added) if added else None)

    def _send_batch(self, run: Run[PlayWish], batch: Sequence[Leaf]) -> Sequence[Play]:
        plan = plan_payloads(Target.HISTORY, batch, size=len(batch))
        for position, refusal in plan.refused:
            run.refuse(position, refusal)
        added: list[Play] = []
        for payload in plan.payloads:
            confirmed = run.send(payload, self.writes)
            added += [_play(run.wishes[position]) for position in confirmed]
        stored = self.store.apply(added, ())
        if not isinstance(stored, Success):
            # What was sent stays sent; without the row the next call has to ask Trakt again.
            run.problems.append(stored.failure())
            self.recent.doubt("history")
        return added


def up_to_date(history: CurrentHistory, recent: Recent, trust_s: float) -> Result[None, Problem]:
    """Prove the stored history again, unless that was done lately."""
    if recent.proven_within("history", trust_s):
        return Success(None)
    return history.bring_up_to_date()


def _date_released(run: Run[PlayWish], episodes: Episodes) -> Result[None, Problem]:
    """Put the date in place of `released`: what is there is compared by minutes."""
    for position, wish in list(run.open()):
        if wish.watched_at is not Undated.RELEASED:
            continue
        released = episodes.released_at(wish.media)
        if not isinstance(released, Success):
            return Failure(released.failure())
        at = released.unwrap()
        if at is None or at < 0:
            hint = "Trakt does not say when it was first aired"
            run.refuse(position, Refusal(Reason.UNRELEASED, hint))
        else:
            run.wishes[position] = replace(wish, watched_at=on_the_minute(at))
    return Success(None)


def _settled(
    run: Run[PlayWish], position: int, media: Media, there: Lookup[Media], batch: Lookup[int]
) -> bool:
    """Whether this play is there already, or is an earlier one of the batch."""
    if there.find(media):
        run.exists(position, Already.THERE)
        return True
    twins = batch.find(media)
    if twins:
        run.twins[position] = twins[0]
    return bool(twins)


def _by_minute(plays: Iterable[Play]) -> dict[int, Lookup[Media]]:
    there: dict[int, Lookup[Media]] = {}
    for play in plays:
        there.setdefault(play.minute, Lookup()).add(play.media, play.media)
    return there


def _media_of(run: Run[PlayWish], batch: Lookup[int]) -> list[Media]:
    return [run.wishes[position].media for position in batch.values()]


def _maybe(media: Media) -> Media | None:
    return media


def _minute(wish: PlayWish) -> int:
    """The minute of a play; one of unknown date stands at 0."""
    return wish.watched_at if isinstance(wish.watched_at, int) else 0


def _sent_date(wish: PlayWish) -> str:
    return to_iso(wish.watched_at) if isinstance(wish.watched_at, int) else Undated.UNKNOWN.value


def _play(wish: PlayWish) -> Play:
    return Play(wish.media, _minute(wish))


def _key(wish: PlayWish) -> str | None:
    key = canonical_key(wish.media)
    return None if key is None else event_key(key, _minute(wish))
