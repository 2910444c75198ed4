"""Ids: equal ids are equal values, however they were written."""

from itertools import combinations
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswatch_trakt.domain.ids import (
    NAMESPACES,
    NO_IDS,
    SAMENESS_ORDER,
    Ids,
    Namespace,
    ids_item,
    parse_ids,
    parse_imdb,
    parse_number,
    parse_whole,
    same_ids,
    unite,
)
from tests.strategies import NO_ID, anything, few_ids, many, many_ids, spellings_of_ids

SOME = Ids(1, "tt0000001", 1, 1, "one")
OTHER = Ids(2, "tt0000002", 2, 2, "two")


def only(of: Ids, *namespaces: Namespace) -> Ids:
    """These ids and no others."""
    return parse_ids({namespace: of.get(namespace) for namespace in namespaces})


@given(st.data(), many_ids)
def test_every_spelling_of_ids_gives_the_same_ids(data: st.DataObject, some: Ids) -> None:
    assert parse_ids(data.draw(spellings_of_ids(some))) == some


@pytest.mark.parametrize("namespace", NAMESPACES)
@pytest.mark.parametrize("junk", NO_ID, ids=repr)
def test_junk_is_no_id(namespace: Namespace, junk: object) -> None:
    assert parse_ids({namespace: junk}) == NO_IDS


@pytest.mark.parametrize("junk", [*NO_ID, True], ids=repr)
def test_junk_of_other_services_is_dropped_too(junk: object) -> None:
    assert parse_ids({"simkl": junk}) == NO_IDS


@pytest.mark.parametrize(
    "slug",
    ["a b", "a#season:2", "a@0", "a|b", "a~h1", "tmdb:550", "a\ud800", "a" * 2_000_000],
    ids=lambda s: s[:12],
)
def test_a_slug_is_one_short_word(slug: str) -> None:
    """Anything else could mean something else within a key."""
    assert parse_ids({"slug": slug}) == NO_IDS
    assert parse_ids({"slug": "1917-2019"}).slug == "1917-2019"


def test_ids_of_other_services_are_carried_untouched() -> None:
    """On the real service `plex` is an object."""
    plex = {"guid": "5D776", "slug": "Heat-1995"}

    carried = parse_ids({"trakt": "614", "plex": plex, "MAL": "007"})

    assert carried.others == {"plex": plex, "MAL": "007"}
    assert carried.others["plex"] is plex
    assert ids_item(carried) == {"trakt": 614, "plex": plex, "MAL": "007"}


def test_the_usual_spelling_of_a_namespace_wins() -> None:
    assert parse_ids({"tmdb": 1, "TMDB": 2}) == parse_ids({"TMDB": 2, "tmdb": 1}) == Ids(tmdb=1)
    assert parse_ids({"TMDB": 2, "tmdb": "none"}) == Ids(tmdb=2)


def test_trakt_finds_nothing_by_the_ids_of_other_services() -> None:
    assert not Ids(others=MappingProxyType({"plex": 1}))
    assert not NO_IDS
    assert all(only(SOME, namespace) for namespace in NAMESPACES)


@given(anything | st.dictionaries(st.sampled_from(NAMESPACES), anything))
def test_anything_gives_ids(raw: object) -> None:
    """And what was understood once is understood again."""
    understood = parse_ids(raw)

    assert parse_ids(ids_item(understood)) == understood
    for namespace, value in understood.known():
        assert isinstance(value, str if namespace in ("imdb", "slug") else int)


@given(anything)
def test_a_number_is_positive_and_fits_64_bits(value: object) -> None:
    number = parse_number(value)

    assert number is None or (0 < number < 2**63 and parse_number(str(number)) == number)


@pytest.mark.parametrize(
    "value",
    [
        True,
        7.5,
        -7,
        "-7",
        "7.5",
        "1_000",
        "\u0667",  # seven, in Arabic
        "0x7",
        2**63,
        1e300,
        float("nan"),
        float("inf"),
        b"7",
        [7],
        10**5000,
    ],
    ids=lambda value: str(type(value)),
)
def test_what_would_have_to_be_guessed_is_no_number(value: object) -> None:
    assert parse_number(value) is None
    assert parse_whole(value) is None
    assert parse_imdb(value) is None


@given(many)
def test_zero_is_a_whole_number_but_no_id(number: int) -> None:
    assert parse_whole(0) == parse_whole("0") == parse_whole(0.0) == 0
    assert parse_number(0) is parse_number("0") is parse_number(0.0) is None
    assert parse_whole(number) == parse_number(number) == number


@pytest.mark.parametrize(
    "value", ["tt0137523", "TT0137523", "tt137523", " 137523 ", 137523, 137523.0, "0137523"]
)
def test_an_imdb_id_is_tt_and_at_least_seven_digits(value: object) -> None:
    assert parse_imdb(value) == "tt0137523"


@pytest.mark.parametrize(
    "value", ["tt", "tt0", "tt0000000", "nm0137523", "tttt1", "tt-5", "tt1tt", "tt" + "9" * 5000]
)
def test_other_text_is_no_imdb_id(value: str) -> None:
    assert parse_imdb(value) is None


@pytest.mark.parametrize(("better", "worse"), list(combinations(SAMENESS_ORDER, 2)))
def test_the_best_namespace_that_both_carry_decides(better: Namespace, worse: Namespace) -> None:
    one = only(SOME, better, worse)

    assert same_ids(one, unite(only(SOME, better), OTHER)) is True
    assert same_ids(one, unite(only(OTHER, better), SOME)) is False
    assert same_ids(only(SOME, better), only(SOME, worse)) is None


def test_ids_are_compared_in_the_order_of_the_issue() -> None:
    assert SAMENESS_ORDER == ("trakt", "tmdb", "imdb", "tvdb", "slug")


@given(few_ids, few_ids)
def test_it_does_not_matter_whose_ids_come_first(one: Ids, other: Ids) -> None:
    assert same_ids(one, other) is same_ids(other, one)
    assert same_ids(one, one) is (True if one else None)


@given(few_ids, few_ids)
def test_united_ids_are_the_first_with_the_gaps_filled(first: Ids, second: Ids) -> None:
    united = unite(first, second)

    assert dict(united.known()) == {**dict(second.known()), **dict(first.known())}
    assert united.others == {**second.others, **first.others}
    assert unite(first, first) == first
