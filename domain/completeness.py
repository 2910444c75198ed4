"""When an index counts as whole.

The engine deletes on the other side whatever an index does not hold, so rows that were cut off must
never pass for rows that were removed. Only `prove_complete` makes a CompleteIndex: of counts, or of the two
witnesses of a history (`domain.witnesses`).

Trakt's announced count is a weak witness: it lags, and it counts titles that Trakt hides and never
sends (trakt-web#3152, trakt-api#82). So it is a floor; a shortfall is believed only if a second
reading brings exactly the same rows, and then what is missing is called hidden.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from returns.result import Failure, Result, Success

from crosswatch_trakt.domain.problems import Incomplete

Item = dict[str, object]
Key = TypeVar("Key", bound=str | int)
Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one endpoint announced and which rows came, read from its first page to its last."""

    endpoint: str
    pages: int
    announced: int | None  # rows of all pages together; None: Trakt said nothing
    rows: frozenset[object]  # each row by its id, repeats dropped

    @property
    def short_of(self) -> int | None:
        """Rows announced that did not come; None if nothing was announced."""
        return None if self.announced is None else max(0, self.announced - len(self.rows))


@dataclass(frozen=True, slots=True)
class RowCount:
    """The evidence of one endpoint, in rows (equal keys not yet merged)."""

    endpoint: str
    announced: int
    received: int

    @property
    def hidden(self) -> int:
        """Rows that Trakt counts and does not send."""
        return max(0, self.announced - self.received)


@dataclass(frozen=True, slots=True)
class Witnessed:
    """The evidence of a history: all that the ledger knows is listed, or hidden."""

    listed: int  # plays that the lists showed
    hidden: int  # plays that only the ledger knows, though their titles were read again


@dataclass(frozen=True, slots=True)
class CompleteIndex(Generic[Key, Entry]):
    """Every entry of one feature, and the evidence that none is missing."""

    entries: Mapping[Key, Entry]
    proof: Sequence[RowCount] | Witnessed  # counts: one per endpoint, never empty
    stamp: str  # what last_activities said of this feature before the first page

    @property
    def hidden(self) -> int:
        """Rows of all endpoints that Trakt counts and does not send."""
        if isinstance(self.proof, Witnessed):
            return self.proof.hidden
        return sum(count.hidden for count in self.proof)


def needs_second_reading(reading: Reading, *, expected: bool = False) -> bool:
    """Whether fewer rows came than were announced, or none where there were some before."""
    return bool(reading.short_of) or (expected and not reading.rows)


def prove_reading(
    first: Reading, second: Reading | None = None, *, expected: bool = False
) -> Result[RowCount, Incomplete]:
    """Believe the reading of one endpoint, or say what it lacks. `expected`: there were rows before; then
    none at all, where some are announced, is believed from nobody.
    """
    last = second or first
    if last.announced is None or (expected and last.announced and not last.rows):
        return Failure(_lacking(last))
    if last.short_of and not (second and second.rows == first.rows and second.announced == first.announced):
        return Failure(_lacking(last))
    return Success(RowCount(last.endpoint, last.announced, len(last.rows)))


def prove_complete(
    entries: Mapping[Key, Entry], proof: Sequence[RowCount] | Witnessed, before: str, after: str
) -> Result[CompleteIndex[Key, Entry], Incomplete]:
    """Make the index of proven readings, if the feature did not change while they were read."""
    if not isinstance(proof, Witnessed) and not proof:
        raise ValueError("no endpoint was counted")
    if before != after:
        return Failure(_moved(proof))
    return Success(CompleteIndex(entries, proof, before))


def keep_unshown(
    before: Mapping[str, Item], now: Mapping[str, Item], unshown: int, always: int
) -> dict[str, Item]:
    """The items of today, with those of before that may be among rows which Trakt counts and does not show.

    `unshown`: rows counted that did not come, or came without a name; `always`: so many never had one here.
    If there are more, a title that was shown before may be behind one: which, nobody can tell. So all that
    are missing stay, marked; one that was taken off is seen to be gone once Trakt shows the others, or drops
    them.
    """
    if unshown <= always:
        return dict(now)
    missing = {key: {**item, "hidden": True} for key, item in before.items() if key not in now}
    return {**now, **missing}


def _moved(proof: Sequence[RowCount] | Witnessed) -> Incomplete:
    if isinstance(proof, Witnessed):
        return Incomplete("/sync/history", 1, proof.listed, proof.listed, moved=True)
    return Incomplete(proof[0].endpoint, 1, proof[0].announced, proof[0].received, moved=True)


def _lacking(reading: Reading) -> Incomplete:
    return Incomplete(reading.endpoint, reading.pages, reading.announced, len(reading.rows))
