"""The words for every problem, in one place: what happened, what was left alone, what to do.

The command line, the log and CrossWatch all show these sentences. mypy's `exhaustive-match` leaves no
problem without its own.
"""

from enum import IntEnum

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


class ExitCode(IntEnum):
    """What the command line ends with."""

    DONE = 0
    SOME_UNRESOLVED = 1
    BAD_INPUT = 2
    SIGN_IN = 3
    ACCOUNT = 4
    UNAVAILABLE = 5
    INCOMPLETE = 6
    STATE = 7
    INTERRUPTED = 130


def advice(problem: Problem) -> str:
    """Tell a person what happened, what was left alone, and what to do."""
    match problem:
        case NotSent(request, cause):
            return (
                f"Trakt could not be reached ({request}: {_clause(cause)}). Nothing was sent. "
                "Check the network and the address, then run it again."
            )
        case AnswerLost(request, cause):
            return (
                f"No answer came to {request} ({_clause(cause)}). It may have been carried out. "
                "Run it again later: what is there by then is recognised."
            )
        case Unavailable(request, status):
            return f"Trakt is in trouble (HTTP {status} to {request}). Run it again in some minutes."
        case RateLimited(request, retry_after_s, by_cdn):
            wait = "some minutes" if retry_after_s is None else f"{retry_after_s:.0f} seconds"
            who = "Trakt's network has blocked this connection" if by_cdn else "Trakt's rate limit is used up"
            return f"{who} ({request}). Nothing was done. Run it again in {wait}."
        case Blocked(request):
            return (
                f"Trakt's network refused this machine (HTML 403 to {request}). Nothing was done. "
                "Try later or from another network; a VPN or an odd User-Agent is the usual cause."
            )
        case SignInAgain(reason):
            return (
                f"Trakt wants you to sign in again: {reason}. Run `crosswatch-trakt login`; in CrossWatch, "
                "connect Trakt anew in its settings."
            )
        case AppRefused(request):
            return (
                f"Trakt does not take this app ({request}): it was deleted, is not approved, or its id or "
                "secret is wrong. Check client_id under trakt.tv/oauth/applications."
            )
        case AccountLimit(request, limit, upgrade_url):
            size = "" if limit is None else f" of {limit}"
            more = "" if upgrade_url is None else f" ({upgrade_url})"
            return (
                f"The account's limit{size} is reached ({request}). What fitted is kept, the rest "
                f"was not added. Remove something, or have Trakt raise the limit{more}."
            )
        case AccountLocked(_, deactivated):
            state = "deactivated" if deactivated else "locked"
            return (
                f"Trakt has {state} this account. Nothing more was written. Ask its support to open it again."
            )
        case VipOnly(request, upgrade_url):
            more = "" if upgrade_url is None else f": {upgrade_url}"
            return f"Trakt allows this to VIP accounts only ({request}). Nothing was written{more}."
        case NotThere(request):
            return (
                f"Trakt has nothing at {request} (404). Check base_url and auth_url, or update this program."
            )
        case Refused(request, status, detail):
            why = f": {detail}" if detail else ""
            return f"Trakt refused {request} with HTTP {status}{_clause(why)}."
        case UnexpectedAnswer(request, detail):
            return (
                f"The answer to {request} cannot be read: {_clause(detail)}. It was not used. "
                "Run it again; if it stays so, base_url may be wrong or Trakt has changed."
            )
        case Incomplete(endpoint, page, announced, received, moved):
            if moved:
                return (
                    f"{endpoint} changed each time it was read. Nothing was removed and nothing stored. "
                    "Run it again when nothing else writes to the account."
                )
            said = (
                "did not say how many rows there are" if announced is None else f"announced {announced} rows"
            )
            return (
                f"Trakt {said} of {endpoint} and sent {received}, up to page {page}. "
                "Nothing was removed and nothing stored. Run it again."
            )
        case LoginEnded(reason):
            return f"The login ended without a token: {reason}. Run `crosswatch-trakt login` again."
        case StateUnreadable(name, cause):
            return (
                f"{name} cannot be read: {_clause(cause)}. Nothing was changed. "
                "Check the folder, or move the file away."
            )
        case StateUnwritable(name, cause):
            return (
                f"{name} cannot be written: {_clause(cause)}. "
                "Check the folder's rights and the free space, or choose another (state_dir)."
            )
        case HostUnusable(name, cause):
            return (
                f"CrossWatch's files in {name} cannot be changed: {_clause(cause)}. "
                "What is in place is whole. Check rights and free space; in a container, mount the file "
                "that `crosswatch-trakt crosswatch shim` prints."
            )
        case BadInput(what, mend):
            name = what.split(" ", 1)[0]  # of a setting: names stay as they are
            return f"{what if '_' in name else what[:1].upper() + what[1:]}. {mend}"


def _clause(words: str) -> str:
    """What somebody else said, made a part of our sentence."""
    return words.strip().rstrip(".")


def exit_code(problem: Problem) -> ExitCode:
    """The exit code that goes with a problem."""
    match problem:
        case SignInAgain() | AppRefused() | LoginEnded():
            return ExitCode.SIGN_IN
        case AccountLimit() | AccountLocked() | VipOnly():
            return ExitCode.ACCOUNT
        case (
            NotSent()
            | AnswerLost()
            | Unavailable()
            | RateLimited()
            | Blocked()
            | NotThere()
            | Refused()
            | UnexpectedAnswer()
        ):
            return ExitCode.UNAVAILABLE
        case Incomplete():
            return ExitCode.INCOMPLETE
        case StateUnreadable() | StateUnwritable() | HostUnusable():
            return ExitCode.STATE
        case BadInput():
            return ExitCode.BAD_INPUT
