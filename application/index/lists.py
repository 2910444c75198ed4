"""The two indexes that are kept as one document: watchlist and ratings.

Unchanged stamps mean that nothing is fetched. The watchlist is asked for by its tags besides, unless
the user wants no verification: a 304 costs Trakt little and is served from what is stored.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar

import msgspec
from returns.result import Result, Success

from crosswatch_trakt.application.documents import StoredList, read_document, write_document
from crosswatch_trakt.application.features import Feature
from crosswatch_trakt.application.index.index import Index
from crosswatch_trakt.application.index.proving import Endpoint, Proven, Stamps, read_proven
from crosswatch_trakt.application.ports import Clock, Note, Progress, StateStore
from crosswatch_trakt.application.settings import Verify
from crosswatch_trakt.application.trakt.lists import RATED_KINDS, Counting, Listed, RatedKind
from crosswatch_trakt.application.trakt.recent import Recent, Stamp
from crosswatch_trakt.application.trakt.rows import WITHOUT_IDS
from crosswatch_trakt.domain.completeness import keep_unshown
from crosswatch_trakt.domain.items import parse_media, rating_item, watchlist_item
from crosswatch_trakt.domain.journal import LAG_S
from crosswatch_trakt.domain.keys import CanonicalKey
from crosswatch_trakt.domain.problems import Problem
from crosswatch_trakt.domain.ratings import Rating, key_ratings
from crosswatch_trakt.domain.timestamps import from_iso
from crosswatch_trakt.domain.watchlist import WatchlistEntry, key_watchlist

Entry = TypeVar("Entry")
Items = Index[dict[str, object]]

WATCHLIST_FILE = "trakt_watchlist.shadow.json"
VERIFIED_HOURLY_S = 3600.0
RATINGS_FILE = "trakt_ratings.index.json"


class ListSource(Protocol[Entry]):
    """Where the entries of one feature come from, and how they look as items."""

    @property
    def feature(self) -> Feature:
        """Which list it is."""
        ...

    @property
    def file(self) -> str:
        """The document it is kept in."""
        ...

    @property
    def date_field(self) -> str:
        """The field of an item that `since` goes by."""
        ...

    def endpoints(self, counting: Counting) -> Sequence[Endpoint[Entry]]:
        """What has to be read for the whole."""
        ...

    def expected(self, items: Mapping[str, Mapping[str, object]]) -> Sequence[bool]:
        """For each endpoint whether it had rows when these items were read."""
        ...

    def keyed(self, entries: Iterable[Entry]) -> Mapping[CanonicalKey, Entry]:
        """Each entry once, under its key."""
        ...

    def item(self, entry: Entry) -> dict[str, object]:
        """An entry as an item dictionary."""
        ...

    def unchanged(self, stored: StoredList, *, moved: bool, age_s: float) -> Result[bool, Problem]:
        """Whether what is stored is still what Trakt has; `moved`: its stamps differ."""
        ...

    def count(self) -> Result[int | None, Problem]:
        """How much there is, by a count that does not hang on stamps; None if there is none."""
        ...


@dataclass(frozen=True, slots=True)
class IndexList(Generic[Entry]):
    """The index of a watchlist or of ratings: as stored if unchanged, else read anew and stored."""

    source: ListSource[Entry]
    stamps: Stamps
    state: StateStore
    recent: Recent
    clock: Clock
    progress: Progress

    def __call__(self) -> Result[Items, Problem]:
        """Today's index, proven whole."""
        started_at, now = self.clock.monotonic(), self.clock.now()
        return (
            self._document()
            .bind(lambda stored: self._still(stored).bind(lambda same: self._index(stored, same, now)))
            .map(lambda index: self._proven(index, started_at))
        )

    def stored(self) -> Result[Items | None, Problem]:
        """The index as last stored, however old."""
        return self._document().map(self._old)

    def _document(self) -> Result[StoredList | None, Problem]:
        source = self.source
        return read_document(self.state, source.file, StoredList, source.feature, self.progress)

    def _still(self, stored: StoredList | None) -> Result[bool, Problem]:
        if stored is None:
            return Success(False)
        return self.stamps.stamp(self.source.feature).bind(lambda stamp: self._same(stored, stamp))

    def _same(self, stored: StoredList, stamp: Stamp) -> Result[bool, Problem]:
        """A list may lag, and a stamp stand for two changes: what was read soon after one is read again."""
        moved = stamp.text != stored.stamp or not stored.settled
        age_s = self.clock.now().timestamp() - stored.ts
        same = self.source.unchanged(stored, moved=moved, age_s=age_s)
        if stored.settled or not stamp.older_than(LAG_S):
            return same
        settled = msgspec.structs.replace(stored, stamp=stamp.text, settled=True)
        return same.bind(
            lambda unchanged: (
                write_document(self.state, self.source.file, settled).map(lambda _: True)
                if unchanged
                else Success(False)
            )
        )

    def _index(self, stored: StoredList | None, same: bool, now: datetime) -> Result[Items, Problem]:
        if stored is not None and same:
            return Success(replace(self._of(stored, now), fetched=False))
        return self._read(stored).bind(
            lambda document: write_document(self.state, self.source.file, document).map(
                lambda _: self._of(document, now)
            )
        )

    def _read(self, stored: StoredList | None) -> Result[StoredList, Problem]:
        source, now = self.source, int(self.clock.now().timestamp())
        began_at = self.clock.monotonic()
        counting = Counting(self.progress, source.feature)
        expected = source.expected({} if stored is None else stored.items)
        proven = read_proven(source.feature, self.stamps, source.endpoints(counting), source.keyed, expected)
        if isinstance(proven, Success):
            counting.end()
        return proven.bind(
            lambda read: source.count().bind(
                lambda count: self.stamps.stamp(source.feature).map(
                    lambda stamp: self._stored_form(
                        read, stored, now, count, stamp.older_than(LAG_S + self.clock.monotonic() - began_at)
                    )
                )
            )
        )

    def _stored_form(
        self,
        read: Proven[CanonicalKey, Entry],
        before: StoredList | None,
        now: int,
        count: int | None,
        settled: bool,
    ) -> StoredList:
        items = {str(key): self.source.item(entry) for key, entry in read.index.entries.items()}
        say_set_aside(self.progress, self.source.feature, read.set_aside)
        unshown = read.index.hidden + read.set_aside.get(WITHOUT_IDS, 0)
        never_shown = unshown if before is None else min(before.never_shown, unshown)
        if before is not None:
            items = keep_unshown(self._not_taken_off(before.items), items, unshown, never_shown)
        etags = list(read.listed[0].etags)
        return StoredList(
            stamp=read.index.stamp,
            ts=now,
            hidden=read.index.hidden,
            items=items,
            etag=(etags[0] if etags else None) or "",
            etags=etags,
            set_aside=read.set_aside,
            count=count,
            settled=settled,
            never_shown=never_shown,
        )

    def _not_taken_off(self, items: Mapping[str, dict[str, object]]) -> dict[str, dict[str, object]]:
        """Those that we have not taken off ourselves since."""
        return {key: item for key, item in items.items() if not self._taken_off(item)}

    def _taken_off(self, item: Mapping[str, object]) -> bool:
        media = parse_media(item).value_or(None)
        written = None if media is None else self.recent.wrote(self.source.feature, media)
        return written is not None and written.item is None

    def _of(self, stored: StoredList, now: datetime) -> Items:
        return Index(
            stored.items,
            deepcopy,
            self._moment,
            now,
            hidden=stored.hidden,
            set_aside=stored.set_aside,
        )

    def _old(self, stored: StoredList | None) -> Items | None:
        if stored is None:
            return None
        return replace(self._of(stored, datetime.fromtimestamp(stored.ts, UTC)), fetched=False, stale=True)

    def _moment(self, item: Mapping[str, object]) -> int | None:
        text = item.get(self.source.date_field)
        return from_iso(text) if isinstance(text, str) else None

    def _proven(self, index: Items, started_at: float) -> Items:
        self.recent.proven(self.source.feature, started_at)
        return index


