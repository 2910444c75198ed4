"""Writes to the watchlist and to ratings.

validate → drop duplicates → leave out what is there → batches → send → outcomes. A second write of the
same changes nothing, so these are repeated freely, and each batch is judged by itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol

from returns.result import Result, Success

from crosswatch_trakt.application.features import Feature
from crosswatch_trakt.application.index.lists import Items
from crosswatch_trakt.application.trakt.recent import Recent
from crosswatch_trakt.application.write.report import Report, reason_of
from crosswatch_trakt.application.write.run import Run, Writes, begin
from crosswatch_trakt.application.write.unresolved import UnresolvedBook
from crosswatch_trakt.domain.guard import RemovalGuard
from crosswatch_trakt.domain.items import media_item, parse_media, parse_rating_item
from crosswatch_trakt.domain.keys import canonical_key
from crosswatch_trakt.domain.media import Lookup, Media
from crosswatch_trakt.domain.outcomes import Already, End, Refusal
from crosswatch_trakt.domain.payloads import Leaf, Target, plan_payloads
from crosswatch_trakt.domain.problems import AccountLimit, Problem
from crosswatch_trakt.domain.ratings import Rating
from crosswatch_trakt.domain.timestamps import to_iso
from crosswatch_trakt.domain.unresolved import Operation

Standing = Lookup[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class ListWish:
    """An item to list or rate, or to take off."""

    media: Media
    value: int | None = None  # of a rating
    rated_at: int | None = None


class CurrentList(Protocol):
    """The index of the feature: today's, or as last stored."""

    def __call__(self) -> Result[Items, Problem]:
        """Proven now."""
        ...

    def stored(self) -> Result[Items | None, Problem]:
        """As last stored; nothing is asked."""
        ...


class Capacity(Protocol):
    """How many items the list may hold."""

    def __call__(self, *, fresh: bool) -> int | None:
        """The limit that Trakt names for this account; None if it names none. `fresh`: ask now."""
        ...


@dataclass(frozen=True, slots=True)
class WriteList:
    """Adds to, and removes from, the watchlist or the ratings."""

    feature: Feature
    target: Target
    batch_size: int
    index: CurrentList
    writes: Writes
    recent: Recent
    trust_s: float
    book: UnresolvedBook
    zone: tzinfo
    guard: RemovalGuard
    capacity: Capacity

    def __call__(
        self,
        operation: Operation,
        items: Sequence[object],
        *,
        dry_run: bool = False,
        thaw: bool = False,
        meant: bool = False,
        run_id: str | None = None,
    ) -> Result[Report, Problem]:
        """Bring every item to its end. Fails only if nothing was sent. `meant` lifts the guard, which
        counts the removals of one `run_id` together.
        """
        parse = self._parser(operation)
        return self.book.read().bind(
            lambda entries: self._write(
                begin(operation, items, {} if thaw else entries, parse, _key, dry_run=dry_run, run_id=run_id),
                meant,
            )
        )

    def _write(self, run: Run[ListWish], meant: bool) -> Result[Report, Problem]:
        find_twins(run)
        if not run.wishes:
            return Success(run.finish(self.book))
        return (
            self._standing()
            .bind(lambda standing: self._looked_again(run, standing))
            .map(lambda standing: self._act(run, standing, meant))
        )

    def _looked_again(self, run: Run[ListWish], standing: Standing) -> Result[Standing, Problem]:
        """Before something is called gone: another process or client may have added it a moment ago."""
        trusted = self.recent.proven_within(self.feature, self.trust_s)
        if run.operation == "add" or not trusted:
            return Success(standing)
        if all(self._entry(wish.media, standing) is not None for _, wish in run.open()):
            return Success(standing)
        self.recent.written()
        return self.index().map(_look_up)

    def _parser(self, operation: Operation) -> Callable[[object], Result[ListWish, Refusal]]:
        if operation == "add" and self.target is Target.RATINGS:
            return lambda item: parse_rating_item(item, self.zone).map(_rating_wish)
        return lambda item: parse_media(item).map(ListWish)

    def _standing(self) -> Result[Standing, Problem]:
        """What is on the list: what is stored if it was proven lately, and what we wrote since."""
        if self.recent.proven_within(self.feature, self.trust_s):
            stored = self.index.stored()
            if stored.value_or(None) is not None:
                return stored.map(_look_up)
        return self.index().map(_look_up)

    def _act(self, run: Run[ListWish], standing: Standing, meant: bool) -> Report:
        leaves = []
        for position, wish in run.open():
            entry = self._entry(wish.media, standing)
            done = _already(run.operation, self.target, wish, entry)
            if done is not None:
                run.exists(position, done)
            else:
                leaves.append(_leaf(run.operation, position, wish, entry))
        removed = self.recent.removals(self.feature, run.run_id)
        if run.operation == "remove" and not meant:
            if run.guard(self.guard, len(leaves), removed, len(standing.values())):
                return run.finish(self.book)
        elif run.operation == "add":
            leaves = self._what_fits(run, leaves, standing)
        plan = plan_payloads(self.target, leaves, size=self.batch_size)
        for position, refusal in plan.refused:
            run.refuse(position, refusal)
        if not run.dry_run:
            for payload in plan.payloads:
                self._remember(run, run.send(payload, self.writes))
            if run.unclear:
                self._read_back(run)
            if run.doubtful:
                self.recent.doubt(self.feature)
        return run.finish(self.book)

    def _what_fits(self, run: Run[ListWish], leaves: Sequence[Leaf], standing: Standing) -> list[Leaf]:
        """Where Trakt names the capacity of the list: what fits into it; the rest is named, not tried."""
        held = len(standing.values())
        limit = self.capacity(fresh=False)
        if limit is None or held + len(leaves) <= limit:
            return list(leaves)
        limit = self.capacity(fresh=True)  # what is remembered may be of before the person paid
        if limit is None or held + len(leaves) <= limit:
            return list(leaves)
        room = max(0, limit - held)
        full = AccountLimit(f"POST /sync/{self.target}", limit, None)
        run.problems.append(full)
        for leaf in leaves[room:]:
            hint = f"the list holds {limit}, and {held} are on it"
            run.fates.settle(leaf.source, End.UNRESOLVED, reason_of(full), hint)
        return list(leaves[:room])

    def _read_back(self, run: Run[ListWish]) -> None:
        """Look for what an answer left open: what is as it was wished is done, the rest keeps its name."""
        today = self.index().map(_look_up).value_or(None)
        if today is None:
            return
        for position in run.unclear:
            wish = run.wishes[position]
            found = today.find(wish.media)
            if _already(run.operation, self.target, wish, found[0] if found else None) is not None:
                run.confirm(position)

    def _entry(self, media: Media, standing: Standing) -> Mapping[str, object] | None:
        written = self.recent.wrote(self.feature, media)
        if written is not None:
            return written.item
        found = standing.find(media)
        return found[0] if found else None

    def _remember(self, run: Run[ListWish], confirmed: Sequence[int]) -> None:
        if run.operation == "remove":
            self.recent.count_removals(self.feature, len(confirmed), run.run_id)
        for position in confirmed:
            wish = run.wishes[position]
            item = None
            if run.operation == "add":
                item = media_item(wish.media)
                if wish.value is not None:
                    item["rating"] = wish.value
            self.recent.write(self.feature, wish.media, item)


