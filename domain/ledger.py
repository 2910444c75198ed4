"""The second witness: the minute of every play, by title.

One list of Trakt's holds the date of every play in some ten pages (`/users/me/watched/…?extended=min`).
It names no history ids, so it cannot stand for the pages; but where both agree, title by title and
minute by minute, no play is missing, whatever a count says. Where they differ, those titles or dates
alone are read again. Compared are multisets: two plays of one minute are two.
"""

import hashlib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from crosswatch_trakt.domain.media import MediaType
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.timestamps import MINUTE_S


class Title(NamedTuple):
    """A film or an episode, as the ledger names it."""

    type: MediaType
    trakt: int


Minutes: TypeAlias = tuple[int, ...]  # epoch seconds, sorted, repeats kept; 0 is an unknown date
ByTitle: TypeAlias = Mapping[Title, Minutes]
NO_MINUTES: Minutes = ()


@dataclass(frozen=True, slots=True)
class Window:
    """All plays of one kind between two minutes, both included."""

    type: MediaType
    first: int
    last: int

    def holds(self, play: Play) -> bool:
        """Whether a play lies in it."""
        return play.media.type is self.type and self.first <= play.minute <= self.last


def holder(windows: Iterable[Window]) -> Callable[[Play], bool]:
    """Tells whether a play lies in any of these windows, of which none of a kind overlap."""
    firsts: defaultdict[MediaType, list[int]] = defaultdict(list)
    lasts: defaultdict[MediaType, list[int]] = defaultdict(list)
    for window in sorted(windows, key=lambda window: window.first):
        firsts[window.type].append(window.first)
        lasts[window.type].append(window.last)

    def held(play: Play) -> bool:
        kind = play.media.type
        place = bisect_right(firsts[kind], play.minute)
        return place > 0 and play.minute <= lasts[kind][place - 1]

    return held


@dataclass(frozen=True, slots=True)
class Rereading:
    """What to read again, and what it costs in requests of one page."""

    windows: Sequence[Window]
    titles: Sequence[Title]

    @property
    def pages(self) -> int:
        """Requests at least."""
        return len(self.windows) + len(self.titles)


def title_of(play: Play) -> Title | None:
    """How the ledger names the title of a play; None if Trakt's own id is not known."""
    trakt = play.media.ids.trakt
    return None if trakt is None else Title(play.media.type, trakt)


def minutes_by_title(plays: Iterable[Play]) -> dict[Title, Minutes]:
    """The plays as the ledger would show them. Plays without a trakt id are left out."""
    by_media: dict[int, list[int]] = {}  # one title a Media, not one a play: plays share it
    found: defaultdict[Title, list[int]] = defaultdict(list)
    for play in plays:
        minutes = by_media.get(id(play.media))
        if minutes is None:
            title = title_of(play)
            minutes = by_media[id(play.media)] = [] if title is None else found[title]
        minutes.append(play.minute)
    return {title: tuple(sorted(minutes)) for title, minutes in found.items()}


def differing(ledger: ByTitle, listed: ByTitle) -> list[Title]:
    """The titles on which the two witnesses do not agree, sorted."""
    if ledger == listed:
        return []
    titles = ledger.keys() | listed.keys()
    return sorted(title for title in titles if ledger.get(title, NO_MINUTES) != listed.get(title, NO_MINUTES))


def lacking(titles: Iterable[Title], ledger: ByTitle, listed: ByTitle) -> list[Title]:
    """Those of which the ledger knows more plays than the lists show."""
    return [
        title for title in titles if only_in(ledger.get(title, NO_MINUTES), listed.get(title, NO_MINUTES))
    ]


def minutes_between(ledger: Minutes, listed: Minutes) -> list[int]:
    """The minutes that one witness has more often than the other, each once, sorted."""
    return sorted(minute for minute in {*ledger, *listed} if ledger.count(minute) != listed.count(minute))


def only_in(first: Minutes, second: Minutes) -> list[int]:
    """The minutes that the first has beyond the second, repeats kept, sorted."""
    left = list(second)
    more = []
    for minute in first:
        if minute in left:
            left.remove(minute)
        else:
            more.append(minute)
    return more


def digest(minutes: Minutes) -> str:
    """A short name for the minutes of a title: equal minutes, equal name."""
    return hashlib.blake2b(repr(minutes).encode(), digest_size=8).hexdigest()


def plan_rereading(titles: Sequence[Title], ledger: ByTitle, listed: ByTitle, *, page_rows: int) -> Rereading:
    """Read the differing titles one by one, or windows of dates that cover what differs, by kind
    whichever costs fewer requests. A window is as wide as one page of rows allows.
    """
    windows: list[Window] = []
    alone: list[Title] = []
    for kind in (MediaType.MOVIE, MediaType.EPISODE):
        of_kind = [title for title in titles if title.type is kind]
        covering = plan_windows(of_kind, ledger, listed, page_rows=page_rows)
        if len(covering) < len(of_kind):
            windows += covering
        else:
            alone += of_kind
    return Rereading(windows, alone)


def plan_windows(
    titles: Sequence[Title], ledger: ByTitle, listed: ByTitle, *, page_rows: int
) -> list[Window]:
    """The fewest windows of at most one page that cover every differing minute of these titles."""
    return [
        window
        for kind in (MediaType.MOVIE, MediaType.EPISODE)
        for window in _windows(kind, [t for t in titles if t.type is kind], ledger, listed, page_rows)
    ]


def _windows(
    kind: MediaType, titles: Sequence[Title], ledger: ByTitle, listed: ByTitle, page_rows: int
) -> list[Window]:
    wanted = sorted(
        {
            minute
            for title in titles
            for minute in minutes_between(ledger.get(title, NO_MINUTES), listed.get(title, NO_MINUTES))
        }
    )
    if not wanted:
        return []
    rows = sorted(_rows(kind, ledger, listed))
    windows: list[Window] = []
    first = last = wanted[0]
    for minute in wanted[1:]:
        # A reader asks for a minute more at each end.
        if bisect_right(rows, minute + MINUTE_S) - bisect_left(rows, first - MINUTE_S) > page_rows:
            windows.append(Window(kind, first, last))
            first = minute
        last = minute
    return [*windows, Window(kind, first, last)]


def _rows(kind: MediaType, ledger: ByTitle, listed: ByTitle) -> Iterable[int]:
    """The minutes of all rows of a kind that either witness has: as many as a window may show."""
    for title in ledger.keys() | listed.keys():
        if title.type is kind:
            in_ledger, in_list = ledger.get(title, NO_MINUTES), listed.get(title, NO_MINUTES)
            yield from in_ledger
            yield from only_in(in_list, in_ledger)
