"""Removing plays: one play goes only by its history id.

Trakt removes *all* plays of a title that is named in a removal. So the play is found by item and date
in the stored history, or in the title's own list, and only its id is sent: the other plays stay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Protocol

from returns.result import Failure, Result, Success

from crosswatch_trakt.application.index.history import LOCK
from crosswatch_trakt.application.index.proving import Stamps
from crosswatch_trakt.application.ports import Clock, HistoryStore, Journal, StateStore
from crosswatch_trakt.application.trakt.lists import Listed
from crosswatch_trakt.application.trakt.recent import Recent
from crosswatch_trakt.application.write.doubt import SettleDoubts
from crosswatch_trakt.application.write.episodes import Episodes, MakeEpisodes
from crosswatch_trakt.application.write.history import Collect
from crosswatch_trakt.application.write.once import CurrentHistory, minute_of, still_proven, up_to_date
from crosswatch_trakt.application.write.report import Report
from crosswatch_trakt.application.write.run import Run, Writes, begin
from crosswatch_trakt.application.write.unresolved import UnresolvedBook
from crosswatch_trakt.domain.answers import Fate, read_play_removal
from crosswatch_trakt.domain.guard import RemovalGuard
from crosswatch_trakt.domain.items import PlayWish, parse_play_removal
from crosswatch_trakt.domain.journal import Line, Lines, Stage, next_number
from crosswatch_trakt.domain.keys import canonical_key, event_key
from crosswatch_trakt.domain.ledger import Title, title_of
from crosswatch_trakt.domain.media import Lookup, Media, same_item, undecided
from crosswatch_trakt.domain.outcomes import Already, End, Reason, Refusal
from crosswatch_trakt.domain.payloads import PlayRemoval, Target, plan_play_removals
from crosswatch_trakt.domain.plays import Play, by_minute
from crosswatch_trakt.domain.problems import Problem
from crosswatch_trakt.domain.timestamps import Undated


class TitleLists(Protocol):
    """A title's own list of plays."""

    def plays_of(self, title: Title) -> Result[Listed[Play], Problem]:
        """All plays of one title."""
        ...


_NO_PLAYS: Lookup[Play] = Lookup()


@dataclass(frozen=True, slots=True)
class Meant:
    """The plays that an item names: as Trakt is asked to remove them, and as they are stored."""

    asked: Sequence[Play] = ()
    stored: Sequence[Play] = ()