def find_twins(run: Run[ListWish]) -> None:
    """Find the items of a batch that are one item. Of several ratings the newest, then the last, goes."""
    items: Lookup[list[int]] = Lookup()
    for position, wish in run.wishes.items():
        found = items.find(wish.media)
        if found:
            found[0].append(position)
        else:
            items.add(wish.media, [position])
    for positions in items.values():
        goes = positions[0]
        for position in positions[1:]:
            if run.wishes[position].value != run.wishes[goes].value and _newer(run, position, goes):
                goes = position
        run.twins.update({position: goes for position in positions if position != goes})


def _newer(run: Run[ListWish], position: int, than: int) -> bool:
    return (run.wishes[position].rated_at or 0) >= (run.wishes[than].rated_at or 0)


def _rating_wish(rating: Rating) -> ListWish:
    return ListWish(rating.media, rating.value, rating.rated_at)


def _key(wish: ListWish) -> str | None:
    return canonical_key(wish.media)


def _look_up(index: Items | None) -> Standing:
    items = () if index is None else index.entries.values()
    return Lookup((media, item) for item in items if (media := parse_media(item).value_or(None)) is not None)


def _already(
    operation: Operation, target: Target, wish: ListWish, entry: Mapping[str, object] | None
) -> Already | None:
    """Why nothing needs to be done. The same rating is the same, whatever its date."""
    if operation == "remove":
        return Already.GONE if entry is None else None
    if entry is None:
        return None
    if target is Target.RATINGS:
        return Already.SAME_VALUE if entry.get("rating") == wish.value else None
    return Already.THERE


def _leaf(operation: Operation, position: int, wish: ListWish, entry: Mapping[str, object] | None) -> Leaf:
    """What is sent; a removal names the entry as Trakt itself does."""
    if operation == "remove":
        known = None if entry is None else parse_media(entry).value_or(None)
        return Leaf(position, known or wish.media)
    fields: dict[str, str | int] = {}
    if wish.value is not None:
        fields["rating"] = wish.value
    if wish.rated_at is not None:
        fields["rated_at"] = to_iso(wish.rated_at)
    return Leaf(position, wish.media, fields)
