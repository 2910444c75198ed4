"""When the next request may go.

Trakt grants an account 500 GETs in 300 s and one write a second (a maintainer, 2026-09-01); past it
the CDN blocks everything for minutes, sign-in too. So we keep a log of our own sends and wait by it.
What Trakt's header says may tighten the log, never loosen it: its `remaining` jumps about.
"""

import math
from collections import deque
from typing import TypeAlias

GETS_PERIOD_S = 300.0
CUSHION_S = 1.0  # a request may be so much longer on its way than the one it is counted against
CUSHION_FROM_S = 60.0  # shorter periods have none: it would cost more than a refusal does

Limit: TypeAlias = tuple[int, float]  # sends, and the seconds of their period


class SendLog:
    """The sends of one kind in the last period, in monotonic seconds. Not thread-safe by itself."""

    def __init__(self, sends: int, period_s: float) -> None:
        self._limits: list[Limit] = [(sends, period_s)]  # all of them hold; the first is ours
        self._log: deque[float] = deque()
        self._closed_until = -math.inf

    def wait_s(self, now: float) -> float:
        """How long the next send has to wait; zero or less: it may go."""
        longest = max(_window(period_s) for _, period_s in self._limits)
        while self._log and self._log[0] + longest <= now:
            self._log.popleft()
        return max(self._closed_until, *(self._free_at(limit) for limit in self._limits)) - now

    def sent(self, now: float) -> None:
        """Count one send."""
        self._log.append(now)

    def tighten(self, sends: int, period_s: float) -> None:
        """Keep to a limit of the server's too, if it grants less than ours: in the long run or at once."""
        new = (sends, period_s)
        if sends > 0 and period_s > 0 and not any(_implies(old, new) for old in self._limits):
            own, *others = self._limits
            self._limits = [own, *(old for old in others if not _implies(new, old)), new]

    def close(self, until: float) -> None:
        """Let nothing go before this time."""
        self._closed_until = max(self._closed_until, until)

    def join(self, other: "SendLog") -> None:
        """Count the sends of another log too: both were one account all along."""
        self._log = deque(sorted([*self._log, *other._log]))
        self._closed_until = max(self._closed_until, other._closed_until)
        for limit in other._limits:
            self.tighten(*limit)

    def used(self, now: float) -> tuple[int, int]:
        """Sends counted in the running period, and how many are allowed, by the limit that grants least."""
        sends, period_s = min(self._limits, key=lambda limit: limit[0] / limit[1])
        return sum(at + _window(period_s) > now for at in self._log), sends

    def _free_at(self, limit: Limit) -> float:
        """When this limit lets the next one go."""
        sends, period_s = limit
        return self._log[-sends] + _window(period_s) if len(self._log) >= sends else -math.inf


def _window(period_s: float) -> float:
    return period_s + (CUSHION_S if period_s >= CUSHION_FROM_S else 0)


def _implies(first: Limit, second: Limit) -> bool:
    """Whether whoever keeps to the first keeps to the second too."""
    return first[0] * math.ceil(second[1] / first[1]) <= second[0]
