"""The shapes of `not_found`."""

from typing import Any

import pytest

from crosswatch_trakt.adapters.simulator.titles import Show
from crosswatch_trakt.adapters.simulator.world import NotFoundShape
from tests.simulation.client import Client, fresh

UNKNOWN = {"ids": {"imdb": "tt0000111", "tmdb": 111}, "watched_at": "2020-01-01T00:00:00Z"}


@pytest.fixture
def trakt() -> Client:
    return fresh()


@pytest.fixture
def show(trakt: Client) -> Show:
    return trakt.simulator.catalogue.show(seasons={1: 2})


def missing(trakt: Client, shape: NotFoundShape, body: object) -> Any:
    trakt.simulator.not_found_shape = shape
    return trakt.post("/sync/history", body).json["not_found"]


def test_by_default_it_is_what_was_sent(trakt: Client) -> None:
    rated = {"ids": {"imdb": "tt0000111"}, "rating": 10}

    assert missing(trakt, "echo", {"movies": [UNKNOWN]})["movies"] == [UNKNOWN]
    assert trakt.post("/sync/ratings", {"movies": [rated]}).json["not_found"]["movies"] == [rated]


def test_the_ids_can_be_gone(trakt: Client) -> None:
    bare = {"ids": {"imdb": "tt0000111"}}

    assert missing(trakt, "empty", {"episodes": [bare, UNKNOWN]})["episodes"] == [
        {},
        {"watched_at": "2020-01-01T00:00:00Z"},
    ]


def test_the_ids_can_be_text_beside_numbers_of_zero(trakt: Client) -> None:
    answer = missing(trakt, "strings", {"episodes": [UNKNOWN], "movies": [UNKNOWN]})
    ids = {"imdb": "tt0000111", "tmdb": "111"}

    assert answer["episodes"] == [
        {"ids": ids, "season": 0, "number": 0, "watched_at": "2020-01-01T00:00:00Z"}
    ]
    assert answer["movies"] == [{"ids": ids, "watched_at": "2020-01-01T00:00:00Z"}]
    assert answer["people"] == answer["users"] == []


def test_a_nested_episode_is_a_structure_below_episodes(trakt: Client, show: Show) -> None:
    nested = {"number": 99, "watched_at": "unknown"}
    body = {"shows": [{"ids": show.ids, "seasons": [{"number": 1, "episodes": [{"number": 1}, nested]}]}]}
    answer = missing(trakt, "echo", body)

    assert answer["episodes"] == [{"ids": show.ids, "seasons": [{"number": 1, "episodes": [nested]}]}]
    assert answer["shows"] == answer["seasons"] == []


def test_an_unknown_season_is_named_with_its_show(trakt: Client, show: Show) -> None:
    season: dict[str, object] = {"number": 9}
    deeper = {"number": 8, "episodes": [{"number": 1}]}
    answer = missing(trakt, "echo", {"shows": [{"ids": show.ids, "seasons": [season, deeper]}]})

    assert answer["seasons"] == [{"ids": show.ids, "seasons": [season]}]
    assert answer["episodes"] == [{"ids": show.ids, "seasons": [deeper]}]


def test_an_unknown_show_is_named_with_all_below_it(trakt: Client) -> None:
    entry = {"ids": {"tvdb": 5}, "seasons": [{"number": 1}]}

    assert missing(trakt, "echo", {"shows": [entry]})["shows"] == [entry]


def test_mixed_takes_the_shapes_by_turns(trakt: Client) -> None:
    answer = missing(trakt, "mixed", {"movies": [UNKNOWN] * 3})

    assert answer["movies"][0] == UNKNOWN
    assert answer["movies"][1] == {"watched_at": "2020-01-01T00:00:00Z"}
    assert answer["movies"][2]["ids"]["tmdb"] == "111"
    assert "people" in answer
