"""What every keeper of tokens does."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import pytest
from returns.pipeline import is_successful
from returns.result import Result, Success

from crosswatch_trakt.adapters.state import MemoryState
from crosswatch_trakt.adapters.tokens import FileTokens, MemoryTokens
from crosswatch_trakt.application.ports import Tokens, TokenStore
from crosswatch_trakt.domain.problems import Problem, StateUnwritable

MakeTokens: TypeAlias = Callable[[Tokens | None], TokenStore]

STORES: dict[str, MakeTokens] = {
    "file": lambda given: FileTokens(MemoryState(lock_timeout_s=0.2), given),
    "memory": lambda given: MemoryTokens(given, lock_timeout_s=0.2),
}
GIVEN = Tokens("given access", "given refresh", 1_800_000_000, "app", "app secret")
CHILD = Tokens("child access", "child refresh", 1_800_086_400, "app", "app secret")
GRANDCHILD = Tokens("grandchild access")


@pytest.fixture(params=STORES)
def make(request: pytest.FixtureRequest) -> MakeTokens:
    return STORES[request.param]


def test_without_a_pair_there_is_none(make: MakeTokens) -> None:
    assert make(None).load() == Success(None)


def test_the_pair_given_is_loaded_as_long_as_nothing_came_of_it(make: MakeTokens) -> None:
    assert make(GIVEN).load() == Success(GIVEN)


@pytest.mark.parametrize("given", [None, GIVEN])
def test_the_pair_kept_last_is_loaded_whole(make: MakeTokens, given: Tokens | None) -> None:
    tokens = make(given)
    assert tokens.replace(CHILD) == Success(None)
    assert tokens.load() == Success(CHILD)
    assert tokens.replace(GRANDCHILD) == Success(None)
    assert tokens.load() == Success(GRANDCHILD)


@pytest.mark.parametrize("given", [None, GIVEN])
def test_a_forgotten_login_leaves_what_was_given(make: MakeTokens, given: Tokens | None) -> None:
    tokens = make(given)
    assert tokens.replace(None) == Success(None)
    tokens.replace(CHILD).unwrap()
    assert tokens.replace(None) == Success(None)
    assert tokens.load() == Success(given)


def test_a_refresh_is_done_under_the_lock_which_is_reentrant(make: MakeTokens) -> None:
    tokens = make(GIVEN)

    def refresh() -> Result[Tokens | None, Problem]:
        return tokens.load().bind(lambda _: tokens.replace(CHILD)).bind(lambda _: tokens.load())

    assert tokens.locked(refresh) == Success(CHILD)


def test_no_other_thread_refreshes_meanwhile(make: MakeTokens) -> None:
    tokens = make(GIVEN)

    def elsewhere() -> Result[Result[int, Problem], Problem]:
        with ThreadPoolExecutor(1) as pool:
            return Success(pool.submit(lambda: tokens.locked(lambda: Success(1))).result())

    shut_out = tokens.locked(elsewhere).unwrap()
    assert isinstance(shut_out.failure(), StateUnwritable)
    assert is_successful(elsewhere().unwrap())


def test_a_lock_is_free_after_its_work_raised(make: MakeTokens) -> None:
    tokens = make(GIVEN)

    def work() -> Result[None, Problem]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tokens.locked(work)
    with ThreadPoolExecutor(1) as pool:
        assert is_successful(pool.submit(lambda: tokens.locked(lambda: Success(1))).result())


def test_no_representation_holds_a_secret(make: MakeTokens) -> None:
    tokens = make(GIVEN)
    tokens.replace(CHILD).unwrap()

    for shown in (repr(tokens), repr(tokens.load()), repr(GIVEN)):
        assert not any(secret in shown for secret in ("access", "refresh'", "app secret", "child", "given"))
