"""The CrossWatch that runs us: all that is taken from it stands here.

Its modules are looked up when they are needed. What an older version lacks does nothing; only its keys
must be there, since an engine that compares by other keys than ours would delete.
"""

import importlib
import os
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Protocol, cast

Item = dict[str, object]
Config = Mapping[str, object]

PROVIDER = "TRAKT"
DEFAULT = "default"  # the profile whose settings are the provider's own block
CONTAINER_CONFIG = Path("/config")
STATE = ".cw_state"
SCOPE_MAX = 96
IN_A_PAIR = "_cw_pair_feature_options"  # stands in every view of a pair's run, and in no other


class Emits(Protocol):
    """The context that the engine hands to a provider."""

    def emit(self, event: str, **fields: object) -> None:
        """Tell the engine of an event."""
        ...


def canonical_key(item: Mapping[str, object]) -> str:
    """The key under which this CrossWatch knows an item."""
    return str(_of("cw_platform.id_map", "canonical_key")(item))


def minimal(item: Mapping[str, object]) -> Item:
    """An item cut to what this CrossWatch keeps of one."""
    return cast(Item, _of("cw_platform.id_map", "minimal")(item))


def tells_types_apart() -> bool:
    """Whether a show's key differs from that of a film of its number (from 0.12 on)."""
    return _find("cw_platform.id_map", "migrate_media_index") is not None


def load_config() -> Config:
    """The configuration as it is now, secrets in the clear; empty where there is none. Not to be changed.

    Loading takes CrossWatch 15 ms, and each call of its engine needs it several times: so it is loaded again
    when the file is another. CrossWatch replaces it as a whole.
    """
    global _loaded
    load = _find("cw_platform.config_base", "load_config")
    if load is None:
        return {}
    before, known = _config_file(), _loaded
    if before is not None and known is not None and known[0] == before:
        return known[1]
    config = cast(Config, load())
    if before is not None and before == _config_file():
        _loaded = before, config
    return config


_loaded: tuple[object, Config] | None = None  # which file, and what was in it


def _config_file() -> object:
    """Which file the configuration is now; None if that cannot be told."""
    path = _find("cw_platform.config_base", "config_path")
    try:
        if path is None:
            return None
        name = str(path())
        seen = os.stat(name)
    except OSError:
        return None
    return name, seen.st_ino, seen.st_size, seen.st_mtime_ns


def update_config(change: Callable[[MutableMapping[str, object]], None]) -> None:
    """Change the configuration under CrossWatch's own lock, read anew; raises what it raises."""
    _of("cw_platform.config_base", "update_config")(change)


def refreshing(instance: str) -> AbstractContextManager[object]:
    """CrossWatch's lock of refreshing the tokens of a profile, in this process."""
    lock = _find("providers.auth._auth_TRAKT", "_refresh_lock")
    return nullcontext() if lock is None else cast(AbstractContextManager[object], lock(instance))


def auth_provider() -> object:
    """What signs people in: CrossWatch's own, under the name that its tests put another in place of."""
    shim = sys.modules.get("providers.sync._mod_TRAKT")
    return getattr(shim, "AUTH_TRAKT", None) or _module("providers.auth._auth_TRAKT", "PROVIDER")


def refresh_tokens(instance: str) -> bool:
    """Have CrossWatch itself refresh the tokens of a profile."""
    refresh = getattr(auth_provider(), "refresh", None)
    answer = refresh(None, instance_id=instance) if callable(refresh) else None
    return isinstance(answer, Mapping) and bool(answer.get("ok"))


def app_client_id() -> str:
    """The client id of CrossWatch's own app, of versions that have one."""
    for place in ("providers.auth._auth_TRAKT", "cw_platform.trakt_app"):
        own = _find(place, "app_client_id")
        if own is not None:
            with suppress(Exception):  # whether a profile is signed in must be told in any case
                return str(own() or "").strip()
    return os.environ.get("CROSSWATCH_TRAKT_CLIENT_ID", "").strip()


def log(feature: str, level: str, message: str, **fields: object) -> None:
    """A line in CrossWatch's log; its levels and format are its own. What goes wrong there must not stop
    a write that has begun.
    """
    write = _find("providers.sync._log", "log")
    if write is not None:
        with suppress(Exception):
            write(PROVIDER, feature, level, message, **fields)


def run_id() -> str | None:
    """The run that goes on now; None outside one."""
    return os.environ.get("CW_RUN_ID", "").strip() or None


def raise_if_cancelled() -> None:
    """Raise CrossWatch's SyncCancelled if the user has stopped the run."""
    check = _find("cw_platform.run_control", "raise_if_cancelled")
    if check is not None:
        check()


def request_gate(method: str, token: str, client_id: str) -> AbstractContextManager[object]:
    """CrossWatch's own budget of requests, which its scrobbler shares, of versions that have one."""
    gate = _find("cw_platform.trakt_http", "request_gate")
    if gate is None:
        return nullcontext()
    return cast(AbstractContextManager[object], gate(method, token, client_id=client_id, background=True))


def record_response(method: str, token: str, status: int, headers: Mapping[str, str], client_id: str) -> None:
    """Tell that budget what was answered."""
    record = _find("cw_platform.trakt_http", "record_response")
    if record is not None:
        record(method, token, status, headers, client_id=client_id)


def state_folder() -> Path | None:
    """Where CrossWatch keeps what its providers remember; None if it cannot be told."""
    if CONTAINER_CONFIG.is_dir():
        return CONTAINER_CONFIG / STATE
    base = _find("cw_platform.config_base", "CONFIG_BASE")
    return None if base is None else Path(str(base())) / STATE


def pair_scope(view: Config, *, amid_capture: bool = False) -> str | None:
    """The name of the pair that runs now, as it stands in names of files; None outside a pair: then
    nothing of a pair is to be kept. Nor amid a capture, in this thread or another, unless `amid_capture`.
    """
    if IN_A_PAIR not in view:
        return None  # the environment may be that of another call's pair
    if os.environ.get("CW_CAPTURE_MODE", "").strip() and not amid_capture:
        return None
    given = view.get("_cw_pair_scope")
    names = (os.environ.get(name) for name in ("CW_PAIR_KEY", "CW_PAIR_SCOPE", "CW_SYNC_PAIR", "CW_PAIR"))
    raw = str(given) if given else next((name for name in names if name), "")
    if not raw or raw.startswith("health:"):
        return None
    return in_file_name(raw)


def in_file_name(name: str) -> str:
    """A name as CrossWatch writes it in names of files."""
    return re.sub(r"_+", "_", re.sub(r"[^A-Za-z0-9._-]", "_", name))[:SCOPE_MAX]


def _of(module: str, name: str) -> Callable[..., object]:
    found = _find(module, name)
    if found is None:
        raise RuntimeError(f"{module}.{name} is not there: this is the provider of a running CrossWatch")
    return found


def _find(module: str, name: str) -> Callable[..., object] | None:
    found = _module(module, name)
    return found if callable(found) else None


def _module(module: str, name: str) -> object:
    try:
        return getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None
