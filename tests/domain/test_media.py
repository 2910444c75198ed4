"""When two titles are one item, and how it is found again."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswatch_trakt.domain.ids import NO_IDS, Ids
from crosswatch_trakt.domain.media import Lookup, Media, MediaType, fold_title, same_item
from tests.strategies import few_media, titles

GAME_OF_THRONES = Ids(trakt=1390, tmdb=1399)
SEASON_2 = Media(MediaType.SEASON, show_ids=GAME_OF_THRONES, season=2)
EPISODE_2 = Media(MediaType.EPISODE, show_ids=GAME_OF_THRONES, season=1, episode=2)


@given(few_media, few_media)
def test_sameness_is_mutual(one: Media, other: Media) -> None:
    assert same_item(one, one)
    assert same_item(one, other) is same_item(other, one)


@given(few_media, st.sampled_from(MediaType))
def test_titles_of_two_types_are_never_the_same(one: Media, kind: MediaType) -> None:
    """Films and shows share TMDB numbers."""
    assert same_item(one, replace(one, type=kind)) is (one.type is kind)


def test_one_id_in_common_is_enough() -> None:
    known = Media(MediaType.MOVIE, Ids(432, "tt0137523", 550, slug="fight-club-1999"), "Fight Club", 1999)

    assert same_item(known, Media(MediaType.MOVIE, Ids(imdb="tt0137523")))
    assert not same_item(known, Media(MediaType.MOVIE, Ids(imdb="tt0137524", slug="fight-club-1999")))
    assert not same_item(known, Media(MediaType.MOVIE, title="Fight Club", year=1999))


@pytest.mark.parametrize("part", [SEASON_2, EPISODE_2])
def test_parts_of_one_show_are_the_same_by_their_numbers(part: Media) -> None:
    by_own_id = replace(part, ids=Ids(tvdb=36), show_ids=Ids(tmdb=1399, slug="game-of-thrones"))

    assert same_item(replace(part, ids=Ids(trakt=7)), by_own_id)
    assert not same_item(part, replace(by_own_id, season=3))
    assert not same_item(part, replace(by_own_id, show_ids=Ids(tmdb=1400)))
    assert not same_item(part, replace(by_own_id, show_ids=NO_IDS))


def test_episodes_of_other_numbers_are_not_the_same() -> None:
    assert not same_item(EPISODE_2, replace(EPISODE_2, episode=3))
    assert not same_item(EPISODE_2, replace(EPISODE_2, episode=None))


def test_own_ids_decide_before_numbers() -> None:
    """Services number episodes in different orders, and Trakt looks at the numbers last."""
    assert not same_item(replace(EPISODE_2, ids=Ids(tvdb=8)), replace(EPISODE_2, ids=Ids(tvdb=9)))
    assert same_item(replace(EPISODE_2, ids=Ids(tvdb=8)), replace(EPISODE_2, ids=Ids(tvdb=8), episode=3))


def test_specials_are_a_season_like_any_other() -> None:
    specials = replace(SEASON_2, season=0)

    assert specials.scope == (0, None)
    assert replace(EPISODE_2, season=0, episode=0).scope == (0, 0)


@pytest.mark.parametrize(
    "lost",
    [
        replace(SEASON_2, season=None),
        replace(SEASON_2, show_ids=NO_IDS),
        replace(EPISODE_2, episode=None),
        replace(EPISODE_2, type=MediaType.MOVIE),
    ],
)
def test_show_and_all_numbers_are_needed_to_find_a_part(lost: Media) -> None:
    assert lost.scope is None


@given(titles, titles)
def test_without_any_ids_title_and_year_are_all_there_is(one: str, other: str) -> None:
    film = Media(MediaType.MOVIE, title=one, year=2021)

    assert (
        same_item(film, replace(film, title=f"  {one.upper().lower()} "))
        or one.upper().lower() != one.lower()
    )
    assert same_item(film, replace(film, title=other)) is (fold_title(one) == fold_title(other))
    assert not same_item(film, replace(film, year=None))
    assert not same_item(film, replace(film, type=MediaType.SHOW))


@given(titles)
def test_a_folded_title_stays_as_it_is(title: str) -> None:
    assert fold_title(fold_title(title)) == fold_title(title)


def test_equal_titles_are_equal_text() -> None:
    assert fold_title("Ame\u0301lie") == fold_title(
        "  AM\u00c9LIE\n"
    )  # the accent alone, and with its letter
    assert fold_title("Die  Straße") == fold_title("die STRASSE")
    assert fold_title("Dune") != fold_title("Dune 2")


@given(st.lists(few_media, max_size=12), few_media)
def test_a_lookup_finds_exactly_the_same_items(there: list[Media], wanted: Media) -> None:
    """In the order they were added, as a look at every one of them would."""
    lookup = Lookup(zip(there, range(len(there)), strict=True))

    assert lookup.find(wanted) == [place for place, other in enumerate(there) if same_item(wanted, other)]


def test_a_lookup_finds_an_item_by_any_of_its_spellings() -> None:
    lookup: Lookup[str] = Lookup()
    lookup.add(replace(EPISODE_2, ids=Ids(trakt=73641, imdb="tt1668746")), "kingsroad")
    own = [Ids(trakt=73641), Ids(imdb="tt1668746"), NO_IDS, Ids(tvdb=5)]
    shows = [Ids(trakt=1390), Ids(tmdb=1399), Ids(tmdb=1399, tvdb=121361)]

    for ids, show_ids in product(own, shows):
        assert lookup.find(replace(EPISODE_2, ids=ids, show_ids=show_ids)) == ["kingsroad"]
    assert lookup.find(replace(EPISODE_2, episode=3)) == []
