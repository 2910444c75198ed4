"""`OPS`: what the engine calls. It finds the profile's account and hands on."""

from collections.abc import Iterable, Mapping

from crosswatch_trakt.adapters.crosswatch import files, health, host, manifest
from crosswatch_trakt.adapters.crosswatch.host import Config
from crosswatch_trakt.adapters.crosswatch.index import EngineIndex
from crosswatch_trakt.adapters.crosswatch.module import TRAKTModule
from crosswatch_trakt.adapters.crosswatch.sessions import SESSIONS, Sessions
from crosswatch_trakt.adapters.crosswatch.view import is_configured
from crosswatch_trakt.adapters.crosswatch.writing import Result, Row


class Ops:
    """The provider."""

    def __init__(self, sessions: Sessions = SESSIONS) -> None:
        self._sessions = sessions

    @property
    def ctx(self) -> object:
        """The engine's context, which it puts here before it calls."""
        return self._sessions.context

    @ctx.setter
    def ctx(self, context: object) -> None:
        self._sessions.context = context

    @ctx.deleter
    def ctx(self) -> None:
        self._sessions.context = None

    def name(self) -> str:
        """The provider's name."""
        return host.PROVIDER

    def label(self) -> str:
        """What a person reads."""
        return manifest.LABEL

    def features(self) -> Mapping[str, bool]:
        """Feature → whether it works here."""
        return manifest.features()

    def capabilities(self) -> Mapping[str, object]:
        """What can be done with each."""
        return manifest.capabilities()

    def is_configured(self, cfg: Config) -> bool:
        """Whether the profile in the view is signed in."""
        return is_configured(cfg or {})

    def health(self, cfg: Config, emit: object = None) -> Mapping[str, object]:
        """Whether the account can be used; never raises for Trakt's sake."""
        return health.health(self._sessions, cfg)

    def build_index(self, cfg: Config, *, feature: str) -> EngineIndex:
        """The whole feature; raises if it cannot be had whole."""
        return self._adapter(cfg).build_index(feature)

    def snapshot_refresh(self, cfg: Config, *, feature: str) -> EngineIndex:
        """The whole feature once more, after a write that was not visible at once."""
        return self.build_index(cfg, feature=feature)

    def add(self, cfg: Config, items: Iterable[Row], *, feature: str, dry_run: bool = False) -> Result:
        """Add items; each is answered by its key. Raises only if nothing was sent."""
        return self._adapter(cfg).add(feature, items, dry_run=dry_run)

    def remove(self, cfg: Config, items: Iterable[Row], *, feature: str, dry_run: bool = False) -> Result:
        """Remove items; each is answered by its key. Raises only if nothing was sent."""
        return self._adapter(cfg).remove(feature, items, dry_run=dry_run)

    def activities(self, cfg: Config) -> Mapping[str, str]:
        """When each feature was last changed at Trakt: by it the engine tells an empty list from a fault."""
        stamps = self._adapter(cfg).session.account.activities()
        marks = files.watermarks(stamps)
        return {**marks, "updated_at": max(stamps.values(), default="")}

    def index_semantics(self, cfg: Config, *, feature: str) -> str:
        """An index holds all that is there."""
        return "present"

    def state_read_features(self) -> Mapping[str, bool]:
        """What a capture may read."""
        return manifest.features()

    def _adapter(self, cfg: Config) -> TRAKTModule:
        return TRAKTModule(cfg, connect=False, sessions=self._sessions)
