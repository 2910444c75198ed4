"""Settling what nobody knows: whether a play that was sent was applied.

Now: the dates of the batch are read back, after 2, 4, 8 s and so on; what shows is confirmed. Later: each
call looks again for what is still open. Nothing is ever sent again on a guess; what may be sent again is
said by `domain.journal.surely_not_applied`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from returns.result import Failure, Result, Success

from crosswatch_trakt.application.index.proving import Stamps
from crosswatch_trakt.application.ports import Clock, HistoryStore, Journal
from crosswatch_trakt.application.trakt.lists import Listed
from crosswatch_trakt.domain.journal import (
    LAG_S,
    Line,
    LookBack,
    confirm,
    match,
    note_absent,
    surely_not_applied,
)
from crosswatch_trakt.domain.ledger import NO_MINUTES, ByTitle, Minutes, Title, Window, title_of
from crosswatch_trakt.domain.media import MediaType
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import Problem
from crosswatch_trakt.domain.timestamps import MINUTE_S

FIRST_LOOK_S = 2.0
WINDOW_PAGES_MAX = 4  # of a read-back; a wider one is made minute by minute


class LookBacks(Protocol):
    """The history around some minutes, as Trakt gives it."""

    def plays_near(self, window: Window, *, pages_max: int) -> Result[Listed[Play] | None, Problem]:
        """All plays of a kind between two minutes; None if they are more than so many pages."""
        ...

    def plays_of(self, title: Title) -> Result[Listed[Play], Problem]:
        """All plays of one title."""
        ...

    def ledger(self) -> Result[dict[Title, Minutes] | None, Problem]:
        """The minute of every play; None where there is no such list."""
        ...


@dataclass(slots=True)
class _Seen:
    """What a reading back has shown."""

    plays: list[Play] = field(default_factory=list)
    looked_at: set[int] = field(default_factory=set)  # numbers of the lines whose minute was read
    announced_more: set[tuple[MediaType, int]] = field(default_factory=set)  # minutes with rows not sent


@dataclass(frozen=True, slots=True)
class SettleDoubts:
    """Looks for the plays of open lines, and settles what can be settled. Needs the history's lock."""

    lists: LookBacks
    stamps: Stamps
    store: HistoryStore
    journal: Journal
    clock: Clock
    settle_wait_s: float
    resend_after_s: float

    def now(self, lines: Sequence[Line], *, enough: int) -> Result[Sequence[Line], Problem]:
        """Read back what was just sent until enough of it shows or time is up; gives the lines as they are
        then.

        A reading that fails settles nothing: the lines stay open.
        """
        open_lines = {line.number: line for line in lines}
        settled: dict[int, Line] = {}
        end, pause = self.clock.monotonic() + self.settle_wait_s, FIRST_LOOK_S
        while open_lines and len(settled) < enough and self.clock.monotonic() + pause <= end:
            self.clock.sleep(pause)
            pause *= 2
            looked = self._look(list(open_lines.values()))
            if isinstance(looked, Success):
                news = self._judge_now(open_lines, *looked.unwrap())
                settled |= {line.number: line for line in news if not line.open}
                open_lines = {line.number: line for line in news if line.open}
        after = [*settled.values(), *open_lines.values()]
        return self.journal.write(after).map(lambda _: after)

    def later(self, lines: Mapping[int, Line]) -> Result[Mapping[int, Line], Problem]:
        """Look once for every line that is open; gives all lines as they are then."""
        waiting = [line for line in lines.values() if line.open]
        if not waiting:
            return Success(lines)
        return self._look(waiting).bind(lambda looked: self._settle_later(lines, waiting, *looked))

    # --- looking

    def _look(self, lines: Sequence[Line]) -> Result[tuple[_Seen, float, str], Problem]:
        """What the lists show of these lines' minutes; when that was (server), and the stamp then."""
        stamp = self.stamps.stamp("history", fresh=True)
        if not isinstance(stamp, Success):
            return Failure(stamp.failure())
        seen = _Seen()
        for kind in (MediaType.MOVIE, MediaType.EPISODE):
            of_kind = [line for line in lines if line.play.media.type is kind]
            dated = [line for line in of_kind if line.play.minute]
            read = self._read(kind, dated, seen) if dated else Success(None)
            for line in of_kind:
                if not line.play.minute and isinstance(read, Success):
                    read = self._read_undated(line, seen)
            if not isinstance(read, Success):
                return Failure(read.failure())
        return Success((seen, stamp.unwrap().at, stamp.unwrap().text))

    def _read(self, kind: MediaType, lines: Sequence[Line], seen: _Seen) -> Result[None, Problem]:
        """The dates of all these lines at once, else minute by minute."""
        minutes = sorted({line.play.minute for line in lines})
        whole = self._read_window(Window(kind, minutes[0] - MINUTE_S, minutes[-1] + MINUTE_S), lines, seen)
        if len(minutes) == 1 or whole.value_or(True):
            return whole.map(lambda _: None)
        for minute in minutes:
            window = Window(kind, minute - MINUTE_S, minute + MINUTE_S)
            part = self._read_window(window, [line for line in lines if line.play.minute == minute], seen)
            if not isinstance(part, Success):
                return Failure(part.failure())
        return Success(None)

    def _read_window(self, window: Window, lines: Sequence[Line], seen: _Seen) -> Result[bool, Problem]:
        """Whether it could be read: not if it is too wide."""
        return self.lists.plays_near(window, pages_max=WINDOW_PAGES_MAX).map(
            lambda listed: _take(seen, lines, listed)
        )

    def _read_undated(self, line: Line, seen: _Seen) -> Result[None, Problem]:
        """A play of unknown date: in its title's own list, if that can be asked for."""
        title = title_of(line.play)
        if title is None:
            return Success(None)
        return self.lists.plays_of(title).map(lambda listed: _take(seen, [line], listed)).map(lambda _: None)

    # --- judging

    def _judge_now(
        self, lines: Mapping[int, Line], seen: _Seen, began_at: float, stamp: str
    ) -> Sequence[Line]:
        shown = match(lines.values(), seen.plays)
        now = self.clock.now().timestamp()
        after = []
        for number, line in lines.items():
            if number in shown:
                after.append(confirm(line, now, shown=True))
            else:
                after.append(note_absent(line, began_at) if number in seen.looked_at else line)
        return after

    def _settle_later(
        self, lines: Mapping[int, Line], waiting: Sequence[Line], seen: _Seen, began_at: float, stamp: str
    ) -> Result[Mapping[int, Line], Problem]:
        old_enough = any(line.absent_at and began_at - line.absent_at >= LAG_S for line in waiting)
        ledger = self.lists.ledger() if old_enough else Success(None)
        strangers = self.store.plays_at({line.play.minute for line in waiting}).map(
            lambda stored: _strangers(seen.plays, stored)
        )
        if not (isinstance(ledger, Success) and isinstance(strangers, Success)):
            return Failure((ledger if not isinstance(ledger, Success) else strangers).failure())
        judged = {
            line.number: line
            for line in self._judge_now({line.number: line for line in waiting}, seen, began_at, stamp)
        }
        gone = [
            line.number
            for line in waiting
            if judged[line.number].open
            and line.number in seen.looked_at
            and surely_not_applied(
                line,
                LookBack(
                    began_at,
                    stamp,
                    _in_ledger(line, ledger.unwrap(), seen.plays),
                    (line.play.media.type, line.play.minute) in strangers.unwrap(),
                    (line.play.media.type, line.play.minute) in seen.announced_more,
                ),
                resend_after_s=self.resend_after_s,
            )
        ]
        news = [line for line in judged.values() if line.number not in gone and line != lines[line.number]]
        after = {number: judged.get(number, line) for number, line in lines.items() if number not in gone}
        written = self.journal.write(news, gone) if news or gone else Success(None)
        applied = [line.play for line in news if not line.open]
        return written.bind(lambda _: self.store.apply(applied, applied) if applied else Success(None)).map(
            lambda _: after
        )


