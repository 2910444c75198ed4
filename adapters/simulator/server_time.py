"""The server's time: that of the clock, or a moment already past at which something is being made good.

What falls due between two requests is done at the next one, but stamped with the moment it fell due.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.application.ports import Clock


class ServerTime:
    """A clock that can be held at a past moment, under the simulator's lock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: datetime | None = None

    def now(self) -> datetime:
        """The time of day, in UTC."""
        return self._held or self._clock.now()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._clock.sleep(seconds)

    def spend(self, seconds: float) -> None:
        """Let time pass that a client waits through: a manual clock does not count it as a sleep."""
        if isinstance(self._clock, ManualClock):
            self._clock.advance(seconds)
        else:
            self._clock.sleep(seconds)

    @contextmanager
    def held_at(self, moment: datetime) -> Iterator[None]:
        """Within it that moment is now, or the present one if it lies ahead."""
        before = self._held
        self._held = min(moment, self.now())
        try:
            yield
        finally:
            self._held = before
