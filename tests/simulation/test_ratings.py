"""Ratings."""

import pytest

from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.simulator.titles import Movie, Show
from tests.simulation.client import Client, fresh

NONE = {"movies": 0, "shows": 0, "seasons": 0, "episodes": 0}
NOT_FOUND: dict[str, list[object]] = {"movies": [], "shows": [], "seasons": [], "episodes": []}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def trakt(clock: ManualClock) -> Client:
    return fresh(clock)


@pytest.fixture
def film(trakt: Client) -> Movie:
    return trakt.simulator.catalogue.movie()


@pytest.fixture
def show(trakt: Client) -> Show:
    return trakt.simulator.catalogue.show(seasons={1: 2})


def test_rating_again_overwrites_and_counts_as_added(trakt: Client, clock: ManualClock, film: Movie) -> None:
    dated = {"ids": film.ids, "rating": 7, "rated_at": "2019-01-02T03:04:05Z"}
    first = trakt.post("/sync/ratings", {"movies": [dated]})
    clock.advance(61)
    again = trakt.post("/sync/ratings", {"movies": [{"ids": film.ids, "rating": 9}]})

    assert (first.status, first.json) == (201, {"added": {**NONE, "movies": 1}, "not_found": NOT_FOUND})
    assert again.json["added"]["movies"] == 1
    assert trakt.get("/sync/ratings/movies").json == [
        {"rated_at": "2026-01-15T12:01:01.000Z", "rating": 9, "type": "movie", "movie": film.short()}
    ]


def test_each_level_with_a_rating_is_rated(trakt: Client, show: Show) -> None:
    nested = {"number": 1, "rating": 9, "episodes": [{"number": 2, "rating": 8}]}
    below = trakt.post("/sync/ratings", {"shows": [{"ids": show.ids, "seasons": [nested]}]})
    whole = trakt.post("/sync/ratings", {"shows": [{"ids": show.ids, "rating": 6, "seasons": [nested]}]})

    assert below.json["added"] == {**NONE, "seasons": 1, "episodes": 1}
    assert whole.json["added"] == {**NONE, "shows": 1, "seasons": 1, "episodes": 1}
    (season,) = trakt.get("/sync/ratings/seasons").json
    assert season["season"] == {"number": 1, "ids": show.season(1).ids, "aired_episodes": 2}
    assert season["show"] == show.short()
    assert [row["type"] for row in trakt.get("/sync/ratings/all").json] == ["show", "season", "episode"]


@pytest.mark.parametrize("rating", [0, 11, -1, 7.5, "8", True, None, []])
def test_what_is_no_rating_is_passed_over(trakt: Client, film: Movie, rating: object) -> None:
    answer = trakt.post("/sync/ratings", {"movies": [{"ids": film.ids, "rating": rating}]}).json

    assert answer == {"added": NONE, "not_found": NOT_FOUND}
    assert trakt.get("/sync/ratings").json == []


def test_removing_takes_what_stands_deepest(trakt: Client, show: Show) -> None:
    account = trakt.simulator.account
    for title in (show, show.season(1), show.episode(1, 1)):
        account.rate(title, 5)
    season = {"shows": [{"ids": show.ids, "seasons": [{"number": 1}]}]}
    first, again = (trakt.post("/sync/ratings/remove", season) for _ in range(2))

    assert (first.status, first.json["deleted"]) == (200, {**NONE, "seasons": 1})
    assert again.json == {"deleted": NONE, "not_found": NOT_FOUND}
    assert list(account.ratings) == [show, show.episode(1, 1)]


def test_without_limit_all_rows_come_and_with_it_250_at_most(trakt: Client) -> None:
    for _ in range(400):
        trakt.simulator.account.rate(trakt.simulator.catalogue.movie(), 5)
    whole, page = trakt.get("/sync/ratings/movies"), trakt.get("/sync/ratings/movies?limit=400")

    assert len(whole.json) == 400
    assert "x-pagination-page" not in whole.headers
    assert (len(page.json), page.headers["x-pagination-item-count"]) == (250, "400")


def test_rows_are_filtered_by_type_and_value_and_counted_so(trakt: Client, film: Movie, show: Show) -> None:
    trakt.simulator.account.rate(film, 8)
    trakt.simulator.account.rate(show, 9)

    assert trakt.get("/sync/ratings/movies?limit=10").headers["x-pagination-item-count"] == "1"
    assert [row["rating"] for row in trakt.get("/sync/ratings/all/8,10").json] == [8]
    assert trakt.get("/sync/ratings/books").status == 404


def test_past_the_limit_a_post_is_refused_but_rating_again_is_not(
    trakt: Client, film: Movie, show: Show
) -> None:
    trakt.simulator.account.limits.ratings = 1
    trakt.post("/sync/ratings", {"movies": [{"ids": film.ids, "rating": 5}]})

    assert trakt.post("/sync/ratings", {"shows": [{"ids": show.ids, "rating": 5}]}).status == 420
    assert trakt.post("/sync/ratings", {"movies": [{"ids": film.ids, "rating": 6}]}).status == 201
