"""One request: gate → token → send → judge → decode, repeated where that is right.

`request_with_retries` is the only way to Trakt. It knows no feature; what may be repeated, and when,
is said by `domain.repeating`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar
from urllib.parse import urlencode

import msgspec
from returns.result import Failure, Result
from tenacity import RetryCallState, Retrying, retry_if_result

from crosswatch_trakt.application.ports import (
    ApiHit,
    Clock,
    HttpTransport,
    Progress,
    Request,
    Response,
    Tokens,
    TokenStore,
    Waiting,
)
from crosswatch_trakt.application.settings import Settings
from crosswatch_trakt.application.trakt.access import DEVICE_TOKEN_PATH, Access, OAuthPost
from crosswatch_trakt.application.trakt.gate import SLICE_S, Gate, Passing
from crosswatch_trakt.application.trakt.judge import judge
from crosswatch_trakt.application.version import PROGRAM, version
from crosswatch_trakt.domain.problems import (
    AnswerLost,
    AppRefused,
    NotSent,
    NotThere,
    Problem,
    RateLimited,
    Refused,
    SignInAgain,
    Unavailable,
    UnexpectedAnswer,
)
from crosswatch_trakt.domain.repeating import CDN_WAIT_S, RATE_LIMIT_WAIT_S, wait_before_repeat_s

T = TypeVar("T")

IDLE_S = 30.0  # after so long without a request a write opens a fresh connection
SAID_FROM_S = 3.0  # a shorter wait is not worth a word


@dataclass(frozen=True, slots=True)
class Call:
    """A request in Trakt's words. `harmless`: a second one would change nothing."""

    feature: str
    method: str
    path: str
    query: Mapping[str, str | int] = field(default_factory=dict)
    body: object = field(default=None, repr=False)
    harmless: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)
    given_up: Callable[[], bool] = field(default=lambda: False, repr=False)

    @property
    def name(self) -> str:
        """What is said of it: no secret, no query."""
        return f"{self.method} {self.path}"


Decode = Callable[[Response], Result[T, Problem]]


class Caller:
    """Sends calls for one login. Thread-safe."""

    def __init__(
        self,
        settings: Settings,
        transport: HttpTransport,
        clock: Clock,
        tokens: TokenStore,
        progress: Progress,
        gate: Gate,
        chance: Callable[[], float],
    ) -> None:
        self.settings = settings
        self._transport = transport
        self._clock = clock
        self._progress = progress
        self._chance = chance
        self._sent_at = -IDLE_S
        self.gate = gate
        self.access = Access(settings, tokens, self._oauth, clock)

    def request_with_retries(self, call: Call, decode: Decode[T]) -> Result[T, Problem]:
        """Send, and send again what may be sent again, until an answer can be read or time is up."""
        return self._repeat(call, lambda attempt: self._authorised(call, attempt).bind(decode))

    # --- repeating

    def _repeat(self, call: Call, send: Callable[[int], Result[T, Problem]]) -> Result[T, Problem]:
        def wait(state: RetryCallState) -> float:
            return self._wait_s(call, _outcome(state), state.attempt_number) or 0.0

        def again(result: Result[T, Problem]) -> bool:
            return self._wait_s(call, result, 1) is not None

        attempt = 0

        def once() -> Result[T, Problem]:
            nonlocal attempt
            attempt += 1
            return send(attempt)

        return Retrying(
            sleep=lambda seconds: self._pause(call, float(seconds)),
            before_sleep=lambda state: self._say_wait(call, state.upcoming_sleep, _why(_outcome(state))),
            wait=wait,
            stop=lambda state: state.attempt_number > self.settings.max_retries or call.given_up(),
            retry=retry_if_result(again),
            retry_error_callback=_outcome,
        )(once)

    def _wait_s(self, call: Call, result: Result[T, Problem], attempt: int) -> float | None:
        match result:
            case Failure(problem):
                return wait_before_repeat_s(
                    problem,
                    attempt=attempt,
                    harmless=call.harmless,
                    jitter=self._chance(),
                    longest_s=self.settings.retry_after_max_s,
                )
            case _:
                return None

    def _pause(self, call: Call, seconds: float) -> None:
        while seconds > 0 and not call.given_up():
            self._clock.sleep(min(seconds, SLICE_S))
            seconds -= SLICE_S

    def _say_wait(self, call: Call, seconds: float, why: str) -> None:
        if seconds > SAID_FROM_S:
            self._progress.tell(Waiting(call.feature, seconds, why))

    # --- one attempt

    def _authorised(self, call: Call, attempt: int) -> Result[Response, Problem]:
        """Send with the token; if it is refused, once more with a new one."""
        usable = self.access.tokens().alt(_before_sending)
        return usable.bind(
            lambda pair: self._with_token(call, attempt, pair).lash(
                lambda problem: self._renewed(call, attempt, pair, problem)
            )
        )

    def _renewed(self, call: Call, attempt: int, pair: Tokens, problem: Problem) -> Result[Response, Problem]:
        if not isinstance(problem, SignInAgain):
            return Failure(problem)
        renewed = self.access.renew(pair).alt(_before_sending)
        return renewed.bind(lambda fresh: self._with_token(call, attempt, fresh))

    def _with_token(self, call: Call, attempt: int, pair: Tokens) -> Result[Response, Problem]:
        def send(client_id: str) -> Result[Response, Problem]:
            query = f"?{urlencode(call.query)}" if call.query else ""
            request = Request(
                call.method,
                f"{self.settings.base_url.rstrip('/')}{call.path}{query}",
                {
                    **_headers(),
                    "Authorization": f"Bearer {pair.access_token}",
                    "trakt-api-key": client_id,
                    **call.headers,
                },
                None if call.body is None else msgspec.json.encode(call.body),
                self.settings.timeout if call.method == "GET" else self.settings.write_timeout,
            )
            return self._send(call, attempt, request, self.settings.retry_after_max_s).bind(
                lambda response: judge(call.name, _unechoed(response, pair), self._clock.now())
            )

        return self.access.client_id().bind(send)

    def _oauth(self, post: OAuthPost) -> Result[bytes, Problem]:
        """One call of the sign-in host. Repeating is harmless: a used refresh token is refused."""
        call = Call("account", "POST", post.path, body=post.body)
        request = Request(
            "POST",
            f"{self.settings.auth_url.rstrip('/')}{post.path}",
            _headers(),
            msgspec.json.encode(post.body),
            self.settings.timeout,
        )

        def send(attempt: int) -> Result[bytes, Problem]:
            # A refresh is sent under the lock of all processes: what has to wait, waits without it.
            longest_s = self.settings.retry_after_max_s if post.repeated else 0.0
            sent = self._send(call, attempt, request, longest_s, of_the_account=False)
            return sent.bind(lambda answer: self._judge_oauth(call, answer))

        return self._repeat(call, send) if post.repeated else send(1)

    def _judge_oauth(self, call: Call, response: Response) -> Result[bytes, Problem]:
        """Statuses of the sign-in host have meanings of their own (contract; trakt-api#902)."""
        error = _oauth_error(response.body)
        if response.status in (400, 401) and error == "invalid_grant":
            return Failure(SignInAgain("the refresh token was used already, or revoked"))
        if response.status in (400, 401, 403) and error in ("invalid_client", "unauthorized_client"):
            return Failure(AppRefused(call.name))
        if call.path == DEVICE_TOKEN_PATH and response.status in (404, 409, 410, 418):
            return Failure(Refused(call.name, response.status, ""))
        judged = judge(call.name, response, self._clock.now())
        return judged.map(lambda answer: answer.body).alt(lambda problem: _without_echo(problem, error))

    def _send(
        self, call: Call, attempt: int, request: Request, longest_s: float, *, of_the_account: bool = True
    ) -> Result[Response, Problem]:
        """Send once. What the sign-in host says of its limits is not heard as said of the account's."""
        stopped = self.gate.enter(
            Passing(
                call.name,
                call.method,
                longest_s,
                lambda seconds: self._say_wait(call, seconds, "Trakt's rate limit"),
                call.given_up,
            )
        )
        if stopped is not None:
            return Failure(stopped)
        start = self._clock.monotonic()
        idle = start - self._sent_at >= IDLE_S
        self._sent_at = start
        if idle and request.method != "GET":
            request = replace(request, fresh=True)
        sent = self._transport.send(request)
        ms = round((self._clock.monotonic() - start) * 1000)
        response = sent.value_or(None)
        status = None if response is None else response.status
        self._progress.tell(ApiHit(call.feature, call.method, call.path, status, ms, attempt))
        if response is not None and of_the_account:
            self._hear(call, response)
        return sent.alt(_as_problem)

    def _hear(self, call: Call, response: Response) -> None:
        now = self._clock.now()
        self.gate.hear(response, now)
        if response.status == 429:
            match judge(call.name, response, now):
                case Failure(RateLimited(retry_after_s=asked, by_cdn=by_cdn)):
                    unsaid = CDN_WAIT_S if by_cdn else RATE_LIMIT_WAIT_S
                    self.gate.close(unsaid if asked is None else asked, halve=by_cdn)
                case _:
                    pass