def _take(seen: _Seen, lines: Sequence[Line], listed: Listed[Play] | None) -> bool:
    if listed is None:
        return False
    seen.plays += listed.values
    seen.looked_at |= {line.number for line in lines}
    if listed.reading.short_of or listed.reading.announced is None:
        seen.announced_more |= {(line.play.media.type, line.play.minute) for line in lines}
    return True


def _strangers(plays: Iterable[Play], stored: Iterable[Play]) -> set[tuple[MediaType, int]]:
    """The minutes that show a play which was not there before."""
    known = {play.history_id for play in stored}
    return {(play.media.type, play.minute) for play in plays if play.history_id not in known}


def _in_ledger(line: Line, ledger: ByTitle | None, shown: Sequence[Play]) -> bool | None:
    """Whether the ledger may have the play. Of a title whose trakt id is not known, any play of that minute
    that no list shows may be it.
    """
    if ledger is None:
        return None
    title = title_of(line.play)
    if title is not None:
        return line.play.minute in ledger.get(title, NO_MINUTES)
    rows = [title_of(play) for play in shown if play.minute == line.play.minute]
    kind = line.play.media.type
    ledgered = [of for of, minutes in ledger.items() if of.type is kind and line.play.minute in minutes]
    return any(of not in rows for of in ledgered)
