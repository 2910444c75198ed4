"""Plays: added, read and removed."""

from typing import Any

import pytest

from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.simulator.plays import Play
from crosswatch_trakt.adapters.simulator.titles import Movie, Show
from tests.simulation.client import Client, fresh

START = "2026-01-15T12:00:00.000Z"
NOTHING: dict[str, list[object]] = {"movies": [], "shows": [], "seasons": [], "episodes": []}


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
    """Two specials, three aired episodes, one announced."""
    made = trakt.simulator.catalogue.show(seasons={0: 2, 1: 3})
    trakt.simulator.catalogue.episode(made, 1, 4)
    return made


def watch(trakt: Client, film: Movie, **fields: object) -> Any:
    return trakt.post("/sync/history", {"movies": [{"ids": film.ids, **fields}]}).json


def dates(trakt: Client, path: str = "/sync/history") -> list[str]:
    return [row["watched_at"] for row in trakt.get(path).json]


def test_a_play_is_answered_by_counts_and_read_as_a_row(trakt: Client, film: Movie) -> None:
    answer = trakt.post(
        "/sync/history",
        {"movies": [{"ids": {"imdb": film.ids["imdb"]}, "watched_at": "2020-05-06T07:08:00Z"}]},
    )
    (row,) = trakt.get("/sync/history").json

    assert answer.status == 201
    assert answer.json == {
        "added": {"movies": 1, "episodes": 0},
        "updated": {"movies": 0, "episodes": 0},
        "not_found": NOTHING,
    }
    assert row == {
        "id": row["id"],
        "watched_at": "2020-05-06T07:08:00.000Z",
        "action": "watch",
        "type": "movie",
        "movie": {"title": "The Quiet Harbour", "year": 1999, "ids": film.ids},
    }
    assert row["id"] > 2**32


def test_the_status_of_an_addition_can_be_the_contracts(trakt: Client, film: Movie) -> None:
    trakt.simulator.history_status = 200

    assert trakt.post("/sync/history", {"movies": [{"ids": film.ids}]}).status == 200


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("2020-05-06T07:08:59.999Z", "2020-05-06T07:08:00.000Z"),
        ("2020-05-06T07:08:09+02:00", "2020-05-06T05:08:00.000Z"),
        ("2020-05-06T07:08:09", "2020-05-06T07:08:00.000Z"),
        ("2020-05-06", "2020-05-06T00:00:00.000Z"),
        ("unknown", "1970-01-01T00:00:00.000Z"),
        ("released", "1999-03-01T00:00:00.000Z"),
        (None, START),
        ("", START),
        ("yesterday", START),
        ("1588748889", START),
        (1_588_748_889, START),
        ({}, START),
    ],
)
def test_a_date_is_cut_to_the_minute_and_junk_is_now(
    trakt: Client, clock: ManualClock, film: Movie, sent: object, read: str
) -> None:
    clock.advance(59)
    watch(trakt, film, watched_at=sent)

    assert dates(trakt) == [read]


def test_an_absent_date_is_now(trakt: Client, film: Movie) -> None:
    watch(trakt, film)

    assert dates(trakt) == [START]


def test_released_is_the_end_of_an_episodes_first_showing(trakt: Client, show: Show) -> None:
    trakt.post("/sync/history", {"episodes": [{"ids": show.episode(1, 1).ids, "watched_at": "released"}]})

    assert dates(trakt) == ["2010-03-15T00:45:00.000Z"]


def test_the_same_play_twice_is_two_plays(trakt: Client, film: Movie) -> None:
    one = {"ids": film.ids, "watched_at": "2020-05-06T07:08:00Z"}
    answer = trakt.post("/sync/history", {"movies": [one, one]})
    watch(trakt, film, watched_at="2020-05-06T07:08:00Z")

    assert answer.json["added"]["movies"] == 2
    assert dates(trakt) == ["2020-05-06T07:08:00.000Z"] * 3


def test_rows_come_newest_first_whatever_their_ids(trakt: Client, film: Movie) -> None:
    for year in (2015, 2024, 2001):
        watch(trakt, film, watched_at=f"{year}-01-01T00:00:00Z")
    rows = trakt.get("/sync/history").json

    assert [row["watched_at"][:4] for row in rows] == ["2024", "2015", "2001"]
    assert [row["id"] for row in rows] != sorted((row["id"] for row in rows), reverse=True)


def test_dates_filter_inclusively(trakt: Client, film: Movie) -> None:
    for minute in (7, 8, 9, 10):
        watch(trakt, film, watched_at=f"2020-05-06T07:{minute:02}:00Z")
    path = "/sync/history?start_at=2020-05-06T07:08:00Z&end_at=2020-05-06T07:09:00Z"

    assert dates(trakt, path) == ["2020-05-06T07:09:00.000Z", "2020-05-06T07:08:00.000Z"]
    assert trakt.get(path).headers["x-pagination-item-count"] == "2"
    assert dates(trakt, "/sync/history?start_at=2021-01-01") == []


def test_a_show_without_seasons_is_every_aired_episode(trakt: Client, show: Show) -> None:
    answer = trakt.post("/sync/history", {"shows": [{"ids": show.ids}]})
    numbers = sorted(
        (row["episode"]["season"], row["episode"]["number"]) for row in trakt.get("/sync/history").json
    )

    assert answer.json["added"] == {"movies": 0, "episodes": 5}
    assert numbers == [(0, 1), (0, 2), (1, 1), (1, 2), (1, 3)]


