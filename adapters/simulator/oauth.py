"""Signing in: device login, the token that works once, and revoking.

An access token lives 7 days; its refresh token works once, and its reuse is `invalid_grant`. A new app
is a public client: `client_secret` is asked for only if the app has one. Here the old access token
stays good for its own time; whether the service ends it at the refresh is not known. `redirect_uri` is
not asked for, as CrossWatch leaves it out. Source: trakt.docs, "Authentication - Devices"; contract of
2026-07-30; T#48, T#888, T#902 for what fails.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from crosswatch_trakt.adapters.simulator.account import Account
from crosswatch_trakt.adapters.simulator.answers import empty_answer, json_answer
from crosswatch_trakt.adapters.simulator.stamps import epoch
from crosswatch_trakt.adapters.simulator.titles import JsonObject
from crosswatch_trakt.adapters.simulator.world import World
from crosswatch_trakt.application.ports import Response

TOKEN_LIFE_S = 604_800  # 7 days; three months until March 2025
DEVICE_LIFE_S = 600
DEVICE_INTERVAL_S = 5
POLL_GRACE_S = 0.5  # a poll may come so much early, or a client on the beat fails by the network's jitter


@dataclass(slots=True)
class Grant:
    """One pair of tokens."""

    account: Account
    access_token: str
    refresh_token: str
    created_at: int
    life_s: int
    refreshed: bool = False
    revoked: bool = False


@dataclass(slots=True)
class DeviceLogin:
    """A login under way on a device without a browser."""

    device_code: str
    user_code: str
    started_at: int
    state: Literal["pending", "approved", "denied", "used"] = "pending"
    account: Account | None = None
    polled_at: datetime | None = None


class OAuth:
    """All pairs of tokens and all logins under way."""

    def __init__(self, world: World, verification_url: str) -> None:
        self.verification_url = verification_url  # shown to the person
        self.life_s = TOKEN_LIFE_S  # of the access tokens of new pairs
        self._world = world
        self._by_access: dict[str, Grant] = {}
        self._by_refresh: dict[str, Grant] = {}
        self._logins: dict[str, DeviceLogin] = {}  # by device code

    # --- what tests and the page for people do

    def sign_in(self, account: Account) -> Grant:
        """Give out a pair without a login; the account shows the newest."""
        grant = Grant(account, self._secret(), self._secret(), self._world.now(), self.life_s)
        self._by_access[grant.access_token] = grant
        self._by_refresh[grant.refresh_token] = grant
        account.access_token, account.refresh_token = grant.access_token, grant.refresh_token
        return grant

    def decide(self, user_code: str, account: Account | None) -> bool:
        """Approve a login for an account, or deny it (None); False if no such login is waiting."""
        for login in self._logins.values():
            if login.user_code == user_code.strip().upper() and login.state == "pending":
                login.state, login.account = ("denied" if account is None else "approved"), account
                return True
        return False

    def revoke_all(self) -> None:
        """End every pair, as when the person removes the app from the account."""
        for grant in self._by_access.values():
            grant.revoked = True

    def expire_all(self) -> None:
        """Let every access token that was given out be too old from now on; refresh tokens live."""
        now = self._world.now()
        for grant in self._by_access.values():
            grant.life_s = min(grant.life_s, now - grant.created_at)

    def account_of(self, access_token: str) -> Account | None:
        """Whose token it is; None if it is unknown, expired or revoked."""
        grant = self._by_access.get(access_token)
        if grant is None or grant.revoked or self._world.now() >= grant.created_at + grant.life_s:
            return None
        return grant.account

    # --- endpoints

    def answer(self, name: str, body: JsonObject) -> Response | None:
        """`POST /oauth/{name}`; None if there is no such endpoint."""
        endpoints = {
            "device/code": self._device_code,
            "device/token": self._device_token,
            "token": self._token,
            "revoke": self._revoke,
        }
        endpoint = endpoints.get(name)
        if endpoint is None:
            return None
        refused = self._check_client(body, secret=name != "device/code")
        return endpoint(body) if refused is None else refused

    def _check_client(self, body: JsonObject, *, secret: bool) -> Response | None:
        world = self._world
        known = not world.app_deleted and body.get("client_id") == world.client_id
        if known and secret and world.client_secret is not None:
            known = body.get("client_secret") == world.client_secret
        return None if known else _failure("invalid_client", "Client authentication failed.")

    def _device_code(self, body: JsonObject) -> Response:
        chance = self._world.chance
        user_code = f"{chance.getrandbits(32):08X}"
        login = DeviceLogin(self._secret(), user_code, self._world.now())
        self._logins[login.device_code] = login
        return json_answer(
            200,
            {
                "device_code": login.device_code,
                "user_code": user_code,
                "verification_url": self.verification_url,
                "expires_in": DEVICE_LIFE_S,
                "interval": DEVICE_INTERVAL_S,
            },
        )

    def _device_token(self, body: JsonObject) -> Response:
        """200 · 400 pending, empty · 404 bad code · 409 used · 410 expired · 418 denied · 429 too fast."""
        login = self._logins.get(str(body.get("code")))
        if login is None:
            return empty_answer(404)
        now = self._world.clock.now()
        last, login.polled_at = login.polled_at, now
        if login.state == "used":
            return empty_answer(409)
        if epoch(now) >= login.started_at + DEVICE_LIFE_S:
            return empty_answer(410)
        if login.state == "denied":
            return empty_answer(418)
        if last is not None and (now - last).total_seconds() < DEVICE_INTERVAL_S - POLL_GRACE_S:
            return empty_answer(429, {"retry-after": str(DEVICE_INTERVAL_S)})
        if login.account is None:
            return empty_answer(400)
        login.state = "used"
        return _pair(self.sign_in(login.account))

    def _token(self, body: JsonObject) -> Response:
        if body.get("grant_type") != "refresh_token":
            return _failure("unsupported_grant_type", "This simulator knows only refresh_token.")
        grant = self._by_refresh.get(str(body.get("refresh_token")))
        if grant is None or grant.refreshed or grant.revoked:
            return _failure(
                "invalid_grant",
                "The provided authorization grant is invalid, expired, revoked, does not match the "
                "redirection URI used in the authorization request, or was issued to another client.",
            )
        grant.refreshed = True
        return _pair(self.sign_in(grant.account))

    def _revoke(self, body: JsonObject) -> Response:
        """Always 200, whatever the token is (T#112)."""
        token = str(body.get("token"))
        grant = self._by_access.get(token) or self._by_refresh.get(token)
        if grant is not None:
            grant.revoked = True
        return empty_answer(200)

    def _secret(self) -> str:
        return f"{self._world.chance.getrandbits(256):064x}"


def _pair(grant: Grant) -> Response:
    return json_answer(
        200,
        {
            "access_token": grant.access_token,
            "token_type": "bearer",
            "expires_in": grant.life_s,
            "refresh_token": grant.refresh_token,
            "scope": "public",
            "created_at": grant.created_at,
        },
        {"cache-control": "no-store"},
    )


def _failure(error: str, description: str) -> Response:
    return json_answer(400, {"error": error, "error_description": description})
