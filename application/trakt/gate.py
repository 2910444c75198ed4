"""One gate per account: every request passes it, whoever sends it.

Two adapters, a web page and a sync of one account share Trakt's quota, so they share the gate; a gate
that was opened before the account was known joins the account's. Other processes are known only by
what the server says: its header, and 429.
"""

import json
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from crosswatch_trakt.application.ports import Clock, Response
from crosswatch_trakt.application.trakt.recent import Recent
from crosswatch_trakt.domain.problems import NotSent, Problem, RateLimited
from crosswatch_trakt.domain.quota import GETS_PERIOD_S, SendLog

SLICE_S = 0.5  # the longest nap: then a caller that gave up is let go
SAID_AGAIN_S = 3.0  # a wait that grew by more is said again
CLOSED_MAX_S = 3600.0  # no longer closure is believed: by then it costs one request to ask again
LIMIT_MAX = 1_000_000  # sends; what is beyond is no limit of Trakt's, and so with the next
PERIOD_MAX_S = 3600


@dataclass(frozen=True, slots=True)
class RateSeen:
    """What the server said last of one limit."""

    limit: int
    period_s: int
    remaining: int
    until: str


@dataclass(frozen=True, slots=True)
class Passing:
    """One request at the gate."""

    request: str
    method: str
    longest_s: float  # of a closure by the server; our own pace is always kept
    on_wait: Callable[[float], None]
    given_up: Callable[[], bool]


class Gate:
    """Lets requests pass at the pace that Trakt grants. Thread-safe."""

    def __init__(self, clock: Clock, gets_per_5_min: int | None, writes_per_s: float | None) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._logs: dict[str, SendLog] = {}
        if gets_per_5_min is not None:
            self._logs["GET"] = SendLog(gets_per_5_min, GETS_PERIOD_S)
        if writes_per_s is not None:
            self._logs["POST"] = SendLog(1, 1 / writes_per_s)
        self._closed_until = -math.inf
        self._closed_by_cdn = False
        self._lanes = 1
        self._lanes_max: int | None = None
        self.seen: dict[str, RateSeen] = {}
        self.recent = Recent(clock)

    def enter(self, passing: "Passing") -> Problem | None:
        """Wait until this request may go, and count it; or say why it does not go."""
        said_until = -math.inf
        while True:
            if passing.given_up():
                return NotSent(passing.request, "given up while waiting")
            with self._lock:
                now = self._clock.monotonic()
                closed_s = self._closed_until - now
                log = self._log(passing.method)
                wait_s = max(closed_s, log.wait_s(now) if log is not None else 0.0)
                if wait_s <= 0:
                    if log is not None:
                        log.sent(now)
                    return None
                by_cdn = self._closed_by_cdn
            if closed_s > passing.longest_s:
                return RateLimited(passing.request, closed_s, by_cdn)
            if now + wait_s > said_until + SAID_AGAIN_S:
                passing.on_wait(wait_s)
                said_until = now + wait_s
            self._clock.sleep(min(wait_s, SLICE_S))

    def hear(self, response: Response, now: datetime) -> None:
        """Take over what `X-Ratelimit` says: limit and period may tighten, `remaining` counts at 0.

        A header whose `until` has gone by comes from a cache and is ignored.
        """
        seen = _parse(response.headers.get("x-ratelimit"))
        if seen is None:
            return
        name, rate = seen
        until_s = _seconds_until(rate.until, now)
        if until_s is not None and until_s <= 0:
            return
        method = "GET" if "GET" in name else "POST"
        with self._lock:
            self.seen[name] = rate
            log = self._logs.get(method)
            if log is None:
                return
            log.tighten(rate.limit, float(rate.period_s))
            if rate.remaining <= 0 and until_s is not None:
                log.close(self._clock.monotonic() + min(until_s, rate.period_s))

    def close(self, seconds: float, *, halve: bool) -> None:
        """Let nothing pass for a while; `halve`: the CDN wants it, and then fewer pages at once."""
        with self._lock:
            until = self._clock.monotonic() + min(seconds, CLOSED_MAX_S)
            if until > self._closed_until:
                self._closed_until, self._closed_by_cdn = until, halve
            if halve:
                self._lanes_max = max(1, self._lanes // 2)

    def lanes(self, wanted: int) -> int:
        """How many pages may be in flight at once, of so many wanted."""
        with self._lock:
            self._lanes = wanted if self._lanes_max is None else min(wanted, self._lanes_max)
            return self._lanes

    def join(self, other: "Gate") -> None:
        """Count what passed another gate of the same account."""
        if other is self:
            return
        first, second = sorted((self, other), key=id)  # in one order, or two that join lock each other out
        with first._lock, second._lock:
            for method, log in other._logs.items():
                mine = self._logs.get(method)
                if mine is not None:
                    mine.join(log)
            if other._closed_until > self._closed_until:
                self._closed_until, self._closed_by_cdn = other._closed_until, other._closed_by_cdn
            maxima = [gate._lanes_max for gate in (self, other) if gate._lanes_max is not None]
            self._lanes_max = min(maxima, default=None)
            self.seen = {**other.seen, **self.seen}

    def used(self, method: str) -> tuple[int, int] | None:
        """Sends counted in the running period, and how many are allowed; None without a gate."""
        with self._lock:
            log = self._log(method)
            return None if log is None else log.used(self._clock.monotonic())

    def _log(self, method: str) -> SendLog | None:
        return self._logs.get("GET" if method == "GET" else "POST")


class Gates:
    """The gates of one process, by account. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gates: dict[str, Gate] = {}

    def of(self, name: str, make: Callable[[], Gate]) -> Gate:
        """The gate of an account, or of a token whose account is not known yet."""
        with self._lock:
            gate = self._gates.get(name)
            if gate is None:
                gate = self._gates[name] = make()
            return gate

    def join(self, gate: Gate, token: str, account: str) -> Gate:
        """The gate of the account, with all that has passed this gate of a token's before."""
        with self._lock:
            known = self._gates.setdefault(account, gate)
            if known is not gate:
                known.join(gate)
            self._gates[token] = known
            return known


def _parse(header: str | None) -> tuple[str, RateSeen] | None:
    """The header's one object; None where it is none, or its numbers cannot be a limit of Trakt's."""
    try:
        said = json.loads(header or "")
        name, until = str(said["name"]), str(said["until"])
        limit, period_s, remaining = (int(said[each]) for each in ("limit", "period", "remaining"))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    if not (0 < limit <= LIMIT_MAX and 0 < period_s <= PERIOD_MAX_S):
        return None
    return name, RateSeen(limit, period_s, remaining, until)


def _seconds_until(text: str, now: datetime) -> float | None:
    try:
        return (datetime.fromisoformat(text) - now).total_seconds()
    except (ValueError, TypeError):
        return None
