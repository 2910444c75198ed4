"""Items: the dictionaries that callers hand in and get back.

`type ids title year show_ids season episode series_title`, and by feature `watched_at history_id`,
`rating rated_at`, `listed_at`. Callers are many, so types and numbers are taken in the spellings in
use; what stays unclear is refused by name, never guessed.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo

from returns.result import Failure, Result, Success

from crosswatch_trakt.domain.ids import (
    NAMESPACES,
    NO_IDS,
    Ids,
    ids_item,
    parse_ids,
    parse_number,
    parse_up_to,
)
from crosswatch_trakt.domain.media import Media, MediaType
from crosswatch_trakt.domain.outcomes import Reason, Refusal
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.ratings import NoRating, Rating, parse_rating
from crosswatch_trakt.domain.timestamps import (
    NoDate,
    Undated,
    WatchedAt,
    parse_moment,
    parse_watched_at,
    to_iso,
)
from crosswatch_trakt.domain.watchlist import WatchlistEntry

TITLE_MAX = 1000  # characters; a longer one is no title, and is not sent anywhere
NUMBER_MAX = 100_000  # season numbers like 2014 exist
YEAR_MAX = 9999  # four digits: 20240101 is no year

_SURROGATE = re.compile(r"[\ud800-\udfff]")  # half a character

_TYPES = {
    "movie": MediaType.MOVIE,
    "movies": MediaType.MOVIE,
    "show": MediaType.SHOW,
    "shows": MediaType.SHOW,
    "series": MediaType.SHOW,
    "tv": MediaType.SHOW,
    "season": MediaType.SEASON,
    "seasons": MediaType.SEASON,
    "episode": MediaType.EPISODE,
    "episodes": MediaType.EPISODE,
}


@dataclass(frozen=True, slots=True)
class PlayWish:
    """A play to add or remove. `history_id` names the one play, if the caller knows it."""

    media: Media
    watched_at: WatchedAt | None  # None: undated, which only a removal may be
    history_id: int | None = None


def parse_media(item: object) -> Result[Media, Refusal]:
    """The title that an item names. Whatever is handed in, what is no item is refused.

    An id that stands in both `ids` and `show_ids` of an episode or season is the show's: many sources
    copy the show's ids into `ids`, and sent as the episode's own they would name another one.
    """
    if not isinstance(item, Mapping):
        return Failure(Refusal(Reason.UNSUPPORTED_TYPE, f"an item is an object, not {_shown(item)}"))
    word = item.get("type")
    kind = _TYPES.get(word.strip().lower()) if isinstance(word, str) else None
    if kind is None:
        return Failure(Refusal(Reason.UNSUPPORTED_TYPE, f"type is {_shown(word)}"))
    ids = parse_ids(item.get("ids"))
    title, year = _title(item.get("title")), parse_up_to(YEAR_MAX, item.get("year")) or None
    if kind in (MediaType.MOVIE, MediaType.SHOW):
        if not ids and title is None:
            return Failure(Refusal(Reason.MISSING_IDS, "neither ids nor a title"))
        return Success(Media(kind, ids, title, year))
    show_ids = parse_ids(item.get("show_ids"))
    season, episode = (
        parse_up_to(NUMBER_MAX, item.get("season")),
        parse_up_to(NUMBER_MAX, item.get("episode")),
    )
    own = without_shows(ids, show_ids)
    media = Media(
        kind,
        own,
        title,
        year,
        show_ids,
        season,
        episode if kind is MediaType.EPISODE else None,
        _title(item.get("series_title")),
    )
    if own or media.scope is not None:
        return Success(media)
    if show_ids:
        return Failure(
            Refusal(Reason.MISSING_SCOPE, "the show is known, but not which of its parts is meant")
        )
    return Failure(Refusal(Reason.MISSING_IDS, "neither ids of its own nor its show's"))


def without_shows(ids: Ids, show_ids: Ids) -> Ids:
    """The ids of an episode or season less those that are the show's."""
    shared = {
        name: None for name in NAMESPACES if ids.get(name) is not None and ids.get(name) == show_ids.get(name)
    }
    return replace(ids, **shared) if shared else ids  # type: ignore[arg-type]  # names of fields, all optional


def parse_play(item: object, zone: tzinfo = UTC) -> Result[PlayWish, Refusal]:
    """A play to add. Without a date it is refused: Trakt would date it now."""
    return parse_play_removal(item, zone).bind(_addable)


def parse_play_removal(item: object, zone: tzinfo = UTC) -> Result[PlayWish, Refusal]:
    """A play to remove: a film or an episode, with its date, its history id, or both, or neither."""
    return parse_media(item).bind(lambda media: _play_of(_fields(item), media, zone))


