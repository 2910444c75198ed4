"""What the command line ends with.

| code | meaning |
|---|---|
| 0 | done |
| 1 | done, but some items are unresolved; of `crosswatch check`: ours is not there, or is another |
| 2 | wrong usage, or input that is not what it says |
| 3 | sign in again, or the app is refused |
| 4 | the account is full or locked, or only VIP accounts may do this |
| 5 | Trakt is not to be had, or its rate limit is used up |
| 6 | the index is incomplete |
| 7 | state, or the output, cannot be read or written |
| 70 | a fault of this program (`EX_SOFTWARE`) |
| 130 | interrupted by Ctrl-C |

A reader that closes the pipe early (`| head`) changes no code: what was done was done.
"""

from collections.abc import Iterable, Sequence

from crosswatch_trakt.application.advice import ExitCode, exit_code
from crosswatch_trakt.application.write.report import Report
from crosswatch_trakt.domain.problems import Problem

FAULT = 70

_WORSE_THAN_UNRESOLVED = (ExitCode.STATE, ExitCode.SIGN_IN, ExitCode.ACCOUNT, ExitCode.UNAVAILABLE)


def code_of_reports(reports: Sequence[Report]) -> int:
    """The code of writes. A problem counts if it kept an item from its end, or state from the disk."""
    every = [*reports, *(report.collection for report in reports if report.collection is not None)]
    unresolved = any(report.unresolved for report in every)
    codes = set(_codes(problem for report in every for problem in report.problems))
    for code in _WORSE_THAN_UNRESOLVED:
        if code in codes and (unresolved or code is ExitCode.STATE):
            return code
    return ExitCode.SOME_UNRESOLVED if unresolved else ExitCode.DONE


def _codes(problems: Iterable[Problem]) -> Iterable[ExitCode]:
    return (exit_code(problem) for problem in problems)
