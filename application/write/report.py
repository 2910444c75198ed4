"""What a write tells its caller."""

from collections.abc import Sequence
from dataclasses import dataclass

from crosswatch_trakt.domain.outcomes import Already, End, Fates, Outcome, Reason, sort_outcomes
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
from crosswatch_trakt.domain.unresolved import Operation


@dataclass(frozen=True, slots=True)
class Report:
    """Every item of a call, under its end. In a dry run, what would be written is `confirmed`."""

    feature: str  # watchlist, ratings, history, collection
    operation: Operation
    confirmed: Sequence[Outcome] = ()
    existing: Sequence[Outcome] = ()
    unresolved: Sequence[Outcome] = ()
    problems: Sequence[Problem] = ()  # what went wrong on the way, each once
    collection: "Report | None" = None  # what became of the same items in the collection
    dry_run: bool = False


def report(
    feature: str,
    operation: Operation,
    outcomes: Sequence[Outcome],
    problems: Sequence[Problem] = (),
    *,
    dry_run: bool = False,
    collection: Report | None = None,
) -> Report:
    """Sort the outcomes by their end, in the order of the items."""
    ends, said = sort_outcomes(outcomes), list(dict.fromkeys(problems))
    return Report(
        feature, operation, ends.confirmed, ends.existing, ends.unresolved, said, collection, dry_run
    )


def settle_duplicates(fates: Fates, twins: dict[int, int]) -> None:
    """Give each duplicate (position → position of its twin) the outcome of its twin."""
    for position, twin in twins.items():
        outcome = fates.of(twin)
        if outcome is not None and outcome.end is End.UNRESOLVED:
            fates.settle(position, outcome.end, outcome.reason, outcome.hint)
        else:
            fates.settle(position, End.EXISTING, Already.DUPLICATE)


def reason_of(problem: Problem) -> str:
    """The code of an item whose request ended so. What may have been obeyed is `ambiguous`."""
    match problem:
        case NotSent():
            return Reason.NOT_SENT
        case RateLimited():
            return Reason.RATE_LIMITED
        case SignInAgain() | AppRefused() | LoginEnded():
            return Reason.SIGN_IN
        case AccountLimit():
            return Reason.ACCOUNT_LIMIT
        case AccountLocked():
            return Reason.ACCOUNT_LOCKED
        case VipOnly():
            return Reason.VIP_ONLY
        case Blocked():
            return "http:403"
        case NotThere():
            return "http:404"
        case Refused(status=status) | Unavailable(status=status):
            return f"http:{status}"
        case StateUnreadable() | StateUnwritable() | HostUnusable():
            return Reason.STATE_UNWRITABLE
        case AnswerLost() | UnexpectedAnswer() | Incomplete() | BadInput():
            return Reason.AMBIGUOUS
