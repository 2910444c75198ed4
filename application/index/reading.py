"""Reading the history until its two witnesses agree, as little as that takes.

The ledger says which titles and minutes differ from what is known; those alone are read again, by title
or by windows of dates, whichever costs fewer requests. Where that is over a third of all pages, all
pages. `last_activities` is read before and after; what moved in between is read again, a bounded number of
times. Without a ledger (Trakt refuses it) the announced counts and a second reading have to do.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from returns.result import Failure, Result, Success

from crosswatch_trakt.application.collector import collector_paused
from crosswatch_trakt.application.index.proving import ROUNDS_MAX, Endpoint, Stamps, believe
from crosswatch_trakt.application.ports import Progress
from crosswatch_trakt.application.trakt.lists import PLAYED_KINDS, Counting, Listed, PlayedKind
from crosswatch_trakt.application.trakt.pages import PAGE_ROWS_MAX
from crosswatch_trakt.application.trakt.recent import Stamp, hiding
from crosswatch_trakt.domain.completeness import CompleteIndex, RowCount, prove_complete
from crosswatch_trakt.domain.journal import LAG_S
from crosswatch_trakt.domain.ledger import (
    NO_MINUTES,
    ByTitle,
    Minutes,
    Rereading,
    Title,
    Window,
    holder,
    lacking,
    minutes_by_title,
    only_in,
    plan_rereading,
    plan_windows,
    title_of,
)
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import Incomplete, Problem
from crosswatch_trakt.domain.witnesses import Asked, Digests, History, Rows, disagreements, hear_both

SHARE_OF_PAGES = 1 / 3  # a reading of more than that reads all pages instead
LOOK_AGAIN_ROWS = 100  # of a window that is read a second time
LOOKS_AGAIN = 8  # windows that are read a second time, however few pages there are


class HistoryLists(Protocol):
    """The history, as Trakt gives it."""

    def plays(self, kind: PlayedKind, counting: Counting) -> Result[Listed[Play], Problem]:
        """One half, whole."""
        ...

    def newest_plays(self, kind: PlayedKind) -> Result[Listed[Play], Problem]:
        """The first page of one half."""
        ...

    def plays_within(self, window: Window) -> Result[Listed[Play], Problem]:
        """All plays of a kind between two minutes."""
        ...

    def plays_of(self, title: Title) -> Result[Listed[Play], Problem]:
        """All plays of one title."""
        ...

    def ledger(self) -> Result[dict[Title, Minutes] | None, Problem]:
        """The minute of every play; None where there is no such list."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a history from before."""

    rows: Rows  # as stored, by history id
    stamp: str = ""  # of the last proof
    settled_stamp: str = ""  # of the last settled one
    disagreeing: Mapping[Title, Digests] = field(default_factory=dict)  # last seen in a settled reading
    young: Mapping[int, float] = field(default_factory=dict)  # id → when a reading first saw it
    quiet_at: float = 0.0  # when a count last showed a change of which no stamp tells


@dataclass(frozen=True, slots=True)
class HistoryRead:
    """A history that is proven whole, and what else there is to keep of it."""

    index: CompleteIndex[int, Play]  # by history id
    unshown: ByTitle | None  # plays that only the ledger knows; None: there is no ledger
    disagreeing: Mapping[Title, Digests]  # titles on which the witnesses do not agree
    stamp: Stamp
    began_at: float  # by the server's clock
    settled: bool  # the last change was longer ago than lists may lag
    young: Mapping[int, float]
    set_aside: Mapping[str, int] | None  # None: no page was read whole


NOTHING_KNOWN = Known({})


@dataclass(slots=True)
class _Reading:
    """The rows as they stand while they are read."""

    rows: dict[int, Play]
    began_at: float
    hiding: str  # what was hidden is known as of this stamp
    gone: dict[int, Play] = field(default_factory=dict)  # rows that a list has shown, and a later one has not
    parts: list[Listed[Play]] | None = None  # both halves, if all pages were read since anything moved
    set_aside: dict[str, int] | None = None
    asked: set[Title] = field(default_factory=set)  # read again since anything moved
    counts: list[RowCount] = field(default_factory=list)  # of both halves, where there is no ledger
    kept: dict[int, Play] = field(default_factory=dict)  # hidden today, where there is no ledger

    def put(self, rows: dict[int, Play]) -> None:
        """Put these rows in the place of those there were."""
        self.gone.update(self.rows)
        self.rows = rows


