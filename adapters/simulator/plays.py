"""The plays of an account, newest first.

Nothing is ever merged: the same title twice in one minute is two plays (contract of 2026-07-30). The
id of a play is above 2^32 and grows with the time of writing, not with the date watched.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias, overload

from crosswatch_trakt.adapters.simulator.titles import Episode, Movie, Show

Action: TypeAlias = Literal["scrobble", "checkin", "watch"]
Watchable: TypeAlias = Movie | Episode

FIRST_ID = 11_982_346_077  # in the range of rows recorded in 2026
ID_STEP = 7  # other accounts get the ids between


class Play(NamedTuple):
    """One viewing. Sorts by minute, then by id: the order among equal minutes is not documented."""

    minute: int  # epoch seconds on the minute; 0 is a play of unknown date
    id: int
    title: Watchable
    action: Action


class PlayLog:
    """All plays, found by type, title, show, date and id. Holds 100,000 with ease."""

    def __init__(self, first_id: int = FIRST_ID) -> None:
        self._next_id = first_id
        self._sorted: dict[str, list[Play]] = {"movie": [], "episode": []}
        self._all: list[Play] = []
        self._by_title: dict[Watchable, list[Play]] = {}
        self._by_id: dict[int, Play] = {}
        self.version = 0  # another one after each change

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Play]:
        """Oldest first."""
        return iter(self._all)

    def add(self, title: Watchable, minute: int, action: Action = "watch") -> Play:
        """Write one more play under the next id."""
        play = Play(minute, self._next_id, title, action)
        self._next_id += ID_STEP
        self.version += 1
        insort(self._all, play)
        insort(self._sorted[title.kind], play)
        insort(self._by_title.setdefault(title, []), play)
        self._by_id[play.id] = play
        return play

    def load(self, plays: Iterable[Play]) -> None:
        """Put in many at once, with ids of their own: they count as having always been there."""
        self.version += 1
        for play in plays:
            self._all.append(play)
            self._sorted[play.title.kind].append(play)
            self._by_title.setdefault(play.title, []).append(play)
            self._by_id[play.id] = play
            self._next_id = max(self._next_id, play.id + ID_STEP)
        for rows in (self._all, *self._sorted.values(), *self._by_title.values()):
            rows.sort()

    def remove(self, play: Play) -> None:
        """Take one out."""
        self.version += 1
        del self._by_id[play.id]
        mine = self._by_title[play.title]
        for rows in (self._all, self._sorted[play.title.kind], mine):
            del rows[bisect_left(rows, play)]
        if not mine:
            del self._by_title[play.title]

    def by_id(self, play_id: int) -> Play | None:
        """The play of this id."""
        return self._by_id.get(play_id)

    def of(self, title: Watchable) -> Sequence[Play]:
        """The plays of one film or episode, oldest first. A copy."""
        return tuple(self._by_title.get(title, ()))

    def of_show(self, show: Show, season: int | None = None) -> list[Play]:
        """The plays of all episodes of a show, or of one season, oldest first."""
        return sorted(
            play
            for episode in show.episodes()
            if season in (None, episode.season.number)
            for play in self._by_title.get(episode, ())
        )

    def of_kind(self, kind: Literal["movie", "episode"] | None) -> Sequence[Play]:
        """All plays, or those of one type, oldest first. Not a copy: do not keep it."""
        return self._all if kind is None else self._sorted[kind]

    def titles(self, kind: Literal["movie", "episode"]) -> list[Watchable]:
        """The films or episodes that have a play."""
        return [title for title in self._by_title if title.kind == kind]


@dataclass(frozen=True, slots=True)
class Newest(Sequence[Play]):
    """A part of a sorted list, newest first, without copying it."""

    plays: Sequence[Play]  # oldest first
    low: int
    high: int

    def __len__(self) -> int:
        return max(0, self.high - self.low)

    @overload
    def __getitem__(self, index: int) -> Play: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Play]: ...
    def __getitem__(self, index: int | slice) -> Play | Sequence[Play]:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            return self.plays[self.high - max(start, stop) : self.high - start][::-1][::step]
        return self.plays[self.high - 1 - range(len(self))[index]]


def between(plays: Sequence[Play], start: int | None, end: int | None) -> Newest:
    """Those of a sorted list from `start` to `end`, both inclusive; newest first."""
    low = 0 if start is None else bisect_left(plays, start, key=lambda play: play.minute)
    high = len(plays) if end is None else bisect_left(plays, end + 1, key=lambda play: play.minute)
    return Newest(plays, low, high)
