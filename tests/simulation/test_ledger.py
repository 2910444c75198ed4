"""The ledger, and the lists of watched titles."""

import pytest

from crosswatch_trakt.adapters.simulator.titles import Show
from tests.simulation.client import Client, fresh

MOVIES = "/users/me/watched/movies?extended=min"
SHOWS = "/users/me/watched/shows?extended=min&specials=true&season_numbers=true"


@pytest.fixture
def trakt() -> Client:
    return fresh()


@pytest.fixture
def show(trakt: Client) -> Show:
    made = trakt.simulator.catalogue.show(seasons={0: 1, 1: 2})
    for at, episode in enumerate(made.episodes()):
        trakt.simulator.account.watch(episode, at * 60)
    trakt.simulator.account.watch(made.episode(1, 1), 600)
    return made


def test_it_holds_the_date_of_every_play_of_a_film(trakt: Client) -> None:
    film = trakt.simulator.catalogue.movie()
    for at in (0, 60, 60):
        trakt.simulator.account.watch(film, at)

    assert trakt.get(MOVIES).json == {
        str(film.trakt): [
            "1970-01-01T00:01:00.000Z",
            "1970-01-01T00:01:00.000Z",
            "1970-01-01T00:00:00.000Z",
        ]
    }


def test_an_unknown_date_can_be_null(trakt: Client) -> None:
    film = trakt.simulator.catalogue.movie()
    trakt.simulator.account.watch(film, 0)
    trakt.simulator.ledger_nulls = True

    assert trakt.get(MOVIES).json == {str(film.trakt): [None]}


def test_it_holds_shows_by_season_and_episode(trakt: Client, show: Show) -> None:
    specials, first = show.season(0), show.season(1)

    assert trakt.get(SHOWS).json == {
        str(show.trakt): {
            f"{specials.trakt}|0": {str(show.episode(0, 1).trakt): ["1970-01-01T00:00:00.000Z"]},
            f"{first.trakt}|1": {
                str(show.episode(1, 1).trakt): ["1970-01-01T00:10:00.000Z", "1970-01-01T00:01:00.000Z"],
                str(show.episode(1, 2).trakt): ["1970-01-01T00:02:00.000Z"],
            },
        }
    }


def test_specials_and_season_numbers_come_only_when_asked_for(trakt: Client, show: Show) -> None:
    seasons = trakt.get("/users/me/watched/shows?extended=min").json[str(show.trakt)]

    assert list(seasons) == [str(show.season(1).trakt)]


def test_its_pages_count_titles_and_their_cap_can_be_set(trakt: Client) -> None:
    for at in range(300):
        film = trakt.simulator.catalogue.movie()
        trakt.simulator.account.watch(film, at)
        trakt.simulator.account.watch(film, at)
    first, second = trakt.get(f"{MOVIES}&limit=1000"), trakt.get(f"{MOVIES}&limit=1000&page=2")

    assert (len(first.json), len(second.json), first.headers["x-pagination-limit"]) == (250, 50, "250")
    assert first.headers["x-pagination-item-count"] == "300"
    assert len(trakt.get(MOVIES).json) == 100
    trakt.simulator.paging.ledger_titles_max = 1000
    assert len(trakt.get(f"{MOVIES}&limit=1000").json) == 300


def test_watched_films_have_counts_and_last_dates(trakt: Client) -> None:
    film = trakt.simulator.catalogue.movie()
    trakt.simulator.account.watch(film, 0)
    trakt.simulator.account.watch(film, 120)

    assert trakt.get("/sync/watched/movies").json == [
        {
            "plays": 2,
            "last_watched_at": "1970-01-01T00:02:00.000Z",
            "last_updated_at": "1970-01-01T00:02:00.000Z",
            "movie": film.short(),
        }
    ]


def test_watched_shows_have_seasons_only_as_progress_and_specials_on_demand(
    trakt: Client, show: Show
) -> None:
    (plain,) = trakt.get("/sync/watched/shows").json
    (progress,) = trakt.get("/sync/watched/shows?extended=progress").json
    (special,) = trakt.get("/sync/watched/shows?extended=progress&specials=true").json

    assert "seasons" not in plain
    assert (plain["plays"], plain["show"]["aired_episodes"], plain["reset_at"]) == (3, 2, None)
    assert [season["number"] for season in progress["seasons"]] == [1]
    assert progress["seasons"][0]["episodes"][0] == {
        "number": 1,
        "plays": 2,
        "last_watched_at": "1970-01-01T00:10:00.000Z",
    }
    assert [season["number"] for season in special["seasons"]] == [0, 1]


def test_progress_holds_at_most_100_rows_a_page(trakt: Client) -> None:
    for _ in range(120):
        made = trakt.simulator.catalogue.show(seasons={1: 1})
        trakt.simulator.account.watch(made.episode(1, 1))

    assert len(trakt.get("/sync/watched/shows?extended=progress&limit=250").json) == 100


def test_only_films_and_shows_have_such_lists(trakt: Client) -> None:
    assert trakt.get("/sync/watched/episodes").status == 404
    assert trakt.get("/users/me/watched/episodes?extended=min").status == 404
