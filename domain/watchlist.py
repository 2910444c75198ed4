"""The watchlist: what a person wants to watch."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crosswatch_trakt.domain.keys import CanonicalKey, key_entries
from crosswatch_trakt.domain.media import Media


@dataclass(frozen=True, slots=True)
class WatchlistEntry:
    """One row of the watchlist."""

    media: Media
    listed_at: int | None = None  # epoch seconds
    row_id: int | None = None


def key_watchlist(entries: Iterable[WatchlistEntry]) -> dict[CanonicalKey, WatchlistEntry]:
    """Every listed item once, the same in whatever order the rows came."""
    return key_entries(entries, lambda entry: entry.media, _earliest)


def _earliest(same: Sequence[WatchlistEntry]) -> WatchlistEntry:
    def age(entry: WatchlistEntry) -> tuple[object, ...]:
        return entry.listed_at is None, entry.listed_at or 0, entry.row_id or 0, repr(entry.media)

    return min(same, key=age)
