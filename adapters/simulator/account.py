"""What Trakt keeps of one person, and how it changes.

Each change moves its stamp in `last_activities`. Tests may call these methods to act as another
client of the same account would.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from crosswatch_trakt.adapters.simulator.activities import Activities
from crosswatch_trakt.adapters.simulator.plays import Action, Play, PlayLog, Watchable
from crosswatch_trakt.adapters.simulator.stamps import DAY_S, epoch, to_minute
from crosswatch_trakt.adapters.simulator.titles import Episode, JsonObject, Title
from crosswatch_trakt.application.ports import Clock

Moment: TypeAlias = datetime | int | None  # int: epoch seconds; None: now

JOINED_DAYS = 365  # how long ago: so the stamps of an untouched account are old
FIRST_ROW_ID = 751_703_882  # of the watchlist; in the range of rows recorded in 2026


@dataclass(slots=True)
class Limits:
    """How much an account may hold; those of a free one (forum 101592, Feb 2026; T#908)."""

    watchlist: int = 250
    lists: int = 5
    list_items: int = 250
    favorites: int = 100
    ratings: int = 10_000
    plays: int = 100_000
    collection: int = 1_000  # films and episodes together [unsure]


@dataclass(frozen=True, slots=True)
class Rated:
    """A rating."""

    title: Title
    rating: int  # 1 to 10
    at: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of the watchlist; its rank is its place."""

    id: int
    title: Title
    at: int
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class Collected:
    """A film or an episode that the person owns."""

    title: Watchable
    at: int
    updated_at: int
    metadata: JsonObject | None = None


@dataclass(slots=True)
class Account:
    """One person at Trakt."""

    clock: Clock = field(repr=False)
    username: str = "ann"
    uuid: str = "b6589fc6ab0dc82cf12099d1c2d40ab994e8410c"
    trakt: int | None = 7  # `ids.trakt` in the settings may be null
    timezone: str = "Europe/Berlin"
    vip: bool = False
    watch_only_once: bool = False
    shows_limits: bool = True  # whether the settings name the limits
    locked: bool = False  # 423 from then on
    deactivated: bool = False  # 423 from then on
    access_token: str = ""  # of the first pair; see Simulator.account
    refresh_token: str = ""
    limits: Limits = field(default_factory=Limits)
    plays: PlayLog = field(default_factory=PlayLog, repr=False)
    ratings: dict[Title, Rated] = field(default_factory=dict, repr=False)
    watchlist: dict[Title, Listed] = field(default_factory=dict, repr=False)
    collection: dict[Watchable, Collected] = field(default_factory=dict, repr=False)
    activities: Activities = field(init=False, repr=False)
    joined_at: int = field(init=False)
    _next_row_id: int = field(default=FIRST_ROW_ID, init=False, repr=False)

    def __post_init__(self) -> None:
        self.joined_at = self.now() - JOINED_DAYS * DAY_S
        self.activities = Activities(self.joined_at)

    def now(self) -> int:
        """The server's time in whole seconds."""
        return epoch(self.clock.now())

    # --- plays

    def watch(self, title: Watchable, at: Moment = None, action: Action = "watch") -> Play:
        """Add a play, cut to the minute; a film, or the show of an episode, leaves the watchlist [old]."""
        play = self.plays.add(title, to_minute(self._moment(at)), action)
        self._touch(f"{title.kind}s", "watched_at")
        self.take_off_watchlist(title)
        if isinstance(title, Episode):
            self.take_off_watchlist(title.show)
        return play

    def unwatch(self, plays: Iterable[Play]) -> None:
        """Remove plays."""
        for play in plays:
            self.plays.remove(play)
            self._touch(f"{play.title.kind}s", "watched_at")

    # --- ratings

    def rate(self, title: Title, rating: int, at: Moment = None) -> None:
        """Rate, or rate anew: the row then stands as if it were new."""
        self.ratings.pop(title, None)
        self.ratings[title] = Rated(title, rating, self._moment(at))
        self._touch(f"{title.kind}s", "rated_at")

    def unrate(self, title: Title) -> bool:
        """Remove a rating; False if there was none."""
        if self.ratings.pop(title, None) is None:
            return False
        self._touch(f"{title.kind}s", "rated_at")
        return True

    # --- watchlist

    def put_on_watchlist(self, title: Title, at: Moment = None, notes: str | None = None) -> bool:
        """Put a title at the end; False, and nothing done, if it is there."""
        if title in self.watchlist:
            return False
        self.watchlist[title] = Listed(self._next_row_id, title, self._moment(at), notes)
        self._next_row_id += 3
        self._touch_watchlist(title)
        return True

    def take_off_watchlist(self, title: Title) -> bool:
        """Remove a title; False if it was not there."""
        if self.watchlist.pop(title, None) is None:
            return False
        self._touch_watchlist(title)
        return True

    # --- collection

    def collect(self, title: Watchable, at: Moment = None, metadata: JsonObject | None = None) -> None:
        """Put a title into the collection, or write its row anew."""
        self.collection[title] = Collected(title, self._moment(at), self.now(), metadata)
        self._touch(f"{title.kind}s", "collected_at")

    def uncollect(self, title: Watchable) -> bool:
        """Take a title out of the collection; False if it was not in it."""
        if self.collection.pop(title, None) is None:
            return False
        self._touch(f"{title.kind}s", "collected_at")
        return True

    def _moment(self, at: Moment) -> int:
        if at is None:
            return self.now()
        return epoch(at) if isinstance(at, datetime) else at

    def _touch(self, category: str, leaf: str) -> None:
        self.activities.touch(self.now(), category, leaf)

    def _touch_watchlist(self, title: Title) -> None:
        self._touch(f"{title.kind}s", "watchlisted_at")
        self._touch("watchlist", "updated_at")
