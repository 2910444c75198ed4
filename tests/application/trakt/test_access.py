"""Tokens: device login, refresh, and never losing a pair that could be kept."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from returns.pipeline import is_successful
from returns.result import Failure, Result, Success

from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.simulator import Fault, Simulator, SimulatorTransport
from crosswatch_trakt.adapters.state import FileState, MemoryState
from crosswatch_trakt.adapters.tokens import FileTokens, MemoryTokens
from crosswatch_trakt.application.ports import Request, Response, Tokens
from crosswatch_trakt.application.settings import Settings
from crosswatch_trakt.application.trakt.access import AHEAD_AGAIN_S, AHEAD_S, Access, DeviceCode, TokenAnswer
from crosswatch_trakt.domain.problems import (
    AnswerLost,
    AppRefused,
    BadInput,
    LoginEnded,
    NotSent,
    Problem,
    Refused,
    SignInAgain,
    StateUnwritable,
    UnexpectedAnswer,
)
from crosswatch_trakt.domain.repeating import surely_not_applied
from tests.application.trakt.desk import (
    ADD,
    APP,
    READ,
    Desk,
    Wire,
    a_trakt,
    at,
    desk,
    in_turn,
    ok,
    pair_of,
)

WEEK_S = 604_800


class Died(BaseException):
    """The process is gone: no code of its own runs any more."""


@dataclass
class Fragile(MemoryTokens):
    """A store that fails or dies at a chosen `replace`, before or after it was carried out."""

    given: Tokens | None
    fails_at: frozenset[int] = frozenset()
    dies_before: int | None = None
    dies_after: int | None = None
    replaced: list[Tokens | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.given)

    def replace(self, new: Tokens | None) -> Result[None, Problem]:
        self.replaced.append(new)
        turn = len(self.replaced)
        if turn in self.fails_at:
            return Failure(StateUnwritable("tokens.json", "No space left on device"))
        if turn == self.dies_before:
            raise Died
        kept = super().replace(new)
        if turn == self.dies_after:
            raise Died
        return kept


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def trakt(clock: ManualClock) -> Simulator:
    return a_trakt(clock)


def ends_in(clock: ManualClock, seconds: float) -> int:
    return int(clock.now().timestamp() + seconds)


def refreshes(asking: Desk) -> int:
    return asking.wire.paths.count("/oauth/token")


def sent_json(request: Request) -> dict[str, str]:
    return msgspec.json.decode(request.body or b"", type=dict[str, str])


# --- refresh ahead of the end


@pytest.mark.parametrize(("left_s", "refreshed"), [(AHEAD_S + 1, 0), (AHEAD_S - 1, 1), (-1, 1)])
def test_a_token_is_refreshed_ahead_of_its_end(
    trakt: Simulator, clock: ManualClock, left_s: float, refreshed: int
) -> None:
    asking = at(trakt, clock, tokens=MemoryTokens(pair_of(trakt, ends_in(clock, left_s))))

    assert is_successful(asking.ask())
    assert is_successful(asking.ask())
    assert refreshes(asking) == refreshed


def test_a_new_pair_lives_as_long_as_trakt_says(trakt: Simulator, clock: ManualClock) -> None:
    store = MemoryTokens(pair_of(trakt, ends_in(clock, 1)))
    at(trakt, clock, tokens=store).ask()

    assert store.load() == Success(pair_of(trakt, ends_in(clock, WEEK_S)))


def test_years_of_daily_use_take_a_refresh_a_week(trakt: Simulator, clock: ManualClock) -> None:
    asking = at(trakt, clock, tokens=MemoryTokens(pair_of(trakt, ends_in(clock, WEEK_S))))
    for _ in range(70):
        clock.advance(86_400)
        assert is_successful(asking.ask())

    assert refreshes(asking) in (10, 11)


def test_a_computer_whose_clock_is_wrong_does_not_refresh_before_each_request(trakt: Simulator) -> None:
    """Trakt names the time of its own clock in `created_at`; ours may be weeks ahead of it."""
    ahead = ManualClock()
    ahead.advance(30 * 86_400)
    asking = desk(
        Wire(SimulatorTransport(trakt).send),
        clock=ahead,
        settings=Settings(client_id=trakt.client_id),
        tokens=MemoryTokens(pair_of(trakt, int(trakt.clock.now().timestamp()) + WEEK_S)),
    )
    for _ in range(5):
        assert is_successful(asking.ask())

    assert refreshes(asking) == 1


def test_a_token_that_lives_for_minutes_is_not_refreshed_before_each_request(clock: ManualClock) -> None:
    def answer(request: Request) -> Result[Response, Problem]:
        short = {"access_token": "access-1", "refresh_token": "refresh-1", "expires_in": 600}
        return Success(ok(short if "oauth" in request.url else None))

    store = MemoryTokens(Tokens("access-0", "refresh-0", ends_in(clock, 60), "app"))
    asking = desk(Wire(answer), clock=clock, tokens=store)
    for _ in range(5):
        assert is_successful(asking.ask())

    assert refreshes(asking) == 1


def test_a_refresh_ahead_that_fails_leaves_the_token_in_use_while_it_is_good(
    trakt: Simulator, clock: ManualClock
) -> None:
    """The sign-in host may be down for hours while the API is not."""
    trakt.fail_next(Fault(status=503), path_prefix="/oauth", times=1000)
    asking = at(trakt, clock, tokens=MemoryTokens(pair_of(trakt, ends_in(clock, 1800))))
    for _ in range(3):
        assert is_successful(asking.ask())
    tries = refreshes(asking)
    clock.advance(AHEAD_AGAIN_S)
    assert is_successful(asking.ask())

    assert tries == 1  # not one for each request
    assert refreshes(asking) == 2


def test_a_token_at_its_end_that_cannot_be_refreshed_is_a_problem(
    trakt: Simulator, clock: ManualClock
) -> None:
    trakt.fail_next(Fault(status=503), path_prefix="/oauth", times=1000)
    asking = at(trakt, clock, tokens=MemoryTokens(pair_of(trakt, ends_in(clock, 0))))

    assert asking.ask() == Failure(NotSent("POST /oauth/token", "HTTP 503"))
    assert asking.wire.paths == ["/oauth/token"] * 6


@pytest.mark.parametrize("expires_in", [None, "a week", -5, 1e300, True, [1]])
def test_a_pair_without_a_usable_life_is_kept_all_the_same(clock: ManualClock, expires_in: object) -> None:
    """The old pair is dead by then."""
    answer = {"access_token": "access-1", "refresh_token": "refresh-1", "expires_in": expires_in}
    store = MemoryTokens(Tokens("access-0", "refresh-0", 1, "app"))
    asking = desk(Wire(in_turn(ok(answer), ok())), clock=clock, tokens=store)
    kept = asking.caller.access.tokens().unwrap()

    assert (kept.access_token, kept.refresh_token) == ("access-1", "refresh-1")
    assert store.load() == Success(kept)


def test_without_a_new_refresh_token_the_old_one_is_kept(clock: ManualClock) -> None:
    store = MemoryTokens(Tokens("access-0", "refresh-0", 1, "app"))
    asking = desk(
        Wire(in_turn(ok({"access_token": "access-1", "expires_in": 9999}))), clock=clock, tokens=store
    )

    assert asking.caller.access.tokens().unwrap().refresh_token == "refresh-0"


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "ä", None, 5])
def test_what_cannot_be_a_token_is_none(clock: ManualClock, token: object) -> None:
    store = MemoryTokens(Tokens("access-0", "refresh-0", 1, "app"))
    asking = desk(Wire(in_turn(ok({"access_token": token, "expires_in": 9}))), clock=clock, tokens=store)

    assert isinstance(asking.caller.access.tokens().failure(), UnexpectedAnswer)
    assert store.load().unwrap() == Tokens("access-0", "refresh-0", 1, "app")


# --- the process dies


def died(asking: Desk) -> bool:
    try:
        asking.ask()
    except Died:
        return True
    return False


def next_process(trakt: Simulator, clock: ManualClock, store: MemoryTokens) -> Desk:
    return at(trakt, clock, tokens=store)


def test_a_process_that_dies_before_the_post_loses_nothing(trakt: Simulator, clock: ManualClock) -> None:
    store = Fragile(pair_of(trakt, 1), dies_before=1)
    asking = at(trakt, clock, tokens=store)

    assert died(asking)
    assert refreshes(asking) == 0
    assert is_successful(next_process(trakt, clock, store).ask())


def test_a_process_that_dies_before_the_answer_has_at_worst_to_sign_in_again(
    trakt: Simulator, clock: ManualClock
) -> None:
    """Whether Trakt got the request nobody knows; the next process finds out without doing harm."""
    store = MemoryTokens(pair_of(trakt, 1))

    def cut(request: Request) -> Result[Response, Problem]:
        SimulatorTransport(trakt).send(request)
        raise Died

    assert died(desk(Wire(cut), clock=clock, settings=Settings(client_id=trakt.client_id), tokens=store))
    assert isinstance(next_process(trakt, clock, store).ask().failure(), SignInAgain)


def test_a_process_that_dies_after_storing_has_kept_the_new_pair(
    trakt: Simulator, clock: ManualClock
) -> None:
    store = Fragile(pair_of(trakt, 1), dies_after=2)
    following = next_process(trakt, clock, store)

    assert died(at(trakt, clock, tokens=store))
    assert is_successful(following.ask())
    assert refreshes(following) == 0


def test_a_new_pair_is_stored_before_it_is_used(trakt: Simulator, clock: ManualClock) -> None:
    store = Fragile(pair_of(trakt, 1))
    wire = Wire()
    used: list[tuple[str, str]] = []

    def watch(request: Request) -> Result[Response, Problem]:
        bearer = request.headers.get("Authorization", "")
        used.append((bearer, f"Bearer {store.load().unwrap().access_token}" if bearer else ""))  # type: ignore[union-attr]
        return SimulatorTransport(trakt).send(request)

    wire.answer = watch
    assert is_successful(
        desk(wire, clock=clock, settings=Settings(client_id=trakt.client_id), tokens=store).ask()
    )
    assert all(bearer == stored for bearer, stored in used)
    assert len(used) == 2


# --- the store fails


def test_a_store_that_cannot_be_written_is_found_out_before_the_refresh_token_is_spent(
    trakt: Simulator, clock: ManualClock
) -> None:
    store = Fragile(pair_of(trakt, 1), fails_at=frozenset({1, 2, 3}))
    asking = at(trakt, clock, tokens=store)

    assert isinstance(asking.ask().failure(), StateUnwritable)
    assert asking.wire.sent == []


def test_a_disk_that_is_full_does_not_end_a_token_that_is_good(trakt: Simulator, clock: ManualClock) -> None:
    store = Fragile(pair_of(trakt, ends_in(clock, 1800)), fails_at=frozenset(range(100)))
    asking = at(trakt, clock, tokens=store)

    assert is_successful(asking.ask())
    assert refreshes(asking) == 0


def test_a_pair_that_could_not_be_stored_is_stored_later_and_not_used_before(
    trakt: Simulator, clock: ManualClock
) -> None:
    """The disk was full for a moment, just when the answer came."""
    store = Fragile(pair_of(trakt, 1), fails_at=frozenset({2, 3}))
    asking = at(trakt, clock, tokens=store)
    first, second = asking.ask(), asking.ask()

    assert isinstance(first.failure(), StateUnwritable)
    assert isinstance(second.failure(), StateUnwritable)
    assert asking.wire.paths == ["/oauth/token"]
    assert is_successful(asking.ask())
    assert refreshes(asking) == 1
    assert store.load() == Success(pair_of(trakt, ends_in(clock, WEEK_S)))


def test_a_pair_is_not_lost_to_an_interrupt_while_it_is_stored(trakt: Simulator, clock: ManualClock) -> None:
    """Ctrl-C in a program that lives on."""
    store = Fragile(pair_of(trakt, 1), dies_before=2)
    asking = at(trakt, clock, tokens=store)

    assert died(asking)
    assert is_successful(asking.ask())
    assert refreshes(asking) == 1


# --- several at once


def all_at_once(asking: list[Desk], times: int = 1) -> list[Result[bytes, Problem]]:
    start = threading.Barrier(len(asking) * times)

    def work(one: Desk) -> Result[bytes, Problem]:
        start.wait(5)
        return one.ask()

    with ThreadPoolExecutor(len(asking) * times) as pool:
        return [future.result() for future in [pool.submit(work, one) for one in asking * times]]


def test_threads_that_refresh_at_once_use_one_refresh_token_once(
    trakt: Simulator, clock: ManualClock
) -> None:
    asking = at(trakt, clock, tokens=MemoryTokens(pair_of(trakt, 1)))

    assert all(is_successful(answer) for answer in all_at_once([asking], 8))
    assert refreshes(asking) == 1


def test_threads_whose_refresh_ahead_fails_at_once_try_it_once(trakt: Simulator, clock: ManualClock) -> None:
    trakt.fail_next(Fault(status=503), path_prefix="/oauth", times=1000)
    asking = at(trakt, clock, tokens=MemoryTokens(pair_of(trakt, ends_in(clock, 1800))))
    answer = asking.wire.answer

    def slowly(request: Request) -> Result[Response, Problem]:
        time.sleep(0.05 if "/oauth/" in request.url else 0.0)  # so that all eight are there
        return answer(request)

    asking.wire.answer = slowly
    assert all(is_successful(answered) for answered in all_at_once([asking], 8))
    assert refreshes(asking) == 1


def test_threads_that_meet_a_401_at_once_use_one_refresh_token_once(
    trakt: Simulator, clock: ManualClock
) -> None:
    pair = pair_of(trakt)
    asking = at(trakt, clock, tokens=MemoryTokens(pair))
    trakt.fail_next(Fault(status=401), path_prefix="/sync", times=8)
    arrived = threading.Barrier(8)
    answer = asking.wire.answer

    def together(request: Request) -> Result[Response, Problem]:
        answered = answer(request)
        if request.headers.get("Authorization") == f"Bearer {pair.access_token}":
            arrived.wait(5)  # all eight hold their 401 before the first of them acts on it
        return answered

    asking.wire.answer = together
    assert all(is_successful(answered) for answered in all_at_once([asking], 8))
    assert refreshes(asking) == 1


def test_processes_that_refresh_at_once_use_one_refresh_token_once(
    trakt: Simulator, clock: ManualClock, tmp_path: Path
) -> None:
    """Each with a store of its own on one folder, as two processes have."""
    given = pair_of(trakt, 1)
    processes = [at(trakt, clock, tokens=FileTokens(FileState(tmp_path), given)) for _ in range(4)]

    assert all(is_successful(answer) for answer in all_at_once(processes))
    assert sum(map(refreshes, processes)) == 1


def test_a_process_that_holds_an_old_pair_takes_over_what_another_stored(
    trakt: Simulator, clock: ManualClock
) -> None:
    state, given = MemoryState(), pair_of(trakt, ends_in(clock, WEEK_S))
    one, other = (at(trakt, clock, tokens=FileTokens(state, given)) for _ in range(2))
    for each in (one, other):
        assert is_successful(each.ask())
    clock.advance(WEEK_S)

    assert is_successful(one.ask())
    assert is_successful(other.ask())
    assert (refreshes(one), refreshes(other)) == (1, 0)


def test_a_refresh_token_that_somebody_else_used_ends_in_signing_in_again(
    trakt: Simulator, clock: ManualClock
) -> None:
    """Two machines with one pair [PTS#2393]."""
    given = pair_of(trakt, 1)
    one, other = (at(trakt, clock, tokens=MemoryTokens(given)) for _ in range(2))

    assert is_successful(one.ask())
    assert isinstance(other.ask().failure(), SignInAgain)
    assert refreshes(other) == 1


def test_a_login_that_was_ended_elsewhere_is_not_stored_again(trakt: Simulator, clock: ManualClock) -> None:
    state = MemoryState()
    FileTokens(state, None).replace(pair_of(trakt)).unwrap()
    running, leaving = (at(trakt, clock, tokens=FileTokens(state, None)) for _ in range(2))
    assert is_successful(running.ask())
    leaving.caller.access.forget().unwrap()

    assert isinstance(running.ask().failure(), SignInAgain)
    assert FileTokens(state, None).load() == Success(None)
    assert refreshes(running) == 0


def test_signing_out_revokes_the_token_and_forgets_it_even_if_trakt_is_away(
    trakt: Simulator, clock: ManualClock
) -> None:
    for away in (False, True):
        store = MemoryTokens()
        store.replace(pair_of(trakt)).unwrap()
        asking = at(trakt, clock, tokens=store)
        if away:
            trakt.fail_next(Fault(refused=True), path_prefix="/oauth", times=100)

        assert asking.caller.access.forget() == Success(not away), "it says whether Trakt was told"
        assert store.load() == Success(None)
        assert set(asking.wire.paths) == {"/oauth/revoke"}
    assert trakt.oauth.account_of(trakt.account.access_token) is None


# --- what the sign-in host says


REFUSALS: dict[str, tuple[Response, type[Problem]]] = {
    "invalid_grant": (Response(400, APP, b'{"error":"invalid_grant"}'), SignInAgain),
    "invalid_grant, 401": (Response(401, APP, b'{"error":"invalid_grant"}'), SignInAgain),
    "401 of old": (Response(401, {"www-authenticate": "Bearer"}, b""), SignInAgain),
    "invalid_client": (Response(401, APP, b'{"error":"invalid_client"}'), AppRefused),
    "unauthorized_client": (Response(400, APP, b'{"error":"unauthorized_client"}'), AppRefused),
    "403": (Response(403, APP, b""), AppRefused),
}
TROUBLE: dict[str, Response | Problem] = {
    "no answer": AnswerLost("POST /oauth/token", "timed out"),
    "another 400": Response(400, APP, b'{"error":"invalid_request"}'),
    "404": Response(404, APP, b""),
    "409": Response(409, APP, b""),
    "503": Response(503, APP, b""),
    "not JSON": Response(200, APP, b"<html>"),
    "no token in it": Response(200, APP, b'{"expires_in":5}'),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_each_refusal_of_a_refresh_is_its_own_problem_and_is_not_repeated(
    clock: ManualClock, case: str
) -> None:
    answer, kind = REFUSALS[case]
    store = MemoryTokens(Tokens("access-0", "refresh-0", 1, "app"))
    asking = desk(Wire(in_turn(answer)), clock=clock, tokens=store)

    assert isinstance(asking.ask().failure(), kind)
    assert asking.wire.paths == ["/oauth/token"]
    assert store.load() == Success(Tokens("access-0", "refresh-0", 1, "app"))


@pytest.mark.parametrize("case", TROUBLE)
@pytest.mark.parametrize("expires_at", [1, None])
def test_a_play_is_not_in_doubt_because_a_refresh_is(case: str, expires_at: int | None) -> None:
    """Ahead of the write, or after its 401: the play itself was not taken, and that is what counts."""
    trouble = TROUBLE[case]

    def answer(request: Request) -> Result[Response, Problem]:
        if "/oauth/" not in request.url:
            return Success(Response(401, APP, b""))
        return Success(trouble) if isinstance(trouble, Response) else Failure(trouble)

    asking = desk(Wire(answer), tokens=MemoryTokens(Tokens("access-0", "refresh-0", expires_at, "app")))
    problem = asking.ask(ADD).failure()

    assert surely_not_applied(problem)
    assert isinstance(problem, NotSent | SignInAgain)


def test_a_deleted_app_is_refused_at_refresh_too(trakt: Simulator, clock: ManualClock) -> None:
    trakt.app_deleted = True

    assert isinstance(at(trakt, clock, tokens=MemoryTokens(pair_of(trakt, 1))).ask().failure(), AppRefused)


def test_the_words_of_the_sign_in_host_are_left_out_since_it_may_echo_what_was_sent(
    clock: ManualClock,
) -> None:
    def echo(request: Request) -> Result[Response, Problem]:
        return Success(Response(422, APP, request.body or b""))

    asking = desk(Wire(echo), clock=clock, tokens=MemoryTokens(Tokens("access-0", "refresh-0", 1, "app")))

    assert asking.ask() == Failure(NotSent("POST /oauth/token", "HTTP 422"))
    assert asking.caller.access.begin_login() == Failure(Refused("POST /oauth/device/code", 422, ""))


# --- device login


def begin(asking: Desk) -> DeviceCode:
    return asking.caller.access.begin_login().unwrap()


@pytest.fixture
def nobody(trakt: Simulator, clock: ManualClock) -> Desk:
    return at(trakt, clock, tokens=MemoryTokens())


def after(polls: int, decide: Callable[[], object], trakt: Simulator, asking: Desk) -> None:
    """Let the person decide after so many polls."""
    answer = asking.wire.answer

    def watch(request: Request) -> Result[Response, Problem]:
        answered = answer(request)
        if asking.wire.paths.count("/oauth/device/token") == polls:
            decide()
        return answered

    asking.wire.answer = watch


def test_a_login_polls_as_trakt_asks_and_stores_the_pair(
    trakt: Simulator, clock: ManualClock, nobody: Desk
) -> None:
    code = begin(nobody)
    after(3, lambda: trakt.approve(code.user_code), trakt, nobody)
    pair = nobody.caller.access.finish_login(code).unwrap()

    assert code.verification_url == "https://auth.trakt.tv/activate"
    assert clock.slept == [5.0] * 4
    assert nobody.tokens.load() == Success(pair)
    assert pair == pair_of(trakt, int(clock.now().timestamp()) + WEEK_S)
    assert is_successful(nobody.ask())


def test_the_address_that_trakt_answers_is_the_one_to_show(trakt: Simulator, nobody: Desk) -> None:
    trakt.oauth.verification_url = "https://elsewhere.example/device"

    assert begin(nobody).verification_url == "https://elsewhere.example/device"


def test_a_denied_login_says_so(trakt: Simulator, nobody: Desk) -> None:
    code = begin(nobody)
    trakt.deny(code.user_code)

    assert nobody.caller.access.finish_login(code) == Failure(LoginEnded("it was denied"))


def test_a_login_nobody_cares_for_expires(clock: ManualClock, nobody: Desk) -> None:
    code = begin(nobody)

    assert nobody.caller.access.finish_login(code) == Failure(LoginEnded("the code has expired"))
    assert clock.monotonic() == pytest.approx(code.expires_in)


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (404, "Trakt does not know the code"),
        (409, "the code was used already"),
        (410, "the code has expired"),
        (418, "it was denied"),
    ],
)
def test_each_end_of_a_login_has_its_words(trakt: Simulator, nobody: Desk, status: int, why: str) -> None:
    trakt.fail_next(Fault(status=status), path_prefix="/oauth/device/token")

    assert nobody.caller.access.finish_login(begin(nobody)) == Failure(LoginEnded(why))


