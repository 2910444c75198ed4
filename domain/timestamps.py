"""Dates, out of the many forms in which services write them.

Trakt turns what it cannot parse, and a play without a date, into *now*: a wrong date that nobody can
find again. So a date is understood here, or refused. Inside, a moment is whole seconds since 1970 in
UTC; plays stand on the minute, since Trakt keeps no seconds of them (trakt-api, 2026).
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum
from typing import TypeAlias

from returns.result import Failure, Result, Success

MINUTE_S = 60
DAY_S = 86_400
MILLISECONDS_FROM = 1e11  # |n| from here on is milliseconds: as seconds it would be the year 5138
YEAR_MIN = 1900  # a collected_at of 1916 exists on the real service
YEAR_MAX = 2100
TEXT_MAX = 64  # no date is longer; a megabyte of text is not searched

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?")
_COMPACT_DATE = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?"
    r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)?"
)


class Undated(Enum):
    """The two words that Trakt takes in place of a date."""

    UNKNOWN = "unknown"  # the play is kept without a date; read back as 1970-01-01
    RELEASED = "released"  # the day the episode was first aired


@dataclass(frozen=True, slots=True)
class NoDate:
    """Why a value is no date. `missing` tells nothing-given from given-wrong."""

    missing: bool
    why: str


WatchedAt: TypeAlias = int | Undated


def parse_watched_at(value: object, zone: tzinfo = UTC) -> Result[WatchedAt, NoDate]:
    """When a play was: epoch seconds on the minute, `unknown` (epoch 0 is the same) or `released`."""
    if isinstance(value, str):
        word = value.strip().lower()
        if word == Undated.UNKNOWN.value:
            return Success(Undated.UNKNOWN)
        if word == Undated.RELEASED.value:
            return Success(Undated.RELEASED)
    return parse_moment(value, zone).bind(_as_minute)


def parse_moment(value: object, zone: tzinfo = UTC) -> Result[int, NoDate]:
    """Epoch seconds out of ISO text, an epoch in seconds or milliseconds, or a datetime.

    A time without offset is UTC. A date alone is noon of that day in `zone`: the middle of the day is
    the same day for almost everyone who reads it.
    """
    match value:
        case None:
            return Failure(NoDate(missing=True, why="no date"))
        case bool():
            return Failure(NoDate(missing=False, why="a truth value is no date"))
        case int() | float():
            return _from_number(value)
        case datetime():
            return _from_datetime(value)
        case date():
            return _from_datetime(datetime.combine(value, time(12), zone))
        case str():
            return _from_text(value.strip(), zone)
        case _:
            return Failure(NoDate(missing=False, why=f"a {type(value).__name__} is no date"))


def to_iso(moment: int) -> str:
    """Epoch seconds as Trakt writes them: `2026-01-02T03:04:05.000Z`."""
    return (_EPOCH + timedelta(seconds=moment)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def from_iso(text: str) -> int:
    """Epoch seconds out of what `to_iso` or Trakt wrote; raises ValueError for anything else."""
    moment = datetime.fromisoformat(text)
    since = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)) - _EPOCH
    return since.days * DAY_S + since.seconds


def on_the_minute(moment: int) -> int:
    """The minute a moment lies in, as Trakt cuts it."""
    return moment - moment % MINUTE_S


def _as_minute(moment: int) -> Result[WatchedAt, NoDate]:
    if moment < 0:
        return Failure(NoDate(missing=False, why="before 1970, where Trakt keeps no plays"))
    minute = on_the_minute(moment)
    return Success(minute if minute else Undated.UNKNOWN)


def _from_number(value: int | float) -> Result[int, NoDate]:
    if value != value:  # NaN alone is not itself
        return Failure(NoDate(missing=False, why="not a number"))
    if value < 0:
        return Failure(NoDate(missing=False, why="a negative number"))
    if value >= MILLISECONDS_FROM * 1000:
        return Failure(NoDate(missing=False, why="too far in the future"))
    seconds = int(value // 1000 if value >= MILLISECONDS_FROM else value)
    return _from_datetime(_EPOCH + timedelta(seconds=seconds))


def _from_text(text: str, zone: tzinfo) -> Result[int, NoDate]:
    if not text:
        return Failure(NoDate(missing=True, why="no date"))
    if len(text) <= TEXT_MAX and text.isascii():
        try:
            if _COMPACT_DATE.fullmatch(text):
                return Failure(NoDate(missing=False, why="a day or a second of 1970? Write 2026-01-31"))
            if _NUMBER.fullmatch(text):
                return _from_number(float(text) if "." in text else int(text))
            if _DATE.fullmatch(text):
                return _from_datetime(datetime.combine(date.fromisoformat(text), time(12), zone))
            if _MOMENT.fullmatch(text.upper()):
                return _from_datetime(datetime.fromisoformat(text.upper().replace(",", ".")))
        except ValueError:  # the 31st of February, a 25th hour
            return Failure(NoDate(missing=False, why="no such day, hour or offset"))
    return Failure(NoDate(missing=False, why="the text is no date"))


def _from_datetime(moment: datetime) -> Result[int, NoDate]:
    try:
        utc = _aware(moment).astimezone(UTC)
    except (OverflowError, ValueError):
        return Failure(NoDate(missing=False, why="out of all calendars"))
    if not YEAR_MIN <= utc.year <= YEAR_MAX:
        return Failure(NoDate(missing=False, why=f"the year {utc.year}"))
    return Success((utc - _EPOCH) // timedelta(seconds=1))


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.utcoffset() is None else moment
