"""Broken answers, before and after the write."""

from datetime import UTC, datetime

import msgspec
import pytest

from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.simulator import Fault, broken
from tests.simulation.client import Answer, Client, fresh


@pytest.fixture
def trakt() -> Client:
    client = fresh()
    for _ in range(5):
        client.simulator.catalogue.movie()
    return client


def send(trakt: Client, fault: Fault | None = None, room: str = "history", **fields: object) -> Answer:
    """Five films in one POST."""
    if fault is not None:
        trakt.simulator.fail_next(fault, method="POST")
    films = [{"ids": film.ids, **fields} for film in trakt.simulator.catalogue.movies]
    return trakt.post(f"/sync/{room}", {"movies": films})


def done(trakt: Client) -> int:
    return len(trakt.simulator.account.plays)


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("status", [*range(400, 430), *range(500, 505), *range(520, 525)])
def test_any_status_comes_before_or_after_the_write(trakt: Client, status: int, before: bool) -> None:
    assert send(trakt, broken.server_error(status, before=before)).status == status
    assert done(trakt) == (0 if before else 5)


def test_an_answer_can_be_cut_empty_a_web_page_or_of_another_shape(trakt: Client) -> None:
    whole = send(trakt)
    cut = send(trakt, broken.cut_json())
    page = send(trakt, broken.no_json())
    other = send(trakt, broken.wrong_shape())

    assert cut.body == whole.body[: len(whole.body) // 2]
    with pytest.raises(msgspec.DecodeError):
        _ = cut.json
    assert (send(trakt, broken.empty()).body, other.json) == (b"", {"data": None})
    assert (page.status, page.headers["content-type"]) == (201, "text/html; charset=UTF-8")
    assert "x-request-id" not in page.headers
    assert {one.status for one in (cut, other)} == {201}
    assert done(trakt) == 25


@pytest.mark.parametrize("before", [True, False])
def test_a_web_page_can_come_under_any_status(trakt: Client, before: bool) -> None:
    answer = send(trakt, broken.no_json(503, before=before))

    assert (answer.status, answer.body[:9]) == (503, b"<!DOCTYPE")
    assert done(trakt) == (0 if before else 5)


def test_counts_may_be_too_small_though_all_was_applied(trakt: Client) -> None:
    assert send(trakt, broken.miscounted(-2)).json["added"]["movies"] == 3
    assert done(trakt) == 5
    assert send(trakt, broken.miscounted(-99)).json["added"] == {"movies": 0, "episodes": 0}
    assert send(trakt, broken.miscounted(+1), room="history/remove").json["deleted"]["movies"] == 11
    assert done(trakt) == 0


@pytest.mark.parametrize(
    ("room", "fields", "list_"),
    [
        ("history", {}, "/sync/history"),
        ("ratings", {"rating": 7}, "/sync/ratings"),
        ("watchlist", {}, "/sync/watchlist"),
        ("collection", {}, "/sync/collection/movies"),
    ],
)
def test_counts_may_be_as_sent_though_some_were_not_applied(
    trakt: Client, room: str, fields: dict[str, object], list_: str
) -> None:
    answer = send(trakt, broken.skipping(2), room, **fields)

    assert answer.json["added"]["movies"] == 5
    assert len(trakt.get(list_).json) == 3


@pytest.mark.parametrize("room", ["history", "ratings", "watchlist"])
def test_a_removal_can_be_done_in_part(trakt: Client, room: str) -> None:
    send(trakt, room=room, rating=7)

    assert send(trakt, broken.skipping(1), f"{room}/remove").json["deleted"]["movies"] == 5
    assert len(trakt.get(f"/sync/{room}").json) == 1


@pytest.mark.parametrize("applies", [0, 2])
@pytest.mark.parametrize("headers", [True, False])
def test_a_420_comes_in_whole_or_in_part_with_headers_or_without(
    trakt: Client, applies: int, headers: bool
) -> None:
    answer = send(trakt, broken.account_limit(3, applies=applies, headers=headers, body=b"VIP only"))

    assert (answer.status, answer.body, done(trakt)) == (420, b"VIP only", applies)
    assert answer.headers.get("x-account-limit") == ("3" if headers else None)


@pytest.mark.parametrize(
    ("room", "limit"),
    [("history", "plays"), ("ratings", "ratings"), ("watchlist", "watchlist"), ("collection", "collection")],
)
def test_a_full_list_can_take_what_still_fits(trakt: Client, room: str, limit: str) -> None:
    setattr(trakt.simulator.account.limits, limit, 3)
    trakt.simulator.limit_in_part = True
    trakt.simulator.limit_body = b"<html>"
    list_ = f"/sync/{room}/movies"
    refused = send(trakt, room=room, rating=7)

    assert (refused.status, refused.body, len(trakt.get(list_).json)) == (420, b"<html>", 3)


def test_a_full_list_of_ratings_still_takes_what_was_rated_before(trakt: Client) -> None:
    account, films = trakt.simulator.account, trakt.simulator.catalogue.movies
    account.limits.ratings, trakt.simulator.limit_in_part = 1, True
    account.rate(films[4], 1)

    assert send(trakt, room="ratings", rating=9).status == 420
    assert {title: row.rating for title, row in account.ratings.items()} == {films[4]: 9}


@pytest.mark.parametrize("before", [True, False])
def test_locked_vip_only_and_conflict_stand_before_or_after_the_write(trakt: Client, before: bool) -> None:
    locked = send(trakt, broken.locked(before=before))
    vip = send(trakt, broken.vip_only(before=before))
    conflict = send(trakt, broken.conflict(before=before))

    assert (locked.status, locked.headers["x-account-locked"]) == (423, "true")
    assert (vip.status, vip.headers["x-upgrade-url"], conflict.status) == (426, "https://trakt.tv/vip", 409)
    assert done(trakt) == (0 if before else 15)
    assert send(trakt, broken.locked(deactivated=True)).headers["x-account-deactivated"] == "true"
    assert "x-account-locked" not in send(trakt, broken.locked(headers=False)).headers


def test_429_tells_the_wait_in_seconds_as_a_date_or_not(trakt: Client) -> None:
    date = datetime(2026, 1, 15, 12, 5, tzinfo=UTC)
    told = [send(trakt, broken.too_many(wait)).headers.get("retry-after") for wait in (7, date, None)]

    assert told == ["7", "Thu, 15 Jan 2026 12:05:00 GMT", None]


def test_the_cdn_can_refuse_one_page_or_block_all_amid_a_walk(trakt: Client) -> None:
    clock = ManualClock()
    trakt = fresh(clock)
    trakt.simulator.fail_next(broken.cdn_block(143), path_prefix="/sync/history", after=1)
    statuses = [trakt.get(f"/sync/history?page={page}").status for page in (1, 2, 3)]
    trakt.simulator.between_pages(lambda: trakt.simulator.block(300), after_page=1)
    blocked = [trakt.get(f"/sync/history?page={page}") for page in (1, 2, 3)]
    clock.advance(300)

    assert statuses == [200, 429, 200]
    assert [one.status for one in blocked] == [200, 429, 429]
    assert "x-ratelimit" not in blocked[1].headers
    assert trakt.oauth("device/code").status == 200


def test_a_page_may_lose_its_headers_of_paging(trakt: Client) -> None:
    trakt.simulator.fail_next(broken.no_paging_headers())

    assert "x-pagination-page" not in trakt.get("/sync/history").headers
    assert "x-pagination-page" in trakt.get("/sync/history").headers


def test_names_of_headers_are_sent_in_lower_case(trakt: Client) -> None:
    answer = send(trakt, Fault(status=503, headers={"Retry-After": "30", "Content-Type": "text/html"}))

    assert (answer.headers["retry-after"], "x-request-id" in answer.headers) == ("30", False)
    assert all(name == name.lower() for name in answer.headers)
