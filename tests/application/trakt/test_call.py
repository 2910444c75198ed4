"""One request: what is sent, what is sent again, and what is said of it."""

from importlib import metadata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from returns.pipeline import is_successful
from returns.result import Failure, Result, Success

from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.simulator import Fault
from crosswatch_trakt.adapters.tokens import MemoryTokens
from crosswatch_trakt.application.advice import advice
from crosswatch_trakt.application.health import health_of
from crosswatch_trakt.application.ports import ApiHit, Request, Response, Tokens, Waiting
from crosswatch_trakt.application.settings import Settings
from crosswatch_trakt.application.trakt.call import Call
from crosswatch_trakt.application.trakt.gate import Gate
from crosswatch_trakt.application.trakt.person import read_person
from crosswatch_trakt.application.trakt.rows import HistoryRow, decode
from crosswatch_trakt.domain.problems import (
    AccountLimit,
    AccountLocked,
    AnswerLost,
    AppRefused,
    Blocked,
    NotSent,
    NotThere,
    Problem,
    RateLimited,
    Refused,
    SignInAgain,
    Unavailable,
    UnexpectedAnswer,
    VipOnly,
)
from tests.application.trakt.desk import (
    ADD,
    APP,
    CDN,
    GOOD,
    PAGE,
    RATE,
    READ,
    Wire,
    a_trakt,
    at,
    desk,
    in_turn,
    ok,
    query,
)

REFUSED = NotSent("GET https://api.trakt.tv", "connection refused")
LOST = AnswerLost("GET https://api.trakt.tv", "timed out")
DOUBTS: list[Response | Problem] = [
    LOST,
    *(Response(status, {}, b"") for status in (500, 502, 503, 520, 408)),
]
FOR_GOOD: list[Response | Problem] = [
    *(Response(status, APP, b"") for status in (400, 403, 404, 405, 409, 412, 420, 422, 423, 426)),
    Response(403, CDN, PAGE),
    Response(301, APP, b""),
]


# --- what is sent


def test_a_request_carries_what_trakt_asks_for() -> None:
    wire = Wire(in_turn(ok()))
    desk(wire).ask(Call("history", "GET", "/sync/history", {"page": 2, "start_at": "2026-01-01T00:00:00Z"}))
    sent = wire.sent[0]

    assert sent.url.startswith("https://api.trakt.tv/sync/history?")
    assert query(sent) == {"page": "2", "start_at": "2026-01-01T00:00:00Z"}
    assert sent.headers["Authorization"] == "Bearer access-0"
    assert sent.headers["trakt-api-key"] == "app"
    assert sent.headers["trakt-api-version"] == "2"
    assert sent.headers["Content-Type"] == "application/json"
    assert sent.headers["User-Agent"] == f"crosswatch-trakt/{metadata.version('crosswatch-trakt')}"
    assert sent.body is None


@pytest.mark.parametrize("status", [400, 409, 422])
def test_an_error_that_echoes_the_token_is_told_without_it(status: int) -> None:
    """Whatever stands at a wrong base_url may send back what it got, and the words of an error are shown."""
    echo = Response(status, APP, b"no such thing: Authorization: Bearer access-0, try again")
    problem = desk(Wire(in_turn(echo))).ask().failure()

    assert "access-0" not in repr(problem) + advice(problem)
    assert "no such thing" in repr(problem)


def test_reads_and_writes_have_their_own_patience() -> None:
    wire = Wire(in_turn(ok()))
    asking = desk(wire, settings=Settings(client_id="app", timeout=3.0, write_timeout=70.0))
    asking.ask(READ)
    asking.ask(RATE)

    assert [sent.timeout_s for sent in wire.sent] == [3.0, 70.0]
    assert wire.sent[1].body == b'{"movies":[]}'


