"""The faults that a test has scripted for requests to come.

A fault takes the place of the next requests that fit it, once, several times, or until forgiven. What
an answer looks like when it is broken: `broken`.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

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
    reset: bool = False  # with lost: by a reset, as if the far side had died
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
        if self.reset and not self.lost:
            raise ValueError("a reset is a way of being lost")
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


class ConnectionReset(ConnectionCut):
    """Likewise, and abruptly."""


class NoAnswerInTime(ConnectionCut):
    """Likewise, and the client waits for it in vain."""


class ConnectionNotMade(Exception):
    """Nothing reached Trakt."""


Effect = TypeVar("Effect")


@dataclass(slots=True)
class Condition:
    """Which requests are meant, and how many of them.

    Chance is drawn by the seed, the path, the page and how often it was asked for, so it does not depend
    on which of several pages asked for at once comes first.
    """

    method: str | None = None  # None: any
    path_prefix: str = ""
    times: int | None = 1  # None: every one
    after: int = 0  # so many that fit go well first
    share: float = 1.0  # of those that fit
    seed: str = ""
    _asked: Counter[tuple[str, str, str]] = field(default_factory=Counter, repr=False)

    @property
    def spent(self) -> bool:
        """Whether it never hits again."""
        return self.times is not None and self.times <= 0

    def hits(self, method: str, path: str, page: str = "") -> bool:
        """Whether this request is one; it is counted."""
        if self.spent or self.method not in (None, method) or not path.startswith(self.path_prefix):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.share < 1 and self._drawn((method, path, page)) >= self.share:
            return False
        if self.times is not None:
            self.times -= 1
        return True

    def _drawn(self, asked: tuple[str, str, str]) -> float:
        self._asked[asked] += 1
        words = " ".join((self.seed, *asked, str(self._asked[asked])))
        return random.Random(words).random()  # noqa: S311 - repeatable, guards nothing


class Script(Generic[Effect]):
    """What is to come, in the order in which it was given: a fault, a wait."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._added = 0
        self._scripted: list[tuple[Condition, Effect]] = []

    def add(
        self,
        effect: Effect,
        method: str | None,
        path_prefix: str,
        times: int | None,
        after: int,
        share: float,
    ) -> None:
        """Let it happen to so many requests that fit, once `after` others that fit have gone well."""
        self._added += 1
        seed = f"{self._seed} {self._added}"
        self._scripted.append((Condition(method, path_prefix, times, after, share, seed), effect))

    def take(self, method: str, path: str, page: str = "") -> Effect | None:
        """What happens to this request, used up; the first that hits."""
        for scripted in self._scripted:
            condition, effect = scripted
            if condition.hits(method, path, page):
                if condition.spent:
                    self._scripted.remove(scripted)
                return effect
        return None

    def clear(self) -> None:
        """Forget what has not come up yet, and begin anew with chance."""
        self._scripted.clear()
        self._added = 0
