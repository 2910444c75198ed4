"""What changed in an account, and when: from this a list of some seconds ago is made.

Only the changes are kept, never copies of the account; a past state is the present one with what came
since undone. Costs nothing while no list lags.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, NamedTuple, Protocol, TypeVar

from crosswatch_trakt.adapters.simulator.plays import Play, PlayLog, Watchable
from crosswatch_trakt.adapters.simulator.titles import Episode, Show, Title

PASTS_KEPT_MAX = 8  # views of the past that are not made anew for each page

T = TypeVar("T")


class Plays(Protocol):
    """The plays of an account, now or in the past."""

    def of(self, title: Watchable) -> Sequence[Play]:
        """Of one film or episode, oldest first."""
        ...

    def of_show(self, show: Show, season: int | None = None) -> Sequence[Play]:
        """Of all episodes of a show, or of one season, oldest first."""
        ...

    def of_kind(self, kind: Literal["movie", "episode"] | None) -> Sequence[Play]:
        """All, or those of one type, oldest first."""
        ...

    def titles(self, kind: Literal["movie", "episode"]) -> Sequence[Watchable]:
        """The films or episodes that have a play."""
        ...


class Dated(NamedTuple, Generic[T]):
    """One change."""

    at: float  # epoch seconds
    what: T


class Changes(Generic[T]):
    """Changes in the order of time."""

    def __init__(self) -> None:
        self._all: list[Dated[T]] = []

    def record(self, at: float, what: T) -> None:
        """One more. One that is told late counts as no older than the last."""
        self._all.append(Dated(max(at, self._all[-1].at) if self._all else at, what))

    def after(self, moment: float) -> int:
        """The index of the first change later than the moment."""
        return bisect_right(self._all, moment, key=lambda change: change.at)

    def since(self, index: int) -> Sequence[T]:
        """The changes from this index on, oldest first."""
        return [change.what for change in self._all[index:]]

    def __len__(self) -> int:
        """How many there are."""
        return len(self._all)


class Played(NamedTuple):
    """A play came or went."""

    play: Play
    added: bool


class PlayChanges:
    """The changes of the plays, and views of the past made of them."""

    def __init__(self) -> None:
        self._changes: Changes[Played] = Changes()
        self._pasts: dict[tuple[int, int], PastPlays] = {}

    def record(self, at: float, play: Play, *, added: bool) -> None:
        """A play came or went."""
        self._changes.record(at, Played(play, added))

    def as_of(self, log: PlayLog, moment: float) -> Plays:
        """The plays at that moment: the log itself if nothing changed since."""
        index = self._changes.after(moment)
        if index == len(self._changes):
            return log
        key = (log.version, index)
        past = self._pasts.get(key)
        if past is None:
            if len(self._pasts) >= PASTS_KEPT_MAX:
                self._pasts.clear()
            past = self._pasts[key] = _past(log, self._changes.since(index))
        return past


@dataclass(slots=True)
class PastPlays:
    """The plays of a log without those added since, with those removed since."""

    _log: PlayLog
    _added: frozenset[int]  # ids
    _removed: Sequence[Play]
    _lists: dict[str | None, Sequence[Play]] = field(default_factory=dict)

    def of(self, title: Watchable) -> Sequence[Play]:
        """Of one film or episode, oldest first."""
        gone = [play for play in self._removed if play.title is title]
        return self._without(self._log.of(title), gone)

    def of_show(self, show: Show, season: int | None = None) -> Sequence[Play]:
        """Of all episodes of a show, or of one season, oldest first."""
        gone = [
            play
            for play in self._removed
            if isinstance(play.title, Episode)
            and play.title.show is show
            and season in (None, play.title.season.number)
        ]
        return self._without(self._log.of_show(show, season), gone)

    def of_kind(self, kind: Literal["movie", "episode"] | None) -> Sequence[Play]:
        """All, or those of one type, oldest first."""
        if kind not in self._lists:
            gone = [play for play in self._removed if kind in (None, play.title.kind)]
            self._lists[kind] = self._without(self._log.of_kind(kind), gone)
        return self._lists[kind]

    def titles(self, kind: Literal["movie", "episode"]) -> Sequence[Watchable]:
        """The films or episodes that had a play."""
        return list({play.title: None for play in self.of_kind(kind)})

    def _without(self, plays: Sequence[Play], gone: Sequence[Play]) -> Sequence[Play]:
        kept = [play for play in plays if play.id not in self._added]
        return sorted([*kept, *gone]) if gone else kept


def _past(log: PlayLog, undone: Sequence[Played]) -> PastPlays:
    added = frozenset(change.play.id for change in undone if change.added)
    removed = [change.play for change in undone if not change.added and change.play.id not in added]
    return PastPlays(log, added, removed)


class Replaced(NamedTuple, Generic[T]):
    """The row of a title was another one before, or none."""

    title: Title
    before: T | None


class RowChanges(Generic[T]):
    """The changes of a list that holds a title at most once: watchlist, ratings."""

    def __init__(self) -> None:
        self._changes: Changes[Replaced[T]] = Changes()

    def record(self, at: float, title: Title, before: T | None) -> None:
        """The row of this title changes now."""
        self._changes.record(at, Replaced(title, before))

    def as_of(self, rows: Mapping[Title, T], moment: float) -> Mapping[Title, T]:
        """The rows at that moment; restored ones stand last."""
        undone = self._changes.since(self._changes.after(moment))
        if not undone:
            return rows
        past = dict(rows)
        for title, before in reversed(undone):
            past.pop(title, None)
            if before is not None:
                past[title] = before
        return past