def parse_rating_item(item: object, zone: tzinfo = UTC) -> Result[Rating, Refusal]:
    """A rating to add. A date that is none is left out: the rating is worth more than its date."""
    return parse_media(item).bind(lambda media: _rating_of(_fields(item), media, zone))


def play_item(play: Play) -> dict[str, object]:
    """A play as an item dictionary."""
    item = media_item(play.media)
    item["watched_at"] = to_iso(play.minute)
    if play.history_id is not None:
        item["history_id"] = play.history_id
    if play.hidden:
        item["hidden"] = True
    return item


def rating_item(rating: Rating) -> dict[str, object]:
    """A rating as an item dictionary."""
    item = media_item(rating.media)
    item["rating"] = rating.value
    if rating.rated_at is not None:
        item["rated_at"] = to_iso(rating.rated_at)
    return item


def watchlist_item(entry: WatchlistEntry) -> dict[str, object]:
    """A row of the watchlist as an item dictionary."""
    item = media_item(entry.media)
    if entry.listed_at is not None:
        item["listed_at"] = to_iso(entry.listed_at)
    return item


def media_item(media: Media) -> dict[str, object]:
    """A title as an item dictionary; what is not known is left out."""
    item: dict[str, object] = {"type": media.type.value, "ids": ids_item(media.ids)}
    if media.show_ids != NO_IDS:
        item["show_ids"] = ids_item(media.show_ids)
    for name in ("title", "year", "season", "episode", "series_title"):
        value = getattr(media, name)
        if value is not None:
            item[name] = value
    return item


def item_digest(item: object) -> str:
    """A short name for what was handed in: equal input, equal name. For items that have no key."""
    fields = dict(item) if isinstance(item, Mapping) else item
    try:
        text = json.dumps(fields, sort_keys=True, default=repr)
    except (TypeError, ValueError, RecursionError):  # no JSON: odd names, a circle, a number of 5,000 digits
        text = repr(sorted((_shown(name), _shown(value)) for name, value in _fields(item).items()))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _play_of(item: Mapping[object, object], media: Media, zone: tzinfo) -> Result[PlayWish, Refusal]:
    if media.type is MediaType.SHOW or media.type is MediaType.SEASON:
        hint = f"a {media.type} in a history means every episode of it; name the episodes"
        return Failure(Refusal(Reason.WHOLE_SHOW, hint))
    history_id = parse_number(item.get("history_id"))
    match parse_watched_at(item.get("watched_at"), zone):
        case Failure(NoDate(missing=True)):
            return Success(PlayWish(media, None, history_id))
        case Failure(NoDate(why=why)):
            hint = f"watched_at is {_shown(item.get('watched_at'))}: {why}"
            return Failure(Refusal(Reason.INVALID_WATCHED_AT, hint))
        case dated:
            watched_at = dated.unwrap()
    if watched_at is Undated.RELEASED and media.type is not MediaType.EPISODE:
        hint = "only episodes can be watched when they were released"
        return Failure(Refusal(Reason.INVALID_WATCHED_AT, hint))
    return Success(PlayWish(media, watched_at, history_id))


def _rating_of(item: Mapping[object, object], media: Media, zone: tzinfo) -> Result[Rating, Refusal]:
    rated_at = parse_moment(item.get("rated_at"), zone).value_or(None)
    return (
        parse_rating(item.get("rating"))
        .map(lambda value: Rating(media, value, rated_at))
        .alt(lambda no: _invalid_rating(item, no))
    )


def _addable(wish: PlayWish) -> Result[PlayWish, Refusal]:
    if wish.watched_at is None:
        return Failure(Refusal(Reason.MISSING_WATCHED_AT, "Trakt would date it now"))
    return Success(wish)


def _invalid_rating(item: Mapping[object, object], no: NoRating) -> Refusal:
    return Refusal(Reason.INVALID_RATING, f"rating is {_shown(item.get('rating'))}: {no.why}")


def _fields(item: object) -> Mapping[object, object]:
    return item if isinstance(item, Mapping) else {}


def _title(value: object) -> str | None:
    text = value.strip() if isinstance(value, str) else ""
    if not 0 < len(text) <= TITLE_MAX or _SURROGATE.search(text):
        return None  # broken text could neither be sent nor written down
    return text


def _shown(value: object) -> str:
    """A value in a hint: short, and safe for whatever was handed in."""
    match value:
        case str():
            return repr(value if len(value) <= 60 else f"{value[:57]}...")
        case None | bool() | float():
            return repr(value)
        case int() if abs(value) < 10**18:
            return repr(value)
        case int():
            return "a huge number"
        case _:
            return f"a {type(value).__name__}"
