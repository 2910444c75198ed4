"""Whether the account can be used now. Never raises, whatever is wrong."""

from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from returns.result import Failure, Success

from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.tokens import MemoryTokens
from crosswatch_trakt.application.advice import advice
from crosswatch_trakt.application.health import Status, health_of
from crosswatch_trakt.application.ports import Tokens
from crosswatch_trakt.application.trakt.gate import Gate
from crosswatch_trakt.application.trakt.person import Person
from crosswatch_trakt.domain.problems import (
    AccountLimit,
    AccountLocked,
    AppRefused,
    BadInput,
    Blocked,
    NotSent,
    Problem,
    RateLimited,
    SignInAgain,
    StateUnwritable,
    Unavailable,
    VipOnly,
)
from tests.application.trakt.desk import Wire, desk

ANN = Person(
    account="uuid",
    username="ann",
    vip=True,
    timezone=None,
    limits={"watchlist": 250},
    watch_only_once=None,
    folder="uuid",
)


def test_a_good_account_is_shown_with_all_that_is_known() -> None:
    store = MemoryTokens(Tokens("access", "refresh", 1_800_000_000))
    health = health_of(Success(ANN), desk(Wire(), tokens=store, gate=Gate(ManualClock(), 500, 1.0)).caller)

    assert (health.ok, health.status, health.account, health.vip) == (True, "ok", "ann", True)
    assert health.limits == {"watchlist": 250}
    assert {method: (each.used, each.allowed) for method, each in health.quota.items()} == {
        "GET": (0, 500),
        "POST": (0, 1),
    }
    assert health.token_expires_at == datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
    assert health.detail is None


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        (SignInAgain("x"), "auth_failed"),
        (AppRefused("x"), "auth_failed"),
        (BadInput("x", "y"), "auth_failed"),
        (RateLimited("x", 5.0, by_cdn=False), "degraded"),
        (AccountLocked("x", True), "degraded"),
        (AccountLimit("x", 100, None), "degraded"),
        (VipOnly("x", None), "degraded"),
        (StateUnwritable("x", "y"), "degraded"),
        (NotSent("x", "y"), "down"),
        (Unavailable("x", 503), "down"),
        (Blocked("x"), "down"),
    ],
)
def test_what_is_wrong_has_its_status_and_its_words(problem: Problem, status: Status) -> None:
    health = health_of(Failure(problem), desk(Wire()).caller)

    assert (health.ok, health.status, health.detail) == (False, status, advice(problem))


@settings(deadline=None)
@given(st.sampled_from(get_args(Problem)), st.data(), st.none() | st.integers())
def test_it_never_raises_and_asks_nothing_itself(
    kind: type[Problem], data: st.DataObject, expires_at: int | None
) -> None:
    """Not even a refresh, though the token is at its end."""
    store = MemoryTokens(Tokens("access", "refresh", expires_at))
    health = health_of(Failure(data.draw(st.from_type(kind))), desk(Wire(), tokens=store).caller)

    assert health.status in get_args(Status)


def test_without_a_login_there_is_no_end_of_the_token() -> None:
    health = health_of(Failure(SignInAgain("x")), desk(Wire(), tokens=MemoryTokens()).caller)

    assert health.token_expires_at is None


def test_a_gate_without_limits_has_no_quota_to_show() -> None:
    assert health_of(Success(ANN), desk(Wire()).caller).quota == {}
