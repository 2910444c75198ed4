"""All that can go wrong, as facts.

A Problem says what happened and carries what a person or a caller needs to decide; it has no
sentence in it (`application.advice` makes those, in one place) and no secret. The union is closed:
with mypy's `exhaustive-match` a new problem without its sentence, its code or its way of repeating
does not pass the checks.
"""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class NotSent:
    """No connection was made: Trakt surely got nothing."""

    request: str  # method and address, no secret
    cause: str


@dataclass(frozen=True, slots=True)
class AnswerLost:
    """The request went out and no whole answer came: Trakt may have obeyed."""

    request: str
    cause: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """5xx, 520-522 and other statuses that say Trakt could not: a write may have been obeyed."""

    request: str
    status: int
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class RateLimited:
    """429. The CDN's kind blocks every path for some minutes, sign-in too."""

    request: str
    retry_after_s: float | None
    by_cdn: bool


@dataclass(frozen=True, slots=True)
class Blocked:
    """An HTML 403: the CDN refuses this machine or this User-Agent."""

    request: str


@dataclass(frozen=True, slots=True)
class SignInAgain:
    """No token, or one that Trakt no longer takes and that cannot be refreshed."""

    reason: str


@dataclass(frozen=True, slots=True)
class AppRefused:
    """403 to every call: the API key is wrong, or the app was deleted or not approved."""

    request: str


@dataclass(frozen=True, slots=True)
class AccountLimit:
    """420: a list of the account is full."""

    request: str
    limit: int | None
    upgrade_url: str | None


@dataclass(frozen=True, slots=True)
class AccountLocked:
    """423: Trakt has locked or deactivated the account."""

    request: str
    deactivated: bool


@dataclass(frozen=True, slots=True)
class VipOnly:
    """426: only paying accounts may do this."""

    request: str
    upgrade_url: str | None


@dataclass(frozen=True, slots=True)
class NotThere:
    """404 where something was expected."""

    request: str


@dataclass(frozen=True, slots=True)
class Refused:
    """400, 409, 412, 422 and other statuses of 4xx: Trakt did not take this request."""

    request: str
    status: int
    detail: str


@dataclass(frozen=True, slots=True)
class UnexpectedAnswer:
    """A success that cannot be read: not JSON, cut, empty, or of another shape."""

    request: str
    detail: str


@dataclass(frozen=True, slots=True)
class Incomplete:
    """An endpoint did not send what it announced, or moved while it was read: no index."""

    endpoint: str
    page: int
    announced: int | None  # None: Trakt did not say
    received: int
    moved: bool = False  # it changed each time it was read


@dataclass(frozen=True, slots=True)
class LoginEnded:
    """Device login came to an end without a token: denied, expired, used, or a bad code."""

    reason: str


@dataclass(frozen=True, slots=True)
class StateUnreadable:
    """A file of ours cannot be read."""

    name: str
    cause: str


@dataclass(frozen=True, slots=True)
class StateUnwritable:
    """A file of ours cannot be written: read-only folder, full disk, lock held too long."""

    name: str
    cause: str


@dataclass(frozen=True, slots=True)
class HostUnusable:
    """A file of the program we are a part of cannot be read or replaced."""

    name: str
    cause: str


@dataclass(frozen=True, slots=True)
class BadInput:
    """What the caller handed in is not what it says: a feature, a setting, a file."""

    what: str
    mend: str


Problem: TypeAlias = (
    NotSent
    | AnswerLost
    | Unavailable
    | RateLimited
    | Blocked
    | SignInAgain
    | AppRefused
    | AccountLimit
    | AccountLocked
    | VipOnly
    | NotThere
    | Refused
    | UnexpectedAnswer
    | Incomplete
    | LoginEnded
    | StateUnreadable
    | StateUnwritable
    | HostUnusable
    | BadInput
)
