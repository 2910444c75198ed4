"""One gate per account: at Trakt's pace, never refused, never slower than the quota needs."""

import json
import math
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosswatch_trakt.adapters.clock import START, ManualClock
from crosswatch_trakt.application.ports import Response
from crosswatch_trakt.application.trakt.call import Call
from crosswatch_trakt.application.trakt.gate import CLOSED_MAX_S, Gate, Gates, Passing
from crosswatch_trakt.domain.problems import NotSent, Problem, RateLimited
from tests.application.trakt.desk import a_trakt, at

LAST = Call("account", "GET", "/sync/last_activities")
WRITE = Call("ratings", "POST", "/sync/ratings", body={})


def passing(
    method: str = "GET",
    *,
    longest_s: float = 300.0,
    waits: list[float] | None = None,
    given_up: Callable[[], bool] = lambda: False,
) -> Passing:
    return Passing("R", method, longest_s, (waits if waits is not None else []).append, given_up)


def enter_all(gate: Gate, requests: int, method: str = "GET") -> list[Problem | None]:
    return [gate.enter(passing(method)) for _ in range(requests)]


def said(
    *,
    limit: object = 500,
    period: object = 300,
    remaining: object = 1,
    until: object = None,
    name: str = "AUTHED_API_GET_LIMIT",
) -> Response:
    until = until or (START + timedelta(seconds=200)).isoformat().replace("+00:00", "Z")
    header = {"name": name, "period": period, "limit": limit, "remaining": remaining, "until": until}
    return Response(200, {"x-ratelimit": json.dumps(header)}, b"")


def taken(gate: Gate, clock: ManualClock, requests: int, method: str = "GET") -> float:
    """Seconds that so many requests take."""
    start = clock.monotonic()
    assert enter_all(gate, requests, method) == [None] * requests
    return clock.monotonic() - start


# --- against a server's window


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0, 299.9),
    st.lists(st.sampled_from([0.0, 0.0, 0.0, 3.0, 250.0]), min_size=1, max_size=60),
)
def test_the_gate_is_never_refused_and_never_slower_than_the_quota_needs(
    phase: float, pauses: list[float]
) -> None:
    """Wherever the server's windows begin, and however the requests come."""
    clock = ManualClock(START + timedelta(seconds=phase))
    trakt = a_trakt(clock, quota=True)
    trakt.quota.gets = 7
    caller = at(trakt, clock, gate=Gate(clock, 7, 1.0))
    for pause in pauses:
        clock.advance(pause)
        caller.ask(LAST).unwrap()

    assert {seen.status for seen in trakt.requests} == {200}
    # Our own log, and what the server says at 0: never longer than to the end of its window.
    waited = clock.monotonic() - sum(pauses)
    assert waited <= (math.ceil(len(pauses) / 7) - 1) * 301 + 300


@settings(deadline=None)
@given(st.integers(1, 60))
def test_bursts_are_allowed_and_a_full_queue_takes_what_the_quota_takes(requests: int) -> None:
    clock = ManualClock()

    assert taken(Gate(clock, 10, 1.0), clock, requests) == pytest.approx((math.ceil(requests / 10) - 1) * 301)


def test_one_write_a_second_passes_and_none_is_refused() -> None:
    clock = ManualClock(START + timedelta(seconds=0.7))
    trakt = a_trakt(clock, quota=True)
    caller = at(trakt, clock, gate=Gate(clock, 500, 1.0))
    for _ in range(20):
        caller.ask(WRITE).unwrap()

    assert {seen.status for seen in trakt.requests} == {201}
    assert clock.monotonic() <= 20.0


def test_reads_and_writes_do_not_wait_for_each_other() -> None:
    clock = ManualClock()
    gate = Gate(clock, 5, 1.0)
    gate.enter(passing("POST"))

    assert taken(gate, clock, 5) == 0.0
    assert taken(gate, clock, 1, "DELETE") == pytest.approx(1.0)


