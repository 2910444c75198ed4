"""Trakt's rows on the wire, and how they become values.

Only the fields in use are decoded. A title's object is kept raw and read once for all rows that hold
the same bytes: a large history has five plays a title. What a row lacks that it must have is a
problem; what merely makes no sense (all null, an unknown kind) is set aside and counted by name, since
such rows are on the real service (trakt-api#783).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, NamedTuple, TypeAlias, TypeVar

import msgspec
from returns.result import Failure, Result, Success

from crosswatch_trakt.domain.ids import NO_IDS, Ids, parse_ids, parse_up_to
from crosswatch_trakt.domain.items import NUMBER_MAX, TITLE_MAX, YEAR_MAX, without_shows
from crosswatch_trakt.domain.ledger import Minutes, Title
from crosswatch_trakt.domain.media import Media, MediaType
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import Problem, UnexpectedAnswer
from crosswatch_trakt.domain.ratings import RATING_MAX, RATING_MIN, Rating
from crosswatch_trakt.domain.timestamps import from_iso, on_the_minute
from crosswatch_trakt.domain.watchlist import WatchlistEntry

T = TypeVar("T")

RowId: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]  # 64 bits, as in a store

WITHOUT_IDS = "a row without ids"  # why a row is set aside whose object is all null
_NONE = msgspec.Raw(b"null")


class MediaRow(msgspec.Struct):
    """The title of a row: under the name of its kind, an episode's or season's show beside it.

    Old rows (2015) lack `type`: then the kind is the deepest that is there.
    """

    type: str | None = None
    movie: msgspec.Raw = _NONE
    show: msgspec.Raw = _NONE
    season: msgspec.Raw = _NONE
    episode: msgspec.Raw = _NONE


class HistoryRow(MediaRow, kw_only=True):
    """One play."""

    id: RowId
    watched_at: str | None


class RatingRow(MediaRow, kw_only=True):
    """One rated item."""

    rating: float | None
    rated_at: str | None = None


class WatchlistRow(MediaRow, kw_only=True):
    """One listed item."""

    listed_at: str | None
    id: RowId | None = None


class CollectionRow(MediaRow, kw_only=True):
    """One collected film or episode."""

    collected_at: str | None = None


FilmLedger: TypeAlias = dict[str, list[str | None]]  # trakt id → dates
ShowLedger: TypeAlias = dict[str, dict[str, dict[str, list[str | None]]]]  # show → season → episode → dates


def film_minutes(page: FilmLedger) -> dict[Title, Minutes]:
    """The minutes of the films of one page of the ledger."""
    return {Title(MediaType.MOVIE, int(trakt)): _minutes(dates) for trakt, dates in page.items()}


def episode_minutes(page: ShowLedger) -> dict[Title, Minutes]:
    """The minutes of the episodes of one page of the ledger."""
    return {
        Title(MediaType.EPISODE, int(trakt)): _minutes(dates)
        for seasons in page.values()
        for episodes in seasons.values()
        for trakt, dates in episodes.items()
    }


def _minutes(dates: Sequence[str | None]) -> Minutes:
    """A date that is null is unknown."""
    return tuple(sorted(0 if text is None else on_the_minute(max(0, from_iso(text))) for text in dates))


class TitleObject(msgspec.Struct):
    """A film, show, season or episode. Any type is taken: a row with an odd year is still a row, and
    one that is left out of an index is removed elsewhere.
    """

    ids: object = None
    title: object = None
    year: object = None
    season: object = None
    number: object = None


_title = msgspec.json.Decoder(TitleObject)


def decode(body: bytes, shape: type[T], request: str) -> Result[T, Problem]:
    """Read an answer's JSON as this shape, or say why it is not that."""
    try:
        body.decode()  # what is kept raw is not looked at by the decoder
        return Success(msgspec.json.decode(body, type=shape))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Failure(UnexpectedAnswer(request, _why(body, error)))


def _why(body: bytes, error: Exception) -> str:
    if not body.strip():
        return "it is empty"
    if body.lstrip()[:1] == b"<":
        return "it is a web page"
    if isinstance(error, msgspec.ValidationError):
        return f"it has another shape ({error})"
    return "it is no JSON, or was cut off"


