"""What every state store does."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from returns.pipeline import is_successful
from returns.result import Failure, Result, Success

from crosswatch_trakt.adapters.state import FileState, MemoryState
from crosswatch_trakt.application.ports import StateStore
from crosswatch_trakt.domain.problems import BadInput, Problem, StateUnwritable

MakeState: TypeAlias = Callable[[Path], StateStore]

STORES: dict[str, MakeState] = {
    "file": lambda folder: FileState(folder / "state", lock_timeout_s=0.3),
    "memory": lambda folder: MemoryState(lock_timeout_s=0.3),
}
BAD_NAMES = ["", ".", "..", ".hidden", "a/b", "/etc/passwd", "../up", "a\\b", "nul\0"]


@pytest.fixture(params=STORES)
def state(request: pytest.FixtureRequest, tmp_path: Path) -> StateStore:
    return STORES[request.param](tmp_path)


def test_what_was_never_written_is_none(state: StateStore) -> None:
    assert state.read("a.json") == Success(None)
    assert state.names() == Success(()) or state.names() == Success([])


def test_a_document_is_read_as_it_was_written(state: StateStore) -> None:
    document = bytes(range(256)) * 1000
    assert state.write("a.json", document) == Success(None)
    assert state.read("a.json") == Success(document)
    assert state.read("A.JSONX") == Success(None)


def test_an_empty_document_is_not_none(state: StateStore) -> None:
    state.write("a", b"").unwrap()
    assert state.read("a") == Success(b"")


def test_a_shorter_document_replaces_a_longer_one_whole(state: StateStore) -> None:
    state.write("a", b"x" * 100_000).unwrap()
    state.write("a", b"y").unwrap()
    assert state.read("a") == Success(b"y")


def test_names_are_those_of_documents_sorted_and_of_no_lock(state: StateStore) -> None:
    for name in ("b.json", "a.json", "c"):
        state.write(name, b"").unwrap()
    state.delete("c").unwrap()

    assert state.locked("d", lambda: state.names()) == Success(["a.json", "b.json"])
    assert state.names() == Success(["a.json", "b.json"])


def test_what_is_deleted_is_gone_and_may_be_deleted_again(state: StateStore) -> None:
    state.write("a", b"1").unwrap()
    assert state.delete("a") == Success(None)
    assert state.delete("a") == Success(None)
    assert state.read("a") == Success(None)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_would_leave_the_folder_or_hide_in_it_raises(state: StateStore, name: str) -> None:
    uses: list[Callable[[], object]] = [
        lambda: state.read(name),
        lambda: state.write(name, b""),
        lambda: state.delete(name),
        lambda: state.locked(name, lambda: Success(None)),
    ]
    for use in uses:
        with pytest.raises(ValueError, match="name"):
            use()


def test_what_the_work_gives_comes_back_be_it_a_problem(state: StateStore) -> None:
    problem = Failure(BadInput("a", "b"))

    assert state.locked("a", lambda: Success(3)) == Success(3)
    assert state.locked("a", lambda: problem) == problem


def test_a_lock_is_reentrant_and_held_until_its_outermost_work_ends(state: StateStore) -> None:
    def inner() -> Result[str, Problem]:
        return state.locked("a", lambda: Success("inside"))

    def outer() -> Result[tuple[str, bool], Problem]:
        got = inner()
        return got.map(lambda inside: (inside, is_successful(_elsewhere(state, "a"))))

    assert state.locked("a", outer) == Success(("inside", False))
    assert is_successful(_elsewhere(state, "a"))


def test_a_lock_had_by_another_thread_fails_in_time(state: StateStore) -> None:
    failure = state.locked("a", lambda: Success(_elsewhere(state, "a"))).unwrap().failure()

    assert isinstance(failure, StateUnwritable)
    assert "held by another" in failure.cause


def test_locks_of_two_names_do_not_wait_for_each_other(state: StateStore) -> None:
    assert is_successful(state.locked("a", lambda: _elsewhere(state, "b")))


def test_a_lock_is_free_after_its_work_raised(state: StateStore) -> None:
    def work() -> Result[None, Problem]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        state.locked("a", work)
    assert is_successful(_elsewhere(state, "a"))


def test_an_error_of_the_work_is_not_taken_for_one_of_the_lock(state: StateStore) -> None:
    def work() -> Result[None, Problem]:
        raise OSError("ours")

    with pytest.raises(OSError, match="ours"):
        state.locked("a", work)


def test_a_lock_is_no_document_and_needs_none(state: StateStore) -> None:
    assert is_successful(state.locked("a", lambda: Success(1)))
    assert state.read("a") == Success(None)


def test_threads_under_the_lock_lose_no_increment(tmp_path: Path) -> None:
    for state in (FileState(tmp_path), MemoryState()):
        with ThreadPoolExecutor(6) as pool:
            done = list(pool.map(lambda _: increment(state, "n"), range(120)))  # noqa: B023  # within its turn

        assert all(map(is_successful, done))
        assert state.read("n") == Success(b"120")


def test_a_reader_sees_the_old_document_or_the_new_one_never_a_mixture(state: StateStore) -> None:
    whole = [bytes([mark]) * 50_000 for mark in b"ab"]
    state.write("a", whole[0]).unwrap()
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            for document in whole:
                state.write("a", document).unwrap()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert all(state.read("a").unwrap() in whole for _ in range(300))
    finally:
        stop.set()
        writer.join()


def increment(state: StateStore, name: str) -> Result[None, Problem]:
    """Add one to the number in a document, under its lock."""

    def work() -> Result[None, Problem]:
        number = int(state.read(name).unwrap() or b"0")
        return state.write(name, str(number + 1).encode())

    return state.locked(name, work)


def _elsewhere(state: StateStore, name: str) -> Result[int, Problem]:
    """What another thread gets that wants this lock."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: state.locked(name, lambda: Success(1))).result()


names = st.sampled_from(["a.json", "b.json", "ünïcode [*]", "c"])


class Documents(RuleBasedStateMachine):
    """All stores against a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.stores = [make(Path(self.folder.name)) for make in STORES.values()]
        self.model: dict[str, bytes] = {}

    def teardown(self) -> None:
        self.folder.cleanup()

    @rule(name=names, document=st.binary(max_size=300), under_lock=st.booleans())
    def write(self, name: str, document: bytes, *, under_lock: bool) -> None:
        self.model[name] = document
        for store in self.stores:
            if under_lock:
                store.locked(name, lambda: store.write(name, document)).unwrap()  # noqa: B023  # runs here
            else:
                store.write(name, document).unwrap()

    @rule(name=names)
    def delete(self, name: str) -> None:
        self.model.pop(name, None)
        for store in self.stores:
            store.delete(name).unwrap()

    @invariant()
    def all_hold_the_same(self) -> None:
        for store in self.stores:
            assert list(store.names().unwrap()) == sorted(self.model)
            for name in ("a.json", "b.json", "ünïcode [*]", "c"):
                assert store.read(name) == Success(self.model.get(name))


TestDocuments = Documents.TestCase
TestDocuments.settings = settings(max_examples=20, stateful_step_count=15, deadline=None)
