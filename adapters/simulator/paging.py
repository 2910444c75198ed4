"""How a list is cut into pages.

`page` counts from 1. A `limit` above the cap is cut without a word, the header then says what was
granted; without `limit` it depends on the list. Nothing there: page count 0 (JF#215). Past the last
page: no rows. What goes wrong with pages: `paging_faults`; rows of hidden titles: `hiding`.
Source: trakt.docs, "Pagination"; T#924, T#925 on the cap of 2026-06-15.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from crosswatch_trakt.adapters.simulator.answers import json_answer
from crosswatch_trakt.adapters.simulator.paging_faults import nulled
from crosswatch_trakt.adapters.simulator.titles import JsonObject
from crosswatch_trakt.adapters.simulator.world import Call
from crosswatch_trakt.application.ports import Response

DIGITS_MAX = 18  # longer is no number of rows

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of one page and the headers that announce the whole."""

    rows: Sequence[Row]
    headers: Mapping[str, str]
    nulls: frozenset[int] = frozenset()  # which of the rows have an object that is all null

    def answer(self, rows: Sequence[JsonObject], headers: Mapping[str, str] | None = None) -> Response:
        """The page with its rows written out."""
        if self.nulls:
            rows = [nulled(row) if place in self.nulls else row for place, row in enumerate(rows)]
        return json_answer(200, rows, {**self.headers, **(headers or {})})


def cut(
    call: Call,
    rows: Sequence[Row],
    *,
    rows_max: int | None = None,
    rows_default: int | None = None,
    announced: int | None = None,
    whole_by_default: bool = False,
    kept_back: Callable[[Row], bool] | None = None,
) -> Page[Row]:
    """The page asked for.

    `announced` stands in the header if it is not the number of rows. With `whole_by_default` a call
    without `limit` gets everything and no headers of paging, as ratings do since 2026-09-01 (T#919).
    Rows that are `kept_back` take their place in a page, but are not sent.
    """
    paging, faults = call.world.paging, call.paging_faults
    asked = _positive(call.query.get("limit"))
    whole = asked is None and whole_by_default
    limit = (
        max(1, len(rows))
        if whole
        else min(asked or rows_default or paging.rows_default, rows_max or paging.rows_max)
    )
    page = 1 if whole else _positive(call.query.get("page")) or 1
    count = len(rows) if announced is None else announced
    faulty = faults.on(call.path)
    shown = faults.slice(rows, page, limit) if faulty else rows[(page - 1) * limit : page * limit]
    if kept_back is not None:
        shown = [row for row in shown if not kept_back(row)]
    nulls: frozenset[int] = frozenset()
    if faulty:
        shown = faults.shorten(shown, page)
        nulls = faults.nulls(call.path, page, len(shown))
        count = faults.count(count)
    if whole or (faulty and faults.no_headers):
        return Page(shown, {}, nulls)
    return Page(
        shown,
        {
            "x-pagination-page": str(page),
            "x-pagination-limit": str(limit),
            "x-pagination-page-count": str(-(-count // limit)),
            "x-pagination-item-count": str(count),
        },
        nulls,
    )


def _positive(text: str | None) -> int | None:
    """The number, or None if it is none above zero: then the default counts."""
    if text is None or not text.isdecimal() or len(text) > DIGITS_MAX:
        return None
    return int(text) or None
