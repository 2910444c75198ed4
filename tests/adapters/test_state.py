"""What a folder of documents does when disks, processes and people do what they can."""

import os
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from returns.pipeline import is_successful
from returns.result import Failure, Result, Success

from crosswatch_trakt.adapters.state import FileState
from crosswatch_trakt.domain.problems import BadInput, Problem, StateUnreadable, StateUnwritable

INCREMENT = """
import sys
from pathlib import Path
from crosswatch_trakt.adapters.state import FileState
state = FileState(Path(sys.argv[1]))
def add():
    return state.write("n", str(int(state.read("n").unwrap() or b"0") + 1).encode())
for _ in range(40):
    state.locked("n", add).unwrap()
"""
HOLD = """
import os, subprocess, sys, time
from pathlib import Path
from crosswatch_trakt.adapters.state import FileState
def hold():
    if "fork" in sys.argv and os.fork() == 0:
        time.sleep(2)
        os._exit(0)
    print("held", flush=True)
    time.sleep(60)
FileState(Path(sys.argv[1])).locked("n", hold)
"""
FORK = """
import os, sys
from pathlib import Path
from returns.result import Success
from crosswatch_trakt.adapters.state import FileState
from returns.pipeline import is_successful
folder = Path(sys.argv[1])
state = FileState(folder, lock_timeout_s=0.2)
def work():
    child = os.fork()
    if child == 0:  # it did not take the lock: neither may it have it, nor end it
        shut_out = not is_successful(state.locked("n", lambda: Success(None)))
        os._exit(0 if shut_out else 1)
    _, status = os.waitpid(child, 0)
    child = os.fork()
    if child == 0:
        return Success(status)  # leaves the work, and so the lock's frame
    os.waitpid(child, 0)
    still = FileState(folder, lock_timeout_s=0.1)
    probe = os.fork()
    if probe == 0:
        os._exit(0 if not is_successful(still.locked("n", lambda: Success(None))) else 1)
    _, second = os.waitpid(probe, 0)
    return Success(status or second)
me = os.getpid()
status = state.locked("n", work).unwrap()
if os.getpid() != me:
    os._exit(0)
again = is_successful(state.locked("n", lambda: Success(None)))
print(status, again)
"""


@pytest.fixture
def state(tmp_path: Path) -> FileState:
    return FileState(tmp_path / "home" / "state", lock_timeout_s=0.3)


def test_a_wait_for_a_lock_is_said_and_ends_with_its_owner(tmp_path: Path) -> None:
    """The owner here lets go once the wait was said: no wait is cut short."""
    said: list[str] = []
    waits, held, free = threading.Event(), threading.Event(), FileState(tmp_path)

    def hold() -> Result[None, Problem]:
        held.set()
        return Success(None) if waits.wait(30) else Failure(BadInput("nobody", "waited"))

    def note(name: str) -> None:
        said.append(name)
        waits.set()

    with ThreadPoolExecutor(1) as pool:
        owner = pool.submit(lambda: free.locked("n", hold))
        held.wait(30)
        waited = FileState(tmp_path, note).locked("n", lambda: Success("mine"))

    assert (waited, owner.result(), said) == (Success("mine"), Success(None), ["n"])


def test_documents_and_locks_are_for_this_user_alone(tmp_path: Path, state: FileState) -> None:
    old = os.umask(0)
    try:
        state.locked("a.json", lambda: state.write("a.json", b"secret")).unwrap()
        state.write("a.json", b"newer").unwrap()
    finally:
        os.umask(old)
    folder = tmp_path / "home" / "state"

    assert _modes(folder) == {"a.json": 0o600, ".a.json.lock": 0o600}
    assert _mode(folder) == _mode(folder.parent) == 0o700


def test_the_mode_of_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o750)
    FileState(folder).write("a", b"").unwrap()

    assert _mode(folder) == 0o750


def test_reading_makes_no_folder(tmp_path: Path, state: FileState) -> None:
    state.read("a").unwrap()
    state.names().unwrap()
    state.delete("a").unwrap()

    assert list(tmp_path.iterdir()) == []


