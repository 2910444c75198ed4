"""What one process knows of an account from a moment ago.

It is kept beside the gate, so that calls which open the account anew share it: one reading of
`last_activities` serves all features for half a minute, until a write of ours; and an index that was
proven lately need not be proven again before each small write.
"""

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from crosswatch_trakt.application.features import Feature
from crosswatch_trakt.application.ports import Clock
from crosswatch_trakt.domain.media import Lookup, Media
from crosswatch_trakt.domain.timestamps import from_iso

KEPT_S = 30.0
RUN_PAUSE_S = 60.0

# The stamps that concern a feature; those in the second row may be absent.
NEEDED: Mapping[Feature, tuple[str, ...]] = {
    "watchlist": ("watchlist.updated_at", "movies.watchlisted_at", "shows.watchlisted_at"),
    "ratings": ("movies.rated_at", "shows.rated_at", "seasons.rated_at", "episodes.rated_at"),
    "history": ("movies.watched_at", "episodes.watched_at"),
}
_ALSO: Mapping[Feature, tuple[str, ...]] = {
    "watchlist": ("seasons.watchlisted_at", "episodes.watchlisted_at"),
    "ratings": (),
    "history": ("movies.hidden_at", "shows.hidden_at", "seasons.hidden_at", "shows.dropped_at"),
}


@dataclass(frozen=True, slots=True)
class Stamp:
    """What `last_activities` says of a feature."""

    text: str  # equal text: nothing that shows there has changed
    newest: float  # epoch seconds: the last change
    at: float  # epoch seconds: when it was read; both by the server's clock

    def older_than(self, seconds: float) -> bool:
        """Whether the last change was so long before the reading."""
        return self.newest + seconds <= self.at


@dataclass(frozen=True, slots=True)
class Activities:
    """One reading of `last_activities`: `movies.watched_at` → ISO date."""

    stamps: Mapping[str, str]
    read_at: float  # monotonic seconds, before it was asked for
    at: float  # epoch seconds, by the server's clock

    def stamp(self, feature: Feature) -> Stamp:
        """What must be equal for the feature to be unchanged."""
        stamps = {name: self.stamps.get(name, "") for name in NEEDED[feature] + _ALSO[feature]}
        text = " ".join(f"{name}={stamp}" for name, stamp in stamps.items())
        return Stamp(text, max(map(_moment, stamps.values())), self.at)


@dataclass(frozen=True, slots=True)
class Written:
    """An item of a list that we wrote or took off after the stored list was proven."""

    media: Media
    item: Mapping[str, object] | None  # None: it was taken off
    at: float  # monotonic seconds


class Recent:
    """The last reading of activities, and when each index was last proven. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._writes = 0
        self._activities: Activities | None = None
        self._stats: tuple[float, dict[str, int]] | None = None
        self._proven_at: dict[Feature, float] = {}
        self._written: dict[Feature, Lookup[Written]] = {}
        self._removed: dict[Feature, tuple[str | None, float, int]] = {}  # run, when, how many
        self._collected: dict[str, tuple[float, Lookup[Media]]] = {}

    def activities(self) -> Activities | None:
        """The reading, if it is recent enough."""
        with self._lock:
            kept = self._activities
            fresh = kept is not None and self._clock.monotonic() - kept.read_at < KEPT_S
            return kept if fresh else None

    @property
    def writes(self) -> int:
        """How often we have written. A reading that was asked for before the last write tells of no later."""
        return self._writes

    def keep(self, activities: Activities, asked_after: int) -> Activities:
        """Remember a reading that was asked for after so many writes, unless there was another meanwhile."""
        with self._lock:
            if asked_after == self._writes:
                self._activities = activities
        return activities

    def stats(self) -> dict[str, int] | None:
        """The last reading of the counts, if it is recent enough."""
        with self._lock:
            fresh = self._stats is not None and self._clock.monotonic() - self._stats[0] < KEPT_S
            return self._stats[1] if fresh and self._stats else None

    def keep_stats(self, counts: dict[str, int], asked_after: int) -> dict[str, int]:
        """Remember a reading of the counts, likewise."""
        with self._lock:
            if asked_after == self._writes:
                self._stats = self._clock.monotonic(), counts
        return counts

    def written(self) -> None:
        """A write of ours: what was read before it is no longer what Trakt would say."""
        with self._lock:
            self._writes += 1
            self._activities = self._stats = None

    def proven(self, feature: Feature, started_at: float) -> None:
        """The stored index was shown to be whole by a reading that began then (monotonic)."""
        with self._lock:
            self._proven_at[feature] = max(started_at, self._proven_at.get(feature, started_at))
            written = self._written.pop(feature, None)
            if written is not None:
                since = [write for write in written.values() if write.at >= started_at]
                self._written[feature] = Lookup((write.media, write) for write in since)

    def proven_within(self, feature: Feature, seconds: float) -> bool:
        """Whether the stored index was proven so lately."""
        with self._lock:
            at = self._proven_at.get(feature)
            return at is not None and self._clock.monotonic() - at < seconds

    def doubt(self, feature: Feature) -> None:
        """Something is open: the next write has to prove the index again."""
        with self._lock:
            self._proven_at.pop(feature, None)

    def write(self, feature: Feature, media: Media, item: Mapping[str, object] | None) -> None:
        """Remember what a write of ours made of an item of a list (None: it was taken off)."""
        with self._lock:
            written = self._written.setdefault(feature, Lookup())
            written.add(media, Written(media, item, self._clock.monotonic()))

    def wrote(self, feature: Feature, media: Media) -> Written | None:
        """What our last write since the proof made of this item; None if there was none."""
        with self._lock:
            written = self._written.get(feature)
            found = [] if written is None else written.find(media)
            return found[-1] if found else None

    def removals(self, feature: Feature, run_id: str | None) -> int:
        """How many items this run has removed. Calls that name none are of one run if less than a minute
        lies between them.
        """
        with self._lock:
            run, at, count = self._removed.get(feature, (None, -math.inf, 0))
            lately = run_id is not None or self._clock.monotonic() - at < RUN_PAUSE_S
            return count if run == run_id and lately else 0

    def count_removals(self, feature: Feature, items: int, run_id: str | None) -> None:
        """So many more were removed in this run."""
        count = self.removals(feature, run_id) + items
        with self._lock:
            self._removed[feature] = run_id, self._clock.monotonic(), count

    def keep_collected(self, kind: str, titles: Lookup[Media]) -> Lookup[Media]:
        """Remember what is in the collection."""
        with self._lock:
            self._collected[kind] = self._clock.monotonic(), titles
        return titles

    def collected(self, kind: str, seconds: float) -> Lookup[Media] | None:
        """What is in the collection, if it was read so lately; what we add is added to it."""
        with self._lock:
            at, titles = self._collected.get(kind, (float("-inf"), None))
            return titles if self._clock.monotonic() - at < seconds else None

    def forget_collected(self, kind: str) -> None:
        """Something was taken out, or may have been."""
        with self._lock:
            self._collected.pop(kind, None)


def hiding(text: str) -> str:
    """The part of a stamp of the history that tells of titles hidden or shown again."""
    return " ".join(part for part in text.split(" ") if ".watched_at=" not in part)


def _moment(stamp: str) -> float:
    """When a stamp says something changed; one that cannot be read may be of this moment."""
    try:
        return float(from_iso(stamp)) if stamp else 0.0
    except ValueError:
        return math.inf
