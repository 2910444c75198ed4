"""What is applied later, what other devices do, and what happens between requests."""

import threading
from collections.abc import Mapping

import pytest
from returns.result import Failure

from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.simulator import Fault, SimulatorTransport, broken
from crosswatch_trakt.adapters.simulator.faults import ConnectionCut
from crosswatch_trakt.application.ports import Request
from crosswatch_trakt.domain.problems import AnswerLost
from tests.simulation.client import BASE_URL, Client, fresh


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def trakt(clock: ManualClock) -> Client:
    client = fresh(clock)
    for _ in range(5):
        client.simulator.catalogue.movie()
    return client


def body(trakt: Client) -> dict[str, object]:
    return {"movies": [{"ids": trakt.simulator.catalogue.movies[0].ids}]}


def plays(trakt: Client) -> int:
    return len(trakt.get("/sync/history").json)


def test_a_write_can_be_applied_after_its_answer(trakt: Client, clock: ManualClock) -> None:
    trakt.simulator.fail_next(Fault(status=504, late_s=30))

    assert trakt.post("/sync/history", body(trakt)).status == 504
    clock.advance(29)
    assert (plays(trakt), len(trakt.simulator.agenda)) == (0, 1)
    clock.advance(1)
    assert (plays(trakt), len(trakt.simulator.agenda)) == (1, 0)


def test_it_is_dated_when_it_fell_due_though_seen_later(trakt: Client, clock: ManualClock) -> None:
    trakt.simulator.fail_next(Fault(lost=True, late_s=30))
    with pytest.raises(ConnectionCut):
        trakt.post("/sync/history", body(trakt))
    clock.advance(3600)
    trakt.simulator.settle()

    (play,) = trakt.simulator.account.plays
    assert play.minute == 1768478400
    stamps = trakt.get("/sync/last_activities").json
    assert stamps["movies"]["watched_at"] == stamps["all"] == "2026-01-15T12:00:30.000Z"


def test_it_may_never_be_applied(trakt: Client, clock: ManualClock) -> None:
    for fault in (Fault(lost=True), Fault(lost=True, late_s=30)):
        trakt.simulator.fail_next(fault)
        with pytest.raises(ConnectionCut):
            trakt.post("/sync/history", body(trakt))
    trakt.simulator.agenda.clear()
    clock.advance(3600)

    assert plays(trakt) == 0


def test_only_a_part_may_be_applied_late(trakt: Client, clock: ManualClock) -> None:
    films = [{"ids": film.ids} for film in trakt.simulator.catalogue.movies]
    trakt.simulator.fail_next(Fault(status=502, late_s=5, applies=2))
    trakt.post("/sync/history", {"movies": films})
    clock.advance(5)

    assert plays(trakt) == 2


def test_what_the_door_refuses_is_not_applied_later(trakt: Client, clock: ManualClock) -> None:
    trakt.simulator.fail_next(Fault(status=504, late_s=5))
    trakt.send("POST", "/sync/history", body(trakt), without="Authorization")
    clock.advance(5)

    assert plays(trakt) == 0


def test_a_refresh_can_rotate_late(trakt: Client, clock: ManualClock) -> None:
    old = trakt.simulator.account.refresh_token
    trakt.simulator.fail_next(Fault(status=504, late_s=5), path_prefix="/oauth/token")
    trakt.oauth("token", grant_type="refresh_token", refresh_token=old)
    assert trakt.simulator.account.refresh_token == old
    clock.advance(5)
    trakt.simulator.settle()

    assert trakt.simulator.account.refresh_token != old


@pytest.mark.parametrize("before", [True, False])
def test_a_time_out_takes_the_client_its_patience(trakt: Client, clock: ManualClock, before: bool) -> None:
    trakt.simulator.fail_next(Fault(timed_out=True, before=before))
    sent = b'{"movies":[{"ids":{"trakt":1001}}]}'
    request = Request("POST", f"{BASE_URL}/sync/history", trakt.simulator.headers(), sent, timeout_s=20)
    result = SimulatorTransport(trakt.simulator).send(request)

    assert result == Failure(AnswerLost(f"POST {BASE_URL}/sync/history", "timed out"))
    assert (clock.monotonic(), clock.slept) == (20, [])
    assert len(trakt.simulator.account.plays) == (0 if before else 1)


