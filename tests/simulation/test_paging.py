"""How lists are cut, and the tags of pages."""

import pytest

from tests.simulation.client import Answer, Client, fresh


@pytest.fixture
def trakt() -> Client:
    client = fresh()
    film = client.simulator.catalogue.movie()
    for minute in range(620):
        client.simulator.account.watch(film, minute * 60)
    return client


def paging(answer: Answer) -> list[int]:
    return [
        int(answer.headers[f"x-pagination-{name}"]) for name in ("page", "limit", "page-count", "item-count")
    ]


def test_without_limit_a_page_holds_100(trakt: Client) -> None:
    answer = trakt.get("/sync/history")

    assert (len(answer.json), paging(answer)) == (100, [1, 100, 7, 620])


def test_a_limit_above_250_is_cut_without_a_word(trakt: Client) -> None:
    answer = trakt.get("/sync/history?limit=1000&page=3")

    assert (len(answer.json), paging(answer)) == (120, [3, 250, 3, 620])


def test_past_the_last_page_there_are_no_rows(trakt: Client) -> None:
    answer = trakt.get("/sync/history?limit=250&page=4")

    assert (answer.status, answer.json, paging(answer)) == (200, [], [4, 250, 3, 620])


def test_an_empty_list_has_page_count_zero() -> None:
    assert paging(fresh().get("/sync/history/movies")) == [1, 100, 0, 0]


@pytest.mark.parametrize("limit", ["all", "0", "-5", "x"])
def test_a_limit_that_is_no_number_counts_as_none(trakt: Client, limit: str) -> None:
    assert paging(trakt.get(f"/sync/history?limit={limit}&page={limit}")) == [1, 100, 7, 620]


def test_pages_together_are_the_list(trakt: Client) -> None:
    pages = [trakt.get(f"/sync/history?limit=100&page={page}").json for page in range(1, 8)]
    ids = [row["id"] for page in pages for row in page]

    assert len(set(ids)) == len(ids) == 620
    assert ids == [play.id for play in reversed(list(trakt.simulator.account.plays))]


def test_a_page_that_is_known_is_not_sent_again(trakt: Client) -> None:
    first, second = trakt.get("/sync/history?page=1"), trakt.get("/sync/history?page=2")
    tag = first.headers["etag"]
    same = trakt.get("/sync/history?page=1", If_None_Match=tag)

    assert tag.startswith('W/"')
    assert tag != second.headers["etag"]
    assert (same.status, same.body, same.headers["etag"]) == (304, b"", tag)
    assert paging(same) == paging(first)
    assert trakt.get("/sync/history?page=2", If_None_Match=tag).status == 200


def test_a_tag_dies_with_its_page(trakt: Client) -> None:
    tag = trakt.get("/sync/watchlist").headers["etag"]
    trakt.simulator.account.put_on_watchlist(trakt.simulator.catalogue.movies[0])

    assert trakt.get("/sync/watchlist", If_None_Match=tag).status == 200
