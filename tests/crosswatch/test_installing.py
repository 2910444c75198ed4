"""Our file in and out of a CrossWatch: whatever happens, CrossWatch's own file is not lost."""

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from returns.pipeline import is_successful
from returns.result import Result

from crosswatch_trakt.adapters.crosswatch import installing, shim
from crosswatch_trakt.adapters.crosswatch.installing import KEPT, install, look, source, uninstall
from crosswatch_trakt.domain.problems import BadInput, HostUnusable, Problem
from tests.adapters.disk import Disk, Killed
from tests.crosswatch.standin import FILE, STOCK, standin

NEWER = STOCK.replace(b"first", b"second") * 300
OLDER_OURS = source("/config/older").replace(b"TESTED_BELOW", b"TESTED_UNTIL")
KEPT_FILE = FILE.with_name(KEPT)


@pytest.fixture
def host(tmp_path: Path) -> Path:
    return standin(tmp_path / "app")


def files(host: Path) -> tuple[bytes | None, bytes | None]:
    """What is in place, and what is kept."""
    in_place, kept = host / FILE, host / KEPT_FILE
    return tuple(path.read_bytes() if path.is_file() else None for path in (in_place, kept))  # type: ignore[return-value]


def everything(host: Path) -> Mapping[str, bytes]:
    return {str(path.relative_to(host)): path.read_bytes() for path in host.rglob("*") if path.is_file()}


# --- in and out


def test_it_is_put_in_place_and_taken_out_byte_for_byte(host: Path) -> None:
    before = everything(host)
    done = install(host).unwrap()

    assert done == installing.Installed(host / FILE, host / KEPT_FILE, changed=True, version="0.11.3")
    assert files(host) == (source(), STOCK)
    assert uninstall(host).unwrap() == host / FILE
    assert everything(host) == before


def test_twice_is_once(host: Path) -> None:
    install(host).unwrap()
    again = install(host).unwrap()

    assert not again.changed
    assert files(host) == (source(), STOCK)


def test_after_an_update_of_crosswatch_its_new_file_is_the_one_that_is_kept(host: Path) -> None:
    install(host).unwrap()
    (host / FILE).write_bytes(NEWER)
    assert not look(host).unwrap().in_place

    assert install(host).unwrap().changed
    assert files(host) == (source(), NEWER)
    uninstall(host).unwrap()
    assert files(host) == (NEWER, None)


def test_a_file_of_an_older_version_of_ours_is_renewed_and_looks_where_it_looked(host: Path) -> None:
    install(host).unwrap()
    (host / FILE).write_bytes(OLDER_OURS)
    found = look(host).unwrap()
    assert (found.in_place, found.of_this_version, found.venv) == (True, False, "/config/older")

    assert install(host).unwrap().changed
    assert files(host) == (source("/config/older"), STOCK)
    assert look(host).unwrap().of_this_version


def test_a_file_of_ours_that_somebody_has_changed_is_renewed(host: Path) -> None:
    install(host).unwrap()
    for spoilt in (b"VENV = __import__('os')", b"VENV = 7", b"VENV = '"):
        (host / FILE).write_bytes(source().replace(b'VENV = ""', spoilt))
        assert not look(host).unwrap().of_this_version
        install(host).unwrap()
        assert files(host) == (source(), STOCK)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o444, 0o755])
def test_the_rights_of_the_file_stay(host: Path, mode: int) -> None:
    (host / FILE).chmod(mode)
    install(host).unwrap()
    modes = [stat.S_IMODE((host / path).stat().st_mode) for path in (FILE, KEPT_FILE)]
    uninstall(host).unwrap()

    assert [*modes, stat.S_IMODE((host / FILE).stat().st_mode)] == [mode] * 3


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root may give a file away")
def test_the_owner_of_the_file_stays(host: Path) -> None:
    os.chown(host / FILE, 1000, 1000)
    install(host).unwrap()

    assert {(host / path).stat().st_uid for path in (FILE, KEPT_FILE)} == {1000}


# --- refusals


def refused(result: Result[object, Problem], *words: str) -> None:
    problem = result.failure()
    assert isinstance(problem, BadInput)
    assert all(word in f"{problem.what}. {problem.mend}" for word in words)


