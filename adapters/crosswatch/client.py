"""The client that CrossWatch's playback page sends requests by, with answers as it knows them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from returns.result import Failure, Success

from crosswatch_trakt.adapters.crosswatch import host
from crosswatch_trakt.adapters.crosswatch.host import Config
from crosswatch_trakt.adapters.crosswatch.sessions import NAMED, SESSIONS, Session, Sessions
from crosswatch_trakt.adapters.crosswatch.telling import usual_names
from crosswatch_trakt.adapters.crosswatch.view import block_of, text_of
from crosswatch_trakt.adapters.library import TraktError
from crosswatch_trakt.application.ports import Response
from crosswatch_trakt.application.settings import API_URL
from crosswatch_trakt.domain.problems import (
    AccountLimit,
    AccountLocked,
    AppRefused,
    Blocked,
    NotThere,
    Problem,
    RateLimited,
    Refused,
    SignInAgain,
    Unavailable,
    VipOnly,
)


@dataclass
class TRAKTConfig:
    """The settings of a profile under CrossWatch's names."""

    client_id: str
    access_token: str = field(repr=False)
    timeout: float = 15.0
    max_retries: int = 5
    progress_per_page: int = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, whatever it says."""

    status_code: int
    text: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.status_code < 400

    def json(self) -> object:
        """The body; raises ValueError if it is no JSON."""
        return json.loads(self.text)


class TRAKTClient:
    """Sends one request at a time, through the gate and with the token of the profile."""

    BASE = API_URL

    def __init__(self, cfg: TRAKTConfig, raw_cfg: Config, sessions: Sessions = SESSIONS) -> None:
        self.cfg = cfg
        self.raw_cfg = raw_cfg
        self._sessions = sessions
        base = text_of(block_of(raw_cfg), "base_url")
        if base is not None:
            self.BASE = base.rstrip("/")

    def connect(self) -> "TRAKTClient":
        """See whether the account can be reached; raises TraktError if not."""
        _ = self._session().account.person
        return self

    def get(self, url: str, *, params: Mapping[str, str | int] | None = None, **_: object) -> Answer:
        """GET an address below `BASE`."""
        return self._send("GET", url, params)

    def post(self, url: str, json: object = None, **_: object) -> Answer:
        """POST, once."""
        return self._send("POST", url, None, json)

    def delete(self, url: str, json: object = None, **_: object) -> Answer:
        """DELETE, once."""
        return self._send("DELETE", url, None, json)

    def _session(self) -> Session:
        return self._sessions.of(self.raw_cfg)

    def _send(
        self, method: str, url: str, query: Mapping[str, str | int] | None, body: object = None
    ) -> Answer:
        path = url.removeprefix(self.BASE)
        if not path.startswith("/"):
            raise ValueError(f"the address is none of {self.BASE}")
        match self._session().account.exchange(method, path, query, body):
            case Success(Response() as answered):
                headers = usual_names(answered.headers)
                return Answer(answered.status, answered.body.decode("utf-8", "replace"), headers)
            case Failure(problem):
                return _refused(problem)
            case _:
                raise RuntimeError("an answer is a Response")

    def _try_refresh(self) -> bool:
        """Have CrossWatch refresh the tokens of this profile."""
        named = self.raw_cfg.get(NAMED)
        return host.refresh_tokens(named if isinstance(named, str) and named else host.DEFAULT)


def _refused(problem: Problem) -> Answer:
    """An answer of the status that a problem came from; what had no answer raises."""
    error, status = TraktError(problem), status_of(problem)
    if status is None:
        raise error
    wait = problem.retry_after_s if isinstance(problem, RateLimited) else None
    return Answer(status, error.advice, {} if wait is None else {"Retry-After": str(round(wait))})


def status_of(problem: Problem) -> int | None:
    """The status that a problem came from; None of one that had no answer, or none that was refused."""
    match problem:
        case Refused(status=status) | Unavailable(status=status):
            return status
        case SignInAgain():
            return 401
        case AppRefused() | Blocked():
            return 403
        case NotThere():
            return 404
        case AccountLimit():
            return 420
        case AccountLocked():
            return 423
        case VipOnly():
            return 426
        case RateLimited():
            return 429
        case _:
            return None
