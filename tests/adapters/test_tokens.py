"""How token pairs of several settings live in one document."""

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given as given_any
from hypothesis import settings
from hypothesis import strategies as st
from returns.result import Failure, Result, Success

from crosswatch_trakt.adapters.state import FileState, MemoryState
from crosswatch_trakt.adapters.tokens import ANCESTORS_MAX, DOCUMENT, FileTokens
from crosswatch_trakt.application.identity import fingerprint
from crosswatch_trakt.application.ports import Tokens
from crosswatch_trakt.domain.problems import Problem, StateUnreadable, StateUnwritable

ROOT = Tokens("root", "root refresh", 1)
CHILD = Tokens("child", "child refresh", 2)
GRANDCHILD = Tokens("grandchild", "grandchild refresh", 3)
OTHER = Tokens("other", "other refresh", 4)
DAMAGED = [
    b"",
    b"{",
    b"\xff\xfe",
    b"[]",
    b'{"schema":2,"pairs":[]}',
    b'{"schema":1,"pairs":[{"login":true}]}',
]


class ReadOnly(MemoryState):
    """Documents that nothing can be put into."""

    def write(self, name: str, document: bytes) -> Result[None, StateUnwritable]:
        return Failure(StateUnwritable(name, "full"))


class Unreadable(MemoryState):
    """Documents that a disk will not give."""

    def read(self, name: str) -> Result[bytes | None, StateUnreadable]:
        return Failure(StateUnreadable(name, "Input/output error"))


def test_the_document_is_readable_by_a_person_and_by_nobody_else(tmp_path: Path) -> None:
    FileTokens(FileState(tmp_path), ROOT).replace(CHILD).unwrap()
    path = tmp_path / DOCUMENT

    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert json.loads(path.read_bytes()) == {
        "schema": 1,
        "pairs": [
            {
                "access_token": "child",
                "refresh_token": "child refresh",
                "expires_at": 2,
                "client_id": None,
                "client_secret": None,
                "login": False,
                "ancestors": [fingerprint("root")],
            }
        ],
    }


def test_settings_that_still_hold_any_ancestor_find_the_newest_pair() -> None:
    state = MemoryState()
    FileTokens(state, ROOT).replace(CHILD).unwrap()
    FileTokens(state, CHILD).replace(GRANDCHILD).unwrap()

    for given in (ROOT, CHILD, Tokens("grandchild"), GRANDCHILD):
        assert FileTokens(state, given).load() == Success(GRANDCHILD)


def test_settings_with_a_pair_of_their_own_are_not_given_another_ones() -> None:
    state = MemoryState()
    FileTokens(state, ROOT).replace(CHILD).unwrap()
    FileTokens(state, None).replace(OTHER).unwrap()
    stranger = Tokens("stranger")

    assert FileTokens(state, stranger).load() == Success(stranger)
    assert FileTokens(state, ROOT).load() == Success(CHILD)
    assert FileTokens(state, None).load() == Success(OTHER)


def test_a_refresh_or_a_logout_leaves_the_pairs_of_others_alone() -> None:
    state = MemoryState()
    FileTokens(state, ROOT).replace(CHILD).unwrap()
    FileTokens(state, None).replace(OTHER).unwrap()

    FileTokens(state, None).replace(Tokens("other 2")).unwrap()
    assert FileTokens(state, None).load() == Success(Tokens("other 2"))
    assert FileTokens(state, ROOT).load() == Success(CHILD)

    FileTokens(state, None).replace(None).unwrap()
    assert FileTokens(state, None).load() == Success(None)
    assert FileTokens(state, ROOT).load() == Success(CHILD)


def test_settings_that_took_over_a_login_share_its_pair() -> None:
    state = MemoryState()
    FileTokens(state, None).replace(ROOT).unwrap()
    FileTokens(state, ROOT).replace(CHILD).unwrap()

    assert FileTokens(state, None).load() == Success(CHILD)


def test_two_pairs_without_an_access_token_are_not_one() -> None:
    state = MemoryState()
    FileTokens(state, Tokens("", "first")).replace(CHILD).unwrap()

    assert FileTokens(state, Tokens("", "second")).load() == Success(Tokens("", "second"))
    assert FileTokens(state, Tokens("", "first")).load() == Success(CHILD)