@dataclass(frozen=True, slots=True)
class ReadHistory:
    """Reads the history."""

    lists: HistoryLists
    stamps: Stamps
    progress: Progress

    def __call__(self, known: Known | None) -> Result[HistoryRead, Problem]:
        """What has changed since it was known; all of it if nothing is."""
        counting = Counting(self.progress, "history")
        before = self.stamps.stamp("history")
        first = before.bind(lambda stamp: self._begin(known, stamp, counting))
        read = before.bind(
            lambda stamp: first.bind(
                lambda reading: self._agree(reading, known or NOTHING_KNOWN, stamp, counting)
            )
        )
        if isinstance(read, Success):
            counting.end()
        return read

    # --- rounds

    def _begin(self, known: Known | None, stamp: Stamp, counting: Counting) -> Result[_Reading, Problem]:
        if known is None:
            return self._all_pages(_Reading({}, stamp.at, hiding(stamp.text)), counting)
        last = known.settled_stamp if stamp.older_than(LAG_S) else known.stamp
        shown = {number: play for number, play in known.rows.items() if not play.hidden}
        return Success(_Reading(shown, stamp.at, hiding(last)))

    def _agree(
        self, reading: _Reading, known: Known, before: Stamp, counting: Counting
    ) -> Result[HistoryRead, Problem]:
        """Hear the ledger, read again what differs, and look whether anything moved meanwhile."""
        for _ in range(ROUNDS_MAX):
            heard = self._hear(reading, known, before, counting)
            after = heard.bind(lambda _: self.stamps.stamp("history", fresh=True))
            if not (isinstance(heard, Success) and isinstance(after, Success)):
                return Failure((heard if not isinstance(heard, Success) else after).failure())
            if after.unwrap().text == before.text:
                return _read(reading, heard.unwrap(), known, before, after.unwrap())
            before = after.unwrap()
            reading.began_at, reading.parts, reading.asked = before.at, None, set()
        return Failure(Incomplete("/sync/history", 1, len(reading.rows), len(reading.rows), moved=True))

    def _hear(
        self, reading: _Reading, known: Known, stamp: Stamp, counting: Counting
    ) -> Result[ByTitle | None, Problem]:
        """Read the ledger, and again what differs from it."""
        ledger = self.lists.ledger()
        if not isinstance(ledger, Success):
            return ledger
        said = ledger.unwrap()
        if said is None:
            return self._by_counts(reading, known, counting).map(lambda _: None)
        return self._compare(reading, said, known, stamp, counting).map(lambda _: said)

    def _compare(
        self, reading: _Reading, ledger: ByTitle, known: Known, stamp: Stamp, counting: Counting
    ) -> Result[_Reading, Problem]:
        """Read what differs, in as few requests as that takes. Which titles are hidden is told by neither
        ledger nor counts: where that has moved, all pages are read.
        """
        moved = hiding(stamp.text) != reading.hiding
        begun = self._all_pages(reading, counting) if moved and reading.parts is None else Success(reading)
        reading.hiding = hiding(stamp.text)
        asked = begun.map(lambda whole: _asked(whole, ledger, known))
        if asked.value_or(None) == [] and reading.parts is None and stamp.text != known.settled_stamp:
            looked = self._newest(reading, ledger, counting, settled=stamp.older_than(LAG_S))
            asked = looked.map(lambda known_now: _asked(known_now, ledger, known))
        return asked.bind(lambda titles: self._settle(reading, ledger, known, titles, counting))

    def _settle(
        self, reading: _Reading, ledger: ByTitle, known: Known, asked: Sequence[Title], counting: Counting
    ) -> Result[_Reading, Problem]:
        """Read these titles again, and what is missing then once more, by dates in smaller windows: a
        list that is cut short, or is not to be had, must not pass for a hidden title.
        """
        if not asked:
            return Success(reading)
        enough = max(1.0, sum(len(minutes) for minutes in ledger.values()) / PAGE_ROWS_MAX * SHARE_OF_PAGES)
        plan = plan_rereading(asked, ledger, minutes_by_title(reading.rows.values()), page_rows=PAGE_ROWS_MAX)
        if reading.parts is None and plan.pages > enough:
            return self._all_pages(reading, counting).bind(
                lambda whole: self._settle(whole, ledger, known, _asked(whole, ledger, known), counting)
            )
        reading.asked.update(asked)
        before = minutes_by_title(play for play in reading.rows.values() if title_of(play) in plan.titles)
        return (
            self._read_again(reading, plan)
            .bind(
                lambda read: self._look_again(
                    read, _with_vanished(ledger, before, read.rows), asked, max(LOOKS_AGAIN, enough)
                )
            )
            .bind(lambda read: self._settle_others(read, ledger, known, counting))
        )

    def _settle_others(
        self, reading: _Reading, ledger: ByTitle, known: Known, counting: Counting
    ) -> Result[_Reading, Problem]:
        """A window that was cut short lacks plays of titles too that nobody asked for."""
        others = [title for title in _asked(reading, ledger, known) if title not in reading.asked]
        return self._settle(reading, ledger, known, others, counting)

    def _look_again(
        self, reading: _Reading, ledger: ByTitle, asked: Sequence[Title], pages_max: float
    ) -> Result[_Reading, Problem]:
        listed = minutes_by_title(reading.rows.values())
        windows = plan_windows(lacking(asked, ledger, listed), ledger, listed, page_rows=LOOK_AGAIN_ROWS)
        if len(windows) > pages_max:
            return Success(reading)
        return self._read_again(reading, Rereading(windows, ()))

    # --- what is read

    def _all_pages(self, reading: _Reading, counting: Counting) -> Result[_Reading, Problem]:
        """Every page of both halves. The ledger proves them; where there is none, the counts do."""
        parts: list[Listed[Play]] = []
        for kind in PLAYED_KINDS:
            part = self.lists.plays(kind, counting)
            if not isinstance(part, Success):
                return Failure(part.failure())
            parts.append(part.unwrap())
        reading.put(_by_id(play for part in parts for play in part.values))
        reading.set_aside = _added(part.set_aside for part in parts)
        reading.parts = parts
        return Success(reading)

    def _by_counts(self, reading: _Reading, known: Known, counting: Counting) -> Result[_Reading, Problem]:
        """Without a ledger: all pages, and a second reading of a half that sent less than it announced."""
        if reading.parts is None:
            whole = self._all_pages(reading, counting)
            if not isinstance(whole, Success):
                return whole
        believed: list[Listed[Play]] = []
        short: list[PlayedKind] = []
        reading.counts = []
        for kind, first in zip(PLAYED_KINDS, reading.parts or (), strict=True):
            proven = believe(first, self._half(kind, counting))
            if not isinstance(proven, Success):
                return Failure(proven.failure())
            part, count = proven.unwrap()
            believed.append(part)
            reading.counts.append(count)
            if count.hidden:
                short.append(kind)
        reading.put(_by_id(play for part in believed for play in part.values))
        return self._keep_hidden(reading, known, short)

    def _keep_hidden(
        self, reading: _Reading, known: Known, short: Sequence[PlayedKind]
    ) -> Result[_Reading, Problem]:
        """Where a half is short, a title that was shown before may be hidden: its own list's count tells."""
        shown = {title_of(play) for play in reading.rows.values()}
        missing: dict[Title, dict[int, Play]] = {}
        for number, play in known.rows.items():
            title = title_of(play)
            if title is not None and title not in shown and play.media.type.section in short:
                missing.setdefault(title, {})[number] = replace(play, hidden=True)
        reading.kept = {}
        for title, plays in missing.items():
            own = self.lists.plays_of(title)
            if not isinstance(own, Success):
                return Failure(own.failure())
            if own.unwrap().reading.short_of:
                reading.kept.update(plays)
        return Success(reading)

    def _half(self, kind: PlayedKind, counting: Counting) -> Endpoint[Play]:
        return lambda: self.lists.plays(kind, counting)

    def _newest(
        self, reading: _Reading, ledger: ByTitle, counting: Counting, *, settled: bool
    ) -> Result[_Reading, Problem]:
        """The ledger may lag: page 1 of each half may know more. Its announced count too, which is asked
        where the ledger should have caught up.
        """
        for kind in PLAYED_KINDS:
            first = self.lists.newest_plays(kind)
            if not isinstance(first, Success):
                return Failure(first.failure())
            newest = first.unwrap()
            came = _by_id(newest.values)
            oldest = min((play.minute for play in came.values()), default=math.inf)
            before = {number: play for number, play in reading.rows.items() if _of(play, kind)}
            for number, play in before.items():
                if play.minute > oldest and number not in came:
                    reading.gone[number] = reading.rows.pop(number)
            reading.rows.update(came)
            counted = newest.reading.announced
            ledgered = sum(len(minutes) for title, minutes in ledger.items() if title.type.section == kind)
            if settled and counted not in (None, len(before | came), len(before), ledgered):
                return self._all_pages(reading, counting)
        return Success(reading)

    def _read_again(self, reading: _Reading, plan: Rereading) -> Result[_Reading, Problem]:
        """Put what the lists show today in the place of the rows of these windows and titles."""
        of_windows: list[Play] = []
        for window in plan.windows:
            part = self.lists.plays_within(window)
            if not isinstance(part, Success):
                return Failure(part.failure())
            of_windows += part.unwrap().values
        of_titles: list[Play] = []
        for title in plan.titles:
            part = self.lists.plays_of(title)
            if not isinstance(part, Success):
                return Failure(part.failure())
            of_titles += part.unwrap().values
        reading.put(_in_place(reading.rows, plan, of_windows, of_titles))
        return Success(reading)


