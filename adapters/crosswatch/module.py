"""`TRAKTModule`: one profile's view, and what can be done with it.

Each call goes through `_FEATURES`, where CrossWatch's tests put stand-ins; whatever a feature answers is
passed on with every field it has.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property

from crosswatch_trakt.adapters.crosswatch import health, host, manifest
from crosswatch_trakt.adapters.crosswatch.client import TRAKTClient, TRAKTConfig
from crosswatch_trakt.adapters.crosswatch.features import FEATURES
from crosswatch_trakt.adapters.crosswatch.host import Config, Item
from crosswatch_trakt.adapters.crosswatch.index import EngineIndex
from crosswatch_trakt.adapters.crosswatch.results import confirmed_keys
from crosswatch_trakt.adapters.crosswatch.sessions import NAMED, SESSIONS, Session, Sessions
from crosswatch_trakt.adapters.crosswatch.view import block_of, read_view, text_of
from crosswatch_trakt.adapters.crosswatch.writing import Result, Row

_FEATURES = FEATURES
_confirmed_keys = confirmed_keys


class TRAKTModule:
    """The provider for one view. `connect=False`: nothing is asked of Trakt until something is wanted."""

    def __init__(self, cfg: Config, *, connect: bool = True, sessions: Sessions = SESSIONS) -> None:
        block = block_of(cfg)
        client_id, access_token = text_of(block, "client_id"), text_of(block, "access_token")
        client_id = client_id or host.app_client_id()
        if not client_id or not access_token:
            raise RuntimeError("Trakt is not configured: client_id and access_token are needed")
        settings = read_view(cfg).settings
        self.cfg = TRAKTConfig(client_id, access_token, settings.timeout, settings.max_retries)
        self.raw_cfg = cfg
        self.config = cfg
        named = cfg.get(NAMED)
        self.instance_id = named if isinstance(named, str) and named else host.DEFAULT
        self.progress_factory = None
        self.sessions = sessions
        self.client = TRAKTClient(self.cfg, cfg, sessions)
        if connect:
            self.client.connect()

    @cached_property
    def session(self) -> Session:
        """The account."""
        return self.sessions.of(self.raw_cfg)

    @staticmethod
    def supported_features() -> dict[str, bool]:
        """Feature → whether it works here."""
        return manifest.features()

    def manifest(self) -> Mapping[str, object]:
        """What CrossWatch shows of it."""
        return manifest.get_manifest()

    @staticmethod
    def normalize(obj: Row) -> Item:
        """An item cut to what CrossWatch keeps of one."""
        return host.minimal(obj)

    @staticmethod
    def key_of(obj: Row) -> str:
        """The key of an item."""
        return host.canonical_key(obj)

    def health(self) -> Mapping[str, object]:
        """Whether the account can be used."""
        return health.health(self.sessions, self.raw_cfg)

    def feature_names(self) -> tuple[str, ...]:
        """What works here."""
        return tuple(name for name, works in self.supported_features().items() if works)

    def build_index(self, feature: str) -> EngineIndex:
        """The whole feature; raises if it cannot be had whole, or is none of ours."""
        if not self._is_enabled(feature):
            raise ValueError(f"Trakt's {feature} is not offered by this provider")
        return _FEATURES[feature].build_index(self)

    def add(self, feature: str, items: Iterable[Row], *, dry_run: bool = False) -> Result:
        """Add items; each is answered by its key."""
        return TRAKTModule._write(self, "add", feature, items, dry_run)

    def remove(self, feature: str, items: Iterable[Row], *, dry_run: bool = False) -> Result:
        """Remove items; each is answered by its key."""
        return TRAKTModule._write(self, "remove", feature, items, dry_run)

    def _is_enabled(self, feature: str) -> bool:
        return feature in _FEATURES and self.supported_features().get(feature, False)

    def _write(self, operation: str, feature: str, items: Iterable[Row], dry_run: bool) -> Result:
        rows = list(items)
        if not rows:
            return {"ok": True, "count": 0}
        if not self._is_enabled(feature):
            host.log(feature, "info", "write_skipped", op=operation, reason="not offered")
            return {"ok": False, "count": 0, "unresolved": [], "errors": len(rows)}
        write = getattr(_FEATURES[feature], operation)
        result = dict(write(self, rows, dry_run=True) if dry_run else write(self, rows))
        confirmed, skipped = result.get("confirmed_keys"), result.get("skipped_keys")
        if isinstance(confirmed, list):
            result["count"] = len(confirmed)
        if isinstance(skipped, list):
            result["skipped"] = len(skipped)
        return result
