"""The watchlist."""

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
    return trakt.simulator.catalogue.show(seasons={1: 2, 2: 2})


def test_what_is_new_is_added_and_what_is_there_exists(
    trakt: Client, clock: ManualClock, film: Movie
) -> None:
    clock.advance(5.5)
    body = {"movies": [{"ids": film.ids}]}
    first, second = trakt.post("/sync/watchlist", body), trakt.post("/sync/watchlist", body)
    listed = {"updated_at": "2026-01-15T12:00:05.000Z", "item_count": 1}

    assert (first.status, second.status) == (201, 201)
    assert first.json == {
        "added": {**NONE, "movies": 1},
        "existing": NONE,
        "not_found": NOT_FOUND,
        "list": listed,
    }
    assert second.json == {
        "added": NONE,
        "existing": {**NONE, "movies": 1},
        "not_found": NOT_FOUND,
        "list": listed,
    }
    (row,) = trakt.get("/sync/watchlist").json
    assert row == {
        "rank": 1,
        "id": row["id"],
        "listed_at": "2026-01-15T12:00:05.000Z",
        "notes": None,
        "type": "movie",
        "movie": film.short(),
    }


def test_a_show_is_itself_or_what_stands_below_it(trakt: Client, show: Show) -> None:
    trakt.post("/sync/watchlist", {"shows": [{"ids": show.ids}]})
    trakt.post("/sync/watchlist", {"shows": [{"ids": show.ids, "seasons": [{"number": 2}]}]})
    nested = {"seasons": [{"number": 1, "episodes": [{"number": 2}]}]}
    trakt.post("/sync/watchlist", {"shows": [{"ids": show.ids, **nested}]})
    rows = trakt.get("/sync/watchlist").json

    assert [row["type"] for row in rows] == ["show", "season", "episode"]
    assert rows[1]["season"] == {"number": 2, "ids": show.season(2).ids}
    assert rows[2]["episode"]["title"] == "Chapter 2"
    assert rows[1]["show"] == rows[2]["show"] == show.short()


def test_removing_counts_what_was_there_and_minds_nothing_else(
    trakt: Client, film: Movie, show: Show
) -> None:
    trakt.post("/sync/watchlist", {"movies": [{"ids": film.ids}]})
    answer = trakt.post(
        "/sync/watchlist/remove", {"movies": [{"ids": film.ids}], "shows": [{"ids": show.ids}]}
    )

    assert answer.status == 200
    assert answer.json["deleted"] == {**NONE, "movies": 1}
    assert answer.json["not_found"] == NOT_FOUND
    assert answer.json["list"]["item_count"] == 0


def test_asked_by_type_the_header_counts_the_whole_list(trakt: Client, show: Show) -> None:
    for _ in range(120):
        trakt.simulator.account.put_on_watchlist(trakt.simulator.catalogue.movie())
    trakt.simulator.account.put_on_watchlist(show)
    answer = trakt.get("/sync/watchlist/shows")

    assert len(answer.json) == 1
    assert answer.json[0]["rank"] == 121
    assert answer.headers["x-pagination-item-count"] == "121"
    assert answer.headers["x-pagination-page-count"] == "2"
    assert len(trakt.get("/sync/watchlist/movie,show?limit=250").json) == 121
    assert trakt.get("/sync/watchlist/books").status == 404


def test_a_list_can_be_sorted(trakt: Client) -> None:
    for title, year in (("Salt Ferry", 2001), ("Amber Tide", 2020), ("Last Chorus", 1950)):
        trakt.simulator.account.put_on_watchlist(trakt.simulator.catalogue.movie(title, year))

    def titles(path: str) -> list[str]:
        return [row["movie"]["title"] for row in trakt.get(f"/sync/watchlist/movies/{path}").json]

    assert titles("rank") == ["Salt Ferry", "Amber Tide", "Last Chorus"]
    assert titles("rank/desc") == ["Last Chorus", "Amber Tide", "Salt Ferry"]
    assert titles("title/asc") == ["Amber Tide", "Last Chorus", "Salt Ferry"]
    assert titles("released/desc") == ["Amber Tide", "Salt Ferry", "Last Chorus"]
    headers = trakt.get("/sync/watchlist/movies/title/desc").headers
    assert (headers["x-sort-by"], headers["x-sort-how"]) == ("title", "desc")


def test_a_full_list_takes_nothing_of_what_crosses_the_limit(trakt: Client, film: Movie) -> None:
    trakt.simulator.account.limits.watchlist = 2
    trakt.post("/sync/watchlist", {"movies": [{"ids": film.ids}]})
    new = [{"ids": trakt.simulator.catalogue.movie().ids} for _ in range(2)]
    refused = trakt.post("/sync/watchlist", {"movies": new})

    assert (refused.status, refused.headers["x-account-limit"]) == (420, "2")
    assert len(trakt.get("/sync/watchlist").json) == 1
    assert trakt.post("/sync/watchlist", {"movies": new[:1]}).status == 201
    assert trakt.post("/sync/watchlist", {"movies": [{"ids": film.ids}]}).json["existing"]["movies"] == 1


def test_notes_are_for_vip(trakt: Client, film: Movie) -> None:
    body = {"movies": [{"ids": film.ids, "notes": "n" * 600}]}
    trakt.post("/sync/watchlist", body)
    plain = trakt.get("/sync/watchlist").json[0]["notes"]
    trakt.post("/sync/watchlist/remove", body)
    trakt.simulator.account.vip = True
    trakt.post("/sync/watchlist", body)

    assert plain is None
    assert trakt.get("/sync/watchlist").json[0]["notes"] == "n" * 500


def test_an_orphaned_row_cannot_be_removed(trakt: Client, film: Movie) -> None:
    trakt.simulator.account.put_on_watchlist(film)
    trakt.simulator.catalogue.merge(film)
    answer = trakt.post("/sync/watchlist/remove", {"movies": [{"ids": film.ids}]}).json

    assert answer["not_found"]["movies"] == [{"ids": film.ids}]
    assert answer["list"]["item_count"] == 1
