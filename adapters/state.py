"""Documents in a folder, and in memory.

A document is replaced by a rename, so that a reader, a full disk or a crash never leaves half of one.
"""

import errno
import os
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout
from returns.result import Failure, Result, Success

from crosswatch_trakt.domain.problems import Problem, StateUnreadable, StateUnwritable

T = TypeVar("T")

LOCK_TIMEOUT_S = 3600.0  # a lock dies with its owner, so that is alive: it may wait out several rate limits
_LOCK_POLL_S = 0.02
_SAID_AFTER_S = 1.0  # of a wait for a lock; and again each
_SAID_EVERY_S = 60.0
_TEMPORARY_MAX_S = 3600.0  # a temporary file this old belongs to a process that died over it


class FileState:
    """One folder, made when something is first written. Beside the documents: `.<name>.lock`.

    `waits` is told the name of a lock that is waited for, after a second and then each minute.
    """

    def __init__(
        self,
        folder: Path,
        waits: Callable[[str], None] | None = None,
        *,
        lock_timeout_s: float = LOCK_TIMEOUT_S,
    ) -> None:
        self._folder = folder
        self._waits = waits
        self._lock_timeout_s = lock_timeout_s

    def read(self, name: str) -> Result[bytes | None, StateUnreadable]:
        """The document as last written; None if there is none."""
        path = self._path(name)
        try:
            return Success(path.read_bytes())
        except FileNotFoundError:
            return Success(None)
        except OSError as error:
            return Failure(StateUnreadable(name, system_words(error)))

    def write(self, name: str, document: bytes) -> Result[None, StateUnwritable]:
        """Replace it by a rename, and return once both file and rename are on disk."""
        path = self._path(name)
        try:
            make_private_folder(self._folder)
            replace_file(path, document)
        except OSError as error:
            return Failure(StateUnwritable(name, system_words(error)))
        return Success(None)

    def delete(self, name: str) -> Result[None, StateUnwritable]:
        """Remove it; no fault if it is not there."""
        path = self._path(name)
        try:
            path.unlink()
            sync_folder(self._folder)
        except FileNotFoundError:
            return Success(None)
        except OSError as error:
            return Failure(StateUnwritable(name, system_words(error)))
        return Success(None)

    def locked(self, name: str, work: Callable[[], Result[T, Problem]]) -> Result[T, Problem]:
        """Do the work under a lock of the system's, which also ends when its process is killed."""
        path = self._path(name).with_name(f".{name}.lock")
        owner = os.getpid()  # a child of a fork remembers its parent's locks and holds none of them
        held = (owner, os.path.realpath(path))
        if held in _held_here.locks:
            return work()
        try:
            make_private_folder(self._folder)
            lock = FileLock(path, mode=0o600, timeout=self._lock_timeout_s, thread_local=True)
            self._acquire(lock, name)
        except Timeout:
            return Failure(StateUnwritable(name, f"{path} is held by another process"))
        except (OSError, NotImplementedError) as error:
            return Failure(StateUnwritable(name, system_words(error)))
        _held_here.locks.add(held)
        try:
            return work()
        finally:
            if os.getpid() == owner:
                _held_here.locks.discard(held)
                with suppress(OSError):  # the work is done; closing the file is what ends the lock
                    lock.release()

    def _acquire(self, lock: FileLock, name: str) -> None:
        """Wait for the lock, and say so."""
        end = time.monotonic() + self._lock_timeout_s
        patience_s = _SAID_AFTER_S
        while (left_s := end - time.monotonic()) > patience_s:
            try:
                lock.acquire(patience_s, poll_interval=_LOCK_POLL_S)
                return
            except Timeout:
                if self._waits is not None:
                    self._waits(name)
            patience_s = _SAID_EVERY_S
        lock.acquire(max(0.0, left_s), poll_interval=_LOCK_POLL_S)

    def names(self) -> Result[Sequence[str], StateUnreadable]:
        """The documents that are there, sorted; no folder is no documents."""
        try:
            with os.scandir(self._folder) as entries:
                found = [
                    entry.name for entry in entries if not entry.name.startswith(".") and entry.is_file()
                ]
        except FileNotFoundError:
            return Success(())
        except OSError as error:
            return Failure(StateUnreadable(str(self._folder), system_words(error)))
        return Success(sorted(found))

    def _path(self, name: str) -> Path:
        check_name(name)
        return self._folder / name


class MemoryState:
    """Documents of this process, gone with it."""

    def __init__(self, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> None:
        self._lock_timeout_s = lock_timeout_s
        self._documents: dict[str, bytes] = {}
        self._locks: dict[str, threading.RLock] = {}
        self._guard = threading.Lock()

    def read(self, name: str) -> Result[bytes | None, StateUnreadable]:
        """The document as last written; None if there is none."""
        check_name(name)
        with self._guard:
            return Success(self._documents.get(name))

    def write(self, name: str, document: bytes) -> Result[None, StateUnwritable]:
        """Replace it."""
        check_name(name)
        with self._guard:
            self._documents[name] = bytes(document)
        return Success(None)

    def delete(self, name: str) -> Result[None, StateUnwritable]:
        """Remove it; no fault if it is not there."""
        check_name(name)
        with self._guard:
            self._documents.pop(name, None)
        return Success(None)

    def locked(self, name: str, work: Callable[[], Result[T, Problem]]) -> Result[T, Problem]:
        """Do the work while no other thread holds this name."""
        check_name(name)
        with self._guard:
            lock = self._locks.setdefault(name, threading.RLock())
        if not lock.acquire(timeout=self._lock_timeout_s):
            return Failure(StateUnwritable(name, f"{name} is held by another thread"))
        try:
            return work()
        finally:
            lock.release()

    def names(self) -> Result[Sequence[str], StateUnreadable]:
        """The documents that are there, sorted."""
        with self._guard:
            return Success(sorted(self._documents))


def check_name(name: str) -> None:
    """Raise ValueError for a name that would leave the folder or hide in it: a mistake of ours."""
    if not name or name.startswith(".") or any(mark in name for mark in "/\\\0"):
        raise ValueError(f"{name!r} cannot name a document")


def replace_file(path: Path, document: bytes, like: os.stat_result | None = None) -> None:
    """Replace it by a rename, and return once both file and rename are on disk.

    It is for this user alone, as `mkstemp` made it, or has rights and owner of the file `like` tells of.
    """
    _sweep(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        try:
            if like is not None and os.name == "posix":
                with suppress(PermissionError):  # only root may give a file away
                    os.fchown(handle, like.st_uid, like.st_gid)
                os.fchmod(handle, stat.S_IMODE(like.st_mode))
            rest = memoryview(document)
            while rest:
                rest = rest[os.write(handle, rest) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    sync_folder(path.parent)


def _sweep(path: Path) -> None:
    """Remove what writers of this file left that were killed."""
    for left in path.parent.glob(f".{path.name}.*.tmp"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _TEMPORARY_MAX_S:
                left.unlink()


def make_private_folder(folder: Path) -> None:
    """Make it with all that is missing above it, for this user alone. One that is there stays as it is."""
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_private_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Bring a rename to disk, where the system can: some network shares and Windows cannot."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def system_words(error: Exception) -> str:
    """What the system said, and of which file."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error) or type(error).__name__


class _HeldHere(threading.local):
    """The locks of this thread. FileLock refuses a second one of its own thread on the same file."""

    def __init__(self) -> None:
        self.locks: set[tuple[int, str]] = set()


_held_here = _HeldHere()
