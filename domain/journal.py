"""The memory of what was sent: a play is on paper before it is on the wire.

A POST to the history may be obeyed though its answer is lost, shown only seconds later, under another
record, or never. So each play has a line: *meant* before it is sent, *confirmed* when that is proven,
dropped when it is proven that it was not applied. An open line blocks its play, whoever owns it. A
confirmed line stays until Trakt's own lists have shown the play twice, the second time in a reading that
began one lag after the confirmation; a play that is never shown keeps its line for ever.

What we removed is remembered too, until a reading that began one lag later: a list that lags still shows it,
which must not pass for the same play sent anew.

The rules were explored with a model against late answers, kills and second processes (rules of this
project, 2026): change them with care, and with a test that shows why.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from crosswatch_trakt.domain.media import Lookup
from crosswatch_trakt.domain.plays import Play, by_minute

LAG_S = 15 * 60.0  # Trakt's lists and ledger are believed to be at most so far behind
STAMP_AGE_S = 2.0  # a younger stamp may stand for two changes: it has whole seconds


class Stage(StrEnum):
    """How far a line has come."""

    MEANT = "meant"  # may be on the wire, may have been applied
    CONFIRMED = "confirmed"
    REMOVED = "removed"  # its removal was asked for: lists that lag may show it for a while yet


@dataclass(frozen=True, slots=True)
class Line:
    """One play that we sent, or were about to send."""

    number: int
    play: Play  # without history id
    stage: Stage
    sent_at: float  # epoch seconds by the server's clock: its POST, or its removal, began no earlier
    stamp: str  # what last_activities said of the history before the POST
    stamp_is_old: bool  # whether that stamp was old enough to stand for one change only
    confirmed_at: float | None = None  # epoch seconds, by the server's clock
    seen: bool = False  # a reading has shown it
    absent_at: float | None = None  # when the first reading without it began, by the server's clock
    others: tuple[int, ...] = ()  # history ids of its minute that are known to be other plays

    @property
    def open(self) -> bool:
        """Whether nobody knows yet if the play was applied."""
        return self.stage is Stage.MEANT

    @property
    def confirmed(self) -> bool:
        """Whether the play was applied."""
        return self.stage is Stage.CONFIRMED


Lines = Mapping[int, Line]


@dataclass(frozen=True, slots=True)
class LookBack:
    """A reading of one minute, made to settle a doubt."""

    began_at: float  # epoch seconds, by the server's clock
    stamp: str  # read freshly
    in_ledger: bool | None  # whether the ledger has the play; None: it was not asked
    other_new_plays: bool  # of that minute, which could be ours under another record
    announced_more: bool  # the minute's announced count is more than its rows


def confirm(line: Line, at: float, *, shown: bool = False) -> Line:
    """The play is there: Trakt said so, or (`shown`) a list shows it."""
    absent_at = None if shown else line.absent_at
    return replace(line, stage=Stage.CONFIRMED, confirmed_at=at, seen=shown or line.seen, absent_at=absent_at)


def note_absent(line: Line, began_at: float) -> Line:
    """A reading has not shown the play; only the first such reading is noted."""
    return line if line.absent_at is not None else replace(line, absent_at=began_at)


def is_outwaited(line: Line, began_at: float, *, resend_after_s: float) -> bool:
    """Whether a reading that began then would show the play, had it been applied: one lag has gone by since
    the last moment at which the POST could have worked.
    """
    return line.absent_at is not None and began_at - line.absent_at >= LAG_S + resend_after_s


def surely_not_applied(line: Line, look: LookBack, *, resend_after_s: float) -> bool:
    """Whether a look back that does not show the play proves that it was never applied.

    Either nothing at all has changed since before the POST, for long enough; or one lag has gone by since the
    last moment at which the POST could have worked, and neither list nor ledger nor count nor a stranger in
    that minute leaves room for it.
    """
    if line.absent_at is None:
        return False
    waited = look.began_at - line.absent_at
    if waited >= resend_after_s and line.stamp_is_old and look.stamp == line.stamp:
        return True
    clear = look.in_ledger is False and not look.other_new_plays and not look.announced_more
    return clear and is_outwaited(line, look.began_at, resend_after_s=resend_after_s)


def after_reading(line: Line, *, shown: bool, began_at: float) -> Line | None:
    """What becomes of a line when a proven reading has, or has not, shown its play; None: it may go.

    `began_at` is when the reading began, by the server's clock. A play that was seen and is gone was
    removed by someone else: its line goes, or it would stand in the index for ever. That an open line is
    absent is not noted: the reading was made without the lock, and may have begun before the POST.
    """
    if line.stage is Stage.REMOVED:
        return None if began_at - line.sent_at >= LAG_S else line
    if line.open:
        return confirm(line, max(began_at, line.sent_at), shown=True) if shown else line
    confirmed_at = began_at if line.confirmed_at is None else line.confirmed_at
    if line.seen and began_at - confirmed_at >= LAG_S:
        return None
    if shown:
        return replace(line, seen=True)
    return note_absent(line, began_at) if began_at >= confirmed_at else line


def tellable(lines: Iterable[Line]) -> list[Line]:
    """The lines of which a list can tell whether they were applied, in their order. It cannot where the same
    play was removed shortly before: a list that lags shows that one.
    """
    removed: dict[int, Lookup[Line]] = {}
    told = []
    for line in sorted(lines, key=lambda line: line.number):
        of_minute = removed.setdefault(line.play.minute, Lookup())
        if line.stage is Stage.REMOVED:
            of_minute.add(line.play.media, line)
        elif not of_minute.find(line.play.media):
            told.append(line)
    return told


def match(lines: Iterable[Line], plays: Iterable[Play]) -> dict[int, Play]:
    """Which line is shown by which play: same item, same minute, each play standing for one line."""
    return _standing_for(tellable(lines), plays)


def unseen(lines: Iterable[Line], plays: Iterable[Play]) -> list[Play]:
    """The confirmed plays that no row shows: they stand in the index, or our own play would flicker. A row of
    which a list cannot tell whose it is stands for the play all the same: it is not there twice.
    """
    confirmed = sorted((line for line in lines if line.confirmed), key=lambda line: line.number)
    shown = _standing_for(confirmed, plays)
    return [line.play for line in confirmed if line.number not in shown]


def _standing_for(lines: Sequence[Line], plays: Iterable[Play]) -> dict[int, Play]:
    minutes = {line.play.minute for line in lines}
    rows = by_minute(play for play in plays if play.minute in minutes and play.history_id is not None)
    taken: set[int | None] = set()
    shown: dict[int, Play] = {}
    for line in lines:
        for play in rows.get(line.play.minute, Lookup[Play]()).find(line.play.media):
            if play.history_id not in taken:
                taken.add(play.history_id)
                shown[line.number] = play
                break
    return shown


def next_number(lines: Lines) -> int:
    """The number of the next line."""
    return max(lines, default=0) + 1


def changed(before: Lines, after: Iterable[Line]) -> Sequence[Line]:
    """The lines that are new or not as they were."""
    return [line for line in after if before.get(line.number) != line]
