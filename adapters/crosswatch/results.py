"""What became of each item, in the words in which the engine keeps its books.

Whatever is neither confirmed nor skipped nor unresolved it counts as failed, and after three failures it
leaves an item alone for a month. So every item is named under the key that the engine knows it by.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from crosswatch_trakt.adapters.crosswatch import host
from crosswatch_trakt.adapters.crosswatch.host import Item
from crosswatch_trakt.adapters.crosswatch.items import key_of
from crosswatch_trakt.domain.outcomes import Reason

Fate: TypeAlias = Literal["confirmed", "existing", "unresolved"]

NATIVE = "tmdb:"  # the ids that Trakt has of nearly every title, and the engine's first choice of a key

# Codes that CrossWatch's pages and its log know; the others are shown as they are.
HINTS: Mapping[str, str] = {
    Reason.MISSING_IDS: "missing ids",
    Reason.MISSING_WATCHED_AT: "invalid watched_at",
    Reason.INVALID_WATCHED_AT: "invalid watched_at",
    Reason.MISSING_SCOPE: "missing season/episode",
    Reason.EPISODE_NOT_FOUND: "trakt_episode_not_found",
    Reason.ACCOUNT_LIMIT: "trakt_limit",
    Reason.AMBIGUOUS: "trakt_response_ambiguous",
    Reason.AMBIGUOUS_PLAYS: "trakt_history_event_ambiguous",
    Reason.UNDATED_REMOVAL: "trakt_history_id_required_for_rewatch_remove",
}


@dataclass(slots=True)
class Told:
    """One item of the engine's, and the ends of what it was made to."""

    item: Mapping[str, object]
    key: str
    ends: list[tuple[str, str | None]] = field(default_factory=list)  # of each, and its reason

    @property
    def fate(self) -> Fate:
        """The worst of them: a show is not watched while one of its episodes is not."""
        ends = {end for end, _ in self.ends}
        if not ends or "unresolved" in ends:
            return "unresolved"
        return "confirmed" if "confirmed" in ends else "existing"

    @property
    def reason(self) -> str:
        """Why it is unresolved."""
        reasons = [reason for end, reason in self.ends if end == "unresolved" and reason]
        return reasons[0] if reasons else str(Reason.NOT_FOUND)


def told(items: Sequence[Mapping[str, object]]) -> list[Told]:
    """The engine's items, none with an end yet."""
    return [Told(item, key_of(item)) for item in items]


def engine_result(
    items: Sequence[Told], *, removal: bool, dry_run: bool, destinations: Mapping[str, Item] | None = None
) -> dict[str, object]:
    """The result of one call. Of a removal, what is gone already is as good as removed."""
    by_fate: dict[Fate, list[Told]] = {"confirmed": [], "existing": [], "unresolved": []}
    for one in items:
        by_fate["confirmed" if removal and one.fate == "existing" else one.fate].append(one)
    confirmed = _keys(by_fate["confirmed"])
    skipped = [key for key in _keys(by_fate["existing"]) if key not in set(confirmed)]
    unresolved = [
        {"item": host.minimal(one.item), "hint": HINTS.get(one.reason, one.reason), "key": one.key}
        for one in by_fate["unresolved"]
    ]
    result: dict[str, object] = {
        "ok": not unresolved,
        "attempted": len(items),
        "count": len(by_fate["confirmed"]),
        "confirmed_keys": confirmed,
        "skipped_keys": skipped,
        "skipped": len(skipped),
        "unresolved": unresolved,
        "unresolved_keys": _keys(by_fate["unresolved"]),
        "reason_counts": dict(Counter(entry["hint"] for entry in unresolved)),
        "errors": 0,
        "dry_run": dry_run,
    }
    if not removal:
        # Their keys in our next index are not known: the engine then reads it once more, and keeps that.
        result["accepted_keys"] = [key for key in confirmed if not key.startswith(NATIVE)]
    if destinations is not None:
        result["confirmed_destinations"] = destinations
    return result


def confirmed_keys(
    key_of_item: Callable[[Mapping[str, object]], str],
    items: Iterable[Mapping[str, object]],
    unresolved: Iterable[object],
) -> list[str]:
    """The keys of these items, each once and in their order, less the unresolved ones."""
    left = {entry.get("key") if isinstance(entry, Mapping) else entry for entry in unresolved or ()}
    keys = (key_of_item(item) for item in items)
    return list(dict.fromkeys(key for key in keys if key and key not in left))


def _keys(items: Iterable[Told]) -> list[str]:
    return list(dict.fromkeys(one.key for one in items))
