"""What CrossWatch is told that this provider can do.

The three features are on; the others are off everywhere alike: half on is what loses data.
"""

from collections.abc import Mapping

from crosswatch_trakt.adapters.crosswatch.host import PROVIDER
from crosswatch_trakt.application.features import FEATURES

VERSION = "2.0"  # of the provider; below 1 CrossWatch would call it experimental
LABEL = "Trakt"
OFF = ("progress", "playlists", "collection")


def features(*, on: bool = True) -> dict[str, bool]:
    """Feature → whether it works; `on=False`: none does now."""
    return {**dict.fromkeys(FEATURES, on), **dict.fromkeys(OFF, False)}


def capabilities() -> dict[str, object]:
    """What the engine asks before it plans. A new dictionary each time."""
    return {
        "bidirectional": True,
        "provides_ids": True,
        "index_semantics": "present",
        "watchlist": {"types": _types(), "upsert": True, "remove": True},
        "ratings": {"types": _types(), "upsert": True, "unrate": True, "from_date": True},
        "history": {
            "types": _types(shows=False, seasons=False),
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


def get_manifest() -> Mapping[str, object]:
    """What CrossWatch shows of a provider."""
    return {
        "name": PROVIDER,
        "label": LABEL,
        "version": VERSION,
        "type": "sync",
        "bidirectional": True,
        "features": features(),
        "requires": [],
        "capabilities": capabilities(),
    }


def _types(*, shows: bool = True, seasons: bool = True) -> dict[str, bool]:
    return {"movies": True, "shows": shows, "seasons": seasons, "episodes": True}
