"""Items: what callers hand in is understood or refused by name, and what goes out comes back."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from types import MappingProxyType
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.pipeline import is_successful
from returns.result import Result, Success

from crosswatch_trakt.domain.ids import Ids
from crosswatch_trakt.domain.items import (
    TITLE_MAX,
    PlayWish,
    item_digest,
    media_item,
    parse_media,
    parse_play,
    parse_play_removal,
    parse_rating_item,
    play_item,
    rating_item,
    watchlist_item,
    without_shows,
)
from crosswatch_trakt.domain.media import Media, MediaType
from crosswatch_trakt.domain.outcomes import Reason, Refusal
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.ratings import Rating
from crosswatch_trakt.domain.timestamps import Undated, on_the_minute, parse_moment
from crosswatch_trakt.domain.watchlist import WatchlistEntry
from tests.strategies import (
    any_item,
    anything,
    few_ids,
    many,
    many_media,
    maybe,
    moments,
    spellings_of_moment,
)

Parser: TypeAlias = Callable[[object], Result[object, Refusal]]

PARSERS: list[Parser] = [parse_media, parse_play, parse_play_removal, parse_rating_item]

FILM: dict[object, object] = {"type": "movie", "ids": {"tmdb": 550}}
EPISODE: dict[object, object] = {"type": "episode", "show_ids": {"tmdb": 1399}, "season": 1, "episode": 2}
FIGHT_CLUB = Media(MediaType.MOVIE, Ids(tmdb=550))
KINGSROAD = Media(MediaType.EPISODE, show_ids=Ids(tmdb=1399), season=1, episode=2)
NOON = "2026-01-02T12:00:00Z"

playable = many_media.filter(lambda media: media.type in (MediaType.MOVIE, MediaType.EPISODE))


def deep(levels: int) -> list[object]:
    """A list in a list in a list."""
    nest: list[object] = []
    for _ in range(levels):
        nest = [nest]
    return nest


CIRCLE: list[object] = []
CIRCLE.append(CIRCLE)
ODD = [
    None, True, 7, 7.5, float("nan"), 10**400, 10**5000,
    "text", "\ud800", "x" * 2_000_000, b"bytes", (1, 2), {1},
    [FILM], deep(100_000), CIRCLE, object(), 1j, {}, {1: 2}, {None: None, "type": 5}, {b"type": "movie"},
]  # fmt: skip


# --- whatever comes


@pytest.mark.parametrize("parse", PARSERS)
@given(item=any_item())
def test_any_item_is_understood_or_refused_with_a_reason(parse: Parser, item: object) -> None:
    found = parse(item)

    if not is_successful(found):
        assert found.failure().reason in Reason
        assert 0 < len(found.failure().hint) < 200


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("odd", ODD, ids=lambda odd: type(odd).__name__)
def test_what_is_no_item_is_refused(parse: Parser, odd: object) -> None:
    assert parse(odd).failure().reason is Reason.UNSUPPORTED_TYPE


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: type(odd).__name__)
@pytest.mark.parametrize(
    "field", ["type", "ids", "show_ids", "title", "season", "episode", "watched_at", "rating", "history_id"]
)
def test_no_value_of_a_field_is_too_odd(field: str, odd: object) -> None:
    for item in (
        {**FILM, field: odd},
        {**EPISODE, field: odd},
        {**FILM, "ids": {"tmdb": odd, "slug": odd, "plex": odd}},
    ):
        for parse in PARSERS:
            found = parse(item)
            assert is_successful(found) or found.failure().reason in Reason
            assert is_successful(found) or len(found.failure().hint) < 200
        assert len(item_digest(item)) == 16


def test_an_object_of_any_kind_may_be_an_item() -> None:
    odd: dict[object, object] = {**FILM, 5: 5, None: None, b"type": b"show"}

    assert parse_media(FILM) == Success(FIGHT_CLUB)
    assert parse_media(MappingProxyType(FILM)) == parse_media(odd) == parse_media(FILM)


# --- titles


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("movie", MediaType.MOVIE),
        (" Movies ", MediaType.MOVIE),
        (MediaType.MOVIE, MediaType.MOVIE),
        ("show", MediaType.SHOW),
        ("tv", MediaType.SHOW),
        ("SERIES", MediaType.SHOW),
    ],
)
def test_types_are_taken_in_the_spellings_in_use(word: str, kind: MediaType) -> None:
    assert parse_media({**FILM, "type": word}).unwrap().type is kind


@pytest.mark.parametrize("word", ["anime", "", "film", None, 5, ["movie"]])
def test_another_type_is_refused(word: object) -> None:
    refusal = parse_media({**FILM, "type": word}).failure()

    assert refusal.reason is Reason.UNSUPPORTED_TYPE
    assert refusal.hint.startswith("type is ")


@given(few_ids, few_ids)
def test_an_id_in_both_places_is_the_shows(ids: Ids, show_ids: Ids) -> None:
    """Sent as the episode's own it would name another episode."""
    item = {**EPISODE, "ids": dict(ids.known()), "show_ids": dict(show_ids.known()) or {"tmdb": 9}}

    own = parse_media(item).unwrap().ids

    assert set(own.known()) == set(ids.known()) - set(show_ids.known())
    assert own == replace(without_shows(ids, show_ids), others={})


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"type": "movie"}, Reason.MISSING_IDS),
        ({"type": "show", "ids": {"tmdb": "none"}, "title": " "}, Reason.MISSING_IDS),
        ({"type": "movie", "ids": [550], "title": "x" * 2_000_000}, Reason.MISSING_IDS),
        ({"type": "movie", "title": "half a character: \ud800"}, Reason.MISSING_IDS),
        ({"type": "movie", "ids": {"plex": {"guid": "5d776"}}}, Reason.MISSING_IDS),
        ({"type": "episode", "title": "Pilot", "season": 1, "episode": 1}, Reason.MISSING_IDS),
        ({"type": "season", "season": 1}, Reason.MISSING_IDS),
        ({**EPISODE, "episode": None}, Reason.MISSING_SCOPE),
        ({**EPISODE, "season": -1}, Reason.MISSING_SCOPE),
        ({**EPISODE, "season": "one"}, Reason.MISSING_SCOPE),
        ({**EPISODE, "season": ""}, Reason.MISSING_SCOPE),
        ({**EPISODE, "season": True}, Reason.MISSING_SCOPE),
        ({**EPISODE, "episode": 100_001}, Reason.MISSING_SCOPE),
        ({**EPISODE, "season": None, "ids": {"tmdb": 1399}}, Reason.MISSING_SCOPE),
        ({"type": "season", "show_ids": {"tmdb": 1399}}, Reason.MISSING_SCOPE),
    ],
)
def test_what_cannot_be_found_is_refused_with_what_is_missing(item: object, reason: Reason) -> None:
    assert parse_media(item).failure().reason is reason


