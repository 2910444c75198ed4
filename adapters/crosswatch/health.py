"""Whether the account can be used, as the engine asks it.

A provider that is down must name no feature as working: of a feature that is said to work the engine
reads an index, and takes an empty one for everything removed.
"""

from crosswatch_trakt.adapters.crosswatch import host, manifest
from crosswatch_trakt.adapters.crosswatch.client import status_of
from crosswatch_trakt.adapters.crosswatch.host import Config
from crosswatch_trakt.adapters.crosswatch.sessions import Sessions
from crosswatch_trakt.adapters.crosswatch.view import is_configured
from crosswatch_trakt.adapters.library import TraktError
from crosswatch_trakt.application.health import Health, Status
from crosswatch_trakt.domain.problems import RateLimited

USABLE: frozenset[Status] = frozenset({"ok", "degraded"})
SETTINGS = "users/settings"


def health(sessions: Sessions, view: Config) -> dict[str, object]:
    """Ask Trakt once. Raises nothing but the end of a run that the user has stopped."""
    if not is_configured(view):
        return answer("auth_failed", reason="nobody is signed in to Trakt in this profile")
    host.raise_if_cancelled()
    try:
        session = sessions.of(view)
        begun = session.clock.monotonic()
        found = session.account.health()
        ms = round((session.clock.monotonic() - begun) * 1000)
    except Exception as error:
        host.raise_if_cancelled()
        host.log("health", "error", "health", error=type(error).__name__)
        # What another's error says may quote a secret.
        said = error.advice if isinstance(error, TraktError) else f"it failed with {type(error).__name__}"
        return answer("down", reason=said)
    told = answer(found.status, reason=found.detail, latency_ms=ms, found=found)
    host.log("health", "info", "health", status=found.status, ok=told["ok"], latency_ms=ms)
    return told


def answer(
    status: Status, *, reason: str | None = None, latency_ms: int = 0, found: Health | None = None
) -> dict[str, object]:
    """The engine's form of it."""
    usable = status in USABLE
    return {
        "ok": usable,
        "status": status,
        "latency_ms": latency_ms,
        "features": manifest.features(on=usable),
        "details": _details(reason, found),
        "api": {SETTINGS: {"status": _http_status(found)}, "rate_limit": _rate(found)},
    }


def _details(reason: str | None, found: Health | None) -> dict[str, object] | None:
    problem = None if found is None else found.problem
    details: dict[str, object] = {"disabled": list(manifest.OFF)}
    if isinstance(problem, RateLimited):
        reason = f"rate limit: {reason}"  # by these words it knows that the login is good
        if problem.retry_after_s is not None:
            details["retry_after_s"] = round(problem.retry_after_s)
    if reason is not None:
        details["reason"] = reason
    return details


def _http_status(found: Health | None) -> int | None:
    if found is None:
        return None
    if found.problem is None:
        return 200
    return status_of(found.problem)


def _rate(found: Health | None) -> dict[str, int | None]:
    quota = None if found is None else found.quota.get("GET")
    if quota is None:
        return {"limit": None, "remaining": None}
    return {"limit": quota.allowed, "remaining": max(0, quota.allowed - quota.used)}
