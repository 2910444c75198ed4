"""Keys: names that depend on what an item is, not on how or in which order it was read."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswatch_trakt.domain.ids import KEY_ORDER, NO_IDS, Ids
from crosswatch_trakt.domain.items import parse_media
from crosswatch_trakt.domain.keys import (
    CanonicalKey,
    KeyedPlays,
    canonical_key,
    event_key,
    key_entries,
    key_plays,
)
from crosswatch_trakt.domain.media import Media, MediaType, same_item
from crosswatch_trakt.domain.plays import Play
from tests.strategies import (
    any_item,
    few_media,
    many_ids,
    many_media,
    media_of_trakt,
    spellings_of_item,
)

MOVIE, SHOW, SEASON, EPISODE = MediaType
FIGHT_CLUB = Media(MOVIE, Ids(432, "tt0137523", 550))


@pytest.mark.parametrize(
    ("title", "key"),
    [
        (Media(MOVIE, Ids(tmdb=550)), "movie:tmdb:550"),
        (Media(SHOW, Ids(tmdb=550)), "show:tmdb:550"),
        (Media(SEASON, show_ids=Ids(tmdb=1399), season=2), "season:tmdb:1399#season:2"),
        (Media(SEASON, show_ids=Ids(tmdb=1399), season=0), "season:tmdb:1399#season:0"),
        (Media(EPISODE, show_ids=Ids(tmdb=1399), season=1, episode=2), "episode:tmdb:1399#s01e02"),
        (
            Media(EPISODE, Ids(trakt=5), None, None, Ids(imdb="tt0944947"), 2014, 100),
            "episode:imdb:tt0944947#s2014e100",
        ),
        (Media(EPISODE, Ids(trakt=73640)), "episode:trakt:73640"),
        (Media(EPISODE, Ids(trakt=73640), season=1, episode=2), "episode:trakt:73640"),
        (Media(MOVIE, title=" DUNE ", year=2021), "movie:title:dune|year:2021"),
        (Media(SHOW, title="Dune"), "show:title:dune|year:"),
        (Media(EPISODE, title="Pilot", season=1, episode=1), None),
        (Media(MOVIE), None),
    ],
)
def test_a_key_tells_type_and_ids(title: Media, key: str | None) -> None:
    assert canonical_key(title) == key


@given(many_ids.filter(bool), st.sampled_from([MOVIE, SHOW]))
def test_the_best_id_makes_the_key(some: Ids, kind: MediaType) -> None:
    best = next(namespace for namespace in KEY_ORDER if some.get(namespace) is not None)

    assert KEY_ORDER == ("tmdb", "imdb", "tvdb", "trakt", "slug")
    assert canonical_key(Media(kind, some)) == f"{kind.value}:{best}:{some.get(best)}"


@given(st.data(), many_media)
def test_every_spelling_of_an_item_has_the_same_key(data: st.DataObject, title: Media) -> None:
    spelt = parse_media(data.draw(spellings_of_item(title))).unwrap()

    assert spelt == title
    assert canonical_key(spelt) == canonical_key(title) is not None


@given(few_media, few_media)
def test_items_of_one_key_have_one_type_and_the_same_numbers(one: Media, other: Media) -> None:
    if canonical_key(one) == canonical_key(other):
        assert one.type is other.type
        assert one.scope == other.scope


@given(any_item())
def test_every_item_that_is_understood_has_a_key_that_can_be_written_down(item: object) -> None:
    key = parse_media(item).map(canonical_key).value_or(None)

    assert key is None or len(key.encode()) < 10_000
    assert parse_media(item).map(lambda title: canonical_key(title) is not None).value_or(True)


# --- the keys of an index


def first(same: Sequence[Media]) -> Media:
    """A merge that any order and any repetition leaves alone."""
    return min(same, key=repr)


def keyed(titles: Sequence[Media]) -> dict[CanonicalKey, Media]:
    return key_entries(titles, lambda title: title, first)


@given(st.lists(media_of_trakt, max_size=10))
def test_no_row_is_lost_to_a_key(titles: list[Media]) -> None:
    """Each item of Trakt's is there once, whatever other ids it shares with others."""
    there = Counter((title.type, title.ids.trakt) for title in keyed(titles).values())

    assert there == Counter({(title.type, title.ids.trakt) for title in titles})


@given(st.data(), st.lists(few_media, max_size=10))
def test_keys_do_not_depend_on_order_or_repetition(data: st.DataObject, titles: list[Media]) -> None:
    repeated = titles + data.draw(st.lists(st.sampled_from(titles), max_size=3)) if titles else titles

    assert keyed(data.draw(st.permutations(repeated))) == keyed(titles)


@given(st.lists(media_of_trakt, max_size=10))
def test_a_key_names_its_item_by_its_own_ids_or_by_trakts(titles: list[Media]) -> None:
    for key, title in keyed(titles).items():
        assert key in (canonical_key(title), f"{title.type.value}:trakt:{title.ids.trakt}")


