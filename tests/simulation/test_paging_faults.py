"""What can be wrong with pages."""

import pytest

from crosswatch_trakt.adapters.simulator import Fault, PagingFaults
from tests.simulation.client import Client, fresh


@pytest.fixture
def trakt() -> Client:
    """Ten plays, in pages of four: 4, 4, 2."""
    client = fresh()
    film = client.simulator.catalogue.movie()
    for minute in range(10):
        client.simulator.account.watch(film, minute * 60)
    return client


def walk(trakt: Client, pages: int = 4) -> list[list[int]]:
    """The plays of each page, numbered from the newest."""
    ids = [play.id for play in reversed(list(trakt.simulator.account.plays))]
    asked = [trakt.get(f"/sync/history?limit=4&page={page}").json for page in range(1, pages + 1)]
    return [[ids.index(row["id"]) for row in rows] for rows in asked]


def announced(trakt: Client) -> tuple[str, str]:
    headers = trakt.get("/sync/history?limit=4").headers
    return headers["x-pagination-item-count"], headers["x-pagination-page-count"]


RIGHT = [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9], []]


@pytest.mark.parametrize(("off", "told"), [(3, ("13", "4")), (-3, ("7", "2")), (-30, ("0", "0"))])
def test_counts_are_off_and_the_rows_are_not(trakt: Client, off: int, told: tuple[str, str]) -> None:
    trakt.simulator.paging_faults.count_off = off

    assert announced(trakt) == told
    assert walk(trakt) == RIGHT


def test_rows_come_again_over_the_borders(trakt: Client) -> None:
    trakt.simulator.paging_faults.repeated = 1

    assert walk(trakt) == [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 8, 9], [9]]
    assert announced(trakt) == ("10", "3")


def test_rows_that_come_again_may_take_the_place_of_others(trakt: Client) -> None:
    trakt.simulator.paging_faults.displaced = 1

    assert walk(trakt) == [[0, 1, 2, 3], [0, 5, 6, 7], [4, 9], []]


def test_a_page_amid_the_others_is_short_or_empty(trakt: Client) -> None:
    trakt.simulator.paging_faults.short_pages = {1: 3, 2: 0}

    assert walk(trakt) == [[0, 1, 2], [], [8, 9], []]
    assert announced(trakt) == ("10", "3")


def test_some_rows_are_all_null_the_same_each_time(trakt: Client) -> None:
    trakt.simulator.paging_faults.null_rows = 2
    first, again = (trakt.get("/sync/history?limit=4") for _ in range(2))
    blank = [row for row in first.json if row["movie"]["title"] is None]

    assert first.body == again.body
    assert len(blank) == 2
    assert all(set(row["movie"]["ids"].values()) == {None} for row in blank)
    assert all(row["id"] and row["watched_at"] for row in blank)


def test_an_episode_is_null_with_its_show(trakt: Client) -> None:
    show = trakt.simulator.catalogue.show(seasons={1: 1})
    trakt.simulator.account.put_on_watchlist(show.episode(1, 1))
    trakt.simulator.paging_faults.null_rows = 1
    (row,) = trakt.get("/sync/watchlist").json

    assert row["show"]["ids"]["trakt"] is row["episode"]["ids"]["trakt"] is row["episode"]["number"] is None


def test_pages_may_announce_nothing(trakt: Client) -> None:
    trakt.simulator.paging_faults.no_headers = True

    assert not [name for name in trakt.get("/sync/history").headers if name.startswith("x-pagination")]
    assert walk(trakt) == RIGHT


def test_they_can_be_bound_to_a_list_and_stand_together(trakt: Client) -> None:
    trakt.simulator.paging_faults = PagingFaults(
        "/sync/history/movies", count_off=2, repeated=1, short_pages={2: 1}
    )
    pages = [trakt.get(f"/sync/history/movies?limit=4&page={page}") for page in (1, 2, 3)]

    assert [len(page.json) for page in pages] == [4, 1, 4]
    assert pages[0].headers["x-pagination-item-count"] == "12"
    assert walk(trakt) == RIGHT


def test_one_request_can_have_them(trakt: Client) -> None:
    fault = Fault(paging=PagingFaults(short_pages={2: 0}, count_off=1))
    trakt.simulator.fail_next(fault, path_prefix="/sync/history", after=1)

    assert walk(trakt) == [[0, 1, 2, 3], [], [8, 9], []]


def test_the_ledger_can_be_miscounted_too(trakt: Client) -> None:
    trakt.simulator.paging_faults = PagingFaults("/users/me/watched", count_off=-1)

    answer = trakt.get("/users/me/watched/movies?extended=min")
    assert (len(answer.json), answer.headers["x-pagination-item-count"]) == (1, "0")


def test_ratings_without_limit_have_no_pages_to_be_wrong(trakt: Client) -> None:
    trakt.simulator.account.rate(trakt.simulator.catalogue.movies[0], 7)
    trakt.simulator.paging_faults.repeated = trakt.simulator.paging_faults.displaced = 1

    assert len(trakt.get("/sync/ratings").json) == 1
