"""How a list is cut into pages.

`page` counts from 1. A `limit` above the cap is cut without a word, the header then says what was
granted; without `limit` it depends on the list. Nothing there: page count 0 (JF#215). Past the last
page: no rows. Source: trakt.docs, "Pagination"; T#924, T#925 on the cap of 2026-06-15.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from crosswatch_trakt.adapters.simulator.world import Call

DIGITS_MAX = 18  # longer is no number of rows

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of one page and the headers that announce the whole."""

    rows: Sequence[Row]
    headers: Mapping[str, str]


def cut(
    call: Call,
    rows: Sequence[Row],
    *,
    rows_max: int | None = None,
    announced: int | None = None,
    whole_by_default: bool = False,
) -> Page[Row]:
    """The page asked for.

    `announced` stands in the header if it is not the number of rows. With `whole_by_default` a call
    without `limit` gets everything and no headers of paging, as ratings do since 2026-09-01 (T#919).
    """
    paging = call.world.paging
    asked = _positive(call.query.get("limit"))
    if asked is None and whole_by_default:
        return Page(rows, {})
    limit = min(asked or paging.rows_default, rows_max or paging.rows_max)
    page = _positive(call.query.get("page")) or 1
    count = len(rows) if announced is None else announced
    return Page(
        rows[(page - 1) * limit : page * limit],
        {
            "x-pagination-page": str(page),
            "x-pagination-limit": str(limit),
            "x-pagination-page-count": str(-(-count // limit)),
            "x-pagination-item-count": str(count),
        },
    )


def _positive(text: str | None) -> int | None:
    """The number, or None if it is none above zero: then the default counts."""
    if text is None or not text.isdecimal() or len(text) > DIGITS_MAX:
        return None
    return int(text) or None
