"""Settling what nobody knows: whether a play that was sent was applied.

Now: the dates of the batch are read back, after 2, 4, 8 s and so on; what shows is confirmed. Later: each
call looks again for what is still open. Nothing is ever sent again on a guess; what may be sent again is
said by `domain.journal.surely_not_applied`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from returns.result import Failure, Result, Success

from crosswatch_trakt.application.index.proving import Stamps
from crosswatch_trakt.application.ports import Clock, HistoryStore, Journal
from crosswatch_trakt.application.trakt.lists import Listed
from crosswatch_trakt.application.trakt.pages import PAGES_MAX
from crosswatch_trakt.domain.journal import (
    Line,
    Lines,
    LookBack,
    changed,
    confirm,
    is_outwaited,
    match,
    note_absent,
    surely_not_applied,
    tellable,
)
from crosswatch_trakt.domain.ledger import NO_MINUTES, ByTitle, Minutes, Title, Window, title_of
from crosswatch_trakt.domain.media import MediaType
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import Problem
from crosswatch_trakt.domain.timestamps import MINUTE_S

FIRST_LOOK_S = 2.0
WINDOW_PAGES_MAX = 4  # of a read-back; a wider one is made in two halves, down to single minutes


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

    began_at: float  # epoch seconds, by the server's clock
    stamp: str
    plays: list[Play] = field(default_factory=list)
    looked_at: set[int] = field(default_factory=set)  # numbers of the lines whose minute was read
    announced_more: set[int] = field(default_factory=set)  # of those where more was announced than came

    def others(self, line: Line, shown: Mapping[int, Play]) -> set[int]:
        """The plays of this line's minute that are known to be others: they show other lines."""
        ids = {
            play.history_id for number, play in shown.items() if number != line.number and _beside(play, line)
        }
        return {number for number in ids if number is not None}


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
        return self.journal.lines().bind(lambda known: self._look_now(known, lines, enough))

    def _look_now(self, known: Lines, lines: Sequence[Line], enough: int) -> Result[Sequence[Line], Problem]:
        sent = {line.number: line for line in lines}
        after, waiting, wanted = {**known, **sent}, list(lines), min(enough, len(lines))
        end, pause = self.clock.monotonic() + self.settle_wait_s, FIRST_LOOK_S
        while len(lines) - len(waiting) < wanted and self.clock.monotonic() + pause <= end:
            self.clock.sleep(pause)
            pause *= 2
            looked = self._look(waiting)
            if isinstance(looked, Success):
                after = _judge(after, looked.unwrap())
            waiting = [after[number] for number in sent if after[number].open]
        news = [after[number] for number in sent if after[number] != sent[number]]
        written = self.journal.write(news) if news else Success(None)
        return written.map(lambda _: [after[number] for number in sent])

    def later(self, lines: Lines) -> Result[Lines, Problem]:
        """Look once for every line that is open; gives all lines as they are then."""
        waiting = [line for line in lines.values() if line.open]
        if not waiting:
            return Success(lines)
        return self._look(waiting).bind(lambda seen: self._settle_later(lines, seen))

    # --- looking

    def _look(self, lines: Sequence[Line]) -> Result[_Seen, Problem]:
        """What the lists show of these lines' minutes."""
        stamp = self.stamps.stamp("history", fresh=True)
        if not isinstance(stamp, Success):
            return Failure(stamp.failure())
        seen = _Seen(stamp.unwrap().at, stamp.unwrap().text)
        for kind in (MediaType.MOVIE, MediaType.EPISODE):
            dated = [line for line in lines if line.play.media.type is kind and line.play.minute]
            read = self._read(kind, dated, seen) if dated else Success(None)
            if not isinstance(read, Success):
                return Failure(read.failure())
        for line in lines:
            read = Success(None) if line.play.minute else self._read_undated(line, seen)
            if not isinstance(read, Success):
                return Failure(read.failure())
        return Success(seen)

    def _read(self, kind: MediaType, lines: Sequence[Line], seen: _Seen) -> Result[None, Problem]:
        """The dates of all these lines at once, else in two halves."""
        minutes = sorted({line.play.minute for line in lines})
        window = Window(kind, minutes[0] - MINUTE_S, minutes[-1] + MINUTE_S)
        pages_max = WINDOW_PAGES_MAX if len(minutes) > 1 else PAGES_MAX
        read = self.lists.plays_near(window, pages_max=pages_max)
        if not isinstance(read, Success):
            return Failure(read.failure())
        if _take(seen, lines, read.unwrap()):
            return Success(None)
        middle = minutes[len(minutes) // 2]
        first = self._read(kind, [line for line in lines if line.play.minute < middle], seen)
        return first.bind(
            lambda _: self._read(kind, [line for line in lines if line.play.minute >= middle], seen)
        )

    def _read_undated(self, line: Line, seen: _Seen) -> Result[None, Problem]:
        """A play of unknown date: in its title's own list, if that can be asked for."""
        title = title_of(line.play)
        if title is None:
            return Success(None)
        return self.lists.plays_of(title).map(lambda listed: _take(seen, [line], listed)).map(lambda _: None)

    # --- judging

    def _settle_later(self, lines: Lines, seen: _Seen) -> Result[Lines, Problem]:
        judged = _judge(lines, seen)
        due = [
            line
            for line in judged.values()
            if line.open
            and line.number in seen.looked_at
            and is_outwaited(line, seen.began_at, resend_after_s=self.resend_after_s)
        ]
        looked = self._look_closely(due, seen)
        if not isinstance(looked, Success):
            return Failure(looked.failure())
        ledger = self.lists.ledger() if due else Success(None)
        if not isinstance(ledger, Success):
            return Failure(ledger.failure())
        shown = match(lines.values(), seen.plays)
        gone = [
            line.number
            for line in judged.values()
            if line.open
            and line.number in seen.looked_at
            and surely_not_applied(
                line, _look_back(line, seen, shown, ledger.unwrap()), resend_after_s=self.resend_after_s
            )
        ]
        after = {number: line for number, line in judged.items() if number not in gone}
        news = changed(lines, after.values())
        written = self.journal.write(news, gone) if news or gone else Success(None)
        applied = [line.play for line in news if line.confirmed]
        return written.bind(lambda _: self.store.apply(applied, applied) if applied else Success(None)).map(
            lambda _: after
        )

    def _look_closely(self, due: Sequence[Line], seen: _Seen) -> Result[None, Problem]:
        """Where more was announced than came: whether that is so of the line's own minute."""
        places: dict[tuple[MediaType, int], list[Line]] = {}
        for line in due:
            if line.number in seen.announced_more and line.play.minute:
                places.setdefault((line.play.media.type, line.play.minute), []).append(line)
        for (kind, _), lines in places.items():
            seen.announced_more -= {line.number for line in lines}
            read = self._read(kind, lines, seen)
            if not isinstance(read, Success):
                return read
        return Success(None)


def _take(seen: _Seen, lines: Sequence[Line], listed: Listed[Play] | None) -> bool:
    if listed is None:
        return False
    numbers = {line.number for line in lines}
    seen.plays += listed.values
    seen.looked_at |= numbers
    if listed.reading.short_of or listed.reading.announced is None:
        seen.announced_more |= numbers
    return True


def _judge(lines: Lines, seen: _Seen) -> dict[int, Line]:
    """All lines, those that were looked for as they are now. Nothing is told of a line whose play was also
    removed a moment ago.
    """
    shown = match(lines.values(), seen.plays)
    after = dict(lines)
    for line in tellable(lines.values()):
        if not line.open or line.number not in seen.looked_at:
            continue
        if line.number in shown:
            after[line.number] = confirm(line, seen.began_at, shown=True)
        else:
            others = tuple(sorted({*line.others, *seen.others(line, shown)}))
            after[line.number] = replace(note_absent(line, seen.began_at), others=others)
    return after


def _look_back(line: Line, seen: _Seen, shown: Mapping[int, Play], ledger: ByTitle | None) -> LookBack:
    known = {*line.others, *seen.others(line, shown)}
    return LookBack(
        seen.began_at,
        seen.stamp,
        _in_ledger(line, ledger, seen.plays),
        not line.play.minute  # of an unknown date nobody can say what else is new
        or any(_beside(play, line) and play.history_id not in known for play in seen.plays),
        line.number in seen.announced_more,
    )


def _beside(play: Play, line: Line) -> bool:
    """Whether a play is of this line's minute and kind."""
    return (play.media.type, play.minute) == (line.play.media.type, line.play.minute)


def _in_ledger(line: Line, ledger: ByTitle | None, shown: Iterable[Play]) -> bool | None:
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
