"""The simulator as a server on this machine."""

import http.client
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import msgspec
import pytest

from crosswatch_trakt.adapters.clock import SystemClock
from crosswatch_trakt.adapters.simulator import Fault, Simulator, serve
from crosswatch_trakt.adapters.simulator.seed import seeded
from crosswatch_trakt.adapters.simulator.server import RunningServer


@pytest.fixture
def simulator() -> Simulator:
    made = seeded(SystemClock(), plays=500, ratings=20, watchlist=20)
    made.quota.gets = made.quota.writes = None
    return made


@pytest.fixture
def server(simulator: Simulator) -> Iterator[RunningServer]:
    with serve(simulator) as running:
        yield running


def connect(server: RunningServer) -> http.client.HTTPConnection:
    address = urlsplit(server.base_url)
    return http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)


def get(connection: http.client.HTTPConnection, simulator: Simulator, path: str) -> tuple[int, bytes]:
    connection.request("GET", path, headers=simulator.headers())
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_many_requests_go_through_one_connection_without_a_stall(
    server: RunningServer, simulator: Simulator
) -> None:
    connection = connect(server)
    get(connection, simulator, "/sync/last_activities")
    begun = time.perf_counter()
    answers = [get(connection, simulator, "/sync/last_activities") for _ in range(50)]
    took_s = time.perf_counter() - begun
    connection.close()

    assert {status for status, _ in answers} == {200}
    assert took_s < 50 * 0.04, "a delayed acknowledgement costs 40 ms a request"


def test_eight_clients_at_once_are_all_answered_right(server: RunningServer, simulator: Simulator) -> None:
    pages: dict[int, list[int]] = {}

    def read(page: int) -> None:
        connection = connect(server)
        for _ in range(20):
            status, body = get(connection, simulator, f"/sync/history?limit=50&page={page}")
            assert status == 200
            pages[page] = [row["id"] for row in msgspec.json.decode(body)]
        connection.close()

    clients = [threading.Thread(target=read, args=(page,)) for page in range(1, 9)]
    for client in clients:
        client.start()
    for client in clients:
        client.join(timeout=30)

    assert len({play_id for ids in pages.values() for play_id in ids}) == 8 * 50


def test_a_write_and_an_answer_without_body_keep_the_connection(
    server: RunningServer, simulator: Simulator
) -> None:
    connection = connect(server)
    connection.request("GET", "/sync/watchlist", headers=simulator.headers())
    first = connection.getresponse()
    first.read()
    tag = first.headers["etag"]
    connection.request("GET", "/sync/watchlist", headers={**simulator.headers(), "If-None-Match": tag})
    same = connection.getresponse()
    same.read()
    connection.request("POST", "/sync/history", b'{"movies":[]}', simulator.headers())
    written = connection.getresponse()
    written.read()
    connection.close()

    assert (first.status, same.status, written.status) == (200, 304, 201)
    assert len(first.headers.get_all("date", [])) == 1


def test_a_status_of_trakts_own_is_sent(server: RunningServer, simulator: Simulator) -> None:
    simulator.account.limits.plays = 0
    connection = connect(server)
    body = msgspec.json.encode({"movies": [{"ids": simulator.catalogue.movies[0].ids}]})
    connection.request("POST", "/sync/history", body, simulator.headers())
    answer = connection.getresponse()
    connection.close()

    assert (answer.status, answer.headers["x-account-limit"]) == (420, "0")


@pytest.mark.parametrize("fault", [Fault(lost=True), Fault(lost=True, before=False), Fault(refused=True)])
def test_a_lost_answer_is_a_cut_connection(server: RunningServer, simulator: Simulator, fault: Fault) -> None:
    simulator.fail_next(fault)
    connection = connect(server)
    connection.request("GET", "/sync/history", headers=simulator.headers())

    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        connection.getresponse()
    connection.close()
    assert get(connection, simulator, "/sync/history")[0] == 200
    connection.close()


def test_a_person_approves_a_login_on_the_servers_page(server: RunningServer, simulator: Simulator) -> None:
    def oauth(name: str, **fields: str) -> tuple[int, bytes]:
        body = msgspec.json.encode({"client_id": simulator.client_id, **fields})
        connection.request("POST", f"/oauth/{name}", body, simulator.headers())
        answer = connection.getresponse()
        return answer.status, answer.read()

    def form(**fields: str) -> tuple[int, bytes]:
        connection.request("POST", "/activate", urlencode(fields))
        answer = connection.getresponse()
        return answer.status, answer.read()

    connection = connect(server)
    begun = msgspec.json.decode(oauth("device/code")[1])
    assert begun["verification_url"] == f"{server.auth_url}/activate"
    status, page = get(connection, simulator, "/activate")
    assert (status, b"<form" in page) == (200, True)
    assert form(user_code="<wrong>")[0] == 404
    assert form(user_code=begun["user_code"])[0] == 200
    status, pair = oauth("device/token", code=begun["device_code"])
    assert (status, "access_token" in msgspec.json.decode(pair)) == (200, True)

    denied = msgspec.json.decode(oauth("device/code")[1])
    form(user_code=denied["user_code"], deny="1")
    assert oauth("device/token", code=denied["device_code"])[0] == 418
    connection.close()


def test_closing_twice_is_no_fault_and_ends_kept_connections(simulator: Simulator) -> None:
    server = serve(simulator)
    connection = connect(server)
    get(connection, simulator, "/sync/history")
    server.close()
    server.close()
    server.wait()

    with pytest.raises((http.client.HTTPException, ConnectionError)):
        get(connection, simulator, "/sync/history")
    connection.close()


def test_a_time_out_is_a_connection_on_which_nothing_comes(
    server: RunningServer, simulator: Simulator
) -> None:
    """Others are served meanwhile."""
    simulator.fail_next(Fault(timed_out=True), path_prefix="/sync/ratings")
    address = urlsplit(server.base_url)
    waiting = http.client.HTTPConnection(address.hostname or "", address.port, timeout=0.3)
    other = connect(server)
    with pytest.raises(TimeoutError):
        get(waiting, simulator, "/sync/ratings")
    waiting.close()

    assert get(other, simulator, "/sync/ratings")[0] == 200
    other.close()
