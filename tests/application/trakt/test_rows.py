"""Trakt's rows on the wire: what real answers of 2014 to 2026 held, and whatever else may come."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from returns.pipeline import is_successful
from returns.result import Failure

from crosswatch_trakt.application.trakt.rows import (
    HistoryRow,
    MediaRow,
    RatingRow,
    RowReader,
    WatchlistRow,
    decode,
)
from crosswatch_trakt.domain.ids import Ids
from crosswatch_trakt.domain.media import Media, MediaType
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import UnexpectedAnswer
from crosswatch_trakt.domain.ratings import Rating
from crosswatch_trakt.domain.watchlist import WatchlistEntry

Row = TypeVar("Row", bound=MediaRow)
Value = TypeVar("Value")
Object: TypeAlias = dict[str, object]

R = "GET /sync/history/movies"
MOVIE: Object = {
    "title": "The Quiet Harbour",
    "year": 1999,
    "ids": {"trakt": 614, "slug": "the-quiet-harbour-1999", "imdb": "tt0113277", "tmdb": 949},
}
SHOW: Object = {
    "title": "Lanterns of the North",
    "year": 2009,
    "ids": {"trakt": 4, "slug": "lanterns-of-the-north", "tvdb": 84912, "imdb": "tt1266020", "tmdb": 8592},
}
EPISODE: Object = {
    "season": 2,
    "number": 1,
    "title": "The Pier",
    "ids": {"trakt": 251, "tvdb": 797571, "imdb": None, "tmdb": 397629, "tvrage": None},
}
SHOW_IDS = Ids(4, "tt1266020", 8592, 84912, "lanterns-of-the-north")
AT = "2026-05-18T10:59:00.000Z"
AT_S = 1_779_101_940


def encoded(rows: object) -> bytes:
    return json.dumps(rows).encode()


def read(
    rows: object, shape: type[Row], take: Callable[[RowReader, Sequence[Row]], list[Value]]
) -> tuple[list[Value], Counter[str]]:
    reader = RowReader()
    return take(reader, decode(encoded(rows), list[shape], R).unwrap()), reader.set_aside  # type: ignore[valid-type]


def plays(*rows: Object) -> tuple[list[Play], Counter[str]]:
    return read(rows, HistoryRow, RowReader.plays)


def ratings(*rows: Object) -> tuple[list[Rating], Counter[str]]:
    return read(rows, RatingRow, RowReader.ratings)


def entries(*rows: Object) -> tuple[list[WatchlistEntry], Counter[str]]:
    return read(rows, WatchlistRow, RowReader.watchlist)


def played(**fields: object) -> Object:
    return {"id": 12281996156, "watched_at": AT, "action": "watch", "type": "movie", "movie": MOVIE, **fields}


def rated(**fields: object) -> Object:
    return {"rated_at": "2015-01-17T04:35:22.000Z", "rating": 6, "type": "movie", "movie": MOVIE, **fields}


def same_but(of: Object, /, **fields: object) -> Object:
    return {**of, **fields}


# --- what real answers held


def test_a_play_of_a_film() -> None:
    film = Media(
        MediaType.MOVIE, Ids(614, "tt0113277", 949, None, "the-quiet-harbour-1999"), "The Quiet Harbour", 1999
    )

    assert plays(played()) == ([Play(film, AT_S, 12281996156)], Counter())


def test_a_play_of_an_episode_with_the_ids_of_a_service_that_is_gone() -> None:
    """`tvrage` stands in rows of 2014, null or a number."""
    show = same_but(SHOW, ids={**SHOW_IDS_RAW, "tvrage": 21686})
    row = played(type="episode", episode=EPISODE, show=show, action="checkin")
    (play,), _ = plays(row)

    assert play.media.ids == Ids(trakt=251, tmdb=397629, tvdb=797571)
    assert play.media.show_ids.others == {"tvrage": 21686}
    assert (play.media.season, play.media.episode, play.media.title) == (2, 1, "The Pier")
    assert (play.media.series_title, play.media.year) == ("Lanterns of the North", 2009)


SHOW_IDS_RAW: Object = {
    "trakt": 4,
    "slug": "lanterns-of-the-north",
    "tvdb": 84912,
    "imdb": "tt1266020",
    "tmdb": 8592,
}


def test_rows_of_2014_have_neither_type_nor_id_nor_rank() -> None:
    """The kind is the deepest object that is there."""
    season: Object = {"number": 1, "ids": {"trakt": 3993, "tvdb": 27985, "tmdb": 3650, "tvrage": None}}
    base: Object = {"rated_at": "2015-03-11T23:29:35.000Z", "rating": 10}
    values, aside = ratings(
        {**base, "movie": MOVIE},
        {**base, "show": SHOW},
        {**base, "season": season, "show": SHOW},
        {**base, "episode": EPISODE, "show": SHOW},
    )

    assert [value.media.type.value for value in values] == ["movie", "show", "season", "episode"]
    assert [value.media.ids.trakt for value in values] == [614, 4, 3993, 251]
    assert not aside
    listed, _ = entries({"listed_at": "2014-09-01T09:10:11.000Z", "movie": MOVIE})
    assert (listed[0].row_id, listed[0].listed_at, listed[0].media.ids.trakt) == (None, 1_409_562_611, 614)


def test_seconds_of_old_plays_are_cut_to_their_minute_as_trakt_does_now() -> None:
    (play,), _ = plays(played(watched_at="2014-03-31T09:28:53.000Z"))

    assert play.minute == 1_396_258_080


def test_a_season_without_a_trakt_id_is_found_by_its_show_and_number() -> None:
    values, aside = ratings(
        rated(type="season", movie=None, season={"number": 0, "ids": {"trakt": None}}, show=SHOW)
    )

    assert (values[0].media.scope, values[0].media.show_ids.trakt) == ((0, None), 4)
    assert not aside


def test_a_listed_season_has_number_and_ids_only_and_a_plex_object() -> None:
    plex = {"guid": "602e5befd17ae1002dc005dd"}
    row: Object = {
        "rank": 43,
        "id": 371672009,
        "listed_at": "2018-12-29T20:18:20.000Z",
        "notes": None,
        "type": "season",
        "season": {"number": 2, "ids": {"plex": plex, "tmdb": 110805, "tvdb": 771985, "trakt": 161025}},
        "show": same_but(SHOW, aired_episodes=37),
    }
    (entry,), _ = entries(row)

    assert entry.media.ids.others == {"plex": plex}
    assert (entry.media.ids.trakt, entry.media.season, entry.media.episode) == (161025, 2, None)


def test_an_empty_imdb_id_is_none() -> None:
    episode = same_but(EPISODE, ids={"trakt": 430778, "tvdb": 4171788, "imdb": "", "tmdb": 1033747})
    values, _ = ratings(rated(type="episode", movie=None, episode=episode, show=SHOW))

    assert values[0].media.ids == Ids(trakt=430778, tmdb=1033747, tvdb=4171788)


def test_a_title_without_name_or_year_is_a_title() -> None:
    (play,), aside = plays(played(movie=same_but(MOVIE, title=None, year=None)))

    assert (play.media.title, play.media.year, play.media.ids.trakt) == (None, None, 614)
    assert not aside


def test_a_play_without_a_date_stands_at_epoch_0() -> None:
    for watched_at in (None, "1970-01-01T00:00:00.000Z"):
        assert plays(played(watched_at=watched_at))[0][0].minute == 0


def test_a_play_before_1970_stands_at_epoch_0_where_trakt_keeps_what_has_no_date() -> None:
    assert plays(played(watched_at="1916-01-01T00:00:00.000Z"))[0][0].minute == 0


def test_dates_out_of_all_reason_are_dates() -> None:
    values, _ = ratings(rated(rated_at="1916-01-01T00:00:00.000Z"))

    assert values[0].rated_at == -1_704_153_600


def test_fields_that_nobody_asked_for_are_passed_over() -> None:
    values, aside = plays(
        played(my_rating=7, user={"username": "x"}, movie=same_but(MOVIE, votes=5, images={"a": []}))
    )

    assert len(values) == 1
    assert not aside


def test_plays_of_one_title_share_one_object() -> None:
    values, _ = plays(played(id=1), played(id=2, watched_at="2020-01-01T00:00:00.000Z"))

    assert values[0].media is values[1].media


def test_ids_of_a_show_that_stand_beside_an_episode_without_a_number_of_trakts_are_the_shows() -> None:
    """Old rows copy the show's ids; with a number of Trakt's the row knows what it says."""
    copied = same_but(EPISODE, ids={"tmdb": 8592, "tvdb": 5})
    values, _ = ratings(rated(type="episode", movie=None, episode=copied, show=SHOW))

    assert values[0].media.ids == Ids(tvdb=5)


# --- what makes no sense is set aside by name

ALL_NULL: Object = {
    "title": None,
    "year": None,
    "ids": {"trakt": None, "slug": None, "imdb": None, "tmdb": None},
}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"movie": ALL_NULL}, "a row without ids"),
        ({"movie": None}, "a row without ids"),
        ({"movie": {}}, "a row without ids"),
        ({"type": "episode", "episode": ALL_NULL, "show": ALL_NULL}, "a row without ids"),
        ({"type": "person", "person": {"name": "x"}}, "a row of kind 'person'"),
        ({"type": None, "movie": None}, "a row of kind None"),
        ({"type": "show", "show": SHOW}, "a show in the history"),
        ({"watched_at": "yesterday"}, "a play whose date is no date"),
        ({"watched_at": "2026-02-31T00:00:00.000Z"}, "a play whose date is no date"),
    ],
)
def test_a_play_that_makes_no_sense_is_set_aside_and_counted(fields: Object, why: str) -> None:
    values, aside = plays(played(id=1), played(**{"id": 2, **fields}), played(id=3))

    assert [value.history_id for value in values] == [1, 3]
    assert aside == Counter({why: 1})


@pytest.mark.parametrize("value", [0, 11, -1, 7.5, None, 1e300])
def test_a_rating_outside_1_to_10_is_set_aside(value: object) -> None:
    assert ratings(rated(rating=value)) == ([], Counter({"a rating outside 1 to 10": 1}))


@pytest.mark.parametrize("value", [*range(1, 11), 7.0])
def test_a_rating_from_1_to_10_is_one(value: float) -> None:
    assert [rating.value for rating in ratings(rated(rating=value))[0]] == [int(value)]


@pytest.mark.parametrize("odd", ["1999", 1999.0, "MCMXCIX", 1e300, [1999], {"a": 1}, True, -5, 10**30])
def test_a_row_whose_year_or_name_is_odd_is_still_a_row(odd: object) -> None:
    """What is left out of an index is removed elsewhere: set aside is only what names nothing."""
    values, aside = plays(played(movie=same_but(MOVIE, year=odd, title=odd)))

    assert values[0].media.ids.trakt == 614
    assert values[0].media.year in (None, 1999)
    assert not aside


@pytest.mark.parametrize("odd", ["2", 2.0, "two", None, -2, 10**12, [2]])
def test_an_episode_whose_numbers_are_odd_is_still_an_episode(odd: object) -> None:
    episode = same_but(EPISODE, season=odd, number=odd)
    values, aside = plays(played(type="episode", episode=episode, show=SHOW))

    assert values[0].media.ids.trakt == 251
    assert (values[0].media.season, values[0].media.episode) in ((2, 2), (None, None))
    assert not aside


def test_each_row_is_seen_once_by_its_id_also_one_set_aside() -> None:
    """So that the count of rows can be held against the count announced."""
    reader = RowReader()
    rows = [played(id=1), played(id=1), played(id=2, movie=ALL_NULL), played(id=3)]
    reader.plays(decode(encoded(rows), list[HistoryRow], R).unwrap())

    assert reader.seen == {1, 2, 3}


def test_rated_items_have_no_row_id_and_are_seen_by_their_title() -> None:
    reader = RowReader()
    show = rated(type="show", movie=None, show=same_but(SHOW, ids={"trakt": 614}))
    rows = [rated(), rated(rating=7), show]
    reader.ratings(decode(encoded(rows), list[RatingRow], R).unwrap())

    assert reader.seen == {(MediaType.MOVIE, 614), (MediaType.SHOW, 614)}


# --- what is no list of rows is a problem


def without(row: Object, name: str) -> Object:
    return {key: value for key, value in row.items() if key != name}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"null", "another shape"),
        (b"{}", "another shape"),
        (b'{"error":"x"}', "another shape"),
        (b"[1]", "another shape"),
        (b"[null]", "another shape"),
        (b'["a"]', "another shape"),
        (b"[[]]", "another shape"),
        (encoded([without(played(), "watched_at")]), "watched_at"),
        (encoded([without(played(), "id")]), "id"),
        (encoded([played(id=None)]), "another shape"),
        (encoded([played(id="12")]), "another shape"),
        (encoded([played(id=-1)]), "another shape"),
        (encoded([played(id=2**63)]), "another shape"),
        (encoded([played(id=10**40)]), "another shape"),
        (encoded([played(watched_at=5)]), "another shape"),
        (encoded([played(type=5)]), "another shape"),
        (encoded([played()])[:-1], "cut off"),
        (encoded([played()])[:-30], "cut off"),
        (encoded([played()]) + b"x", "cut off"),
        (b"not json", "cut off"),
        (b"\xff\xfe[", "cut off"),
        (encoded([played()]).replace(b"Quiet", b"Qui\xfft"), "cut off"),
        (encoded([played()]).replace(b"Quiet", rb"Qui\q"), "cut off"),
        (b"[" * 200_000, "another shape"),
        (encoded([played()]).replace(b"949", b"9e9e9"), "cut off"),
    ],
)
def test_a_body_of_another_shape_is_a_problem_that_says_how(body: bytes, words: str) -> None:
    problem = decode(body, list[HistoryRow], R).failure()

    assert isinstance(problem, UnexpectedAnswer)
    assert problem.request == R
    assert words in problem.detail


@pytest.mark.parametrize(
    ("row", "shape"),
    [(without(rated(), "rating"), RatingRow), ({"type": "movie", "movie": MOVIE}, WatchlistRow)],
)
def test_what_a_rating_and_a_listed_row_must_have(row: Object, shape: type[MediaRow]) -> None:
    assert isinstance(decode(encoded([row]), list[shape], R).failure(), UnexpectedAnswer)  # type: ignore[valid-type]


def test_a_problem_quotes_nothing_of_the_body() -> None:
    problem = decode(encoded([played(id="hush", watched_at="hush")]), list[HistoryRow], R).failure()

    assert "hush" not in repr(problem)


# --- whatever else may come

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
    | st.sampled_from(["movie", "show", "season", "episode", "person", AT, "", "tt0113277", "0001-01-01"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["ids", "trakt", "imdb", "tmdb", "slug", "plex", "title", "year", "number", "season"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
odd_titles = st.dictionaries(
    st.sampled_from(["ids", "title", "year", "season", "number"]),
    values
    | st.dictionaries(st.sampled_from(["trakt", "imdb", "tmdb", "tvdb", "slug", "x"]), values, max_size=4),
    max_size=5,
)
odd_rows = st.fixed_dictionaries(
    {"id": st.integers(0, 2**63 - 1) | values, "watched_at": st.sampled_from([AT, None]) | values},
    optional={
        "type": st.sampled_from(["movie", "episode", "season", "show", None]) | values,
        "movie": st.just(MOVIE) | odd_titles | values,
        "show": st.just(SHOW) | odd_titles | values,
        "season": odd_titles | values,
        "episode": st.just(EPISODE) | odd_titles | values,
        "rating": st.integers(0, 11) | values,
        "rated_at": st.sampled_from([AT, None]) | values,
        "listed_at": st.sampled_from([AT, None]) | values,
    },
)


@settings(deadline=None)
@given(st.lists(odd_rows, max_size=4))
def test_any_rows_become_values_or_are_counted_or_are_a_problem(rows: list[Object]) -> None:
    body = encoded(rows)
    reader = RowReader()
    read_plays = decode(body, list[HistoryRow], R)
    if is_successful(read_plays):
        made = reader.plays(read_plays.unwrap())
        assert len(made) + reader.set_aside.total() == len(rows)
        assert all(play.minute % 60 == 0 <= play.minute for play in made)
        assert all(play.media.ids or play.media.scope or play.media.title for play in made)
    reader = RowReader()
    read_ratings = decode(body, list[RatingRow], R)
    if is_successful(read_ratings):
        rated_items = reader.ratings(read_ratings.unwrap())
        assert len(rated_items) + reader.set_aside.total() == len(rows)
        assert all(1 <= rating.value <= 10 for rating in rated_items)
    reader = RowReader()
    read_entries = decode(body, list[WatchlistRow], R)
    if is_successful(read_entries):
        assert len(reader.watchlist(read_entries.unwrap())) + reader.set_aside.total() == len(rows)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_rows_or_a_problem(body: bytes) -> None:
    result = decode(body, list[HistoryRow], R)

    assert isinstance(result, Failure) or isinstance(result.unwrap(), list)


whole = encoded([played(id=number, movie=same_but(MOVIE, title='a "b" \\ é')) for number in range(3)])


@settings(deadline=None)
@given(st.integers(0, len(whole) - 1))
def test_a_list_that_was_cut_anywhere_is_never_a_shorter_list(at: int) -> None:
    assert not is_successful(decode(whole[:at], list[HistoryRow], R))


@settings(deadline=None)
@given(st.integers(0, len(whole) - 1), st.integers(0, 255))
def test_a_list_with_a_wrong_byte_is_read_whole_or_is_a_problem(at: int, byte: int) -> None:
    body = whole[:at] + bytes([byte]) + whole[at + 1 :]
    result = decode(body, list[HistoryRow], R)
    if is_successful(result):
        reader = RowReader()
        made = reader.plays(result.unwrap())
        assert len(made) + reader.set_aside.total() == 3


@settings(deadline=None)
@given(st.integers(1, 2000))
def test_a_tower_of_brackets_in_a_title_breaks_nothing(storeys: int) -> None:
    tower = b'{"trakt":1,"plex":' + b"[" * storeys + b"]" * storeys + b"}"
    body = b'[{"id":1,"watched_at":null,"type":"movie","movie":{"ids":' + tower + b"}}]"
    result = decode(body, list[HistoryRow], R)
    if is_successful(result):
        reader = RowReader()
        assert len(reader.plays(result.unwrap())) + reader.set_aside.total() == 1
