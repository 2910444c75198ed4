"""Canonical keys: the text under which an item stands in an index.

The type is part of the key, since films and shows share TMDB numbers. A key is a name, not a proof
of sameness (see `media.same_item`), and no row of an index is lost because two rows have one key.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, ValuesView
from functools import cached_property
from typing import NewType, TypeVar

from crosswatch_trakt.domain.ids import KEY_ORDER, Ids
from crosswatch_trakt.domain.media import Media, MediaType, fold_title
from crosswatch_trakt.domain.plays import Play

CanonicalKey = NewType("CanonicalKey", str)
EventKey = NewType("EventKey", str)
Entry = TypeVar("Entry")


def canonical_key(media: Media) -> CanonicalKey | None:
    """`movie:tmdb:550`, `season:tmdb:1399#season:2`, `episode:tmdb:1399#s01e02`, `episode:trakt:73640`,
    `movie:title:dune|year:2021`; None without ids, numbers or a title to make one of.
    """
    if media.scope is not None:
        season, episode = media.scope
        numbers = f"season:{season}" if episode is None else f"s{season:02d}e{episode:02d}"
        return CanonicalKey(f"{media.type}:{_best_id(media.show_ids)}#{numbers}")
    if media.ids:
        return CanonicalKey(f"{media.type}:{_best_id(media.ids)}")
    if media.title and media.type in (MediaType.MOVIE, MediaType.SHOW):
        year = "" if media.year is None else media.year
        return CanonicalKey(f"{media.type}:title:{fold_title(media.title)}|year:{year}")
    return None


def event_key(media_key: str, minute: int) -> EventKey:
    """The key of a play: a second one in the same minute gets its history id appended."""
    return EventKey(f"{media_key}@{minute}")


def key_entries(
    entries: Iterable[Entry], media_of: Callable[[Entry], Media], merge: Callable[[Sequence[Entry]], Entry]
) -> dict[CanonicalKey, Entry]:
    """Give every entry its key, the same in whatever order they came.

    Rows of one type and trakt id are one item read twice: `merge` makes one of them. Of different
    items with one key the smallest trakt id keeps it, the others take `…:trakt:<id>`; a row without a
    trakt id (old data) belongs to the first.
    Entries without ids or title (all-null rows) must have been set aside before.
    """
    items: defaultdict[object, list[Entry]] = defaultdict(list)
    for entry in entries:
        media = media_of(entry)
        items[_key_of(media) if media.ids.trakt is None else (media.type, media.ids.trakt)].append(entry)
    by_key: defaultdict[CanonicalKey, list[tuple[int, list[Entry]]]] = defaultdict(list)
    for rows in items.values():
        media = media_of(merge(rows))
        by_key[_key_of(media)].append((media.ids.trakt or 0, rows))
    keyed: dict[CanonicalKey, Entry] = {}
    for key, sharing in by_key.items():
        nameless = [row for trakt, rows in sharing if not trakt for row in rows]
        named = sorted(((trakt, rows) for trakt, rows in sharing if trakt), key=lambda item: item[0])
        keyed[key] = merge(nameless + (named[0][1] if named else []))
        for trakt, rows in named[1:]:
            keyed[CanonicalKey(f"{media_of(rows[0]).type}:trakt:{trakt}")] = merge(rows)
    return keyed


def key_plays(plays: Iterable[Play]) -> dict[EventKey, Play]:
    """Give every play its key, in the order given; of one key the smallest history id is plain.

    Two titles of one canonical key that were played in one minute differ by the history id as well.
    """
    plays = list(plays)
    key_of: dict[int, str] = {}  # one look-up a title, not one a play: plays share their Media
    keys: list[EventKey] = []
    for play in plays:
        media_key = key_of.get(id(play.media))
        if media_key is None:
            media_key = key_of[id(play.media)] = _key_of(play.media)
        keys.append(event_key(media_key, play.minute))
    shared: dict[EventKey, list[int]] = {key: [] for key, times in Counter(keys).items() if times > 1}
    if shared:
        for place, key in enumerate(keys):
            if key in shared:
                shared[key].append(place)
    for key, places in shared.items():
        _first, *others = sorted(places, key=lambda place: _seen_first(plays[place]))
        for number, place in enumerate(others, 1):
            history_id = plays[place].history_id
            keys[place] = EventKey(f"{key}~n{number}" if history_id is None else f"{key}~h{history_id}")
    return dict(zip(keys, plays, strict=True))


class KeyedPlays(Mapping[EventKey, Play]):
    """Plays under their keys, in their order. The keys are made when the first is asked for: who has keys of
    its own, as CrossWatch does, or only counts them, never asks.
    """

    def __init__(self, plays: Sequence[Play]) -> None:
        self.plays = plays

    @cached_property
    def _keyed(self) -> dict[EventKey, Play]:
        return key_plays(self.plays)

    def __getitem__(self, key: EventKey) -> Play:
        return self._keyed[key]

    def __iter__(self) -> Iterator[EventKey]:
        return iter(self._keyed)

    def __len__(self) -> int:
        return len(self.plays)

    def values(self) -> ValuesView[Play]:
        """The plays, without their keys."""
        return _InOrder(self)


class _InOrder(ValuesView[Play]):
    _mapping: KeyedPlays

    def __iter__(self) -> Iterator[Play]:
        return iter(self._mapping.plays)


def _key_of(media: Media) -> CanonicalKey:
    key = canonical_key(media)
    if key is None:
        raise ValueError("a title without ids and name has no key")
    return key


def _best_id(ids: Ids) -> str:
    for namespace in KEY_ORDER:
        value = ids.get(namespace)
        if value is not None:
            return f"{namespace}:{value}"
    raise ValueError("no ids")


def _seen_first(play: Play) -> tuple[bool, int, str]:
    # A play not seen in the list yet comes last: it must not take the plain key from one that was.
    return play.history_id is None, play.history_id or 0, repr(play)
