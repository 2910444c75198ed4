"""When the next request may go."""

import math
from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st

from crosswatch_trakt.domain.quota import CUSHION_FROM_S, CUSHION_S, GETS_PERIOD_S, SendLog

counts = st.integers(1, 6)
periods = st.sampled_from([1.0, 7.0, 60.0, 300.0])
limits = st.tuples(counts, periods)
pauses = st.lists(st.sampled_from([0.0, 0.4, 1.0, 25.0, 299.0, 700.0]), min_size=1, max_size=40)


def window(period_s: float) -> float:
    return period_s + (CUSHION_S if period_s >= CUSHION_FROM_S else 0)


def send_all(log: SendLog, wanted: list[float]) -> list[float]:
    """Send after each of these pauses, as soon as the log allows; gives the times."""
    now, times = 1000.0, []
    for pause in wanted:
        now += pause
        now += max(0.0, log.wait_s(now))
        assert log.wait_s(now) <= 1e-9
        log.sent(now)
        times.append(now)
    return times


def most_within(times: list[float], period_s: float) -> int:
    return max(sum(first <= each < first + period_s for each in times) for first in times)


@settings(deadline=None)
@given(limits, st.lists(limits, max_size=3), pauses)
def test_no_period_of_any_limit_holds_more_sends_than_it_grants(
    own: tuple[int, float], servers: list[tuple[int, float]], wanted: list[float]
) -> None:
    """Bursts too: 100 in a minute is less than 500 in five, though the pace is the same."""
    log = SendLog(*own)
    for limit in servers:
        log.tighten(*limit)
    times = send_all(log, wanted)

    for sends, period_s in [own, *servers]:
        assert most_within(times, period_s) <= sends


@settings(deadline=None)
@given(limits, st.integers(1, 40))
def test_a_full_queue_goes_as_fast_as_the_quota_lets_it(own: tuple[int, float], requests: int) -> None:
    times = send_all(SendLog(*own), [0.0] * requests)

    assert math.isclose(times[-1] - times[0], (math.ceil(requests / own[0]) - 1) * window(own[1]))


@settings(deadline=None)
@given(
    st.floats(0, 299.99),
    st.lists(st.tuples(st.sampled_from([0.0, 0.1, 30.0]), st.floats(0, 0.99)), min_size=1, max_size=40),
)
def test_a_server_that_counts_in_windows_of_its_own_refuses_nothing(
    phase: float, requests: list[tuple[float, float]]
) -> None:
    """Its windows begin anywhere, and a request is up to a second on its way."""
    times = send_all(SendLog(4, GETS_PERIOD_S), [pause for pause, _ in requests])
    arrived = [at + way for at, (_, way) in zip(times, requests, strict=True)]

    assert max(Counter((at + phase) // GETS_PERIOD_S for at in arrived).values()) <= 4


@settings(deadline=None)
@given(limits, limits, pauses)
@example((500, 300.0), (1000, 300.0), [0.0])
def test_what_the_server_says_never_loosens_the_log(
    own: tuple[int, float], said: tuple[int, float], wanted: list[float]
) -> None:
    alone, told = SendLog(*own), SendLog(*own)
    told.tighten(*said)
    now = 0.0
    for pause in wanted:
        now += pause
        assert told.wait_s(now) >= alone.wait_s(now)
        alone.sent(now)
        told.sent(now)


def test_a_limit_that_is_kept_anyhow_changes_nothing() -> None:
    log = SendLog(500, 300.0)
    for said in ((500, 300.0), (1000, 300.0), (2000, 1200.0), (0, 300.0), (5, 0.0), (-1, -1.0)):
        log.tighten(*said)

    assert log.used(0.0) == (0, 500)
    for _ in range(500):
        assert log.wait_s(0.0) <= 0
        log.sent(0.0)
    assert log.wait_s(0.0) == 301.0


def test_a_smaller_limit_of_the_servers_is_kept_from_then_on() -> None:
    log = SendLog(500, 300.0)
    log.tighten(100, 300.0)
    for _ in range(100):
        log.sent(10.0)

    assert log.wait_s(10.0) == 301.0
    assert log.used(10.0) == (100, 100)
    assert log.used(311.0) == (0, 100)


@settings(deadline=None)
@given(pauses, pauses)
def test_two_logs_that_join_count_as_one(first: list[float], second: list[float]) -> None:
    one, other, both = (SendLog(4, 300.0) for _ in range(3))
    now = 0.0
    for own, others in zip(first, second, strict=False):
        now += own
        one.sent(now)
        both.sent(now)
        now += others
        other.sent(now)
        both.sent(now)
    one.join(other)

    for later in (0.0, 1.0, 100.0, 301.0, 302.0):
        assert one.wait_s(now + later) == both.wait_s(now + later)


def test_a_joined_log_keeps_the_others_limit_and_closure() -> None:
    one, other = SendLog(500, 300.0), SendLog(500, 300.0)
    other.tighten(2, 300.0)
    other.close(50.0)
    one.join(other)

    assert one.wait_s(0.0) == 50.0
    one.sent(50.0)
    one.sent(50.0)
    assert one.wait_s(50.0) == 301.0


def test_a_closed_log_lets_nothing_go_before_its_time_and_no_closure_shortens_another() -> None:
    log = SendLog(500, 300.0)
    log.close(20.0)
    log.close(10.0)

    assert log.wait_s(5.0) == 15.0
    assert log.wait_s(20.0) <= 0


def test_writes_have_no_cushion_since_a_second_is_their_whole_period() -> None:
    assert send_all(SendLog(1, 1.0), [0.0] * 3) == [1000.0, 1001.0, 1002.0]
