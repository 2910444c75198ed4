"""A crash between any two calls of a save, of the process or of the machine, and a disk that fails at any.

What is kept is read afterwards as a new process would: it is the old or the new document, never a mix.
"""

import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from returns.pipeline import is_successful
from returns.result import Result, Success

from crosswatch_trakt.adapters.journal import ENTRIES_SPARE, FILE, PAGE_BYTES, FileJournal
from crosswatch_trakt.adapters.state import FileState, sync_folder
from crosswatch_trakt.adapters.tokens import FileTokens
from crosswatch_trakt.application.ports import Tokens
from crosswatch_trakt.domain.ids import Ids
from crosswatch_trakt.domain.journal import Line, Stage
from crosswatch_trakt.domain.media import Media, MediaType
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import Problem, StateUnwritable
from tests.adapters.disk import Disk, Inode, Killed

ERRORS = (errno.ENOSPC, errno.EIO, errno.EROFS)


# --- what is saved


@dataclass(frozen=True)
class Save:
    """One kind of save: what was there, what is done, and what may be found then, the old first."""

    before: Callable[[Path], object]
    save: Callable[[Path], Result[None, Problem]]
    read: Callable[[Path], object]
    found: Sequence[object]


OLD, NEW = b"old " * 40, b"new " * 3000
ROOT = Tokens("root", "root refresh", 1)
CHILD, GRANDCHILD = Tokens("child", "child refresh", 2), Tokens("grandchild", "its refresh", 3)
FILM = Media(MediaType.MOVIE, Ids(trakt=1), "A film", 1999)
LINES = tuple(Line(number, Play(FILM, 60 * number), Stage.MEANT, 1.5, "s", True) for number in range(1, 80))


def nothing(folder: Path) -> None:
    """Not even the folder."""


def documents(folder: Path) -> object:
    state = FileState(folder)
    return {name: state.read(name).unwrap() for name in state.names().unwrap()}


def given(folder: Path) -> Tokens | None:
    return FileTokens(FileState(folder), ROOT).load().unwrap()


def keep(pair: Tokens | None) -> Callable[[Path], Result[None, Problem]]:
    return lambda folder: FileTokens(FileState(folder, lock_timeout_s=0.2), ROOT).replace(pair)


def put(name: str, body: bytes) -> Callable[[Path], Result[None, Problem]]:
    return lambda folder: FileState(folder).write(name, body)


def lines(folder: Path) -> object:
    return FileJournal(folder).lines().unwrap()


def note(
    *written: Line, dropped: Sequence[int] = (), spare: int = ENTRIES_SPARE
) -> Callable[[Path], Result[None, Problem]]:
    return lambda folder: FileJournal(folder, spare=spare).write(written, dropped)


def cut(*written: Line) -> Callable[[Path], object]:
    """A journal whose last entry a crash has cut."""

    def make(folder: Path) -> None:
        note(*written)(folder).unwrap()
        with (folder / FILE).open("ab") as file:
            file.write(b'{"number":99,"media":"')

    return make


def numbered(*several: Line) -> Mapping[int, Line]:
    return {line.number: line for line in several}


CONFIRMED = replace(LINES[0], stage=Stage.CONFIRMED, confirmed_at=2.5)
SAVES: Mapping[str, Save] = {
    "the first document": Save(nothing, put("a", NEW), documents, ({}, {"a": NEW})),
    "a document": Save(put("a", OLD), put("a", NEW), documents, ({"a": OLD}, {"a": NEW})),
    "a document deleted": Save(
        put("a", OLD), lambda folder: FileState(folder).delete("a"), documents, ({"a": OLD}, {})
    ),
    "the first pair": Save(nothing, keep(CHILD), given, (ROOT, CHILD)),
    "a pair": Save(keep(CHILD), keep(GRANDCHILD), given, (CHILD, GRANDCHILD)),
    "a login forgotten": Save(keep(CHILD), keep(None), given, (CHILD, ROOT)),
    "the first line": Save(nothing, note(LINES[0]), lines, ({}, numbered(LINES[0]))),
    "a line": Save(note(LINES[0]), note(LINES[1]), lines, (numbered(LINES[0]), numbered(*LINES[:2]))),
    "a line of another stage": Save(
        note(LINES[0]), note(CONFIRMED), lines, (numbered(LINES[0]), numbered(CONFIRMED))
    ),
    "a line dropped": Save(
        note(*LINES[:2]), note(dropped=[1]), lines, (numbered(*LINES[:2]), numbered(LINES[1]))
    ),
    "a line behind one that was cut": Save(
        cut(LINES[0]), note(LINES[1]), lines, (numbered(LINES[0]), numbered(*LINES[:2]))
    ),
    "a file written anew": Save(
        note(*LINES[:9]),
        note(CONFIRMED, spare=-5),
        lines,
        (numbered(*LINES[:9]), numbered(CONFIRMED, *LINES[1:9])),
    ),
    "many lines": Save(
        note(LINES[0]),
        note(*LINES[1:]),
        lines,
        [numbered(*LINES[:count]) for count in range(1, len(LINES) + 1)],
    ),
}


@pytest.fixture(params=SAVES)
def save(request: pytest.FixtureRequest) -> Save:
    return SAVES[request.param]