class RowReader:
    """Makes values of rows; one Media per title. Keeps count of what it set aside, by reason."""

    def __init__(self) -> None:
        self._media: dict[tuple[str | None, bytes, bytes], Media | None] = {}
        self._shows: dict[bytes, _Series] = {}
        self.set_aside: Counter[str] = Counter()
        self.seen: set[object] = set()  # each row by its id

    def plays(self, rows: Sequence[HistoryRow]) -> list[Play]:
        """The plays of a page, in its order."""
        self.seen.update([row.id for row in rows])
        return self._read(rows, self._play)

    def ratings(self, rows: Sequence[RatingRow]) -> list[Rating]:
        """The ratings of a page, in its order."""
        self._see(rows)
        return self._read(rows, self._rating)

    def watchlist(self, rows: Sequence[WatchlistRow]) -> list[WatchlistEntry]:
        """The entries of a page, in its order."""
        self._see(rows)
        return self._read(rows, self._entry)

    def titles(self, rows: Sequence[CollectionRow]) -> list[Media]:
        """The titles of a page, in its order."""
        self._see(rows)
        return self._read(rows, lambda row, media: media)

    def _see(self, rows: Sequence[MediaRow]) -> None:
        """Note each row by its id; one that has none by its title."""
        self.seen.update([_identity(row, self._media_of(row)) for row in rows])

    def _read(self, rows: Sequence["Row"], read: Callable[["Row", Media], T | None]) -> list[T]:
        values = []
        for row in rows:
            media = self._media_of(row)
            if media is None:
                self._aside(_nameless(row))
                continue
            value = read(row, media)
            if value is not None:
                values.append(value)
        return values

    def _play(self, row: HistoryRow, media: Media) -> Play | None:
        if media.type not in (MediaType.MOVIE, MediaType.EPISODE):
            self._aside(f"a {media.type} in the history")
            return None
        if row.watched_at is None:
            return Play(media, 0, row.id)
        try:
            return Play(media, on_the_minute(max(0, from_iso(row.watched_at))), row.id)
        except ValueError:
            self._aside("a play whose date is no date")
            return None

    def _rating(self, row: RatingRow, media: Media) -> Rating | None:
        value = row.rating
        if value is None or value != int(value) or not RATING_MIN <= value <= RATING_MAX:
            self._aside("a rating outside 1 to 10")
            return None
        return Rating(media, int(value), _moment(row.rated_at))

    def _entry(self, row: WatchlistRow, media: Media) -> WatchlistEntry | None:
        return WatchlistEntry(media, _moment(row.listed_at), row.id)

    def _aside(self, why: str) -> None:
        self.set_aside[why] += 1

    def _media_of(self, row: MediaRow) -> Media | None:
        mark = _mark(row)
        if mark not in self._media:
            self._media[mark] = self._new_media(*mark)
        return self._media[mark]

    def _new_media(self, kind: str | None, main: bytes, show: bytes) -> Media | None:
        if show and show not in self._shows:
            self._shows[show] = _series(show)
        return _media(_KINDS[kind], main, self._shows.get(show, _NO_SERIES)) if kind in _KINDS else None


Row = TypeVar("Row", bound=MediaRow)
_KINDS: Mapping[str | None, MediaType] = {kind.value: kind for kind in MediaType}


def _identity(row: MediaRow, media: Media | None) -> object:
    row_id = getattr(row, "id", None)
    if row_id is not None:
        return row_id
    return _mark(row) if media is None or media.ids.trakt is None else (media.type, media.ids.trakt)


def _nameless(row: MediaRow) -> str:
    kind = _mark(row)[0]
    return WITHOUT_IDS if kind in _KINDS else f"a row of kind {kind!r:.40}"


def _mark(row: MediaRow) -> tuple[str | None, bytes, bytes]:
    """Kind and raw objects of a row: equal marks, equal title."""
    match row.type if row.type is not None else _kind(row):
        case "movie":
            return "movie", bytes(row.movie), b""
        case "episode":
            return "episode", bytes(row.episode), bytes(row.show)
        case "season":
            return "season", bytes(row.season), bytes(row.show)
        case "show":
            return "show", bytes(row.show), b""
        case other:
            return other, b"null", b""


def _kind(row: MediaRow) -> str | None:
    for kind in ("movie", "episode", "season", "show"):
        if bytes(getattr(row, kind)) != b"null":
            return kind
    return None


class _Series(NamedTuple):
    """The show of a season or episode."""

    ids: Ids = NO_IDS
    title: str | None = None
    year: int | None = None


_NO_SERIES = _Series()


def _series(raw: bytes) -> _Series:
    show = _object(raw)
    return _Series(parse_ids(show.ids), _name(show), parse_up_to(YEAR_MAX, show.year) or None)


def _media(kind: MediaType, main: bytes, series: _Series) -> Media | None:
    """The title of a row; None if nothing in it could name one."""
    title = _object(main)
    ids, name = parse_ids(title.ids), _name(title)
    if kind in (MediaType.MOVIE, MediaType.SHOW):
        year = parse_up_to(YEAR_MAX, title.year) or None
        return Media(kind, ids, name, year) if ids or name else None
    episode = kind is MediaType.EPISODE
    media = Media(
        kind,
        without_shows(ids, series.ids) if ids.trakt is None else ids,
        name,
        series.year,
        series.ids,
        parse_up_to(NUMBER_MAX, title.season if episode else title.number),
        parse_up_to(NUMBER_MAX, title.number) if episode else None,
        series.title,
    )
    return media if media.ids or media.scope is not None else None


def _object(raw: bytes) -> TitleObject:
    try:
        return _title.decode(raw) if raw not in (b"", b"null") else TitleObject()
    except (msgspec.DecodeError, RecursionError):  # no object, or one of a thousand storeys
        return TitleObject()


def _name(title: TitleObject) -> str | None:
    text = title.title.strip() if isinstance(title.title, str) else ""
    return text if 0 < len(text) <= TITLE_MAX else None


def _moment(text: str | None) -> int | None:
    try:
        return None if text is None else from_iso(text)
    except ValueError:
        return None
