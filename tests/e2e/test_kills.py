"""Real processes against the simulator's server: killed at any moment, and two at once."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from subprocess import Popen
from typing import TypeAlias

from crosswatch_trakt.adapters.clock import SystemClock
from crosswatch_trakt.adapters.journal import FileJournal
from crosswatch_trakt.adapters.simulator import Simulator
from crosswatch_trakt.adapters.simulator.catalogue import Catalogue
from crosswatch_trakt.adapters.simulator.titles import Movie
from crosswatch_trakt.domain.journal import LAG_S, Line
from tests.e2e.terminal import Ran, Terminal, terminal_at

Process: TypeAlias = Popen[bytes]
Place: TypeAlias = tuple[int, int]  # the number of a film, and minutes behind PAST

PAST = 1_600_000_020  # on the minute
KILLS = 50
SEED = 20261125
HEALED_AT_ONCE = 10  # batches of killed processes that one run makes up for
POST_S = 0.05  # from Trakt's doing to its answer: so that many are killed in between


class TraktsClock(SystemClock):
    """The server's time, which a test may let jump on. Processes go by it, not by their computer's."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def jump(self, seconds: float) -> None:
        """Let so much time pass at once."""
        self._ahead_s += seconds

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""
        return super().now() + timedelta(seconds=self._ahead_s)


@dataclass
class Scene:
    """A server with an account of some plays, and a terminal that is signed in there."""

    trakt: Simulator
    clock: TraktsClock
    films: Sequence[Movie]
    terminal: Terminal

    def batch(self, places: Sequence[Place]) -> str:
        """Plays of these films and minutes, as a file."""
        return json.dumps(
            [
                {
                    "type": "movie",
                    "ids": {"tmdb": self.films[film].ids["tmdb"]},
                    "watched_at": PAST + 60 * minute,
                }
                for film, minute in places
            ]
        )

    def add(self, places: Sequence[Place]) -> Ran:
        """Run the command to its end."""
        return self.terminal(
            "add",
            "history",
            "-",
            "--json",
            stdin=self.batch(places),
            CROSSWATCH_TRAKT_SETTLE_WAIT_S="0",
            CROSSWATCH_TRAKT_HISTORY_CHUNK_SIZE="100",
            CROSSWATCH_TRAKT_HISTORY_CHUNK_MAX="100",
        )

    def start(self, places: Sequence[Place]) -> Process:
        """Begin the command."""
        process = self.terminal.start("add", "history", "-", "--json")
        assert process.stdin is not None
        process.stdin.write(self.batch(places).encode())
        process.stdin.close()
        process.stdin = None
        return process

    def posts(self) -> int:
        """How many of a history Trakt has had."""
        return sum(seen.method == "POST" for seen in list(self.trakt.requests))

    def open_lines(self) -> list[Line]:
        """What the journal on disk leaves open."""
        state = Path(self.terminal.environment["CROSSWATCH_TRAKT_STATE_DIR"])
        folder = next(state.rglob("journal"), state)
        return [line for line in FileJournal(folder).lines().unwrap().values() if line.open]

    @property
    def held(self) -> Counter[tuple[object, int]]:
        """What the account has."""
        with self.trakt.lock:
            return Counter((play.title.ids["tmdb"], play.minute) for play in self.trakt.account.plays)


@contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    """Films, a few plays of them, no rate limit, and batches of three."""
    catalogue = Catalogue()
    films = [catalogue.movie(f"Film {number}", 2000 + number) for number in range(12)]
    clock = TraktsClock()
    trakt = Simulator(catalogue, clock)
    trakt.quota.gets = trakt.quota.writes = None
    trakt.slow_down(POST_S, "POST", "/sync/history")
    for film in films[:4]:
        trakt.account.watch(film, PAST)
    with terminal_at(trakt, folder) as (_, terminal):
        terminal.environment["CROSSWATCH_TRAKT_HISTORY_CHUNK_SIZE"] = "3"
        terminal.environment["CROSSWATCH_TRAKT_HISTORY_CHUNK_MAX"] = "3"
        yield Scene(trakt, clock, films, terminal)


def kill_at_random(made: Scene, chance: random.Random, places: Sequence[Place]) -> str:
    """Begin to add plays, and end the process without a word; gives where it was."""
    before, waits_for = made.posts(), chance.randrange(4)
    process = made.start(places)
    if waits_for:  # one of its three posts
        _wait(process, lambda: made.posts() - before >= waits_for)
        time.sleep(chance.uniform(0, 2 * POST_S))
    else:
        requests = len(made.trakt.requests)
        _wait(process, lambda: len(made.trakt.requests) > requests)
        time.sleep(chance.uniform(0, 0.25))
    process.kill()
    process.communicate(timeout=30)
    with made.trakt.lock:  # what it had sent is done by now
        posts = made.posts() - before
    open_lines = made.open_lines()
    if any((line.play.media.ids.tmdb, line.play.minute) in made.held for line in open_lines):
        return "done at Trakt, not on paper"
    if open_lines:
        return "on paper, not sent"
    return "before its posts" if not posts else "between its posts" if posts < 3 else "behind its posts"


def _wait(process: Process, happened: Callable[[], bool]) -> None:
    while not happened() and process.poll() is None:
        time.sleep(0.002)


def killed_and_healed(made: Scene, seed: int, kills: int) -> Counter[str]:
    """Kill so many, and let their plays be added again: some at once, the others when several were killed.
    Nothing is lost, nothing is there twice.
    """
    chance, figures = random.Random(seed), Counter[str]()  # noqa: S311 - repeatable, guards nothing
    before = made.held
    asked: list[Place] = []
    left: list[Place] = []
    for number in range(kills):
        places = [(chance.randrange(12), 100 * number + minute) for minute in range(9)]
        figures[kill_at_random(made, chance, places)] += 1
        asked += places
        left += places
        if chance.random() < 1 / HEALED_AT_ONCE or (number + 1) % HEALED_AT_ONCE == 0:
            _heal(made, left)
            left.clear()
    _heal(made, left or asked[-1:])
    wished = {(made.films[film].ids["tmdb"], PAST + 60 * minute) for film, minute in asked} | before.keys()
    twice = {name: count for name, count in made.held.items() if count > 1}
    assert not twice, f"seed {seed}: twice {twice}"
    assert made.held.keys() == wished, f"seed {seed}: lost {wished - made.held.keys()}"
    figures["kills"] += kills
    figures["plays"] += len(asked)
    return figures


def _heal(made: Scene, places: Sequence[Place]) -> None:
    """Until nothing is in doubt any more: what was lost on the way is settled by time, which is Trakt's."""
    for _ in range(4):
        ran = made.add(places)
        if ran.code == 0:
            return
        made.clock.jump(LAG_S + 130)
    raise AssertionError(f"it stays in doubt: {ran.out}")


def test_killed_at_random_moments_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        figures = killed_and_healed(made, SEED, KILLS)

    assert figures["kills"] == KILLS
    assert figures["done at Trakt, not on paper"] >= KILLS / 10, figures


def test_two_processes_that_add_the_same_plays_at_once_make_each_once(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        before = made.held
        running = [made.start([(film, minute) for film in range(6) for minute in range(4)]) for _ in range(2)]
        ran = [made.terminal.look(process.wait(60), *_rest(process)) for process in running]

        assert [one.code for one in ran] == [0, 0]
        assert set(made.held.values()) == {1}
        assert sum(made.held.values()) == 24
        assert sum(before.values()) == 4, "four of them were there"


def _rest(process: Process) -> tuple[bytes, bytes]:
    out, err = process.communicate(timeout=60)
    return out, err
