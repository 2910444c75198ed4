"""Tags that are not what they seem."""

import pytest

from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.simulator import Fault
from tests.simulation.client import Client, fresh


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def trakt(clock: ManualClock) -> Client:
    client = fresh(clock)
    client.simulator.account.put_on_watchlist(client.simulator.catalogue.movie())
    clock.advance(60)
    return client


def test_a_304_may_be_wrong(trakt: Client) -> None:
    tag = trakt.get("/sync/watchlist").headers["etag"]
    trakt.simulator.account.put_on_watchlist(trakt.simulator.catalogue.movie())
    trakt.simulator.tags = "always_304"
    answer = trakt.get("/sync/watchlist", If_None_Match=tag)

    assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", tag)
    assert len(trakt.get("/sync/watchlist").json) == 2


def test_a_matching_tag_may_be_answered_by_a_stale_200(trakt: Client) -> None:
    old = trakt.get("/sync/watchlist")
    trakt.simulator.account.put_on_watchlist(trakt.simulator.catalogue.movie())
    tag = trakt.get("/sync/watchlist").headers["etag"]
    trakt.simulator.fail_next(Fault(tags="ignored", stale_s=30))
    stale = trakt.get("/sync/watchlist", If_None_Match=tag)

    assert (stale.status, stale.body, stale.headers["etag"]) == (200, old.body, old.headers["etag"])
    assert trakt.get("/sync/watchlist", If_None_Match=tag).status == 304


def test_tags_can_be_ignored(trakt: Client) -> None:
    tag = trakt.get("/sync/watchlist").headers["etag"]
    trakt.simulator.tags = "ignored"

    assert trakt.get("/sync/watchlist", If_None_Match=tag).status == 200


def test_one_304_can_be_wrong(trakt: Client) -> None:
    trakt.simulator.fail_next(Fault(tags="always_304"))

    assert [trakt.get("/sync/watchlist", If_None_Match='W/"x"').status for _ in range(2)] == [304, 200]