class Watchlists(Protocol):
    """The watchlist, as Trakt gives it."""

    def watchlist(self, counting: Counting) -> Result[Listed[WatchlistEntry], Problem]:
        """The whole list."""
        ...

    def watchlist_unchanged(self, etags: Sequence[str | None]) -> Result[bool, Problem]:
        """Whether these pages still answer 304."""
        ...


@dataclass(frozen=True, slots=True)
class WatchlistSource:
    """The watchlist: one endpoint, with a tag for each page."""

    lists: Watchlists
    verify: Verify
    feature: Feature = "watchlist"
    file: str = WATCHLIST_FILE
    date_field: str = "listed_at"

    def endpoints(self, counting: Counting) -> Sequence[Endpoint[WatchlistEntry]]:
        """The list, asked for whole."""
        return [lambda: self.lists.watchlist(counting)]

    def expected(self, items: Mapping[str, Mapping[str, object]]) -> Sequence[bool]:
        """Whether anything was listed."""
        return [bool(items)]

    def keyed(self, entries: Iterable[WatchlistEntry]) -> Mapping[CanonicalKey, WatchlistEntry]:
        """Each entry once."""
        return key_watchlist(entries)

    def item(self, entry: WatchlistEntry) -> dict[str, object]:
        """An entry as an item."""
        return watchlist_item(entry)

    def count(self) -> Result[int | None, Problem]:
        """Page 1 is asked by its tag instead."""
        return Success(None)

    def unchanged(self, stored: StoredList, *, moved: bool, age_s: float) -> Result[bool, Problem]:
        """With stamps unmoved page 1 is asked by its tag; with stamps moved, every page."""
        if not moved and not is_verified(self.verify, age_s):
            return Success(True)
        if not stored.etags or None in stored.etags:
            return Success(not moved)
        return self.lists.watchlist_unchanged(stored.etags if moved else stored.etags[:1])


