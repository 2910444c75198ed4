"""The collection."""

import pytest

from crosswatch_trakt.adapters.simulator.titles import Movie, Show
from tests.simulation.client import Client, fresh


@pytest.fixture
def trakt() -> Client:
    return fresh()


@pytest.fixture
def film(trakt: Client) -> Movie:
    return trakt.simulator.catalogue.movie()


@pytest.fixture
def show(trakt: Client) -> Show:
    return trakt.simulator.catalogue.show(seasons={1: 3})


def counts(movies: int = 0, episodes: int = 0) -> dict[str, int]:
    return {"movies": movies, "episodes": episodes}


def test_films_and_episodes_are_added_and_counted(trakt: Client, film: Movie, show: Show) -> None:
    body = {
        "movies": [
            {"ids": film.ids, "collected_at": "2014-09-01T09:10:11.000Z"},
            {"ids": {"imdb": "tt0000111"}},
        ],
        "shows": [{"ids": show.ids}],
    }
    answer = trakt.post("/sync/collection", body)

    assert answer.status == 201
    assert answer.json == {
        "added": counts(1, 3),
        "updated": counts(),
        "existing": counts(),
        "not_found": {"movies": [{"ids": {"imdb": "tt0000111"}}], "shows": [], "seasons": [], "episodes": []},
    }
    assert trakt.get("/sync/collection/minimal/movies").json == {str(film.trakt): "2014-09-01T09:10:11.000Z"}
    assert len(trakt.get("/sync/collection/minimal/episodes").json) == 3


def test_what_is_the_same_exists_and_what_differs_is_updated(trakt: Client, film: Movie) -> None:
    dated = {"ids": film.ids, "collected_at": "2014-09-01T09:10:11.000Z"}
    for entry in (dated, dated, {"ids": film.ids}):
        answer = trakt.post("/sync/collection", {"movies": [entry]}).json
    assert (answer["existing"], answer["updated"]) == (counts(1), counts())

    answer = trakt.post("/sync/collection", {"movies": [{**dated, "resolution": "uhd_4k"}]}).json
    assert (answer["existing"], answer["updated"]) == (counts(), counts(1))


def test_metadata_is_shown_only_when_asked_for(trakt: Client, film: Movie) -> None:
    trakt.post("/sync/collection", {"movies": [{"ids": film.ids, "media_type": "bluray", "audio": "dts"}]})
    (plain,) = trakt.get("/sync/collection/movies").json
    (row,) = trakt.get("/sync/collection/movies?extended=metadata").json

    assert plain["metadata"] is None
    assert row["metadata"] == {
        "media_type": "bluray",
        "resolution": None,
        "hdr": None,
        "audio": "dts",
        "audio_channels": None,
        "3d": False,
    }
    assert (row["type"], row["available_on"], row["movie"]) == ("movie", [], film.short())


def test_shows_are_grouped_by_season_and_episodes_are_rows(trakt: Client, show: Show) -> None:
    trakt.simulator.account.collect(show.episode(1, 2), 60)
    trakt.simulator.account.collect(show.episode(1, 1), 0)
    (row,) = trakt.get("/sync/collection/shows").json

    assert row["last_collected_at"] == "1970-01-01T00:01:00.000Z"
    assert row["show"] == show.short()
    assert row["seasons"] == [
        {
            "number": 1,
            "episodes": [
                {"number": 1, "collected_at": "1970-01-01T00:00:00.000Z"},
                {"number": 2, "collected_at": "1970-01-01T00:01:00.000Z"},
            ],
        }
    ]
    episodes = trakt.get("/sync/collection/episodes").json
    assert [one["episode"]["number"] for one in episodes] == [2, 1]
    assert len(trakt.get("/sync/collection/media").json) == 2


def test_removing_counts_what_was_there(trakt: Client, film: Movie, show: Show) -> None:
    trakt.simulator.account.collect(film)
    trakt.simulator.account.collect(show.episode(1, 3))
    body = {"movies": [{"ids": film.ids}], "shows": [{"ids": show.ids}]}

    assert trakt.post("/sync/collection/remove", body).json["deleted"] == counts(1, 1)
    assert trakt.post("/sync/collection/remove", body).json["deleted"] == counts()


def test_past_the_limit_a_post_is_refused_whole(trakt: Client, show: Show) -> None:
    trakt.simulator.account.limits.collection = 2

    assert trakt.post("/sync/collection", {"shows": [{"ids": show.ids}]}).status == 420
    assert trakt.get("/sync/collection/minimal/episodes").json == {}


def test_other_types_are_unknown(trakt: Client) -> None:
    assert trakt.get("/sync/collection/books").status == 404
    assert trakt.get("/sync/collection/minimal/shows").status == 404
