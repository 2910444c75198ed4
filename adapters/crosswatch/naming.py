"""Keys for the engine, so that none of its rows swallows another.

It keys by one id and, before 0.12, whatever the type: a film and a show of one number are one row to it,
and of two rows with one key one is lost; of a watchlist it even merges rows that share any id. It keeps a
key only if the item itself says it, so the weaker of two goes without the ids that they share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from crosswatch_trakt.adapters.crosswatch import host
from crosswatch_trakt.adapters.crosswatch.host import Item
from crosswatch_trakt.domain.ids import parse_number

Token: TypeAlias = tuple[str, str]  # namespace, id

UNKNOWN = "unknown:"  # the engine's key of what has none
_TELLING = {"tmdb", "imdb", "tvdb"}
_OWN = {"trakt", "slug"}
_RANK = {"movie": 0, "show": 1, "season": 2, "episode": 3}


@dataclass(slots=True)
class Names:
    """The key and the item of each title that was named, and how many had to go without an id."""

    of: dict[int, tuple[str, Item]] = field(default_factory=dict)  # place → key, item
    collisions: list[str] = field(default_factory=list)  # keys that two titles would have


def name_titles(items: Sequence[Item], *, by_any_id: bool) -> Names:
    """Name each of our titles once, the same in whatever order they came. `by_any_id`: no two may share any
    id, not only the key.
    """
    names, keys, tokens = Names(), set[str](), set[Token]()
    for place in sorted(range(len(items)), key=lambda place: _strength(items[place])):
        whole = engine_item(items[place])
        key, item = _named(whole, keys, tokens if by_any_id else set())
        if item is not whole:
            names.collisions.append(host.canonical_key(whole))
        keys.add(key)
        tokens |= _tokens(item)
        names.of[place] = key, item
    return names


def engine_item(item: Mapping[str, object]) -> Item:
    """An item in the engine's words: ids as text, and none that it would mistake for another title's."""
    told, blind = dict(item), not host.tells_types_apart()
    for place in ("ids", "show_ids"):
        ids = told.get(place)
        if isinstance(ids, Mapping):
            told[place] = _ids_told(ids, blind)
    return told


def _ids_told(ids: Mapping[str, object], blind: bool) -> dict[str, str]:
    """Before 0.12 the engine takes any two titles that share a number for one, whatever their types, and
    Trakt counts films, shows and episodes each from one: its own numbers are told only where others lack.
    """
    told = {name: str(value) for name, value in ids.items() if isinstance(value, int | str)}
    if blind and told.keys() & _TELLING:
        return {name: value for name, value in told.items() if name not in _OWN}
    return told


def _named(item: Item, keys: set[str], tokens: set[Token]) -> tuple[str, Item]:
    """Its key, and the item less what stands in the way of a key of its own. Where nothing is left by which
    to tell it apart, it stays as it is: better a shared key than none.
    """
    weaker = _less(item, "ids", {name for name, _ in _tokens(item) & tokens})
    key = host.canonical_key(weaker)
    while key in keys:
        place = "show_ids" if "#" in key and weaker.get("show_ids") else "ids"
        there = _ids(weaker, place)
        namespace = key.partition(":")[0]
        if not there:
            return host.canonical_key(item), item
        weaker = _less(weaker, place, {namespace if namespace in there else next(iter(there))})
        key = host.canonical_key(weaker)
    return (host.canonical_key(item), item) if key == UNKNOWN else (key, weaker)


def _strength(item: Mapping[str, object]) -> tuple[int, int]:
    """Films keep what they share with others; of two of one type, the one that Trakt has had longer."""
    return _RANK.get(str(item.get("type")), len(_RANK)), parse_number(_ids(item, "ids").get("trakt")) or 0


def _tokens(item: Mapping[str, object]) -> set[Token]:
    return set(_ids(item, "ids").items())


def _ids(item: Mapping[str, object], place: str) -> Mapping[str, str]:
    ids = item.get(place)
    return ids if isinstance(ids, Mapping) else {}


def _less(item: Item, place: str, names: set[str]) -> Item:
    if not names:
        return item
    return {**item, place: {name: value for name, value in _ids(item, place).items() if name not in names}}