class RatingLists(Protocol):
    """The four lists of ratings, as Trakt gives them."""

    def ratings(self, kind: RatedKind, counting: Counting) -> Result[Listed[Rating], Problem]:
        """One of them, whole."""
        ...


class RatingCounts(Protocol):
    """How many ratings there are, by a count that does not hang on stamps."""

    def ratings(self) -> Result[int | None, Problem]:
        """Of all kinds; None where nothing tells."""
        ...


@dataclass(frozen=True, slots=True)
class RatingsSource:
    """Ratings: four endpoints, merged by key."""

    lists: RatingLists
    counts: RatingCounts
    verify: Verify
    feature: Feature = "ratings"
    file: str = RATINGS_FILE
    date_field: str = "rated_at"

    def endpoints(self, counting: Counting) -> Sequence[Endpoint[Rating]]:
        """Films, shows, seasons, episodes."""
        return [self._endpoint(kind, counting) for kind in RATED_KINDS]

    def expected(self, items: Mapping[str, Mapping[str, object]]) -> Sequence[bool]:
        """Whether any of that kind was rated."""
        kinds = {f"{item['type']}s" for item in items.values()}
        return [kind in kinds for kind in RATED_KINDS]

    def keyed(self, entries: Iterable[Rating]) -> Mapping[CanonicalKey, Rating]:
        """Each rated item once."""
        return key_ratings(entries)

    def item(self, entry: Rating) -> dict[str, object]:
        """A rating as an item."""
        return rating_item(entry)

    def count(self) -> Result[int | None, Problem]:
        """All ratings, as the statistics of the account have them."""
        return self.counts.ratings()

    def unchanged(self, stored: StoredList, *, moved: bool, age_s: float) -> Result[bool, Problem]:
        """Ratings are unchanged if their stamps are, and their number."""
        if moved or not is_verified(self.verify, age_s):
            return Success(not moved)
        return self.count().map(lambda count: count == stored.count)

    def _endpoint(self, kind: RatedKind, counting: Counting) -> Endpoint[Rating]:
        return lambda: self.lists.ratings(kind, counting)


def is_verified(verify: Verify, age_s: float) -> bool:
    """Whether what no stamp shows is looked for now, if the last proof is so old."""
    return verify == "always" or (verify == "hourly" and age_s >= VERIFIED_HOURLY_S)


def say_set_aside(progress: Progress, feature: Feature, counts: Mapping[str, int]) -> None:
    """Report the rows that name nothing: they are not in the index, and not forgotten."""
    for why, rows in counts.items():
        progress.tell(Note(feature, f"{rows} rows were set aside: {why}."))
