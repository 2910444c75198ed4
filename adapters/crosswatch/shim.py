# crosswatch-trakt: shim of providers/sync/_mod_TRAKT.py
"""What CrossWatch imports as its Trakt provider: hands on `crosswatch_trakt.adapters.crosswatch`.

This file is copied into CrossWatch and stands there alone, so it needs nothing but Python. It never raises
while it is imported: one provider that does takes the others and the web page down with it. If our package
cannot be used, it answers as a provider that is down: CrossWatch then asks for no index and writes nothing,
and the user reads why. `crosswatch-trakt crosswatch install DIR` puts it in place, `… uninstall DIR` puts
CrossWatch's own file back.
"""

from __future__ import annotations

import json
import os
import re
import site
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

# A virtual environment that holds crosswatch-trakt, if CrossWatch's own Python does not.
VENV = ""

VERSION = "2.0"  # of the provider; below 1 CrossWatch would call it experimental
PACKAGE = "crosswatch_trakt"
ADAPTER = "crosswatch_trakt.adapters.crosswatch"
NAMES = (
    "OPS",
    "TRAKTModule",
    "TRAKTClient",
    "TRAKTConfig",
    "get_manifest",
    "__VERSION__",
    "_FEATURES",
    "_confirmed_keys",
    "ctx",
)
NEEDED = (  # what is imported only when there is something to do
    "dependency_injector",
    "filelock",
    "msgspec",
    "platformdirs",
    "requests",
    "returns",
    "tenacity",
)
TESTED_FROM, TESTED_BELOW = (0, 11, 3), (0, 14)
TESTED = "0.11.3 to 0.13"
REASON_SHOWN_MAX = 300

_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?")
_FALLBACK = re.compile(r"""^FALLBACK_VERSION\s*=\s*["']([^"']+)["']""", re.M)


# --- what is said of the provider, whether it can be used or not


def offered() -> dict[str, bool]:
    """Which features there are."""
    return {
        "watchlist": True,
        "ratings": True,
        "history": True,
        "progress": False,
        "playlists": False,
        "collection": False,
    }


def capabilities() -> dict[str, object]:
    """What can be done with each, in CrossWatch's words."""
    all_types = {"movies": True, "shows": True, "seasons": True, "episodes": True}
    return {
        "bidirectional": True,
        "provides_ids": True,
        "index_semantics": "present",
        "watchlist": {"types": all_types, "upsert": True, "remove": True},
        "ratings": {"types": all_types, "upsert": True, "unrate": True, "from_date": True},
        "history": {
            "types": {**all_types, "shows": False, "seasons": False},
            "upsert": True,
            "remove": True,
            "from_date": True,
            "event_history": True,
            "rewatches": {"read": True, "write": True, "account_gate": False},
        },
        "progress": False,
        "playlists": False,
        "collection": False,
    }


def manifest() -> dict[str, object]:
    """How the provider presents itself."""
    return {
        "name": "TRAKT",
        "label": "Trakt",
        "version": VERSION,
        "type": "sync",
        "bidirectional": True,
        "features": offered(),
        "requires": [],
        "capabilities": capabilities(),
    }


# --- the version of CrossWatch


def host_version(folder: Path) -> str | None:
    """The version of the CrossWatch in this folder, without its `v`; None if it does not say.

    The image has it in a file; a checkout has none, and falls back to what its source says.
    """
    stamp = _text(folder / "VERSION")
    sources = (folder / "cw_platform" / "app_version.py", folder / "api" / "versionAPI.py")
    spelt = [found[1] for found in map(_FALLBACK.search, map(_text, sources)) if found]
    for given in (stamp, os.environ.get("APP_VERSION", ""), *spelt):
        version = given.strip().lstrip("vV")
        if version not in ("", "0.0.0"):
            return version
    return None


def is_tested(version: str) -> bool:
    """Whether this version of CrossWatch is one we have run with."""
    found = _VERSION.match(version)
    return (
        found is not None and TESTED_FROM <= tuple(int(part or 0) for part in found.groups()) < TESTED_BELOW
    )


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""


# --- a provider that is down


