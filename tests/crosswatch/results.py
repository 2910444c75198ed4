"""What the engine believes of an answer to a write.

With keys, each item is accounted for: who is in none of the lists is unresolved. With a mere number only
all or nothing is believed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.crosswatch.indexes import Reading
from tests.crosswatch.values import Index, Item, block, flag, mappings, number, texts


@dataclass
class Reply:
    """One answer, or several of one write taken together, as the engine reads them."""

    attempted: int = 0
    confirmed: int = 0
    confirmed_keys: list[str] = field(default_factory=list)
    skipped: int = 0
    skipped_keys: list[str] = field(default_factory=list)
    unresolved: int = 0
    unresolved_keys: list[str] = field(default_factory=list)
    errors: int = 0
    to_put_off: dict[str, tuple[Item, str]] = field(default_factory=dict)  # key -> item, reason
    told: list[Item] = field(default_factory=list)  # the answer's own entries of what it could not do
    destinations: dict[str, tuple[str, Item]] = field(default_factory=dict)  # key -> key and item over there
    presence: list[str] | None = None
    accepted: list[str] = field(default_factory=list)
    accepted_unseen: list[str] = field(default_factory=list)
    gone_there: list[str] = field(default_factory=list)  # `removed_destination_keys`

    @property
    def exact(self) -> bool:
        """Whether an add named keys."""
        return bool(self.confirmed_keys or self.skipped_keys)

    @property
    def wants_refresh(self) -> bool:
        """Whether something was accepted that cannot be seen yet."""
        return bool(self.accepted_unseen) or (bool(self.accepted) and not self.presence)

    def and_then(self, other: "Reply") -> None:
        """Take the answer to the next chunk in."""
        self.attempted += other.attempted
        self.confirmed += other.confirmed
        self.skipped += other.skipped
        self.unresolved += other.unresolved
        self.errors += other.errors
        self.confirmed_keys += other.confirmed_keys
        self.skipped_keys += other.skipped_keys
        self.unresolved_keys += other.unresolved_keys
        self.told += other.told
        self.accepted += other.accepted
        self.accepted_unseen += other.accepted_unseen
        self.gone_there += other.gone_there
        self.to_put_off |= other.to_put_off
        self.destinations |= other.destinations
        if other.presence is not None:
            self.presence = [*(self.presence or []), *other.presence]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the items of a write."""

    effective: int
    succeeded: list[str]
    failed: list[str]
    doubtful: bool = False  # a number that fits nothing: nothing is recorded at all


def read_reply(raw: object, items: Sequence[Item], reading: Reading, *, adding: bool) -> Reply:
    """Read one answer to these items."""
    said, tag = block(raw), "apply:add" if adding else "apply:remove"
    told = mappings(said.get("unresolved"))
    reply = Reply(
        attempted=len(items),
        confirmed_keys=texts(said.get("confirmed_keys")),
        skipped_keys=texts(said.get("skipped_keys")),
        unresolved=len(told)
        if isinstance(said.get("unresolved"), list)
        else int(number(said, "unresolved", 0)),
        errors=int(number(said, "errors", 0)),
        told=told,
        destinations=_destinations(said.get("confirmed_destinations")),
        presence=texts(said["presence_confirmed_keys"])
        if isinstance(said.get("presence_confirmed_keys"), list)
        else None,
        accepted=texts(said.get("accepted_keys")),
        accepted_unseen=texts(said.get("accepted_not_seen_live_keys")),
        gone_there=texts(said.get("removed_destination_keys")),
    )
    if told:
        given = texts(said.get("unresolved_keys"))
        reply.unresolved_keys = list(dict.fromkeys(given or [_told_key(entry, reading) for entry in told]))
        for entry in told:
            reply.to_put_off[_told_key(entry, reading)] = (_told_item(entry), _told_reason(entry))
    reply.confirmed = _count(said, reply)
    if reply.unresolved_keys and reply.confirmed_keys:
        reply.confirmed_keys = [key for key in reply.confirmed_keys if key not in reply.unresolved_keys]
        reply.confirmed = len(reply.confirmed_keys)
    elif reply.unresolved:
        reply.confirmed = min(reply.confirmed, max(0, reply.attempted - reply.unresolved))
    if flag(said, "ambiguous", default=False) or (adding and reply.exact):
        _account_for(items, reply, reading, f"{tag}:unaccounted")
        reply.skipped = len(reply.skipped_keys)
    elif said.get("skipped") is not None:
        reply.skipped = int(number(said, "skipped", 0))
    else:
        reply.skipped = max(0, reply.attempted - reply.confirmed - reply.unresolved - reply.errors)
    return reply


