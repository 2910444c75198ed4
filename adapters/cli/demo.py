"""`demo`: the main job on a simulated account, over HTTP, in under a minute.

It starts the simulator on this machine, with Trakt's rate limits, and does what a user would: index,
index again, add a mixed batch, add it again, remove, index. Then it holds what it was told against what
the simulator really has. All it writes lies in `.demo/` below the current folder, and is removed.
"""

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer
from rich.table import Table
from rich.text import Text

from crosswatch_trakt.adapters.cli import show
from crosswatch_trakt.adapters.cli.demo_batch import Batch, mixed_batch, removals
from crosswatch_trakt.adapters.cli.opening import opening
from crosswatch_trakt.adapters.cli.progress import shown_progress
from crosswatch_trakt.adapters.library import TraktAccount, TraktError
from crosswatch_trakt.adapters.progress import FanOut, RecordingProgress
from crosswatch_trakt.application.account import AnyIndex
from crosswatch_trakt.application.features import FEATURES
from crosswatch_trakt.application.ports import ApiHit
from crosswatch_trakt.application.settings import Settings
from crosswatch_trakt.application.write.report import Report
from crosswatch_trakt.domain.problems import StateUnwritable

if TYPE_CHECKING:
    from crosswatch_trakt.adapters.simulator.server import RunningServer

T = TypeVar("T")

FOLDER = ".demo"
_LISTS = ("watchlist", "ratings")


@dataclass(frozen=True, slots=True)
class _Line:
    """One row of the table at the end."""

    step: str
    feature: str
    items: int
    requests: int
    seconds: float
    how: str
    unresolved: Mapping[str, int] = field(default_factory=dict)


def demo(context: typer.Context) -> int:
    """Show the whole job on a made-up account: no login, no network, under a minute."""
    from crosswatch_trakt.adapters.clock import SystemClock
    from crosswatch_trakt.adapters.simulator import serve
    from crosswatch_trakt.adapters.simulator.seed import seeded

    with _folder() as folder, serve(seeded(SystemClock())) as server:
        _head(f"A simulated Trakt listens on {server.base_url}: 2,000 plays, 400 ratings, 150 listed.")
        run = _Demo(server, folder, opening(context).verbose)
        run.play()
    with show.printing():
        run.print_table()
        right = run.print_checks()
        print(_NEXT.format(_command()))
    return 0 if right else 1


