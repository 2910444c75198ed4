"""The watchlist: every item once, since it was first listed."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from crosswatch_trakt.domain.ids import Ids
from crosswatch_trakt.domain.media import Media, MediaType
from crosswatch_trakt.domain.watchlist import WatchlistEntry, key_watchlist
from tests.strategies import few, few_media, maybe, media_of_trakt

entries = st.builds(WatchlistEntry, few_media, maybe(st.integers(0, 3)), maybe(few))
entries_of_trakt = st.builds(WatchlistEntry, media_of_trakt, maybe(st.integers(0, 3)), maybe(few))
DUNE = WatchlistEntry(Media(MediaType.MOVIE, Ids(287071, tmdb=438631)), listed_at=60, row_id=7)


@given(st.data(), st.lists(entries, min_size=1, max_size=8))
def test_the_watchlist_does_not_depend_on_order_or_repetition(
    data: st.DataObject, rows: list[WatchlistEntry]
) -> None:
    again = data.draw(st.permutations(rows + data.draw(st.lists(st.sampled_from(rows), max_size=3))))

    assert key_watchlist(again) == key_watchlist(rows)


@given(st.lists(entries_of_trakt, max_size=8))
def test_every_listed_item_is_there_once(rows: list[WatchlistEntry]) -> None:
    there = [(entry.media.type, entry.media.ids.trakt) for entry in key_watchlist(rows).values()]

    assert sorted(there) == sorted({(row.media.type, row.media.ids.trakt) for row in rows})


def test_an_item_read_twice_is_listed_since_the_first_date() -> None:
    later, undated = replace(DUNE, listed_at=120, row_id=6), replace(DUNE, listed_at=None, row_id=5)

    assert key_watchlist([later, undated, DUNE]) == {"movie:tmdb:438631": DUNE}


def test_rows_of_equal_age_have_one_order_too() -> None:
    """A title renamed between two readings."""
    renamed = replace(DUNE, media=replace(DUNE.media, title="Dune"))

    assert key_watchlist([DUNE, renamed]) == key_watchlist([renamed, DUNE])
