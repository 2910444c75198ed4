"""The exit code of a write says the worst that happened."""

import pytest

from crosswatch_trakt.adapters.cli.codes import code_of_reports
from crosswatch_trakt.application.write.report import Report
from crosswatch_trakt.domain.outcomes import End, Outcome
from crosswatch_trakt.domain.problems import (
    AccountLimit,
    AnswerLost,
    Problem,
    SignInAgain,
    StateUnwritable,
)

DONE = Outcome({}, "a", End.CONFIRMED)
LEFT = Outcome({}, "b", End.UNRESOLVED, "not_found")
LOST, FULL = AnswerLost("POST", "reset"), AccountLimit("POST", None, None)
OUT, DISK = SignInAgain("expired"), StateUnwritable("file", "full")


@pytest.mark.parametrize(
    ("unresolved", "problems", "code"),
    [
        ([], [], 0),
        ([LEFT], [], 1),
        ([LEFT], [LOST], 5),
        ([LEFT], [LOST, FULL], 4),
        ([LEFT], [LOST, FULL, OUT], 3),
        ([LEFT], [LOST, FULL, OUT, DISK], 7),
        ([], [LOST], 0),  # the answer was lost, and what was sent was found
        ([], [DISK], 7),
    ],
)
def test_the_worst_counts(unresolved: list[Outcome], problems: list[Problem], code: int) -> None:
    report = Report("history", "add", [DONE], [], unresolved, problems)

    assert code_of_reports([report]) == code
    assert code_of_reports([Report("history", "add", [DONE]), report]) == code
    assert code_of_reports([Report("history", "add", [DONE], collection=report)]) == code


def test_nothing_tried_is_done() -> None:
    assert code_of_reports([]) == 0
