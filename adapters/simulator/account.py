"""What Trakt keeps of one person, and how it changes.

Each change moves its stamp in `last_activities`. Tests may call these methods to act as another
client of the same account would.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from crosswatch_trakt.adapters.simulator.activities import Activities
from crosswatch_trakt.adapters.simulator.changes import PlayChanges, Plays, RowChanges
from crosswatch_trakt.adapters.simulator.hiding import Hidden, Hideable
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
    place: int = 0  # grows with each rating: the order of those of one second


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
    second_play: Literal["keeps", "drops"] = "keeps"  # what a POST does if watched only once [unsure]
    shows_limits: bool = True  # whether the settings name the limits
    locked: bool = False  # 423 from then on
    deactivated: bool = False  # 423 from then on
    quiet: bool = False  # changes move no stamp; see `quietly`
    access_token: str = ""  # of the first pair; see Simulator.account
    refresh_token: str = ""
    limits: Limits = field(default_factory=Limits)
    plays: PlayLog = field(default_factory=PlayLog, repr=False)
    ratings: dict[Title, Rated] = field(default_factory=dict, repr=False)
    watchlist: dict[Title, Listed] = field(default_factory=dict, repr=False)
    collection: dict[Watchable, Collected] = field(default_factory=dict, repr=False)
    hidden: Hidden = field(default_factory=Hidden, repr=False)
    activities: Activities = field(init=False, repr=False)
    joined_at: int = field(init=False)
    _next_row_id: int = field(default=FIRST_ROW_ID, init=False, repr=False)
    _ratings_made: int = field(default=0, init=False, repr=False)
    _played: PlayChanges = field(default_factory=PlayChanges, init=False, repr=False)
    _rated: RowChanges[Rated] = field(default_factory=RowChanges, init=False, repr=False)
    _listed: RowChanges[Listed] = field(default_factory=RowChanges, init=False, repr=False)

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
        self._played.record(self._second(), play, added=True)
        self._touch(f"{title.kind}s", "watched_at")
        hides = self.hidden.played(title)
        if hides is not None:
            self.hide(hides)
        self.take_off_watchlist(title)
        if isinstance(title, Episode):
            self.take_off_watchlist(title.show)
        return play

    def unwatch(self, plays: Iterable[Play]) -> None:
        """Remove plays."""
        for play in plays:
            self.plays.remove(play)
            self._played.record(self._second(), play, added=False)
            self._touch(f"{play.title.kind}s", "watched_at")

    def plays_at(self, moment: float) -> Plays:
        """The plays as they were at that moment, in epoch seconds; not a copy."""
        return self._played.as_of(self.plays, moment)

    # --- ratings

    def rate(self, title: Title, rating: int, at: Moment = None) -> None:
        """Rate, or rate anew: the row then stands as if it were new."""
        self._rated.record(self._second(), title, self.ratings.pop(title, None))
        self._ratings_made += 1
        self.ratings[title] = Rated(title, rating, self._moment(at), self._ratings_made)
        self._touch(f"{title.kind}s", "rated_at")

    def unrate(self, title: Title) -> bool:
        """Remove a rating; False if there was none."""
        rated = self.ratings.pop(title, None)
        if rated is None:
            return False
        self._rated.record(self._second(), title, rated)
        self._touch(f"{title.kind}s", "rated_at")
        return True

    def ratings_at(self, moment: float) -> Mapping[Title, Rated]:
        """The ratings as they were at that moment."""
        return self._rated.as_of(self.ratings, moment)

    # --- watchlist

    def put_on_watchlist(self, title: Title, at: Moment = None, notes: str | None = None) -> bool:
        """Put a title at the end; False, and nothing done, if it is there."""
        if title in self.watchlist:
            return False
        self.watchlist[title] = Listed(self._next_row_id, title, self._moment(at), notes)
        self._next_row_id += 3
        self._listed.record(self._second(), title, None)
        self._touch_watchlist(title)
        return True

    def take_off_watchlist(self, title: Title) -> bool:
        """Remove a title; False if it was not there."""
        listed = self.watchlist.pop(title, None)
        if listed is None:
            return False
        self._listed.record(self._second(), title, listed)
        self._touch_watchlist(title)
        return True

    def watchlist_at(self, moment: float) -> list[Listed]:
        """The watchlist as it was at that moment, in the order of its ranks."""
        rows = list(self._listed.as_of(self.watchlist, moment).values())
        return sorted(rows, key=lambda row: row.id)  # ids grow, new rows stand last

    # --- hiding and stamps

    def hide(self, title: Hideable) -> None:
        """Let its rows be counted but not sent, those of what is below it too."""
        self.hidden.titles.add(title)
        self._touch(f"{title.kind}s", "hidden_at")

    def unhide(self, title: Hideable) -> bool:
        """Show it again; False if it was not hidden."""
        if title not in self.hidden.titles:
            return False
        self.hidden.titles.discard(title)
        self._touch(f"{title.kind}s", "hidden_at")
        return True

    def hide_when_played(self, title: Hideable) -> None:
        """Hide it as soon as the next play of it arrives: the play lands hidden."""
        self.hidden.when_played.add(title)

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """What changes within it moves no stamp of `last_activities`."""
        before, self.quiet = self.quiet, True
        try:
            yield
        finally:
            self.quiet = before

    def stir(self, category: str, leaf: str) -> None:
        """Move a stamp of `last_activities`, and `all`, although nothing changes."""
        self.activities.touch(self.now(), category, leaf)

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

    def _second(self) -> float:
        return self.clock.now().timestamp()

    def _touch(self, category: str, leaf: str) -> None:
        if not self.quiet:
            self.activities.touch(self.now(), category, leaf)

    def _touch_watchlist(self, title: Title) -> None:
        self._touch(f"{title.kind}s", "watchlisted_at")
        self._touch("watchlist", "updated_at")