def _with_vanished(ledger: ByTitle, before: ByTitle, rows: Rows) -> ByTitle:
    """The ledger, with what was known of titles whose own lists are empty now: nothing is found under the
    number of one that was merged away, though its rows stay, and a ledger that lags need not name them.
    """
    shown = {title_of(play) for play in rows.values()}
    gone = {title: minutes for title, minutes in before.items() if title not in shown}
    more = {title: only_in(minutes, ledger.get(title, NO_MINUTES)) for title, minutes in gone.items()}
    return {**ledger, **{t: tuple(sorted([*ledger.get(t, NO_MINUTES), *more[t]])) for t in gone if more[t]}}


def _in_place(
    rows: Rows, plan: Rereading, of_windows: Iterable[Play], of_titles: Iterable[Play]
) -> dict[int, Play]:
    """The rows, with those that were read again in the place of the old; a title's own list counts most."""
    held, titles = holder(plan.windows), frozenset(plan.titles)

    def of_another(play: Play) -> bool:
        return not titles or title_of(play) not in titles

    kept = {number: play for number, play in rows.items() if not held(play) and of_another(play)}
    kept.update(_by_id(play for play in of_windows if of_another(play)))
    kept.update(_by_id(of_titles))
    return kept


@collector_paused()
def _asked(reading: _Reading, ledger: ByTitle, known: Known) -> list[Title]:
    """The titles on which the witnesses differ. Two that differ for ever are asked once."""
    differing = disagreements(ledger, minutes_by_title(reading.rows.values()))
    return [title for title, digests in differing.items() if known.disagreeing.get(title) != digests]


