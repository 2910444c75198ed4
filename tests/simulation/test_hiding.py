"""Hidden titles: counted, never sent."""

import pytest

from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.simulator.hiding import Hideable
from crosswatch_trakt.adapters.simulator.titles import Movie, Show
from tests.simulation.client import Client, fresh

MOVIES = "/users/me/watched/movies?extended=min"


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
    return trakt.simulator.catalogue.show(seasons={1: 1, 2: 1})


def test_a_hidden_title_empties_a_page_amid_the_others(trakt: Client, film: Movie) -> None:
    account, other = trakt.simulator.account, trakt.simulator.catalogue.movie()
    for minute, title in enumerate((other, other, film, film, other, other)):
        account.watch(title, 60 * minute)
    account.hide(film)
    pages = [trakt.get(f"/sync/history?limit=2&page={page}") for page in (1, 2, 3)]

    assert [len(page.json) for page in pages] == [2, 0, 2]
    assert {page.headers["x-pagination-item-count"] for page in pages} == {"6"}
    assert trakt.get(f"/sync/history/movies/{film.trakt}").json == []
    assert len(trakt.get(MOVIES).json[str(film.trakt)]) == 2
    assert trakt.get("/users/me/stats").json["movies"]["plays"] == 6


def test_its_rows_of_watchlist_and_ratings_are_kept_back_too(trakt: Client, film: Movie) -> None:
    trakt.simulator.account.put_on_watchlist(film)
    trakt.simulator.account.rate(film, 7)
    trakt.simulator.account.hide(film)

    for path in ("/sync/watchlist", "/sync/ratings?limit=10", "/sync/ratings/movies?limit=10"):
        answer = trakt.get(path)
        assert (answer.json, answer.headers["x-pagination-item-count"]) == ([], "1")
    assert trakt.get("/sync/ratings").json == []


def test_a_show_hides_all_below_it_and_a_season_its_own(trakt: Client, show: Show) -> None:
    account = trakt.simulator.account
    for episode in show.episodes():
        account.watch(episode, 0)
    account.hide(show.season(1))
    assert [row["episode"]["season"] for row in trakt.get("/sync/history").json] == [2]

    account.hide(show)
    assert trakt.get("/sync/history/episodes").json == []
    account.unhide(show)
    account.unhide(show.season(1))
    assert len(trakt.get("/sync/history").json) == 2


@pytest.mark.parametrize("kind", ["movies", "shows", "seasons"])
def test_hiding_and_showing_move_their_stamp(
    trakt: Client, clock: ManualClock, film: Movie, show: Show, kind: str
) -> None:
    titles: dict[str, Hideable] = {"movies": film, "shows": show, "seasons": show.season(1)}
    stamps = [trakt.get("/sync/last_activities").json[kind]["hidden_at"]]
    for act in (trakt.simulator.account.hide, trakt.simulator.account.unhide):
        clock.advance(10)
        act(titles[kind])
        stamps.append(trakt.get("/sync/last_activities").json[kind]["hidden_at"])

    assert stamps == sorted(set(stamps))
    assert not trakt.simulator.account.unhide(titles[kind])


@pytest.mark.parametrize("whole", [False, True])
def test_a_play_can_land_hidden(trakt: Client, film: Movie, show: Show, whole: bool) -> None:
    """An episode hides its season, or the whole show."""
    account = trakt.simulator.account
    account.hide_when_played(show if whole else show.season(1))
    account.hide_when_played(film)
    sent = {"movies": [{"ids": film.ids}], "episodes": [{"ids": show.episode(1, 1).ids}]}

    assert trakt.get("/sync/history").headers["x-pagination-item-count"] == "0"
    assert trakt.post("/sync/history", sent).json["added"] == {"movies": 1, "episodes": 1}
    answer = trakt.get("/sync/history")
    assert (answer.json, answer.headers["x-pagination-item-count"]) == ([], "2")
    assert account.hidden.covers(show.episode(2, 1)) == whole
