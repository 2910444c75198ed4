"""The memory of what was sent."""

from dataclasses import replace

import pytest

from crosswatch_trakt.domain.ids import Ids
from crosswatch_trakt.domain.journal import (
    LAG_S,
    Line,
    LookBack,
    Stage,
    after_reading,
    changed,
    confirm,
    match,
    next_number,
    note_absent,
    surely_not_applied,
    unseen,
)
from crosswatch_trakt.domain.media import Media, MediaType
from crosswatch_trakt.domain.plays import Play

FILM = Media(MediaType.MOVIE, Ids(trakt=1, tmdb=550))
AT = 1_700_000_000.0
OPEN = Line(1, Play(FILM, 60), Stage.MEANT, AT, "stamp", True)
CONFIRMED = confirm(OPEN, AT + 10)
ABSENT = note_absent(OPEN, AT + 20)
CLEAR = LookBack(AT + 20 + LAG_S + 120, "another stamp", False, False, False)


def test_a_line_stays_until_two_readings_saw_it_the_second_one_lag_after_the_confirmation() -> None:
    early, late = AT + 10 + LAG_S - 1, AT + 10 + LAG_S
    once = after_reading(CONFIRMED, shown=True, began_at=AT + 30)
    assert once == replace(CONFIRMED, seen=True)
    assert after_reading(once, shown=True, began_at=early) == once
    assert after_reading(once, shown=True, began_at=late) is None
    assert after_reading(CONFIRMED, shown=True, began_at=late) == replace(CONFIRMED, seen=True)


def test_a_play_that_is_never_shown_keeps_its_line_for_ever() -> None:
    line: Line | None = CONFIRMED
    for day in range(1, 400):
        assert line is not None
        line = after_reading(line, shown=False, began_at=AT + 86_400 * day)
    assert line == note_absent(CONFIRMED, AT + 86_400)


def test_a_play_that_was_seen_and_is_gone_after_the_lag_was_removed_by_someone() -> None:
    seen = replace(CONFIRMED, seen=True)
    within = after_reading(seen, shown=False, began_at=AT + 10 + LAG_S - 1)

    assert within is not None
    assert after_reading(within, shown=False, began_at=AT + 10 + LAG_S) is None


def test_an_open_line_is_confirmed_by_the_reading_that_shows_it_and_dropped_by_none() -> None:
    shown = after_reading(OPEN, shown=True, began_at=AT + 30)

    assert shown == replace(OPEN, stage=Stage.CONFIRMED, confirmed_at=AT + 30, seen=True)
    assert after_reading(OPEN, shown=False, began_at=AT + 9 * LAG_S) == OPEN, "it was read without the lock"


def test_only_the_first_reading_without_a_play_is_noted() -> None:
    assert note_absent(ABSENT, AT + 500) == ABSENT


def test_an_unmoved_old_stamp_proves_after_a_while_that_nothing_was_applied() -> None:
    look = LookBack(AT + 20 + 120, "stamp", None, False, False)

    assert surely_not_applied(ABSENT, look, resend_after_s=120)
    assert not surely_not_applied(OPEN, look, resend_after_s=120)
    assert not surely_not_applied(replace(ABSENT, stamp_is_old=False), look, resend_after_s=120)
    assert not surely_not_applied(ABSENT, replace(look, stamp="moved"), resend_after_s=120)
    assert not surely_not_applied(ABSENT, replace(look, began_at=look.began_at - 1), resend_after_s=120)


def test_one_lag_later_all_witnesses_together_prove_it() -> None:
    assert surely_not_applied(ABSENT, CLEAR, resend_after_s=120)


@pytest.mark.parametrize(
    "look",
    [
        replace(CLEAR, began_at=CLEAR.began_at - 1),
        replace(CLEAR, in_ledger=True),
        replace(CLEAR, in_ledger=None),
        replace(CLEAR, other_new_plays=True),
        replace(CLEAR, announced_more=True),
    ],
)
def test_one_witness_that_leaves_room_is_enough_for_doubt(look: LookBack) -> None:
    assert not surely_not_applied(ABSENT, look, resend_after_s=120)


def test_each_play_shows_one_line_by_any_id() -> None:
    lines = [OPEN, replace(OPEN, number=2), replace(OPEN, number=3, play=Play(FILM, 120))]
    other_spelling = Media(MediaType.MOVIE, Ids(tmdb=550))

    assert match(lines, [Play(other_spelling, 60, 9), Play(FILM, 180, 10)]) == {
        1: Play(other_spelling, 60, 9)
    }
    assert set(match(lines, [Play(FILM, 60, 9), Play(FILM, 60, 10)])) == {1, 2}
    assert match(lines, [Play(FILM, 60)]) == {}


def test_a_removal_is_remembered_for_one_lag_and_tells_nothing_of_a_play_sent_anew() -> None:
    """A list that lags still shows the removed play: it must not confirm the new one."""
    removed = replace(OPEN, stage=Stage.REMOVED)
    anew = replace(OPEN, number=2)

    assert after_reading(removed, shown=True, began_at=AT + LAG_S - 1) == removed
    assert after_reading(removed, shown=False, began_at=AT + LAG_S) is None
    assert match([removed, anew], [Play(FILM, 60, 9)]) == {}
    assert match([anew], [Play(FILM, 60, 9)]) == {2: Play(FILM, 60, 9)}
    assert unseen([removed], []) == []


def test_confirmed_plays_that_no_row_shows_stand_in_the_index() -> None:
    assert unseen([OPEN, replace(CONFIRMED, number=2)], []) == [Play(FILM, 60)]
    assert unseen([replace(CONFIRMED, number=2)], [Play(FILM, 60, 9)]) == []


def test_a_play_that_was_removed_and_added_again_stands_in_the_index_once() -> None:
    removed = replace(CONFIRMED, stage=Stage.REMOVED)
    again = replace(CONFIRMED, number=2)

    assert match([removed, again], [Play(FILM, 60, 9)]) == {}
    assert unseen([removed, again], [Play(FILM, 60, 9)]) == []
    assert unseen([removed, again], []) == [Play(FILM, 60)]


def test_numbers_go_up_and_unchanged_lines_are_not_written_again() -> None:
    assert (next_number({}), next_number({4: OPEN})) == (1, 5)
    assert changed({1: OPEN}, [OPEN, CONFIRMED, replace(OPEN, number=2)]) == [
        CONFIRMED,
        replace(OPEN, number=2),
    ]
