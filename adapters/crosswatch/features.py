"""The three features, as the engine calls them: read whole, add, remove.

A reading that cannot be whole raises, and so does a write of which nothing was sent: the engine then
leaves everything as it was. Once something was sent, each item is answered by name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from crosswatch_trakt.adapters.crosswatch import files, host, index
from crosswatch_trakt.adapters.crosswatch.host import Item
from crosswatch_trakt.adapters.crosswatch.index import EngineIndex, native_play
from crosswatch_trakt.adapters.crosswatch.items import EVENT_KEY, our_item
from crosswatch_trakt.adapters.crosswatch.naming import Names
from crosswatch_trakt.adapters.crosswatch.remembered import heed_another_account
from crosswatch_trakt.adapters.crosswatch.results import Told, told
from crosswatch_trakt.adapters.crosswatch.titles import plays_of, watched_of
from crosswatch_trakt.adapters.crosswatch.writing import Adapter, Result, Row, Writing, is_by_hand
from crosswatch_trakt.adapters.library import TraktError
from crosswatch_trakt.application.features import Feature
from crosswatch_trakt.domain.items import parse_play
from crosswatch_trakt.domain.plays import by_minute
from crosswatch_trakt.domain.timestamps import Undated
from crosswatch_trakt.domain.unresolved import Operation

if TYPE_CHECKING:
    from crosswatch_trakt.application.account import AnyIndex
    from crosswatch_trakt.application.index.history import Plays
    from crosswatch_trakt.application.index.lists import Items

SAMPLE_MAX = 5


@dataclass(frozen=True, slots=True)
class ListFeature:
    """The watchlist or the ratings."""

    name: Feature

    def build_index(self, adapter: Adapter) -> EngineIndex:
        """All of it; raises if it cannot be had whole."""
        return _read(adapter, self.name, lambda whole: index.list_index(cast("Items", whole)))

    def add(self, adapter: Adapter, items: Sequence[Row], *, dry_run: bool = False) -> Result:
        """Add items or change them; each is answered."""
        return self._write(adapter, "add", items, dry_run)

    def remove(self, adapter: Adapter, items: Sequence[Row], *, dry_run: bool = False) -> Result:
        """Take items off; each is answered."""
        return self._write(adapter, "remove", items, dry_run)

    def _write(self, adapter: Adapter, operation: Operation, items: Sequence[Row], dry_run: bool) -> Result:
        writing = Writing(adapter, self.name, operation, told(items), dry_run)
        writing.send((one, our_item(one.item)) for one in writing.items)
        return writing.result()


@dataclass(frozen=True, slots=True)
class HistoryFeature:
    """The watched history."""

    name: Feature = "history"

    def build_index(self, adapter: Adapter) -> EngineIndex:
        """All of it, oldest first; raises if it cannot be had whole."""
        return _read(adapter, self.name, lambda whole: index.history_index(cast("Plays", whole)))

    def add(self, adapter: Adapter, items: Sequence[Row], *, dry_run: bool = False) -> Result:
        """Add plays; each is answered. A show means its aired episodes, as the page that sends one says."""
        writing = Writing(adapter, self.name, "add", told(items), dry_run)
        asked: list[tuple[Told, Item]] = []
        for one in writing.items:
            asked += plays_of(adapter, one)
        writing.send(asked)
        in_a_pair = not is_by_hand(adapter) and not dry_run
        return writing.result(_destinations(adapter, asked) if in_a_pair else None)

    def remove(self, adapter: Adapter, items: Sequence[Row], *, dry_run: bool = False) -> Result:
        """Remove plays, each by itself; only an item that names none of its plays means all of them."""
        writing = Writing(adapter, self.name, "remove", told(items), dry_run)
        asked: list[tuple[Told, Item]] = []
        for one in writing.items:
            asked += watched_of(adapter, one)
        writing.send(asked)
        return writing.result()


def _read(
    adapter: Adapter, feature: Feature, put: "Callable[[AnyIndex], tuple[EngineIndex, Names]]"
) -> EngineIndex:
    session = adapter.session
    heed_another_account(session, adapter.raw_cfg)
    files.heed_cleared_cache(session, adapter.raw_cfg)
    whole = session.account.index(feature)
    told_index, names = put(whole)
    fields = {"count": len(told_index), "hidden": whole.hidden or None}
    host.log(feature, "info" if whole.fetched else "debug", "index_done", fetched=whole.fetched, **fields)
    if names.collisions and session.is_news(f"{feature}: collisions", host.run_id() or names.collisions):
        sample = ", ".join(names.collisions[:SAMPLE_MAX])
        host.log(feature, "warn", "key_collision", count=len(names.collisions), sample=sample)
    files.keep_index(session, adapter.raw_cfg, feature, told_index, whole)
    return told_index


def _destinations(adapter: Adapter, asked: Sequence[tuple[Told, Item]]) -> dict[str, Item]:
    """Under which key and as which item our index will have the plays that are there now. The engine keeps
    these: under the caller's spelling it would miss them in the next index, and take them for removed. So
    would it what the index does not show: hidden plays, or older ones of an account that keeps the newest.
    """
    wished = {}
    for one, item in asked:
        wish = parse_play(item).value_or(None)
        if one.fate != "unresolved" and wish is not None and wish.watched_at is not Undated.RELEASED:
            moment = wish.watched_at
            wished[one.key] = one, wish.media, moment if isinstance(moment, int) else 0
    try:
        stored = by_minute(adapter.session.account.stored_plays({minute for _, _, minute in wished.values()}))
    except TraktError:  # what was sent is sent, and answered without this
        return {}
    told_items: dict[str, Item] = {}
    for key, (one, media, minute) in wished.items():
        plays = stored[minute].find(media) if minute in stored else []
        if not plays:
            continue
        native_key, native = native_play(plays[0])
        event_key = f"{native_key}@{minute}"
        told_items[key] = {
            # The engine keeps the row under `key`: where each play counts, that must be the play's.
            "key": event_key if one.item.get(EVENT_KEY) else native_key,
            "event_key": event_key,
            "item": native,
            "status": "added" if one.fate == "confirmed" else "existing",
        }
    return told_items


FEATURES: dict[str, ListFeature | HistoryFeature] = {
    "watchlist": ListFeature("watchlist"),
    "ratings": ListFeature("ratings"),
    "history": HistoryFeature(),
}