@pytest.mark.parametrize("missing", ["", "cw_platform/modules_registry.py", str(FILE)])
@pytest.mark.parametrize("work", [install, uninstall, look])
def test_a_folder_that_is_no_crosswatch_is_refused(
    tmp_path: Path, missing: str, work: Callable[[Path], Result[object, Problem]]
) -> None:
    folder = tmp_path / "other"
    if missing:
        (standin(folder) / missing).unlink()
    before = everything(tmp_path)

    refused(work(folder), f"there is no CrossWatch in {folder}", "Nothing was changed")
    assert everything(tmp_path) == before


def test_where_nothing_is_to_be_put_back_all_stays(host: Path) -> None:
    refused(uninstall(host), "CrossWatch's own", "nothing to put back")
    assert files(host) == (STOCK, None)

    install(host).unwrap()
    (host / FILE).write_bytes(NEWER)  # an update: what is kept is older than what is there
    refused(uninstall(host), "nothing to put back")
    assert files(host) == (NEWER, STOCK)

    (host / FILE).write_bytes(source("/config/trakt"))
    (host / KEPT_FILE).unlink()  # as where ours is mounted
    refused(uninstall(host), "is not kept", "drop the mount")
    assert files(host) == (source("/config/trakt"), None)


def test_a_file_that_is_gone_is_put_back(host: Path) -> None:
    install(host).unwrap()
    (host / FILE).unlink()
    install(host).unwrap()
    assert files(host) == (source(), STOCK)

    (host / FILE).unlink()
    uninstall(host).unwrap()
    assert files(host) == (STOCK, None)


# --- looking


def test_a_look_tells_what_is_there_and_changes_nothing(host: Path) -> None:
    before = look(host).unwrap()
    install(host).unwrap()
    after, unchanged = look(host).unwrap(), everything(host)

    assert (before.in_place, before.of_this_version, before.kept) == (False, False, False)
    assert (after.in_place, after.of_this_version, after.kept) == (True, True, True)
    assert (after.version, after.tested, after.venv) == ("0.11.3", True, "")
    (host / "VERSION").write_text("0.14.0")
    assert look(host).unwrap().tested is False
    (host / "VERSION").unlink()
    assert (look(host).unwrap().version, look(host).unwrap().tested) == (None, None)
    assert everything(host) == {name: body for name, body in unchanged.items() if name != "VERSION"}


