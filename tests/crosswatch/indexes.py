"""What the engine makes of an index: its own keys, its own idea of one play and of the same item."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tests.crosswatch.keys import Keys, is_event_key, played_at, rank
from tests.crosswatch.values import Form, Index, Item, block, mappings

BUCKET_S = 60  # Trakt knows minutes


@dataclass(frozen=True, slots=True)
class Reading:
    """How indexes of one feature are read and compared in one pair."""

    keys: Keys
    feature: str
    events: bool = False  # every play counts (rewatches), else only whether a title was watched
    bucket_s: int = BUCKET_S

    def canonical(self, raw: object) -> Index:
        """The engine's keys. Rows that come to one key are one row: the last stays."""
        index: Index = {}
        rows = raw.items() if isinstance(raw, Mapping) else [("", item) for item in mappings(raw)]
        for key, item in rows:
            if not isinstance(item, Mapping):
                continue
            row = {str(name): value for name, value in item.items()}
            index[self._key(str(key or "").strip().lower(), row)] = row
        if self.keys.form is Form.NEW:
            index = self.keys.migrate_media_index(index)
        return self._merge_watchlist(index) if self.feature == "watchlist" else index

    def comparable(self, index: Index) -> Index:
        """Of history: plays with their event keys, or a row a title (the one that comes last); undated rows
        are no plays. Other features: as they are."""
        if self.feature != "history":
            return dict(index)
        rows: Index = {}
        for key, item in index.items():
            if item.get("watched_at") or item.get("last_watched_at"):
                row = self.play(item, key)
                rows[self.sync_key(row, key)] = row
        return rows

    def play(self, item: Mapping[str, object], key: str = "") -> Item:
        """The minimal copy of a row as it is planned with."""
        row = self.keys.minimal(item)
        if self.feature != "history":
            return row
        row.pop("_cw_event_key", None)
        row.pop("_cw_rewatch_sync", None)
        if self.events:
            given = key or str(item.get("_cw_event_key") or "")
            row["_cw_event_key"] = given if is_event_key(given) else self._event_key(item, given)
            row["_cw_rewatch_sync"] = True
        return row

    def sync_key(self, item: Mapping[str, object], key: str = "") -> str:
        """The key under which an item is planned, and under which a provider answers for it."""
        if self.feature == "history" and self.events:
            return str(
                item.get("_cw_event_key") or (key if is_event_key(key) else self._event_key(item, key))
            )
        return self.keys.canonical_key(item)

    def match(self, left: Index, right: Index) -> dict[str, str]:
        """Key of `left` -> key of the same thing in `right`."""
        if not (self.feature == "history" and self.events):
            return _look_up(left, right, lambda key, item: self.keys.likeness(item))
        if self.keys.form is Form.NEW:
            return self._nearest(left, right)
        return _look_up(left, right, self._bucketed)

    def _key(self, key: str, item: Item) -> str:
        if self.feature == "history" and is_event_key(key):
            return key
        given, computed = key.partition("@")[0], self.keys.canonical_key(item)
        return given if given and rank(given) < rank(computed) else computed

    def _event_key(self, item: Mapping[str, object], key: str) -> str:
        base = key.partition("@")[0] or self.keys.canonical_key(item)
        return f"{base}@{played_at(item, key) or 0}"

    def _bucketed(self, key: str, item: Item) -> Iterable[str]:
        moment = played_at(item, key)
        if moment is None:
            return ()
        return (f"{token}@{moment // self.bucket_s}" for token in self.keys.likeness(item))

    def _nearest(self, left: Index, right: Index) -> dict[str, str]:
        """One to one, the nearest in time first, none further than a bucket."""
        by_token: dict[str, list[tuple[int, str]]] = {}
        for key, item in right.items():
            for token in self.keys.likeness(item):
                by_token.setdefault(token, []).append((played_at(item, key) or 0, key))
        found = []
        for key, item in left.items():
            moment = played_at(item, key) or 0
            near = {place for token in self.keys.likeness(item) for place in by_token.get(token, ())}
            found += [
                (abs(other - moment), key, theirs)
                for other, theirs in near
                if abs(other - moment) <= self.bucket_s
            ]
        matched: dict[str, str] = {}
        taken: set[str] = set()
        for _, mine, theirs in sorted(found):
            if mine not in matched and theirs not in taken:
                matched[mine] = theirs
                taken.add(theirs)
        return matched

    def _merge_watchlist(self, index: Index) -> Index:
        """Rows that share any id are one row: under the best key, with the ids of all."""
        group_of: dict[str, set[str]] = {}
        for key, item in index.items():
            tokens = self.keys.bare_tokens(item)
            group = {key}.union(*(group_of[token] for token in tokens if token in group_of))
            for member in group:
                tokens |= self.keys.bare_tokens(index[member])
            group_of.update(dict.fromkeys(tokens, group))
        whole: Index = {}
        done: set[str] = set()
        places = {key: place for place, key in enumerate(index)}
        for key, item in index.items():
            group = next((group_of[token] for token in self.keys.bare_tokens(item)), {key})
            if key not in done:
                done |= group
                best = min(sorted(group), key=lambda one: (rank(one), -len(block(index[one], "ids"))))
                others = sorted(group - {best}, key=places.__getitem__)
                whole[best] = _as_one([index[best], *(index[one] for one in others)])
        return whole


def _look_up(left: Index, right: Index, names: Callable[[str, Item], Iterable[str]]) -> dict[str, str]:
    """By key, else by any shared name: several rows may find the same one."""
    by_name = {name: key for key, item in right.items() for name in names(key, item)}
    matched = {}
    for key, item in left.items():
        theirs = (
            key
            if key in right
            else next((by_name[name] for name in names(key, item) if name in by_name), None)
        )
        if theirs is not None:
            matched[key] = theirs
    return matched


def _as_one(rows: list[Item]) -> Item:
    merged: Item = {}
    for row in rows:
        merged = {**row, **{name: value for name, value in merged.items() if value not in (None, "")}}
    ids: Item = {}
    for row in rows:
        ids = {**block(row, "ids"), **ids}
    return {**merged, "ids": ids}
