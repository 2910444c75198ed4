"""The three features, as the engine calls them: read whole, add, remove.

A reading that cannot be whole raises, and so does a write of which nothing was sent: the engine then
leaves everything as it was. Once something was sent, each item is answered by name.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from crosswatch_trakt.adapters.crosswatch import files, host, index
from crosswatch_trakt.adapters.crosswatch.host import Config, Item
from crosswatch_trakt.adapters.crosswatch.index import EngineIndex, native_play
from crosswatch_trakt.adapters.crosswatch.items import is_meant, is_whole_title, our_item
from crosswatch_trakt.adapters.crosswatch.naming import Names
from crosswatch_trakt.adapters.crosswatch.results import Told, engine_result, told
from crosswatch_trakt.adapters.crosswatch.sessions import Session
from crosswatch_trakt.adapters.library import TraktError
from crosswatch_trakt.application.account import AnyIndex
from crosswatch_trakt.application.index.history import Plays
from crosswatch_trakt.application.index.lists import Items
from crosswatch_trakt.application.trakt.recent import Feature
from crosswatch_trakt.application.write.report import Report
from crosswatch_trakt.domain.ids import same_ids
from crosswatch_trakt.domain.items import media_item, parse_media, parse_play
from crosswatch_trakt.domain.media import Media, MediaType
from crosswatch_trakt.domain.outcomes import Already
from crosswatch_trakt.domain.plays import Play, by_minute
from crosswatch_trakt.domain.problems import AccountLimit
from crosswatch_trakt.domain.timestamps import Undated, to_iso
from crosswatch_trakt.domain.unresolved import Operation

IN_A_PAIR = "_cw_pair_feature_options"  # stands in every view of a pair run, and in no other
SHOW_UNKNOWN = "trakt_show_unresolved"
SAMPLE_MAX = 5

Row = Mapping[str, object]
Result = dict[str, object]


class Adapter(Protocol):
    """What a feature needs of the module that it is called with."""

    @property
    def session(self) -> Session:
        """The account."""
        ...

    @property
    def raw_cfg(self) -> Config:
        """The view it is of."""
        ...


@dataclass(frozen=True, slots=True)
class ListFeature:
    """The watchlist or the ratings."""

    name: Feature

    def build_index(self, adapter: Adapter) -> EngineIndex:
        """All of it; raises if it cannot be had whole."""
        return _read(adapter, self.name, lambda whole: index.list_index(cast(Items, whole)))

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
        return _read(adapter, self.name, lambda whole: index.history_index(cast(Plays, whole)))

    def add(self, adapter: Adapter, items: Sequence[Row], *, dry_run: bool = False) -> Result:
        """Add plays; each is answered. A show means its aired episodes, as the page that sends one says."""
        writing = Writing(adapter, self.name, "add", told(items), dry_run)
        asked: list[tuple[Told, Item]] = []
        for one in writing.items:
            asked += _plays_of(adapter, one)
        writing.send(asked)
        in_a_pair = not is_by_hand(adapter) and not dry_run
        return writing.result(_destinations(adapter, asked) if in_a_pair else None)

    def remove(self, adapter: Adapter, items: Sequence[Row], *, dry_run: bool = False) -> Result:
        """Remove plays, each by itself; only an item that names none of its plays means all of them."""
        writing = Writing(adapter, self.name, "remove", told(items), dry_run)
        asked: list[tuple[Told, Item]] = []
        for one in writing.items:
            asked += _watched_of(adapter, one)
        writing.send(asked)
        return writing.result()


@dataclass(slots=True)
class Writing:
    """One call of the engine's, on its way to its answer."""

    adapter: Adapter
    feature: Feature
    operation: Operation
    items: Sequence[Told]
    dry_run: bool

    def send(self, asked: Iterable[tuple[Told, Item]]) -> None:
        """Bring what was asked to its ends. What a person asked for by hand is meant, however much it is."""
        by_hand = is_by_hand(self.adapter)
        groups: defaultdict[tuple[bool, bool], list[tuple[Told, Item]]] = defaultdict(list)
        for one, item in asked:
            meant, whole = by_hand or is_meant(one.item), by_hand and is_whole_title(one.item)
            groups[meant, whole].append((one, item))
        sent = False
        for (meant, all_plays), group in groups.items():
            try:
                self._send(group, meant=meant, all_plays=all_plays)
            except TraktError as error:
                if not sent:
                    raise
                for one, _ in group:
                    one.ends.append(("unresolved", "not_sent"))
                host.log(self.feature, "error", "write_failed", op=self.operation, error=error.advice)
            sent = True

    def _send(self, asked: Sequence[tuple[Told, Item]], *, meant: bool, all_plays: bool) -> None:
        account, items = self.adapter.session.account, [item for _, item in asked]
        if self.operation == "add":
            report = account.add(self.feature, items, dry_run=self.dry_run)
        else:
            report = account.remove(
                self.feature,
                items,
                dry_run=self.dry_run,
                meant=meant,
                all_plays=all_plays,
                run_id=host.run_id(),
            )
        owners = {id(item): one for one, item in asked}
        for outcome in (*report.confirmed, *report.existing, *report.unresolved):
            owners[id(outcome.item)].ends.append((outcome.end.value, outcome.reason))
        self._tell(report)

    def _tell(self, report: Report) -> None:
        if any(isinstance(problem, AccountLimit) for problem in report.problems):
            files.note_limit(self.adapter.session, self.adapter.raw_cfg, self.feature)
        ends = (report.confirmed, report.existing, report.unresolved)
        counts = dict(zip(("confirmed", "skipped", "unresolved"), map(len, ends), strict=True))
        level, word = ("info", "write_done") if not report.unresolved else ("warn", "write_failed")
        host.log(
            self.feature,
            level if report.confirmed or report.unresolved else "debug",
            word if report.confirmed or report.unresolved else "write_skipped",
            op=self.operation,
            dry_run=self.dry_run or None,
            **counts,
        )
        collection = report.collection
        if collection is not None and collection.unresolved:
            host.log("collection", "warn", "write_failed", unresolved=len(collection.unresolved))

    def result(self, destinations: Mapping[str, Item] | None = None) -> Result:
        """The answer to the engine."""
        return engine_result(
            self.items, removal=self.operation == "remove", dry_run=self.dry_run, destinations=destinations
        )


