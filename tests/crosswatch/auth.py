"""CrossWatch's own sign-in to Trakt, as far as a sync provider sees it: the refresh of a profile's tokens.

It saves the *whole* configuration, so it may undo what another wrote in between; and it answers "fresh",
without a request, while the stored token has two minutes to go.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import Protocol

from tests.crosswatch.values import DEFAULT, Config, Form, block, number, text

MARGIN_S = 120

Exchange = Callable[[Mapping[str, str]], tuple[int, Mapping[str, object]]]  # body -> status, answer


def no_exchange(body: Mapping[str, str]) -> tuple[int, Mapping[str, object]]:
    """A Trakt that is not there."""
    raise OSError("no route to host")


class _Host(Protocol):
    @property
    def form(self) -> Form: ...

    @property
    def now(self) -> Callable[[], float]: ...

    @property
    def exchange(self) -> Exchange: ...

    def load_config(self) -> Config: ...

    def save_config(self, config: Mapping[str, object]) -> None: ...


@dataclass
class TraktAuth:
    """`PROVIDER` of `providers.auth._auth_TRAKT`."""

    host: _Host
    asked: list[str] = field(default_factory=list)  # the profile of every call
    exchanged: list[Mapping[str, str]] = field(default_factory=list)  # bodies sent to Trakt

    def __post_init__(self) -> None:
        self._lock = RLock()

    def refresh(
        self, cfg: Config | None = None, *, instance_id: object = None, margin_s: float = MARGIN_S
    ) -> Config:
        """Renew the profile's tokens in the configuration; `status` says how that went."""
        profile = str(instance_id or DEFAULT)
        self.asked.append(profile)
        with self._lock:
            config = cfg or self.host.load_config()
            tokens = profile_block(config, profile)
            expires_at = number(tokens, "expires_at", 0)
            if text(tokens, "access_token") and expires_at > self.host.now() + margin_s:
                return {"ok": True, "status": "fresh", "expires_at": int(expires_at)}
            if not text(tokens, "refresh_token"):
                return {"ok": False, "status": "missing_refresh"}
            return self._exchange(config, tokens)

    def _exchange(self, config: Config, tokens: Config) -> Config:
        body = {"grant_type": "refresh_token", "refresh_token": text(tokens, "refresh_token")}
        body["client_id"] = text(tokens, "client_id")
        if self.host.form is Form.OLD or text(tokens, "auth_method") != "pin":
            body["client_secret"] = text(tokens, "client_secret")
        self.exchanged.append(body)
        try:
            status, answer = self.host.exchange(body)
        except OSError:
            return {"ok": False, "status": "network_error"}
        if status != 200:
            if self.host.form is Form.NEW and text(answer, "error") == "invalid_grant":
                tokens["auth_error"] = "reconnect_required"
                self.host.save_config(config)
            return {"ok": False, "status": f"refresh_failed:{status}"}
        if not text(answer, "access_token"):
            return {"ok": False, "status": "no_access_token"}
        tokens.pop("auth_error", None)
        for name in ("access_token", "refresh_token", "scope", "token_type"):
            if text(answer, name):
                tokens[name] = text(answer, name)
        tokens["expires_at"] = int(self.host.now() + number(answer, "expires_in", 0))
        self.host.save_config(config)
        return {"ok": True, "status": "ok", "expires_at": tokens["expires_at"]}


def profile_block(config: Config, profile: str) -> Config:
    """The profile's own block inside the configuration, to be changed in place; empty if there is none."""
    trakt = config.get("trakt")
    if not isinstance(trakt, dict):
        return {}
    if profile == DEFAULT:
        return trakt
    instances = trakt.get("instances")
    found = instances.get(profile) if isinstance(instances, dict) else None
    return found if isinstance(found, dict) else block({})
