"""What is seen on stderr while something runs: bars on a terminal, lines elsewhere.

Lines begin with `[TRAKT:<feature>]`. Waits and notes are always shown, each request with `-v`. Of rows
read a pipe gets a line each two seconds, and of requests one each ten, so that a log shows life.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from crosswatch_trakt.adapters.cli.show import screen
from crosswatch_trakt.adapters.progress import LoggingProgress, write_line
from crosswatch_trakt.application import ports
from crosswatch_trakt.application.ports import ApiHit, Event, SnapshotProgress, Waiting

LINE_EVERY_S = 2.0
REQUEST_EVERY_S = 10.0


@contextmanager
def shown_progress(*, verbose: bool) -> Iterator[ports.Progress]:
    """Bars while the block runs if stderr is a terminal, else lines."""
    console = screen(sys.stderr)
    if not console.is_terminal or console.is_dumb_terminal:
        yield plain_progress(verbose=verbose)
        return
    bars = Progress(
        SpinnerColumn(finished_text="[green]✓"),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        _Rows(),
        TimeElapsedColumn(),
        console=console,
        transient=False,
    )
    with bars:
        shown = Bars(bars, verbose=verbose)
        try:
            yield shown
        finally:
            shown.end()


class Lines:
    """Lines for pipes and files."""

    def __init__(self, write: Callable[[str], None], *, verbose: bool) -> None:
        logger = logging.Logger("crosswatch_trakt.cli", logging.DEBUG)  # its own: the root's would print too
        logger.addHandler(_Handler(write))
        self._log = LoggingProgress(logger)
        self._verbose = verbose
        self._next_at: dict[str, float] = {}
        self._request_at = time.monotonic() + REQUEST_EVERY_S
        self._lock = threading.Lock()

    def tell(self, event: Event) -> None:
        """Write a line, if this event is due one."""
        with self._lock:
            if self._verbose or self._is_due(event):
                self._log.tell(event)

    def _is_due(self, event: Event) -> bool:
        now = time.monotonic()
        if isinstance(event, ApiHit):
            due = now >= self._request_at
            if due:
                self._request_at = now + REQUEST_EVERY_S
            return due
        self._request_at = now + REQUEST_EVERY_S
        if not isinstance(event, SnapshotProgress):
            return True
        begun = self._next_at.setdefault(event.feature, now + LINE_EVERY_S)
        if now < begun and not event.final:
            return False
        self._next_at[event.feature] = now + LINE_EVERY_S
        return True


class Bars:
    """A bar for each index, a countdown for each wait, and above them the requests so far."""

    def __init__(self, bars: Progress, *, verbose: bool) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._waits: dict[TaskID, float] = {}  # until when
        self._lock = threading.Lock()
        self._verbose = verbose
        self._lines = Lines(self._line, verbose=verbose)
        self._requests = 0
        self._busy = bars.add_task("asking Trakt", total=None, words="")

    def tell(self, event: Event) -> None:
        """Move a bar, or print a line above the bars."""
        with self._lock:
            self._drop_waits()
            if isinstance(event, SnapshotProgress):
                self._move(event)
            elif isinstance(event, Waiting):
                until = time.monotonic() + event.seconds
                words = f"{event.feature}: waiting, {event.why}"
                self._waits[self._bars.add_task(words, total=None, until=until)] = until
            elif isinstance(event, ApiHit):
                self._requests += 1
                words = f"{self._requests} request{'' if self._requests == 1 else 's'}"
                self._bars.update(self._busy, description=event.feature, words=words)
                if self._verbose:
                    self._lines.tell(event)
            else:
                self._lines.tell(event)

    def end(self) -> None:
        """Leave only the bars: what was waited for is over."""
        with self._lock:
            for task in (self._busy, *self._waits):
                self._bars.remove_task(task)
            self._waits.clear()

    def _move(self, event: SnapshotProgress) -> None:
        task = self._tasks.get(event.feature)
        if task is None:
            task = self._tasks[event.feature] = self._bars.add_task(event.feature, total=event.total)
        total = event.done if event.final else event.total
        self._bars.update(task, completed=event.done, total=total)
        if event.final:
            del self._tasks[event.feature]

    def _drop_waits(self) -> None:
        now = time.monotonic()
        for task, until in list(self._waits.items()):
            if now >= until:
                del self._waits[task]
                self._bars.remove_task(task)

    def _line(self, line: str) -> None:
        self._bars.console.print(Text(line), style="dim", soft_wrap=True)


class _Rows(ProgressColumn):
    """Rows read of rows announced; of a wait, what is left of it."""

    max_refresh = None

    def render(self, task: Task) -> Text:
        until = task.fields.get("until")
        if until is not None:
            return Text(f"{max(0.0, until - time.monotonic()):.0f} s left", style="yellow")
        if "words" in task.fields:
            return Text(str(task.fields["words"]), style="dim")
        of_all = "" if task.total is None else f" of {task.total:,.0f}"
        return Text(f"{task.completed:,.0f}{of_all} rows")


class _Handler(logging.Handler):
    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        self._write(record.getMessage())


def plain_progress(*, verbose: bool) -> Lines:
    """Lines on stderr, for commands that show something else on a terminal."""
    return Lines(lambda line: write_line(sys.stderr, line), verbose=verbose)


@contextmanager
def spinner(words: str) -> Iterator[None]:
    """A spinner on a terminal while the block runs."""
    console: Console = screen(sys.stderr)
    if not console.is_terminal:
        yield
        return
    with console.status(Text(words)):
        yield