def test_an_address_of_ones_own_may_have_a_path_and_a_slash_at_its_end() -> None:
    wire = Wire(in_turn(ok()))
    desk(wire, settings=Settings(client_id="app", base_url="http://localhost:8080/api/")).ask(READ)

    assert wire.sent[0].url == "http://localhost:8080/api/sync/history/movies"


def test_a_write_after_thirty_idle_seconds_goes_by_a_fresh_connection() -> None:
    """One that lay idle may be dead, and the write would be lost in it, or worse: be in doubt."""
    wire, clock = Wire(in_turn(ok())), ManualClock()
    asking = desk(wire, clock=clock)
    for call, pause in ((READ, 0), (RATE, 5), (RATE, 31), (READ, 31)):
        clock.advance(pause)
        asking.ask(call)

    assert [sent.fresh for sent in wire.sent] == [False, False, True, False]


# --- back-off


@settings(deadline=None)
@given(st.floats(0, 1))
def test_the_back_off_doubles_and_chance_takes_up_to_half_of_it(jitter: float) -> None:
    clock = ManualClock()
    asking = desk(Wire(in_turn(LOST)), clock=clock, jitter=jitter)

    assert asking.ask() == Failure(LOST)
    assert clock.monotonic() == pytest.approx((1 + 2 + 4 + 8 + 16) * (0.5 + jitter / 2))


@pytest.mark.parametrize("retries", [0, 1, 5])
@pytest.mark.parametrize("failure", [*DOUBTS, REFUSED])
def test_a_read_is_repeated_as_often_as_the_settings_say(failure: Response | Problem, retries: int) -> None:
    wire = Wire(in_turn(failure))
    answer = desk(wire, settings=Settings(client_id="app", max_retries=retries)).ask()

    assert isinstance(answer.failure(), NotSent | AnswerLost | Unavailable)
    assert len(wire.sent) == 1 + retries


@pytest.mark.parametrize("failure", [*DOUBTS, REFUSED])
def test_a_read_that_succeeds_at_last_is_a_success(failure: Response | Problem) -> None:
    wire = Wire(in_turn(failure, failure, ok("rows")))

    assert desk(wire).ask() == Success(b'"rows"')
    assert len(wire.sent) == 3


@pytest.mark.parametrize("failure", DOUBTS)
def test_a_play_that_may_have_been_added_is_sent_once(failure: Response | Problem) -> None:
    wire = Wire(in_turn(failure))

    assert isinstance(desk(wire).ask(ADD).failure(), AnswerLost | Unavailable)
    assert len(wire.sent) == 1


@pytest.mark.parametrize("failure", DOUBTS)
def test_a_write_that_may_be_repeated_is(failure: Response | Problem) -> None:
    wire = Wire(in_turn(failure, ok()))

    assert is_successful(desk(wire).ask(RATE))
    assert len(wire.sent) == 2


@pytest.mark.parametrize("failure", [REFUSED, Response(429, {**APP, "retry-after": "2"}, b"")])
def test_a_play_that_surely_reached_nobody_is_sent_again(failure: Response | Problem) -> None:
    wire = Wire(in_turn(failure, ok()))

    assert is_successful(desk(wire).ask(ADD))
    assert len(wire.sent) == 2


@pytest.mark.parametrize("call", [READ, RATE, ADD])
@pytest.mark.parametrize("answer", FOR_GOOD)
def test_what_cannot_get_better_is_asked_once(call: Call, answer: Response) -> None:
    clock, wire = ManualClock(), Wire(in_turn(answer))
    problem = desk(wire, clock=clock).ask(call).failure()

    assert isinstance(
        problem, Refused | AppRefused | NotThere | AccountLimit | AccountLocked | VipOnly | Blocked
    )
    assert (len(wire.sent), clock.slept) == (1, [])


def test_an_answer_that_cannot_be_read_is_asked_for_again() -> None:
    wire = Wire(in_turn(Response(200, APP, b'[{"id":'), ok([])))
    rows = desk(wire).caller.request_with_retries(
        READ, lambda response: decode(response.body, list[HistoryRow], READ.name)
    )

    assert rows == Success([])
    assert len(wire.sent) == 2


