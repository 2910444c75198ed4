"""What an answer means, by its status and headers.

Beyond this room no one sees a status code. Source of the meanings: Trakt's documentation and the
issues of trakt/trakt-api; the CDN in front of Trakt answers in HTML and without Trakt's headers.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from returns.result import Failure, Result, Success

from crosswatch_trakt.application.ports import Response
from crosswatch_trakt.domain.ids import parse_number
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

NOT_MODIFIED = 304
DETAIL_MAX = 120  # characters of an error body that are shown
ADDRESS_MAX = 300  # likewise of an address


def judge(request: str, response: Response, now: datetime) -> Result[Response, Problem]:
    """Let a success (or 304) pass; make a problem of anything else."""
    status = response.status
    if 200 <= status < 300 or status == NOT_MODIFIED:
        return Success(response)
    return Failure(_problem(request, response, retry_after_s(response, now)))


def retry_after_s(response: Response, now: datetime) -> float | None:
    """How long the server asks to wait: `Retry-After` in seconds or as a date; None if it does not."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 9:
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


def server_time(response: Response) -> float | None:
    """When the server answered, in epoch seconds by its own clock; None if it does not say."""
    try:
        at = parsedate_to_datetime(response.headers.get("date", ""))
    except (ValueError, OverflowError):
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def is_html(response: Response) -> bool:
    """Whether a page for people came in place of data: the CDN's, or a wrong address."""
    kind = response.headers.get("content-type", "").lower()
    return "html" in kind or response.body.lstrip()[:1] == b"<"


def _from_the_app(response: Response) -> bool:
    """Whether Trakt itself answered: the CDN's answers have neither of these (trakt-api#939)."""
    return "x-ratelimit" in response.headers or "x-request-id" in response.headers


def _problem(request: str, response: Response, wait_s: float | None) -> Problem:
    headers = response.headers
    upgrade_url = _address(headers.get("x-upgrade-url", ""))
    match response.status:
        case 401:
            return SignInAgain("the token was not accepted")
        case 403:
            return Blocked(request) if is_html(response) else AppRefused(request)
        case 404:
            return NotThere(request)
        case 420:
            return AccountLimit(request, parse_number(headers.get("x-account-limit")), upgrade_url)
        case 423:
            return AccountLocked(request, headers.get("x-account-deactivated", "").lower() == "true")
        case 426:
            return VipOnly(request, upgrade_url)
        case 429:
            return RateLimited(request, wait_s, by_cdn=not _from_the_app(response))
        case 408:
            return Unavailable(request, 408, wait_s)
        case status if status >= 500:
            return Unavailable(request, status, wait_s)
        case status if 300 <= status < 400:
            return Refused(request, status, "it points to another address, which is not followed")
        case status:
            return Refused(request, status, _detail(response))


def _detail(response: Response) -> str:
    """One line of what an error body says, if it is text; never more than fits on a line."""
    if is_html(response):
        return "a web page"
    text = " ".join(response.body[: DETAIL_MAX * 4].decode("utf-8", "replace").split())
    plain = "".join(char if char.isprintable() else " " for char in text)  # a terminal obeys some
    return plain if len(plain) <= DETAIL_MAX else plain[: DETAIL_MAX - 3] + "..."


def _address(text: str) -> str | None:
    """An address to show to a person, if it is one."""
    plain = text.isascii() and text.isprintable() and " " not in text and len(text) <= ADDRESS_MAX
    return text if plain and text.startswith("https://") else None