_OAUTH_ERROR = re.compile(r"[a-z_]{1,40}")


def _headers() -> dict[str, str]:
    """What goes with every request. Trakt's CDN refuses a missing User-Agent, and a library's default."""
    return {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": f"{PROGRAM}/{version()}",
        "trakt-api-version": "2",
    }


def _outcome(state: RetryCallState) -> Result[T, Problem]:
    if state.outcome is None:
        raise RuntimeError("nothing was tried")
    result: Result[T, Problem] = state.outcome.result()
    return result


def _why(result: Result[T, Problem]) -> str:
    limited = isinstance(result.swap().value_or(None), RateLimited)
    return "Trakt's rate limit" if limited else "Trakt did not answer as it should"


def _before_sending(problem: Problem) -> Problem:
    """What kept a token from being had, so that nobody takes it for the fate of the request: a play is in
    doubt if its own answer is lost, not if that of a refresh is.
    """
    match problem:
        case AnswerLost(request, cause):
            return NotSent(request, cause)
        case UnexpectedAnswer(request, detail):
            return NotSent(request, f"the answer cannot be read, {detail}")
        case Unavailable(request, status) | Refused(request, status):
            return NotSent(request, f"HTTP {status}")
        case NotThere(request):
            return NotSent(request, "HTTP 404")
        case _:
            return problem


def _as_problem(problem: Problem) -> Problem:
    return problem


def _oauth_error(body: bytes) -> str | None:
    """The code of an OAuth failure (`invalid_grant`), if the body has one."""
    try:
        error = msgspec.json.decode(body, type=dict[str, object]).get("error")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return error if isinstance(error, str) and _OAUTH_ERROR.fullmatch(error) else None


def _unechoed(response: Response, pair: Tokens) -> Response:
    """An error without the token in it: whatever stands at a wrong base_url might echo what was sent, and
    the words of an error are shown.
    """
    token = pair.access_token.encode()
    if response.status < 400 or not token or token not in response.body:
        return response
    return replace(response, body=response.body.replace(token, b"..."))


def _without_echo(problem: Problem, error: str | None) -> Problem:
    """What was refused, less the words of the body: a wrong auth_url might echo the secrets sent to it."""
    if isinstance(problem, Refused) and problem.status >= 400:
        return Refused(problem.request, problem.status, error or "")
    return problem
