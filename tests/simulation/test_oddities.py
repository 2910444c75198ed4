"""Plays that land elsewhere, changes that are not told, lists that are not there."""

from typing import get_args

import pytest

from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.simulator import Fault
from crosswatch_trakt.adapters.simulator.titles import Movie, Show
from crosswatch_trakt.adapters.simulator.world import MissingLists
from tests.simulation.client import Client, fresh


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def trakt(clock: ManualClock) -> Client:
    return fresh(clock)


@pytest.fixture
def films(trakt: Client) -> list[Movie]:
    return [trakt.simulator.catalogue.movie(f"Film {number}") for number in range(2)]


@pytest.fixture
def show(trakt: Client) -> Show:
    return trakt.simulator.catalogue.show(seasons={1: 2})


def test_a_merged_title_leads_to_the_other(trakt: Client, films: list[Movie]) -> None:
    old, new = films
    trakt.simulator.account.watch(old, 0)
    trakt.simulator.catalogue.merge(old, into=new)
    answer = trakt.post("/sync/history", {"movies": [{"ids": old.ids, "watched_at": "1970-01-02"}]})

    assert answer.json["added"]["movies"] == 1
    rows = trakt.get("/sync/history").json
    assert [row["movie"]["ids"]["trakt"] for row in rows] == [new.trakt, old.trakt]
    assert len(trakt.get(f"/sync/history/movies/{old.trakt}").json) == 1
    (hit,) = trakt.get(f"/search/tmdb/{old.ids['tmdb']}?type=movie").json
    assert hit["movie"]["ids"] == new.ids


def test_a_write_can_land_elsewhere_though_look_ups_find_the_title(trakt: Client, films: list[Movie]) -> None:
    asked, other = films
    trakt.simulator.catalogue.divert(asked, other)
    trakt.post("/sync/history", {"movies": [{"ids": asked.ids}]})

    assert [row["movie"]["ids"] for row in trakt.get("/sync/history").json] == [other.ids]
    assert trakt.get(f"/sync/history/movies/{asked.trakt}").json == []
    (hit,) = trakt.get(f"/search/tmdb/{asked.ids['tmdb']}?type=movie").json
    assert hit["movie"]["ids"] == asked.ids
    trakt.simulator.catalogue.divert(asked, None)
    trakt.post("/sync/history", {"movies": [{"ids": asked.ids}]})
    assert len(trakt.simulator.account.plays.of(asked)) == 1


@pytest.mark.parametrize("nested", [False, True])
def test_an_episode_can_land_on_another(trakt: Client, show: Show, nested: bool) -> None:
    first, second = show.episodes()
    trakt.simulator.catalogue.divert(first, second)
    sent = {"shows": [{"ids": show.ids, "seasons": [{"number": 1, "episodes": [{"number": 1}]}]}]}
    trakt.post("/sync/history", sent if nested else {"episodes": [{"ids": first.ids}]})

    assert [play.title for play in trakt.simulator.account.plays] == [second]


def test_a_quiet_change_moves_no_stamp(trakt: Client, clock: ManualClock, films: list[Movie]) -> None:
    account, film = trakt.simulator.account, films[0]
    before = trakt.get("/sync/last_activities").json
    clock.advance(60)
    with account.quietly():
        account.watch(film, 0)
        account.rate(film, 7)
        account.put_on_watchlist(film)
    trakt.simulator.fail_next(Fault(quiet=True), method="POST")
    trakt.post("/sync/history", {"movies": [{"ids": film.ids}]})

    assert trakt.get("/sync/last_activities").json == before
    assert len(trakt.get("/sync/history").json) == 2
    account.quiet = True
    account.unrate(film)
    assert trakt.get("/sync/last_activities").json == before
    account.quiet = False
    account.rate(film, 8)
    assert trakt.get("/sync/last_activities").json != before


def test_a_stamp_can_move_without_a_change(trakt: Client, clock: ManualClock) -> None:
    clock.advance(60)
    trakt.simulator.account.stir("shows", "dropped_at")
    stamps = trakt.get("/sync/last_activities").json

    assert stamps["shows"]["dropped_at"] == stamps["all"] == "2026-01-15T12:01:00.000Z"
    with pytest.raises(KeyError):
        trakt.simulator.account.stir("shows", "watched_at")


@pytest.mark.parametrize(("rule", "kept"), [("keeps", 4), ("drops", 2)])
def test_a_second_play_of_an_account_that_watches_once(
    trakt: Client, films: list[Movie], rule: str, kept: int
) -> None:
    account = trakt.simulator.account
    account.watch_only_once = True
    assert account.second_play == "keeps"
    account.second_play = "drops" if rule == "drops" else "keeps"
    account.watch(films[0], 0)
    sent = [{"ids": films[0].ids}, {"ids": films[1].ids}, {"ids": films[1].ids}]
    answer = trakt.post("/sync/history", {"movies": sent})

    assert (answer.json["added"]["movies"], len(account.plays)) == (kept - 1, kept)


def test_a_title_s_own_list_may_be_missing(trakt: Client, films: list[Movie]) -> None:
    watched, unwatched = films
    trakt.simulator.account.watch(watched, 0)
    found = {}
    for rule in get_args(MissingLists):
        trakt.simulator.title_list_404 = rule
        found[rule] = [trakt.get(f"/sync/history/movies/{film.trakt}").status for film in films]

    assert found == {"never": [200, 200], "without_plays": [200, 404], "always": [404, 404]}
    assert trakt.get("/sync/history/movies").status == 200
    assert unwatched not in trakt.simulator.account.plays.titles("movie")
