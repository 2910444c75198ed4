"""The lists of a person, as values with the evidence of how they were read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, Literal, TypeAlias, TypeVar

from returns.result import Failure, Result, Success

from crosswatch_trakt.application.features import Feature
from crosswatch_trakt.application.ports import Progress, SnapshotProgress
from crosswatch_trakt.application.trakt.call import Call
from crosswatch_trakt.application.trakt.pages import PAGE_ROWS_MAX, PageReader, Pages
from crosswatch_trakt.application.trakt.rows import (
    CollectionRow,
    FilmLedger,
    HistoryRow,
    RatingRow,
    RowReader,
    ShowLedger,
    WatchlistRow,
    episode_minutes,
    film_minutes,
)
from crosswatch_trakt.domain.completeness import Reading
from crosswatch_trakt.domain.ledger import Minutes, Title, Window
from crosswatch_trakt.domain.media import Media, MediaType
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import AppRefused, NotThere, Problem, Refused, UnexpectedAnswer, VipOnly
from crosswatch_trakt.domain.ratings import Rating
from crosswatch_trakt.domain.timestamps import MINUTE_S, to_iso
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
        self._told = False

    def __call__(self, done: int, total: int | None) -> None:
        """So much of the current endpoint is read."""
        whole = self._total + (total or 0)
        self._tell(self._done + done, whole, final=False)

    def next(self, done: int, total: int | None) -> None:
        """The current endpoint is read; the next begins."""
        self._done += done
        self._total += max(done, total or 0)

    def end(self) -> None:
        """All are read: of a reading that failed this is not told, nor of one of single titles and dates."""
        if self._told:
            self._tell(self._done, self._done, final=True)

    def _tell(self, done: int, total: int, *, final: bool) -> None:
        self._told = True
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

    def plays_of(self, title: Title) -> Result[Listed[Play], Problem]:
        """A title's own list. One that answers 404 is empty: the title was merged away, or has no plays."""
        kind = _PLAYED[title.type]
        call = Call("history", "GET", f"/sync/history/{kind}/{title.trakt}")
        read = self._read(call, list[HistoryRow], RowReader.plays, None)
        return read.lash(lambda problem: _empty_if_not_there(call, problem))

    def plays_within(self, window: Window) -> Result[Listed[Play], Problem]:
        """All plays of a kind between two minutes. Whether Trakt's ends belong to it is not known, so a
        minute more is asked for at each, and what lies outside is dropped.
        """
        call = self._window_call(window)
        read = self._read(call, list[HistoryRow], RowReader.plays, None)
        return read.map(
            lambda listed: replace(listed, values=[play for play in listed.values if window.holds(play)])
        )

    def _window_call(self, window: Window) -> Call:
        first, last = max(0, window.first - MINUTE_S), window.last + MINUTE_S
        query = {"start_at": to_iso(first), "end_at": to_iso(last)}
        return Call("history", "GET", f"/sync/history/{_PLAYED[window.type]}", query)

    def plays_near(self, window: Window, *, pages_max: int) -> Result[Listed[Play] | None, Problem]:
        """All plays of a kind between two minutes, the neighbours included; None if they are more than so
        many pages.
        """
        call = self._window_call(window)
        first = self._pages.first(call, list[HistoryRow])
        return first.bind(lambda pages: self._near(call, pages, pages_max))

    def _near(
        self, call: Call, first: Pages[list[HistoryRow]], pages_max: int
    ) -> Result[Listed[Play] | None, Problem]:
        if (first.announced or 0) > pages_max * PAGE_ROWS_MAX:
            return Success(None)
        if len(first.pages[0]) >= (first.announced or 0) and len(first.pages[0]) < PAGE_ROWS_MAX:
            return Success(_plays_of_first(first))
        return self._read(call, list[HistoryRow], RowReader.plays, None).map(_maybe)

    def newest_plays(self, kind: PlayedKind) -> Result[Listed[Play], Problem]:
        """The first page of one half of the history, with the announced count of the whole."""
        call = Call("history", "GET", f"/sync/history/{kind}")
        return self._pages.first(call, list[HistoryRow]).map(_plays_of_first)

    def ledger(self) -> Result[dict[Title, Minutes] | None, Problem]:
        """The minute of every play, by title; None where Trakt has no such list for us."""
        try:
            films = self._pages.whole(_FILM_LEDGER, FilmLedger, _untold, film_minutes)
            shows = films.bind(
                lambda _: self._pages.whole(_SHOW_LEDGER, ShowLedger, _untold, episode_minutes)
            )
        except ValueError:
            return Failure(UnexpectedAnswer(_FILM_LEDGER.name, "it holds ids or dates that are none"))
        return films.bind(lambda of_films: shows.map(lambda of_shows: _ledger(of_films, of_shows))).lash(
            _none_if_refused
        )

    def _read(
        self,
        call: Call,
        shape: type[list[Row]],
        read: Callable[[RowReader, Sequence[Row]], list[Value]],
        counting: Counting | None,
    ) -> Result[Listed[Value], Problem]:
        reader = RowReader()

        def listed(pages: Pages[list[Value]]) -> Listed[Value]:
            found = _listed(reader, pages)
            if counting is not None:
                counting.next(len(found.reading.rows), pages.announced)
            return found

        return self._pages.whole(call, shape, counting or _untold, lambda rows: read(reader, rows)).map(
            listed
        )


def _listed(reader: RowReader, pages: Pages[list[Value]]) -> Listed[Value]:
    values = [value for page in pages.pages for value in page]
    reading = Reading(pages.endpoint, len(pages.pages), pages.announced, frozenset(reader.seen))
    return Listed(values, reading, reader.set_aside, pages.etags)


def _plays_of_first(first: Pages[list[HistoryRow]]) -> Listed[Play]:
    reader = RowReader()
    plays = [reader.plays(rows) for rows in first.pages]
    return _listed(reader, Pages(first.endpoint, plays, first.announced, first.etags))


def _ledger(
    films: Pages[dict[Title, Minutes]], shows: Pages[dict[Title, Minutes]]
) -> dict[Title, Minutes] | None:
    ledger: dict[Title, Minutes] = {}
    for page in (*films.pages, *shows.pages):
        ledger.update(page)
    return ledger


def _maybe(listed: Listed[Play]) -> Listed[Play] | None:
    return listed


def _none_if_refused(problem: Problem) -> Result[dict[Title, Minutes] | None, Problem]:
    """An app that is refused as a whole will hear so again from the history itself."""
    refused = isinstance(problem, NotThere | Refused | AppRefused | VipOnly)
    return Success(None) if refused else Failure(problem)


def _empty_if_not_there(call: Call, problem: Problem) -> Result[Listed[Play], Problem]:
    if isinstance(problem, NotThere):
        return Success(Listed((), Reading(call.path, 1, 0, frozenset())))
    return Failure(problem)


def _untold(done: int, total: int | None) -> None:
    pass


_WATCHLIST = Call("watchlist", "GET", "/sync/watchlist")
_LEDGER_TITLES = 1000  # wanted a page; Trakt may grant fewer, and says so
_FILM_LEDGER = Call(
    "history", "GET", "/users/me/watched/movies", {"extended": "min", "limit": _LEDGER_TITLES}
)
_SHOW_LEDGER = Call(
    "history",
    "GET",
    "/users/me/watched/shows",
    {"extended": "min", "specials": "true", "season_numbers": "true", "limit": _LEDGER_TITLES},
)
_PLAYED: Mapping[MediaType, PlayedKind] = {MediaType.MOVIE: "movies", MediaType.EPISODE: "episodes"}
