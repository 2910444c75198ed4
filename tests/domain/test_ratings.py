"""Ratings: whole numbers from 1 to 10, and one of an item however often it was read."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.pipeline import is_successful
from returns.result import Success

from crosswatch_trakt.domain.ids import Ids
from crosswatch_trakt.domain.keys import canonical_key
from crosswatch_trakt.domain.media import Media, MediaType
from crosswatch_trakt.domain.ratings import NoRating, Rating, key_ratings, merge_ratings, parse_rating
from tests.strategies import anything, few_ids, few_media, films_and_shows, maybe, media_of_trakt

rows = st.builds(Rating, films_and_shows, st.integers(1, 10), maybe(st.integers(0, 3)))
rows_of_lists = st.builds(Rating, few_media, st.integers(1, 10), maybe(st.integers(0, 3)))
rows_of_trakt = st.builds(Rating, media_of_trakt, st.integers(1, 10), maybe(st.integers(0, 3)))


def film(of: Ids, value: int, rated_at: int | None = None) -> Rating:
    return Rating(Media(MediaType.MOVIE, of), value, rated_at)


@given(st.integers(1, 10))
def test_a_whole_number_from_one_to_ten_is_a_rating(value: int) -> None:
    for spelt in (value, float(value), str(value), f" {value} ", f"{value}.0", f"{value:02d}"):
        assert parse_rating(spelt) == Success(value)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "no rating"),
        ("", "no rating"),
        (True, "a truth value is no rating"),
        (7.5, "not a whole number"),
        ("7.5", "not a whole number"),
        (9.999999, "not a whole number"),
        (0, "not within 1 to 10"),
        (11, "not within 1 to 10"),
        (-7, "not within 1 to 10"),
        ("0", "not within 1 to 10"),
        (10**400, "not within 1 to 10"),
        (float("nan"), "not within 1 to 10"),
        (float("inf"), "not within 1 to 10"),
        ("nan", "not within 1 to 10"),
        ("seven", "not a number"),
        ("7/10", "not a number"),
        ("1_0", "not a number"),
        ("\u0667", "not a number"),  # seven, in Arabic
        ("7" * 2_000_000, "not a number"),
        (b"7", "not a number"),
        ([7], "not a number"),
        ({"value": 7}, "not a number"),
    ],
    ids=lambda value: repr(value)[:20] if isinstance(value, str | float) else type(value).__name__,
)
def test_what_would_have_to_be_rounded_or_guessed_is_refused(value: object, why: str) -> None:
    assert parse_rating(value).failure() == NoRating(why)


@given(anything)
def test_anything_is_a_rating_or_refused(value: object) -> None:
    rating = parse_rating(value)

    assert rating.value_or(1) in range(1, 11)
    assert is_successful(rating) or rating.failure().why


@given(st.data(), st.lists(rows, min_size=1, max_size=6))
def test_merging_asks_only_which_rows_there_are(data: st.DataObject, some: list[Rating]) -> None:
    """Any order and any repetition give the same; so does any grouping, which only unites sets."""
    again = data.draw(st.permutations(some + data.draw(st.lists(st.sampled_from(some), max_size=3))))

    assert merge_ratings(again) == merge_ratings(some)


@given(rows)
def test_a_row_alone_stays_as_it_is(row: Rating) -> None:
    assert merge_ratings([row]) == merge_ratings([row, row]) == row


@given(st.lists(rows, min_size=1, max_size=6))
def test_the_highest_row_gives_the_value_and_nothing_is_invented(some: list[Rating]) -> None:
    def external(row: Rating) -> int:
        return len(
            [namespace for namespace, _ in row.media.ids.known() if namespace in ("imdb", "tmdb", "tvdb")]
        )

    merged = merge_ratings(some)
    most = [row for row in some if external(row) == max(map(external, some))]
    newest = max((row.rated_at for row in most if row.rated_at is not None), default=None)

    assert merged.rated_at == newest
    assert merged.value == max(row.value for row in most if row.rated_at == newest)
    assert set(dict(merged.media.ids.known())) == {name for row in some for name, _ in row.media.ids.known()}
    assert set(merged.media.ids.known()) <= {pair for row in some for pair in row.media.ids.known()}


def test_more_external_ids_win_then_the_newer_date_then_the_value() -> None:
    bare, rich = film(Ids(1), 3, rated_at=9), film(Ids(1, "tt0000001", 1), 5, rated_at=1)
    older, undated = film(Ids(1, "tt0000001", 1), 8, rated_at=0), film(Ids(1, "tt0000001", 1), 9)
    higher = replace(rich, value=6)

    assert merge_ratings([bare, rich]) == rich
    assert merge_ratings([older, rich, undated]) == rich
    assert merge_ratings([undated, older]) == older
    assert merge_ratings([rich, higher]) == higher


def test_each_id_comes_from_the_highest_row_that_has_it() -> None:
    best = film(Ids(1, "tt0000001", 1), 8)
    other = film(Ids(1, "tt0000002", slug="dune", tvdb=None, tmdb=None), 3)

    assert merge_ratings([other, best]) == film(Ids(1, "tt0000001", 1, slug="dune"), 8)


def test_rows_of_equal_rank_have_one_order_too() -> None:
    """A title renamed, or an episode renumbered, between two readings."""
    old, new = film(Ids(1), 7), replace(film(Ids(1), 7), media=Media(MediaType.MOVIE, Ids(1), "Dune"))
    first = Rating(Media(MediaType.EPISODE, Ids(1), show_ids=Ids(9), season=1, episode=2), 7)
    second = replace(first, media=replace(first.media, episode=3))

    assert merge_ratings([old, new]) == merge_ratings([new, old])
    assert merge_ratings([first, second]) == merge_ratings([second, first])


def test_a_merged_rating_is_no_row_any_more() -> None:
    """Why the rows are merged all at once: united ids would count as if one row had had them all."""
    a, b, c = film(Ids(1, "tt0000001"), 1, 3), film(Ids(1, tmdb=1), 2, 2), film(Ids(1, tvdb=1), 3, 5)

    assert {merge_ratings(order).value for order in permutations([a, b, c])} == {3}
    assert merge_ratings([merge_ratings([a, b]), c]).value == 1


@given(st.data(), st.lists(st.lists(rows_of_lists, max_size=4), min_size=4, max_size=4))
def test_the_four_lists_give_one_index_in_any_order(data: st.DataObject, lists: list[list[Rating]]) -> None:
    """Read in any order, with rows repeated where the pages moved."""
    index = key_ratings(row for page in lists for row in page)
    pages = data.draw(st.permutations([*lists, data.draw(st.sampled_from(lists))]))

    assert key_ratings(row for page in pages for row in page) == index


@given(st.lists(rows_of_trakt, max_size=8))
def test_every_rated_item_is_in_the_index_once(some: list[Rating]) -> None:
    index = key_ratings(some)
    there = [(rating.media.type, rating.media.ids.trakt) for rating in index.values()]

    assert sorted(there) == sorted({(row.media.type, row.media.ids.trakt) for row in some})


@given(few_ids.filter(lambda some: some.tmdb is not None))
def test_a_film_and_a_show_of_one_number_are_two_ratings(some: Ids) -> None:
    both = [Rating(Media(kind, some), 7) for kind in (MediaType.MOVIE, MediaType.SHOW)]

    assert key_ratings(both) == {canonical_key(rating.media): rating for rating in both}
