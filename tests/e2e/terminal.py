"""The command line as a person runs it: a process of its own, with an environment of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crosswatch_trakt.adapters.clock import SystemClock
from crosswatch_trakt.adapters.simulator import Simulator, serve
from crosswatch_trakt.adapters.simulator.seed import seeded
from crosswatch_trakt.adapters.simulator.server import RunningServer

LONGEST_S = 60


def _heed_interrupts() -> None:
    """A shell lets what it runs in the background ignore Ctrl-C, and so would we."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass(frozen=True)
class Ran:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its output, decoded."""
        return json.loads(self.out)

    @property
    def rows(self) -> list[list[str]]:
        """Its output as fields between tabs."""
        return [line.split("\t") for line in self.out.splitlines()]


@dataclass
class Terminal:
    """A terminal of a person who set up the environment once."""

    folder: Path
    environment: dict[str, str]
    secrets: Sequence[str] = field(default=(), repr=False)

    def __call__(self, *arguments: str, stdin: str | bytes = "", **environment: str) -> Ran:
        """Run one command to its end. Whatever it was, it shows no secret and no traceback."""
        process = self.start(*arguments, **environment)
        body = stdin.encode() if isinstance(stdin, str) else stdin
        out, err = process.communicate(body, timeout=LONGEST_S)
        return self.look(process.returncode, out, err)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """Begin one command."""
        return subprocess.Popen(
            [sys.executable, "-m", "crosswatch_trakt", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            env={**self.environment, **environment},
            preexec_fn=_heed_interrupts,
        )

    def interrupt(self, process: subprocess.Popen[bytes]) -> tuple[Ran, float]:
        """Ctrl-C; gives what it left, and the seconds until it had ended."""
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LONGEST_S)
        return self.look(process.returncode, out, err), time.monotonic() - start

    def look(self, code: int, out: bytes, err: bytes) -> Ran:
        """What came out, which never holds a secret or a traceback."""
        ran = Ran(code, out.decode(), err.decode())
        assert "Traceback" not in ran.err + ran.out, ran.err
        for secret in self.secrets:
            assert secret not in ran.out + ran.err, "a secret was shown"
        return ran


def environment_in(folder: Path) -> dict[str, str]:
    """Nothing of the machine that runs the tests."""
    inherited = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    homes = dict.fromkeys(
        ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"), str(folder / "home")
    )
    return {**inherited, **homes, "LANG": "C.UTF-8", "PYTHONWARNINGS": "error"}


def small_trakt() -> Simulator:
    """An account of some hundred plays, without rate limits."""
    simulator = seeded(SystemClock(), plays=600, ratings=60, watchlist=40, movies=120, shows=12)
    simulator.quota.gets = simulator.quota.writes = None
    return simulator


@contextmanager
def terminal_at(simulator: Simulator, folder: Path) -> Iterator[tuple[RunningServer, Terminal]]:
    """A server of this simulator, and a terminal of somebody who is signed in there."""
    with serve(simulator) as server:
        account = simulator.account
        environment = {
            **environment_in(folder),
            "CROSSWATCH_TRAKT_BASE_URL": server.base_url,
            "CROSSWATCH_TRAKT_CLIENT_ID": simulator.client_id,
            "CROSSWATCH_TRAKT_ACCESS_TOKEN": account.access_token,
            "CROSSWATCH_TRAKT_STATE_DIR": str(folder / "state"),
            "CROSSWATCH_TRAKT_MAX_RETRIES": "1",
            "CROSSWATCH_TRAKT_WRITES_PER_SEC": "none",
        }
        yield server, Terminal(folder, environment, (account.access_token, account.refresh_token))