def _read(
    adapter: Adapter, feature: Feature, put: Callable[[AnyIndex], tuple[EngineIndex, Names]]
) -> EngineIndex:
    session = adapter.session
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


def _plays_of(adapter: Adapter, one: Told) -> Sequence[tuple[Told, Item]]:
    """What an item asks for: itself, or by hand the episodes of the show it is. By hand and without a date it
    means now. From a pair either would be a guess, and is refused.
    """
    ours = our_item(one.item)
    if not is_by_hand(adapter):
        return [(one, ours)]
    if "watched_at" not in ours:
        ours["watched_at"] = to_iso(adapter.session.now())
    if _show_of(ours) is None:
        return [(one, ours)]
    episodes = adapter.session.account.aired_episodes(ours)
    if not episodes:
        one.ends.append(("unresolved", SHOW_UNKNOWN))
    return [(one, {**episode, "watched_at": ours["watched_at"]}) for episode in episodes]


def _watched_of(adapter: Adapter, one: Told) -> Sequence[tuple[Told, Item]]:
    """What an item asks to be removed: itself, or by hand every watched episode of the show it is."""
    ours = our_item(one.item)
    show = _show_of(ours)
    if show is None or not (is_by_hand(adapter) and is_whole_title(one.item)):
        return [(one, ours)]
    history = cast(Plays, adapter.session.account.index("history"))
    titles = {id(play.media): play.media for play in history.entries.values()}.values()
    watched = [title for title in titles if same_ids(title.show_ids, show.ids)]
    if not watched:
        one.ends.append(("existing", Already.GONE))
    return [(one, media_item(episode)) for episode in watched]


def _show_of(item: Item) -> Media | None:
    """The show that an item is; None if it is none, or cannot be told."""
    media = parse_media(item).value_or(None)
    return media if media is not None and media.type is MediaType.SHOW else None


def is_by_hand(adapter: Adapter) -> bool:
    """Whether a person asked on a page of CrossWatch's, and no pair."""
    return IN_A_PAIR not in adapter.raw_cfg


def _destinations(adapter: Adapter, asked: Sequence[tuple[Told, Item]]) -> dict[str, Item]:
    """Under which key and as which item our index will have the plays that are there now. The engine keeps
    these: under the caller's spelling it would miss them in the next index, and take them for removed.
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
        play = plays[0] if plays else Play(media, minute)
        native_key, native = native_play(play)
        told_items[key] = {
            "key": native_key,
            "event_key": f"{native_key}@{minute}",
            "item": native,
            "status": "added" if one.fate == "confirmed" else "existing",
        }
    return told_items


FEATURES: dict[str, ListFeature | HistoryFeature] = {
    "watchlist": ListFeature("watchlist"),
    "ratings": ListFeature("ratings"),
    "history": HistoryFeature(),
}
