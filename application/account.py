"""All that can be done with one account: the use cases side by side.

It gives results; those who hold it (the library, the command line, CrossWatch) turn failures into what
their callers expect.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import TypeAlias, get_args

from returns.result import Failure, Result, Success

from crosswatch_trakt.application.features import Feature
from crosswatch_trakt.application.index.history import LOCK, IndexHistory, Plays
from crosswatch_trakt.application.index.lists import RATINGS_FILE, WATCHLIST_FILE, IndexList, Items
from crosswatch_trakt.application.ports import Clock, HistoryStore, StateStore
from crosswatch_trakt.application.trakt.activities import read_activities
from crosswatch_trakt.application.trakt.call import Caller
from crosswatch_trakt.application.trakt.person import Person
from crosswatch_trakt.application.write.episodes import MakeEpisodes
from crosswatch_trakt.application.write.history import AddPlays
from crosswatch_trakt.application.write.lists import WriteList
from crosswatch_trakt.application.write.removal import RemovePlays
from crosswatch_trakt.application.write.report import Report
from crosswatch_trakt.application.write.unresolved import UnresolvedBook
from crosswatch_trakt.domain.items import media_item, parse_media
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import (
    AnswerLost,
    BadInput,
    Blocked,
    NotSent,
    Problem,
    RateLimited,
    Unavailable,
)
from crosswatch_trakt.domain.ratings import Rating
from crosswatch_trakt.domain.timestamps import NoDate, parse_moment
from crosswatch_trakt.domain.unresolved import Operation, Unresolved
from crosswatch_trakt.domain.watchlist import WatchlistEntry

AnyIndex: TypeAlias = Plays | Items
Since: TypeAlias = str | int | float | date | datetime


@dataclass(frozen=True, slots=True)
class Account:
    """The use cases of one account."""

    person: Person
    caller: Caller
    clock: Clock
    zone: tzinfo
    index_watchlist: IndexList[WatchlistEntry]
    index_ratings: IndexList[Rating]
    index_history: IndexHistory
    write_watchlist: WriteList
    write_ratings: WriteList
    add_plays: AddPlays
    remove_plays: RemovePlays
    books: Mapping[Feature, UnresolvedBook]
    episodes: MakeEpisodes
    store: HistoryStore
    state: StateStore

    def index(
        self,
        feature: Feature,
        *,
        since: Since | None = None,
        limit: int | None = None,
        allow_stale: bool = False,
    ) -> Result[AnyIndex, Problem]:
        """The whole feature; `since` and `limit` trim what is given, never what is read."""
        if limit is not None and limit < 0:
            return Failure(BadInput(f"limit is {limit}", "Give a number that is not negative."))
        return self._moment(since).bind(
            lambda moment: (
                self._index(feature)
                .lash(lambda problem: self._stale(feature, problem, allow_stale))
                .map(lambda index: index.trimmed(moment, limit))
            )
        )

    def write(
        self,
        operation: Operation,
        feature: Feature,
        items: Sequence[object],
        *,
        dry_run: bool = False,
        all_plays: bool = False,
        thaw: bool = False,
        meant: bool = False,
        run_id: str | None = None,
    ) -> Result[Report, Problem]:
        """Bring every item to its end. `thaw`: what is frozen is tried too; `meant` lifts guards. That on
        removals counts those of one `run_id` together.
        """
        match feature, operation:
            case "history", "add":
                return self.add_plays(items, dry_run=dry_run, thaw=thaw, meant=meant)
            case "history", "remove":
                return self.remove_plays(
                    items, dry_run=dry_run, all_plays=all_plays, thaw=thaw, meant=meant, run_id=run_id
                )
            case _:
                write = self.write_ratings if feature == "ratings" else self.write_watchlist
                return write(operation, items, dry_run=dry_run, thaw=thaw, meant=meant, run_id=run_id)

    def unresolved(self, feature: Feature) -> Result[Sequence[Unresolved], Problem]:
        """What could not be done, oldest first."""
        return self.books[feature].oldest_first()

    def retry_unresolved(
        self, feature: Feature, keys: Collection[str] | None = None
    ) -> Result[Sequence[Report], Problem]:
        """Try entries again as what they were, a report for each operation that had any."""
        return self.unresolved(feature).bind(lambda entries: self._retry(feature, entries, keys))

    def clear_unresolved(self, feature: Feature, keys: Collection[str] | None = None) -> Result[int, Problem]:
        """Forget entries, all or those of these keys; gives how many."""
        return self.books[feature].clear(keys)

    def activities(self) -> Result[Mapping[str, str], Problem]:
        """What changed last: `movies.watched_at` → ISO date."""
        read = read_activities(self.caller, self.clock, "account")
        return read.map(lambda activities: activities.stamps)

    def aired_episodes(self, show: object) -> Result[Sequence[dict[str, object]], Problem]:
        """The episodes of a show that have been aired, as items, specials left out."""
        now = int(self.clock.now().timestamp())
        match parse_media(show):
            case Failure(refusal):
                return Failure(BadInput(refusal.hint, "Give a show with its ids."))
            case named:
                aired = self.episodes().aired(named.unwrap(), now)
                return aired.map(lambda episodes: [media_item(episode) for episode in episodes])

    def stored_plays(self, minutes: Collection[int]) -> Result[Sequence[Play], Problem]:
        """What is stored of these minutes (epoch seconds); nothing is asked of Trakt."""
        return self.store.plays_at(minutes)

    def forget_indexes(self) -> Result[None, Problem]:
        """Forget what is a copy of Trakt's. The journal and the unresolved are none, and stay. Not amid a
        batch of plays: what is stored tells which of them are there.
        """
        return (
            self.state.locked(LOCK, self.store.clear)
            .bind(lambda _: self.state.delete(WATCHLIST_FILE))
            .bind(lambda _: self.state.delete(RATINGS_FILE))
        )

    def _index(self, feature: Feature) -> Result[AnyIndex, Problem]:
        match feature:
            case "watchlist":
                return self.index_watchlist()
            case "ratings":
                return self.index_ratings()
            case "history":
                return self.index_history()

    def _stored(self, feature: Feature) -> Result[AnyIndex | None, Problem]:
        match feature:
            case "watchlist":
                return self.index_watchlist.stored()
            case "ratings":
                return self.index_ratings.stored()
            case "history":
                return self.index_history.stored()

    def _stale(self, feature: Feature, problem: Problem, allowed: bool) -> Result[AnyIndex, Problem]:
        """The stored index if Trakt cannot be asked and the caller allows it; it says how old it is."""
        asked_in_vain = isinstance(problem, NotSent | AnswerLost | Unavailable | RateLimited | Blocked)
        if not allowed or not asked_in_vain:
            return Failure(problem)
        return self._stored(feature).bind(lambda index: Failure(problem) if index is None else Success(index))

    def _moment(self, since: Since | None) -> Result[int | None, Problem]:
        if since is None:
            return Success(None)
        return parse_moment(since, self.zone).map(_maybe).alt(lambda no: _bad_since(since, no))

    def _retry(
        self, feature: Feature, entries: Sequence[Unresolved], keys: Collection[str] | None
    ) -> Result[Sequence[Report], Problem]:
        reports: list[Report] = []
        for operation in get_args(Operation):
            items = [
                entry.item
                for entry in entries
                if entry.operation == operation and (keys is None or entry.key in keys)
            ]
            if items:
                result = self.write(operation, feature, items, thaw=True)
                if not isinstance(result, Success):
                    return Failure(result.failure())
                reports.append(result.unwrap())
        return Success(reports)


def _maybe(moment: int) -> int | None:
    return moment


def _bad_since(since: Since, no: NoDate) -> Problem:
    return BadInput(f"since is {since!r:.60}: {no.why}", "Give a date like 2026-01-31, or an ISO time.")
