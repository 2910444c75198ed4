"""A caller at its desk: the simulator for Trakt, time by hand, chance as told, every request kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import msgspec
from returns.result import Result, Success

from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.progress import RecordingProgress
from crosswatch_trakt.adapters.simulator import Simulator, SimulatorTransport
from crosswatch_trakt.adapters.simulator.catalogue import Catalogue
from crosswatch_trakt.adapters.tokens import MemoryTokens
from crosswatch_trakt.application.ports import (
    Clock,
    HttpTransport,
    Request,
    Response,
    Tokens,
    TokenStore,
    Waiting,
)
from crosswatch_trakt.application.settings import Settings
from crosswatch_trakt.application.trakt.call import Call, Caller
from crosswatch_trakt.application.trakt.gate import Gate
from crosswatch_trakt.domain.problems import Problem

NO_HEADERS: Mapping[str, str] = {}
APP: Mapping[str, str] = {"content-type": "application/json", "x-request-id": "1"}
CDN: Mapping[str, str] = {"content-type": "text/html; charset=UTF-8", "server": "cloudflare"}
PAGE = b"<!DOCTYPE html><html><body>Access denied</body></html>"
READ = Call("history", "GET", "/sync/history/movies")
ADD = Call("history", "POST", "/sync/history", body={"movies": []}, harmless=False)
RATE = Call("ratings", "POST", "/sync/ratings", body={"movies": []})


def no_trakt(request: Request) -> Result[Response, Problem]:
    """A network that must not be asked."""
    raise AssertionError(f"{request.method} {request.url} was sent")


@dataclass
class Wire:
    """Keeps what was sent, and lets a function answer it."""

    answer: Callable[[Request], Result[Response, Problem]] = no_trakt
    sent: list[Request] = field(default_factory=list)

    def send(self, request: Request) -> Result[Response, Problem]:
        """Send once."""
        self.sent.append(request)
        return self.answer(request)

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [urlsplit(request.url).path for request in self.sent]


def in_turn(*answers: Response | Problem) -> Callable[[Request], Result[Response, Problem]]:
    """These answers one after the other, the last one for ever."""
    left = list(answers)

    def answer(request: Request) -> Result[Response, Problem]:
        now = left.pop(0) if len(left) > 1 else left[0]
        return Success(now) if isinstance(now, Response) else Result.from_failure(now)

    return answer


def ok(value: object = None, headers: Mapping[str, str] = NO_HEADERS) -> Response:
    """200 with JSON."""
    return Response(200, {**APP, **headers}, msgspec.json.encode(value))


def query(request: Request) -> dict[str, str]:
    """The query of a request."""
    return dict(parse_qsl(urlsplit(request.url).query))


def body_text(response: Response) -> Result[bytes, Problem]:
    """Decodes nothing."""
    return Success(response.body)


@dataclass
class Desk:
    """One caller and all that it holds on to."""

    clock: Clock
    wire: Wire
    progress: RecordingProgress
    tokens: TokenStore
    caller: Caller

    def ask(self, call: Call = READ) -> Result[bytes, Problem]:
        """One request, its body undecoded."""
        return self.caller.request_with_retries(call, body_text)

    @property
    def waits(self) -> list[float]:
        """The waits that were said, in seconds."""
        return [event.seconds for event in self.progress.events if isinstance(event, Waiting)]


GOOD = Tokens("access-0", "refresh-0", None, "app")


def desk(
    wire: Wire,
    *,
    settings: Settings | None = None,
    clock: Clock | None = None,
    tokens: TokenStore | None = None,
    gate: Gate | None = None,
    jitter: float = 1.0,
) -> Desk:
    """A caller on this wire, signed in; without a gate of its own pace unless one is given."""
    clock = clock or ManualClock()
    progress = RecordingProgress()
    tokens = tokens if tokens is not None else MemoryTokens(GOOD)
    transport: HttpTransport = wire
    caller = Caller(
        settings or Settings(client_id="app"),
        transport,
        clock,
        tokens,
        progress,
        gate or Gate(clock, None, None),
        lambda: jitter,
    )
    return Desk(clock, wire, progress, tokens, caller)


def a_trakt(clock: ManualClock, *, quota: bool = False, client_secret: str | None = None) -> Simulator:
    """A simulator with nothing in it."""
    trakt = Simulator(Catalogue(), clock, client_secret=client_secret)
    if not quota:
        trakt.quota.gets = trakt.quota.writes = None
    return trakt


def at(
    trakt: Simulator,
    clock: ManualClock,
    *,
    tokens: TokenStore | None = None,
    settings: Settings | None = None,
    gate: Gate | None = None,
    jitter: float = 1.0,
) -> Desk:
    """A caller of a simulator, signed in as its account."""
    return desk(
        Wire(SimulatorTransport(trakt).send),
        settings=settings or Settings(client_id=trakt.client_id, client_secret=trakt.client_secret),
        clock=clock,
        tokens=tokens if tokens is not None else MemoryTokens(pair_of(trakt)),
        gate=gate,
        jitter=jitter,
    )


def pair_of(trakt: Simulator, expires_at: int | None = None) -> Tokens:
    """The pair of the simulator's account."""
    account = trakt.account
    return Tokens(account.access_token, account.refresh_token, expires_at, trakt.client_id)
