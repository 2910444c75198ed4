"""Real processes against the simulator's server: killed at any moment, and two at once."""

import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from subprocess import Popen
from typing import TypeAlias

from crosswatch_trakt.adapters.clock import SystemClock
from crosswatch_trakt.adapters.simulator import Simulator
from crosswatch_trakt.adapters.simulator.catalogue import Catalogue
from crosswatch_trakt.adapters.simulator.titles import Movie
from crosswatch_trakt.domain.journal import LAG_S
from tests.e2e.terminal import Ran, Terminal, terminal_at

Process: TypeAlias = Popen[bytes]

PAST = 1_600_000_020  # on the minute
KILLS = 10
SEED = 20261125


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

    def batch(self, places: Sequence[tuple[int, int]]) -> str:
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

    def add(self, batch: str, **environment: str) -> Ran:
        """Run the command to its end."""
        return self.terminal("add", "history", "-", "--json", stdin=batch, **environment)

    @property
    def held(self) -> Counter[tuple[int, int]]:
        """What the account has."""
        with self.trakt.lock:
            return Counter((play.title.trakt, play.minute) for play in self.trakt.account.plays)


@contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    """Films, a few plays of them, no rate limit, and batches of three."""
    catalogue = Catalogue()
    films = [catalogue.movie(f"Film {number}", 2000 + number) for number in range(12)]
    clock = TraktsClock()
    trakt = Simulator(catalogue, clock)
    trakt.quota.gets = trakt.quota.writes = None
    for film in films[:4]:
        trakt.account.watch(film, PAST)
    with terminal_at(trakt, folder) as (_, terminal):
        terminal.environment["CROSSWATCH_TRAKT_HISTORY_CHUNK_SIZE"] = "3"
        terminal.environment["CROSSWATCH_TRAKT_HISTORY_CHUNK_MAX"] = "3"
        yield Scene(trakt, clock, films, terminal)


def kill_at_random(made: Scene, chance: random.Random, number: int) -> str:
    """Begin to add plays, and end the process without a word; gives what it was to add."""
    places = [(chance.randrange(12), 100 * number + minute) for minute in range(9)]
    batch = made.batch(places)
    process = made.terminal.start("add", "history", "-", "--json")
    assert process.stdin is not None
    process.stdin.write(batch.encode())
    process.stdin.close()
    process.stdin = None
    _wait_for_a_request(made, process)
    time.sleep(chance.uniform(0, 0.25))
    process.kill()
    process.communicate(timeout=30)
    return batch


def _wait_for_a_request(made: Scene, process: Process) -> None:
    """Before the first nothing can go wrong."""
    seen = len(made.trakt.requests)
    while len(made.trakt.requests) == seen and process.poll() is None:
        time.sleep(0.005)


def killed_and_healed(made: Scene, seed: int, kills: int) -> Counter[str]:
    """Kill so many, then let each of them be run again. Nothing is lost, nothing is there twice."""
    chance, figures = random.Random(seed), Counter[str]()  # noqa: S311 - repeatable, guards nothing
    before = made.held
    batches = []
    for number in range(kills):
        start = len(made.trakt.requests)
        batch = kill_at_random(made, chance, number)
        with made.trakt.lock:  # what it had sent is done by now
            figures["amid its posts"] += any(one.method == "POST" for one in made.trakt.requests[start:])
        batches.append(batch)
        if chance.random() < 0.5:  # at once, or only when others were killed too
            _run_again(made, batch)
    for batch in batches:
        _run_again(made, batch)
    by_id = {film.ids["tmdb"]: film.trakt for film in made.films}
    asked = {
        (by_id[item["ids"]["tmdb"]], item["watched_at"]) for batch in batches for item in json.loads(batch)
    }
    twice = {name: count for name, count in made.held.items() if count > 1}
    assert not twice, f"seed {seed}: twice {twice}"
    lost = (asked | before.keys()) - made.held.keys()
    assert not lost, f"seed {seed}: lost {lost}"
    assert made.held.keys() == asked | before.keys(), "nobody asked for these"
    figures["kills"] += kills
    figures["plays"] += sum(made.held.values()) - sum(before.values())
    return figures


def _run_again(made: Scene, batch: str) -> None:
    """Until nothing is in doubt any more: what was lost on the way is settled by time, which is Trakt's."""
    for _ in range(4):
        ran = made.add(batch, CROSSWATCH_TRAKT_SETTLE_WAIT_S="0")
        if ran.code == 0:
            return
        made.clock.jump(LAG_S + 130)
    raise AssertionError(f"it stays in doubt: {ran.out}")


def test_killed_at_random_moments_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        figures = killed_and_healed(made, SEED, KILLS)

    assert figures["plays"] >= KILLS


def test_two_processes_that_add_the_same_plays_at_once_make_each_once(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        batch = made.batch([(film, minute) for film in range(6) for minute in range(4)])
        before = made.held
        running = [made.terminal.start("add", "history", "-", "--json") for _ in range(2)]
        for process in running:
            assert process.stdin is not None
            process.stdin.write(batch.encode())
            process.stdin.close()
            process.stdin = None
        ran = [made.terminal.look(process.wait(60), *_rest(process)) for process in running]

        assert [one.code for one in ran] == [0, 0]
        assert set(made.held.values()) == {1}
        assert sum(made.held.values()) == 24
        assert sum(before.values()) == 4, "four of them were there"


def _rest(process: Process) -> tuple[bytes, bytes]:
    out, err = process.communicate(timeout=60)
    return out, err
