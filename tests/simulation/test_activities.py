"""When `last_activities` moves."""

from typing import Any

import pytest

from crosswatch_trakt.adapters.clock import ManualClock
from tests.simulation.client import Client, fresh


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def trakt(clock: ManualClock) -> Client:
    client = fresh(clock)
    client.simulator.catalogue.movie(trakt=1)
    client.simulator.catalogue.show(trakt=2, seasons={1: 3})
    return client


def moved(trakt: Client, clock: ManualClock, path: str, body: object) -> set[str]:
    """The stamps that a write moves, all to its own time."""
    before = trakt.get("/sync/last_activities").json
    clock.advance(90.75)
    trakt.post(path, body)
    after = trakt.get("/sync/last_activities").json
    changed = {name: at for name, at in flat(after).items() if at != flat(before)[name]}
    assert set(changed.values()) <= {f"{clock.now():%Y-%m-%dT%H:%M:%S}.000Z"}
    return set(changed)


def flat(stamps: dict[str, Any]) -> dict[str, str]:
    return {
        f"{category}.{leaf}" if leaf else category: at
        for category, value in stamps.items()
        for leaf, at in (value.items() if isinstance(value, dict) else [("", value)])
    }


FILM = {"movies": [{"ids": {"trakt": 1}}]}
EPISODE = {"shows": [{"ids": {"trakt": 2}, "seasons": [{"number": 1, "episodes": [{"number": 1}]}]}]}
SEASON = {"shows": [{"ids": {"trakt": 2}, "seasons": [{"number": 1}]}]}
SHOW = {"shows": [{"ids": {"trakt": 2}}]}


def rated(value: int) -> object:
    return {"movies": [{"ids": {"trakt": 1}, "rating": value}]}


@pytest.mark.parametrize(
    ("path", "body", "category"),
    [
        ("/sync/history", FILM, {"movies.watched_at"}),
        ("/sync/history", EPISODE, {"episodes.watched_at"}),
        ("/sync/ratings", rated(7), {"movies.rated_at"}),
        ("/sync/watchlist", FILM, {"movies.watchlisted_at", "watchlist.updated_at"}),
        ("/sync/watchlist", SHOW, {"shows.watchlisted_at", "watchlist.updated_at"}),
        ("/sync/watchlist", SEASON, {"seasons.watchlisted_at", "watchlist.updated_at"}),
        ("/sync/watchlist", EPISODE, {"episodes.watchlisted_at", "watchlist.updated_at"}),
        ("/sync/collection", EPISODE, {"episodes.collected_at"}),
    ],
)
def test_an_addition_and_its_removal_move_their_category_and_all(
    trakt: Client, clock: ManualClock, path: str, body: object, category: set[str]
) -> None:
    assert moved(trakt, clock, path, body) == category | {"all"}
    assert moved(trakt, clock, f"{path}/remove", body) == category | {"all"}


def test_what_changes_nothing_moves_nothing(trakt: Client, clock: ManualClock) -> None:
    trakt.post("/sync/watchlist", FILM)

    assert moved(trakt, clock, "/sync/watchlist", FILM) == set()
    assert moved(trakt, clock, "/sync/history/remove", FILM) == set()
    assert moved(trakt, clock, "/sync/history", {"movies": [{"ids": {"trakt": 99}}]}) == set()


def test_a_play_that_clears_the_watchlist_moves_both(trakt: Client, clock: ManualClock) -> None:
    trakt.post("/sync/watchlist", SHOW)

    assert moved(trakt, clock, "/sync/history", EPISODE) == {
        "all",
        "episodes.watched_at",
        "shows.watchlisted_at",
        "watchlist.updated_at",
    }


def test_every_leaf_is_there_and_is_text(trakt: Client) -> None:
    stamps = trakt.get("/sync/last_activities").json

    assert set(stamps) == {
        *("all", "movies", "episodes", "shows", "seasons", "comments", "lists", "watchlist", "favorites"),
        *("collaborations", "account", "saved_filters", "notes"),
    }
    assert {type(at) for at in flat(stamps).values()} == {str}
    assert {"paused_at", "hidden_at", "favorited_at"} <= set(stamps["movies"])
    assert "dropped_at" in stamps["shows"]