@given(st.sets(st.integers(1, 99), min_size=1), st.randoms())
def test_of_several_items_the_smallest_trakt_id_keeps_the_key(
    trakt_ids: set[int], chance: random.Random
) -> None:
    titles = [Media(MOVIE, Ids(trakt=trakt, tmdb=550)) for trakt in trakt_ids]
    chance.shuffle(titles)
    smallest, *others = sorted(trakt_ids)

    named = {key: title.ids.trakt for key, title in keyed(titles).items()}

    assert named == {"movie:tmdb:550": smallest, **{f"movie:trakt:{trakt}": trakt for trakt in others}}


def test_a_row_without_trakts_number_belongs_to_the_first_of_its_key() -> None:
    titles = [Media(MOVIE, Ids(tmdb=550)), Media(MOVIE, Ids(2, tmdb=550)), Media(MOVIE, Ids(1, tmdb=550))]

    assert list(keyed(titles)) == ["movie:tmdb:550", "movie:trakt:2"]


def test_a_title_that_nothing_names_must_have_been_set_aside() -> None:
    with pytest.raises(ValueError, match="no key"):
        keyed([Media(MOVIE, NO_IDS)])
    with pytest.raises(ValueError, match="no key"):
        key_plays([Play(Media(MOVIE), 0, 1)])


# --- the keys of plays


@st.composite
def histories(draw: st.DrawFn) -> list[Play]:
    """Plays of a few titles in a few minutes, each with a history id of its own or not yet seen."""
    titles = st.sampled_from(draw(st.lists(media_of_trakt, min_size=1, max_size=3)))
    minutes = st.sampled_from([0, 60])
    seen = draw(st.lists(st.integers(1, 99), unique=True, max_size=5))
    plays = [Play(draw(titles), draw(minutes), history_id) for history_id in seen]
    return plays + draw(st.lists(st.builds(Play, titles, minutes), max_size=2))


def test_the_key_of_a_play_is_its_title_and_its_minute() -> None:
    assert event_key("movie:tmdb:550", 1_767_225_840) == "movie:tmdb:550@1767225840"
    assert list(key_plays([Play(FIGHT_CLUB, 0, 1)])) == ["movie:tmdb:550@0"]


@given(histories())
def test_every_play_has_a_key_of_its_own(plays: list[Play]) -> None:
    named = key_plays(plays)

    assert Counter(named.values()) == Counter(plays)
    for key, play in named.items():
        assert key.startswith(f"{canonical_key(play.media)}@{play.minute}")


@given(st.data(), histories())
def test_the_keys_of_plays_do_not_depend_on_their_order(data: st.DataObject, plays: list[Play]) -> None:
    assert key_plays(data.draw(st.permutations(plays))) == key_plays(plays)


@given(histories())
def test_keys_that_are_made_when_asked_for_are_the_same_in_the_same_order(plays: list[Play]) -> None:
    keyed_later = KeyedPlays(plays)

    assert list(keyed_later.values()) == plays
    assert (
        list(keyed_later.items())
        == list(key_plays(plays).items())
        == list(zip(keyed_later, plays, strict=True))
    )
    assert [keyed_later[key] for key in keyed_later] == plays


def test_plays_can_be_counted_and_walked_without_a_key() -> None:
    plays = [Play(Media(MOVIE), 0, 1)]  # no key can be made of it
    keyed_later = KeyedPlays(plays)

    assert len(keyed_later) == len(list(keyed_later.values())) == 1
    with pytest.raises(ValueError, match="no key"):
        list(keyed_later)


@given(st.sets(st.integers(1, 2**40), min_size=1), st.randoms())
def test_of_several_plays_of_one_minute_the_smallest_history_id_is_plain(
    history_ids: set[int], chance: random.Random
) -> None:
    plays = [Play(FIGHT_CLUB, 60, history_id) for history_id in history_ids]
    chance.shuffle(plays)
    smallest, *others = sorted(history_ids)

    named = {key: play.history_id for key, play in key_plays(plays).items()}

    assert named == {"movie:tmdb:550@60": smallest, **{f"movie:tmdb:550@60~h{each}": each for each in others}}


def test_a_play_not_seen_yet_does_not_take_the_key_of_one_that_was() -> None:
    """Its key would change as soon as the list shows the other: gone here, new there."""
    seen, ours = Play(FIGHT_CLUB, 60, 7), Play(FIGHT_CLUB, 60)

    assert key_plays([ours, seen]) == {"movie:tmdb:550@60": seen, "movie:tmdb:550@60~n1": ours}


def test_two_titles_of_one_key_in_one_minute_are_two_plays() -> None:
    twin = replace(FIGHT_CLUB, ids=Ids(433, tmdb=550))

    assert not same_item(FIGHT_CLUB, twin)
    assert len(key_plays([Play(FIGHT_CLUB, 60, 2), Play(twin, 60, 1)])) == 2
