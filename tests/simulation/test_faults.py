"""Scripted faults, and the transport in memory."""

import pytest
from returns.pipeline import is_successful
from returns.result import Failure

from crosswatch_trakt.adapters.simulator import Fault, SimulatorTransport
from crosswatch_trakt.adapters.simulator.simulator import Seen
from crosswatch_trakt.application.ports import Request
from crosswatch_trakt.domain.problems import AnswerLost, NotSent
from tests.simulation.client import BASE_URL, Client, fresh


@pytest.fixture
def trakt() -> Client:
    return fresh()


def post_play(trakt: Client) -> Request:
    film = trakt.simulator.catalogue.movie(trakt=614)
    body = b'{"movies":[{"ids":{"trakt":%d}}]}' % film.trakt
    return Request("POST", f"{BASE_URL}/sync/history?key=secret", trakt.simulator.headers(), body)


def test_a_request_is_answered_in_memory(trakt: Client) -> None:
    answer = SimulatorTransport(trakt.simulator).send(post_play(trakt)).unwrap()

    assert answer.status == 201
    assert len(trakt.simulator.account.plays) == 1


@pytest.mark.parametrize("before", [True, False])
def test_a_lost_answer_leaves_open_whether_it_was_obeyed(trakt: Client, before: bool) -> None:
    trakt.simulator.fail_next(Fault(lost=True, before=before))
    result = SimulatorTransport(trakt.simulator).send(post_play(trakt))

    assert result == Failure(AnswerLost(f"POST {BASE_URL}/sync/history", "scripted"))
    assert len(trakt.simulator.account.plays) == (0 if before else 1)
    assert trakt.simulator.requests == [Seen("POST", "/sync/history", "key=secret", None)]


def test_a_refused_connection_reaches_nothing(trakt: Client) -> None:
    trakt.simulator.fail_next(Fault(refused=True))
    result = SimulatorTransport(trakt.simulator).send(post_play(trakt))

    assert result == Failure(NotSent(f"POST {BASE_URL}/sync/history", "scripted"))
    assert len(trakt.simulator.account.plays) == 0
    assert trakt.simulator.requests == []


@pytest.mark.parametrize("before", [True, False])
def test_an_error_may_hide_a_success(trakt: Client, before: bool) -> None:
    trakt.simulator.fail_next(Fault(status=502, body=b"<html>", headers={"retry-after": "30"}, before=before))
    answer = SimulatorTransport(trakt.simulator).send(post_play(trakt)).unwrap()

    assert (answer.status, answer.body, answer.headers["retry-after"]) == (502, b"<html>", "30")
    assert len(trakt.simulator.account.plays) == (0 if before else 1)


def test_a_fault_waits_for_the_request_it_is_meant_for(trakt: Client) -> None:
    trakt.simulator.fail_next(Fault(status=500), method="POST", path_prefix="/sync/ratings", times=2)

    assert trakt.get("/sync/ratings").status == 200
    assert trakt.post("/sync/history", {}).status == 201
    assert [trakt.post("/sync/ratings", {}).status for _ in range(3)] == [500, 500, 201]


def test_faults_happen_in_the_order_given(trakt: Client) -> None:
    for status in (500, 503):
        trakt.simulator.fail_next(Fault(status=status))

    assert [trakt.get("/sync/ratings").status for _ in range(3)] == [500, 503, 200]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"status": 500, "lost": True},
        {"lost": True, "refused": True},
        {"timed_out": True, "lost": True},
        {"refused": True, "before": False},
        {"refused": True, "applies": 1},
        {"late_s": 5},
    ],
)
def test_a_fault_is_one_thing(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"a fault is one of|obeys nothing|has no true answer"):
        Fault(**wrong)  # type: ignore[arg-type]  # the point of the test


def test_the_host_does_not_matter(trakt: Client) -> None:
    request = Request("GET", "http://127.0.0.1:1/sync/history", trakt.simulator.headers())

    assert is_successful(SimulatorTransport(trakt.simulator).send(request))