@dataclass(frozen=True, slots=True)
class RemovePlays:
    """Removes plays from the history."""

    history: CurrentHistory
    store: HistoryStore
    journal: Journal
    state: StateStore
    lists: TitleLists
    writes: Writes
    episodes: MakeEpisodes
    collect: Collect
    recent: Recent
    book: UnresolvedBook
    zone: tzinfo
    batch_size: int
    trust_s: float
    guard: RemovalGuard
    doubts: SettleDoubts
    stamps: Stamps
    clock: Clock

    def __call__(
        self,
        items: Sequence[object],
        *,
        dry_run: bool = False,
        all_plays: bool = False,
        thaw: bool = False,
        meant: bool = False,
        run_id: str | None = None,
    ) -> Result[Report, Problem]:
        """Bring every item to its end. `all_plays`: an item without a date means all plays of it; `meant`
        lifts the guard on removals, which counts those of one `run_id` together.
        """

        def parse(item: object) -> Result[PlayWish, Refusal]:
            return parse_play_removal(item, self.zone).bind(lambda wish: _dated(wish, all_plays))

        return self.book.read().bind(
            lambda entries: self._remove(
                begin("remove", items, {} if thaw else entries, parse, _key, dry_run=dry_run, run_id=run_id),
                meant,
            )
        )

    def _remove(self, run: Run[PlayWish], meant: bool) -> Result[Report, Problem]:
        if not run.wishes:
            return Success(run.finish(self.book))
        return up_to_date(self.history, self.store, self.recent, self.trust_s).bind(
            lambda _: self.state.locked(
                LOCK,
                lambda: self._settled(run).bind(
                    lambda lines: self._find_surely(run, lines).bind(
                        lambda found: self.store.count().bind(
                            lambda held: self._send(run, found, None if meant else held, lines)
                        )
                    )
                ),
            )
        )

    def _settled(self, run: Run[PlayWish]) -> Result[Lines, Problem]:
        """The lines of the journal, after a look for those that are open; a dry run writes nothing there."""
        lines = self.journal.lines()
        return lines if run.dry_run else lines.bind(self.doubts.later)

    # --- which plays are meant

    def _find_surely(self, run: Run[PlayWish], lines: Lines) -> Result[dict[int, Meant], Problem]:
        """What is not among the stored plays may be another client's, of a moment ago: then look again
        before it is called gone.
        """
        return (
            self._stored(run)
            .bind(lambda plays: Success(None) if _all_stored(run, plays) else self._look_again())
            .bind(lambda _: self._find(run, lines))
        )

    def _look_again(self) -> Result[None, Problem]:
        self.recent.written()  # what was read of a moment ago is not enough here
        return self.history.bring_up_to_date()

    def _find(self, run: Run[PlayWish], lines: Lines) -> Result[dict[int, Meant], Problem]:
        """Position → the plays to remove; every other item has its end."""
        stored = still_proven(self.store, self._stored(run))
        if not isinstance(stored, Success):
            return Failure(stored.failure())
        in_doubt = [line.play for line in lines.values() if line.open]  # they may be there
        plays = Lookup((play.media, play) for play in [*stored.unwrap(), *in_doubt])
        by_id = {play.history_id: play for play in stored.unwrap()}
        episodes, found = self.episodes(), dict[int, Meant]()
        taken: dict[int, int] = {}
        for position, wish in list(run.open()):
            read = self._meant(wish, plays, by_id, episodes)
            if not isinstance(read, Success):
                return Failure(read.failure())
            meant = read.unwrap()
            ids = [play.history_id for play in meant.asked]
            twin = next((taken[play] for play in ids if play in taken), None)
            if any(_contradicts(play, wish) for play in meant.asked):
                hint = f"the play {wish.history_id} is one of another title"
                run.fates.settle(position, End.UNRESOLVED, Reason.AMBIGUOUS_PLAYS, hint)
            elif not ids:
                run.exists(position, Already.GONE)
            elif None in ids:
                hint = "Trakt's list does not show this play yet; try again in a minute"
                run.fates.settle(position, End.UNRESOLVED, Reason.AMBIGUOUS, hint)
            elif len(ids) > 1 and wish.watched_at is not None:
                run.fates.settle(position, End.UNRESOLVED, Reason.AMBIGUOUS_PLAYS, _several(len(ids)))
            elif twin is not None and set(ids) <= set(taken):
                run.twins[position] = twin
            else:
                found[position] = meant
                taken.update({play: position for play in ids if play is not None and play not in taken})
        return Success(found)

    def _stored(self, run: Run[PlayWish]) -> Result[Sequence[Play], Problem]:
        """The stored plays that matter here: of the minutes named, or all if an item names none."""
        wishes = [wish for _, wish in run.open()]
        if any(wish.watched_at is None or wish.history_id is not None for wish in wishes):
            return self.store.plays()
        return self.store.plays_at({minute_of(wish) for wish in wishes})

    def _meant(
        self,
        wish: PlayWish,
        plays: Lookup[Play],
        by_id: dict[int | None, Play],
        episodes: Episodes,
    ) -> Result[Meant, Problem]:
        if wish.history_id is not None:
            named = by_id.get(wish.history_id)
            return Success(Meant() if named is None else Meant((named,), (named,)))
        title = episodes.told_apart(wish.media, [play.media for play in plays.values() if _fits(play, wish)])
        return title.bind(
            lambda said: self._with_ids(
                wish, [play for play in plays.find(said[0]) if _fits(play, wish)], episodes
            )
        )

    def _with_ids(self, wish: PlayWish, found: Sequence[Play], episodes: Episodes) -> Result[Meant, Problem]:
        every = wish.watched_at is None  # of all plays of a title its own list has the last word
        if not found or (not every and all(play.history_id is not None for play in found)):
            return Success(Meant(found, found))
        return self._from_title(wish, found, episodes).map(lambda shown: Meant(shown, found))

    def _from_title(
        self, wish: PlayWish, found: Sequence[Play], episodes: Episodes
    ) -> Result[Sequence[Play], Problem]:
        """A play that we wrote and have not read since has no id here: the title's own list has it."""
        media = found[0].media

        def shown(title: Media) -> Result[Sequence[Play], Problem]:
            if title.ids.trakt is None:
                return Success(found)
            read = self.lists.plays_of(Title(title.type, title.ids.trakt))
            return read.map(lambda own: [play for play in own.values if _fits(play, wish)] or found)

        named = Success(media) if media.ids.trakt is not None else episodes.full(media)
        return named.bind(shown)

    # --- sending

    def _send(
        self, run: Run[PlayWish], found: dict[int, Meant], held: int | None, lines: Lines
    ) -> Result[Report, Problem]:
        """Remove what was found; `held`: of so many plays, or without the guard."""
        asked = [
            (position, play.history_id)
            for position, meant in found.items()
            for play in meant.asked
            if play.history_id is not None
        ]
        before = self.recent.removals("history", run.run_id)
        if held is not None and run.guard(self.guard, len(asked), before, held):
            return Success(run.finish(self.book))
        if run.dry_run or not asked:
            return Success(run.finish(self.book))
        began_at = self.clock.monotonic()
        return (
            self.stamps.stamp("history", fresh=True)
            .bind(lambda stamp: self._mark(found, lines, stamp.at))
            .map(lambda marks: self._send_all(run, found, asked, marks, began_at))
        )

    def _mark(
        self, found: Mapping[int, Meant], lines: Lines, at: float
    ) -> Result[dict[int, list[Line]], Problem]:
        """Remember, before it is asked for, what is to go: lists may show it for a while yet. Of our own
        plays also that they were shown: killed amid this, nobody could tell them from those never shown.
        `at`: by the server's clock.
        """
        number = next_number(lines)
        marks: dict[int, list[Line]] = {position: [] for position in found}
        for position, meant in found.items():
            for play in meant.stored:
                mark = Line(number, replace(play, history_id=None), Stage.REMOVED, at, "", False)
                marks[position].append(mark)
                number += 1
        going = by_minute(play for meant in found.values() for play in meant.stored)
        shown = [
            replace(line, seen=True) for line in lines.values() if line.confirmed and _is_of(line.play, going)
        ]
        news = [*shown, *(mark for some in marks.values() for mark in some)]
        return self.journal.write(news).map(lambda _: marks)

    def _send_all(
        self,
        run: Run[PlayWish],
        found: Mapping[int, Meant],
        asked: Sequence[tuple[int, int]],
        marks: Mapping[int, Sequence[Line]],
        began_at: float,
    ) -> Report:
        fates: dict[int, list[Fate]] = {position: [] for position in found}
        self._send_ids(run, asked, fates)
        there = self._remove_rewritten(run, found, fates)
        answered = [
            (position, _of_unlisted(found[position], _worst(each)))
            for position, each in fates.items()
            if run.fates.open(position)
        ]
        confirmed = run.settle_all(answered)
        gone = [play for position, _ in answered if run.is_done(position) for play in found[position].stored]
        kept = {position for position in found if not run.doubtful and not run.is_done(position)}
        passed_s = self.clock.monotonic() - began_at  # of many batches the last goes minutes after the first
        stay = [
            replace(line, sent_at=line.sent_at + passed_s)
            for position in found.keys() - kept
            for line in marks[position]
        ]
        needless = [line for position in kept for line in marks[position]]
        stored = self._remember(gone, stay, needless).bind(lambda _: self.store.apply(there, gone))
        if not isinstance(stored, Success):
            run.problems.append(stored.failure())
        if run.doubtful or not isinstance(stored, Success):
            self.recent.doubt("history")
        removed = [play for position in confirmed for play in found[position].stored]
        self.recent.count_removals("history", len(removed), run.run_id)
        return run.finish(self.book, self.collect.removed(removed) if removed else None)

    def _remember(
        self, gone: Sequence[Play], marks: Sequence[Line], needless: Sequence[Line]
    ) -> Result[None, Problem]:
        """A play that is removed is no longer to be remembered as ours; only after its answer. Its mark has
        the time of the last answer from now on; the marks of what was kept go.
        """
        removed = by_minute(gone)

        def of_removed(lines: Lines) -> Result[None, Problem]:
            ours = [number for number, line in lines.items() if line.confirmed and _is_of(line.play, removed)]
            return self.journal.write(marks, [*ours, *(line.number for line in needless)])

        return self.journal.lines().bind(of_removed)

    def _remove_rewritten(
        self, run: Run[PlayWish], found: Mapping[int, Meant], fates: dict[int, list[Fate]]
    ) -> Sequence[Play]:
        """An id that Trakt does not know may be that of a play which was removed and written anew in its
        minute: no ledger tells. Its title's own list does, and it goes by its true id; once. Where the item
        itself named the id, no other play was meant: those are given back, to be stored.
        """
        asked = {play.history_id for meant in found.values() for play in meant.asked}
        rewritten: dict[int, Sequence[int]] = {}
        there: list[Play] = []
        lists: dict[Title, Result[Listed[Play], Problem]] = {}
        for position, meant in found.items():
            title = title_of(meant.asked[0])
            unlisted = any(play.history_id is None for play in meant.stored)
            if title is None or unlisted or Fate.EXISTING not in fates[position]:
                continue
            read = lists[title] if title in lists else lists.setdefault(title, self.lists.plays_of(title))
            if not isinstance(read, Success):
                run.fail([position], read.failure())
                continue
            minutes = {play.minute for play in meant.asked}
            others = [
                play
                for play in read.unwrap().values
                if play.minute in minutes and play.history_id not in asked
            ]
            wish = run.wishes[position]
            if wish.history_id is not None:
                there += others
            elif len(others) > 1 and wish.watched_at is not None:
                run.fates.settle(position, End.UNRESOLVED, Reason.AMBIGUOUS_PLAYS, _several(len(others)))
            else:
                rewritten[position] = [play.history_id for play in others if play.history_id is not None]
        self._send_ids(run, [(place, number) for place, ids in rewritten.items() for number in ids], fates)
        return there

    def _send_ids(
        self, run: Run[PlayWish], asked: Sequence[tuple[int, int]], fates: dict[int, list[Fate]]
    ) -> None:
        """Remove by history ids, each for the item at its position."""
        for removal in plan_play_removals(asked, size=self.batch_size):
            self._send_batch(run, removal, fates)

    def _send_batch(self, run: Run[PlayWish], removal: PlayRemoval, fates: dict[int, list[Fate]]) -> None:
        sources = [source for source in dict.fromkeys(removal.sources) if run.fates.open(source)]
        if run.stopped is not None:
            run.fail(sources, run.stopped)
            return
        answered = self.writes.post(Target.HISTORY, "remove", removal.body)
        answer = answered.value_or(None)
        if answer is None:
            run.fail(sources, answered.failure())
            return
        for source, fate in zip(removal.sources, read_play_removal(removal, answer), strict=True):
            fates[source].append(fate)


