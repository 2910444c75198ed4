"""Lists that show the state of some seconds ago."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.simulator import Fault
from crosswatch_trakt.adapters.simulator.seed import seeded
from tests.simulation.client import Client, fresh

MOVIES = "/users/me/watched/movies?extended=min"
LISTS = ("/sync/history", "/sync/history/movies", "/sync/watchlist", "/sync/ratings?limit=250", MOVIES)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def trakt(clock: ManualClock) -> Client:
    """Three films, all of them watched, listed and rated an hour ago."""
    client = fresh(clock)
    for number in range(3):
        film = client.simulator.catalogue.movie(f"Film {number}")
        client.simulator.account.watch(film, 60 * number)
        client.simulator.account.put_on_watchlist(film)
        client.simulator.account.rate(film, 5)
    clock.advance(3600)
    return client


def change(trakt: Client) -> None:
    """One row less and two new ones, everywhere."""
    account, catalogue = trakt.simulator.account, trakt.simulator.catalogue
    account.unwatch(account.plays.of(catalogue.movies[1]))
    account.take_off_watchlist(catalogue.movies[1])
    account.unrate(catalogue.movies[1])
    for _ in range(2):
        film = catalogue.movie()
        account.watch(film, 90_000)
        account.put_on_watchlist(film)
        account.rate(film, 9)


@pytest.mark.parametrize("path", LISTS)
def test_a_lagging_list_shows_its_old_state_until_the_lag_has_passed(
    trakt: Client, clock: ManualClock, path: str
) -> None:
    before = trakt.get(path)
    trakt.simulator.lag.everywhere(60)
    change(trakt)
    clock.advance(59)
    lagging = trakt.get(path)
    clock.advance(1)
    after = trakt.get(path)

    assert (lagging.json, lagging.headers["x-pagination-item-count"]) == (before.json, "3")
    assert (len(after.json), after.headers["x-pagination-item-count"]) == (4, "4")
    trakt.simulator.lag.everywhere(0)
    assert trakt.get(path).json == after.json


def test_last_activities_never_lag(trakt: Client, clock: ManualClock) -> None:
    trakt.simulator.lag.everywhere(600)
    change(trakt)

    now = f"{clock.now():%Y-%m-%dT%H:%M:%S}.000Z"
    assert trakt.get("/sync/last_activities").json["movies"]["watched_at"] == now


def test_each_list_lags_by_itself(trakt: Client) -> None:
    lag, film = trakt.simulator.lag, trakt.simulator.catalogue.movies[0]
    own = f"/sync/history/movies/{film.trakt}"
    lag.history_s, lag.title_s = 60, 0
    trakt.simulator.account.watch(film, 90_000)

    assert len(trakt.get("/sync/history").json) == 3
    assert len(trakt.get(own).json) == 2
    assert len(trakt.get(MOVIES).json[str(film.trakt)]) == 2
    lag.history_s, lag.title_s, lag.ledger_s = 0, None, 60
    assert (len(trakt.get("/sync/history").json), len(trakt.get(own).json)) == (4, 2)
    assert len(trakt.get(MOVIES).json[str(film.trakt)]) == 1


@pytest.mark.parametrize("path", LISTS)
def test_counts_lag_with_their_rows_or_by_themselves(trakt: Client, clock: ManualClock, path: str) -> None:
    change(trakt)
    trakt.simulator.lag.counts_s = 60
    low = trakt.get(path)
    trakt.simulator.lag.everywhere(60)
    trakt.simulator.lag.counts_s = 0
    high = trakt.get(path)

    assert (len(low.json), low.headers["x-pagination-item-count"]) == (4, "3")
    assert (len(high.json), high.headers["x-pagination-item-count"]) == (3, "4")


def test_stats_lag(trakt: Client, clock: ManualClock) -> None:
    before = trakt.get("/users/me/stats").json
    trakt.simulator.lag.stats_s = 60
    change(trakt)

    assert trakt.get("/users/me/stats").json == before
    clock.advance(60)
    after = trakt.get("/users/me/stats").json
    assert (after["movies"]["plays"], after["ratings"]["total"], after["movies"]["watched"]) == (4, 4, 4)


def test_the_lists_of_shows_lag_too(trakt: Client) -> None:
    show = trakt.simulator.catalogue.show(seasons={1: 2, 2: 1})
    account = trakt.simulator.account
    account.watch(show.episode(2, 1), 60)
    trakt.simulator.lag.everywhere(60)
    gone = account.watch(show.episode(1, 1), 120)
    account.unwatch([gone])

    for path in (f"/sync/history/shows/{show.trakt}", f"/sync/history/seasons/{show.season(2).trakt}"):
        assert trakt.get(path).json == []
    assert trakt.get("/users/me/watched/shows?extended=min").json == {}


def test_one_request_can_be_answered_with_an_old_state(trakt: Client) -> None:
    change(trakt)
    trakt.simulator.fail_next(Fault(stale_s=60), path_prefix="/sync/history")

    assert [len(trakt.get("/sync/history").json) for _ in range(2)] == [3, 4]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_any_past_state_is_what_was_seen_then(seed: int) -> None:
    """Random changes at random times; each old state is asked for from the end."""
    chance, clock = random.Random(seed), ManualClock()  # noqa: S311 - repeatable, guards nothing
    trakt = fresh(clock)
    account, catalogue = trakt.simulator.account, trakt.simulator.catalogue
    films = [catalogue.movie() for _ in range(4)]
    seen = []
    for _ in range(12):
        film = chance.choice(films)
        match chance.randrange(6):
            case 0 | 1:
                account.watch(film, chance.randrange(5) * 60)
            case 2:
                account.unwatch(list(account.plays)[:1])
            case 3:
                account.rate(film, chance.randint(1, 10), chance.randrange(10_000))
            case 4:
                account.put_on_watchlist(film)
            case _:
                account.take_off_watchlist(film)
                account.unrate(film)
        seen.append((clock.monotonic(), [trakt.get(path).body for path in LISTS]))
        clock.advance(chance.choice((1, 7)))
    for at, states in seen:
        trakt.simulator.lag.everywhere(clock.monotonic() - at)
        assert [trakt.get(path).body for path in LISTS] == states


def test_a_large_account_lags_without_toil() -> None:
    clock = ManualClock()
    simulator = seeded(clock, plays=100_000)
    simulator.quota.gets = None
    trakt, film = Client(simulator), simulator.catalogue.movies[0]
    for number in range(500):
        simulator.account.watch(film, number * 60)
    simulator.lag.everywhere(60)

    began = time.process_time()
    counts = {
        trakt.get(f"/sync/history?limit=250&page={page}").headers["x-pagination-item-count"]
        for page in range(1, 101)
    }
    assert counts == {"100000"}
    assert time.process_time() - began < 5, "a hundred pages; some 0.2 s on a good day"