def judge_add(attempted: Sequence[str], reply: Reply) -> Verdict:
    """Who was added, who failed."""
    unresolved, skipped = set(reply.unresolved_keys), set(reply.skipped_keys)
    if reply.exact:
        wanted = set(attempted)
        sure = [key for key in reply.confirmed_keys if key in wanted - unresolved - skipped]
        effective = len(sure)
    else:
        sure = [key for key in attempted if key not in unresolved]
        if reply.skipped and 0 < reply.confirmed < len(sure):
            return Verdict(0, [], [], doubtful=True)
        effective = 0 if unresolved else min(reply.confirmed, len(sure))
        sure = sure[:effective]
    succeeded = list(dict.fromkeys([*sure, *(key for key in attempted if key in skipped)]))
    return Verdict(effective, succeeded, [key for key in attempted if key not in succeeded])


def judge_remove(attempted: Sequence[str], reply: Reply) -> Verdict:
    """Who was removed: the named ones, or all if the number says so and nothing else is said."""
    if reply.confirmed_keys:
        named = set(reply.confirmed_keys)
        gone = [key for key in attempted if key in named]
        return Verdict(len(gone), gone, [key for key in attempted if key not in named])
    if attempted and reply.confirmed == len(attempted) and not reply.unresolved and not reply.errors:
        return Verdict(len(attempted), list(attempted), [])
    return Verdict(0, [], list(attempted))


def baseline_rows(succeeded: Sequence[str], sent: Mapping[str, Item], reply: Reply) -> Index:
    """What of a success enters the target's baseline: under its key over there, if the answer names it."""
    keys = list(succeeded)
    if reply.presence is not None:
        keys = [key for key in keys if key in reply.presence]
    if reply.destinations and reply.presence:
        keys = reply.presence
    rows: Index = {}
    for key in keys:
        if key in reply.destinations:
            there, item = reply.destinations[key]
            rows[there or key] = item
        elif key in sent:
            rows[key] = sent[key]
    return rows


def _count(said: Mapping[str, object], reply: Reply) -> int:
    if said.get("confirmed") is not None:
        return int(number(said, "confirmed", 0))
    if reply.confirmed_keys:
        return len(reply.confirmed_keys)
    if not flag(said, "ok", default=True):
        return 0
    return next((int(number(said, name, 0)) for name in ("count", "added", "removed") if said.get(name)), 0)


def _account_for(items: Sequence[Item], reply: Reply, reading: Reading, reason: str) -> None:
    named = {*reply.confirmed_keys, *reply.skipped_keys, *reply.unresolved_keys}
    for item in items:
        key, plain = reading.sync_key(item), reading.keys.canonical_key(item)
        if key not in named and plain not in named:
            named.add(key)
            reply.unresolved += 1
            reply.unresolved_keys.append(key)
            reply.to_put_off[key] = (item, reason)


def _told_key(entry: Item, reading: Reading) -> str:
    key = entry.get("key")
    return key.strip() if isinstance(key, str) and key.strip() else reading.sync_key(_told_item(entry))


def _told_item(entry: Item) -> Item:
    return block(entry, "item") or entry


def _told_reason(entry: Item) -> str:
    return str(entry.get("hint") or entry.get("reason") or entry.get("error") or "unknown")


def _destinations(raw: object) -> dict[str, tuple[str, Item]]:
    return {
        key: (str(block(value).get("key") or ""), block(value, "item"))
        for key, value in block(raw).items()
        if block(value, "item")
    }
