"""What could not be done, and when it is tried again.

An item that Trakt refuses for good is frozen: left out of later writes and reported, so that a sync
does not ask for the impossible each hour. It thaws when the item changes, when a person asks for it,
or when a write of its key succeeds. What failed for the moment (a network, a limit) never freezes.

An item that cannot be understood has no key of its own (a play without a date), so it goes by what it says:
two of one title are two entries. They are forgotten when their title is written, and recorded again if they
are handed in again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from crosswatch_trakt.domain.items import item_digest, parse_media
from crosswatch_trakt.domain.keys import canonical_key
from crosswatch_trakt.domain.outcomes import PERMANENT, End, Item, Outcome, Reason

Operation: TypeAlias = Literal["add", "remove"]


@dataclass(frozen=True, slots=True)
class Unresolved:
    """One item that a write could not bring to an end."""

    operation: Operation
    key: str
    item: Item
    digest: str  # of the item as it was given
    reason: str
    hint: str | None
    attempts: int
    first_seen: int  # epoch seconds
    last_seen: int

    @property
    def permanent(self) -> bool:
        """Whether it is frozen."""
        return self.reason in PERMANENT


Open: TypeAlias = Mapping[str, Unresolved]


def entry_name(operation: Operation, key: str) -> str:
    """Adding and removing one key are two matters."""
    return f"{operation}:{key}"


def refused_key(item: object) -> str:
    """A key for an item that was refused as it is."""
    title = _title(item)
    return f"{'' if title is None else f'{title}|'}{_mark(item_digest(item))}"


def is_known(entries: Open, operation: Operation, key: str, item: Item, reason: str) -> bool:
    """Whether this item was refused before, for the same reason: nothing new is to be recorded."""
    entry = entries.get(entry_name(operation, key))
    return entry is not None and entry.reason == reason and entry.digest == item_digest(item)


def frozen(entries: Open, operation: Operation, key: str, item: Item) -> Unresolved | None:
    """The entry that forbids sending this item now, if there is one."""
    entry = entries.get(entry_name(operation, key))
    if entry is None or not entry.permanent or entry.reason == Reason.UNDATED_REMOVAL:
        return None  # an undated removal hangs on how the caller asks, not on the item
    return entry if entry.digest == item_digest(item) else None


def record(
    entries: Open,
    operation: Operation,
    outcomes: Sequence[Outcome],
    now: int,
    left_out: Collection[str] = (),
) -> dict[str, Unresolved]:
    """The entries after a call: what failed is counted, what succeeded is forgotten.

    A success under one operation thaws both: the account is as the caller wished it last. `left_out`: keys
    of what was not tried, and stays as it is.
    """
    after = _without_mended(entries, operation, outcomes, left_out)
    for outcome in outcomes:
        name = entry_name(operation, outcome.key)
        if outcome.end is End.UNRESOLVED:
            before = entries.get(name)
            after[name] = Unresolved(
                operation,
                outcome.key,
                outcome.item,
                item_digest(outcome.item),
                outcome.reason or "",
                outcome.hint,
                (before.attempts if before else 0) + 1,
                before.first_seen if before else now,
                max(now, before.last_seen) if before else now,  # a computer's clock may go back
            )
        elif name in after or outcome.end is End.CONFIRMED:
            after.pop(entry_name("add", outcome.key), None)
            after.pop(entry_name("remove", outcome.key), None)
    return after


def _without_mended(
    entries: Open, operation: Operation, outcomes: Sequence[Outcome], left_out: Collection[str]
) -> dict[str, Unresolved]:
    """The entries but for items that were refused as they were, of titles that are done now."""
    refused = {name: entry for name, entry in entries.items() if entry.key.endswith(_mark(entry.digest))}
    if not refused:
        return dict(entries)
    done = {_title(outcome.item) for outcome in outcomes if outcome.end is not End.UNRESOLVED} - {None}
    still = {*left_out, *(outcome.key for outcome in outcomes if outcome.end is End.UNRESOLVED)}
    mended = {
        name
        for name, entry in refused.items()
        if entry.operation == operation and entry.key not in still and _title(entry.item) in done
    }
    return {name: entry for name, entry in entries.items() if name not in mended}


def _mark(digest: str) -> str:
    return f"item:{digest}"


def _title(item: object) -> str | None:
    media = parse_media(item).value_or(None)
    return None if media is None else canonical_key(media)
