"""When each part of an account last changed.

The time of the change, not of the play, in whole seconds, so that two changes can share a stamp;
it moves on removals too (T#361, T#472). Leaves: the contract of 2026-07-30.
"""

from crosswatch_trakt.adapters.simulator.stamps import stamp
from crosswatch_trakt.adapters.simulator.titles import JsonObject

_ALL_TYPES = ("rated_at", "watchlisted_at", "commented_at")
LEAVES: dict[str, tuple[str, ...]] = {
    "movies": ("watched_at", "collected_at", *_ALL_TYPES, "favorited_at", "paused_at", "hidden_at"),
    "episodes": ("watched_at", "collected_at", *_ALL_TYPES, "paused_at"),
    "shows": (*_ALL_TYPES, "favorited_at", "hidden_at", "dropped_at"),
    "seasons": (*_ALL_TYPES, "hidden_at"),
    "comments": ("liked_at", "reacted_at", "blocked_at"),
    "lists": ("liked_at", "reacted_at", "updated_at", "commented_at"),
    "watchlist": ("updated_at",),
    "favorites": ("updated_at",),
    "collaborations": ("updated_at",),
    "account": ("settings_at", "followed_at", "following_at", "pending_at", "requested_at"),
    "saved_filters": ("updated_at",),
    "notes": ("updated_at",),
}


class Activities:
    """The stamps of one account; all stand at its first second until something changes."""

    def __init__(self, since: int) -> None:
        self.all = since
        self._at = {category: dict.fromkeys(leaves, since) for category, leaves in LEAVES.items()}

    def touch(self, now: int, category: str, leaf: str) -> None:
        """Something of this category changed."""
        if leaf not in self._at[category]:
            raise KeyError(f"{category}.{leaf}")
        self._at[category][leaf] = max(self._at[category][leaf], now)
        self.all = max(self.all, now)

    def at(self, category: str, leaf: str) -> int:
        """When it last changed, in epoch seconds."""
        return self._at[category][leaf]

    def answer(self) -> JsonObject:
        """`GET /sync/last_activities`."""
        answer: JsonObject = {"all": stamp(self.all)}
        for category, leaves in self._at.items():
            answer[category] = {leaf: stamp(at) for leaf, at in leaves.items()}
        return answer