def test_the_number_of_ancestors_is_bounded_and_the_pair_in_use_is_not_among_those_dropped() -> None:
    state = MemoryState()
    many = [fingerprint(str(number)) for number in range(ANCESTORS_MAX)]
    pair = {"access_token": "child", "ancestors": [fingerprint("root"), *many[1:]]}
    state.write(DOCUMENT, json.dumps({"schema": 1, "pairs": [pair]}).encode()).unwrap()
    FileTokens(state, ROOT).replace(GRANDCHILD).unwrap()
    FileTokens(state, ROOT).replace(Tokens("again")).unwrap()

    document = json.loads(state.read(DOCUMENT).unwrap() or b"")
    assert len(document["pairs"][0]["ancestors"]) == ANCESTORS_MAX
    assert FileTokens(state, ROOT).load() == Success(Tokens("again"))


@pytest.mark.parametrize("document", DAMAGED)
def test_a_damaged_document_is_a_problem_and_stays_as_it_is(document: bytes) -> None:
    state = MemoryState()
    state.write(DOCUMENT, document).unwrap()

    for given in (ROOT, None):
        assert isinstance(FileTokens(state, given).load().failure(), StateUnreadable)
    assert isinstance(FileTokens(state, ROOT).replace(CHILD).failure(), StateUnreadable)
    assert state.read(DOCUMENT) == Success(document)


@pytest.mark.parametrize("document", DAMAGED)
def test_a_login_may_take_the_place_of_a_damaged_document(document: bytes) -> None:
    state = MemoryState()
    state.write(DOCUMENT, document).unwrap()

    assert FileTokens(state, None).replace(CHILD) == Success(None)
    assert FileTokens(state, None).load() == Success(CHILD)


@pytest.mark.parametrize("given", [ROOT, None])
def test_what_a_disk_will_not_give_is_not_overwritten(given: Tokens | None) -> None:
    state = Unreadable()

    assert isinstance(FileTokens(state, given).replace(CHILD).failure(), StateUnreadable)
    assert MemoryState.read(state, DOCUMENT) == Success(None)


def test_a_pair_that_cannot_be_stored_is_a_problem_without_a_secret() -> None:
    problem = FileTokens(ReadOnly(), ROOT).replace(CHILD)

    assert problem == Failure(StateUnwritable(DOCUMENT, "full"))


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
def test_no_problem_quotes_a_damaged_document(name: str) -> None:
    state = MemoryState()
    state.write(DOCUMENT, f'{{"schema":"SECRET","pairs":[{{"{name}":"SECRET"}}'.encode()).unwrap()

    assert "SECRET" not in repr(FileTokens(state, ROOT).load())


def test_a_login_with_another_generation_of_the_pair_cannot_refresh_it_meanwhile() -> None:
    state = MemoryState(lock_timeout_s=0.1)

    def elsewhere() -> Result[Result[int, Problem], Problem]:
        with ThreadPoolExecutor(1) as pool:
            other = FileTokens(state, CHILD)
            return Success(pool.submit(lambda: other.locked(lambda: Success(1))).result())

    shut_out = FileTokens(state, ROOT).locked(elsewhere).unwrap()
    assert isinstance(shut_out.failure(), StateUnwritable)


@settings(max_examples=100, deadline=None)
@given_any(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30)), max_size=12))
def test_every_login_always_loads_the_pair_that_it_kept_last(steps: list[tuple[int, int]]) -> None:
    """Three logins share a document; each comes with any pair that it ever had."""
    state = MemoryState()
    had: list[list[Tokens]] = [[Tokens("first login")], [Tokens("second login")], []]
    for login, pick in steps:
        pairs = had[login]
        given = None if login == 2 else pairs[pick % len(pairs)]
        new = Tokens(f"{login}.{len(pairs)}", f"refresh {login}.{len(pairs)}")
        FileTokens(state, given).replace(new).unwrap()
        pairs.append(new)

        for pairs in had[:2]:
            for given in pairs:
                assert FileTokens(state, given).load() == Success(pairs[-1])
        assert FileTokens(state, None).load() == Success(had[2][-1] if had[2] else None)
