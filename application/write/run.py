"""The items of one call on their way to their ends.

What all writes share: items are understood or refused, the frozen are left out, batches are sent and
their answers read back to the items. Nothing here knows a feature.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from returns.result import Failure, Result

from crosswatch_trakt.application.write.report import Report, reason_of, report, settle_duplicates
from crosswatch_trakt.application.write.unresolved import UnresolvedBook
from crosswatch_trakt.domain.answers import Answer, Fate, read_answer, read_removal
from crosswatch_trakt.domain.guard import RemovalGuard
from crosswatch_trakt.domain.outcomes import Already, End, Fates, Item, Reason, Refusal
from crosswatch_trakt.domain.payloads import Payload, Target
from crosswatch_trakt.domain.problems import AccountLimit, AccountLocked, Problem, Refused
from crosswatch_trakt.domain.repeating import stops_all_writes, surely_not_applied
from crosswatch_trakt.domain.unresolved import Open, Operation, frozen, is_known, refused_key

Wish = TypeVar("Wish")

TOO_LARGE = 413
FROZEN = "left out: it could not be done before, and has not changed since"


class Writes(Protocol):
    """The POSTs that change a person's lists."""

    def post(
        self, target: Target, operation: Operation, body: Mapping[str, object]
    ) -> Result[Answer, Problem]:
        """Send one body and read what Trakt answers."""
        ...


@dataclass(slots=True)
class Run(Generic[Wish]):
    """One call: what was handed in, what of it is still open, and the ends so far."""

    operation: Operation
    fates: Fates
    wishes: dict[int, Wish]  # position → what the item asks, for items that can be asked
    dry_run: bool = False
    run_id: str | None = None  # of a host whose runs are several calls
    twins: dict[int, int] = field(default_factory=dict)  # position of a duplicate → of its twin
    left_out: set[int] = field(default_factory=set)  # frozen: not tried in this call
    ours: set[int] = field(default_factory=set)  # positions that this call and none before has done
    problems: list[Problem] = field(default_factory=list)
    stopped: Problem | None = None  # no further batch of this call is sent
    unclear: dict[int, tuple[Reason, str | None]] = field(default_factory=dict)  # to be read back
    sent_any: bool = False  # a POST has gone out
    in_trouble: bool = False  # the last batch met a Trakt that could not
    answer_s: float = 0.0  # how long the slowest answer of the last batch took
    doubtful: bool = False  # what Trakt holds of some items is not known

    def open(self) -> Iterable[tuple[int, Wish]]:
        """The items that have no end yet and are no duplicates, in their order."""
        for position, wish in self.wishes.items():
            if self.fates.open(position) and position not in self.twins and position not in self.unclear:
                yield position, wish

    def is_done(self, position: int) -> bool:
        """Whether this item has its end, and it is as was wished."""
        outcome = self.fates.of(position)
        return outcome is not None and outcome.end is not End.UNRESOLVED

    def refuse(self, position: int, refusal: Refusal) -> None:
        """An item that cannot be sent."""
        self.fates.settle(position, End.UNRESOLVED, refusal.reason, refusal.hint)

    def exists(self, position: int, why: Already, hint: str | None = None) -> None:
        """An item for which nothing needs to be done."""
        self.fates.settle(position, End.EXISTING, why, hint)

    def confirm(self, position: int) -> None:
        """An item that is done, or in a dry run would be sent."""
        self.fates.settle(position, End.CONFIRMED)

    def fail(self, positions: Iterable[int], problem: Problem, *, doubt: bool = False) -> None:
        """Items whose request went wrong; a problem that the next batch would meet too stops them all.

        `doubt`: they may have been written all the same.
        """
        positions = list(positions)
        if positions:
            self.problems.append(problem)
        limited = isinstance(problem, AccountLimit | AccountLocked)
        reason = Reason.AMBIGUOUS if doubt and not limited else reason_of(problem)
        hint = f"it may have been written all the same ({reason_of(problem)})" if doubt else None
        for position in positions:
            self.fates.settle(position, End.UNRESOLVED, reason, hint)
        in_doubt = not surely_not_applied(problem)
        self.doubtful = self.doubtful or (in_doubt and bool(positions))
        self.in_trouble = (
            self.in_trouble or in_doubt or (isinstance(problem, Refused) and problem.status == TOO_LARGE)
        )
        if stops_all_writes(problem) or (isinstance(problem, AccountLimit) and self.operation == "add"):
            self.stopped = problem

    def give_up(self, positions: Iterable[int]) -> None:
        """Items of batches that are not sent, since the one before met something that stops them all."""
        reason = reason_of(self.stopped) if self.stopped is not None else Reason.NOT_SENT
        for position in positions:
            if self.fates.open(position) and position not in self.twins:
                self.fates.settle(position, End.UNRESOLVED, reason, "not tried")

    def send(self, payload: Payload, writes: Writes) -> Sequence[int]:
        """Send one payload and settle its items; gives the positions that are confirmed."""
        positions = [leaf.source for leaf in payload.leaves]
        if self.stopped is not None:
            self.give_up(positions)
            return ()
        answered = writes.post(payload.target, self.operation, payload.body)
        answer = answered.value_or(None)
        if answer is None:
            problem = answered.failure()
            if isinstance(problem, AccountLimit) and self.operation == "add":
                self._limited(positions, problem)
            else:
                self.fail(positions, problem)
            return ()
        read = read_answer if self.operation == "add" else read_removal
        return self.settle_all(zip(positions, read(payload, answer), strict=True))

    def _limited(self, positions: Iterable[int], problem: AccountLimit) -> None:
        """A full list: whether Trakt took what still fitted is not documented, so that is to be read back."""
        self.problems.append(problem)
        self.stopped = problem
        self.doubtful = True
        self.unclear |= {position: (Reason.ACCOUNT_LIMIT, None) for position in positions}

    def guard(self, guard: RemovalGuard, removals: int, removed: int, held: int) -> bool:
        """Whether removing so many more is stopped, after so many in this run; then they have their end."""
        if not guard.stops(removed + removals, held + removed):
            return False
        hint = (
            f"{removed + removals} of {held + removed} items would go in this run; nothing of this call was "
            "removed; say that it is meant to have it done"
        )
        for position, _ in list(self.open()):
            self.fates.settle(position, End.UNRESOLVED, Reason.REMOVAL_GUARD, hint)
        return True

    def name_unclear(self) -> None:
        """End what nothing has made clear, by its name."""
        for position, (reason, hint) in self.unclear.items():
            if self.fates.open(position):
                self.fates.settle(position, End.UNRESOLVED, reason, hint)

    def settle_all(self, fates: Iterable[tuple[int, Fate]]) -> Sequence[int]:
        """Settle items by what an answer proves; gives the positions that are confirmed."""
        confirmed = []
        for position, fate in fates:
            match fate:
                case Fate.DONE | Fate.PRESENT:
                    self.confirm(position)
                    confirmed.append(position)
                    if fate is Fate.DONE:
                        self.ours.add(position)
                case Fate.EXISTING:
                    self.exists(position, Already.THERE if self.operation == "add" else Already.GONE)
                case Fate.NOT_FOUND:
                    self.fates.settle(position, End.UNRESOLVED, Reason.NOT_FOUND, "Trakt does not know it")
                case Fate.AMBIGUOUS:
                    self.unclear[position] = Reason.AMBIGUOUS, "Trakt's answer does not tell"
                    self.doubtful = True
        return confirmed

    def finish(self, book: UnresolvedBook, collection: Report | None = None) -> Report:
        """Settle what hangs on others, record what is unresolved, and report."""
        if self.dry_run:
            for position, _ in list(self.open()):
                self.confirm(position)
        self.name_unclear()
        settle_duplicates(self.fates, self.twins)
        outcomes = self.fates.outcomes()
        if not self.dry_run:
            tried = [outcome for place, outcome in enumerate(outcomes) if place not in self.left_out]
            left_out = {outcomes[place].key for place in self.left_out}
            problem = book.record(self.operation, tried, left_out).swap().value_or(None)
            if problem is not None:
                self.problems.append(problem)
        return report(
            book.feature, self.operation, outcomes, self.problems, dry_run=self.dry_run, collection=collection
        )


