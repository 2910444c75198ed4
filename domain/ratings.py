"""Ratings: what counts as one, and how the rows of one item become one.

Trakt takes whole numbers from 1 to 10. Anything that would have to be rounded is refused: a person's
8.5 is neither 8 nor 9. The four lists (films, shows, seasons, episodes) may hold an item more than
once, on pages that moved or by ids that were merged.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from returns.result import Failure, Result, Success

from crosswatch_trakt.domain.ids import unite
from crosswatch_trakt.domain.keys import CanonicalKey, key_entries
from crosswatch_trakt.domain.media import Media

RATING_MIN = 1
RATING_MAX = 10


@dataclass(frozen=True, slots=True)
class Rating:
    """One rated item."""

    media: Media
    value: int  # 1 to 10
    rated_at: int | None = None  # epoch seconds


@dataclass(frozen=True, slots=True)
class NoRating:
    """Why a value is no rating."""

    why: str


def parse_rating(value: object) -> Result[int, NoRating]:
    """7, 7.0 and "7" are 7; fractions, truth values, and what is outside 1 to 10 are refused."""
    if value is None or value == "":
        return Failure(NoRating("no rating"))
    if isinstance(value, bool):
        return Failure(NoRating("a truth value is no rating"))
    if isinstance(value, str):
        try:
            value = (
                float(value.strip()) if len(value) <= 32 and value.isascii() and "_" not in value else None
            )
        except ValueError:
            value = None
    if not isinstance(value, int | float):
        return Failure(NoRating("not a number"))
    if value != value or not RATING_MIN <= value <= RATING_MAX:  # NaN is not itself
        return Failure(NoRating(f"not within {RATING_MIN} to {RATING_MAX}"))
    if value != int(value):
        return Failure(NoRating("not a whole number"))
    return Success(int(value))


def key_ratings(rows: Iterable[Rating]) -> dict[CanonicalKey, Rating]:
    """Every rated item once, the same in whatever order the rows came."""
    return key_entries(rows, lambda rating: rating.media, merge_ratings)


def merge_ratings(rows: Sequence[Rating]) -> Rating:
    """One rating of the rows of one item.

    Each row has a rank: how many external ids it has, then the newer date, then the higher value, then
    the larger trakt id. The highest row gives value and date, each namespace comes from the highest
    row that has it.

    Rank belongs to a row as Trakt sent it, so this is a function of the set of rows alone: order,
    repetition and grouping change nothing. What comes out has more ids than any row had and is no row
    any more: do not merge it again, merge all the rows.
    """
    if len(rows) == 1:  # as nearly all are
        return rows[0]
    ranked = sorted(rows, key=_rank, reverse=True)
    ids = reduce(unite, (row.media.ids for row in ranked))
    show_ids = reduce(unite, (row.media.show_ids for row in ranked))
    best = ranked[0]
    return replace(best, media=replace(best.media, ids=ids, show_ids=show_ids))


def _rank(row: Rating) -> tuple[object, ...]:
    ids = row.media.ids
    return (
        sum(each is not None for each in (ids.imdb, ids.tmdb, ids.tvdb)),
        row.rated_at is not None,
        row.rated_at or 0,
        row.value,
        ids.trakt or 0,
        repr(row),  # decides nothing of weight: rows equal so far must still have one order
    )
