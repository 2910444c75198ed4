"""Another device of the same person, which acts on the account at moments set beforehand."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from crosswatch_trakt.adapters.simulator.account import Account
from crosswatch_trakt.adapters.simulator.late import Agenda


@dataclass(frozen=True, slots=True)
class Device:
    """Its moments count from the time it was made. See `Simulator.device`."""

    account: Account
    made_at: datetime
    agenda: Agenda
    lock: threading.RLock

    def at(self, seconds: float, action: Callable[[Account], object]) -> "Device":
        """Do this so many seconds after the device was made; gives itself, to go on with.

        It happens at the first request after that moment, or by `Simulator.settle`, dated at the moment.
        """
        with self.lock:
            self.agenda.add(self.made_at + timedelta(seconds=seconds), lambda: action(self.account))
        return self
