"""The second witness, compared with the first."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from crosswatch_trakt.domain.ids import Ids
from crosswatch_trakt.domain.ledger import (
    NO_MINUTES,
    Minutes,
    Title,
    Window,
    differing,
    digest,
    holder,
    lacking,
    minutes_between,
    minutes_by_title,
    only_in,
    plan_rereading,
    plan_windows,
    title_of,
)
from crosswatch_trakt.domain.media import Media, MediaType
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.timestamps import MINUTE_S

FILM = Media(MediaType.MOVIE, Ids(trakt=1))
EPISODE = Media(MediaType.EPISODE, Ids(trakt=1))
A, B, E = Title(MediaType.MOVIE, 1), Title(MediaType.MOVIE, 2), Title(MediaType.EPISODE, 1)

minutes = st.lists(st.integers(0, 40).map(lambda minute: minute * MINUTE_S), max_size=6).map(
    lambda found: tuple(sorted(found))
)
titles = st.builds(Title, st.sampled_from([MediaType.MOVIE, MediaType.EPISODE]), st.integers(1, 6))
ledgers = st.dictionaries(titles, minutes.filter(bool), max_size=8)


def test_plays_are_sorted_by_title_and_repeats_are_kept() -> None:
    plays = [Play(FILM, 120, 1), Play(FILM, 60, 2), Play(FILM, 60, 3), Play(EPISODE, 0, 4)]

    assert minutes_by_title([*plays, Play(Media(MediaType.MOVIE), 60, 5)]) == {A: (60, 60, 120), E: (0,)}
    assert title_of(Play(Media(MediaType.MOVIE, Ids(tmdb=1)), 60)) is None


def test_two_plays_of_one_minute_are_two() -> None:
    assert differing({A: (60, 60)}, {A: (60,)}) == [A]
    assert minutes_between((60, 60, 120), (60, 120)) == [60]
    assert only_in((60, 60), (60,)) == [60]
    assert digest((60, 60)) != digest((60,))


def test_a_film_and_an_episode_of_one_number_are_two_titles() -> None:
    assert differing({A: (60,)}, {E: (60,)}) == sorted([A, E])


@given(minutes, minutes)
def test_what_only_one_has_is_the_difference_of_multisets(first: Minutes, second: Minutes) -> None:
    assert Counter(only_in(first, second)) == Counter(first) - Counter(second)
    assert set(minutes_between(first, second)) == {*only_in(first, second), *only_in(second, first)}
    assert (digest(first) == digest(second)) == (first == second)


@given(ledgers, ledgers, st.integers(1, 12))
def test_every_differing_minute_is_read_again_and_no_window_is_over_a_page(
    ledger: dict[Title, Minutes], listed: dict[Title, Minutes], page_rows: int
) -> None:
    wanted = differing(ledger, listed)
    plan = plan_rereading(wanted, ledger, listed, page_rows=page_rows)

    for title in wanted:
        between = minutes_between(ledger.get(title, NO_MINUTES), listed.get(title, NO_MINUTES))
        assert title in plan.titles or all(_covered(plan.windows, title, minute) for minute in between)
    assert plan.pages <= len(wanted)
    for window in plan.windows:
        if window.first != window.last:
            assert _rows(window, ledger, listed) <= page_rows


@given(ledgers, ledgers, st.integers(1, 12))
def test_all_windows_together_hold_what_any_of_them_holds(
    ledger: dict[Title, Minutes], listed: dict[Title, Minutes], page_rows: int
) -> None:
    windows = plan_windows(differing(ledger, listed), ledger, listed, page_rows=page_rows)
    held = holder(windows)
    for media in (FILM, EPISODE):
        for minute in range(0, 42 * MINUTE_S, MINUTE_S):
            play = Play(media, minute, 1)
            assert held(play) == any(window.holds(play) for window in windows)


def test_a_minute_more_is_counted_at_each_end_of_a_window() -> None:
    """A reader asks for so much, and what does not fit on one page may be lost on the next."""
    ledger = {A: (60, 120, 180, 240)}

    assert plan_windows([A], ledger, {A: (60, 240)}, page_rows=4) == [Window(MediaType.MOVIE, 120, 180)]
    assert plan_windows([A], ledger, {A: (60, 240)}, page_rows=3) == [
        Window(MediaType.MOVIE, 120, 120),
        Window(MediaType.MOVIE, 180, 180),
    ]


def test_titles_are_read_by_dates_where_that_costs_fewer_requests() -> None:
    near = {Title(MediaType.MOVIE, number): (60 * number,) for number in range(1, 9)}
    far = {A: (60,), B: (10_000_000,)}

    assert plan_rereading(list(near), near, {}, page_rows=250).windows == [Window(MediaType.MOVIE, 60, 480)]
    assert plan_rereading([A], far, {}, page_rows=250).titles == [A]


def test_dates_far_apart_are_read_by_title() -> None:
    other = Title(MediaType.MOVIE, 3)
    between = tuple(range(120, 60_000, 60))
    ledger = {A: (60,), B: (10_000_000,), other: between}

    assert plan_rereading([A, B], ledger, {other: between}, page_rows=250).titles == [A, B]


def test_only_what_the_ledger_has_more_is_lacking() -> None:
    assert lacking([A, B, E], {A: (60, 120), B: (60,)}, {A: (60,), B: (60, 60), E: (0,)}) == [A]


def _covered(windows: object, title: Title, minute: int) -> bool:
    assert isinstance(windows, list)
    return any(w.type is title.type and w.first <= minute <= w.last for w in windows)


def _rows(window: Window, ledger: dict[Title, Minutes], listed: dict[Title, Minutes]) -> int:
    count = 0
    for title in ledger.keys() | listed.keys():
        if title.type is window.type:
            both = Counter(ledger.get(title, NO_MINUTES)) | Counter(listed.get(title, NO_MINUTES))
            count += sum(
                times
                for minute, times in both.items()
                if window.first - MINUTE_S <= minute <= window.last + MINUTE_S
            )
    return count