@collector_paused()
def _read(
    reading: _Reading, ledger: ByTitle | None, known: Known, before: Stamp, after: Stamp
) -> Result[HistoryRead, Problem]:
    """Prove a reading during which nothing moved, and sum it up."""
    young = _too_young_to_drop(reading, known)
    quiet_s = before.at - known.quiet_at
    settled = before.older_than(LAG_S) and quiet_s >= LAG_S and not young
    stamps = before.text, after.text
    if ledger is None:
        plays = {**reading.kept, **young, **reading.rows}
        proven = prove_complete(plays, reading.counts, *stamps).map(lambda index: History(index, {}, {}))
    else:
        asked = Asked(reading.asked, known.disagreeing)
        stored = {**known.rows, **reading.gone} if known.rows else reading.gone
        proven = hear_both(ledger, reading.rows, asked, before=stored, young=young, stamps=stamps)
    return proven.map(
        lambda history: HistoryRead(
            history.index,
            None if ledger is None else history.unshown,
            history.disagreeing if settled else known.disagreeing,
            before,
            reading.began_at,
            settled,
            _still_young(history.index.entries, reading, known, settled=settled),
            reading.set_aside,
        )
    )


def _still_young(plays: Rows, reading: _Reading, known: Known, *, settled: bool) -> dict[int, float]:
    """The rows that a list which lags need not show yet, and when each was first seen."""
    whole = known is NOTHING_KNOWN and settled
    young = {
        number: known.young.get(number, reading.began_at)
        for number in plays
        if number in known.young or (number not in known.rows and not whole)
    }
    return {number: at for number, at in young.items() if reading.began_at - at < LAG_S}


def _too_young_to_drop(reading: _Reading, known: Known) -> dict[int, Play]:
    """Rows that were first seen so lately that a list which lags need not show them yet."""
    return {
        number: known.rows[number]
        for number, at in known.young.items()
        if number in known.rows and number not in reading.rows and reading.began_at - at < LAG_S
    }


def _by_id(plays: Iterable[Play]) -> dict[int, Play]:
    return {play.history_id: play for play in plays if play.history_id is not None}


def _of(play: Play, kind: PlayedKind) -> bool:
    return play.media.type.section == kind


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in counts:
        for why, rows in part.items():
            total[why] = total.get(why, 0) + rows
    return total