def _dated(wish: PlayWish, all_plays: bool) -> Result[PlayWish, Refusal]:
    if wish.watched_at is Undated.RELEASED:
        hint = "name the play by its date or by history_id"
        return Failure(Refusal(Reason.INVALID_WATCHED_AT, hint))
    if wish.watched_at is None and wish.history_id is None and not all_plays:
        hint = "without a date all plays would go; give watched_at or history_id, or ask for all plays"
        return Failure(Refusal(Reason.UNDATED_REMOVAL, hint))
    return Success(wish)


def _several(plays: int) -> str:
    return f"{plays} plays of that minute; name one by history_id"


def _is_of(play: Play, plays: Mapping[int, Lookup[Play]]) -> bool:
    """Whether the same play is among these."""
    return bool(plays.get(play.minute, _NO_PLAYS).find(play.media))


def _of_unlisted(meant: Meant, fate: Fate) -> Fate:
    """A play that no reading has shown yet was looked for in its title's own list. If what stood there is
    gone, that list was of a while ago, and the play itself may be there.
    """
    unlisted = any(play.history_id is None for play in meant.stored)
    return Fate.AMBIGUOUS if unlisted and fate is Fate.EXISTING else fate


def _worst(fates: Sequence[Fate]) -> Fate:
    """The fate of an item of which several plays were to go."""
    for fate in (Fate.AMBIGUOUS, Fate.NOT_FOUND, Fate.DONE):
        if fate in fates:
            return fate
    return Fate.EXISTING


def _all_stored(run: Run[PlayWish], plays: Sequence[Play]) -> bool:
    """Whether every item finds a play among these."""
    by_title = Lookup((play.media, play) for play in plays)
    ids = {play.history_id for play in plays}
    return all(
        wish.history_id in ids
        if wish.history_id is not None
        else any(_fits(play, wish) for play in by_title.find(wish.media))
        for _, wish in run.open()
    )


def _fits(play: Play, wish: PlayWish) -> bool:
    return wish.watched_at is None or play.minute == minute_of(wish)


def _contradicts(play: Play, wish: PlayWish) -> bool:
    """Whether a play named by its id is surely not one of the title named beside it."""
    return not same_item(play.media, wish.media) and not undecided(play.media, wish.media)


def _key(wish: PlayWish) -> str | None:
    key = canonical_key(wish.media)
    if key is None or wish.watched_at is None:
        return key
    return event_key(key, minute_of(wish))