def test_a_season_without_episodes_is_every_aired_episode_of_it(trakt: Client, show: Show) -> None:
    nested = trakt.post("/sync/history", {"shows": [{"ids": show.ids, "seasons": [{"number": 0}]}]})
    by_id = trakt.post("/sync/history", {"seasons": [{"ids": {"tmdb": show.season(1).ids["tmdb"]}}]})

    assert (nested.json["added"]["episodes"], by_id.json["added"]["episodes"]) == (2, 3)


@pytest.mark.parametrize("key", ["season", "episodes", "Seasons"])
def test_a_misspelt_nesting_marks_the_whole_show(trakt: Client, show: Show, key: str) -> None:
    body = {"shows": [{"ids": show.ids, key: [{"number": 1, "number_abs": 1, "episodes": [{"number": 1}]}]}]}

    assert trakt.post("/sync/history", body).json["added"]["episodes"] == 5


def test_the_innermost_date_counts(trakt: Client, show: Show) -> None:
    body = {
        "shows": [
            {
                "ids": show.ids,
                "watched_at": "2011-01-01T00:00:00Z",
                "seasons": [
                    {"number": 0, "episodes": [{"number": 1}]},
                    {
                        "number": 1,
                        "watched_at": "2012-01-01T00:00:00Z",
                        "episodes": [{"number": 1}, {"number": 2, "watched_at": "2013-01-01T00:00:00Z"}],
                    },
                ],
            }
        ]
    }
    trakt.post("/sync/history", body)

    assert [date[:4] for date in dates(trakt)] == ["2013", "2012", "2011"]


def test_a_title_has_its_own_list(trakt: Client, film: Movie, show: Show) -> None:
    account = trakt.simulator.account
    play = account.watch(film)
    account.watch(show.episode(0, 1))
    account.watch(show.episode(1, 2))

    def ids(path: str) -> list[int]:
        return [row["id"] for row in trakt.get(f"/sync/history/{path}").json]

    assert ids(f"movies/{film.trakt}") == [play.id] == ids("movies")
    assert len(ids(f"shows/{show.trakt}")) == len(ids("episodes")) == len(ids("shows")) == 2
    assert len(ids(f"seasons/{show.season(1).trakt}")) == 1
    assert ids(f"episodes/{show.episode(1, 1).trakt}") == []
    assert trakt.get("/sync/history/movies/999999").status == 404


def test_an_item_is_removed_with_all_its_plays(trakt: Client, film: Movie, show: Show) -> None:
    for _ in range(5):
        trakt.simulator.account.watch(film)
    answer = trakt.post("/sync/history/remove", {"movies": [{"ids": film.ids}], "shows": [{"ids": show.ids}]})

    assert answer.status == 200
    assert answer.json == {"deleted": {"movies": 5, "episodes": 0}, "not_found": {**NOTHING, "ids": []}}
    assert dates(trakt) == []


def test_one_play_goes_by_its_id_alone(trakt: Client, film: Movie) -> None:
    plays: list[Play] = [trakt.simulator.account.watch(film) for _ in range(2)]
    answer = trakt.post("/sync/history/remove", {"ids": [plays[0].id, 23, 42]})

    assert answer.json["deleted"] == {"movies": 1, "episodes": 0}
    assert answer.json["not_found"]["ids"] == [23, 42]
    assert [row["id"] for row in trakt.get("/sync/history").json] == [plays[1].id]


def test_episodes_are_removed_by_number_under_their_show(trakt: Client, show: Show) -> None:
    for episode in show.episodes():
        trakt.simulator.account.watch(episode)
    nested = {"shows": [{"ids": show.ids, "seasons": [{"number": 1, "episodes": [{"number": 2}]}]}]}

    assert trakt.post("/sync/history/remove", nested).json["deleted"]["episodes"] == 1
    season = {"seasons": [{"ids": show.season(0).ids}]}
    assert trakt.post("/sync/history/remove", season).json["deleted"]["episodes"] == 2
    assert trakt.post("/sync/history/remove", {"shows": [{"ids": show.ids}]}).json["deleted"]["episodes"] == 3


def test_a_play_takes_its_film_or_show_off_the_watchlist(trakt: Client, film: Movie, show: Show) -> None:
    account = trakt.simulator.account
    for title in (film, show, show.season(1), show.episode(1, 1), show.episode(1, 2)):
        account.put_on_watchlist(title)
    watch(trakt, film)
    trakt.post("/sync/history", {"episodes": [{"ids": show.episode(1, 1).ids}]})

    assert list(account.watchlist) == [show.season(1), show.episode(1, 2)]


def test_past_the_limit_a_post_is_refused_whole(trakt: Client, film: Movie) -> None:
    trakt.simulator.account.limits.plays = 2
    body = {"movies": [{"ids": film.ids}] * 3}
    refused = trakt.post("/sync/history", body)

    assert refused.status == 420
    assert refused.headers["x-account-limit"] == "2"
    assert refused.headers["x-upgrade-url"].startswith("https://")
    assert refused.headers["x-vip-user"] == "false"
    assert dates(trakt) == []
    trakt.simulator.limit_headers = False
    assert "x-account-limit" not in trakt.post("/sync/history", body).headers


def test_a_merged_title_is_not_found_but_its_plays_stay(trakt: Client, film: Movie) -> None:
    trakt.simulator.account.watch(film)
    trakt.simulator.catalogue.merge(film)

    assert watch(trakt, film)["not_found"]["movies"] == [{"ids": film.ids}]
    assert trakt.get(f"/sync/history/movies/{film.trakt}").status == 404
    assert len(dates(trakt)) == 1