def test_names_leave_out_folders_locks_and_temporary_files(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    (tmp_path / ".a.json.xyz.tmp").touch()
    state = FileState(tmp_path)
    state.locked("a.json", lambda: state.write("a.json", b"")).unwrap()

    assert state.names() == Success(["a.json"])


@pytest.mark.parametrize("where", ["state", "state/below"])
def test_a_file_in_place_of_the_folder_is_a_problem_and_no_error(tmp_path: Path, where: str) -> None:
    (tmp_path / "state").write_text("not a folder")
    state = FileState(tmp_path / where)

    assert isinstance(state.write("a", b"").failure(), StateUnwritable)
    assert isinstance(state.delete("a").failure(), StateUnwritable)
    assert isinstance(state.locked("a", lambda: Success(None)).failure(), StateUnwritable)
    assert isinstance(state.read("a").failure(), StateUnreadable)
    assert isinstance(state.names().failure(), StateUnreadable)
    assert (tmp_path / "state").read_text() == "not a folder"


def test_a_folder_in_place_of_a_document_is_a_problem_and_no_error(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    state = FileState(tmp_path)

    assert isinstance(state.read("a").failure(), StateUnreadable)
    assert isinstance(state.write("a", b"").failure(), StateUnwritable)
    assert isinstance(state.delete("a").failure(), StateUnwritable)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]


@pytest.mark.skipif(os.geteuid() == 0, reason="no folder is read-only to root")
def test_a_read_only_folder_is_a_problem_and_can_be_read(tmp_path: Path) -> None:
    state = FileState(tmp_path)
    state.write("a", b"old").unwrap()
    tmp_path.chmod(0o500)
    try:
        assert isinstance(state.write("a", b"new").failure(), StateUnwritable)
        assert isinstance(state.locked("b", lambda: Success(None)).failure(), StateUnwritable)
        assert state.read("a") == Success(b"old")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("fault", ["write", "fsync", "replace"])
def test_a_disk_that_fails_leaves_the_old_document_whole_and_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    state = FileState(tmp_path)
    state.write("a", b"old").unwrap()

    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, fault, fail)
        problem = state.write("a", b"new" * 1000)

    assert problem == Failure(StateUnwritable("a", "No space left on device"))
    assert state.read("a") == Success(b"old")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]


def test_a_document_that_the_disk_has_no_room_for_changes_nothing(tmp_path: Path) -> None:
    state = FileState(tmp_path)
    state.write("a", b"old").unwrap()
    with file_size_limit(10_000):
        problem = state.write("a", b"n" * 20_000)

    assert isinstance(problem.failure(), StateUnwritable)
    assert state.read("a") == Success(b"old")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]


def test_what_a_killed_writer_left_goes_with_a_later_write_and_what_is_being_written_stays(
    tmp_path: Path,
) -> None:
    for name, age_s in (("old", 7200), ("young", 0)):
        (tmp_path / f".a.{name}.tmp").touch()
        os.utime(tmp_path / f".a.{name}.tmp", (time.time() - age_s,) * 2)
    FileState(tmp_path).write("a", b"").unwrap()

    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".a.young.tmp", "a"]


def test_two_stores_of_one_folder_share_locks_and_are_reentrant_together(tmp_path: Path) -> None:
    (tmp_path / "other").symlink_to(tmp_path / "folder")
    one, other = FileState(tmp_path / "folder"), FileState(tmp_path / "other", lock_timeout_s=0.1)

    assert one.locked("a", lambda: other.locked("a", lambda: Success(1))) == Success(1)


def test_several_processes_under_the_lock_lose_no_increment(tmp_path: Path) -> None:
    running = [subprocess.Popen([sys.executable, "-c", INCREMENT, str(tmp_path)]) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]

    assert FileState(tmp_path).read("n") == Success(b"120")


@pytest.mark.parametrize("child", ["alone", "fork"])
def test_the_lock_of_a_killed_process_is_free_even_if_its_child_lives(tmp_path: Path, child: str) -> None:
    state = FileState(tmp_path, lock_timeout_s=0.2)
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", HOLD, str(tmp_path), child], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        shut_out = state.locked("n", lambda: Success(1))
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        after = FileState(tmp_path, lock_timeout_s=1).locked("n", lambda: Success(2))

    assert "held by another process" in shut_out.failure().cause  # type: ignore[union-attr]
    assert after == Success(2)


def test_a_forked_child_neither_has_nor_ends_the_lock_of_its_parent(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORK, str(tmp_path)],
        capture_output=True,
        timeout=30,
        check=True,
    )

    assert done.stdout.split() == [b"0", b"True"]


def test_a_child_of_a_fork_can_lock_after_its_parent_has_let_go(tmp_path: Path) -> None:
    code = FORK.split("def work")[0] + (
        "state.locked('n', lambda: Success(None)).unwrap()\n"
        "child = os.fork()\n"
        "if child == 0: os._exit(0 if is_successful(state.locked('n', lambda: Success(None))) else 1)\n"
        "sys.exit(os.waitpid(child, 0)[1])\n"
    )

    assert (
        subprocess.run([sys.executable, "-W", "ignore", "-c", code, str(tmp_path)], timeout=30).returncode
        == 0
    )


def test_a_lock_can_be_had_again_and_again(state: FileState) -> None:
    assert all(is_successful(state.locked("a", lambda: Success(None))) for _ in range(100))


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Let no file grow larger, as if the disk were full. Not with other threads at work."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _modes(folder: Path) -> dict[str, int]:
    return {entry.name: _mode(entry) for entry in folder.iterdir()}
