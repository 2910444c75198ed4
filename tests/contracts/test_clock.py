"""What every clock does."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest

from crosswatch_trakt.adapters.clock import ManualClock, SystemClock
from crosswatch_trakt.application.ports import Clock

CLOCKS: list[Callable[[], Clock]] = [SystemClock, ManualClock]

clocks = pytest.mark.parametrize("make", CLOCKS)


@clocks
def test_the_time_of_day_is_aware_and_in_utc(make: Callable[[], Clock]) -> None:
    assert make().now().utcoffset() == timedelta(0)


@clocks
def test_a_sleep_takes_at_least_its_time_on_both_hands(make: Callable[[], Clock]) -> None:
    clock = make()
    day, seconds = clock.now(), clock.monotonic()
    clock.sleep(0.02)

    assert clock.monotonic() - seconds >= 0.02
    assert clock.now() - day >= timedelta(seconds=0.015)  # the time of day may be set meanwhile


@clocks
@pytest.mark.parametrize("seconds", [0, -1, -1e9])
def test_no_sleep_is_no_time(make: Callable[[], Clock], seconds: float) -> None:
    clock = make()
    before, really = clock.monotonic(), time.monotonic()
    clock.sleep(seconds)

    assert clock.monotonic() - before < 5
    assert time.monotonic() - really < 5


@clocks
def test_monotonic_never_goes_back(make: Callable[[], Clock]) -> None:
    clock = make()
    seen = [clock.monotonic() for _ in range(1000)]

    assert seen == sorted(seen)


def test_a_manual_clock_stands_still_until_it_is_advanced() -> None:
    clock = ManualClock(datetime(2026, 7, 1, tzinfo=UTC))
    time.sleep(0.01)
    assert clock.now() == datetime(2026, 7, 1, tzinfo=UTC)
    assert clock.monotonic() == 0

    clock.advance(90)
    assert clock.now() == datetime(2026, 7, 1, 0, 1, 30, tzinfo=UTC)
    assert clock.monotonic() == 90


def test_a_manual_sleep_takes_no_real_time_and_is_remembered() -> None:
    clock = ManualClock()
    before = time.monotonic()
    clock.sleep(3600)
    clock.sleep(0)
    clock.sleep(1.5)

    assert clock.slept == [3600, 1.5]
    assert clock.monotonic() == 3601.5
    assert time.monotonic() - before < 5


def test_a_manual_clock_loses_no_sleep_of_any_thread() -> None:
    clock = ManualClock()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: clock.sleep(1), range(800)))

    assert clock.monotonic() == 800
    assert len(clock.slept) == 800


def test_a_manual_clock_starts_in_any_zone_and_tells_utc() -> None:
    berlin = timezone(timedelta(hours=2))

    assert ManualClock(datetime(2026, 7, 1, 12, tzinfo=berlin)).now() == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert ManualClock(datetime(2026, 7, 1, 12, tzinfo=berlin)).now().tzinfo is UTC


def test_time_without_a_zone_and_time_backwards_are_mistakes() -> None:
    with pytest.raises(ValueError, match="zone"):
        ManualClock(datetime(2026, 7, 1))  # noqa: DTZ001  # the mistake itself
    with pytest.raises(ValueError, match="back"):
        ManualClock().advance(-1)
