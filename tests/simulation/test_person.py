"""Settings and counts."""

import pytest

from tests.simulation.client import Client, fresh


@pytest.fixture
def trakt() -> Client:
    return fresh()


def test_settings_name_the_account_its_zone_and_its_limits(trakt: Client) -> None:
    settings = trakt.get("/users/settings").json
    account = trakt.simulator.account

    assert settings["user"]["ids"] == {"slug": "ann", "trakt": 7, "uuid": account.uuid}
    assert settings["account"]["timezone"] == "Europe/Berlin"
    assert settings["limits"] == {
        "list": {"count": 5, "item_count": 250},
        "watchlist": {"item_count": 250},
        "favorites": {"item_count": 100},
    }


def test_browsing_comes_only_when_asked_for(trakt: Client) -> None:
    trakt.simulator.account.watch_only_once = True

    assert "browsing" not in trakt.get("/users/settings").json
    assert trakt.get("/users/settings?extended=browsing").json["browsing"]["watch_only_once"] is True


def test_limits_and_the_number_can_be_missing(trakt: Client) -> None:
    trakt.simulator.account.shows_limits, trakt.simulator.account.trakt = False, None
    settings = trakt.get("/users/settings").json

    assert "limits" not in settings
    assert settings["user"]["ids"]["trakt"] is None


def test_me_is_the_user_of_the_settings(trakt: Client) -> None:
    assert trakt.get("/users/me").json == {**trakt.get("/users/settings").json["user"], "deleted": False}


def test_the_own_slug_stands_for_me_and_other_people_are_not_here(trakt: Client) -> None:
    assert trakt.get("/users/ann/stats").json == trakt.get("/users/me/stats").json
    assert trakt.get("/users/ann/watchlist/movies").status == 200
    assert trakt.get("/users/ben/stats").status == 404
    assert trakt.send("GET", "/users/ann/stats", without="Authorization").status == 401


def test_stats_count_what_there_is(trakt: Client) -> None:
    catalogue, account = trakt.simulator.catalogue, trakt.simulator.account
    film, show = catalogue.movie(runtime=100), catalogue.show(seasons={1: 2}, runtime=45)
    account.watch(film)
    account.watch(film)
    account.watch(show.episode(1, 1))
    account.collect(show.episode(1, 2))
    account.rate(film, 8)
    account.rate(show.season(1), 8)
    stats = trakt.get("/users/me/stats").json
    film_counts = {"plays": 2, "watched": 1, "minutes": 200, "collected": 0, "ratings": 1, "comments": 0}
    episode_counts = {"plays": 1, "watched": 1, "minutes": 45, "collected": 1, "ratings": 0, "comments": 0}

    assert (stats["movies"], stats["episodes"]) == (film_counts, episode_counts)
    assert stats["shows"] == {"watched": 1, "collected": 1, "ratings": 0, "comments": 0}
    assert stats["seasons"] == {"ratings": 1, "comments": 0}
    assert (stats["ratings"]["total"], stats["ratings"]["distribution"]["8"]) == (2, 2)


def test_lists_are_also_below_users_me(trakt: Client) -> None:
    trakt.simulator.account.watch(trakt.simulator.catalogue.movie())

    assert trakt.get("/users/me/history/movies").json == trakt.get("/sync/history/movies").json
    assert trakt.send("POST", "/users/me/history", {}).status == 404