def prepared(tmp_path: Path, save: Save, name: object) -> Path:
    """The folder with what was there before, its own folder made but for the first save."""
    folder = tmp_path / str(name) / "state"
    folder.parent.mkdir()
    save.before(folder)
    return folder


def calls_of(tmp_path: Path, save: Save, monkeypatch: pytest.MonkeyPatch) -> Sequence[str]:
    folder = prepared(tmp_path, save, "whole")
    disk = Disk(folder.parent)
    with disk.under(monkeypatch):
        save.save(folder).unwrap()
    assert save.read(folder) == save.found[-1]
    assert disk.files == {}, "nothing is left open"
    return disk.calls


# --- crashes


def test_a_process_killed_at_any_call_leaves_the_old_or_the_new(
    tmp_path: Path, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    for turn in range(1, len(calls_of(tmp_path, save, monkeypatch)) + 1):
        folder = prepared(tmp_path, save, turn)
        disk = Disk(folder.parent, kill_at=turn)
        with disk.under(monkeypatch), pytest.raises(Killed):
            save.save(folder)

        assert save.read(folder) in save.found
        save.save(folder).unwrap()
        assert save.read(folder) == save.found[-1], "the next process can save"


def test_a_power_cut_at_any_call_leaves_the_old_or_the_new(
    tmp_path: Path, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    for turn in range(1, len(calls_of(tmp_path, save, monkeypatch)) + 2):
        folder = prepared(tmp_path, save, turn)
        disk = Disk(folder.parent, kill_at=turn)
        done = False
        with disk.under(monkeypatch), suppress(Killed):
            done = is_successful(save.save(folder))

        for found in everything_found(tmp_path / f"cut at {turn}", folder, disk, save):
            assert found in (save.found[-1:] if done else save.found)


def everything_found(place: Path, folder: Path, disk: Disk, save: Save) -> Iterator[object]:
    """What is read from every disk that a power cut may leave."""
    for number, files in enumerate(disk.after_a_power_cut()):
        copy = place / str(number) / folder.name
        copy.mkdir(parents=True)
        for path, body in files.items():
            (copy / path.name).write_bytes(body)
        yield save.read(copy)


@pytest.mark.parametrize("for_good", [False, True])
@pytest.mark.parametrize("error", ERRORS)
def test_a_disk_that_fails_at_any_call_is_a_problem_and_leaves_the_old_or_the_new(
    tmp_path: Path, save: Save, monkeypatch: pytest.MonkeyPatch, error: int, for_good: bool
) -> None:
    for turn, call in enumerate(calls_of(tmp_path, save, monkeypatch), 1):
        folder = prepared(tmp_path, save, turn)
        disk = Disk(folder.parent, fail_at=turn, error=error, for_good=for_good)
        with disk.under(monkeypatch):
            result = save.save(folder)

        if is_successful(result):
            assert save.read(folder) == save.found[-1], call
        else:
            problem = result.failure()
            assert isinstance(problem, StateUnwritable)
            assert os.strerror(error) in problem.cause
            assert save.read(folder) in ((save.found[0], save.found[-1]) if not for_good else save.found)
        assert disk.files == {}, "nothing is left open"
        if not for_good:
            assert not list(folder.glob("*.tmp")) + list(folder.glob(".*.tmp"))
        save.save(folder).unwrap()
        assert save.read(folder) == save.found[-1], "it can be saved as soon as the disk is well"


# --- the model itself


def in_place(folder: Path) -> Result[None, Problem]:
    file = os.open(folder / "a", os.O_WRONLY)
    os.ftruncate(file, 0)
    os.write(file, NEW)
    os.fsync(file)
    os.close(file)
    return Success(None)


def without_syncing_the_file(folder: Path) -> Result[None, Problem]:
    file = os.open(folder / "b", os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(file, NEW)
    os.close(file)
    os.replace(folder / "b", folder / "a")
    sync_folder(folder)
    return Success(None)


def without_syncing_the_folder(folder: Path) -> Result[None, Problem]:
    file = os.open(folder / "b", os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(file, NEW)
    os.fsync(file)
    os.close(file)
    os.replace(folder / "b", folder / "a")
    return Success(None)


@pytest.mark.parametrize("careless", [in_place, without_syncing_the_file, without_syncing_the_folder])
def test_this_disk_finds_a_save_that_is_careless(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    careless: Callable[[Path], Result[None, Problem]],
) -> None:
    save = Save(put("a", OLD), careless, lambda folder: documents(folder), ({"a": OLD}, {"a": NEW}))
    wrong = 0
    for turn in range(1, 9):
        folder = prepared(tmp_path, save, turn)
        disk = Disk(folder.parent, kill_at=turn)
        done = False
        with disk.under(monkeypatch), suppress(Killed):
            done = is_successful(careless(folder))
        for found in everything_found(tmp_path / f"cut at {turn}", folder, disk, save):
            assert isinstance(found, dict)
            found.pop("b", None)
            wrong += found not in (save.found[-1:] if done else save.found)

    assert wrong


def test_this_disk_tears_a_long_line_that_is_written_in_one_piece() -> None:
    old, new = b"a\n", b"a\n" + b"b\n" * PAGE_BYTES
    found = set(Inode(new, old).after_a_power_cut())

    assert {old, new} < found
    assert any(b"\0" in body and body.endswith(b"\n") for body in found), "a hole before the end"
