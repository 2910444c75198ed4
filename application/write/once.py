"""Sending plays once: everything that happens between two looks at the account.

Under the lock of the history, for each batch: settle what is open → look what is there → journal *meant*
(on disk) → POST → journal *confirmed* → rows → report. The order is the promise: a process may die after
any of these, and the next one finds in the journal what it has to settle first.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from returns.result import Failure, Result, Success

from crosswatch_trakt.application.index.history import LOCK, ROWS_FILE
from crosswatch_trakt.application.index.proving import Stamps
from crosswatch_trakt.application.ports import Clock, HistoryStore, Journal, StateStore
from crosswatch_trakt.application.trakt.recent import Recent, Stamp
from crosswatch_trakt.application.write.doubt import SettleDoubts
from crosswatch_trakt.application.write.episodes import Episodes
from crosswatch_trakt.application.write.report import reason_of
from crosswatch_trakt.application.write.run import Run, Writes
from crosswatch_trakt.domain.answers import Answer, Fate, read_answer
from crosswatch_trakt.domain.ids import unite
from crosswatch_trakt.domain.items import PlayWish
from crosswatch_trakt.domain.journal import (
    LAG_S,
    STAMP_AGE_S,
    Line,
    Lines,
    Stage,
    confirm,
    next_number,
)
from crosswatch_trakt.domain.ledger import ByTitle, title_of
from crosswatch_trakt.domain.media import Lookup, Media
from crosswatch_trakt.domain.outcomes import Already, End, Reason, Refusal
from crosswatch_trakt.domain.payloads import Leaf, Payload, Target, Way, plan_payloads, way_to
from crosswatch_trakt.domain.plays import Play, by_minute
from crosswatch_trakt.domain.problems import Problem, StateUnreadable
from crosswatch_trakt.domain.repeating import hinders_all, surely_not_applied
from crosswatch_trakt.domain.timestamps import MINUTE_S, Undated, to_iso

T = TypeVar("T")


class CurrentHistory(Protocol):
    """The stored history."""

    def bring_up_to_date(self) -> Result[None, Problem]:
        """Prove what is stored, or read what is new."""
        ...

    def unshown(self) -> Result[ByTitle, Problem]:
        """The plays that Trakt counts and has never shown."""
        ...


NO_LOOK_UP = "it could not be looked up; nothing was sent"


@dataclass(slots=True)
class There:
    """What is there at the minutes of a batch, and what may be."""

    unshown: ByTitle
    plays: dict[int, Lookup[Play]] = field(default_factory=dict)
    lines: dict[int, Lookup[Line]] = field(default_factory=dict)
    batch: dict[int, Lookup[int]] = field(default_factory=dict)  # of this call: positions of the items
    lifted: set[int] = field(default_factory=set)  # numbers of open lines that the caller says are to go

    def others(self, minutes: Iterable[int]) -> list[Media]:
        """Every title that has, or may have, a play at these minutes."""
        found: list[Media] = []
        for minute in minutes:
            found += [play.media for play in self.plays.get(minute, _NO_PLAYS).values()]
            found += [line.play.media for line in self.lines.get(minute, _NO_LINES).values()]
        return found

    def open(self, media: Media, minute: int) -> list[int]:
        """The numbers of the lines of this play that block it."""
        found = self.lines.get(minute, _NO_LINES).find(media)
        return [line.number for line in found if line.open and line.number not in self.lifted]

    def ids_beside(self, media: Media, minute: int) -> tuple[int, ...]:
        """The history ids of the plays of this kind that the minute has already."""
        plays = self.plays.get(minute, _NO_PLAYS).values()
        ids = {play.history_id for play in plays if play.media.type is media.type}
        return tuple(sorted(number for number in ids if number is not None))


@dataclass(frozen=True, slots=True)
class Sending:
    """One body that is on paper, and about to be sent."""

    payload: Payload
    lines: Sequence[Line]  # one a leaf
    began_at: float  # monotonic seconds

    @property
    def by_position(self) -> dict[int, Line]:
        """The line of each item."""
        return {leaf.source: line for leaf, line in zip(self.payload.leaves, self.lines, strict=True)}


_NO_PLAYS: Lookup[Play] = Lookup()
_NO_LINES: Lookup[Line] = Lookup()
_NO_POSITIONS: Lookup[int] = Lookup()
OPEN_HINT = "it was sent before, and whether it was applied is not known yet; try again in some minutes"
REMOVED_HINT = "it was removed a moment ago, and lists may not show that yet; try again in some minutes"


@dataclass(frozen=True, slots=True)
class SendOnce:
    """Sends the open plays of a run, a batch at a time."""

    history: CurrentHistory
    stamps: Stamps
    store: HistoryStore
    journal: Journal
    state: StateStore
    writes: Writes
    doubts: SettleDoubts
    recent: Recent
    clock: Clock
    trust_s: float
    by_numbers: bool
    near_minutes: int

    def batch(
        self, run: Run[PlayWish], positions: Sequence[int], episodes: Episodes, *, meant: bool
    ) -> Result[Sequence[Play], Problem]:
        """Bring the items at these positions to their ends; gives the plays that were added.

        Fails only before anything of the batch is sent.
        """
        return self.state.locked(LOCK, lambda: self._locked(run, positions, episodes, meant))

    def look(self, run: Run[PlayWish], positions: Sequence[int], episodes: Episodes) -> Result[None, Problem]:
        """Only leave out what is there: for a dry run."""
        left_out = self.journal.lines().bind(
            lambda lines: self._leave_out(run, positions, episodes, lines, meant=False)
        )
        return left_out.map(lambda _: None)

    def watched(self, episodes: Episodes) -> Result[Lookup[Line | None], Problem]:
        """Each title that has a play (None) or a line in the journal, once what is open is settled."""
        return self.state.locked(
            LOCK,
            lambda: self._settled(episodes).bind(
                lambda lines: still_proven(self.store, self.store.titles()).map(
                    lambda titles: _watched(titles, lines)
                )
            ),
        )

    def _locked(
        self, run: Run[PlayWish], positions: Sequence[int], episodes: Episodes, meant: bool
    ) -> Result[Sequence[Play], Problem]:
        """What is open is settled before anything is proven: a proof may show what was in doubt, and drop
        what was confirmed.
        """
        return (
            self._settled(episodes)
            .bind(lambda _: self._up_to_date())
            .bind(lambda _: self.journal.lines())
            .bind(
                lambda lines: self._leave_out(run, positions, episodes, lines, meant=meant).bind(
                    lambda there: self._lift(lines, there.lifted).bind(
                        lambda known: self._send(run, positions, known, there)
                    )
                )
            )
        )

    def _settled(self, episodes: Episodes) -> Result[Lines, Problem]:
        """The lines, after a look for those that are open."""
        return (
            self.journal.lines()
            .bind(lambda lines: self._findable(lines, episodes))
            .bind(lambda lines: self.doubts.later(lines))
        )

    def _findable(self, lines: Lines, episodes: Episodes) -> Result[Lines, Problem]:
        """A play of unknown date is looked for by its title: that takes Trakt's own id."""
        found = dict(lines)
        for line in lines.values():
            if line.open and not line.play.minute and line.play.media.ids.trakt is None:
                named = episodes.with_trakt_id(line.play.media)
                if not isinstance(named, Success):
                    return Failure(named.failure())
                found[line.number] = replace(line, play=replace(line.play, media=named.unwrap()))
        return Success(found)

    def _lift(self, lines: Lines, lifted: Collection[int]) -> Result[Lines, Problem]:
        """Forget the open lines that the caller says are to go."""
        written = self.journal.write((), lifted) if lifted else Success(None)
        return written.map(lambda _: {number: line for number, line in lines.items() if number not in lifted})

    def _up_to_date(self) -> Result[None, Problem]:
        """Prove the stored history again, unless that was done lately."""
        return up_to_date(self.history, self.store, self.recent, self.trust_s)

    # --- what is there

    def _leave_out(
        self,
        run: Run[PlayWish],
        positions: Sequence[int],
        episodes: Episodes,
        lines: Lines,
        *,
        meant: bool,
    ) -> Result[There, Problem]:
        """Settle duplicates, what is there, and what is open, before ids are looked up and after."""
        minutes = {minute_of(run.wishes[position]) for position in positions if run.fates.open(position)}
        near = {near for minute in minutes for near in self._near(minute)}
        return still_proven(self.store, self.store.plays_at(near)).bind(
            lambda plays: self.history.unshown().bind(
                lambda unshown: self._telling(lines).bind(
                    lambda known: self._compare(
                        run, positions, episodes, _there(plays, unshown, known, near), meant
                    )
                )
            )
        )

    def _telling(self, lines: Lines) -> Result[Sequence[Line], Problem]:
        """The lines that still tell something: not those of removals that what is stored has outlived."""
        known = list(lines.values())
        if not any(line.stage is Stage.REMOVED for line in known):
            return Success(known)
        return self.stamps.stamp("history").map(
            lambda stamp: [line for line in known if not _is_outlived(line, stamp.at - LAG_S - self.trust_s)]
        )

    def _near(self, minute: int) -> Sequence[int]:
        """The minutes that count as this one, itself first; a play of unknown date has no neighbours."""
        steps = range(1, self.near_minutes + 1) if minute else ()
        return [minute, *(minute + MINUTE_S * sign * step for step in steps for sign in (-1, 1))]

    def _compare(
        self, run: Run[PlayWish], positions: Sequence[int], episodes: Episodes, there: There, meant: bool
    ) -> Result[There, Problem]:
        for position in positions:
            if not run.fates.open(position) or position in run.twins:
                continue
            wish = run.wishes[position]
            if self._ended(run, position, there, meant):
                continue
            found = self._named(run, position, there, episodes)
            if not isinstance(found, Success):
                if hinders_all(found.failure()):
                    return Failure(found.failure())
                run.fates.settle(position, End.UNRESOLVED, reason_of(found.failure()), NO_LOOK_UP)
                continue
            media, told_apart = found.unwrap()
            if media is None:
                hint = "neither the stored history nor the show's season list has it"
                run.refuse(position, Refusal(Reason.EPISODE_NOT_FOUND, hint))
                continue
            if media is not wish.media:
                # The caller's own ids stay: by them it is found again, though Trakt may know others now.
                media = replace(media, ids=unite(wish.media.ids, media.ids))
                run.wishes[position] = replace(wish, media=media)
                if self._ended(run, position, there, meant):
                    continue
            if not told_apart and way_to(media) is not None:
                hint = "another play of that minute may be the same: name it by more ids"
                run.fates.settle(position, End.UNRESOLVED, Reason.AMBIGUOUS, hint)
            else:
                there.batch.setdefault(minute_of(wish), Lookup()).add(media, position)
        return Success(there)

    def _named(
        self, run: Run[PlayWish], position: int, there: There, episodes: Episodes
    ) -> Result[tuple[Media | None, bool], Problem]:
        """The title with the ids it takes to be sent, and to tell it from the others of its minutes; and
        whether it is told from all of them. None: Trakt does not know the episode.
        """
        wish = run.wishes[position]
        media, minute = wish.media, minute_of(wish)
        minutes = self._near(minute)
        batch = [
            run.wishes[position].media
            for near in minutes
            for position in there.batch.get(near, _NO_POSITIONS).values()
        ]
        others = [*there.others(minutes), *batch]
        hidden = any(minute in unshown for unshown in there.unshown.values())
        named: Result[Media | None, Problem] = Success(media)
        if way_to(media) is Way.NUMBERS and not self.by_numbers:
            named = episodes.with_own_ids(media)
        elif hidden and media.ids.trakt is None:
            named = episodes.full(media).map(_maybe)
        return named.bind(
            lambda known: (
                Success((None, True)) if known is None else episodes.told_apart(known, others).map(_either)
            )
        )

    def _ended(self, run: Run[PlayWish], position: int, there: There, meant: bool) -> bool:
        """Whether this play is there already, or near, open, or an earlier one of the call. The same is asked
        of each minute that is near.
        """
        wish = run.wishes[position]
        for minute in self._near(minute_of(wish)):
            twins = there.batch.get(minute, _NO_POSITIONS).find(wish.media)
            found = _is_there(there, wish.media, minute)
            if twins and found is None and minute == minute_of(wish):
                run.twins[position] = twins[0]
                return True
            if twins:
                found = Already.THERE
            if found is Reason.AMBIGUOUS:
                run.fates.settle(position, End.UNRESOLVED, found, REMOVED_HINT)
                return True
            if isinstance(found, Already):
                near = minute != minute_of(wish)
                hint = f"there is a play of it at {to_iso(minute)}" if near else None
                run.exists(position, Already.NEAR if near else found, hint)
                return True
            blocking = there.open(wish.media, minute)
            if blocking and not meant:
                run.fates.settle(position, End.UNRESOLVED, Reason.AMBIGUOUS, OPEN_HINT)
                return True
            if minute == minute_of(wish):
                there.lifted.update(blocking)
        return False

    # --- sending

    def _send(
        self, run: Run[PlayWish], positions: Sequence[int], lines: Lines, there: There
    ) -> Result[Sequence[Play], Problem]:
        leaves = [
            Leaf(position, run.wishes[position].media, {"watched_at": _sent_date(run.wishes[position])})
            for position in positions
            if run.fates.open(position) and position not in run.twins
        ]
        if not leaves:
            return Success(())
        plan = plan_payloads(Target.HISTORY, leaves, size=len(leaves))
        for position, refusal in plan.refused:
            run.refuse(position, refusal)
        added: list[Play] = []
        first = next_number(lines)
        for payload in plan.payloads:
            sources = [leaf.source for leaf in payload.leaves]
            if run.stopped is not None:
                run.give_up(sources)
                continue
            sending = self._mean(run, payload, first, there)
            if isinstance(sending, Success):
                added += self._post(run, sending.unwrap())
            elif run.sent_any:
                run.fail(sources, sending.failure())
            else:
                return Failure(sending.failure())
            first += len(payload.leaves)
        return Success(added)

    def _mean(
        self, run: Run[PlayWish], payload: Payload, first: int, there: There
    ) -> Result[Sending, Problem]:
        """Put on paper what will be sent. The time of a line is that of its POST, not of its plan."""
        return self.stamps.stamp("history").bind(lambda stamp: self._write(run, payload, first, there, stamp))

    def _write(
        self, run: Run[PlayWish], payload: Payload, first: int, there: There, stamp: Stamp
    ) -> Result[Sending, Problem]:
        began_at = self.clock.monotonic()
        lines = []
        for number, leaf in enumerate(payload.leaves, first):
            minute = minute_of(run.wishes[leaf.source])
            others = there.ids_beside(leaf.media, minute)
            old = stamp.older_than(STAMP_AGE_S)
            play = Play(leaf.media, minute)
            lines.append(Line(number, play, Stage.MEANT, stamp.at, stamp.text, old, others=others))
        return self.journal.write(lines).map(lambda _: Sending(payload, lines, began_at))

    def _post(self, run: Run[PlayWish], sending: Sending) -> Sequence[Play]:
        """Send, and bring every item of the payload to its end."""
        run.sent_any = True
        posted_at = self.clock.monotonic()
        answered = self.writes.post(Target.HISTORY, "add", sending.payload.body)
        run.answer_s = max(run.answer_s, self.clock.monotonic() - posted_at)
        if isinstance(answered, Success):
            return self._end_by_answer(run, sending, answered.unwrap())
        problem = answered.failure()
        if surely_not_applied(problem):
            self._drop(run, sending.lines)
            run.fail(sending.by_position, problem)
            return ()
        shown, left = self._look_back(sending.by_position, enough=len(sending.lines))
        run.fail(left, problem, doubt=True)
        return self._confirm(run, sending, shown)

    def _end_by_answer(self, run: Run[PlayWish], sending: Sending, answer: Answer) -> Sequence[Play]:
        by_fate: dict[Fate, dict[int, Line]] = {fate: {} for fate in Fate}
        fates = read_answer(sending.payload, answer)
        for (place, line), fate in zip(sending.by_position.items(), fates, strict=True):
            by_fate[fate][place] = line
        done = {**by_fate[Fate.DONE], **by_fate[Fate.PRESENT]}
        missing = {**by_fate[Fate.NOT_FOUND], **by_fate[Fate.EXISTING]}
        doubt = by_fate[Fate.AMBIGUOUS]
        if doubt:
            # The count is believed, not the names: once as many show as were added, the others are unknown,
            # if as many were not found.
            added = sum(answer.counts.get("added", {}).values()) - len(done)
            nameless = sum(map(len, answer.not_found.values())) - len(missing)
            shown, left = self._look_back(doubt, enough=max(1, added))
            done |= shown
            if len(shown) >= added and len(left) <= nameless:
                missing |= {place: doubt[place] for place in left}
            else:
                run.settle_all((place, Fate.AMBIGUOUS) for place in left)
        if missing:
            self._drop(run, list(missing.values()))
            run.settle_all((position, Fate.NOT_FOUND) for position in missing)
        return self._confirm(run, sending, done)

    def _look_back(self, lines: Mapping[int, Line], *, enough: int) -> tuple[dict[int, Line], Sequence[int]]:
        """Read back what is in doubt: the positions that show, with their lines, and those that do not."""
        looked = self.doubts.now(list(lines.values()), enough=enough).value_or(list(lines.values()))
        after = dict(zip(lines, looked, strict=True))
        return (
            {place: line for place, line in after.items() if line.confirmed},
            [place for place, line in after.items() if line.open],
        )

    def _confirm(self, run: Run[PlayWish], sending: Sending, lines: Mapping[int, Line]) -> Sequence[Play]:
        """Journal first, then the rows: the journal is the memory, the rows are a cache."""
        if not lines:
            return ()
        passed_s = self.clock.monotonic() - sending.began_at
        news = [confirm(line, line.sent_at + passed_s) for line in lines.values() if line.open]
        plays = [line.play for line in lines.values()]
        written = self.journal.write(news) if news else Success(None)
        stored = written.bind(lambda _: self.store.apply(plays, plays))
        if not isinstance(stored, Success):  # what was sent stays sent; the next call has to ask Trakt
            run.problems.append(stored.failure())
            self.recent.doubt("history")
        for position in lines:
            run.confirm(position)
            run.ours.add(position)
        return plays

    def _drop(self, run: Run[PlayWish], lines: Sequence[Line]) -> None:
        dropped = self.journal.write((), [line.number for line in lines])
        if not isinstance(dropped, Success):  # the lines stay open: these plays are looked for later
            run.problems.append(dropped.failure())


