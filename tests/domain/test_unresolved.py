"""What could not be done, and when it is tried again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from crosswatch_trakt.domain.outcomes import PERMANENT, End, Item, Outcome, Reason
from crosswatch_trakt.domain.unresolved import (
    Operation,
    Unresolved,
    entry_name,
    frozen,
    is_known,
    record,
    refused_key,
)

ITEM: Item = {"type": "movie", "ids": {"tmdb": 1}}
CHANGED: Item = {"type": "movie", "ids": {"tmdb": 1, "imdb": "tt0000001"}}
KEY = "movie:tmdb:1"
reasons = st.sampled_from([*Reason, "http:500"])
operations: st.SearchStrategy[Operation] = st.sampled_from(("add", "remove"))
frozen_for = st.sampled_from(sorted(PERMANENT - {Reason.UNDATED_REMOVAL}))


def failed(reason: str, item: Item = ITEM, key: str = KEY) -> Outcome:
    return Outcome(item, key, End.UNRESOLVED, reason, "a hint")


def confirmed(item: Item = ITEM, key: str = KEY) -> Outcome:
    return Outcome(item, key, End.CONFIRMED)


@settings(deadline=None)
@given(reasons, operations)
def test_what_failed_is_kept_with_all_that_is_known_of_it(reason: str, operation: Operation) -> None:
    entries = record({}, operation, [failed(reason)], 100)
    entry = entries[entry_name(operation, KEY)]

    assert (entry.operation, entry.key, entry.item, entry.reason, entry.hint) == (
        operation,
        KEY,
        ITEM,
        reason,
        "a hint",
    )
    assert (entry.attempts, entry.first_seen, entry.last_seen) == (1, 100, 100)


@settings(deadline=None)
@given(frozen_for, operations)
def test_what_is_refused_for_good_is_frozen_until_the_item_changes(reason: str, operation: Operation) -> None:
    entries = record({}, operation, [failed(reason)], 100)

    assert frozen(entries, operation, KEY, ITEM) == entries[entry_name(operation, KEY)]
    assert frozen(entries, operation, KEY, dict(reversed(list(ITEM.items())))) is not None
    assert frozen(entries, operation, KEY, CHANGED) is None


@settings(deadline=None)
@given(st.sampled_from([*sorted(set(Reason) - PERMANENT), "http:500", ""]), operations)
def test_what_failed_for_the_moment_never_freezes(reason: str, operation: Operation) -> None:
    entries = record({}, operation, [failed(reason)] * 3, 100)

    assert frozen(entries, operation, KEY, ITEM) is None


@settings(deadline=None)
@given(frozen_for, operations)
def test_adding_and_removing_one_key_are_two_matters(reason: str, operation: Operation) -> None:
    other: Operation = "remove" if operation == "add" else "add"
    entries = record({}, operation, [failed(reason)], 100)

    assert frozen(entries, other, KEY, ITEM) is None


@settings(deadline=None)
@given(reasons, reasons, operations)
def test_a_confirmed_write_of_a_key_thaws_it_under_both_operations(
    of_adding: str, of_removing: str, operation: Operation
) -> None:
    entries = record({}, "add", [failed(of_adding)], 1)
    entries = record(entries, "remove", [failed(of_removing)], 2)

    assert record(entries, operation, [confirmed()], 3) == {}


@settings(deadline=None)
@given(reasons, operations)
def test_what_is_as_wished_anyhow_is_forgotten_too(reason: str, operation: Operation) -> None:
    entries = record({}, operation, [failed(reason)], 1)
    there = Outcome(ITEM, KEY, End.EXISTING, "there")

    assert record(entries, operation, [there], 2) == {}


@settings(deadline=None)
@given(st.lists(st.tuples(reasons, st.integers(0, 1000)), min_size=1, max_size=6), operations)
def test_attempts_and_the_two_dates_are_right_even_if_the_clock_goes_back(
    tries: list[tuple[str, int]], operation: Operation
) -> None:
    entries: dict[str, Unresolved] = {}
    for reason, now in tries:
        entries = record(entries, operation, [failed(reason)], now)
    entry = entries[entry_name(operation, KEY)]

    assert entry.attempts == len(tries)
    assert entry.first_seen == tries[0][1]
    assert entry.last_seen == max(now for _, now in tries)
    assert entry.reason == tries[-1][0]


def test_an_item_handed_in_twice_in_one_call_is_one_attempt() -> None:
    entries = record({}, "add", [failed("not_sent"), failed("not_sent")], 1)

    assert entries[entry_name("add", KEY)].attempts == 1


def test_a_failure_after_a_success_begins_anew() -> None:
    entries = record({}, "add", [failed("not_sent")], 1)
    entries = record(entries, "add", [confirmed()], 2)
    entries = record(entries, "add", [failed("not_sent")], 3)
    entry = entries[entry_name("add", KEY)]

    assert (entry.attempts, entry.first_seen) == (1, 3)


def test_what_is_recorded_leaves_the_entries_given_as_they_are() -> None:
    before = record({}, "add", [failed("not_sent")], 1)
    record(before, "add", [confirmed()], 2)

    assert list(before) == [entry_name("add", KEY)]


UNDATED: Item = {**ITEM, "watched_at": "some day"}
PLAY: Item = {**ITEM, "watched_at": "2026-01-01T00:00:00Z"}


def refused(item: Item) -> Outcome:
    return failed("invalid_watched_at", item, refused_key(item))


@pytest.mark.parametrize("operation", ["add", "remove"])
def test_two_refused_items_of_one_title_are_two_and_go_when_the_title_is_done(operation: Operation) -> None:
    other: Item = {**UNDATED, "watched_at": "soon"}
    entries = record({}, operation, [refused(UNDATED), refused(other)], 1)
    kept = record(entries, operation, [confirmed(PLAY, f"{KEY}@1")], 2, {refused_key(UNDATED)})
    elsewhere: Item = {**PLAY, "ids": {"tmdb": 2}}

    assert [entry.item for entry in entries.values()] == [UNDATED, other]
    assert [entry.item for entry in kept.values()] == [UNDATED]
    assert record(kept, operation, [confirmed(PLAY, f"{KEY}@1")], 3) == {}
    assert record(kept, operation, [confirmed(PLAY, f"{KEY}@1"), refused(UNDATED)], 3).keys() == kept.keys()
    assert record(kept, operation, [confirmed(elsewhere, "movie:tmdb:2@1")], 3) == kept


def test_an_item_refused_again_for_the_same_reason_is_nothing_new() -> None:
    entries, key = record({}, "add", [refused(UNDATED)], 1), refused_key(UNDATED)

    assert is_known(entries, "add", key, UNDATED, "invalid_watched_at")
    assert not is_known(entries, "add", key, UNDATED, "missing_watched_at")
    assert not is_known(entries, "remove", key, UNDATED, "invalid_watched_at")
    assert not is_known({}, "add", key, UNDATED, "invalid_watched_at")


class Book(RuleBasedStateMachine):
    """Any run of writes: the entries are exactly what failed last and was not settled since."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[str, Unresolved] = {}
        self.expected: dict[tuple[Operation, str], tuple[str, int]] = {}
        self.now = 0

    @rule(operation=operations, key=st.sampled_from("ab"), reason=reasons)
    def fail(self, operation: Operation, key: str, reason: str) -> None:
        self.now += 1
        self.entries = record(self.entries, operation, [failed(reason, key=key)], self.now)
        attempts = self.expected.get((operation, key), ("", 0))[1] + 1
        self.expected[operation, key] = reason, attempts

    @rule(operation=operations, key=st.sampled_from("ab"))
    def succeed(self, operation: Operation, key: str) -> None:
        self.now += 1
        self.entries = record(self.entries, operation, [confirmed(key=key)], self.now)
        self.expected.pop(("add", key), None)
        self.expected.pop(("remove", key), None)

    @invariant()
    def the_entries_are_what_failed_and_was_not_settled(self) -> None:
        assert {
            (each.operation, each.key): (each.reason, each.attempts) for each in self.entries.values()
        } == self.expected

    @invariant()
    def only_what_cannot_get_better_is_frozen(self) -> None:
        for (operation, key), (reason, _) in self.expected.items():
            held = frozen(self.entries, operation, key, ITEM) is not None
            assert held == (reason in PERMANENT and reason != Reason.UNDATED_REMOVAL)


TestBook = Book.TestCase