class _Demo:
    def __init__(self, server: "RunningServer", folder: Path, verbose: bool) -> None:
        self._simulator = server.simulator
        self._settings = Settings(
            base_url=server.base_url,
            auth_url=server.auth_url,
            client_id=server.simulator.client_id,
            access_token=server.simulator.account.access_token,
            state_dir=str(folder),
        )
        self._verbose = verbose
        self._lines: list[_Line] = []
        self._checks: list[tuple[str, bool]] = []

    def play(self) -> None:
        """All steps, in order."""
        first = self._index("index", "Indexing all three lists: everything is read, and proven whole.")
        again = self._index("index again", "Indexing again: nothing has changed, so nothing is read.")
        self._check("an unchanged account costs no fetch", not any(index.fetched for index in again.values()))
        self._check(
            "… and is the same index", all(again[name].keys() == first[name].keys() for name in first)
        )
        batch = mixed_batch(self._simulator, first)
        added = self._write(
            "add", batch, "Adding a mixed batch: good items, duplicates, and impossible ones."
        )
        counted = self._counts()
        twice = self._write("add again", batch, "Adding the same batch again: nothing may come twice.")
        self._check("the good items of the batch arrived", all(one.confirmed for one in added.values()))
        self._check(
            "the same batch added twice makes nothing twice",
            self._counts() == counted and not any(report.confirmed for report in twice.values()),
        )
        film, gone = removals(self._simulator, batch)
        plays = len(self._simulator.account.plays.of(film))
        self._write("remove", gone, f"Removing some, among them one of {plays} plays of “{film.title}”.")
        left = len(self._simulator.account.plays.of(film))
        self._check("removing one play leaves the others", left == plays - 1)
        last = self._index("index after", "Indexing a last time: what has changed is read again.")
        self._check(
            "the indexes hold just what Trakt has",
            {name: len(index) for name, index in last.items()} == self._counts(),
        )

    # --- steps

    def _index(self, step: str, words: str) -> dict[str, AnyIndex]:
        _head(words)
        found: dict[str, AnyIndex] = {}
        with self._account() as (trakt, seen):
            for name in FEATURES:
                index, requests, seconds = _timed(seen, lambda name=name: trakt.index(name))  # type: ignore[misc]
                found[name] = index
                how = "fetched" if index.fetched else "unchanged"
                self._lines.append(_Line(step, name, len(index), requests, seconds, how))
        return found

    def _write(self, step: str, batch: Batch, words: str) -> dict[str, Report]:
        _head(words)
        reports: dict[str, Report] = {}
        with self._account() as (trakt, seen):
            write = trakt.remove if step == "remove" else trakt.add
            for name in FEATURES:
                report, requests, seconds = _timed(seen, lambda name=name: write(name, batch[name]))  # type: ignore[misc]
                reports[name] = report
                how = f"{len(report.confirmed)} confirmed, {len(report.existing)} already so"
                reasons = Counter(outcome.reason or "" for outcome in report.unresolved)
                self._lines.append(
                    _Line(step, name, len(batch[name]), requests, seconds, how, dict(sorted(reasons.items())))
                )
        return reports

    @contextmanager
    def _account(self) -> Iterator[tuple[TraktAccount, RecordingProgress]]:
        """The account, opened anew for each step as if by a command of its own."""
        seen = RecordingProgress()
        with (
            shown_progress(verbose=self._verbose) as shown,
            TraktAccount.open(self._settings, progress=FanOut(shown, seen)) as trakt,
        ):
            yield trakt, seen

    def _counts(self) -> dict[str, int]:
        """What the simulator holds."""
        account = self._simulator.account
        return {
            "watchlist": len(account.watchlist),
            "ratings": len(account.ratings),
            "history": len(account.plays),
        }

    # --- what is said at the end

    def _check(self, words: str, right: bool) -> None:
        self._checks.append((words, right))

    def print_table(self) -> None:
        """Every step, feature by feature."""
        if not show.on_terminal():
            show.print_rows([("step", "feature", "items", "requests", "seconds", "what came", "unresolved")])
            show.print_rows(
                (
                    line.step,
                    line.feature,
                    line.items,
                    line.requests,
                    f"{line.seconds:.1f}",
                    line.how,
                    _reasons(line),
                )
                for line in self._lines
            )
            return
        table: Table = show.table(
            "Step", "Feature", "Items#", "Requests#", "Seconds#", "What came", "Unresolved"
        )
        step = ""
        for line in self._lines:
            if step and line.step != step:
                table.add_section()
            numbers = (f"{line.items:,}", line.requests, f"{line.seconds:.1f}")
            row = show.cells(
                "" if line.step == step else line.step, line.feature, *numbers, line.how, _reasons(line)
            )
            row[5].stylize("green" if line.how == "unchanged" else "")
            row[6] = Text(_reasons(line).replace(", ", "\n"), style="red")
            table.add_row(*row)
            step = line.step
        show.screen().print(table)

    def print_checks(self) -> bool:
        """What was promised, held against what the simulator has."""
        console = show.screen()
        for words, right in self._checks:
            console.print(Text.assemble(("ok   ", "green") if right else ("FAIL ", "bold red"), words))
        return all(right for _, right in self._checks)


def _timed(seen: RecordingProgress, work: Callable[[], T]) -> tuple[T, int, float]:
    """What work gives, the requests it took, and the seconds."""
    before, start = len(seen.events), time.monotonic()
    value = work()
    requests = sum(isinstance(event, ApiHit) for event in seen.events[before:])
    return value, requests, time.monotonic() - start


def _reasons(line: _Line) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in line.unresolved.items())


def _head(words: str) -> None:
    with show.printing():
        show.screen().print(Text(words, style="bold"), soft_wrap=True)


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder of this run alone, removed at the end; another run's, and a user's own, stay."""
    above = Path.cwd() / FOLDER
    try:
        above.mkdir(mode=0o700, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=above))
    except OSError as error:
        raise TraktError(StateUnwritable(str(above), error.strerror or "")) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # not empty: somebody else's
            above.rmdir()


_NEXT = """
What to do next:
  {0} simulate               play with the made-up account yourself
  {0} login --client-id ID   sign in to your own (make an app: trakt.tv/oauth/applications)
  {0} index history          then read it"""


def _command() -> str:
    """How this program is started here: after `make demo` it is not on the path."""
    here = Path(".venv/bin/crosswatch-trakt")
    return str(here) if shutil.which("crosswatch-trakt") is None and here.exists() else "crosswatch-trakt"