def up_to_date(
    history: CurrentHistory, store: HistoryStore, recent: Recent, trust_s: float
) -> Result[None, Problem]:
    """Prove the stored history again, unless that was done lately and it is still there: it is a cache that
    may be deleted at any time.
    """
    if not recent.proven_within("history", trust_s):
        return history.bring_up_to_date()
    return store.proof().bind(
        lambda proof: Success(None) if proof is not None else history.bring_up_to_date()
    )


def still_proven(store: HistoryStore, stored: Result[Sequence[T], Problem]) -> Result[Sequence[T], Problem]:
    """What is stored, if its proof still stands beside it: a file that is damaged or deleted meanwhile reads
    as one without plays, and all would be sent again, or called gone.
    """
    lost = StateUnreadable(ROWS_FILE, "it was damaged or deleted while it was read")
    return stored.bind(
        lambda rows: store.proof().bind(lambda proof: Failure(lost) if proof is None else Success(rows))
    )


def minute_of(wish: PlayWish) -> int:
    """The minute of a play; one of unknown date stands at 0."""
    return wish.watched_at if isinstance(wish.watched_at, int) else 0


def _there(plays: Iterable[Play], unshown: ByTitle, lines: Iterable[Line], minutes: set[int]) -> There:
    there = There(unshown, by_minute(plays))
    for line in lines:
        if line.play.minute in minutes:
            there.lines.setdefault(line.play.minute, Lookup()).add(line.play.media, line)
    return there


