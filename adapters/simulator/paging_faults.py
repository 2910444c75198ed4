"""What is wrong with the pages of a list.

Seen at Trakt: counts too high and too low, 84 pages announced and 88 there (W#3152), an empty page amid
others (PY#128), the same rows on several pages (T#760), rows whose object is all null (T#783, PY#128).
What is picked depends on path and page alone, so the same page is wrong in the same way each time.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from crosswatch_trakt.adapters.simulator.titles import KINDS, JsonObject

Row = TypeVar("Row")


@dataclass(slots=True)
class PagingFaults:
    """All off by default; any may stand together."""

    path_prefix: str = ""  # the lists meant; "": all
    count_off: int = 0  # added to the announced count; below 0 rows go on beyond the announced pages
    repeated: int = 0  # so many rows at the end of each page come again on the next
    displaced: int = 0  # each page but the first begins with so many of the page before, in place of its own
    null_rows: int = 0  # so many rows of each page have an object that is all null
    short_pages: Mapping[int, int] = field(default_factory=dict)  # page: rows sent at most; rest lost
    no_headers: bool = False  # no headers of paging at all

    def on(self, path: str) -> bool:
        """Whether this path is meant."""
        return path.startswith(self.path_prefix)

    def slice(self, rows: Sequence[Row], page: int, limit: int) -> Sequence[Row]:
        """The rows of a page before anything is left out."""
        start = (page - 1) * max(1, limit - self.repeated)
        if not self.displaced or page == 1:
            return rows[start : start + limit]
        if start >= len(rows):
            return []
        first = start - limit
        return [*rows[first : first + self.displaced], *rows[start + self.displaced : start + limit]]

    def count(self, announced: int) -> int:
        """What the header says."""
        return max(0, announced + self.count_off)

    def shorten(self, rows: Sequence[Row], page: int) -> Sequence[Row]:
        """Only the first of them, if this page is short."""
        return rows[: self.short_pages[page]] if page in self.short_pages else rows

    def nulls(self, path: str, page: int, rows: int) -> frozenset[int]:
        """Which rows of a page are null."""
        if not self.null_rows or not rows:
            return frozenset()
        chance = random.Random(f"{path} {page}")  # noqa: S311 - repeatable, guards nothing
        return frozenset(chance.sample(range(rows), min(rows, self.null_rows)))


def nulled(row: JsonObject) -> JsonObject:
    """The row with an object that is all null; its own id and date stay."""
    return {key: _blank(value) if key in KINDS else value for key, value in row.items()}


def _blank(value: object) -> object:
    if not isinstance(value, dict):
        return None
    return {key: _blank(one) if key == "ids" else None for key, one in value.items()}
