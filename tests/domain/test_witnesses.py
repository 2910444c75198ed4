"""What two witnesses tell of a history."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from returns.pipeline import is_successful
from returns.result import Result

from crosswatch_trakt.domain.completeness import CompleteIndex, Witnessed
from crosswatch_trakt.domain.ids import Ids
from crosswatch_trakt.domain.ledger import ByTitle, Minutes, Title, digest, lacking, minutes_by_title
from crosswatch_trakt.domain.media import Media, MediaType
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import Incomplete
from crosswatch_trakt.domain.witnesses import NO_ROWS, Asked, History, Rows, disagreements, hear_both

FILM = Media(MediaType.MOVIE, Ids(trakt=1))
TITLE = Title(MediaType.MOVIE, 1)
SHOWN = Play(FILM, 60, 7)

plays = st.lists(
    st.builds(
        Play,
        st.integers(1, 3).map(lambda trakt: Media(MediaType.MOVIE, Ids(trakt=trakt))),
        st.integers(0, 3).map(lambda minute: 60 * minute),
        st.integers(1, 20),
        st.booleans(),
    ),
    unique_by=lambda play: play.history_id,
)
titles = st.integers(1, 3).map(lambda trakt: Title(MediaType.MOVIE, trakt))
ledgers = st.dictionaries(
    titles,
    st.lists(st.integers(0, 3).map(lambda minute: 60 * minute), min_size=1, max_size=4).map(
        lambda found: tuple(sorted(found))
    ),
)


def heard(
    ledger: ByTitle, rows: Rows, before: Rows = NO_ROWS, *, asked: Asked | None = None, young: Rows = NO_ROWS
) -> Result[History, Incomplete]:
    """What both say, while nothing moved; all titles were asked for again unless told otherwise."""
    asked = Asked(ledger.keys()) if asked is None else asked
    return hear_both(ledger, rows, asked, before=before, young=young, stamps=("stamp", "stamp"))


def by_id(plays: list[Play]) -> dict[int, Play]:
    return {play.history_id or 0: play for play in plays}


def test_where_both_agree_nothing_is_hidden() -> None:
    history = heard({TITLE: (60,)}, {7: SHOWN}, asked=Asked()).unwrap()

    assert history.index == CompleteIndex({7: SHOWN}, Witnessed(1, 0), "stamp")
    assert (history.unshown, history.disagreeing) == ({}, {})


def test_a_play_that_was_shown_before_stays_marked() -> None:
    history = heard({TITLE: (60,)}, {}, {7: SHOWN}).unwrap()

    assert history.index.entries == {7: replace(SHOWN, hidden=True)}
    assert (history.unshown, history.index.hidden) == ({}, 1)
    assert history.disagreeing == {TITLE: (digest((60,)), digest(()))}


def test_a_play_that_the_ledger_no_longer_knows_goes() -> None:
    assert heard({}, {}, {7: replace(SHOWN, hidden=True)}).unwrap().index.entries == {}


def test_a_play_shown_again_loses_its_mark() -> None:
    shown = heard({TITLE: (60,)}, {7: replace(SHOWN, hidden=True)}).unwrap()

    assert shown.index.entries == {7: SHOWN}


def test_a_play_that_was_never_shown_is_named_by_title_and_minute() -> None:
    history = heard({TITLE: (60, 60, 120)}, {7: SHOWN}).unwrap()

    assert history.unshown == {TITLE: (60, 120)}
    assert history.index.hidden == 2


def test_a_row_that_the_ledger_does_not_know_stays_whether_it_came_or_is_young() -> None:
    assert heard({}, {7: SHOWN}).unwrap().index.entries == {7: SHOWN}
    assert heard({}, {}, young={7: SHOWN}).unwrap().index.entries == {7: SHOWN}


@given(ledgers, plays, plays, plays)
def test_every_play_of_either_witness_is_in_the_index_or_named_once(
    ledger: dict[Title, Minutes], rows: list[Play], before: list[Play], young: list[Play]
) -> None:
    shown = by_id([*young, *rows])
    history = heard(ledger, by_id(rows), by_id(before), young=by_id(young)).unwrap()
    entries = history.index.entries
    marked = [play for play in entries.values() if play.hidden]
    came, listed = minutes_by_title(shown.values()), minutes_by_title(entries.values())

    assert shown.keys() <= entries.keys()
    assert {play.history_id for play in marked}.isdisjoint(shown)
    for title, minutes in ledger.items():
        for minute in set(minutes):
            told = [*listed.get(title, ()), *history.unshown.get(title, ())].count(minute)
            assert told == max(minutes.count(minute), came.get(title, ()).count(minute))
    assert history.index.hidden == len(marked) + sum(map(len, history.unshown.values()))
    assert history.disagreeing == disagreements(ledger, minutes_by_title(rows))


@given(ledgers, plays, plays, st.sets(titles), st.sets(titles))
def test_no_index_exists_of_which_a_title_is_short_and_was_not_asked_for_again(
    ledger: dict[Title, Minutes], rows: list[Play], before: list[Play], again: set[Title], known: set[Title]
) -> None:
    """Promise 1: neither rows of before nor a remembered shortfall of another size stand for a look."""
    differ = disagreements(ledger, minutes_by_title(rows))
    remembered = {title: differ.get(title, ("old", "old")) for title in known}
    short = set(lacking(differ, ledger, minutes_by_title(rows)))
    history = heard(ledger, by_id(rows), by_id(before), asked=Asked(again, remembered))

    assert is_successful(history) == (short <= again | known)
    if not is_successful(history):
        first = min(short - again - known)
        lack = history.failure()
        assert lack.endpoint == f"/sync/history/movies/{first.trakt}"
        assert (lack.announced, lack.received) == (
            len(ledger[first]),
            len([p for p in rows if p.media.ids.trakt == first.trakt]),
        )
        assert not lack.moved
    stale = {title: ("another", "size") for title in known}
    assert is_successful(heard(ledger, by_id(rows), asked=Asked(again, stale))) == (short <= again)


def test_a_history_that_moved_while_it_was_read_is_none() -> None:
    moved = hear_both({TITLE: (60,)}, {7: SHOWN}, Asked(), stamps=("before", "after"))

    assert moved.failure() == Incomplete("/sync/history", 1, 1, 1, moved=True)