def _watched(titles: Iterable[Media], lines: Lines) -> Lookup[Line | None]:
    watched: Lookup[Line | None] = Lookup((title, None) for title in titles)
    for line in lines.values():
        if line.open or line.confirmed:
            watched.add(line.play.media, line)
    return watched


def _is_there(there: There, media: Media, minute: int) -> Already | Reason | None:
    """Whether Trakt has this play, by its rows and by what we remember; ambiguous: it was removed a moment
    ago, and a list may have shown it all the same. The journal is the memory, the rows are a cache.
    """
    rows = there.plays.get(minute, _NO_PLAYS).find(media)
    lines = there.lines.get(minute, _NO_LINES).find(media)
    removed = max((line.number for line in lines if line.stage is Stage.REMOVED), default=0)
    ours = [line for line in lines if line.confirmed]
    if removed and (rows or ours) and not any(line.number > removed for line in ours):
        return Reason.AMBIGUOUS
    if rows or ours:
        shown = any(row.history_id is not None for row in rows) or not any(line.absent_at for line in ours)
        return Already.THERE if shown else Already.NOT_SHOWN
    title = title_of(Play(media, minute))
    return Already.NOT_SHOWN if title is not None and minute in there.unshown.get(title, ()) else None


def _is_outlived(line: Line, oldest: float) -> bool:
    """Whether it tells of a removal so long ago that what is stored is younger, and would not show it."""
    return line.stage is Stage.REMOVED and line.sent_at < oldest


def _sent_date(wish: PlayWish) -> str:
    return to_iso(wish.watched_at) if isinstance(wish.watched_at, int) else Undated.UNKNOWN.value


def _maybe(media: Media) -> Media | None:
    return media


def _either(said: tuple[Media, bool]) -> tuple[Media | None, bool]:
    return said
