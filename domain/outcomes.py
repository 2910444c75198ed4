"""The three ends of an item that was handed to a write.

Every item ends in exactly one: confirmed, existing (already as wished), or unresolved with a reason.
The codes are part of the library's interface; permanent ones cannot get better by trying again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum

Item = Mapping[str, object]


class Reason(StrEnum):
    """Why an item is unresolved. Beside these there is `http:<status>`, transient."""

    MISSING_IDS = "missing_ids"
    MISSING_WATCHED_AT = "missing_watched_at"
    INVALID_WATCHED_AT = "invalid_watched_at"
    MISSING_SCOPE = "missing_scope"
    WHOLE_SHOW = "whole_show"
    INVALID_RATING = "invalid_rating"
    UNSUPPORTED_TYPE = "unsupported_type"
    UNRELEASED = "unreleased"
    UNDATED_REMOVAL = "undated_removal"
    NOT_FOUND = "not_found"
    EPISODE_NOT_FOUND = "episode_not_found"

    NOT_SENT = "not_sent"
    RATE_LIMITED = "rate_limited"
    SIGN_IN = "sign_in"
    ACCOUNT_LIMIT = "account_limit"
    ACCOUNT_LOCKED = "account_locked"
    VIP_ONLY = "vip_only"
    AMBIGUOUS = "ambiguous"
    AMBIGUOUS_PLAYS = "ambiguous_plays"
    REMOVAL_GUARD = "removal_guard"
    STATE_UNWRITABLE = "state_unwritable"


PERMANENT = frozenset(
    {
        Reason.MISSING_IDS,
        Reason.MISSING_WATCHED_AT,
        Reason.INVALID_WATCHED_AT,
        Reason.MISSING_SCOPE,
        Reason.WHOLE_SHOW,
        Reason.INVALID_RATING,
        Reason.UNSUPPORTED_TYPE,
        Reason.UNRELEASED,
        Reason.UNDATED_REMOVAL,
        Reason.NOT_FOUND,
        Reason.EPISODE_NOT_FOUND,
    }
)


class Already(StrEnum):
    """Why nothing needed to be done for an item."""

    THERE = "there"
    DUPLICATE = "duplicate"  # the same as an earlier item of the batch
    NEAR = "near"
    GONE = "gone"
    NOT_SHOWN = "not_shown"
    SAME_VALUE = "same_value"


class End(Enum):
    """Where an item ended."""

    CONFIRMED = "confirmed"
    EXISTING = "existing"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one input item."""

    item: Item  # as given
    key: str  # canonical or event key; `item:<digest>` for what has none
    end: End
    reason: str | None = None  # a Reason, `http:<status>`, or an Already; None when confirmed
    hint: str | None = None

    @property
    def permanent(self) -> bool:
        """Whether trying again is useless until the item changes or a person asks for it."""
        return self.end is End.UNRESOLVED and self.reason in PERMANENT


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an item cannot be sent at all, found without asking Trakt."""

    reason: Reason
    hint: str


class Fates:
    """The end of each item of one call: it is settled once, and none can be forgotten."""

    def __init__(self, items: Sequence[Item], keys: Sequence[str]) -> None:
        self._items = items
        self._keys = keys
        self._outcomes: list[Outcome | None] = [None] * len(items)

    def settle(self, position: int, end: End, reason: str | None = None, hint: str | None = None) -> None:
        """Say what became of one item; a second word on it is a programming error."""
        if self._outcomes[position] is not None:
            raise ValueError(f"item {position} has its end already")
        self._outcomes[position] = Outcome(
            self._items[position], self._keys[position], end, None if reason is None else str(reason), hint
        )

    def open(self, position: int) -> bool:
        """Whether this item has no end yet."""
        return self._outcomes[position] is None

    def of(self, position: int) -> Outcome | None:
        """The end of one item so far."""
        return self._outcomes[position]

    def outcomes(self) -> Sequence[Outcome]:
        """All ends, in the order of the items; raises if one is missing."""
        settled = [outcome for outcome in self._outcomes if outcome is not None]
        if len(settled) != len(self._outcomes):
            raise ValueError("an item has no end")
        return settled


@dataclass(frozen=True, slots=True)
class Sorted:
    """The outcomes of a call by their end, in the order of the items."""

    confirmed: Sequence[Outcome] = ()
    existing: Sequence[Outcome] = ()
    unresolved: Sequence[Outcome] = ()


def sort_outcomes(outcomes: Sequence[Outcome]) -> Sorted:
    """Put every outcome under its end."""
    return Sorted(*([outcome for outcome in outcomes if outcome.end is end] for end in End))
