"""Sending plays once: everything that happens between two looks at the account.

Under the lock of the history, for each batch: settle what is open → look what is there → journal *meant*
(on disk) → POST → journal *confirmed* → rows → report. The order is the promise: a process may die after
any of these, and the next one finds in the journal what it has to settle first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from returns.result import Failure, Result, Success

from crosswatch_trakt.application.index.history import LOCK
from crosswatch_trakt.application.index.proving import Stamps
from crosswatch_trakt.application.ports import Clock, HistoryStore, Journal, StateStore
from crosswatch_trakt.application.trakt.recent import Recent
from crosswatch_trakt.application.write.doubt import SettleDoubts
from crosswatch_trakt.application.write.episodes import Episodes
from crosswatch_trakt.application.write.run import Run, Writes
from crosswatch_trakt.domain.answers import Answer, Fate, read_answer
from crosswatch_trakt.domain.items import PlayWish
from crosswatch_trakt.domain.journal import Line, Lines, Stage, confirm, next_number
from crosswatch_trakt.domain.ledger import ByTitle, title_of
from crosswatch_trakt.domain.media import Lookup, Media
from crosswatch_trakt.domain.outcomes import Already, End, Reason, Refusal
from crosswatch_trakt.domain.payloads import Leaf, Payload, Target, Way, plan_payloads, way_to
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import Problem
from crosswatch_trakt.domain.repeating import surely_not_applied
from crosswatch_trakt.domain.timestamps import MINUTE_S, Undated, to_iso

STAMP_AGE_S = 2.0  # a younger stamp may stand for two changes: it has whole seconds


class CurrentHistory(Protocol):
    """The stored history."""

    def bring_up_to_date(self) -> Result[None, Problem]:
        """Prove what is stored, or read what is new."""
        ...

    def unshown(self) -> Result[ByTitle, Problem]:
        """The plays that Trakt counts and has never shown."""
        ...


@dataclass(slots=True)
class There:
    """What is there at the minutes of a batch, and what may be."""

    plays: dict[int, Lookup[Play]]
    unshown: ByTitle
    open: dict[int, Lookup[Line]]
    unseen: dict[int, Lookup[Line]]  # confirmed, and missing from a reading since
    batch: dict[int, Lookup[int]]  # plays of this call: positions of their items

    def others(self, minutes: Iterable[int]) -> list[Media]:
        """Every title that has, or may have, a play at these minutes."""
        found: list[Media] = []
        for minute in minutes:
            found += [play.media for play in self.plays.get(minute, _NO_PLAYS).values()]
            found += [line.play.media for line in self.open.get(minute, _NO_LINES).values()]
        return found


_NO_PLAYS: Lookup[Play] = Lookup()
_NO_LINES: Lookup[Line] = Lookup()
_NO_POSITIONS: Lookup[int] = Lookup()


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
        return self.journal.lines().bind(lambda lines: self._leave_out(run, positions, episodes, lines))

    def _locked(
        self, run: Run[PlayWish], positions: Sequence[int], episodes: Episodes, meant: bool
    ) -> Result[Sequence[Play], Problem]:
        return self.journal.lines().bind(
            lambda lines: self._settled(lines, run, positions, meant).bind(
                lambda known: (
                    self._up_to_date()
                    .bind(lambda _: self._leave_out(run, positions, episodes, known))
                    .bind(lambda _: self._send(run, positions, known))
                )
            )
        )

    def _settled(
        self, lines: Lines, run: Run[PlayWish], positions: Sequence[int], meant: bool
    ) -> Result[Lines, Problem]:
        """The lines after a look for those that are open; `meant` lifts those that block this batch."""
        if not any(line.open for line in lines.values()):
            return Success(lines)
        return self.doubts.later(lines).bind(lambda after: self._lift(after, run, positions, meant))

    def _lift(
        self, lines: Lines, run: Run[PlayWish], positions: Sequence[int], meant: bool
    ) -> Result[Lines, Problem]:
        if not meant:
            return Success(lines)
        asked = {position: run.wishes[position] for position in positions if run.fates.open(position)}
        named: dict[int, Lookup[int]] = {}
        for position, wish in asked.items():
            named.setdefault(minute_of(wish), Lookup()).add(wish.media, position)
        lifted = [
            number
            for number, line in lines.items()
            if line.open and named.get(line.play.minute, _NO_POSITIONS).find(line.play.media)
        ]
        written = self.journal.write((), lifted) if lifted else Success(None)
        return written.map(lambda _: {number: line for number, line in lines.items() if number not in lifted})

    def _up_to_date(self) -> Result[None, Problem]:
        """Prove the stored history again, unless that was done lately."""
        if self.recent.proven_within("history", self.trust_s):
            return Success(None)
        return self.history.bring_up_to_date()

    # --- what is there

    def _leave_out(
        self, run: Run[PlayWish], positions: Sequence[int], episodes: Episodes, lines: Lines
    ) -> Result[None, Problem]:
        """Settle duplicates, what is there, and what is open, before ids are looked up and after."""
        minutes = {minute_of(run.wishes[position]) for position in positions if run.fates.open(position)}
        near = {minute + MINUTE_S * n for minute in minutes for n in self._nearness(minute)}
        return self.store.plays_at(near).bind(
            lambda plays: self.history.unshown().bind(
                lambda unshown: self._compare(run, positions, episodes, _there(plays, unshown, lines, near))
            )
        )

    def _nearness(self, minute: int) -> range:
        """Minutes before and after that count as the same; a play of unknown date has no neighbours."""
        return range(-self.near_minutes, self.near_minutes + 1) if minute else range(1)

    def _compare(
        self, run: Run[PlayWish], positions: Sequence[int], episodes: Episodes, there: There
    ) -> Result[None, Problem]:
        for position in positions:
            if not run.fates.open(position) or position in run.twins:
                continue
            wish = run.wishes[position]
            if self._ended(run, position, there):
                continue
            found = self._named(run, position, there, episodes)
            if not isinstance(found, Success):
                return Failure(found.failure())
            media = found.unwrap()
            if media is None:
                hint = "neither the stored history nor the show's season list has it"
                run.refuse(position, Refusal(Reason.EPISODE_NOT_FOUND, hint))
                continue
            run.wishes[position] = replace(wish, media=media)
            if not self._ended(run, position, there):
                there.batch.setdefault(minute_of(wish), Lookup()).add(media, position)
        return Success(None)

    def _named(
        self, run: Run[PlayWish], position: int, there: There, episodes: Episodes
    ) -> Result[Media | None, Problem]:
        """The title with the ids it takes to tell it from the others of its minutes, and to be sent."""
        wish = run.wishes[position]
        media, minute = wish.media, minute_of(wish)
        if way_to(media) is Way.NUMBERS and not self.by_numbers:
            return episodes.with_own_ids(media)
        minutes = [minute + MINUTE_S * n for n in self._nearness(minute)]
        if any(minute in unshown for unshown in there.unshown.values()) and media.ids.trakt is None:
            return episodes.with_trakt_id(media).map(_maybe)
        batch = [
            run.wishes[position].media
            for near in minutes
            for position in there.batch.get(near, _NO_POSITIONS).values()
        ]
        return episodes.told_apart(media, [*there.others(minutes), *batch]).map(_maybe)

    def _ended(self, run: Run[PlayWish], position: int, there: There) -> bool:
        """Whether this play is there already, or near, open, or an earlier one of the call."""
        wish = run.wishes[position]
        minute = minute_of(wish)
        found = there.plays.get(minute, _NO_PLAYS).find(wish.media)
        title = title_of(Play(wish.media, minute))
        if found:
            waited = (
                there.unseen.get(minute, _NO_LINES).find(wish.media) if found[0].history_id is None else ()
            )
            run.exists(position, Already.NOT_SHOWN if waited else Already.THERE)
        elif title is not None and minute in there.unshown.get(title, ()):
            run.exists(position, Already.NOT_SHOWN, "Trakt counts it and hides its title")
        elif there.open.get(minute, _NO_LINES).find(wish.media):
            hint = (
                "it was sent before, and whether it was applied is not known yet; try again in some minutes"
            )
            run.fates.settle(position, End.UNRESOLVED, Reason.AMBIGUOUS, hint)
        elif there.batch.get(minute, _NO_POSITIONS).find(wish.media):
            run.twins[position] = there.batch[minute].find(wish.media)[0]
        else:
            return self._is_near(run, position, wish, there)
        return True

    def _is_near(self, run: Run[PlayWish], position: int, wish: PlayWish, there: There) -> bool:
        minute = minute_of(wish)
        for n in self._nearness(minute):
            near = minute + MINUTE_S * n
            plays = there.plays.get(near, _NO_PLAYS).find(wish.media)
            batch = there.batch.get(near, _NO_POSITIONS).find(wish.media)
            if n and (plays or batch):
                run.exists(position, Already.NEAR, f"there is a play of it at {to_iso(near)}")
                return True
        return False

    # --- sending

    def _send(
        self, run: Run[PlayWish], positions: Sequence[int], lines: Lines
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
        for payload in plan.payloads:
            first = next_number(lines)
            sent = self.stamps.stamp("history").bind(
                lambda stamp, payload=payload, first=first: self._mean(  # type: ignore[misc]
                    run, payload, first, stamp.text, stamp.older_than(STAMP_AGE_S)
                )
            )
            if not isinstance(sent, Success):
                if added:  # the rest was not sent
                    run.fail([leaf.source for leaf in payload.leaves], sent.failure())
                    continue
                return Failure(sent.failure())
            meant = sent.unwrap()
            lines = {**lines, **{line.number: line for line in meant}}
            added += self._post(run, payload, meant)
        return Success(added)

    def _mean(
        self, run: Run[PlayWish], payload: Payload, first: int, stamp: str, stamp_is_old: bool
    ) -> Result[Sequence[Line], Problem]:
        """Put on paper what will be sent. The time of a line is that of its POST, not of its plan."""
        now = self.clock.now().timestamp()
        lines = [
            Line(
                first + place,
                Play(leaf.media, minute_of(run.wishes[leaf.source])),
                Stage.MEANT,
                now,
                stamp,
                stamp_is_old,
            )
            for place, leaf in enumerate(payload.leaves)
        ]
        return self.journal.write(lines).map(lambda _: lines)

    def _post(self, run: Run[PlayWish], payload: Payload, lines: Sequence[Line]) -> Sequence[Play]:
        """Send, and bring every item of the payload to its end."""
        run.sent_any = True
        answered = self.writes.post(Target.HISTORY, "add", payload.body)
        if isinstance(answered, Success):
            return self._end_by_answer(run, payload, lines, answered.unwrap())
        problem = answered.failure()
        positions = [leaf.source for leaf in payload.leaves]
        if surely_not_applied(problem):
            self._drop(run, lines)
            run.fail(positions, problem)
            return ()
        in_doubt = dict(zip(positions, lines, strict=True))
        shown, left = self._look_back(in_doubt, enough=len(in_doubt))
        if left:
            run.fail(left, problem, doubt=True)
        return self._confirm(run, shown)

    def _end_by_answer(
        self, run: Run[PlayWish], payload: Payload, lines: Sequence[Line], answer: Answer
    ) -> Sequence[Play]:
        by_fate: dict[Fate, dict[int, Line]] = {fate: {} for fate in Fate}
        for leaf, line, fate in zip(payload.leaves, lines, read_answer(payload, answer), strict=True):
            by_fate[fate][leaf.source] = line
        done = {**by_fate[Fate.DONE], **by_fate[Fate.PRESENT]}
        missing = {**by_fate[Fate.NOT_FOUND], **by_fate[Fate.EXISTING]}
        if by_fate[Fate.AMBIGUOUS]:
            # The count is believed, not the names: once as many show as were added, the others are unknown.
            added = sum(answer.counts.get("added", {}).values()) - len(done)
            shown, left = self._look_back(by_fate[Fate.AMBIGUOUS], enough=added)
            done |= shown
            if len(shown) >= added:
                missing |= {place: by_fate[Fate.AMBIGUOUS][place] for place in left}
            else:
                run.settle_all((place, Fate.AMBIGUOUS) for place in left)
        if missing:
            self._drop(run, list(missing.values()))
            run.settle_all((position, Fate.NOT_FOUND) for position in missing)
        return self._confirm(run, done)

    def _look_back(self, lines: Mapping[int, Line], *, enough: int) -> tuple[dict[int, Line], Sequence[int]]:
        """Read back what is in doubt: the positions that show, with their lines, and those that do not."""
        looked = self.doubts.now(list(lines.values()), enough=enough).value_or(list(lines.values()))
        shown = {line.number for line in looked if not line.open}
        return (
            {place: line for place, line in lines.items() if line.number in shown},
            [place for place, line in lines.items() if line.number not in shown],
        )

    def _confirm(self, run: Run[PlayWish], lines: Mapping[int, Line]) -> Sequence[Play]:
        """Journal first, then the rows: the journal is the memory, the rows are a cache."""
        if not lines:
            return ()
        now = self.clock.now().timestamp()
        plays = [line.play for line in lines.values()]
        written = self.journal.write(confirm(line, now) for line in lines.values())
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


def minute_of(wish: PlayWish) -> int:
    """The minute of a play; one of unknown date stands at 0."""
    return wish.watched_at if isinstance(wish.watched_at, int) else 0


def _there(plays: Iterable[Play], unshown: ByTitle, lines: Lines, minutes: set[int]) -> There:
    there = There({}, unshown, {}, {}, {})
    for play in plays:
        there.plays.setdefault(play.minute, Lookup()).add(play.media, play)
    for line in lines.values():
        minute, media = line.play.minute, line.play.media
        if minute not in minutes:
            continue
        if line.open:
            there.open.setdefault(minute, Lookup()).add(media, line)
        elif line.absent_at is not None:
            there.unseen.setdefault(minute, Lookup()).add(media, line)
        if not line.open:  # the journal is the memory, the rows are a cache
            there.plays.setdefault(minute, Lookup()).add(media, line.play)
    return there


def _sent_date(wish: PlayWish) -> str:
    return to_iso(wish.watched_at) if isinstance(wish.watched_at, int) else Undated.UNKNOWN.value


def _maybe(media: Media) -> Media | None:
    return media
