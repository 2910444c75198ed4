"""What the engine remembers from run to run.

Baselines: what a side held at the end of the last run; whatever has gone from it since counts as deleted by
the user. Tombstones: what was deleted. Pending: what a provider could not do, to be offered again. Flaps and
blackbox: an item that failed three times in a row is not offered for thirty days.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.crosswatch.keys import epoch
from tests.crosswatch.values import Config, Index, Item, block, flag, number

DAY_S = 86_400
PROMOTE_AFTER = 3
COOLDOWN_S = 30 * DAY_S

# Whose: (scope, provider#instance, feature); the scope is empty where all pairs share
Whose = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Pending:
    """An item a provider did not settle."""

    item: Item
    reason: str


@dataclass
class Memory:
    """Survives the engine: hand it to the next one."""

    baselines: dict[Whose, Index] = field(default_factory=dict)
    checkpoints: dict[Whose, str] = field(default_factory=dict)
    tombstones: dict[tuple[str, str], dict[str, float]] = field(default_factory=dict)  # (pair, feature)
    pending: dict[Whose, dict[str, Pending]] = field(default_factory=dict)
    flaps: dict[Whose, dict[str, int]] = field(default_factory=dict)
    blackbox: dict[Whose, dict[str, float]] = field(default_factory=dict)  # key -> since

    def bury(self, pair: str, feature: str, tokens: Iterable[str], now: float) -> None:
        """Set tombstones; older ones keep their date."""
        graves = self.tombstones.setdefault((pair, feature), {})
        for token in tokens:
            graves.setdefault(token, now)

    def dig_up(self, pair: str, feature: str, tokens: Iterable[str]) -> None:
        """Take tombstones away: the item was added after all."""
        graves = self.tombstones.setdefault((pair, feature), {})
        for token in tokens:
            graves.pop(token, None)

    def buried(self, pair: str, feature: str, config: Config, now: float) -> dict[str, float]:
        """The tombstones that still count."""
        age = max(1.0, number(block(config, "sync"), "tombstone_ttl_days", 1)) * DAY_S
        graves = self.tombstones.get((pair, feature), {})
        return {token: since for token, since in graves.items() if now - since <= age}

    def put_off(self, whose: Whose, items: Mapping[str, Item], reason: str) -> None:
        """Remember items as unresolved, if they could ever be found again by an id."""
        pending = self.pending.setdefault(whose, {})
        for key, item in items.items():
            if _can_be_found(item):
                pending[key] = Pending(item, reason)

    def settle(self, whose: Whose, keys: Iterable[str]) -> None:
        """What succeeded is neither pending nor failing."""
        for key in keys:
            self.pending.get(whose, {}).pop(key, None)
            self.flaps.get(whose, {}).pop(key, None)

    def failed(self, whose: Whose, keys: Iterable[str], config: Config, now: float) -> set[str]:
        """Count failures in a row; give the keys that are blacked out from now on."""
        settings = block(config, "sync", "blackbox")
        if not flag(settings, "enabled", default=True):
            return set()
        flaps, promoted = self.flaps.setdefault(whose, {}), set()
        for key in keys:
            flaps[key] = flaps.get(key, 0) + 1
            if flaps[key] >= number(settings, "promote_after", PROMOTE_AFTER):
                self.blackbox.setdefault(whose, {})[key] = now
                promoted.add(key)
        return promoted

    def blacked_out(self, whose: Whose, now: float) -> set[str]:
        """What is not offered for now."""
        return {key for key, since in self.blackbox.get(whose, {}).items() if now - since < COOLDOWN_S}


def progressed(before: str | None, now: str | None) -> bool:
    """Whether a checkpoint says that something happened: an absent pair of them says so too."""
    if before is None:
        return True
    if now is None or now == before:
        return False
    earlier, later = epoch(before), epoch(now)
    # An epoch given as a number was made text, and as such says no more than that it is another.
    if earlier is None or later is None or before.isdigit() or now.isdigit():
        return True
    return later > earlier


def _can_be_found(item: Item) -> bool:
    ids = {**block(item, "ids"), **block(item, "show_ids")}
    return any(ids.get(namespace) for namespace in ("tmdb", "imdb", "tvdb", "trakt", "slug"))