@pytest.mark.parametrize("body", [b"", PAGE, b"{}", b'[{"watched_at":null}]'])
def test_an_answer_that_never_can_be_read_is_a_problem(body: bytes) -> None:
    wire = Wire(in_turn(Response(200, APP, body)))
    rows = desk(wire).caller.request_with_retries(
        READ, lambda response: decode(response.body, list[HistoryRow], READ.name)
    )

    assert isinstance(rows.failure(), UnexpectedAnswer)


# --- what the server asks to wait


@pytest.mark.parametrize("retry_after", ["40", "Thu, 15 Jan 2026 12:00:40 GMT"])
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_in_seconds_and_as_a_date(status: int, retry_after: str) -> None:
    clock = ManualClock()
    limited = Response(status, {**APP, "retry-after": retry_after}, b"")
    asking = desk(Wire(in_turn(limited, ok())), clock=clock)

    assert is_successful(asking.ask())
    assert clock.monotonic() == pytest.approx(40)
    assert asking.waits == [40.0]


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_beyond_the_limit_of_the_settings_is_not_begun(status: int) -> None:
    clock = ManualClock()
    limited = Response(status, {**APP, "retry-after": "61"}, b"")
    wire = Wire(in_turn(limited))
    settings = Settings(client_id="app", retry_after_max_s=60.0)
    problem = desk(wire, clock=clock, settings=settings).ask().failure()

    assert isinstance(problem, RateLimited | Unavailable)
    assert problem.retry_after_s == 61.0
    assert (clock.monotonic(), len(wire.sent)) == (0.0, 1)


def test_after_a_complaint_of_the_cdn_nothing_is_sent_before_its_time_is_up() -> None:
    """Sign-in too: the block is on the connection, not on the token."""
    clock = ManualClock()
    wire = Wire(in_turn(Response(429, {**CDN, "retry-after": "300"}, PAGE), ok()))
    asking = desk(wire, clock=clock, settings=Settings(client_id="app", max_retries=0))
    asking.caller.gate.lanes(4)
    first = asking.ask().failure()
    at_once = clock.monotonic()
    asking.caller.access.begin_login()

    assert first == RateLimited("GET /sync/history/movies", 300.0, by_cdn=True)
    assert at_once == 0
    assert clock.monotonic() == pytest.approx(300)
    assert asking.caller.gate.lanes(4) == 2


def test_a_long_wait_is_said_and_a_short_one_is_not() -> None:
    clock = ManualClock()
    asking = desk(Wire(in_turn(LOST)), clock=clock, jitter=1.0)
    asking.ask()
    waits = [event for event in asking.progress.events if isinstance(event, Waiting)]

    assert [wait.seconds for wait in waits] == [4.0, 8.0, 16.0]  # of 1, 2, 4, 8, 16
    assert all(wait.feature == "history" and wait.why for wait in waits)


def test_a_wait_for_the_quota_is_said_with_its_reason() -> None:
    clock = ManualClock()
    asking = desk(Wire(in_turn(ok())), clock=clock, gate=Gate(clock, 1, 1.0))
    asking.ask()
    asking.ask()

    assert [event for event in asking.progress.events if isinstance(event, Waiting)] == [
        Waiting("history", 301.0, "Trakt's rate limit")
    ]


# --- given up


def test_a_call_that_was_given_up_during_its_back_off_is_not_sent_again() -> None:
    clock = ManualClock()
    wire = Wire(in_turn(Response(503, {"retry-after": "200"}, b"")))
    call = Call("history", "GET", "/sync/history", given_up=lambda: clock.monotonic() > 5)
    asking = desk(wire, clock=clock)

    assert not is_successful(asking.ask(call))
    assert len(wire.sent) == 1
    assert clock.monotonic() <= 6


