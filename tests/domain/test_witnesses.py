"""What two witnesses tell of a history."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from crosswatch_trakt.domain.ids import Ids
from crosswatch_trakt.domain.ledger import Minutes, Title, digest, minutes_by_title
from crosswatch_trakt.domain.media import Media, MediaType
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.witnesses import disagreements, hear_both

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
ledgers = st.dictionaries(
    st.integers(1, 3).map(lambda trakt: Title(MediaType.MOVIE, trakt)),
    st.lists(st.integers(0, 3).map(lambda minute: 60 * minute), min_size=1, max_size=4).map(
        lambda found: tuple(sorted(found))
    ),
)


def test_where_both_agree_nothing_is_hidden() -> None:
    heard = hear_both({TITLE: (60,)}, {7: SHOWN}, {})

    assert (heard.plays, heard.hidden, heard.disagreeing) == ({7: SHOWN}, {}, {})


def test_a_play_that_was_shown_before_stays_marked() -> None:
    heard = hear_both({TITLE: (60,)}, {}, {7: SHOWN})

    assert heard.plays == {7: replace(SHOWN, hidden=True)}
    assert heard.hidden == {}
    assert heard.disagreeing == {TITLE: (digest((60,)), digest(()))}


def test_a_play_that_the_ledger_no_longer_knows_goes() -> None:
    assert hear_both({}, {}, {7: replace(SHOWN, hidden=True)}).plays == {}


def test_a_play_shown_again_loses_its_mark() -> None:
    assert hear_both({TITLE: (60,)}, {7: replace(SHOWN, hidden=True)}, {}).plays == {7: SHOWN}


def test_a_play_that_was_never_shown_is_named_by_title_and_minute() -> None:
    heard = hear_both({TITLE: (60, 60, 120)}, {7: SHOWN}, {})

    assert heard.hidden == {TITLE: (60, 120)}


def test_a_row_that_the_ledger_does_not_know_stays() -> None:
    assert hear_both({}, {7: SHOWN}, {}).plays == {7: SHOWN}


@given(ledgers, plays, plays)
def test_every_play_of_either_witness_is_in_the_index_or_named_once(
    ledger: dict[Title, Minutes], rows: list[Play], before: list[Play]
) -> None:
    shown = {play.history_id or 0: play for play in rows}
    heard = hear_both(ledger, shown, {play.history_id or 0: play for play in before})
    marked = [play for play in heard.plays.values() if play.hidden]

    assert shown.keys() <= heard.plays.keys()
    assert {play.history_id for play in marked}.isdisjoint(shown)
    for title, minutes in ledger.items():
        listed = minutes_by_title(heard.plays.values()).get(title, ())
        for minute in set(minutes):
            told = listed.count(minute) + heard.hidden.get(title, ()).count(minute)
            assert told == max(minutes.count(minute), minutes_by_title(rows).get(title, ()).count(minute))
    assert heard.disagreeing == disagreements(ledger, rows)
