"""What the file of plays does when disks, processes and people do what they can."""

import os
import random
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Thread
from time import process_time, sleep

import pytest
from returns.result import Success

from crosswatch_trakt.adapters.history import SqliteHistory, decode_media, encode_media
from crosswatch_trakt.domain.ids import Ids
from crosswatch_trakt.domain.media import Media, MediaType
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import StateUnreadable, StateUnwritable
from tests.adapters.test_state import file_size_limit

FILM = Media(MediaType.MOVIE, Ids(1, tmdb=2), "A film", 2000)
WRITE = """
import sys
from pathlib import Path
from crosswatch_trakt.adapters.history import SqliteHistory
from crosswatch_trakt.domain.media import Media, MediaType
from crosswatch_trakt.domain.plays import Play
history, first = SqliteHistory(Path(sys.argv[1])), int(sys.argv[2])
print("ready", flush=True)
for number in range(int(sys.argv[3])):
    media = Media(MediaType.MOVIE, title=f"{number % 7}")
    history.apply([Play(media, 60 * number, first + 2 * number + odd) for odd in (0, 1)], []).unwrap()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "account" / "trakt_history.sqlite"


def test_file_and_folder_are_for_this_user_alone_while_a_transaction_runs_too(path: Path) -> None:
    old = os.umask(0)
    try:
        SqliteHistory(path).replace([Play(FILM, 0, 1)], b"").unwrap()
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("DELETE FROM play")
            modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()}
            other.execute("ROLLBACK")
    finally:
        os.umask(old)

    assert modes == {path.name: 0o600, f"{path.name}-journal": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_reading_makes_no_file(path: Path) -> None:
    history = SqliteHistory(path)
    history.proof().unwrap()
    history.plays().unwrap()

    assert not path.parent.exists()


def test_nothing_stays_beside_the_file(path: Path) -> None:
    SqliteHistory(path).replace([Play(FILM, 0, 1)], b"").unwrap()

    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_where_files_cannot_be_linked_it_is_made_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    SqliteHistory(path).replace([Play(FILM, 0, 1)], b"proof").unwrap()

    assert SqliteHistory(path).proof() == Success(b"proof")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def _other_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def _other_program(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")


def _other_tables(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("DROP TABLE play; CREATE TABLE play (minute TEXT)")


def _odd_titles(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE media SET document = '[1]' || id")


def _not_text(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE media SET document = CAST(x'fffe' || id AS TEXT)")


def _no_titles(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM media")


def _a_text_file(path: Path) -> None:
    path.write_text("this is not a database, but it is long enough to look like one " * 100)


def _garbage(path: Path) -> None:
    document = bytearray(path.read_bytes())
    document[100:] = random.Random(1).randbytes(len(document) - 100)  # noqa: S311  # no secret
    path.write_bytes(document)


def _half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGES = [
    _other_version,
    _other_program,
    _other_tables,
    _odd_titles,
    _not_text,
    _no_titles,
    _a_text_file,
    _garbage,
    _half,
]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("read_first", [True, False])
def test_an_unusable_file_is_begun_anew_and_said_to_be(
    path: Path, damage: Callable[[Path], None], *, read_first: bool
) -> None:
    causes: list[str] = []
    history = SqliteHistory(path, causes.append)
    history.replace(_many_plays(2000), b"old").unwrap()
    damage(path)

    if read_first:
        history.plays().unwrap()
        assert history.count() == Success(0) or damage is _no_titles
    history.replace([Play(FILM, 60, 7)], b"new").unwrap()

    assert history.plays() == Success([Play(FILM, 60, 7)])
    assert history.proof() == Success(b"new")
    assert len(causes) == 1 or (damage in (_odd_titles, _not_text, _no_titles) and not read_first)


def test_a_cut_file_never_gives_a_part_of_the_plays_and_its_proof(path: Path) -> None:
    """Cut anywhere: the whole, or no proof."""
    history = SqliteHistory(path)
    history.replace(_many_plays(300), b"proof").unwrap()
    whole = path.read_bytes()
    for size in [*range(0, len(whole), 509), 1, 99, 100, 4095, 4096, len(whole) - 1]:
        path.write_bytes(whole[:size])
        plays = history.plays().unwrap()
        assert (len(plays), history.proof().unwrap()) in [(300, b"proof"), (0, None)], size


def test_a_change_to_an_unusable_file_leaves_no_proof(path: Path) -> None:
    history = SqliteHistory(path)
    history.replace(_many_plays(10), b"old").unwrap()
    _half(path)
    history.apply([Play(FILM, 60, 7)], [Play(FILM, 0, 1)]).unwrap()

    assert history.proof() == Success(None)


def test_a_file_removed_by_a_person_is_an_empty_one(path: Path) -> None:
    history = SqliteHistory(path)
    history.replace([Play(FILM, 60, 7)], b"proof").unwrap()
    path.unlink()

    assert history.proof() == Success(None)
    assert history.apply([Play(FILM, 60, 8)], []) == Success(None)
    assert history.count() == Success(1)


def test_a_file_in_place_of_the_folder_is_a_problem_and_no_error(path: Path) -> None:
    path.parent.write_text("not a folder")
    history = SqliteHistory(path)

    assert isinstance(history.replace([], b"").failure(), StateUnwritable)
    assert isinstance(history.apply([], []).failure(), StateUnwritable)
    assert history.count() == Success(0)


def test_a_folder_in_place_of_the_file_is_a_problem_and_no_error(path: Path) -> None:
    path.mkdir(parents=True)
    history = SqliteHistory(path)

    assert isinstance(history.replace([], b"").failure(), StateUnwritable)
    assert isinstance(history.proof().failure(), StateUnreadable)
    assert path.is_dir()


def test_a_full_disk_is_a_problem_and_leaves_all_as_it_was(path: Path) -> None:
    history = SqliteHistory(path)
    history.replace(_many_plays(300), b"old").unwrap()
    size = path.stat().st_size
    with file_size_limit(size + 4096):
        replaced = history.replace(_many_plays(5000), b"new")
        applied = history.apply(_many_plays(5000), [])
    with file_size_limit(0):
        nowhere = SqliteHistory(path.with_name("another.sqlite")).replace([], b"")

    assert isinstance(replaced.failure(), StateUnwritable)
    assert isinstance(applied.failure(), StateUnwritable)
    assert isinstance(nowhere.failure(), StateUnwritable)
    assert history.proof() == Success(b"old")
    assert history.count() == Success(300)


def test_a_file_held_by_another_for_too_long_is_a_problem(path: Path) -> None:
    history = SqliteHistory(path, busy_max_s=0.1)
    history.replace([Play(FILM, 0, 1)], b"").unwrap()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        written, read = history.apply([], []), history.count()

    assert written.failure() == StateUnwritable(path.name, "the file is held by another process")
    assert read.failure() == StateUnreadable(path.name, "the file is held by another process")
    assert history.count() == Success(1)


def test_a_file_held_by_another_is_waited_for(path: Path) -> None:
    history = SqliteHistory(path)
    history.replace([Play(FILM, 0, 1)], b"").unwrap()
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")

        def let_go() -> None:
            sleep(0.2)
            other.execute("ROLLBACK")

        thread = Thread(target=let_go)
        thread.start()
        assert history.count() == Success(1)
        thread.join()


def test_changes_of_several_processes_are_all_kept(path: Path) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", WRITE, str(path), str(10_000 * place), "40"])
        for place in (1, 2, 3)
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]

    assert SqliteHistory(path).count() == Success(240)
    assert len(SqliteHistory(path).titles().unwrap()) == 7


def test_a_killed_process_leaves_whole_changes_only(path: Path) -> None:
    history = SqliteHistory(path)
    for place in range(4):
        before = history.count().unwrap()
        with subprocess.Popen(
            [sys.executable, "-c", WRITE, str(path), str(10_000 * place + 1), "5000"], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            sleep(0.02 + 0.03 * place)
            process.kill()
        ids = {play.history_id for play in history.plays().unwrap()}

        assert len(ids) == history.count().unwrap() >= before
        assert all(one + 1 in ids for one in ids if one is not None and one % 2)  # both of a change


def test_a_large_history_is_replaced_and_read_fast(path: Path) -> None:
    """100,000 plays take some 0.5 s to store and 0.4 s to read; ten times that would be a mistake."""
    history, plays = SqliteHistory(path), _many_plays(20_000)
    started = process_time()
    history.replace(plays, b"").unwrap()
    history.plays().unwrap()
    large = process_time() - started
    started = process_time()
    history.plays_at([play.minute for play in plays[:100]]).unwrap()
    history.apply(plays[:100], []).unwrap()

    assert large < 2
    assert process_time() - started < 0.2


def test_what_json_cannot_hold_becomes_text() -> None:
    odd = Media(MediaType.MOVIE, Ids(1, others={"path": Path("/x"), "set": {1}}))
    odder = Media(MediaType.MOVIE, Ids(1, others={"path": Path("/x"), "n": {2**80: 1, (1,): 2}}))

    assert dict(decode_media(encode_media(odd)).ids.others) == {"path": "/x", "set": [1]}
    assert dict(decode_media(encode_media(odder)).ids.others) == {"path": "/x", "n": {str(2**80): 1}}


def test_equal_titles_are_equal_text_in_whatever_order_their_ids_came() -> None:
    one, other = ({"plex": {"a": 1, "b": 2}, "x": "y"}, {"x": "y", "plex": {"b": 2, "a": 1}})

    assert encode_media(Media(MediaType.SHOW, Ids(1, others=one))) == encode_media(
        Media(MediaType.SHOW, Ids(1, others=other))
    )


def _many_plays(count: int) -> list[Play]:
    media = [
        Media(MediaType.EPISODE, Ids(number + 1, f"tt{number:07}"), "A title", 2000, Ids(5), 1, number)
        for number in range(count // 5)
    ]
    chance = random.Random(count)  # noqa: S311  # no secret
    return [Play(chance.choice(media), chance.randrange(10**7) * 60, number + 1) for number in range(count)]