# --- tokens


@pytest.mark.parametrize("call", [READ, RATE, ADD])
def test_a_401_refreshes_and_the_request_is_replayed(call: Call) -> None:
    """A write too: a 401 proves that nothing was done."""
    clock = ManualClock()
    trakt = a_trakt(clock)
    old = trakt.account.access_token
    asking = at(trakt, clock)
    trakt.fail_next(Fault(status=401), path_prefix="/sync")

    assert is_successful(asking.ask(call))
    assert asking.wire.paths == [call.path, "/oauth/token", call.path]
    assert asking.wire.sent[0].headers["Authorization"] == f"Bearer {old}"
    assert asking.wire.sent[2].headers["Authorization"] == f"Bearer {trakt.account.access_token}"
    assert asking.wire.sent[0].body == asking.wire.sent[2].body


def test_a_401_after_the_refresh_ends_in_signing_in_again() -> None:
    clock = ManualClock()
    trakt = a_trakt(clock)
    asking = at(trakt, clock)
    trakt.fail_next(Fault(status=401), path_prefix="/sync", times=9)

    assert isinstance(asking.ask().failure(), SignInAgain)
    assert asking.wire.paths == [READ.path, "/oauth/token", READ.path]


def test_a_401_without_a_refresh_token_ends_in_signing_in_again() -> None:
    wire = Wire(in_turn(Response(401, APP, b"")))
    asking = desk(wire, tokens=MemoryTokens(Tokens("access-0")))

    assert isinstance(asking.ask().failure(), SignInAgain)
    assert len(wire.sent) == 1


def test_without_a_login_nothing_is_sent() -> None:
    wire = Wire()

    assert isinstance(desk(wire, tokens=MemoryTokens()).ask().failure(), SignInAgain)
    assert wire.sent == []


# --- what is told


def test_each_attempt_is_told_with_its_number_and_status() -> None:
    asking = desk(Wire(in_turn(LOST, Response(503, {}, b""), ok())))
    asking.ask(Call("history", "GET", "/sync/history", {"page": 3}))
    hits = [event for event in asking.progress.events if isinstance(event, ApiHit)]

    assert [(hit.attempt, hit.status) for hit in hits] == [(1, None), (2, 503), (3, 200)]
    assert {(hit.feature, hit.method, hit.endpoint) for hit in hits} == {("history", "GET", "/sync/history")}


def test_an_attempt_is_told_with_how_long_it_took() -> None:
    clock = ManualClock()

    def slow(request: Request) -> Result[Response, Problem]:
        clock.advance(1.25)
        return Success(ok())

    asking = desk(Wire(slow), clock=clock)
    asking.ask()

    assert [event.ms for event in asking.progress.events if isinstance(event, ApiHit)] == [1250]


def test_rate_headers_are_kept_and_shown_in_health() -> None:
    clock = ManualClock()
    trakt = a_trakt(clock, quota=True)
    asking = at(trakt, clock, gate=Gate(clock, 500, 1.0))
    asking.ask(RATE).unwrap()
    health = health_of(read_person(asking.caller), asking.caller)

    assert (health.ok, health.status) == (True, "ok")
    assert (health.quota["GET"].used, health.quota["GET"].allowed) == (1, 500)
    reads, writes = health.quota["GET"].seen, health.quota["POST"].seen
    assert reads is not None
    assert writes is not None
    assert (reads.limit, reads.period_s, reads.remaining, reads.until) == (
        500,
        300,
        499,
        "2026-01-15T12:05:00Z",
    )
    assert (writes.limit, writes.period_s) == (1, 1)


def test_nobody_signed_in_is_no_other_request_than_the_one_asked_for() -> None:
    wire = Wire(in_turn(ok()))
    desk(wire, tokens=MemoryTokens(GOOD)).ask()

    assert wire.paths == [READ.path]
