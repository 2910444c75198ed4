"""What changed last, and when: `last_activities`.

Its stamps tell of changes, removals too, not of the dates of plays (trakt-api#361).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from returns.result import Failure, Result, Success

from crosswatch_trakt.application.features import Feature
from crosswatch_trakt.application.ports import Clock
from crosswatch_trakt.application.trakt.call import Call, Caller
from crosswatch_trakt.application.trakt.judge import server_time
from crosswatch_trakt.application.trakt.recent import NEEDED, Activities, Stamp
from crosswatch_trakt.application.trakt.rows import decode
from crosswatch_trakt.domain.problems import Problem, UnexpectedAnswer

PATH = "/sync/last_activities"


@dataclass(frozen=True, slots=True)
class TraktStamps:
    """The stamps of one feature, out of the recent reading or a new one."""

    caller: Caller
    clock: Clock

    def stamp(self, feature: Feature, *, fresh: bool = False) -> Result[Stamp, Problem]:
        """What must be equal for the feature to be unchanged."""
        read = read_activities(self.caller, self.clock, feature, fresh=fresh)
        return read.map(lambda activities: activities.stamp(feature))


def read_activities(
    caller: Caller, clock: Clock, feature: str, *, fresh: bool = False
) -> Result[Activities, Problem]:
    """The recent reading, or a new one."""
    recent = caller.gate.recent
    kept = None if fresh else recent.activities()
    if kept is not None:
        return Success(kept)
    start, writes = clock.monotonic(), recent.writes
    call = Call(feature, "GET", PATH)
    read = caller.request_with_retries(
        call,
        lambda response: decode(response.body, dict[str, object], call.name).bind(
            lambda said: _parse(said, start, server_time(response) or clock.now().timestamp())
        ),
    )
    return read.map(lambda activities: recent.keep(activities, writes))


def _parse(said: Mapping[str, object], start: float, at: float) -> Result[Activities, Problem]:
    stamps = {
        f"{group}.{name}": str(at)
        for group, leaves in said.items()
        if isinstance(leaves, Mapping)
        for name, at in leaves.items()
        if at is not None
    }
    for names in NEEDED.values():
        for name in names:
            group, _, leaf = name.partition(".")
            leaves = said.get(group)
            if not isinstance(leaves, Mapping) or leaf not in leaves:
                return Failure(UnexpectedAnswer(f"GET {PATH}", f"{name} is missing"))
    return Success(Activities(stamps, start, at))