def test_a_login_told_to_slow_down_goes_on_more_slowly(
    trakt: Simulator, clock: ManualClock, nobody: Desk
) -> None:
    code = begin(nobody)
    trakt.fail_next(Fault(status=429), path_prefix="/oauth/device/token", times=6)
    after(7, lambda: trakt.approve(code.user_code), trakt, nobody)

    assert is_successful(nobody.caller.access.finish_login(code))
    assert clock.slept[-2:] == [10.0, 10.0]


def test_a_network_that_fails_for_a_moment_does_not_end_a_login(trakt: Simulator, nobody: Desk) -> None:
    code = begin(nobody)
    trakt.fail_next(Fault(refused=True), path_prefix="/oauth/device/token", times=2)
    trakt.approve(code.user_code)

    assert is_successful(nobody.caller.access.finish_login(code))


def test_without_a_client_id_there_is_no_login() -> None:
    asking = desk(Wire(), settings=Settings(), tokens=MemoryTokens())

    assert isinstance(asking.caller.access.begin_login().failure(), BadInput)


def test_a_stored_login_brings_the_id_and_the_secret_of_its_app(clock: ManualClock) -> None:
    trakt = a_trakt(clock, client_secret="the-secret")
    stored = Tokens(trakt.account.access_token, trakt.account.refresh_token, 1, trakt.client_id, "the-secret")
    asking = at(trakt, clock, settings=Settings(), tokens=MemoryTokens(stored))

    assert is_successful(asking.ask())
    kept = asking.tokens.load().unwrap()
    assert kept is not None
    assert (kept.client_id, kept.client_secret) == (trakt.client_id, "the-secret")