def test_a_look_says_why_this_python_cannot_import_our_package(
    host: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise ImportError("no such thing")

    monkeypatch.setattr(shim, "adapter", broken)
    trouble = look(host).unwrap().trouble
    assert trouble is not None
    assert trouble.endswith(": ImportError: no such thing")
    monkeypatch.setattr(shim, "adapter", dict)
    assert look(host).unwrap().trouble is None


# --- crashes


BEFORE: Mapping[str, Callable[[Path], object]] = {
    "new": lambda host: None,
    "again": lambda host: install(host).unwrap(),
    "after an update": lambda host: (install(host).unwrap(), (host / FILE).write_bytes(NEWER)),
    "of an older version": lambda host: (install(host).unwrap(), (host / FILE).write_bytes(OLDER_OURS)),
}
WORKS: Mapping[str, tuple[str, Callable[[Path], Result[object, Problem]]]] = {
    **{f"install, {name}": (name, install) for name in BEFORE},
    "uninstall": ("again", uninstall),
    "uninstall an older version": ("of an older version", uninstall),
}
WHOLE = {STOCK, NEWER, OLDER_OURS, source(), source("/config/older")}


@pytest.fixture(params=WORKS)
def work(request: pytest.FixtureRequest) -> tuple[Callable[[Path], Path], Callable[[Path], object]]:
    before, done = WORKS[request.param]

    def prepared(folder: Path) -> Path:
        host = standin(folder)
        BEFORE[before](host)
        return host

    return prepared, done


Work = tuple[Callable[[Path], Path], Callable[[Path], Result[object, Problem]]]


def calls_of(place: Path, work: Work, monkeypatch: pytest.MonkeyPatch) -> int:
    prepared, done = work
    host = prepared(place / "whole")
    disk = Disk(host)
    with disk.under(monkeypatch):
        done(host).unwrap()
    assert disk.files == {}, "nothing is left open"
    return len(disk.calls)


def own_of(host: Path) -> bytes:
    """CrossWatch's own file, wherever it is."""
    in_place, kept = files(host)
    assert in_place in WHOLE
    own = in_place if in_place in (STOCK, NEWER) else kept
    assert own is not None
    return own


def test_a_process_killed_at_any_call_leaves_a_whole_file_and_loses_none(
    tmp_path: Path, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared, done = work
    for turn in range(1, calls_of(tmp_path, work, monkeypatch) + 1):
        host = prepared(tmp_path / str(turn))
        own = own_of(host)
        with Disk(host, kill_at=turn).under(monkeypatch), pytest.raises(Killed):
            done(host)

        assert own_of(host) == own
        with suppress(Exception):  # killed after its last change, it has nothing left to do
            done(host).unwrap()
        assert files(host) in ((source(), own), (source("/config/older"), own), (own, None))


def test_a_power_cut_at_any_call_leaves_a_whole_file_and_loses_none(
    tmp_path: Path, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared, done = work
    for turn in range(1, calls_of(tmp_path, work, monkeypatch) + 2):
        host = prepared(tmp_path / str(turn))
        own = own_of(host)
        disk = Disk(host, kill_at=turn)
        with disk.under(monkeypatch), suppress(Killed):
            done(host)

        for found in disk.after_a_power_cut():
            in_place = found[host / FILE]
            assert in_place in WHOLE
            assert own in (in_place, found.get(host / KEPT_FILE))


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EBUSY])
def test_a_disk_that_fails_at_any_call_is_a_problem_and_loses_no_file(
    tmp_path: Path, work: Work, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    prepared, done = work
    for turn in range(1, calls_of(tmp_path, work, monkeypatch) + 1):
        host = prepared(tmp_path / str(turn))
        own = own_of(host)
        disk = Disk(host, fail_at=turn, error=error)
        with disk.under(monkeypatch):
            result = done(host)

        if not is_successful(result):
            problem = result.failure()
            assert isinstance(problem, HostUnusable)
            assert problem.name == str(host)
            assert os.strerror(error) in problem.cause
        assert own_of(host) == own
        assert not list((host / FILE).parent.glob(".*.tmp"))


def test_a_first_write_that_fails_changes_nothing_at_all(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read-only folder, as in the image."""
    before = everything(host)
    with Disk(host, fail_at=1, error=errno.EROFS, for_good=True).under(monkeypatch):
        problem = install(host).failure()

    assert isinstance(problem, HostUnusable)
    assert everything(host) == before


# --- any sequence


class AnyTimes(RuleBasedStateMachine):
    """Installing, uninstalling, updates, crashes, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp())
        self.host = standin(self.place / "app")
        self.own = STOCK
        self.releases = 0
        self.patch = pytest.MonkeyPatch()

    def teardown(self) -> None:
        shutil.rmtree(self.place)

    @rule()
    def put_in(self) -> None:
        install(self.host).unwrap()
        assert files(self.host) == (source(), self.own)

    @rule()
    def take_out(self) -> None:
        in_place = look(self.host).unwrap().in_place
        result = uninstall(self.host)
        if in_place:
            result.unwrap()
        assert files(self.host)[0] == self.own

    @rule(work=st.sampled_from([install, uninstall]), at=st.integers(1, 14))
    def die(self, work: Callable[[Path], object], at: int) -> None:
        with Disk(self.host, kill_at=at).under(self.patch), suppress(Killed):
            work(self.host)

    @rule(work=st.sampled_from([install, uninstall]), at=st.integers(1, 14), for_good=st.booleans())
    def fail(self, work: Callable[[Path], object], at: int, for_good: bool) -> None:
        disk = Disk(self.host, fail_at=at, error=errno.ENOSPC, for_good=for_good)
        with disk.under(self.patch):
            work(self.host)

    @rule()
    def update(self) -> None:
        self.releases += 1
        self.own = STOCK + b"# release %d\n" % self.releases
        (self.host / FILE).write_bytes(self.own)

    @rule()
    def update_in_a_new_folder(self) -> None:
        shutil.rmtree(self.host)
        standin(self.host)
        self.own = STOCK

    @precondition(lambda self: look(self.host).unwrap().in_place)
    @rule()
    def have_an_older_file_of_ours(self) -> None:
        (self.host / FILE).write_bytes(source().replace(b"TESTED_BELOW", b"TESTED_UNTIL"))

    @invariant()
    def the_own_file_is_there(self) -> None:
        in_place, kept = files(self.host)
        assert in_place is not None
        assert in_place == self.own or (in_place.startswith(b"# crosswatch-trakt") and kept == self.own)


TestAnyTimes = AnyTimes.TestCase
TestAnyTimes.settings = settings(max_examples=40, stateful_step_count=25)
