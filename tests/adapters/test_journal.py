"""The journal in a file: cut, damaged, grown, killed."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from returns.result import Failure, Success

from crosswatch_trakt.adapters.journal import FILE, FileJournal
from crosswatch_trakt.domain.journal import Stage
from crosswatch_trakt.domain.problems import StateUnreadable, StateUnwritable
from tests.contracts.test_journal import LINE

LINES = {number: replace(LINE, number=number) for number in range(1, 6)}


@pytest.fixture
def journal(tmp_path: Path) -> FileJournal:
    made = FileJournal(tmp_path / "journal")
    made.write(LINES.values()).unwrap()
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal" / FILE


def test_a_last_line_that_was_cut_was_never_written(journal: FileJournal, path: Path) -> None:
    whole = path.read_bytes()
    last = whole[:-1].rfind(b"\n") + 1
    kept = {number: line for number, line in LINES.items() if number != 5}
    for end in range(last, len(whole)):
        path.write_bytes(whole[:end])
        assert journal.lines() == Success(kept)
        journal.write([LINES[5]]).unwrap()
        assert journal.lines() == Success(LINES)
        assert path.read_bytes().startswith(whole[:last])


def test_zeros_that_a_power_cut_left_at_the_end_were_never_written(journal: FileJournal, path: Path) -> None:
    with path.open("ab") as file:
        file.write(bytes(4096))
    assert journal.lines() == Success(LINES)
    journal.write((), [1]).unwrap()
    assert set(journal.lines().unwrap()) == {2, 3, 4, 5}


@pytest.mark.parametrize(
    "damage",
    [
        lambda body: b"x" + body,
        lambda body: body.replace(b'"number":2', b'"number":"2"'),
        lambda body: body.replace(b"\n", b"\n\n", 1),
        lambda body: body.replace(b'[\\"movie', b'[\\"mo\xffvie', 1),
        lambda body: body.replace(b'[\\"movie', b'[\\"cinema', 1),
        lambda body: body.replace(b'[\\"movie', b'\\"movie', 1),
        lambda body: body[:40] + body[90:],
        lambda body: bytes(50) + body[50:],
    ],
)
def test_damage_in_the_middle_is_no_journal_and_nothing_is_written_over_it(
    journal: FileJournal, path: Path, damage: object
) -> None:
    assert callable(damage)
    path.write_bytes(damage(path.read_bytes()))

    assert journal.lines() == Failure(StateUnreadable(FILE, "it is damaged"))
    harmed = path.read_bytes()
    assert isinstance(journal.write([LINES[1]]), Failure)
    assert path.read_bytes().startswith(harmed)


def test_what_another_writes_is_read_and_what_is_at_hand_is_not_read_again(
    journal: FileJournal, path: Path
) -> None:
    other = FileJournal(path.parent, spare=0)
    assert journal.lines() == Success(LINES)
    confirmed = replace(LINES[2], stage=Stage.CONFIRMED, confirmed_at=LINES[2].sent_at + 1)
    other.write([confirmed], [3]).unwrap()
    assert journal.lines() == other.lines() == Success({1: LINES[1], 2: confirmed, 4: LINES[4], 5: LINES[5]})

    journal.write((), [1, 4]).unwrap()
    assert other.lines() == Success({2: confirmed, 5: LINES[5]})
    assert FileJournal(path.parent).lines() == other.lines()


def test_how_far_a_line_has_come_takes_few_bytes(journal: FileJournal, path: Path) -> None:
    before = path.stat().st_size
    journal.write([replace(LINES[2], stage=Stage.CONFIRMED, confirmed_at=1.0)]).unwrap()
    assert path.stat().st_size < before + 80
    other_play = replace(LINES[2], play=replace(LINE.play, minute=LINE.play.minute + 60))
    journal.write([other_play]).unwrap()
    assert FileJournal(path.parent).lines().unwrap()[2] == other_play


def test_file_and_folder_are_for_this_user_alone(journal: FileJournal, path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_write_is_on_disk_when_it_returns(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[bool, int]] = []
    sync = os.fsync

    def remember(descriptor: int) -> None:
        sync(descriptor)
        synced.append((os.path.isdir(f"/proc/self/fd/{descriptor}"), os.fstat(descriptor).st_size))

    monkeypatch.setattr(os, "fsync", remember)
    journal = FileJournal(tmp_path / "journal")
    journal.write([LINE]).unwrap()
    assert synced[-2:] == [(False, path.stat().st_size), (True, synced[-1][1])]
    journal.write([LINE]).unwrap()
    assert synced[-1] == (False, path.stat().st_size)


def test_a_disk_that_takes_nothing_is_a_problem(
    journal: FileJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert journal.write([LINE]) == Failure(StateUnwritable(FILE, "No space left on device"))


def test_a_long_file_is_written_anew_and_keeps_every_line(path: Path) -> None:
    journal = FileJournal(path.parent, spare=20)
    journal.write(LINES.values()).unwrap()
    sizes = []
    for _ in range(60):
        journal.write([LINES[1]]).unwrap()
        sizes.append(len(path.read_bytes().splitlines()))

    assert journal.lines() == Success(LINES)
    assert max(sizes) < 2 * 5 + 20
    assert sizes != sorted(sizes)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == [FILE]


def test_a_file_that_cannot_be_written_anew_is_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    journal = FileJournal(path.parent, spare=0)
    monkeypatch.setattr(os, "replace", full)
    for _ in range(3):
        assert journal.write(LINES.values()) == Success(None)
    assert journal.lines() == Success(LINES)


_WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from crosswatch_trakt.adapters.journal import FileJournal
from tests.contracts.test_journal import LINE
journal = FileJournal(Path(sys.argv[1]), spare=5)
for number in range(1, 100_000):
    journal.write([replace(LINE, number=number), replace(LINE, number=10_000_000 + number)], [number - 20])
    print(number, flush=True)
"""


def test_what_a_killed_process_was_told_is_written_is_written(tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311 - repeatable, guards nothing
    for turn in range(3):
        folder = tmp_path / str(turn)
        process = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(folder)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            text=True,
        )
        with process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.random() / 5)
            process.send_signal(signal.SIGKILL)
            said = [1, *(int(text) for text in process.stdout.read().split())]
        found = FileJournal(folder).lines().unwrap()

        for number in said:
            assert 10_000_000 + number in found
        assert len([number for number in found if number < 10_000_000]) in (20, 21, len(said), len(said) + 1)