@pytest.mark.parametrize("zero", [0, "0", 0.0, " 00 "])
def test_specials_have_the_number_zero(zero: object) -> None:
    assert parse_media({**EPISODE, "season": zero}).unwrap().scope == (0, 2)


@pytest.mark.parametrize("year", [0, -1, 10_000, 20240101, "soon", True, 2021.5, 10**400])
def test_what_is_no_year_is_left_out(year: object) -> None:
    assert parse_media({**FILM, "year": year}).unwrap().year is None


def test_a_title_is_kept_up_to_its_bound() -> None:
    assert parse_media({**FILM, "title": f" {'x' * TITLE_MAX} "}).unwrap().title == "x" * TITLE_MAX
    assert parse_media({**FILM, "title": "x" * (TITLE_MAX + 1)}).unwrap().title is None


@given(many_media)
def test_a_title_comes_back_from_its_item(media: Media) -> None:
    item = media_item(media)

    assert parse_media(item) == Success(media)
    assert media_item(parse_media(item).unwrap()) == item


def test_ids_of_other_services_come_back_too() -> None:
    media = Media(MediaType.EPISODE, Ids(5), show_ids=Ids(others={"plex": {"guid": "5d776"}}))

    assert parse_media(media_item(media)) == Success(media)


def test_an_item_leaves_out_what_is_not_known() -> None:
    assert media_item(FIGHT_CLUB) == FILM
    assert media_item(KINGSROAD) == {**EPISODE, "ids": {}}


# --- plays


@given(playable, moments.map(on_the_minute), maybe(many))
def test_a_play_comes_back_from_its_item(media: Media, minute: int, history_id: int | None) -> None:
    item = play_item(Play(media, minute, history_id))

    assert parse_play(item) == Success(PlayWish(media, minute or Undated.UNKNOWN, history_id))
    assert parse_play_removal(item) == parse_play(item)


@given(st.data(), moments.filter(lambda moment: moment >= 60))
def test_a_play_is_understood_with_any_spelling_of_its_date(data: st.DataObject, moment: int) -> None:
    wish = parse_play(
        {**FILM, "watched_at": data.draw(spellings_of_moment(moment)), "history_id": "7"}
    ).unwrap()

    assert wish == PlayWish(Media(MediaType.MOVIE, Ids(tmdb=550)), on_the_minute(moment), 7)


