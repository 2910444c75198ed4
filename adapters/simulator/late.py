"""What happens later: writes that Trakt applies after their answer was lost, and what other devices do.

Nothing runs in the background: what fell due is done at the next request, or by `Simulator.settle`, in
the order of its time and stamped with that time.
"""

import heapq
from collections.abc import Callable
from datetime import datetime

from crosswatch_trakt.adapters.simulator.server_time import ServerTime


class Agenda:
    """What will be done, and when."""

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, int, Callable[[], object]]] = []
        self._added = 0

    def __len__(self) -> int:
        """How much is still to come."""
        return len(self._waiting)

    def add(self, due: datetime, action: Callable[[], object]) -> None:
        """Do this once the clock has reached that moment; of one moment, the first added first."""
        self._added += 1
        heapq.heappush(self._waiting, (due, self._added, action))

    def run(self, time: ServerTime) -> None:
        """Do all that is due, each at its own moment."""
        while self._waiting and self._waiting[0][0] <= time.now():
            due, _, action = heapq.heappop(self._waiting)
            with time.held_at(due):
                action()

    def clear(self) -> None:
        """What is still to come will never happen."""
        self._waiting.clear()