def begin(
    operation: Operation,
    items: Sequence[object],
    entries: Open,
    parse: Callable[[object], Result[Wish, Refusal]],
    key_of: Callable[[Wish], str | None],
    *,
    dry_run: bool,
    run_id: str | None = None,
) -> Run[Wish]:
    """Understand every item or refuse it by name, and leave out the frozen."""
    parsed = [parse(item) for item in items]
    keys = [_key(item, result, key_of) for item, result in zip(items, parsed, strict=True)]
    given: list[Item] = [item if isinstance(item, Mapping) else {"item": item} for item in items]
    run: Run[Wish] = Run(operation, Fates(given, keys), {}, dry_run, run_id)
    for position, (item, key, result) in enumerate(zip(given, keys, parsed, strict=True)):
        entry = frozen(entries, operation, key, item)
        match result:
            case Failure(refusal):
                run.refuse(position, refusal)
                if is_known(entries, operation, key, item, refusal.reason):
                    run.left_out.add(position)
            case _ if entry is not None:
                hint = f"{FROZEN} ({entry.hint})" if entry.hint else FROZEN
                run.fates.settle(position, End.UNRESOLVED, entry.reason, hint)
                run.left_out.add(position)
            case _:
                run.wishes[position] = result.unwrap()
    return run


def _key(item: object, parsed: Result[Wish, Refusal], key_of: Callable[[Wish], str | None]) -> str:
    """The key of what an item asks, else a name for the item as it is: two that are refused are two."""
    wish = parsed.value_or(None)
    key = None if wish is None else key_of(wish)
    return key if key is not None else refused_key(item)
