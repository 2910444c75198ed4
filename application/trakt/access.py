"""Tokens: device login, refresh, and never losing a pair.

Access tokens live seven days; a refresh token works once, and its successor arrives in the answer
that kills it (trakt-api, contract 2026-07). So one thread of one process refreshes at a time, the
others take over what it stored, and the new pair is on disk before it is used. No lock is held through
a wait, and a token that is still good is given at once, whatever becomes of its refresh.
"""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from returns.pipeline import is_successful
from returns.result import Failure, Result, Success

from crosswatch_trakt.application.ports import Clock, Tokens, TokenStore
from crosswatch_trakt.application.settings import Settings
from crosswatch_trakt.application.trakt.rows import decode
from crosswatch_trakt.domain.problems import (
    AnswerLost,
    BadInput,
    LoginEnded,
    Problem,
    RateLimited,
    Refused,
    SignInAgain,
    StateUnwritable,
    Unavailable,
    UnexpectedAnswer,
)
from crosswatch_trakt.domain.repeating import CDN_WAIT_S, RATE_LIMIT_WAIT_S

AHEAD_S = 3600.0  # a token with less than this left is refreshed before it is used
AHEAD_AGAIN_S = 300.0  # after a refresh ahead of time that failed, the next one
LOST_WAIT_S = 1.0  # before a refresh whose answer was lost is tried once more
SLOWER_S = 5.0  # added to the interval of polling when Trakt finds it too fast (RFC 8628)
LIFE_MAX_S = 10 * 366 * 86_400.0  # no token lives longer
DEVICE_TOKEN_PATH = "/oauth/device/token"  # noqa: S105 - a path
REFRESH_PATH = "/oauth/token"
REDIRECT_URI = "urn:ietf:wg:oauth:2.0:oob"  # demanded by the contract, checked by nobody


class TokenAnswer(msgspec.Struct):
    """Trakt's answer with a new pair. Only the token itself must be there: the old pair is dead."""

    access_token: Annotated[str, msgspec.Meta(pattern=r"^[!-~]+$")]
    refresh_token: str | None = None
    expires_in: object = None  # seconds

    def __repr__(self) -> str:
        return "TokenAnswer(...)"


class DeviceCode(msgspec.Struct):
    """What a person needs to sign in: an address and a code."""

    device_code: str
    user_code: str
    verification_url: str
    expires_in: float
    interval: float

    def __repr__(self) -> str:
        return f"DeviceCode(verification_url={self.verification_url!r}, ...)"


@dataclass(frozen=True, slots=True)
class OAuthPost:
    """One call of Trakt's sign-in host. Its body is secret."""

    path: str
    body: dict[str, str] = field(repr=False)
    repeated: bool = True  # False: whoever needs it, repeats


OAuth = Callable[[OAuthPost], Result[bytes, Problem]]


