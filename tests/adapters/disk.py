"""A disk that a process or a machine dies over at any call, and that fails at any.

The disk is believed to be as bad as POSIX allows: what was not synced may be there, be gone, or be torn, page
by page, and a name that was not synced with its folder may be the old one.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, combinations, product
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest

from crosswatch_trakt.adapters.journal import PAGE_BYTES

P = ParamSpec("P")
T = TypeVar("T")

NEVER = 10_000


class Killed(BaseException):
    """The process is gone: nothing of its own runs any more."""


@dataclass(eq=False)
class Inode:
    """A file, whatever its name: as processes see it, and as it surely is on the disk."""

    seen: bytes = b""
    synced: bytes = b""

    def after_a_power_cut(self) -> Iterator[bytes]:
        """What it may hold then: each page that was not synced as it was, as it should be, or torn."""
        yield self.synced
        if self.seen == self.synced:
            return
        size = len(self.seen)
        before = self.synced.ljust(size, b"\0")[:size]
        pages = [at for at in range(0, size, PAGE_BYTES) if _page(before, at) != _page(self.seen, at)]
        choices = [self._pages(before, at) for at in pages]
        if len(pages) <= 2:
            for every in product(*choices):
                yield self._with(before, dict(zip(pages, every, strict=True)))
        else:
            for at, choice in zip(pages, choices, strict=True):
                whole = {other: _page(self.seen, other) for other in pages}
                for chosen in choice:
                    yield self._with(before, {**whole, at: chosen})

    def _pages(self, before: bytes, at: int) -> Sequence[bytes]:
        old, new = _page(before, at), _page(self.seen, at)
        half = len(new) // 2
        return (old, new, new[:half] + old[half:])

    @staticmethod
    def _with(body: bytes, pages: Mapping[int, bytes]) -> bytes:
        for at, page in pages.items():
            body = body[:at] + page + body[at + len(page) :]
        return body


def _page(body: bytes, at: int) -> bytes:
    return body[at : at + PAGE_BYTES]


@dataclass(frozen=True)
class Change:
    """A name that a folder got or lost."""

    name: Path
    to: "Inode | None"  # None: gone


@dataclass
class Disk:
    """What stands under the calls of a process: counts them, fails at one, and knows what is synced."""

    root: Path
    kill_at: int = NEVER
    fail_at: int = NEVER
    error: int = 0
    for_good: bool = False  # the disk fails from then on
    dead: bool = False
    calls: list[str] = field(default_factory=list)
    files: dict[int, Inode | Path] = field(default_factory=dict)  # by descriptor
    names: dict[Path, Inode] = field(default_factory=dict)
    synced: dict[Path, Inode] = field(default_factory=dict)
    pending: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        for path in self.root.rglob("*"):
            if path.is_file():
                body = path.read_bytes()
                self.names[path] = self.synced[path] = Inode(body, body)

    @contextmanager
    def under(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Let calls to the system pass through here."""
        with monkeypatch.context() as patch:
            patch.setattr(os, "open", self._counted("open", os.open, self._opened))
            patch.setattr(os, "write", self._counted("write", self._in_halves(os.write), self._written))
            patch.setattr(os, "ftruncate", self._counted("ftruncate", os.ftruncate, self._cut))
            patch.setattr(os, "fsync", self._counted("fsync", os.fsync, self._synced))
            patch.setattr(os, "replace", self._counted("replace", os.replace, self._renamed))
            patch.setattr(os, "unlink", self._counted("unlink", os.unlink, self._unlinked))
            patch.setattr(os, "mkdir", self._counted("mkdir", os.mkdir, lambda made, *_: None))
            patch.setattr(os, "close", self._closing(os.close))
            patch.setattr(fcntl, "flock", self._locking(fcntl.flock))
            yield

    def after_a_power_cut(self) -> Iterator[Mapping[Path, bytes]]:
        """Every disk that may be found then."""
        for kept in _subsets(self.pending):
            names = dict(self.synced)
            for change in kept:
                if change.to is None:
                    names.pop(change.name, None)
                else:
                    names[change.name] = change.to
            bodies = [list(dict.fromkeys(inode.after_a_power_cut())) for inode in names.values()]
            for chosen in product(*bodies):
                yield dict(zip(names, chosen, strict=True))

    # --- calls

    def _counted(self, name: str, call: Callable[P, T], done: Callable[..., None]) -> Callable[P, T]:
        def counted(*args: P.args, **kwargs: P.kwargs) -> T:
            if self.dead:
                raise Killed
            self.calls.append(name)
            turn = len(self.calls)
            if turn == self.kill_at:
                self.dead = True
                raise Killed
            if turn == self.fail_at or (self.for_good and turn > self.fail_at):
                raise OSError(self.error, os.strerror(self.error))
            result = call(*args, **kwargs)
            done(result, *args)
            return result

        return counted

    def _in_halves(self, write: Callable[[int, memoryview], int]) -> Callable[[int, memoryview], int]:
        """Writes half of what is asked, as the system may: so that a crash comes in between, too."""
        return lambda file, body: write(file, body[: max(1, len(body) // 2)] if len(body) < 100 else body)

    def _locking(self, flock: Callable[[int, int], None]) -> Callable[[int, int], None]:
        counted = self._counted("flock", flock, lambda got, *_: None)
        return lambda file, how: flock(file, how) if how & fcntl.LOCK_UN else counted(file, how)

    def _closing(self, close: Callable[[int], None]) -> Callable[[int], None]:
        def closing(file: int) -> None:  # the system does it for a process that is gone
            self.files.pop(file, None)
            close(file)

        return closing

    def _opened(self, file: int, path: str | Path, flags: int, *_: object) -> None:
        where = Path(path)
        if where.is_dir():
            self.files[file] = where
            return
        if where not in self.names:
            self.names[where] = Inode()
            self.pending.append(Change(where, self.names[where]))
        self.files[file] = self.names[where]

    def _written(self, count: int, file: int, body: bytes | memoryview) -> None:
        inode = self.files[file]
        assert isinstance(inode, Inode)
        inode.seen += bytes(body[:count])

    def _cut(self, _: object, file: int, size: int) -> None:
        inode = self.files[file]
        assert isinstance(inode, Inode)
        inode.seen = inode.seen[:size]

    def _synced(self, _: object, file: int) -> None:
        what = self.files[file]
        if isinstance(what, Inode):
            what.synced = what.seen
            return
        kept = [change for change in self.pending if change.name.parent == what]
        self.pending = [change for change in self.pending if change not in kept]
        for change in kept:
            if change.to is None:
                self.synced.pop(change.name, None)
            else:
                self.synced[change.name] = change.to

    def _renamed(self, _: object, source: str | Path, target: str | Path) -> None:
        inode = self.names.pop(Path(source))
        self.names[Path(target)] = inode
        self.pending += [Change(Path(target), inode), Change(Path(source), None)]

    def _unlinked(self, _: object, path: str | Path) -> None:
        self.names.pop(Path(path), None)
        self.pending.append(Change(Path(path), None))


def _subsets(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    return chain.from_iterable(combinations(changes, size) for size in range(len(changes) + 1))