def test_a_device_acts_at_its_moments_in_order(trakt: Client, clock: ManualClock) -> None:
    films, simulator = trakt.simulator.catalogue.movies, trakt.simulator
    device = simulator.device()
    device.at(20, lambda account: account.unwatch(account.plays.of(films[0]))).at(
        10, lambda account: account.watch(films[0], 0)
    )
    counts = []
    for _ in range(3):
        counts.append(plays(trakt))
        clock.advance(10)

    assert counts == [0, 1, 0]
    stamps = trakt.get("/sync/last_activities").json
    assert stamps["movies"]["watched_at"] == "2026-01-15T12:00:20.000Z"


def test_a_device_can_be_of_another_person(trakt: Client, clock: ManualClock) -> None:
    ben = trakt.simulator.add_account("ben", "uuid-of-ben")
    trakt.simulator.device(ben).at(0, lambda account: account.watch(trakt.simulator.catalogue.movies[0]))

    assert (plays(trakt), len(ben.plays)) == (0, 1)


def test_a_play_of_another_device_comes_between_two_pages(trakt: Client) -> None:
    account, films = trakt.simulator.account, trakt.simulator.catalogue.movies
    for minute in range(4):
        account.watch(films[0], 60 * minute)
    trakt.simulator.between_pages(
        lambda: account.watch(films[1], 60_000), after_page=1, path_prefix="/sync/history"
    )
    trakt.get("/sync/ratings?page=1")
    pages = [trakt.get(f"/sync/history?limit=2&page={page}") for page in (1, 2, 3)]
    ids = [row["id"] for page in pages for row in page.json]

    assert [len(page.json) for page in pages] == [2, 2, 1]
    assert (len(ids), len(set(ids))) == (5, 4), "one came twice"
    assert [page.headers["x-pagination-item-count"] for page in pages] == ["4", "5", "5"]


def test_a_removal_between_two_pages_loses_a_row(trakt: Client) -> None:
    account, film = trakt.simulator.account, trakt.simulator.catalogue.movies[0]
    for minute in range(4):
        account.watch(film, 60 * minute)
    trakt.simulator.between_pages(lambda: account.unwatch([account.plays.of(film)[-1]]))
    pages = [trakt.get(f"/sync/history?limit=2&page={page}").json for page in (1, 2)]

    assert [len(page) for page in pages] == [2, 1]


def test_a_hook_sees_each_request_before_it_is_answered(trakt: Client) -> None:
    seen: list[tuple[str, str, Mapping[str, str]]] = []
    end = trakt.simulator.on_request(lambda *request: seen.append(request))
    film = trakt.simulator.catalogue.movies[0]
    trakt.simulator.on_request(lambda method, path, query: trakt.simulator.account.watch(film, 0))

    assert len(trakt.get("/sync/history?limit=5&page=1").json) == 1
    end()
    trakt.post("/sync/history", {})
    trakt.simulator.forgive()
    trakt.get("/sync/history")

    assert seen == [("GET", "/sync/history", {"limit": "5", "page": "1"})]
    assert len(trakt.simulator.account.plays) == 2


def test_a_fault_can_stand_until_forgiven_or_strike_by_chance(trakt: Client) -> None:
    trakt.simulator.fail_next(broken.server_error(503), times=None)
    standing = {trakt.get("/sync/ratings").status for _ in range(20)}
    trakt.simulator.forgive()
    trakt.simulator.fail_next(broken.server_error(503), times=None, share=0.3)
    struck = [trakt.get("/sync/ratings").status for _ in range(200)]

    assert standing == {503}
    assert 30 < struck.count(503) < 90
    other = fresh()
    other.simulator.fail_next(broken.server_error(503), times=None, share=0.3)
    assert [other.get("/sync/ratings").status for _ in range(200)] == struck


def test_everything_at_once_and_from_many_threads(trakt: Client, clock: ManualClock) -> None:
    """Eight clients, lag, hiding, hooks, a device and late writes: no play is lost or made up."""
    simulator, films = trakt.simulator, trakt.simulator.catalogue.movies
    simulator.lag.everywhere(5)
    simulator.paging_faults.count_off = 1
    simulator.on_request(lambda method, path, query: clock.advance(0.25))
    simulator.fail_next(Fault(status=504, late_s=3), method="POST", times=None, share=0.5)
    simulator.device().at(4, lambda account: account.hide(films[0]))

    def work() -> None:
        for number in range(20):
            trakt.post("/sync/history", {"movies": [{"ids": films[number % 5].ids}]})
            trakt.get("/sync/history?limit=50")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    clock.advance(60)
    simulator.settle()

    assert len(simulator.account.plays) == 160
    assert simulator.account.hidden.covers(films[0])
    answer = trakt.get("/sync/history?limit=250")
    assert (len(answer.json), answer.headers["x-pagination-item-count"]) == (128, "161")
