"""Whether the account can be used now, and how much of its allowances is left."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from returns.result import Result, Success

from crosswatch_trakt.application.advice import advice
from crosswatch_trakt.application.trakt.call import Caller
from crosswatch_trakt.application.trakt.gate import RateSeen
from crosswatch_trakt.application.trakt.person import Person
from crosswatch_trakt.domain.problems import (
    AccountLimit,
    AccountLocked,
    AppRefused,
    BadInput,
    LoginEnded,
    Problem,
    RateLimited,
    SignInAgain,
    StateUnreadable,
    StateUnwritable,
    VipOnly,
)

Status: TypeAlias = Literal["ok", "degraded", "auth_failed", "down"]


@dataclass(frozen=True, slots=True)
class Quota:
    """What one gate has let through in its running period, and what the server said last."""

    used: int
    allowed: int
    seen: RateSeen | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """`ok`: all works. `degraded`: Trakt answers, but not everything works now."""

    ok: bool
    status: Status
    account: str | None = None  # the user's name
    vip: bool | None = None
    limits: Mapping[str, int] = field(default_factory=dict)  # list → items
    quota: Mapping[str, Quota] = field(default_factory=dict)  # "GET", "POST"
    token_expires_at: datetime | None = None
    detail: str | None = None  # what is wrong and what to do
    problem: Problem | None = None  # the same, as facts


def health_of(person: Result[Person, Problem], caller: Caller) -> Health:
    """Sum up what asking for the account's settings has shown."""
    tokens = caller.access.kept().value_or(None)
    expires_at = None if tokens is None else _moment(tokens.expires_at)
    quota = {method: seen for method in ("GET", "POST") if (seen := _quota(caller, method)) is not None}
    if isinstance(person, Success):
        known = person.unwrap()
        return Health(True, "ok", known.username, known.vip, known.limits, quota, expires_at)
    problem = person.failure()
    return Health(
        False,
        _status(problem),
        quota=quota,
        token_expires_at=expires_at,
        detail=advice(problem),
        problem=problem,
    )


def _moment(epoch_s: int | None) -> datetime | None:
    try:
        return None if epoch_s is None else datetime.fromtimestamp(epoch_s, UTC)
    except (ValueError, OverflowError, OSError):  # what settings say may be out of all calendars
        return None


def _status(problem: Problem) -> Status:
    if isinstance(problem, SignInAgain | AppRefused | LoginEnded | BadInput):
        return "auth_failed"
    limited = isinstance(problem, RateLimited | AccountLimit | AccountLocked | VipOnly)
    if limited or isinstance(problem, StateUnreadable | StateUnwritable):
        return "degraded"
    return "down"


def _quota(caller: Caller, method: str) -> Quota | None:
    counted = caller.gate.used(method)
    if counted is None:
        return None
    names = [name for name in caller.gate.seen if (method == "GET") == ("GET" in name)]
    return Quota(*counted, caller.gate.seen[names[-1]] if names else None)
