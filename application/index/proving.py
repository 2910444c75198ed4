"""Reading a feature until it is proven whole, a bounded number of times.

`last_activities` is read before and after: what moved in between is read again. An endpoint that sent
less than it announced is read a second time, and believed only if it sends the same again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from returns.result import Failure, Result, Success

from crosswatch_trakt.application.features import Feature
from crosswatch_trakt.application.trakt.lists import Listed
from crosswatch_trakt.application.trakt.recent import Stamp
from crosswatch_trakt.domain.completeness import (
    CompleteIndex,
    RowCount,
    needs_second_reading,
    prove_complete,
    prove_reading,
)
from crosswatch_trakt.domain.problems import Incomplete, Problem

Key = TypeVar("Key", bound=str)
Entry = TypeVar("Entry")

ROUNDS_MAX = 3

Endpoint = Callable[[], Result[Listed[Entry], Problem]]


class Stamps(Protocol):
    """What `last_activities` says of a feature."""

    def stamp(self, feature: Feature, *, fresh: bool = False) -> Result[Stamp, Problem]:
        """Equal texts: nothing that shows there has changed. `fresh`: ask Trakt now."""
        ...


@dataclass(frozen=True, slots=True)
class Proven(Generic[Key, Entry]):
    """A whole index, and what else was learned while reading it."""

    index: CompleteIndex[Key, Entry]
    listed: Sequence[Listed[Entry]]

    @property
    def set_aside(self) -> dict[str, int]:
        """Reason → rows that name nothing, of all endpoints."""
        counts: dict[str, int] = {}
        for part in self.listed:
            for why, rows in part.set_aside.items():
                counts[why] = counts.get(why, 0) + rows
        return counts


def read_proven(
    feature: Feature,
    stamps: Stamps,
    endpoints: Sequence[Endpoint[Entry]],
    keyed: Callable[[Iterable[Entry]], Mapping[Key, Entry]],
    expected: Sequence[bool],
) -> Result[Proven[Key, Entry], Problem]:
    """Read all endpoints until they are proven whole and nothing moved meanwhile. `expected`: whether an
    endpoint had rows when it was read last.
    """
    before = stamps.stamp(feature)
    for _ in range(ROUNDS_MAX):
        read = before.bind(lambda stamp: _read_once(feature, stamps, endpoints, keyed, expected, stamp))
        problem = read.swap().value_or(None)
        if not (isinstance(problem, Incomplete) and problem.moved):
            return read
        before = stamps.stamp(feature, fresh=True)
    return read


def _read_once(
    feature: Feature,
    stamps: Stamps,
    endpoints: Sequence[Endpoint[Entry]],
    keyed: Callable[[Iterable[Entry]], Mapping[Key, Entry]],
    expected: Sequence[bool],
    before: Stamp,
) -> Result[Proven[Key, Entry], Problem]:
    listed: list[Listed[Entry]] = []
    counts: list[RowCount] = []
    for endpoint, had_rows in zip(endpoints, expected, strict=True):
        read = _believed(endpoint, had_rows)
        if not isinstance(read, Success):
            return Failure(read.failure())
        part, count = read.unwrap()
        listed.append(part)
        counts.append(count)
    entries = keyed(value for part in listed for value in part.values)
    return (
        stamps.stamp(feature, fresh=True)
        .bind(lambda after: prove_complete(entries, counts, before.text, after.text))
        .map(lambda index: Proven(index, listed))
    )


def _believed(endpoint: Endpoint[Entry], had_rows: bool) -> Result[tuple[Listed[Entry], RowCount], Problem]:
    """One endpoint's values, read again where fewer rows came than there must be."""
    return endpoint().bind(lambda first: believe(first, endpoint, expected=had_rows))


def believe(
    first: Listed[Entry], again: Endpoint[Entry], *, expected: bool = False
) -> Result[tuple[Listed[Entry], RowCount], Problem]:
    """A reading that sent as much as there must be, else a second one that agrees with it."""
    if not needs_second_reading(first.reading, expected=expected):
        return prove_reading(first.reading, expected=expected).map(lambda count: (first, count))
    return again().bind(
        lambda second: prove_reading(first.reading, second.reading, expected=expected).map(
            lambda count: (second, count)
        )
    )
