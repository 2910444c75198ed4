"""A process that dies at a step of its own: nothing after that step is done, and its locks are free."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from returns.result import Result

from crosswatch_trakt import TraktAccount
from crosswatch_trakt.adapters.history import SqliteHistory
from crosswatch_trakt.adapters.journal import FileJournal
from crosswatch_trakt.adapters.simulator import SimulatorTransport
from crosswatch_trakt.adapters.state import FileState
from crosswatch_trakt.application.ports import Clock, Request, Response
from crosswatch_trakt.application.trakt.gate import Gates
from crosswatch_trakt.domain.problems import Problem
from tests.application.world import World

T = TypeVar("T")

TORN = b'{"number":7,"media":"[\\"mov'  # what a crash amid an append may leave


class Killed(BaseException):
    """The process is no more."""


@dataclass
class Steps:
    """Counts what a process does, and kills it at one of its steps: before or after each."""

    kill_at: int | str | None = None  # the number of the step, from 1, or how its name begins; None: it lives
    done: list[str] = field(default_factory=list)

    def step(self, name: str) -> None:
        """One more."""
        self.done.append(name)
        named = isinstance(self.kill_at, str) and name.startswith(self.kill_at)
        if named or len(self.done) == self.kill_at:
            raise Killed(name)

    def around(self, name: str, work: Callable[[], T]) -> T:
        """A step before the work, and one after it."""
        self.step(f"before {name}")
        done = work()
        self.step(f"after {name}")
        return done


@dataclass(frozen=True)
class MortalTransport:
    """Kills before a request is sent, or once it was answered and the answer not yet read."""

    inner: SimulatorTransport
    steps: Steps

    def send(self, request: Request) -> Result[Response, Problem]:
        """Send once."""
        name = f"{request.method} {request.url.partition('?')[0]}"
        if request.method == "GET":
            return self.inner.send(request)
        return self.steps.around(name, lambda: self.inner.send(request))


@dataclass
class Process:
    """A process that has an account open: a gate and a memory of its own."""

    world: World
    gates: Gates = field(default_factory=Gates)
    settings: Mapping[str, object] = field(default_factory=dict)
    clock: Clock | None = None  # of its computer; None: it is right

    def run(
        self, use: Callable[[TraktAccount], T], kill_at: int | str | None = None
    ) -> tuple[T | None, Sequence[str]]:
        """Use the account; None if it was killed, and then the next use is by another process. Gives the
        steps it came to.
        """
        steps = Steps(kill_at)
        try:
            with (
                mortal(steps),
                TraktAccount.open(
                    replace(self.world.settings, **self.settings),  # type: ignore[arg-type]  # checked there
                    progress=self.world.progress,
                    transport=MortalTransport(SimulatorTransport(self.world.simulator), steps),
                    clock=self.clock or self.world.clock,
                    gates=self.gates,
                ) as trakt,
            ):
                done = use(trakt)
                steps.step("report")
                return done, steps.done
        except Killed:
            self.gates = Gates()
            return None, steps.done


@contextmanager
def mortal(steps: Steps) -> Iterator[None]:
    """Within it each write to the journal, the rows and the documents is a step."""
    with ExitStack() as stack:
        for owner, name in (
            (FileJournal, "write"),
            (SqliteHistory, "apply"),
            (SqliteHistory, "replace"),
            (FileState, "write"),
            (FileState, "delete"),
        ):
            stack.enter_context(_each(steps, owner, name))
        yield


@contextmanager
def _each(steps: Steps, owner: type, name: str) -> Iterator[None]:
    plain = getattr(owner, name)

    def stepped(self: object, *given: object, **named: object) -> object:
        if isinstance(self, FileJournal):
            _tear(steps, self._path)
        return steps.around(f"{owner.__name__}.{name}", lambda: plain(self, *given, **named))

    setattr(owner, name, stepped)
    try:
        yield
    finally:
        setattr(owner, name, plain)


def _tear(steps: Steps, path: Path) -> None:
    """Killed amid an append: half a line is on disk."""
    try:
        steps.step("amid FileJournal.write")
    except Killed:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(TORN)
        raise
