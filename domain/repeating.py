"""What may be sent again, and when.

A read may always be repeated. A write may be repeated where a second one does nothing (a rating, a
watchlist row, the removal of a play by its id); a play that was sent is never sent again by itself,
since an answer that is an error does not prove that nothing was written: clients that repeated
doubled hundreds of thousands of plays.
"""

from crosswatch_trakt.domain.problems import (
    AccountLimit,
    AccountLocked,
    AnswerLost,
    AppRefused,
    BadInput,
    Blocked,
    HostUnusable,
    Incomplete,
    LoginEnded,
    NotSent,
    NotThere,
    Problem,
    RateLimited,
    Refused,
    SignInAgain,
    StateUnreadable,
    StateUnwritable,
    Unavailable,
    UnexpectedAnswer,
    VipOnly,
)

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
RATE_LIMIT_WAIT_S = 5.0  # the official importer's wait where Retry-After is missing
CDN_WAIT_S = 300.0  # the CDN blocks for about that long
PROVE_NOTHING_WRITTEN = frozenset({400, 401, 403, 412, 422, 426, 429})


def wait_before_repeat_s(
    problem: Problem, *, attempt: int, harmless: bool, jitter: float, longest_s: float
) -> float | None:
    """Seconds to wait before this request is sent again; None if it must not be.

    `attempt` counts from 1, `harmless` says that a second one would change nothing, `jitter` is chance
    from 0 to 1. What the server asks to wait is waited in full; if that is over `longest_s`, not at all.
    """
    match problem:
        case NotSent():
            return _back_off_s(attempt, jitter)
        case RateLimited(retry_after_s=asked, by_cdn=by_cdn):
            wait_s = asked if asked is not None else CDN_WAIT_S if by_cdn else RATE_LIMIT_WAIT_S
            return wait_s if wait_s <= longest_s else None
        case AnswerLost() | UnexpectedAnswer():
            return _back_off_s(attempt, jitter) if harmless else None
        case Unavailable(retry_after_s=asked):
            if not harmless or (asked or 0) > longest_s:
                return None
            return max(asked or 0, _back_off_s(attempt, jitter))
        case (
            SignInAgain()
            | AppRefused()
            | Blocked()
            | AccountLimit()
            | AccountLocked()
            | VipOnly()
            | NotThere()
            | Refused()
            | Incomplete()
            | LoginEnded()
            | StateUnreadable()
            | StateUnwritable()
            | HostUnusable()
            | BadInput()
        ):
            return None


def surely_not_applied(problem: Problem) -> bool:
    """Whether a write that ended so has certainly changed nothing. All else is doubt."""
    match problem:
        case NotSent() | SignInAgain() | AppRefused() | Blocked() | VipOnly() | RateLimited():
            return True
        case StateUnreadable() | StateUnwritable() | HostUnusable() | BadInput():  # nothing was sent
            return True
        case Refused(status=status):
            return status in PROVE_NOTHING_WRITTEN
        case (
            AnswerLost()
            | Unavailable()
            | UnexpectedAnswer()
            | AccountLimit()
            | AccountLocked()
            | NotThere()
            | Incomplete()
            | LoginEnded()
        ):
            return False


def stops_all_writes(problem: Problem) -> bool:
    """Whether the batches that follow cannot fare better in this call."""
    return isinstance(problem, SignInAgain | AppRefused | Blocked | AccountLocked | VipOnly | RateLimited)


def hinders_all(problem: Problem) -> bool:
    """Whether a look-up that ended so says nothing of the title: the next one would end so too."""
    return not isinstance(problem, Unavailable | Refused | UnexpectedAnswer | NotThere)


def _back_off_s(attempt: int, jitter: float) -> float:
    longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(attempt - 1, 10))
    return longest * (0.5 + jitter / 2)
