"""When the next request may go.

Trakt grants an account 500 GETs in 300 s and one write a second (a maintainer, 2026-09-01); past it
the CDN blocks everything for minutes, sign-in too. So we keep a log of our own sends and wait by it.
What Trakt's header says may tighten the log, never loosen it: its `remaining` jumps about.
"""

import math
from collections import deque

GETS_PERIOD_S = 300.0
CUSHION_S = 1.0  # the server's window need not begin where ours does


class SendLog:
    """The sends of one kind in the last period, in monotonic seconds. Not thread-safe by itself."""

    def __init__(self, sends: int, period_s: float) -> None:
        self._sends = sends
        self._period_s = period_s
        self._log: deque[float] = deque()
        self._closed_until = -math.inf

    def wait_s(self, now: float) -> float:
        """How long the next send has to wait; zero or less: it may go."""
        window = self._period_s + (CUSHION_S if self._period_s > CUSHION_S else 0)
        while self._log and self._log[0] + window <= now:
            self._log.popleft()
        full = len(self._log) >= self._sends
        free_at = self._log[len(self._log) - self._sends] + window if full else -math.inf
        return max(free_at, self._closed_until) - now

    def sent(self, now: float) -> None:
        """Count one send."""
        self._log.append(now)

    def tighten(self, sends: int, period_s: float) -> None:
        """Take over a limit of the server's if it grants less than ours."""
        if sends > 0 and period_s > 0 and sends / period_s < self._sends / self._period_s:
            self._sends, self._period_s = sends, period_s

    def close(self, until: float) -> None:
        """Let nothing go before this time."""
        self._closed_until = max(self._closed_until, until)

    def join(self, other: "SendLog") -> None:
        """Count the sends of another log too: both were one account all along."""
        self._log = deque(sorted([*self._log, *other._log]))
        self._closed_until = max(self._closed_until, other._closed_until)
        self.tighten(other._sends, other._period_s)

    @property
    def used(self) -> int:
        """Sends in the log when last asked to wait."""
        return len(self._log)

    @property
    def allowed(self) -> int:
        """Sends in one period."""
        return self._sends
