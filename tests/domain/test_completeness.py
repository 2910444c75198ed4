"""When an index counts as whole. Promise 1 stands on this room."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from returns.pipeline import is_successful
from returns.result import Failure, Success

from crosswatch_trakt.domain.completeness import (
    Reading,
    RowCount,
    keep_unshown,
    needs_second_reading,
    prove_complete,
    prove_reading,
)
from crosswatch_trakt.domain.problems import Incomplete

LIST = "/sync/history/movies"
rows = st.frozensets(st.integers(1, 12), max_size=8)
announced = st.none() | st.integers(0, 15)
readings = st.builds(Reading, st.just(LIST), st.integers(1, 5), announced, rows)
whole_counts = st.integers(0, 250).map(lambda number: RowCount(LIST, number, number))


@settings(deadline=None)
@given(rows, st.integers(0, 8))
def test_a_reading_that_brought_at_least_what_was_announced_is_believed(
    came: frozenset[int], fewer: int
) -> None:
    """The count lags: it is a floor."""
    said = max(0, len(came) - fewer)
    reading = Reading(LIST, 1, said, came)

    assert not needs_second_reading(reading)
    assert prove_reading(reading) == Success(RowCount(LIST, said, len(came)))


@settings(deadline=None)
@given(rows, st.integers(1, 250))
def test_a_reading_short_of_one_row_is_not_believed_by_itself(came: frozenset[int], short: int) -> None:
    reading = Reading(LIST, 3, len(came) + short, came)

    assert needs_second_reading(reading)
    assert prove_reading(reading) == Failure(Incomplete(LIST, 3, len(came) + short, len(came)))


@settings(deadline=None)
@given(readings, st.none() | readings)
def test_what_nothing_was_announced_of_is_never_proven(first: Reading, second: Reading | None) -> None:
    last = second or first
    if last.announced is None:
        assert prove_reading(first, second) == Failure(Incomplete(LIST, last.pages, None, len(last.rows)))


@settings(deadline=None)
@given(readings, readings)
def test_a_shortfall_is_believed_only_if_the_second_reading_is_the_same_to_the_row(
    first: Reading, second: Reading
) -> None:
    short = second.announced is not None and len(second.rows) < second.announced
    same = (first.announced, first.rows) == (second.announced, second.rows)
    proven = prove_reading(first, second)

    assert is_successful(proven) == (second.announced is not None and (same or not short))
    if is_successful(proven):
        assert proven.unwrap().received == len(second.rows)


@settings(deadline=None)
@given(st.frozensets(st.integers(), min_size=1, max_size=8), st.integers(1, 9))
def test_as_many_rows_but_not_the_same_ones_are_no_proof(came: frozenset[int], short: int) -> None:
    said = len(came) + short
    others = came - {min(came)} | {max(came) + 1}

    assert not is_successful(prove_reading(Reading(LIST, 1, said, came), Reading(LIST, 1, said, others)))


def test_what_stays_away_twice_is_hidden_and_counted() -> None:
    reading = Reading(LIST, 1, 10, frozenset(range(7)))
    count = prove_reading(reading, reading).unwrap()
    entries: dict[str, int] = {}
    index = prove_complete(entries, [count, RowCount("other", 5, 9)], "stamp", "stamp").unwrap()

    assert count.hidden == 3
    assert index.hidden == 3  # what came beyond its count hides nothing of another list's


@settings(deadline=None)
@given(st.lists(whole_counts, min_size=1, max_size=4), st.text(max_size=3), st.text(max_size=3))
def test_an_index_exists_only_if_nothing_moved_while_it_was_read(
    counts: list[RowCount], before: str, after: str
) -> None:
    proven = prove_complete({"key": 1}, counts, before, after)

    assert is_successful(proven) == (before == after)
    if is_successful(proven):
        assert proven.unwrap().stamp == before
    else:
        assert proven.failure().moved


def test_an_index_without_evidence_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="no endpoint"):
        prove_complete({}, [], "stamp", "stamp")


keyed = st.dictionaries(st.sampled_from("abcdef"), st.just(dict[str, object](rating=7)))


@given(keyed, keyed, st.integers(0, 3), st.integers(0, 3))
def test_nothing_is_missed_while_rows_lack_that_once_had_a_name(
    before: dict[str, dict[str, object]], now: dict[str, dict[str, object]], unshown: int, always: int
) -> None:
    kept = keep_unshown(before, now, unshown, always)

    assert {key: kept[key] for key in now} == now
    assert kept.keys() == (now.keys() | before.keys() if unshown > always else now.keys())
    assert all(kept[key]["hidden"] is True for key in kept.keys() - now.keys())