@pytest.mark.parametrize("nothing", [None, "", " "])
@pytest.mark.parametrize("item", [FILM, EPISODE])
def test_a_play_without_a_date_may_be_removed_but_not_added(
    item: dict[object, object], nothing: object
) -> None:
    """Trakt would date it now."""
    undated = {**item, "watched_at": nothing}

    assert parse_play(undated).failure().reason is Reason.MISSING_WATCHED_AT
    assert parse_play(item).failure().reason is Reason.MISSING_WATCHED_AT
    assert parse_play_removal(undated).unwrap().watched_at is None


@pytest.mark.parametrize(
    "value", [True, float("nan"), -1, "yesterday", "2021-02-30", "1950-01-01", 10**400, [], {}]
)
def test_a_wrong_date_is_refused_for_adding_and_for_removing(value: object) -> None:
    for parse in (parse_play, parse_play_removal):
        refusal = parse({**FILM, "watched_at": value}).failure()
        assert refusal.reason is Reason.INVALID_WATCHED_AT
        assert refusal.hint.startswith("watched_at is ")


def test_only_episodes_are_watched_when_they_are_released() -> None:
    assert parse_play({**EPISODE, "watched_at": "released"}).unwrap().watched_at is Undated.RELEASED
    assert parse_play({**EPISODE, "watched_at": "unknown"}).unwrap().watched_at is Undated.UNKNOWN
    assert parse_play({**FILM, "watched_at": "unknown"}).unwrap().watched_at is Undated.UNKNOWN
    assert parse_play({**FILM, "watched_at": "released"}).failure().reason is Reason.INVALID_WATCHED_AT


@pytest.mark.parametrize("kind", ["show", "season"])
def test_a_whole_show_is_no_play(kind: str) -> None:
    """To Trakt it would be every episode."""
    item = {"type": kind, "ids": {"trakt": 1}, "watched_at": NOON}

    assert parse_play(item).failure().reason is Reason.WHOLE_SHOW
    assert parse_play_removal(item).failure().reason is Reason.WHOLE_SHOW


@given(st.integers(-12, 14))
def test_dates_alone_are_noon_in_the_zone_given(hours: int) -> None:
    zone = timezone(timedelta(hours=hours))
    noon = int(datetime(2026, 1, 2, 12, tzinfo=zone).timestamp())
    item = {**FILM, "watched_at": "2026-01-02", "rating": 7, "rated_at": date(2026, 1, 2)}

    assert parse_play(item, zone).unwrap().watched_at == noon
    assert parse_rating_item(item, zone).unwrap().rated_at == noon
    assert parse_play(item) == parse_play(item, UTC)


# --- ratings and watchlist


@given(many_media, st.integers(1, 10), maybe(moments))
def test_a_rating_comes_back_from_its_item(media: Media, value: int, rated_at: int | None) -> None:
    rating = Rating(media, value, rated_at)

    assert parse_rating_item(rating_item(rating)) == Success(rating)


@pytest.mark.parametrize("value", [7.5, True, 0, 11, None, "", "good", float("nan"), 10**400, [7]])
def test_what_is_no_rating_is_refused_by_name(value: object) -> None:
    refusal = parse_rating_item({**FILM, "rating": value}).failure()

    assert refusal.reason is Reason.INVALID_RATING
    assert refusal.hint.startswith("rating is ")
    assert parse_rating_item(FILM).failure().reason is Reason.INVALID_RATING


@pytest.mark.parametrize("odd", [None, "yesterday", True, -1, []])
def test_a_rating_is_worth_more_than_its_date(odd: object) -> None:
    assert parse_rating_item({**FILM, "rating": "7", "rated_at": odd}) == Success(Rating(FIGHT_CLUB, 7))


@given(many_media, maybe(moments))
def test_a_row_of_the_watchlist_comes_back_from_its_item(media: Media, listed_at: int | None) -> None:
    item = watchlist_item(WatchlistEntry(media, listed_at, row_id=5))

    assert parse_media(item) == Success(media)
    assert parse_moment(item.get("listed_at")).value_or(None) == listed_at


# --- names for what has no key


@given(st.dictionaries(st.text(max_size=5), anything, max_size=4), st.randoms())
def test_equal_input_has_one_name(item: dict[str, object], chance: random.Random) -> None:
    fields = list(item.items())
    chance.shuffle(fields)

    assert item_digest(dict(fields)) == item_digest(item) == item_digest(MappingProxyType(item))
    assert item_digest({**item, "": "another"}) != item_digest({**item, "": "one"})
