"""How much there is of everything: `/users/me/stats`, a count that does not hang on stamps.

A change that `last_activities` does not show is seen here at the next look. How fresh the counts are is
not documented, so they start a reading and never end one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from returns.result import Failure, Result, Success

from crosswatch_trakt.application.trakt.call import Call, Caller
from crosswatch_trakt.application.trakt.lists import PLAYED_KINDS, TraktLists
from crosswatch_trakt.application.trakt.rows import decode
from crosswatch_trakt.domain.problems import NotThere, Problem, Refused


class _Kind(msgspec.Struct):
    plays: int | None = None


class _Ratings(msgspec.Struct):
    total: int | None = None


class _StatsObject(msgspec.Struct):
    movies: _Kind
    episodes: _Kind
    ratings: _Ratings


@dataclass(frozen=True, slots=True)
class TraktCounts:
    """The counts of one account; where there are no stats to be had, the announced ones."""

    caller: Caller
    lists: TraktLists

    def plays(self) -> Result[Mapping[str, int], Problem]:
        """Plays by kind."""
        counts: Result[Mapping[str, int], Problem] = read_stats(self.caller, "history").map(
            lambda all_counts: {kind: all_counts[kind] for kind in PLAYED_KINDS}
        )
        return counts.lash(lambda problem: self._announced(problem))

    def ratings(self) -> Result[int | None, Problem]:
        """Ratings of all kinds; None where nothing tells."""
        read: Result[int | None, Problem] = read_stats(self.caller, "ratings").map(
            lambda counts: counts["ratings"]
        )
        return read.lash(lambda problem: Success(None) if _none_to_be_had(problem) else Failure(problem))

    def _announced(self, problem: Problem) -> Result[Mapping[str, int], Problem]:
        if not _none_to_be_had(problem):
            return Failure(problem)
        counts: dict[str, int] = {}
        for kind in PLAYED_KINDS:
            first = self.lists.newest_plays(kind)
            if not isinstance(first, Success):
                return Failure(first.failure())
            counts[kind] = first.unwrap().reading.announced or 0
        return Success(counts)


def _none_to_be_had(problem: Problem) -> bool:
    return isinstance(problem, NotThere | Refused)


def read_stats(caller: Caller, feature: str) -> Result[dict[str, int], Problem]:
    """Rows by list: `movies` and `episodes` (plays), `ratings`. One reading serves all for half a minute."""
    recent = caller.gate.recent
    kept = recent.stats()
    if kept is not None:
        return Success(kept)
    writes = recent.writes
    call = Call(feature, "GET", "/users/me/stats")
    read = caller.request_with_retries(call, lambda response: decode(response.body, _StatsObject, call.name))
    return read.map(lambda said: recent.keep_stats(_counts(said), writes))


def _counts(said: _StatsObject) -> dict[str, int]:
    return {
        "movies": said.movies.plays or 0,
        "episodes": said.episodes.plays or 0,
        "ratings": said.ratings.total or 0,
    }
