"""What every HTTP transport does, on a wire and in memory."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

import pytest
from returns.result import Success

from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.http import RequestsTransport, open_session
from crosswatch_trakt.adapters.simulator import Fault, Simulator, SimulatorTransport
from crosswatch_trakt.adapters.simulator.catalogue import Catalogue
from crosswatch_trakt.application.ports import HttpTransport, Request
from crosswatch_trakt.domain.problems import AnswerLost, NotSent
from tests.adapters.wire import Wire, free_port, resets_after, sends

SECRETS = {"Authorization": "Bearer SECRET", "trakt-api-key": "SECRET"}


class FarSide(Protocol):
    """A transport and what is at its other end. Another adapter joins the suite by having one."""

    transport: HttpTransport
    url: str

    def answers(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """From now on."""

    def loses_answers(self) -> None:
        """It obeys and cuts the connection."""

    def refuses(self) -> None:
        """No connection can be made."""

    def received(self) -> int:
        """How many requests came."""


class WireEnd:
    """requests, and a server on this machine."""

    def __init__(self, transport: RequestsTransport, wire: Wire) -> None:
        self.transport: HttpTransport = transport
        self.url = wire.url
        self._wire = wire

    def answers(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        head = [f"HTTP/1.1 {status} Text", *(f"{name}: {value}" for name, value in headers.items())]
        head.append(f"Content-Length: {len(body)}")
        self._wire.keeps_connections = True
        self._wire.behave = sends("\r\n".join([*head, "", ""]).encode() + body)

    def loses_answers(self) -> None:
        self._wire.behave = resets_after()

    def refuses(self) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"

    def received(self) -> int:
        return len(self._wire.received)


class SimulatedEnd:
    """The simulator in memory."""

    url = "https://api.trakt.tv"

    def __init__(self) -> None:
        self._simulator = Simulator(Catalogue(), ManualClock())
        self.transport: HttpTransport = SimulatorTransport(self._simulator)

    def answers(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self._simulator.fail_next(
            Fault(status=status, headers={name.lower(): value for name, value in headers.items()}, body=body),
            times=1000,
        )

    def loses_answers(self) -> None:
        self._simulator.fail_next(Fault(lost=True, before=False), times=1000)

    def refuses(self) -> None:
        self._simulator.fail_next(Fault(refused=True), times=1000)

    def received(self) -> int:
        return len(self._simulator.requests)


@contextmanager
def wire_end() -> Iterator[FarSide]:
    with Wire() as wire, open_session(4) as session:
        yield WireEnd(RequestsTransport(session), wire)


@contextmanager
def simulated_end() -> Iterator[FarSide]:
    yield SimulatedEnd()


FAR_SIDES: dict[str, Callable[[], AbstractContextManager[FarSide]]] = {
    "requests": wire_end,
    "simulator": simulated_end,
}


@pytest.fixture(params=FAR_SIDES)
def far_side(request: pytest.FixtureRequest) -> Iterator[FarSide]:
    with FAR_SIDES[request.param]() as end:
        yield end


STATUSES = [200, 201, 204, 304, 400, 401, 404, 412, 420, 423, 429, 500, 502, 503, 520, 599]


@pytest.mark.parametrize("status", STATUSES)
def test_an_answer_of_any_status_is_an_answer_and_asked_for_once(far_side: FarSide, status: int) -> None:
    body = b"" if status in (204, 304) else b'{"a": "\xc3\xa9"}'
    far_side.answers(status, {"X-Pagination-Page": "2", "ETag": 'W/"abc"'}, body)
    answer = far_side.transport.send(_get(far_side)).unwrap()

    assert (answer.status, answer.body) == (status, body)
    assert answer.headers["x-pagination-page"] == "2"
    assert answer.headers["etag"] == 'W/"abc"'
    assert far_side.received() == 1


def test_names_of_headers_are_in_lower_case_in_a_plain_dictionary(far_side: FarSide) -> None:
    far_side.answers(200, {"Retry-After": "1", "X-RATELIMIT": "{}"}, b"")
    headers = far_side.transport.send(_get(far_side)).unwrap().headers

    assert type(headers) is dict
    assert all(name == name.lower() for name in headers)
    assert headers["retry-after"] == "1"


@pytest.mark.parametrize("target", ["/elsewhere", "https://example.invalid/", "http://[", "", "//:x"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_wherever_it_leads(far_side: FarSide, status: int, target: str) -> None:
    far_side.answers(status, {"Location": target}, b"moved")
    answer = far_side.transport.send(_get(far_side)).unwrap()

    assert (answer.status, answer.headers["location"], answer.body) == (status, target, b"moved")
    assert far_side.received() == 1


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_a_lost_answer_is_doubt_and_the_request_goes_out_once(far_side: FarSide, method: str) -> None:
    far_side.loses_answers()
    body = None if method == "GET" else b'{"SECRET": 1}'
    problem = far_side.transport.send(_request(far_side, method, body)).failure()

    assert isinstance(problem, AnswerLost)
    assert problem.request == f"{method} {far_side.url}/sync/history"
    assert "SECRET" not in repr(problem)
    assert far_side.received() == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_connection_that_was_not_made_sent_nothing(far_side: FarSide, method: str) -> None:
    far_side.refuses()
    problem = far_side.transport.send(_request(far_side, method, None)).failure()

    assert isinstance(problem, NotSent)
    assert problem.request == f"{method} {far_side.url}/sync/history"
    assert "SECRET" not in repr(problem)
    assert far_side.received() == 0


def test_threads_may_send_at_once(far_side: FarSide) -> None:
    far_side.answers(200, {}, b"x")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: far_side.transport.send(_get(far_side)), range(40)))

    assert all(answer.map(lambda got: got.body) == Success(b"x") for answer in answers)
    assert far_side.received() == 40


def _get(far_side: FarSide) -> Request:
    return _request(far_side, "GET", None)


def _request(far_side: FarSide, method: str, body: bytes | None) -> Request:
    url = f"{far_side.url}/sync/history?page=1&token=SECRET"
    return Request(method, url, SECRETS, body, timeout_s=5)
