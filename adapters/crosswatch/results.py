"""What became of each item, in the words in which the engine keeps its books.

Whatever is neither confirmed nor skipped it counts as failed, and after three failures in a row it leaves
an item alone for a month. So every item is named under the key that the engine knows it by; and one that
only has to be tried again, since Trakt was out or the account full, is both unresolved and skipped: it is
told, and offered again in the next run. Of a skipped item the engine would remember that it is there, and
take it for removed when it is not: `presence_confirmed_keys` says of which that may be remembered.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from crosswatch_trakt.adapters.crosswatch import host
from crosswatch_trakt.adapters.crosswatch.host import Item
from crosswatch_trakt.adapters.crosswatch.items import key_of
from crosswatch_trakt.domain.outcomes import PERMANENT, Reason

Fate: TypeAlias = Literal["confirmed", "existing", "unresolved"]

_ENDS: Sequence[Fate] = ("confirmed", "existing", "unresolved")
_BADNESS: Sequence[Fate] = ("existing", "confirmed", "unresolved")
PARENT_UNKNOWN = "trakt_parent_not_found"

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
_SCOPED: Mapping[str, str] = {
    "season": "season scope or ids missing",
    "episode": "episode scope or ids missing",
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

    @property
    def is_final(self) -> bool:
        """Whether trying again is useless."""
        return self.fate == "unresolved" and (not self.ends or self.reason in PERMANENT)


def told(items: Sequence[Mapping[str, object]]) -> list[Told]:
    """The engine's items, none with an end yet."""
    return [Told(item, key_of(item)) for item in items]


def engine_result(
    items: Sequence[Told], *, removal: bool, dry_run: bool, destinations: Mapping[str, Item] | None = None
) -> dict[str, object]:
    """The result of one call. Of a removal, what is gone already is as good as removed."""
    fates: dict[str, Fate] = {}  # key → the worst fate of the items that have it
    for one in items:
        fate: Fate = "confirmed" if removal and one.fate == "existing" else one.fate
        fates[one.key] = max(fate, fates.get(one.key, fate), key=_BADNESS.index)
    confirmed, skipped, failed = ([key for key in fates if fates[key] == fate] for fate in _ENDS)
    if not removal:
        final = {one.key for one in items if one.is_final}
        skipped += [key for key in failed if key not in final]
    unresolved = []
    for one in items:
        if one.fate == "unresolved":
            item = host.minimal(one.item)
            unresolved.append({"item": item, "hint": _hint(one.reason, item, removal), "key": one.key})
    result: dict[str, object] = {
        "ok": not unresolved,
        "attempted": len(items),
        "count": len(confirmed),
        "confirmed_keys": confirmed,
        "skipped_keys": skipped,
        "skipped": len(skipped),
        "unresolved": unresolved,
        "unresolved_keys": failed,
        "reason_counts": dict(Counter(str(entry["hint"]) for entry in unresolved)),
        "errors": 0,
        "dry_run": dry_run,
    }
    if destinations is not None:
        result["confirmed_destinations"] = destinations
    if not removal:
        result["presence_confirmed_keys"] = list(destinations or ())
        if destinations is None:  # under which keys they will be there is not known: it reads them again
            result["accepted_keys"] = confirmed
    return result


def _hint(reason: str, item: Mapping[str, object], removal: bool) -> str:
    """A reason in CrossWatch's words; of seasons and episodes it has its own."""
    kind = item.get("type")
    if reason == Reason.MISSING_IDS and isinstance(kind, str) and kind in _SCOPED:
        return _SCOPED[kind]
    if reason == Reason.NOT_FOUND and kind in _SCOPED:
        return "trakt_episode_not_found" if kind == "episode" and item.get("ids") else PARENT_UNKNOWN
    if reason == Reason.AMBIGUOUS and removal:
        return "trakt_history_remove_unconfirmed"
    return HINTS.get(reason, reason)


def confirmed_keys(
    key_of_item: Callable[[Mapping[str, object]], str],
    items: Iterable[Mapping[str, object]],
    unresolved: Iterable[object],
) -> list[str]:
    """The keys of these items, each once and in their order, less the unresolved ones."""
    left = {entry.get("key") if isinstance(entry, Mapping) else entry for entry in unresolved or ()}
    keys = (key_of_item(item) for item in items)
    return list(dict.fromkeys(key for key in keys if key and key not in left))
