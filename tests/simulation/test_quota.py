"""How many requests a user may send, and what happens beyond."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest

from crosswatch_trakt.adapters.clock import ManualClock
from tests.simulation.client import AUTH_URL, Answer, Client, fresh


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def trakt(clock: ManualClock) -> Client:
    return fresh(clock, quota=True)


def ratelimit(answer: Answer) -> Any:
    return msgspec.json.decode(answer.headers["x-ratelimit"])


def test_a_good_answer_tells_the_budget(trakt: Client) -> None:
    trakt.get("/sync/last_activities")

    assert ratelimit(trakt.get("/sync/last_activities")) == {
        "name": "AUTHED_API_GET_LIMIT",
        "period": 300,
        "limit": 500,
        "remaining": 498,
        "until": "2026-01-15T12:05:00Z",
    }


def test_the_request_past_the_budget_waits_for_the_next_window(trakt: Client, clock: ManualClock) -> None:
    trakt.simulator.quota.gets = 3
    statuses = [trakt.get("/sync/last_activities").status for _ in range(3)]
    clock.advance(60)
    refused = trakt.get("/sync/last_activities")
    clock.advance(240)

    assert statuses == [200] * 3
    assert (refused.status, refused.headers["retry-after"]) == (429, "240")
    assert ratelimit(refused)["remaining"] == 0
    assert trakt.get("/sync/last_activities").status == 200


def test_one_write_a_second_passes_and_a_refused_one_does_nothing(trakt: Client, clock: ManualClock) -> None:
    film = trakt.simulator.catalogue.movie()
    body = {"movies": [{"ids": film.ids}]}
    first, second = trakt.post("/sync/history", body), trakt.post("/sync/history", body)
    clock.advance(1)

    assert (first.status, second.status, second.headers["retry-after"]) == (201, 429, "1")
    assert ratelimit(second)["name"] == "AUTHED_API_POST_LIMIT"
    assert len(trakt.simulator.account.plays) == 1
    assert trakt.post("/sync/history", body).status == 201


def test_each_user_has_a_budget_and_the_app_without_a_user_one(trakt: Client) -> None:
    trakt.simulator.quota.gets = 1
    film = trakt.simulator.catalogue.movie()
    other = trakt.simulator.add_account("ben", "uuid-of-ben")
    trakt.get("/sync/last_activities")

    assert trakt.get("/sync/last_activities").status == 429
    assert trakt.get("/sync/last_activities", Authorization=f"Bearer {other.access_token}").status == 200
    public = trakt.send("GET", f"/movies/{film.trakt}", without="Authorization")
    assert ratelimit(public)["name"] == "UNAUTHED_API_GET_LIMIT"


def test_the_cdn_blocks_every_path_in_html_for_five_minutes(trakt: Client, clock: ManualClock) -> None:
    trakt.simulator.quota.gets, trakt.simulator.quota.cdn = 1, True
    trakt.get("/sync/last_activities")
    first = trakt.get("/sync/last_activities")
    clock.advance(157)
    later = trakt.send("POST", "/oauth/device/code", {}, host=AUTH_URL)
    clock.advance(143)

    assert (first.status, first.headers["retry-after"]) == (429, "300")
    assert (later.status, later.headers["retry-after"]) == (429, "143")
    for answer in (first, later):
        assert answer.headers["server"] == "cloudflare"
        assert answer.headers["content-type"].startswith("text/html")
        assert "x-ratelimit" not in answer.headers
    assert trakt.get("/sync/last_activities").status == 200


def test_the_budgets_can_be_lifted(trakt: Client) -> None:
    trakt.simulator.quota.gets = trakt.simulator.quota.writes = None

    assert {trakt.get("/sync/last_activities").status for _ in range(600)} == {200}
    assert {trakt.post("/sync/history", {}).status for _ in range(5)} == {201}
    assert "x-ratelimit" not in trakt.get("/sync/last_activities").headers


def test_an_erratic_header_is_off_but_the_budget_is_not(trakt: Client) -> None:
    trakt.simulator.quota.gets, trakt.simulator.quota.erratic = 20, 10
    told = [ratelimit(trakt.get("/sync/last_activities"))["remaining"] for _ in range(20)]

    assert told != sorted(told, reverse=True)
    assert trakt.get("/sync/last_activities").status == 429


def test_a_header_may_be_that_of_a_cached_answer(trakt: Client) -> None:
    trakt.simulator.quota.until_off_s = -600

    assert ratelimit(trakt.get("/sync/last_activities"))["until"] == "2026-01-15T11:55:00Z"


def test_remaining_may_jump_by_hundreds(trakt: Client) -> None:
    trakt.simulator.quota.erratic = 200
    told = [ratelimit(trakt.get("/sync/last_activities"))["remaining"] for _ in range(100)]

    assert max(abs(one - other) for one, other in pairwise(told)) > 100
    assert all(0 <= one <= 500 for one in told)


@pytest.mark.parametrize(
    ("rule", "told"), [("seconds", "300"), ("date", "Thu, 15 Jan 2026 12:05:00 GMT"), ("missing", None)]
)
def test_a_429_may_tell_the_wait_as_a_date_or_not_at_all(trakt: Client, rule: str, told: str | None) -> None:
    trakt.simulator.quota.gets = 0
    trakt.simulator.quota.retry_after = rule  # type: ignore[assignment]  # one of the three above
    answer = trakt.get("/sync/last_activities")

    assert (answer.status, answer.headers.get("retry-after")) == (429, told)
