"""The faults that a test has scripted, and what was asked of the simulator.

A fault takes the place of the next requests that fit it. This is the seam for faults: the rules behind
it know nothing of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong. Exactly one of `status`, `lost` and `refused` says how."""

    status: int | None = None  # an answer of this status, with this body and these headers
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    before: bool = True  # instead of obeying; False: after having obeyed
    lost: bool = False  # no answer comes: the connection is cut
    refused: bool = False  # no connection is made: nothing reaches Trakt

    def __post_init__(self) -> None:
        if (self.status is not None) + self.lost + self.refused != 1:
            raise ValueError("a fault is one of: status, lost, refused")
        if self.refused and not self.before:
            raise ValueError("a connection that was never made obeys nothing")


class ConnectionCut(Exception):
    """The answer is lost; what was asked may have been done."""


class ConnectionNotMade(Exception):
    """Nothing reached Trakt."""


@dataclass(slots=True)
class _Scripted:
    fault: Fault
    method: str | None
    path_prefix: str
    times: int
    after: int


class Script:
    """The faults to come, in the order in which they were given."""

    def __init__(self) -> None:
        self._faults: list[_Scripted] = []

    def add(self, fault: Fault, method: str | None, path_prefix: str, times: int, after: int) -> None:
        """Let so many requests that fit fail, once `after` others that fit have gone well."""
        self._faults.append(_Scripted(fault, method, path_prefix, times, after))

    def take(self, method: str, path: str) -> Fault | None:
        """The fault of this request, used up."""
        for scripted in self._faults:
            if scripted.method in (None, method) and path.startswith(scripted.path_prefix):
                if scripted.after > 0:
                    scripted.after -= 1
                    continue
                scripted.times -= 1
                if scripted.times <= 0:
                    self._faults.remove(scripted)
                return scripted.fault
        return None