def test_without_limits_in_the_settings_the_gate_has_no_pace_of_its_own() -> None:
    clock = ManualClock()
    gate = Gate(clock, None, None)
    gate.hear(said(limit=1, remaining=0), clock.now())

    assert taken(gate, clock, 2000) == taken(gate, clock, 50, "POST") == 0.0
    assert gate.used("GET") is None


def test_a_header_that_jumps_about_leads_to_no_refusal() -> None:
    clock = ManualClock()
    trakt = a_trakt(clock, quota=True)
    trakt.quota.gets, trakt.quota.erratic = 20, 15
    caller = at(trakt, clock, gate=Gate(clock, 20, 1.0))
    for _ in range(60):
        caller.ask(LAST).unwrap()

    assert {seen.status for seen in trakt.requests} == {200}


def test_two_processes_of_one_account_share_the_quota_by_what_the_server_says() -> None:
    """Neither knows of the other; none of their requests is lost."""
    clock = ManualClock()
    trakt = a_trakt(clock, quota=True)
    trakt.quota.gets = 10
    mine, others = (at(trakt, clock, gate=Gate(clock, 10, 1.0)) for _ in range(2))
    for _ in range(25):
        mine.ask(LAST).unwrap()
        others.ask(LAST).unwrap()
    statuses = [seen.status for seen in trakt.requests]

    assert statuses.count(200) == 50
    assert statuses.count(429) <= 6  # a window's first refusal tells each process


class HeldClock(ManualClock):
    """Time that only the test moves: who sleeps, waits for it."""

    def sleep(self, seconds: float) -> None:
        time.sleep(0.0005)


