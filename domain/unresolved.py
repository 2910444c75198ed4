"""What could not be done, and when it is tried again.

An item that Trakt refuses for good is frozen: left out of later writes and reported, so that a sync
does not ask for the impossible each hour. It thaws when the item changes, when a person asks for it,
or when a write of its key succeeds. What failed for the moment (a network, a limit) never freezes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from crosswatch_trakt.domain.items import item_digest
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


def frozen(entries: Open, operation: Operation, key: str, item: Item) -> Unresolved | None:
    """The entry that forbids sending this item now, if there is one."""
    entry = entries.get(entry_name(operation, key))
    if entry is None or not entry.permanent or entry.reason == Reason.UNDATED_REMOVAL:
        return None  # an undated removal hangs on how the caller asks, not on the item
    return entry if entry.digest == item_digest(item) else None


def record(
    entries: Open, operation: Operation, outcomes: Sequence[Outcome], now: int
) -> dict[str, Unresolved]:
    """The entries after a call: what failed is counted, what succeeded is forgotten.

    A success under one operation thaws both: the account is as the caller wished it last.
    """
    after = dict(entries)
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
