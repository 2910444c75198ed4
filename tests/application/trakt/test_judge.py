"""What an answer means: each kind of failure its own problem, with a sentence that says what to do."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from returns.result import Failure, Success

from crosswatch_trakt.application.advice import advice
from crosswatch_trakt.application.ports import Response
from crosswatch_trakt.application.trakt.judge import DETAIL_MAX, judge, retry_after_s, server_time
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
from tests.application.trakt.desk import APP, CDN, PAGE

NOW = datetime(2026, 9, 1, 20, 0, tzinfo=UTC)
R = "POST /sync/watchlist"
VIP_PAGE = "https://trakt.tv/vip"


def problem_of(status: int, body: bytes = b"", **headers: str) -> Problem:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return judge(R, Response(status, named, body), NOW).failure()


@pytest.mark.parametrize("status", [200, 201, 204, 304])
def test_a_success_passes_as_it_is(status: int) -> None:
    response = Response(status, {}, b"x")

    assert judge(R, response, NOW) == Success(response)


FAILURES: dict[str, tuple[Response, Problem, str]] = {
    "401, empty": (Response(401, APP, b""), SignInAgain("the token was not accepted"), "login"),
    "401, a page": (Response(401, CDN, PAGE), SignInAgain("the token was not accepted"), "login"),
    "403 of a deleted app": (Response(403, APP, b""), AppRefused(R), "client_id"),
    "403 of the CDN": (Response(403, CDN, PAGE), Blocked(R), "another network"),
    "403, a page that is not called one": (Response(403, {}, b"\n <html>"), Blocked(R), "VPN"),
    "404": (Response(404, APP, b""), NotThere(R), "base_url"),
    "420": (
        Response(420, {**APP, "x-account-limit": "250", "x-upgrade-url": VIP_PAGE}, b"{}"),
        AccountLimit(R, 250, VIP_PAGE),
        "Remove something",
    ),
    "420 without headers or JSON": (Response(420, {}, b"oops"), AccountLimit(R, None, None), "limit"),
    "420, a page": (Response(420, CDN, PAGE), AccountLimit(R, None, None), "limit"),
    "423, locked": (
        Response(423, {**APP, "x-account-locked": "true", "x-account-deactivated": "false"}, b""),
        AccountLocked(R, deactivated=False),
        "locked",
    ),
    "423, deactivated": (
        Response(423, {**APP, "x-account-deactivated": "true"}, b""),
        AccountLocked(R, deactivated=True),
        "deactivated",
    ),
    "423 without headers": (Response(423, {}, b""), AccountLocked(R, deactivated=False), "support"),
    "426": (Response(426, {**APP, "x-upgrade-url": VIP_PAGE}, b""), VipOnly(R, VIP_PAGE), VIP_PAGE),
    "426 without headers": (Response(426, {}, b""), VipOnly(R, None), "VIP"),
    "429 of the app": (
        Response(429, {**APP, "x-ratelimit": "{}", "retry-after": "7"}, b""),
        RateLimited(R, 7.0, by_cdn=False),
        "7 seconds",
    ),
    "429 of a poll that was too fast": (Response(429, APP, b""), RateLimited(R, None, by_cdn=False), "again"),
    "429 of the CDN": (
        Response(429, {**CDN, "retry-after": "300"}, PAGE),
        RateLimited(R, 300.0, by_cdn=True),
        "network has blocked",
    ),
    "429 of the CDN in plain text": (
        Response(429, {"content-type": "text/plain"}, b"error code: 1015"),
        RateLimited(R, None, by_cdn=True),
        "some minutes",
    ),
    "503, a page": (Response(503, {**CDN, "retry-after": "30"}, PAGE), Unavailable(R, 503, 30.0), "trouble"),
    "500, empty": (Response(500, APP, b""), Unavailable(R, 500), "HTTP 500"),
    "521": (Response(521, CDN, PAGE), Unavailable(R, 521), "some minutes"),
    "408": (Response(408, {}, b""), Unavailable(R, 408), "HTTP 408"),
    "409": (Response(409, APP, b"there"), Refused(R, 409, "there"), "HTTP 409: there"),
    "412": (Response(412, APP, b""), Refused(R, 412, ""), "HTTP 412"),
    "422, a page": (Response(422, CDN, PAGE), Refused(R, 422, "a web page"), "a web page"),
    "a redirect": (
        Response(302, {"location": "https://elsewhere"}, b""),
        Refused(R, 302, "it points to another address, which is not followed"),
        "another address",
    ),
}


@pytest.mark.parametrize("case", FAILURES)
def test_each_failure_is_its_own_problem_and_says_what_to_do(case: str) -> None:
    response, problem, words = FAILURES[case]

    assert judge(R, response, NOW) == Failure(problem)
    assert words in advice(problem)


@settings(deadline=None)
@given(st.integers(100, 999), st.binary(max_size=30), st.booleans())
def test_any_status_with_any_body_is_a_success_or_a_problem_with_words(
    status: int, body: bytes, page: bool
) -> None:
    judged = judge(R, Response(status, CDN if page else {}, body), NOW)
    failed = not (200 <= status < 300 or status == 304)

    assert isinstance(judged, Failure) == failed
    if failed:
        assert advice(judged.failure()).endswith(".")


# --- Retry-After


@settings(deadline=None)
@given(st.integers(0, 99_999_999))
def test_seconds_are_waited_as_they_stand(seconds: int) -> None:
    assert retry_after_s(Response(429, {"retry-after": f" {seconds} "}, b""), NOW) == seconds


@settings(deadline=None)
@given(st.integers(-10_000, 10_000_000))
def test_a_date_is_waited_for_and_one_gone_by_is_no_wait(seconds: int) -> None:
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)

    assert retry_after_s(Response(503, {"retry-after": date}, b""), NOW) == max(0, seconds)


odd_dates = st.builds(
    "Mon, {} Jan {} {}:00:00 {}".format, st.integers(), st.integers(), st.integers(), st.integers()
)


@settings(deadline=None)
@given(st.text(max_size=30) | odd_dates | st.just("Mon, 01 Jan 2026 00:00:00 +99999999999999999999"))
def test_what_is_neither_is_as_good_as_nothing(text: str) -> None:
    wait_s = retry_after_s(Response(429, {"retry-after": text}, b""), NOW)

    assert wait_s is None or wait_s >= 0
    assert retry_after_s(Response(429, {}, b""), NOW) is None


# --- words of others


@settings(deadline=None)
@given(st.binary(max_size=2000))
def test_what_a_body_says_is_shown_on_one_line_that_no_terminal_obeys(body: bytes) -> None:
    problem = judge(R, Response(422, APP, body), NOW).failure()

    assert isinstance(problem, Refused)
    assert len(problem.detail) <= DETAIL_MAX
    assert problem.detail.isprintable()


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "https://a b", "https://\x1b[31m", "https://" + "a" * 400]
)
def test_an_address_that_is_none_is_not_shown(address: str) -> None:
    assert problem_of(426, x_upgrade_url=address) == VipOnly(R, None)
    assert problem_of(420, x_upgrade_url=address) == AccountLimit(R, None, None)


@settings(deadline=None)
@given(st.text(max_size=30) | odd_dates | st.just("Mon, 01 Jan 2026 00:00:00 +99999999999999999999"))
def test_the_servers_clock_is_known_only_where_it_says_a_date(text: str) -> None:
    said = server_time(Response(200, {"date": text}, b""))

    assert said is None or isinstance(said, float)
    assert server_time(Response(200, {}, b"")) is None
    assert server_time(Response(200, {"date": format_datetime(NOW, usegmt=True)}, b"")) == NOW.timestamp()
