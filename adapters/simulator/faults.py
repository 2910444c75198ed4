"""The faults that a test has scripted for requests to come.

A fault takes the place of the next requests that fit it, once, several times, or until forgiven. What
an answer looks like when it is broken: `broken`.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from crosswatch_trakt.adapters.simulator.paging_faults import PagingFaults
from crosswatch_trakt.adapters.simulator.tags import TagRule
from crosswatch_trakt.application.ports import Response


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one request.

    At most one of `status`, `lost`, `timed_out`, `refused` and `alter` says what the client gets; without
    any of them it gets what the rules say. What stands below them goes with each, but for `refused`.
    """

    status: int | None = None  # an answer of this status, with this body and these headers
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)  # names are sent in lower case
    before: bool = True  # status, lost, timed_out: instead of obeying; False: after having obeyed
    lost: bool = False  # no answer comes: the connection is cut
    refused: bool = False  # no connection is made: nothing reaches Trakt
    timed_out: bool = False  # no answer comes within the client's patience, which passes
    alter: Callable[[Response], Response] | None = None  # what becomes of the true answer

    applies: int | None = None  # of a write only the first so many (below 0: all but so many), unsaid
    late_s: float | None = None  # the write is applied so much later: with status, lost or timed_out
    quiet: bool = False  # `last_activities` does not show it
    stale_s: float | None = None  # lists show the state of so many seconds ago, counts too
    paging: PagingFaults | None = None  # in place of the simulator's `paging_faults`
    tags: TagRule | None = None  # in place of the simulator's `tags`

    def __post_init__(self) -> None:
        ends = [self.status is not None, self.lost, self.refused, self.timed_out, self.alter is not None]
        if sum(ends) > 1 or not (any(ends) or self._bends):
            raise ValueError(
                "a fault is one of: status, lost, refused, timed_out, alter; or bends the answer"
            )
        if self.refused and (not self.before or self._bends):
            raise ValueError("a connection that was never made obeys nothing")
        if self.late_s is not None and not (self.status is not None or self.lost or self.timed_out):
            raise ValueError("what is applied late has no true answer: status, lost or timed_out")

    @property
    def obeys(self) -> bool:
        """Whether the request is carried out before it is answered."""
        if self.late_s is not None or self.refused:
            return False
        unanswered = self.status is not None or self.lost or self.timed_out
        return not (unanswered and self.before) or self.applies is not None

    @property
    def _bends(self) -> bool:
        bent = (self.applies, self.late_s, self.stale_s, self.paging, self.tags)
        return self.quiet or any(one is not None for one in bent)


class ConnectionCut(Exception):
    """The answer is lost; what was asked may have been done."""


class NoAnswerInTime(ConnectionCut):
    """Likewise, and the client waits for it in vain."""


class ConnectionNotMade(Exception):
    """Nothing reached Trakt."""


@dataclass(slots=True)
class _Scripted:
    fault: Fault
    method: str | None
    path_prefix: str
    times: int | None
    after: int
    share: float


class Script:
    """The faults to come, in the order in which they were given."""

    def __init__(self, seed: int) -> None:
        self._faults: list[_Scripted] = []
        self._chance = random.Random(seed)  # noqa: S311 - repeatable, guards nothing

    def add(
        self,
        fault: Fault,
        method: str | None,
        path_prefix: str,
        times: int | None,
        after: int,
        share: float,
    ) -> None:
        """Let so many requests that fit fail, once `after` others that fit have gone well."""
        self._faults.append(_Scripted(fault, method, path_prefix, times, after, share))

    def take(self, method: str, path: str) -> Fault | None:
        """The fault of this request, used up."""
        for scripted in self._faults:
            if scripted.method not in (None, method) or not path.startswith(scripted.path_prefix):
                continue
            if scripted.after > 0:
                scripted.after -= 1
                continue
            if scripted.share < 1 and self._chance.random() >= scripted.share:
                continue
            if scripted.times is not None:
                scripted.times -= 1
                if scripted.times <= 0:
                    self._faults.remove(scripted)
            return scripted.fault
        return None

    def clear(self) -> None:
        """Forget those that have not come up yet."""
        self._faults.clear()
