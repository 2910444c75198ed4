"""The lists of a person, as values with the evidence of how they were read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeAlias, TypeVar

from returns.result import Result

from crosswatch_trakt.application.ports import Progress, SnapshotProgress
from crosswatch_trakt.application.trakt.call import Call
from crosswatch_trakt.application.trakt.pages import PageReader, Pages
from crosswatch_trakt.application.trakt.recent import Feature
from crosswatch_trakt.application.trakt.rows import (
    CollectionRow,
    HistoryRow,
    RatingRow,
    RowReader,
    WatchlistRow,
)
from crosswatch_trakt.domain.completeness import Reading
from crosswatch_trakt.domain.media import Media
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import Problem
from crosswatch_trakt.domain.ratings import Rating
from crosswatch_trakt.domain.watchlist import WatchlistEntry

Value = TypeVar("Value")
Row = TypeVar("Row")

RatedKind: TypeAlias = Literal["movies", "shows", "seasons", "episodes"]
PlayedKind: TypeAlias = Literal["movies", "episodes"]

RATED_KINDS: tuple[RatedKind, ...] = ("movies", "shows", "seasons", "episodes")
PLAYED_KINDS: tuple[PlayedKind, ...] = ("movies", "episodes")


@dataclass(frozen=True, slots=True)
class Listed(Generic[Value]):
    """One endpoint's values in the order they came, repeats included, and the evidence."""

    values: Sequence[Value]
    reading: Reading
    set_aside: Mapping[str, int] = field(default_factory=dict)  # reason → rows that name nothing
    etags: Sequence[str | None] = ()


class Counting:
    """Adds up the rows of the endpoints of one feature, for the progress port."""

    def __init__(self, progress: Progress, feature: Feature) -> None:
        self._progress = progress
        self._feature = feature
        self._done = 0
        self._total = 0

    def __call__(self, done: int, total: int | None) -> None:
        """So much of the current endpoint is read."""
        whole = self._total + (total or 0)
        self._tell(self._done + done, whole, final=False)

    def next(self, done: int, total: int | None) -> None:
        """The current endpoint is read; the next begins."""
        self._done += done
        self._total += max(done, total or 0)

    def end(self) -> None:
        """All are read, or given up."""
        self._tell(self._done, self._done, final=True)

    def _tell(self, done: int, total: int, *, final: bool) -> None:
        self._progress.tell(SnapshotProgress(self._feature, done, max(done, total), final))


class TraktLists:
    """Reads the lists of the account that is signed in."""

    def __init__(self, pages: PageReader) -> None:
        self._pages = pages

    def watchlist(self, counting: Counting) -> Result[Listed[WatchlistEntry], Problem]:
        """The whole watchlist, asked for untyped: by type, Trakt announces the count of the whole."""
        return self._read(_WATCHLIST, list[WatchlistRow], RowReader.watchlist, counting)

    def watchlist_unchanged(self, etags: Sequence[str | None]) -> Result[bool, Problem]:
        """Whether these pages of the watchlist still answer 304."""
        return self._pages.unchanged(_WATCHLIST, etags)

    def ratings(self, kind: RatedKind, counting: Counting) -> Result[Listed[Rating], Problem]:
        """One of the four lists of ratings."""
        call = Call("ratings", "GET", f"/sync/ratings/{kind}")
        return self._read(call, list[RatingRow], RowReader.ratings, counting)

    def plays(self, kind: PlayedKind, counting: Counting) -> Result[Listed[Play], Problem]:
        """One half of the history, newest first."""
        call = Call("history", "GET", f"/sync/history/{kind}")
        return self._read(call, list[HistoryRow], RowReader.plays, counting)

    def collected(self, kind: PlayedKind) -> Result[Listed[Media], Problem]:
        """The films or episodes in the collection."""
        call = Call("collection", "GET", f"/sync/collection/{kind}")
        return self._read(call, list[CollectionRow], RowReader.titles, None)

    def plays_of(
        self, kind: PlayedKind, trakt: int, start_at: str, end_at: str
    ) -> Result[Sequence[Play], Problem]:
        """A title's own plays between two dates (ISO), from the list of the title itself."""
        query = {"start_at": start_at, "end_at": end_at}
        call = Call("history", "GET", f"/sync/history/{kind}/{trakt}", query)
        return self._read(call, list[HistoryRow], RowReader.plays, None).map(lambda listed: listed.values)

    def _read(
        self,
        call: Call,
        shape: type[list[Row]],
        read: Callable[[RowReader, Sequence[Row]], list[Value]],
        counting: Counting | None,
    ) -> Result[Listed[Value], Problem]:
        reader = RowReader()

        def listed(pages: Pages[Row]) -> Listed[Value]:
            values = [value for page in pages.pages for value in read(reader, page)]
            reading = Reading(pages.endpoint, len(pages.pages), pages.announced, frozenset(reader.seen))
            if counting is not None:
                counting.next(len(reader.seen), pages.announced)
            return Listed(values, reading, reader.set_aside, pages.etags)

        return self._pages.whole(call, shape, counting or _untold).map(listed)


def _untold(done: int, total: int | None) -> None:
    pass


_WATCHLIST = Call("watchlist", "GET", "/sync/watchlist")
