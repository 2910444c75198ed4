"""Time: the computer's, and one that tests turn by hand."""

import threading
import time
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)  # of a manual clock; any fixed moment would do


class SystemClock:
    """The computer's clock."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC. May go back, when the computer is set right."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait; returns at once for zero or less."""
        if seconds > 0:
            time.sleep(seconds)


class ManualClock:
    """Stands still until it is advanced; a sleep advances it and takes no time. For any thread."""

    def __init__(self, start: datetime = START) -> None:
        if start.tzinfo is None:
            raise ValueError("the start has no time zone")
        self._start = start.astimezone(UTC)
        self._passed_s = 0.0
        self._slept: list[float] = []
        self._lock = threading.Lock()

    @property
    def slept(self) -> list[float]:
        """Every wait so far in seconds, those of zero or less left out. A copy."""
        with self._lock:
            return list(self._slept)

    def now(self) -> datetime:
        """The start and all that was advanced since."""
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Seconds advanced since the start."""
        with self._lock:
            return self._passed_s

    def sleep(self, seconds: float) -> None:
        """Advance, and remember the wait."""
        if seconds > 0:
            with self._lock:
                self._passed_s += seconds
                self._slept.append(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass without a sleep."""
        if seconds < 0:
            raise ValueError("time does not go back")
        with self._lock:
            self._passed_s += seconds
