"""One run, measured from outside: the whole process's time and memory, as the system counts them."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MIB = 1024 * (1 if sys.platform != "darwin" else 1024)  # of ru_maxrss: KiB, on macOS bytes


@dataclass(frozen=True)
class Run:
    """What one run took."""

    cpu_s: float  # after imports, user and system
    wall_s: float
    memory_mib: float
    requests: Mapping[str, int]  # by method
    rewritten: int  # files of the state that are not as they were
    gave: Any


@dataclass
class Bench:
    """An account on a server, and the state of someone who has read it."""

    account: Mapping[str, int]
    port: int = field(default_factory=lambda: _free_port())
    read_state: Path | None = None  # what a first reading leaves

    def __post_init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._server = _start("server", json.dumps(self.account))

    def close(self) -> None:
        """End the server."""
        self._server.communicate()
        self._folder.cleanup()

    def run(
        self,
        work: str,
        *,
        warm: bool = False,
        changed: bool = False,
        delay_s: float = 0.0,
        ledger_titles: int = 250,
        items: int = 0,
        **settings: object,
    ) -> Run:
        """Do this work, with nothing stored, or (`warm`) with the state that a first reading leaves."""
        with tempfile.TemporaryDirectory() as folder:
            state, file = Path(folder) / "state", f"{folder}/items.json" if items else ""
            if warm:
                shutil.copytree(self._state(), state)
            wanted = {"changed": changed, "delay_s": delay_s, "ledger_titles": ledger_titles}
            with self._served({**wanted, "items": file, "count": items}) as (login, requests):
                given = {"settings": {**login, "state_dir": str(state), **settings}, "items": file}
                before = _files(state)
                bare = work == "floor"
                took = _measured(("floor",) if bare else ("work", work), login if bare else given)
            rewritten = sum(before.get(name) != stamp for name, stamp in _files(state).items())
            return Run(**took, requests=requests, rewritten=rewritten)

    def _state(self) -> Path:
        if self.read_state is None:
            folder = Path(self._folder.name)
            with self._served({"changed": False, "delay_s": 0, "ledger_titles": 250, "items": ""}) as served:
                given = {"settings": {**served[0], "state_dir": str(folder)}, "items": ""}
                _measured(("work", "cold"), given)
            self.read_state = folder
        return self.read_state

    @contextmanager
    def _served(self, wanted: Mapping[str, object]) -> Iterator[tuple[dict[str, Any], dict[str, int]]]:
        """The login at the server, and what was asked of it by the end."""
        requests: dict[str, int] = {}
        login = self._tell({**wanted, "port": self.port})
        try:
            yield login, requests
        finally:
            requests.update(self._tell("stop"))

    def _tell(self, what: object) -> dict[str, Any]:
        if self._server.stdin is None or self._server.stdout is None:
            raise RuntimeError("the server has no pipes")
        print(json.dumps(what), file=self._server.stdin, flush=True)
        said: dict[str, Any] = json.loads(self._server.stdout.readline())
        return said


def import_s(code: str) -> float:
    """The processor time of an interpreter that runs this and ends, beyond one that runs nothing."""
    return _interpreter_s(code) - _interpreter_s("")


def _interpreter_s(code: str) -> float:
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{code} failed")
    return used.ru_utime + used.ru_stime


def _start(module: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def _measured(command: tuple[str, ...], given: object) -> dict[str, Any]:
    process = _start(*command)
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the process has no pipes")
    print(json.dumps(given), file=process.stdin, flush=True)
    process.stdin.close()
    said = process.stdout.read()
    process.stdout.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} failed")
    answer = json.loads(said)
    return {
        "cpu_s": used.ru_utime + used.ru_stime - answer["began_cpu_s"],
        "wall_s": answer["wall_s"],
        "memory_mib": used.ru_maxrss / MIB,
        "gave": answer["gave"],
    }


def _files(folder: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of change of each file; empty ones are locks."""
    stats = {str(path): path.stat() for path in folder.rglob("*") if path.is_file()}
    return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in stats.items() if stat.st_size}


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