@pytest.mark.parametrize("secret", [None, "", "the-secret"])
def test_a_secret_is_sent_only_if_there_is_one(clock: ManualClock, secret: str | None) -> None:
    trakt = a_trakt(clock, client_secret=secret or None)
    settings = Settings(client_id=trakt.client_id, client_secret=secret)
    asking = at(trakt, clock, settings=settings, tokens=MemoryTokens())
    code = begin(asking)
    trakt.approve(code.user_code)
    access: Access = asking.caller.access
    pair = access.finish_login(code).unwrap()
    access.renew(pair).unwrap()
    access.forget().unwrap()
    bodies = {path: sent_json(sent) for path, sent in zip(asking.wire.paths, asking.wire.sent, strict=True)}

    assert set(bodies) == {"/oauth/device/code", "/oauth/device/token", "/oauth/token", "/oauth/revoke"}
    for path, body in bodies.items():
        assert body["client_id"] == trakt.client_id
        assert body.get("client_secret") == (None if path == "/oauth/device/code" else secret or None)


# --- who gets which credentials


def test_no_credential_is_sent_to_a_host_it_is_not_for(clock: ManualClock) -> None:
    trakt = a_trakt(clock, client_secret="the-secret")
    settings = Settings(
        client_id=trakt.client_id,
        client_secret="the-secret",
        base_url="https://api.example",
        auth_url="https://auth.example",
    )
    asking = at(trakt, clock, settings=settings, tokens=MemoryTokens())
    code = begin(asking)
    trakt.approve(code.user_code)
    refresh_tokens = [asking.caller.access.finish_login(code).unwrap().refresh_token]
    trakt.fail_next(Fault(status=401), path_prefix="/sync")
    for call in (READ, ADD):
        asking.ask(call).unwrap()
    refresh_tokens.append(trakt.account.refresh_token)
    asking.caller.access.forget().unwrap()

    for sent in asking.wire.sent:
        names = {name.lower() for name in sent.headers}
        everything = f"{sent.url} {dict(sent.headers)} {sent.body!r}"
        if "/oauth/" in sent.url:
            assert sent.url.startswith("https://auth.example/oauth/")
            assert not names & {"authorization", "trakt-api-key"}
        else:
            assert sent.url.startswith("https://api.example/sync/")
            assert {"authorization", "trakt-api-key"} <= names
            assert not any(
                str(secret) in everything for secret in (*refresh_tokens, "the-secret", code.device_code)
            )
    assert len(asking.wire.sent) == 7


def test_what_a_login_answers_shows_nothing_of_itself() -> None:
    code = DeviceCode("the-device-code", "5055CC52", "https://auth.trakt.tv/activate", 600, 5)

    assert "the-device-code" not in repr(code)
    assert "5055CC52" not in repr(code)
    assert "secret" not in repr(TokenAnswer("secret-access", "secret-refresh", 5))
