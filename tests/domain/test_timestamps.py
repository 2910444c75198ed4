"""Dates: understood to the second, or refused by name."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.pipeline import is_successful
from returns.result import Success

from crosswatch_trakt.domain.timestamps import (
    NoDate,
    Undated,
    from_iso,
    on_the_minute,
    parse_moment,
    parse_watched_at,
    to_iso,
)
from tests.strategies import MOMENT_MAX, anything, moments, offsets, spellings_of_moment

NOT_A_DATE = [
    True,
    False,
    float("nan"),
    float("inf"),
    float("-inf"),
    -1,
    -1.5,
    "-1",
    "+",
    "1e9",
    "0x10",
    "NaN",
    "Infinity",
    10**400,
    -(10**400),
    10**5000,
    1e300,
    1e14,
    10**14,
    "9" * 64,
    "9" * 5000,
    10**11 - 1,
    "yesterday",
    "2021-1-1x",
    "2021-02-30",
    "2021-13-01",
    "2021-00-10",
    "01/02/2021",
    "2021-W01-1",
    "2021-01-01T25:00Z",
    "2021-01-01T24:00:00Z",
    "2021-01-01T00:60Z",
    "2021-01-01T00:00:60Z",
    "2021-01-01T00",
    "2021-01-01T00:00+99:99",
    "2021-01-01T00:00 UTC",
    "0000-01-01",
    "0001-01-01T00:00:00+14:00",
    "1899-12-31T23:59:59Z",
    "2101-01-01",
    "9999-12-31T23:59:59-12:00",
    "now",
    "20210101T000000Z\x00",
    "\uff12\uff10\uff12\uff11-01-01",  # wide digits
    "a" * 2_000_000,
    "\ud800",
    b"2021-01-01",
    [],
    {},
    {"date": 1},
    object(),
    1j,
]


@given(st.data(), moments)
def test_every_spelling_of_a_moment_is_that_moment(data: st.DataObject, moment: int) -> None:
    spelt = data.draw(spellings_of_moment(moment))

    assert parse_moment(spelt) == Success(moment)


@given(moments)
def test_from_a_hundred_thousand_million_on_a_number_is_milliseconds(moment: int) -> None:
    """As seconds it would lie in the year 5138."""
    as_ms = moment * 1000
    expected = moment if as_ms >= 10**11 else as_ms

    assert parse_moment(10**11) == parse_moment("100000000000.0") == Success(10**8)
    assert parse_moment(as_ms).value_or(expected) == expected


@given(st.integers(-2_208_988_800, MOMENT_MAX))
def test_what_is_written_is_read_back(moment: int) -> None:
    text = to_iso(moment)

    assert text.endswith(".000Z")
    assert from_iso(text) == moment
    assert parse_moment(text) == Success(moment)


@given(moments, offsets)
def test_iso_text_of_any_zone_is_its_moment(moment: int, zone: timezone) -> None:
    assert from_iso(datetime.fromtimestamp(moment, zone).isoformat()) == moment
    assert from_iso(datetime.fromtimestamp(moment, UTC).replace(tzinfo=None).isoformat()) == moment


@given(st.dates(date(1901, 1, 1), date(2099, 12, 31)), offsets)
def test_a_date_alone_is_noon_of_that_day_in_the_zone(day: date, zone: timezone) -> None:
    for spelt in (day, day.isoformat(), f" {day.isoformat()}\n"):
        noon = datetime.fromtimestamp(parse_moment(spelt, zone).unwrap(), zone)

        assert noon == datetime(day.year, day.month, day.day, 12, tzinfo=zone)


@given(moments, offsets)
def test_the_zone_is_for_dates_alone(moment: int, zone: timezone) -> None:
    naive = datetime.fromtimestamp(moment, UTC).replace(tzinfo=None)

    for spelt in (moment, naive, naive.isoformat(), f"{naive.isoformat()}Z"):
        assert parse_moment(spelt, zone) == Success(moment)


@pytest.mark.parametrize("value", NOT_A_DATE, ids=lambda value: f"{type(value).__name__}")
def test_what_is_no_date_is_refused(value: object) -> None:
    """Trakt would make `now` of it."""
    for refused in (parse_moment(value), parse_watched_at(value)):
        problem = refused.failure()
        assert not problem.missing
        assert 0 < len(problem.why) < 100


@pytest.mark.parametrize("value", [None, "", " \n"])
def test_nothing_given_is_told_from_given_wrong(value: object) -> None:
    assert parse_moment(value).failure() == NoDate(missing=True, why="no date")
    assert parse_watched_at(value).failure().missing


@given(anything, offsets)
def test_anything_is_a_date_or_refused(value: object, zone: timezone) -> None:
    for found in (parse_moment(value, zone), parse_watched_at(value, zone)):
        assert is_successful(found) or isinstance(found.failure(), NoDate)
    moment = parse_moment(value, zone).value_or(0)
    assert 1899 < (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=moment)).year < 2101


@given(st.data(), moments.filter(lambda moment: moment >= 60))
def test_a_play_stands_on_the_minute(data: st.DataObject, moment: int) -> None:
    """Trakt keeps no seconds: two plays that differ in them alone are one."""
    minute = parse_watched_at(data.draw(spellings_of_moment(moment))).unwrap()

    assert minute == on_the_minute(moment)
    assert isinstance(minute, int)
    assert minute % 60 == 0
    assert 0 <= moment - minute < 60


@pytest.mark.parametrize(
    "value",
    [
        "unknown",
        " UNKNOWN ",
        0,
        0.0,
        -0.0,
        "0",
        "0.0",
        59,
        "1970-01-01T00:00:00.000Z",
        "1970-01-01T01:00+01:00",
    ],
)
def test_unknown_and_epoch_zero_are_the_same(value: object) -> None:
    assert parse_watched_at(value) == Success(Undated.UNKNOWN)


@pytest.mark.parametrize("value", ["released", " Released "])
def test_the_day_of_release_may_stand_for_a_date(value: object) -> None:
    assert parse_watched_at(value) == Success(Undated.RELEASED)


@pytest.mark.parametrize("value", ["unknown", "released"])
def test_the_two_words_are_for_plays_only(value: object) -> None:
    assert not parse_moment(value).failure().missing


@pytest.mark.parametrize("value", ["1969-12-31T23:59:59Z", "1916-01-01", date(1950, 5, 5)])
def test_nothing_was_played_before_1970(value: object) -> None:
    assert is_successful(parse_moment(value))
    assert "1970" in parse_watched_at(value).failure().why


def test_eight_digits_that_look_like_a_day_are_not_guessed() -> None:
    """As an epoch they would be a day of 1970, which nobody means."""
    assert parse_moment("20260131").failure().why.startswith("a day or a second")
    assert parse_moment(20260131) == Success(20260131)