class Access:
    """Gives the token to use, and renews it. Thread-safe.

    It serves one login. When another takes its place, here or in another process, it gives nothing more:
    what was begun for one account must not be ended as another.
    """

    def __init__(self, settings: Settings, store: TokenStore, oauth: OAuth, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._oauth = oauth
        self._clock = clock
        self._lock = threading.Lock()  # of what is remembered here; held for moments
        self._renewing = threading.RLock()  # held by the thread that renews the pair
        self._tokens: Tokens | None = None
        self._unsaved: Tokens | None = None  # the child of the pair in use, if no store would take it yet
        self._ended: str | None = None  # why nothing more is given
        self._ahead_again_at = 0.0  # monotonic
        self._limited: RateLimited | None = None
        self._limited_until = 0.0  # monotonic: no refresh is sent before
        self._lost: str | None = None  # the access token of the pair whose refresh may have been obeyed
        self._turn = 0  # of renewing; whoever waited for one takes over how it failed
        self._failed: tuple[str, Problem] | None = None

    def client_id(self) -> Result[str, Problem]:
        """The app that calls: of the settings, else the one that the stored login was made with."""
        if self._settings.client_id is not None:
            return Success(self._settings.client_id)
        return self._current().bind(_client_of)

    def tokens(self) -> Result[Tokens, Problem]:
        """The pair to use now, refreshed ahead of its end."""
        return self._current().bind(lambda pair: self._ahead(pair) if self._near_end(pair) else Success(pair))

    def kept(self) -> Result[Tokens, Problem]:
        """The pair at hand as it is; nothing is asked of Trakt for it."""
        return self._current()

    def renew(self, old: Tokens) -> Result[Tokens, Problem]:
        """A pair newer than `old`: one that somebody else stored meanwhile, or a fresh one."""
        turn = self._turn
        with self._renewing:
            if self._turn != turn and self._failed is not None and self._failed[0] == old.access_token:
                return Failure(self._failed[1])
            renewed = self._renew_once(old)
            if isinstance(renewed.swap().value_or(None), AnswerLost):
                self._clock.sleep(LOST_WAIT_S)
                renewed = self._renew_once(old).lash(_lost_again)
            return self._noted(old, renewed)

    def follow(self) -> bool:
        """Take over what another process stored of this login; False once the login has ended."""
        if self._renewing.acquire(blocking=False):  # else whoever renews it looks
            try:
                with self._lock:
                    if self._tokens is not None and self._ended is None:
                        loaded = self._store.load()
                        self._heed(loaded)
                        newest = loaded.value_or(None)
                        if newest is not None and self._unsaved is None:
                            self._tokens = newest
            finally:
                self._renewing.release()
        return self._ended is None

    def forget(self) -> Result[bool, Problem]:
        """Forget the login here in any case; gives whether Trakt was told to end it too."""
        with self._renewing:
            loaded = self._store.load()
            told = loaded.bind(_signed_in).bind(self._revoke)
            with self._lock:
                self._tokens = self._unsaved = None
                self._ended = NOBODY
            if isinstance(loaded.swap().value_or(None), SignInAgain):  # what is stored is another's
                return Success(False)
            gone = self._store.locked(lambda: self._store.replace(None))
            return gone.map(lambda _: is_successful(told))

    def _revoke(self, pair: Tokens) -> Result[bytes, Problem]:
        return self._client().bind(
            lambda client: self._oauth(OAuthPost("/oauth/revoke", {"token": pair.access_token, **client}))
        )

    # --- device login

    def begin_login(self) -> Result[DeviceCode, Problem]:
        """Ask for a code that a person enters at the address Trakt names."""
        if self._settings.client_id is None:
            return Failure(BadInput("there is no client_id", NO_CLIENT_ID))
        post = OAuthPost("/oauth/device/code", {"client_id": self._settings.client_id})
        return self._oauth(post).bind(lambda body: decode(body, DeviceCode, f"POST {post.path}"))

    def finish_login(self, code: DeviceCode) -> Result[Tokens, Problem]:
        """Poll as Trakt asks until the person has decided; the pair is stored before it is given."""
        end = self._clock.monotonic() + code.expires_in
        interval = max(1.0, code.interval)
        while True:
            self._clock.sleep(min(interval, end - self._clock.monotonic()))
            polled = self._client().bind(
                lambda client: self._oauth(OAuthPost(DEVICE_TOKEN_PATH, {"code": code.device_code, **client}))
            )
            match polled:
                case Success(bytes() as body):
                    fresh = decode(body, TokenAnswer, f"POST {DEVICE_TOKEN_PATH}")
                    return fresh.map(lambda answer: self._pair(answer, None)).bind(self._store_login)
                case Failure(Refused(status=400)):  # pending
                    pass
                case Failure(RateLimited()):
                    interval += SLOWER_S
                case Failure(Refused(status=status)) if status in _LOGIN_ENDS:
                    return Failure(LoginEnded(_LOGIN_ENDS[status]))
                case other:
                    return Failure(other.failure())
            if self._clock.monotonic() >= end:
                return Failure(LoginEnded(_LOGIN_ENDS[410]))

    # --- within

    def _current(self) -> Result[Tokens, Problem]:
        with self._lock:
            if self._ended is not None:
                return Failure(SignInAgain(self._ended))
            if self._tokens is None:
                loaded = self._store.load().bind(_signed_in)
                self._tokens = loaded.value_or(None)
                return loaded
            return Success(self._tokens)

    def _remember(self, tokens: Tokens) -> Tokens:
        with self._lock:
            self._tokens = tokens
        return tokens

    def _heed(self, loaded: Result[Tokens | None, Problem]) -> None:
        """End if the store holds this login no more: it was forgotten, or another took its place."""
        problem = loaded.bind(_signed_in).swap().value_or(None)
        if isinstance(problem, SignInAgain):
            self._ended = problem.reason

    def _near_end(self, pair: Tokens) -> bool:
        return pair.refresh_token is not None and self._left_s(pair) < AHEAD_S

    def _left_s(self, pair: Tokens) -> float:
        return math.inf if pair.expires_at is None else pair.expires_at - self._clock.now().timestamp()

    def _ahead(self, pair: Tokens) -> Result[Tokens, Problem]:
        """A newer pair if one is to be had; what stands against it is no fault while the old one is good."""
        if self._left_s(pair) <= 0:
            return self.renew(pair)
        if self._resting() or not self._renewing.acquire(blocking=False):
            return self._current()
        try:
            if not self._resting():
                self._noted(pair, self._renew_once(pair))
            return self._current()
        finally:
            self._renewing.release()

    def _resting(self) -> bool:
        return self._clock.monotonic() < self._ahead_again_at

    def _noted(self, old: Tokens, renewed: Result[Tokens, Problem]) -> Result[Tokens, Problem]:
        """Let others know how it went, and when to try ahead of time again."""
        problem = renewed.swap().value_or(None)
        self._failed = None if problem is None else (old.access_token, problem)
        self._turn += 1
        self._ahead_again_at = self._clock.monotonic() + (AHEAD_S if problem is None else AHEAD_AGAIN_S)
        return renewed

    def _renew_once(self, old: Tokens) -> Result[Tokens, Problem]:
        now = self._current()
        if now.map(lambda pair: pair.access_token != old.access_token).value_or(True):
            return now
        renewed = self._store.locked(lambda: self._loaded().bind(lambda stored: self._renew(stored, old)))
        return renewed.map(self._remember)

    def _loaded(self) -> Result[Tokens, Problem]:
        loaded = self._store.load()
        with self._lock:
            self._heed(loaded)
        return loaded.bind(_signed_in)

    def _renew(self, stored: Tokens, old: Tokens) -> Result[Tokens, Problem]:
        unsaved = self._unsaved
        if unsaved is not None and stored.access_token in (old.access_token, unsaved.access_token):
            return self._keep(unsaved)  # though it may be seen in the store: that was not proven durable
        if stored.access_token != old.access_token:
            self._unsaved = None
            return Success(stored)
        if self._limited is not None and (left_s := self._limited_until - self._clock.monotonic()) > 0:
            return Failure(RateLimited(self._limited.request, left_s, self._limited.by_cdn))
        refresh_token = old.refresh_token
        if refresh_token is None:
            return Failure(SignInAgain("the token is no longer accepted and there is no refresh token"))
        # First prove that the store takes a pair: after the answer the old one is dead.
        return (
            self._store.replace(old)
            .bind(lambda _: self._client())
            .bind(lambda client: self._refresh(refresh_token, client).alt(lambda it: self._missed(it, old)))
            .map(lambda answer: self._pair(answer, old))
            .bind(self._keep)
        )

    def _refresh(self, refresh_token: str, client: dict[str, str]) -> Result[TokenAnswer, Problem]:
        body = {
            "refresh_token": refresh_token,
            "grant_type": "refresh_token",
            "redirect_uri": REDIRECT_URI,
            **client,
        }
        # Sent once: the lock of all processes is held, and the request that needs a token is repeated.
        post = OAuthPost(REFRESH_PATH, body, repeated=False)
        return self._oauth(post).bind(lambda answer: decode(answer, TokenAnswer, f"POST {post.path}"))

    def _missed(self, problem: Problem, old: Tokens) -> Problem:
        """What a refresh that gave no pair means for the next one."""
        match problem:
            case RateLimited(retry_after_s=asked, by_cdn=by_cdn):
                unsaid = CDN_WAIT_S if by_cdn else RATE_LIMIT_WAIT_S
                wait_s = unsaid if asked is None else asked
                self._limited, self._limited_until = problem, self._clock.monotonic() + wait_s
            case AnswerLost() | UnexpectedAnswer() | Unavailable():
                self._lost = old.access_token
            case SignInAgain(reason) if self._lost == old.access_token:
                return SignInAgain(f"{reason}: an earlier refresh was left without its answer")
            case _:
                pass
        return problem

    def _store_login(self, pair: Tokens) -> Result[Tokens, Problem]:
        """Store a new login as the child of none: it may be that of another account."""
        with self._renewing:
            stored = self._store.locked(
                lambda: self._store.replace(None).bind(lambda _: self._store.replace(pair))
            )
            return stored.map(lambda _: self._begun(pair))

    def _begun(self, pair: Tokens) -> Tokens:
        with self._lock:
            if self._tokens is None and self._ended is None:
                self._tokens = pair
            else:
                self._ended = REPLACED
        return pair

    def _keep(self, pair: Tokens) -> Result[Tokens, Problem]:
        """Store the pair before it is given; one that cannot be stored is tried again, never dropped."""
        self._unsaved = pair
        return self._store.replace(pair).map(lambda _: self._saved(pair)).alt(_renewed_in_vain)

    def _saved(self, pair: Tokens) -> Tokens:
        self._unsaved = None
        return pair

    def _client(self) -> Result[dict[str, str], Problem]:
        """The app's id, and its secret if it has one: new apps have none."""
        if self._settings.client_id is not None:
            return Success(_with_secret(self._settings.client_id, self._settings.client_secret))
        return self._current().bind(
            lambda pair: _client_of(pair).map(lambda name: _with_secret(name, pair.client_secret))
        )

    def _pair(self, answer: TokenAnswer, old: Tokens | None) -> Tokens:
        """The pair of an answer. It ends by our clock: by the server's, one that is days off would
        have every new pair refreshed at once.
        """
        life_s = _life_s(answer)
        return Tokens(
            answer.access_token,
            answer.refresh_token or (old.refresh_token if old else None),
            None if life_s is None else int(self._clock.now().timestamp() + life_s),
            self._settings.client_id or (old.client_id if old else None),
            self._settings.client_secret or (old.client_secret if old else None),
        )


NOBODY = "nobody is signed in"
REPLACED = "another login has taken the place of this one"
NO_CLIENT_ID = (
    "Make an app under trakt.tv/oauth/applications and give its id with --client-id, "
    "CROSSWATCH_TRAKT_CLIENT_ID or the settings file."
)
_LOGIN_ENDS = {
    404: "Trakt does not know the code",
    409: "the code was used already",
    410: "the code has expired",
    418: "it was denied",
}


def _life_s(answer: TokenAnswer) -> float | None:
    said = answer.expires_in
    return said if isinstance(said, int | float) and 0 < said <= LIFE_MAX_S else None


def _signed_in(tokens: Tokens | None) -> Result[Tokens, Problem]:
    return Failure(SignInAgain(NOBODY)) if tokens is None else Success(tokens)


def _lost_again(problem: Problem) -> Result[Tokens, Problem]:
    """Two answers lost: nobody can tell whether the refresh token is still good."""
    if not isinstance(problem, AnswerLost):
        return Failure(problem)
    return Failure(
        SignInAgain(f"no answer came to a refresh, twice ({problem.cause}), so its token may be used up")
    )


def _renewed_in_vain(problem: Problem) -> Problem:
    """A full disk, just when the old pair had died: what is at stake is said."""
    if not isinstance(problem, StateUnwritable):
        return problem
    return StateUnwritable(
        problem.name,
        f"{problem.cause.rstrip('.')}. Trakt has just renewed the login, and the new tokens are in memory "
        "only: unless this program can store them before it ends, you have to sign in again",
    )


def _client_of(tokens: Tokens) -> Result[str, Problem]:
    if tokens.client_id is None:
        return Failure(BadInput("there is no client_id", NO_CLIENT_ID))
    return Success(tokens.client_id)


def _with_secret(client_id: str, secret: str | None) -> dict[str, str]:
    return {"client_id": client_id, "client_secret": secret} if secret else {"client_id": client_id}
