"""The words for every problem: there are some, they end, they are few, and they name what to do."""

import re
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosswatch_trakt.application.advice import ExitCode, advice, exit_code
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

R = "GET /sync/history"
URL = "https://trakt.tv/vip"
EXAMPLES: tuple[tuple[Problem, ExitCode, str], ...] = (
    (NotSent(R, "connection refused."), ExitCode.UNAVAILABLE, "Check the network"),
    (AnswerLost(R, "timed out"), ExitCode.UNAVAILABLE, "may have been carried out"),
    (Unavailable(R, 503), ExitCode.UNAVAILABLE, "HTTP 503"),
    (Unavailable(R, 503, 30.0), ExitCode.UNAVAILABLE, "Run it again"),
    (RateLimited(R, 299.6, by_cdn=True), ExitCode.UNAVAILABLE, "in 300 seconds"),
    (RateLimited(R, None, by_cdn=False), ExitCode.UNAVAILABLE, "rate limit is used up"),
    (Blocked(R), ExitCode.UNAVAILABLE, "another network"),
    (SignInAgain("nobody is signed in"), ExitCode.SIGN_IN, "crosswatch-trakt login"),
    (AppRefused(R), ExitCode.SIGN_IN, "client_id"),
    (AccountLimit(R, 250, URL), ExitCode.ACCOUNT, "limit of 250"),
    (AccountLimit(R, None, None), ExitCode.ACCOUNT, "Remove something"),
    (AccountLocked(R, deactivated=True), ExitCode.ACCOUNT, "deactivated"),
    (AccountLocked(R, deactivated=False), ExitCode.ACCOUNT, "support"),
    (VipOnly(R, URL), ExitCode.ACCOUNT, URL),
    (VipOnly(R, None), ExitCode.ACCOUNT, "VIP"),
    (NotThere(R), ExitCode.UNAVAILABLE, "base_url"),
    (Refused(R, 422, "rating is invalid."), ExitCode.UNAVAILABLE, "HTTP 422: rating is invalid."),
    (Refused(R, 422, ""), ExitCode.UNAVAILABLE, "HTTP 422."),
    (UnexpectedAnswer(R, "it is empty"), ExitCode.UNAVAILABLE, "was not used"),
    (Incomplete(R, 3, 250, 150), ExitCode.INCOMPLETE, "announced 250 rows of GET /sync/history and sent 150"),
    (Incomplete(R, 3, None, 150), ExitCode.INCOMPLETE, "did not say how many rows"),
    (Incomplete(R, 1, 5, 5, moved=True), ExitCode.INCOMPLETE, "changed each time"),
    (LoginEnded("it was denied"), ExitCode.SIGN_IN, "it was denied"),
    (StateUnreadable("x.json", "Permission denied."), ExitCode.STATE, "x.json cannot be read"),
    (StateUnwritable("x.json", "No space left on device"), ExitCode.STATE, "free space"),
    (HostUnusable("/app", "Read-only file system"), ExitCode.STATE, "mount the file"),
    (BadInput("there is no feature 'x'", "Choose from: history."), ExitCode.BAD_INPUT, "There is no feature"),
)


def sentences(text: str) -> int:
    """How many there are; the dot in a name or an address ends none."""
    return len(re.findall(r"[.?!](?= [A-Z]|$)", text))


@pytest.mark.parametrize(("problem", "code", "words"), EXAMPLES)
def test_a_problem_has_its_words_and_its_exit_code(problem: Problem, code: ExitCode, words: str) -> None:
    assert words in advice(problem)
    assert exit_code(problem) is code


@pytest.mark.parametrize("problem", [problem for problem, _, _ in EXAMPLES])
def test_the_words_are_one_to_three_whole_sentences_on_one_line(problem: Problem) -> None:
    words = advice(problem)

    assert words[0].isupper() or words.startswith(("x.json", R))
    assert words.endswith(".")
    assert not words.endswith("..")
    assert ".." not in words
    assert ".:" not in words
    assert "\n" not in words
    assert 1 <= sentences(words) <= 3


def test_every_problem_there_is_has_an_example_here() -> None:
    assert {type(problem) for problem, _, _ in EXAMPLES} == set(get_args(Problem))


@settings(deadline=None)
@given(st.sampled_from(get_args(Problem)), st.data())
def test_any_problem_with_any_facts_has_words_and_a_code(kind: type[Problem], data: st.DataObject) -> None:
    problem = data.draw(st.from_type(kind))

    assert advice(problem).strip()
    assert exit_code(problem) in ExitCode
    assert exit_code(problem) not in (ExitCode.DONE, ExitCode.SOME_UNRESOLVED, ExitCode.INTERRUPTED)


@pytest.mark.parametrize("problem", [Incomplete(R, 3, 250, 150), Incomplete(R, 1, 5, 5, moved=True)])
def test_an_incomplete_reading_says_that_nothing_was_removed(problem: Problem) -> None:
    assert "Nothing was removed" in advice(problem)
    assert "Run it again" in advice(problem)


def test_the_exit_codes_are_those_of_the_docs() -> None:
    assert [(code.name, code.value) for code in ExitCode] == [
        ("DONE", 0),
        ("SOME_UNRESOLVED", 1),
        ("BAD_INPUT", 2),
        ("SIGN_IN", 3),
        ("ACCOUNT", 4),
        ("UNAVAILABLE", 5),
        ("INCOMPLETE", 6),
        ("STATE", 7),
        ("INTERRUPTED", 130),
    ]
