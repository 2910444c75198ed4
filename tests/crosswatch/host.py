"""What a provider imports from CrossWatch at run time, as modules put in place for a test.

`with host.installed():` makes `cw_platform.id_map`, `cw_platform.config_base`, `cw_platform.run_control`,
`providers.sync._log` and `providers.auth._auth_TRAKT` importable; the newer form has
`cw_platform.trakt_http` as well. Outside, none of them exists: a provider must be importable without.
"""

import copy
import json
import os
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from filelock import FileLock

from tests.crosswatch.auth import Exchange, TraktAuth, no_exchange
from tests.crosswatch.keys import Keys
from tests.crosswatch.values import Config, Form

T = TypeVar("T")

CONFIG_FILE = "config.json"
_SECRETS = frozenset(("client_secret", "access_token", "refresh_token", "token", "account_token"))
_SEALED = "sealed:"


class SyncCancelled(RuntimeError):
    """The user stopped the run: it passes through everything."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line handed to the host's log."""

    provider: str
    feature: str
    level: str
    message: str
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class GateUse:
    """One passage of the host's own request budget, or (`status` set) an answer told to it."""

    method: str
    token: str
    client_id: str
    status: int | None = None
    background: bool = False  # of a passage: it leaves the reserve to the foreground


@dataclass
class Host:
    """A CrossWatch around a configuration file in `folder`. `now` is the time of day in epoch seconds."""

    folder: Path
    form: Form = Form.OLD
    now: Callable[[], float] = field(default=lambda: 0.0)
    exchange: Exchange = no_exchange  # the request that trades a refresh token
    cancelled: bool = False  # what `cancel_requested` says
    logs: list[LogLine] = field(default_factory=list)
    gate_uses: list[GateUse] = field(default_factory=list)  # newer form only
    app_client_id: str = "built-in-client"  # newer form only: of the PIN sign-in
    saves: int = 0  # how often the configuration was written

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.keys = Keys(self.form)
        self.auth = TraktAuth(self)
        self._lock = FileLock(self.folder / f"{CONFIG_FILE}.lock")

    @property
    def path(self) -> Path:
        """The configuration file: its secrets are sealed."""
        return self.folder / CONFIG_FILE

    def load_config(self) -> Config:
        """The whole configuration, its secrets readable; empty if there is none."""
        if not self.path.exists():
            return {}
        with self._lock:
            opened = _each_secret(json.loads(self.path.read_text()), _open)
        return opened if isinstance(opened, dict) else {}

    def save_config(self, config: Mapping[str, object]) -> None:
        """Write the whole configuration: whatever another had changed since it was read is lost."""
        with self._lock:
            self.saves += 1
            sealed = _each_secret(copy.deepcopy(dict(config)), _seal)
            beside = self.path.with_suffix(".tmp")
            beside.write_text(json.dumps(sealed, indent=1))
            os.utime(beside, ns=(self.saves, self.saves))  # no two within one tick of the system's clock
            beside.replace(self.path)

    def update_config(self, mutator: Callable[[Config], T]) -> tuple[Config, T]:
        """Read, let `mutator` change it in place, write: all under the lock of all processes."""
        with self._lock:
            config = self.load_config()
            result = mutator(config)
            self.save_config(config)
            return config, result

    def log(self, provider: str, feature: str, level: str, msg: str, **fields: object) -> None:
        """Keep the line."""
        self.logs.append(LogLine(provider, feature, level, msg, fields))

    def cancel_requested(self, run_id: object = None) -> bool:
        """Whether the user wants this run to stop."""
        return self.cancelled

    def raise_if_cancelled(self, run_id: object = None) -> None:
        """Stop here, if the user wants that."""
        if self.cancelled:
            raise SyncCancelled("cancelled")

    @contextmanager
    def request_gate(
        self, method: str, token: str, *, client_id: str = "", background: bool = False
    ) -> Iterator[None]:
        """The host's own budget, one for each token; here it only counts. The background's waits end with
        the run."""
        if background:
            self.raise_if_cancelled()
        self.gate_uses.append(
            GateUse(method, token.removeprefix("Bearer "), client_id, background=background)
        )
        yield

    def record_response(
        self,
        method: str,
        token: str,
        status: int,
        headers: Mapping[str, str] | None = None,
        *,
        client_id: str = "",
    ) -> None:
        """Tell the budget what was answered."""
        self.gate_uses.append(GateUse(method, token.removeprefix("Bearer "), client_id, int(status)))

    @contextmanager
    def installed(self) -> Iterator["Host"]:
        """Put the modules in place, and what was there before back afterwards."""
        modules = self._modules()
        before = {name: sys.modules.get(name) for name in modules}
        sys.modules.update(modules)
        try:
            yield self
        finally:
            for name, module in before.items():
                if module is None:
                    sys.modules.pop(name, None)
                else:
                    sys.modules[name] = module

    def _modules(self) -> dict[str, ModuleType]:
        contents: dict[str, dict[str, object]] = {
            "cw_platform": {},
            "cw_platform.id_map": {
                "canonical_key": self.keys.canonical_key,
                "minimal": self.keys.minimal,
            },
            "cw_platform.config_base": {
                "config_path": lambda: self.path,
                "load_config": self.load_config,
                "save_config": self.save_config,
                "update_config": self.update_config,
            },
            "cw_platform.run_control": {
                "SyncCancelled": SyncCancelled,
                "cancel_requested": self.cancel_requested,
                "raise_if_cancelled": self.raise_if_cancelled,
            },
            "providers": {},
            "providers.sync": {},
            "providers.sync._log": {"log": self.log},
            "providers.auth": {},
            "providers.auth._auth_TRAKT": {"PROVIDER": self.auth},
        }
        if self.form is Form.NEW:
            contents["cw_platform.id_map"]["migrate_media_index"] = self.keys.migrate_media_index
            contents["providers.auth._auth_TRAKT"]["app_client_id"] = lambda: self.app_client_id
            contents["cw_platform.trakt_http"] = {
                "request_gate": self.request_gate,
                "record_response": self.record_response,
            }
        modules = {name: ModuleType(name) for name in contents}
        for name, module in modules.items():
            module.__dict__.update(contents[name])
            parent, _, leaf = name.rpartition(".")
            if parent:
                setattr(modules[parent], leaf, module)
            if any(other.startswith(f"{name}.") for other in modules):
                module.__path__ = []  # a package: its parts are found in sys.modules alone
        return modules


def _seal(secret: str) -> str:
    return secret if not secret else _SEALED + b64encode(secret[::-1].encode()).decode()


def _open(secret: str) -> str:
    if not secret.startswith(_SEALED):
        return secret
    return b64decode(secret.removeprefix(_SEALED)).decode()[::-1]


def _each_secret(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, list):
        return [_each_secret(entry, change) for entry in value]
    if not isinstance(value, dict):
        return value
    return {
        name: change(inner) if name in _SECRETS and isinstance(inner, str) else _each_secret(inner, change)
        for name, inner in value.items()
    }
