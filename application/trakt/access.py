"""Tokens: device login, refresh, and never losing a pair.

Access tokens live seven days; a refresh token works once, and its successor arrives in the answer
that kills it (trakt-api, contract 2026-07). So one thread of one process refreshes at a time, the
others take over what it stored, and the new pair is on disk before it is used.
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
from crosswatch_trakt.domain.problems import BadInput, LoginEnded, Problem, RateLimited, Refused, SignInAgain

AHEAD_S = 3600.0  # a token with less than this left is refreshed before it is used
AHEAD_AGAIN_S = 300.0  # after a refresh ahead of time that failed, the next one
SLOWER_S = 5.0  # added to the interval of polling when Trakt finds it too fast (RFC 8628)
LIFE_MAX_S = 10 * 366 * 86_400.0  # no token lives longer
DEVICE_TOKEN_PATH = "/oauth/device/token"  # noqa: S105 - a path
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
    """Gives the token to use, and renews it. Thread-safe."""

    def __init__(self, settings: Settings, store: TokenStore, oauth: OAuth, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._oauth = oauth
        self._clock = clock
        self._lock = threading.RLock()
        self._tokens: Tokens | None = None
        self._unsaved: Tokens | None = None  # the child of the pair in use, if no store would take it yet
        self._ahead_again_at = 0.0  # monotonic

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
        with self._lock:
            if self._tokens is not None and self._tokens.access_token != old.access_token:
                return Success(self._tokens)
            renewed = self._store.locked(lambda: self._store.load().bind(lambda now: self._renew(now, old)))
            return renewed.map(self._remember)

    def forget(self) -> Result[bool, Problem]:
        """Forget the login here in any case; gives whether Trakt was told to end it too."""
        with self._lock:
            told = self._store.load().bind(_signed_in).bind(self._revoke)
            self._tokens = self._unsaved = None
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
            if self._tokens is not None:
                return Success(self._tokens)
            return self._store.load().bind(_signed_in).map(self._remember)

    def _remember(self, tokens: Tokens) -> Tokens:
        self._tokens = tokens
        return tokens

    def _near_end(self, pair: Tokens) -> bool:
        return pair.refresh_token is not None and self._left_s(pair) < AHEAD_S

    def _left_s(self, pair: Tokens) -> float:
        return math.inf if pair.expires_at is None else pair.expires_at - self._clock.now().timestamp()

    def _ahead(self, pair: Tokens) -> Result[Tokens, Problem]:
        """A newer pair if one is to be had; what stands against it is no fault while the old one is good."""
        with self._lock:
            good = self._left_s(pair) > 0
            if good and self._clock.monotonic() < self._ahead_again_at:
                return Success(self._tokens or pair)
            renewed = self.renew(pair)
            wait_s = AHEAD_S if is_successful(renewed) else AHEAD_AGAIN_S
            self._ahead_again_at = self._clock.monotonic() + wait_s
            return renewed.lash(lambda problem: Success(pair) if good else Failure(problem))

    def _renew(self, stored: Tokens | None, old: Tokens) -> Result[Tokens, Problem]:
        if stored is None:  # signed out meanwhile: to store anything would sign in again
            return _signed_in(None)
        if stored.access_token != old.access_token:
            self._unsaved = None
            return Success(stored)
        if self._unsaved is not None:
            return self._keep(self._unsaved)
        refresh_token = old.refresh_token
        if refresh_token is None:
            return Failure(SignInAgain("the token is no longer accepted and there is no refresh token"))
        # First prove that the store takes a pair: after the answer the old one is dead.
        return (
            self._store.replace(old)
            .bind(lambda _: self._client())
            .bind(lambda client: self._refresh(refresh_token, client))
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
        post = OAuthPost("/oauth/token", body, repeated=False)
        return self._oauth(post).bind(lambda answer: decode(answer, TokenAnswer, f"POST {post.path}"))

    def _store_login(self, pair: Tokens) -> Result[Tokens, Problem]:
        with self._lock:
            return self._store.locked(lambda: self._keep(pair)).map(self._remember)

    def _keep(self, pair: Tokens) -> Result[Tokens, Problem]:
        """Store the pair before it is given; one that cannot be stored is tried again, never dropped."""
        self._unsaved = pair
        return self._store.replace(pair).map(lambda _: self._saved(pair))

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
    return Failure(SignInAgain("nobody is signed in")) if tokens is None else Success(tokens)


def _client_of(tokens: Tokens) -> Result[str, Problem]:
    if tokens.client_id is None:
        return Failure(BadInput("there is no client_id", NO_CLIENT_ID))
    return Success(tokens.client_id)


def _with_secret(client_id: str, secret: str | None) -> dict[str, str]:
    return {"client_id": client_id, "client_secret": secret} if secret else {"client_id": client_id}
