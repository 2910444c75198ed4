"""Trakt's times: how they are written, read, and cut.

Stored as whole epoch seconds, UTC. Written `2026-09-01T10:11:12.000Z`: never a fraction of a second
(recordings of 2014-2026). What cannot be read as a date is taken for *now* (T#310), so `read_moment`
tells only what it could read.
"""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE_S = 60
DAY_S = 86_400


def epoch(moment: datetime) -> int:
    """Whole seconds since 1970; a fraction is cut off."""
    return (moment - EPOCH) // timedelta(seconds=1)


def stamp(second: int) -> str:
    """As Trakt writes a moment in JSON."""
    return f"{(EPOCH + timedelta(seconds=second)).isoformat()[:19]}.000Z"


def day(second: int) -> str:
    """As Trakt writes a release date: `2026-09-01`."""
    return (EPOCH + timedelta(seconds=second)).date().isoformat()


def to_minute(second: int) -> int:
    """Trakt keeps no seconds of a play (T#876, a maintainer)."""
    return second // MINUTE_S * MINUTE_S


def read_moment(value: object) -> int | None:
    """An ISO date or time in epoch seconds; UTC if it names no zone; None if it is none of these."""
    if not isinstance(value, str) or value.strip().isdigit():
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        return epoch(moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None
