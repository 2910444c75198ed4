"""Titles that the person has hidden: their rows are counted, but never sent.

So a page amid the list is short or empty (T#82, T#142). The ledger and the stats still have them. A
hidden show hides its seasons and episodes, a hidden season its episodes.
"""

from collections.abc import Callable, Iterator
from typing import TypeAlias, TypeVar

from crosswatch_trakt.adapters.simulator.titles import Episode, Movie, Season, Show, Title

Hideable: TypeAlias = Movie | Show | Season
Row = TypeVar("Row")


class Hidden:
    """What is hidden, and what will be as soon as it is played."""

    def __init__(self) -> None:
        self.titles: set[Title] = set()
        self.when_played: set[Hideable] = set()

    def covers(self, title: Title) -> bool:
        """Whether rows of this title are kept back."""
        return any(one in self.titles for one in _upwards(title))

    def played(self, title: Title) -> Hideable | None:
        """What this play hides, used up."""
        for one in _upwards(title):
            if not isinstance(one, Episode) and one in self.when_played:
                self.when_played.discard(one)
                return one
        return None

    def keeps_back(self, title_of: Callable[[Row], Title]) -> Callable[[Row], bool] | None:
        """Which rows are not sent; None if nothing is hidden, the usual case."""
        return (lambda row: self.covers(title_of(row))) if self.titles else None


def _upwards(title: Title) -> Iterator[Title]:
    yield title
    if isinstance(title, Episode):
        yield title.season
    if isinstance(title, Episode | Season):
        yield title.show