class Down:
    """Answers for a package that cannot be used: it offers what it offers, and does nothing."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.ctx: object = None

    def name(self) -> str:
        """Under which CrossWatch files it."""
        return "TRAKT"

    def label(self) -> str:
        """How people call it."""
        return "Trakt"

    def features(self) -> dict[str, bool]:
        """As ever: a feature that is off reads as one whose items are all gone."""
        return offered()

    def capabilities(self) -> dict[str, object]:
        """As ever."""
        return capabilities()

    def is_configured(self, cfg: Mapping[str, object]) -> bool:
        """As ever: a provider without a login reads as one whose items are all gone."""
        block = cfg.get("trakt")
        return isinstance(block, Mapping) and bool(block.get("access_token"))

    def health(self, cfg: Mapping[str, object], *, emit: object = None) -> dict[str, object]:
        """Down, and every feature with it: CrossWatch then calls nothing else."""
        return {
            "ok": False,
            "status": "down",
            "latency_ms": 0,
            "features": dict.fromkeys(offered(), False),
            "details": {"reason": self.reason},
            "api": {},
        }

    def build_index(self, cfg: Mapping[str, object], *, feature: str) -> NoReturn:
        """Raise: there is no index."""
        raise RuntimeError(self.reason)

    def add(
        self, cfg: Mapping[str, object], items: object, *, feature: str, dry_run: bool = False
    ) -> NoReturn:
        """Raise: nothing is sent."""
        raise RuntimeError(self.reason)

    def remove(
        self, cfg: Mapping[str, object], items: object, *, feature: str, dry_run: bool = False
    ) -> NoReturn:
        """Raise: nothing is sent."""
        raise RuntimeError(self.reason)


def down(reason: str) -> dict[str, object]:
    """All names that CrossWatch imports, of a provider that is down."""

    class TRAKTModule:
        """Cannot be made."""

        def __init__(self, cfg: object = None, *, connect: bool = True) -> None:
            raise RuntimeError(reason)

        @staticmethod
        def supported_features() -> dict[str, bool]:
            """As ever."""
            return offered()

    class TRAKTClient:
        """Cannot be made."""

        def __init__(self, cfg: object = None, raw_cfg: object = None) -> None:
            raise RuntimeError(reason)

        def connect(self) -> NoReturn:
            """Raise."""
            raise RuntimeError(reason)

    class TRAKTConfig(SimpleNamespace):
        """Holds what it is given."""

    def confirmed_keys(key_of: Callable[[object], str], items: object, unresolved: object) -> Sequence[str]:
        """None: nothing was written."""
        return []

    return {
        "OPS": Down(reason),
        "TRAKTModule": TRAKTModule,
        "TRAKTClient": TRAKTClient,
        "TRAKTConfig": TRAKTConfig,
        "AUTH_TRAKT": None,
        "get_manifest": manifest,
        "__VERSION__": VERSION,
        "_FEATURES": {},
        "_confirmed_keys": confirmed_keys,
        "ctx": None,
    }


# --- being imported by CrossWatch


def start(file: str) -> dict[str, object]:
    """All names that CrossWatch imports; what stands in the way is logged. Never raises."""
    names: dict[str, object]
    try:
        names = adapter()
    except (Exception, SystemExit) as error:
        names = down(_reason(error))
        _log("error", "import", "provider_down", reason=_reason(error))
    try:
        version = host_version(_host(file))
        if version is not None and not is_tested(version):
            _log("warn", "import", "host_untested", crosswatch=version, tested=TESTED, todo=_UNTESTED)
    except Exception as error:
        _log("warn", "import", "host_unknown", reason=one_line(error))
    return names


_UNTESTED = "Look for a newer crosswatch-trakt, and try a dry run first."


def adapter() -> dict[str, object]:
    """All names that CrossWatch imports, as our package has them. Raises whatever its import raises."""
    if VENV:
        _add(VENV)
    missing = [name for name in NEEDED if name not in sys.modules and find_spec(name) is None]
    found = import_module(ADAPTER)
    if missing:
        raise ModuleNotFoundError(f"No module named {missing[0]!r}")
    own = {name: getattr(found, name) for name in NAMES}
    return {**own, "AUTH_TRAKT": getattr(found, "AUTH_TRAKT", None)}


def _add(venv: str) -> None:
    """Let Python find what lies in this environment, behind all that CrossWatch has itself."""
    folder = _site_folder(venv)
    if not folder.is_dir():
        raise ModuleNotFoundError(f"there is no {folder}")
    site.addsitedir(str(folder))


def _site_folder(venv: str) -> Path:
    return Path(venv, "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages")


def _reason(error: BaseException) -> str:
    """What happened, what was left alone, what to do."""
    mend = (
        f"Make the virtual environment {VENV} anew with this Python"
        if VENV and not _site_folder(VENV).is_dir()
        else f"Install crosswatch-trakt for {VENV or sys.executable or 'the Python of CrossWatch'} anew"
    )
    return (
        f"crosswatch-trakt cannot be used ({one_line(error)}). Nothing is read from Trakt or written to it. "
        f"{mend}, then restart CrossWatch; or put CrossWatch's own file back."
    )


def _host(file: str) -> Path:
    """The folder of CrossWatch: two above this file, or wherever its packages come from."""
    above = Path(os.path.abspath(file)).parents[2]
    if (above / "cw_platform").is_dir():
        return above
    found = find_spec("cw_platform")
    places = list(found.submodule_search_locations or ()) if found is not None else []
    return Path(places[0]).parent if places else above


def one_line(error: BaseException) -> str:
    """What went wrong, for a log."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:REASON_SHOWN_MAX]


def _log(level: str, feature: str, event: str, **fields: str) -> None:
    """One line, by CrossWatch's own hand if it has one."""
    try:
        import_module("providers.sync._log").log("TRAKT", feature, level, event, **fields)
    except Exception:  # it has none, or a broken one: then by ours
        pairs = " ".join(f"{name}={_quoted(text)}" for name, text in sorted(fields.items()))
        try:
            print(f"[TRAKT:{feature}] {level.upper()} {event} {pairs}", flush=True)
        except Exception:  # no stdout, or one that is closed: there is nobody to tell
            return


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False) if re.search(r'[\s"=:]', text) else text


if not __name__.startswith(f"{PACKAGE}."):  # there it is only looked at
    globals().update(start(__file__))
