"""Every item of a call ends once: confirmed, existing or unresolved."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswatch_trakt.domain.outcomes import PERMANENT, Already, End, Fates, Outcome, Reason

ends = st.sampled_from(End)


def fates_of(size: int) -> Fates:
    return Fates([{"position": position} for position in range(size)], [f"key {at}" for at in range(size)])


@given(st.data(), st.lists(ends, max_size=6))
def test_every_item_gets_exactly_one_end(data: st.DataObject, wished: list[End]) -> None:
    """In whatever order they are settled, the outcomes stand in the order of the items."""
    fates = fates_of(len(wished))
    for position in data.draw(st.permutations(range(len(wished)))):
        assert fates.open(position)
        with pytest.raises(ValueError, match="no end"):
            fates.outcomes()
        fates.settle(position, wished[position])
        assert not fates.open(position)

    assert [outcome.end for outcome in fates.outcomes()] == wished
    assert [outcome.item for outcome in fates.outcomes()] == [{"position": at} for at in range(len(wished))]
    assert [outcome.key for outcome in fates.outcomes()] == [f"key {at}" for at in range(len(wished))]


@given(ends, ends)
def test_a_second_word_on_an_item_is_an_error_and_changes_nothing(one: End, other: End) -> None:
    fates = fates_of(1)
    fates.settle(0, one, Reason.AMBIGUOUS, "once")
    with pytest.raises(ValueError, match="its end already"):
        fates.settle(0, other)

    assert fates.outcomes() == [Outcome({"position": 0}, "key 0", one, "ambiguous", "once")]
    assert fates.of(0) == fates.outcomes()[0]


def test_an_item_without_an_end_has_no_outcome_yet() -> None:
    assert fates_of(1).of(0) is None


@pytest.mark.parametrize("reason", [*Reason, *Already, "http:503", None])
def test_only_what_no_second_try_can_mend_is_permanent(reason: str | None) -> None:
    for end in End:
        outcome = Outcome({}, "movie:tmdb:550", end, reason)
        assert outcome.permanent is (end is End.UNRESOLVED and reason in PERMANENT)


def test_every_reason_is_known_as_permanent_or_transient() -> None:
    """The codes of the library's interface: a new one must be put on one side."""
    permanent = {
        "missing_ids", "missing_watched_at", "invalid_watched_at", "missing_scope",
        "whole_show", "invalid_rating",
        "unsupported_type", "unreleased", "undated_removal", "not_found", "episode_not_found",
    }  # fmt: skip
    transient = {
        "not_sent", "rate_limited", "sign_in", "account_limit", "account_locked", "vip_only",
        "ambiguous", "ambiguous_plays", "removal_guard", "state_unwritable",
    }  # fmt: skip

    assert permanent == PERMANENT
    assert set(Reason) == permanent | transient
    assert set(Already) == {"there", "duplicate", "near", "gone", "not_shown", "same_value"}