def test_of_many_threads_no_more_pass_than_the_quota_grants() -> None:
    clock = HeldClock()
    gate = Gate(clock, 50, 1.0)
    done: list[Problem | None] = []
    threads = [
        threading.Thread(target=lambda: done.extend(enter_all(gate, 20)), daemon=True) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for round_ in (1, 2, 3):
        deadline = time.monotonic() + 5
        while gate.used("GET") != (min(50, 120 - 50 * (round_ - 1)), 50) and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(0.005)
        assert gate.used("GET") == (min(50, 120 - 50 * (round_ - 1)), 50)
        clock.advance(301)
    for thread in threads:
        thread.join(5)

    assert done == [None] * 120


# --- what the server says


def test_a_smaller_limit_of_the_servers_tightens_the_gate_and_a_larger_one_does_not_loosen_it() -> None:
    clock = ManualClock()
    gate = Gate(clock, 10, 1.0)
    gate.hear(said(limit=1000), clock.now())
    assert gate.used("GET") == (0, 10)
    gate.hear(said(limit=4), clock.now())
    gate.hear(said(limit=1000), clock.now())

    assert gate.used("GET") == (0, 4)
    assert taken(gate, clock, 5) == pytest.approx(301)


def test_as_many_in_a_shorter_period_tighten_it_too() -> None:
    """100 in a minute is the pace of 500 in five, but a burst of 500 is none of it."""
    clock = ManualClock()
    gate = Gate(clock, 500, 1.0)
    gate.hear(said(limit=100, period=60), clock.now())

    assert taken(gate, clock, 101) == pytest.approx(61)


def test_remaining_counts_at_zero_alone_and_until_the_time_said() -> None:
    clock = ManualClock()
    gate = Gate(clock, 500, 1.0)
    gate.hear(said(remaining=1), clock.now())
    assert taken(gate, clock, 100) == 0.0
    gate.hear(said(remaining=0), clock.now())

    assert taken(gate, clock, 1) == pytest.approx(200)
    assert taken(gate, clock, 1) == 0.0


def test_a_header_out_of_a_cache_is_ignored() -> None:
    clock = ManualClock()
    gate = Gate(clock, 500, 1.0)
    gate.hear(said(limit=1, remaining=0, until="2020-01-01T00:00:00Z"), clock.now())

    assert gate.seen == {}
    assert taken(gate, clock, 100) == 0.0


def test_a_header_about_writes_says_nothing_of_reads() -> None:
    clock = ManualClock()
    gate = Gate(clock, 500, 1.0)
    gate.hear(said(limit=1, period=1, remaining=0, name="AUTHED_API_POST_LIMIT"), clock.now())

    assert taken(gate, clock, 100) == 0.0
    assert list(gate.seen) == ["AUTHED_API_POST_LIMIT"]


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([10**400, -1, 0, 1e300]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
odd_headers = st.fixed_dictionaries(
    {"limit": json_values, "period": json_values, "remaining": json_values, "until": json_values}
).map(lambda fields: json.dumps({"name": "AUTHED_API_GET_LIMIT", **fields}))


@settings(deadline=None)
@given(odd_headers | json_values.map(json.dumps) | st.text(max_size=20) | st.just("[" * 60_000))
def test_no_header_breaks_the_gate_or_shuts_it_for_longer_than_an_hour(header: str) -> None:
    clock = ManualClock()
    gate = Gate(clock, 500, 1.0)
    gate.hear(Response(200, {"x-ratelimit": header}, b""), clock.now())
    gate.enter(passing())
    gate.enter(passing())

    assert clock.monotonic() <= 2 * 3601


# --- closed


def test_a_closed_gate_lets_nothing_pass_neither_reads_nor_writes() -> None:
    clock = ManualClock()
    gate = Gate(clock, 500, 1.0)
    gate.close(120.0, halve=False)

    assert taken(gate, clock, 1, "POST") == pytest.approx(120)
    gate.close(30.0, halve=False)
    assert taken(gate, clock, 1) == pytest.approx(30)


def test_a_later_shorter_closure_does_not_open_it() -> None:
    clock = ManualClock()
    gate = Gate(clock, None, None)
    gate.close(120.0, halve=True)
    gate.close(1.0, halve=False)

    assert taken(gate, clock, 1) == pytest.approx(120)


@pytest.mark.parametrize("by_cdn", [True, False])
def test_a_closure_beyond_the_limit_of_the_settings_is_a_problem_at_once(by_cdn: bool) -> None:
    clock = ManualClock()
    gate = Gate(clock, None, None)
    gate.close(301.0, halve=by_cdn)

    assert gate.enter(passing(longest_s=300.0)) == RateLimited("R", 301.0, by_cdn)
    assert clock.monotonic() == 0


def test_no_closure_is_believed_for_ever() -> None:
    """Retry-After may hold any number; to ask again after an hour costs one request."""
    clock = ManualClock()
    gate = Gate(clock, None, None)
    gate.close(1e9, halve=True)
    clock.advance(CLOSED_MAX_S)

    assert gate.enter(passing()) is None


def test_our_own_pace_is_kept_however_long_it_takes() -> None:
    clock = ManualClock()
    gate = Gate(clock, 1, 1.0)
    gate.enter(passing())

    assert gate.enter(passing(longest_s=0.0)) is None
    assert clock.monotonic() == pytest.approx(301)


def test_a_wait_is_told_once_with_its_length() -> None:
    clock = ManualClock()
    gate = Gate(clock, 1, 1.0)
    gate.enter(passing())
    waits: list[float] = []
    gate.enter(passing(waits=waits))

    assert waits == [301.0]


def test_a_wait_that_grows_is_told_again() -> None:
    """A write that waits for its second must not be silent when the CDN closes the gate meanwhile."""
    clock = ManualClock()
    gate = Gate(clock, None, 1.0)
    gate.enter(passing("POST"))
    waits: list[float] = []

    def told(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 1:
            gate.close(300.0, halve=True)

    assert gate.enter(Passing("R", "POST", 300.0, told, lambda: False)) is None
    assert waits[0] == 1.0
    assert waits[1:] == [pytest.approx(299.5)]


def test_who_gave_up_passes_no_more_even_if_the_gate_is_open() -> None:
    gate = Gate(ManualClock(), 1, 1.0)

    assert gate.enter(passing(given_up=lambda: True)) == NotSent("R", "given up while waiting")
    assert gate.used("GET") == (0, 1)


def test_who_gives_up_while_waiting_is_let_go_within_half_a_second() -> None:
    clock = ManualClock()
    gate = Gate(clock, 1, 1.0)
    gate.enter(passing())
    given_up = passing(given_up=lambda: clock.monotonic() >= 10)

    assert isinstance(gate.enter(given_up), NotSent)
    assert clock.monotonic() <= 10.5


# --- pages in flight


def test_each_complaint_of_the_cdn_halves_the_pages_in_flight_down_to_one() -> None:
    gate = Gate(ManualClock(), None, None)
    lanes = [gate.lanes(8)]
    for _ in range(5):
        gate.close(0.0, halve=True)
        lanes.append(gate.lanes(8))

    assert lanes == [8, 4, 2, 1, 1, 1]
    assert gate.lanes(1) == 1


def test_a_complaint_of_the_app_halves_nothing() -> None:
    gate = Gate(ManualClock(), None, None)
    gate.lanes(4)
    gate.close(0.0, halve=False)

    assert gate.lanes(4) == 4


def test_pages_that_were_in_flight_together_and_all_refused_halve_once() -> None:
    gate = Gate(ManualClock(), None, None)
    gate.lanes(4)
    for _ in range(4):
        gate.close(0.0, halve=True)

    assert gate.lanes(4) == 2


# --- joining


def test_the_log_of_a_tokens_gate_joins_the_accounts() -> None:
    clock, gates = ManualClock(), Gates()

    def make() -> Gate:
        return Gate(clock, 10, 1.0)

    account = gates.join(gates.of("token 1", make), "token 1", "account")
    enter_all(account, 4)
    newcomer = gates.of("token 2", make)
    enter_all(newcomer, 5)
    newcomer.hear(said(name="AUTHED_API_GET_LIMIT", limit=10), clock.now())
    joined = gates.join(newcomer, "token 2", "account")

    assert joined is account
    assert joined.used("GET") == (9, 10)
    assert "AUTHED_API_GET_LIMIT" in joined.seen
    assert gates.of("token 2", make) is gates.of("account", make) is account


def test_a_gate_that_joins_brings_its_closure_and_its_lanes() -> None:
    clock = ManualClock()
    account, newcomer = Gate(clock, None, None), Gate(clock, None, None)
    newcomer.lanes(4)
    newcomer.close(100.0, halve=True)
    account.join(newcomer)

    assert account.lanes(4) == 2
    assert account.enter(passing(longest_s=99.0)) == RateLimited("R", 100.0, by_cdn=True)


def test_a_gate_that_joins_itself_is_as_it_was() -> None:
    gate = Gate(ManualClock(), 10, 1.0)
    enter_all(gate, 3)
    gate.join(gate)

    assert gate.used("GET") == (3, 10)


def test_two_gates_may_join_each_other_at_once() -> None:
    clock = ManualClock()
    one, other = Gate(clock, 1000, 1.0), Gate(clock, 1000, 1.0)

    def work(gate: Gate, joining: Gate) -> None:
        for _ in range(8):
            gate.enter(passing())
            gate.join(joining)

    threads = [threading.Thread(target=work, args=pair, daemon=True) for pair in ((one, other), (other, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)

    assert not any(thread.is_alive() for thread in threads)


def test_gates_of_two_accounts_know_nothing_of_each_other() -> None:
    clock, gates = ManualClock(), Gates()
    enter_all(gates.of("ann", lambda: Gate(clock, 3, 1.0)), 3)

    assert taken(gates.of("ben", lambda: Gate(clock, 3, 1.0)), clock, 3) == 0.0


def test_the_time_said_may_be_in_any_zone() -> None:
    clock = ManualClock()
    gate = Gate(clock, 500, 1.0)
    later = datetime(2026, 1, 15, 13, 1, tzinfo=UTC) + timedelta(hours=1)
    gate.hear(said(remaining=0, until=later.isoformat().replace("+00:00", "+02:00")), clock.now())

    assert taken(gate, clock, 1) == pytest.approx(60)
