"""What may be sent again, and when."""

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from crosswatch_trakt.domain.repeating import (
    CDN_WAIT_S,
    LONGEST_WAIT_S,
    RATE_LIMIT_WAIT_S,
    stops_all_writes,
    surely_not_applied,
    wait_before_repeat_s,
)

R = "POST /sync/history"
DOUBT: tuple[Problem, ...] = (AnswerLost(R, "reset"), Unavailable(R, 502), UnexpectedAnswer(R, "cut"))
NOT_TAKEN: tuple[Problem, ...] = (NotSent(R, "refused"), RateLimited(R, 1.0, by_cdn=False))
FINAL: tuple[Problem, ...] = (
    SignInAgain("x"),
    AppRefused(R),
    Blocked(R),
    AccountLimit(R, 250, None),
    AccountLocked(R, deactivated=False),
    VipOnly(R, None),
    NotThere(R),
    Refused(R, 422, ""),
    Incomplete(R, 1, 5, 4),
    LoginEnded("x"),
    StateUnreadable("f", "x"),
    StateUnwritable("f", "x"),
    HostUnusable("f", "x"),
    BadInput("x", "y"),
)


def wait(
    problem: Problem,
    *,
    attempt: int = 1,
    harmless: bool = True,
    jitter: float = 1.0,
    longest_s: float = 300.0,
) -> float | None:
    return wait_before_repeat_s(
        problem, attempt=attempt, harmless=harmless, jitter=jitter, longest_s=longest_s
    )


def test_these_are_all_the_problems_there_are() -> None:
    assert {type(each) for each in DOUBT + NOT_TAKEN + FINAL} == set(get_args(Problem))


@settings(deadline=None)
@given(st.sampled_from(FINAL), st.integers(1, 20), st.booleans())
def test_what_cannot_get_better_by_itself_is_not_repeated(
    problem: Problem, attempt: int, harmless: bool
) -> None:
    assert wait(problem, attempt=attempt, harmless=harmless) is None


@settings(deadline=None)
@given(st.sampled_from(DOUBT), st.integers(1, 20), st.floats(0, 1), st.floats(0, 1e6))
def test_a_write_that_may_have_been_obeyed_is_never_sent_again_by_itself(
    problem: Problem, attempt: int, jitter: float, longest_s: float
) -> None:
    assert wait(problem, attempt=attempt, harmless=False, jitter=jitter, longest_s=longest_s) is None


@settings(deadline=None)
@given(st.sampled_from([*DOUBT, NOT_TAKEN[0]]), st.integers(1, 2000), st.floats(0, 1))
def test_the_back_off_doubles_up_to_a_minute_and_chance_takes_up_to_half_of_it(
    problem: Problem, attempt: int, jitter: float
) -> None:
    full = min(LONGEST_WAIT_S, 2.0 ** min(attempt - 1, 50))
    waited = wait(problem, attempt=attempt, jitter=jitter)

    assert waited is not None
    assert full / 2 <= waited <= full
    assert waited == full * (0.5 + jitter / 2)


@pytest.mark.parametrize("harmless", [True, False])
def test_what_surely_reached_nobody_is_repeated_even_if_a_second_one_would_do_harm(harmless: bool) -> None:
    assert wait(NOT_TAKEN[0], harmless=harmless) == 1.0
    assert wait(NOT_TAKEN[1], harmless=harmless) == 1.0


@settings(deadline=None)
@given(st.floats(0, 1000), st.floats(0, 1000), st.booleans(), st.booleans())
def test_what_the_server_asks_to_wait_is_waited_in_full_or_not_at_all(
    asked: float, longest_s: float, by_cdn: bool, harmless: bool
) -> None:
    waited = wait(RateLimited(R, asked, by_cdn), longest_s=longest_s, harmless=harmless)

    assert waited == (asked if asked <= longest_s else None)


def test_a_rate_limit_that_names_no_time_has_a_usual_one() -> None:
    assert wait(RateLimited(R, None, by_cdn=False)) == RATE_LIMIT_WAIT_S
    assert wait(RateLimited(R, None, by_cdn=True)) == CDN_WAIT_S
    assert wait(RateLimited(R, None, by_cdn=True), longest_s=60) is None


def test_a_server_in_trouble_is_left_alone_as_long_as_it_asks_and_no_less_than_the_back_off() -> None:
    assert wait(Unavailable(R, 503, 40.0)) == 40.0
    assert wait(Unavailable(R, 503, 0.0), attempt=4) == 8.0
    assert wait(Unavailable(R, 503, 301.0)) is None


@pytest.mark.parametrize("problem", [*NOT_TAKEN, *(Refused(R, status, "") for status in (400, 412, 422))])
def test_these_answers_prove_that_nothing_was_written(problem: Problem) -> None:
    assert surely_not_applied(problem)


@pytest.mark.parametrize(
    "problem",
    [
        *DOUBT,
        *(Unavailable(R, status) for status in (408, 500, 503, 504, 520, 524)),
        *(Refused(R, status, "") for status in (301, 404, 405, 409, 418)),
        AccountLimit(R, None, None),
        AccountLocked(R, deactivated=True),
        NotThere(R),
    ],
)
def test_all_else_is_doubt(problem: Problem) -> None:
    """A 420 may be partial, a 409 may mean that it is there."""
    assert not surely_not_applied(problem)


@settings(deadline=None)
@given(st.sampled_from(DOUBT + NOT_TAKEN + FINAL), st.integers(1, 9))
def test_only_what_surely_was_not_applied_is_repeated_though_it_does_harm(
    problem: Problem, attempt: int
) -> None:
    if wait(problem, attempt=attempt, harmless=False) is not None:
        assert surely_not_applied(problem)


def test_further_batches_are_not_tried_where_they_cannot_fare_better() -> None:
    stopping = {type(each) for each in DOUBT + NOT_TAKEN + FINAL if stops_all_writes(each)}

    assert stopping == {SignInAgain, AppRefused, Blocked, AccountLocked, VipOnly, RateLimited}
