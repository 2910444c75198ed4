"""Our file in a CrossWatch: put in its place, taken out again, looked at.

CrossWatch has no plug-ins: it imports `providers/sync/_mod_TRAKT.py`, so that file is replaced, and its own
is kept beside it under a name that neither it nor Python imports. At every moment, crashes included, the
file in place is whole, and CrossWatch's own is there: in its place, or kept. An update of CrossWatch puts
its new file in place; the next `install` knows it is not ours and keeps that one.
"""

import ast
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from returns.result import Failure, Result, Success

from crosswatch_trakt.adapters.crosswatch import shim
from crosswatch_trakt.adapters.state import replace_file, sync_folder, system_words
from crosswatch_trakt.domain.problems import BadInput, HostUnusable, Problem

FOLDER = "providers/sync"
FILE = "_mod_TRAKT.py"
KEPT = "_mod_TRAKT.py.stock"

_OURS = b"# crosswatch-trakt: shim"
_VENV = re.compile(rb"^VENV = (.*)$", re.M)


@dataclass(frozen=True, slots=True)
class Installed:
    """Our file is in place."""

    file: Path
    kept: Path
    changed: bool  # False: it was so before
    version: str | None  # of CrossWatch


@dataclass(frozen=True, slots=True)
class Look:
    """How things stand in a CrossWatch."""

    in_place: bool
    of_this_version: bool
    venv: str  # where the file in place looks for our package; empty: in CrossWatch's own Python
    kept: bool  # CrossWatch's own file lies beside it
    version: str | None  # of CrossWatch
    tested: bool | None  # None: CrossWatch does not say which it is
    trouble: str | None  # why this Python cannot import our package


def source(venv: str = "") -> bytes:
    """Our file; `venv`: an environment that holds our package."""
    body = Path(__file__).with_name("shim.py").read_bytes()
    return _VENV.sub(lambda _: f"VENV = {venv!r}".encode(), body, count=1) if venv else body


def install(folder: Path) -> Result[Installed, Problem]:
    """Put our file in place, and keep CrossWatch's own. Twice is once."""
    try:
        return _checked(folder).map(lambda there: _install(folder, there))
    except OSError as error:
        return Failure(HostUnusable(str(folder), system_words(error)))


def uninstall(folder: Path) -> Result[Path, Problem]:
    """Put CrossWatch's own file back; gives its place."""
    try:
        return _checked(folder).bind(_uninstall)
    except OSError as error:
        return Failure(HostUnusable(str(folder), system_words(error)))


def look(folder: Path) -> Result[Look, Problem]:
    """See what is in place, and which versions meet. Imports our package, to see whether that can be done."""
    try:
        return _checked(folder).map(lambda there: _look(folder, there))
    except OSError as error:
        return Failure(HostUnusable(str(folder), system_words(error)))


def _checked(folder: Path) -> Result[Path, Problem]:
    """The folder of its providers, if this is a CrossWatch."""
    there = folder / FOLDER
    marks = (folder / "cw_platform" / "modules_registry.py", there / FILE, there / KEPT)
    registry, file, kept = (path.is_file() for path in marks)
    if registry and (file or kept):
        return Success(there)
    mend = "Nothing was changed. Name the folder that holds its crosswatch.py; in its image that is /app."
    return Failure(BadInput(f"there is no CrossWatch in {folder}", mend))


def _install(folder: Path, there: Path) -> Installed:
    file, kept = there / FILE, there / KEPT
    found = _read(file)
    ours = found is not None and found.startswith(_OURS)
    wanted = source(_venv_of(found or b""))
    if found != wanted:
        like = (file if found is not None else kept).stat()
        if found is not None and not ours and found != _read(kept):
            replace_file(kept, found, like)
        replace_file(file, wanted, like)
    return Installed(file, kept, found != wanted, shim.host_version(folder))


def _uninstall(there: Path) -> Result[Path, Problem]:
    file, kept = there / FILE, there / KEPT
    found, stock = _read(file), _read(kept)
    if found is not None and not found.startswith(_OURS) and found != stock:
        what = f"{FILE} in {there} is CrossWatch's own"
        return Failure(BadInput(what, "There is nothing to put back; it stays."))
    if stock is None:
        mend = "Nothing was changed. If ours is mounted there, drop the mount; else take it from CrossWatch."
        return Failure(BadInput(f"CrossWatch's own file is not kept in {there}", mend))
    if found != stock:
        replace_file(file, stock, kept.stat())
    os.unlink(kept)  # not renamed: a power cut may keep one half of that
    sync_folder(there)
    return Success(file)


def _look(folder: Path, there: Path) -> Look:
    found = _read(there / FILE) or b""
    venv = _venv_of(found)
    version = shim.host_version(folder)
    return Look(
        in_place=found.startswith(_OURS),
        of_this_version=found == source(venv),
        venv=venv,
        kept=(there / KEPT).is_file(),
        version=version,
        tested=None if version is None else shim.is_tested(version),
        trouble=_trouble(),
    )


def _trouble() -> str | None:
    try:
        shim.adapter()
    except (Exception, SystemExit) as error:
        return f"{sys.executable}: {shim.one_line(error)}"
    return None


def _venv_of(body: bytes) -> str:
    """What our file says; empty for one that is not ours, or that somebody has changed."""
    found = _VENV.search(body) if body.startswith(_OURS) else None
    try:
        venv = ast.literal_eval(found[1].decode()) if found else ""
    except (ValueError, SyntaxError):
        return ""
    return venv if isinstance(venv, str) else ""


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
