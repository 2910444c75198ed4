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

Place: TypeAlias = tuple[str, str]  # `ids` or `show_ids`, namespace
Token: TypeAlias = tuple[object, ...]  # by which the engine takes two rows for one

UNKNOWN = "unknown:"  # the engine's key of what has none
_TELLING = {"tmdb", "imdb", "tvdb"}
_OWN = {"trakt", "slug"}
_OF_EPISODES = {"imdb", "tvdb"}
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
        key, item = _named(items[place], keys, tokens)
        if item != whole:
            names.collisions.append(host.canonical_key(whole))
        keys.add(key)
        if by_any_id:
            tokens |= _tokens(item).keys()
        names.of[place] = key, item
    return names


def engine_item(item: Mapping[str, object]) -> Item:
    """An item in the engine's words: ids as text, and none that it would mistake for another title's."""
    told, blind = dict(item), not host.tells_types_apart()
    for place in ("ids", "show_ids"):
        ids = told.get(place)
        if isinstance(ids, Mapping):
            told[place] = _ids_told(ids, blind)
    if blind and told.get("show_ids"):
        told["ids"] = {name: value for name, value in _ids(told, "ids").items() if name in _OF_EPISODES}
    return told


def _ids_told(ids: Mapping[str, object], blind: bool) -> dict[str, str]:
    """Before 0.12 the engine takes any two titles that share a number for one, whatever their types, and
    Trakt counts films, shows and episodes each from one: its own numbers are told only where others lack.
    TMDB's numbers of episodes meet those of films: an episode goes by its show's.
    """
    told = {name: str(value) for name, value in ids.items() if isinstance(value, int | str)}
    if blind and told.keys() & _TELLING:
        return {name: value for name, value in told.items() if name not in _OWN}
    return told


def _named(item: Item, keys: set[str], tokens: set[Token]) -> tuple[str, Item]:
    """Its key, and the item less what stands in the way of a key of its own. Where nothing is left by which
    to tell it apart, it stays as it is: better a shared key than none.
    """
    left = item
    while True:
        told = engine_item(left)
        key = host.canonical_key(told)
        found = _tokens(told)
        hindering = {found[token] for token in found.keys() & tokens}
        if key in keys and not hindering:
            hindering = _places_of(key, told)
        if not hindering and key not in keys and (key != UNKNOWN or left is item):
            return key, told
        if not hindering:
            whole = engine_item(item)
            return host.canonical_key(whole), whole
        left = _less(left, hindering)


def _places_of(key: str, item: Mapping[str, object]) -> set[Place]:
    """Which id of an item makes its key; of several that may, any."""
    place = "show_ids" if "#" in key and _ids(item, "show_ids") else "ids"
    there, namespace = _ids(item, place), key.partition(":")[0]
    return {(place, namespace if namespace in there else next(iter(there)))} if there else set()


def _strength(item: Mapping[str, object]) -> tuple[int, int]:
    """Films keep what they share with others; of two of one type, the one that Trakt has had longer."""
    return _RANK.get(str(item.get("type")), len(_RANK)), parse_number(_ids(item, "ids").get("trakt")) or 0


def _tokens(item: Mapping[str, object]) -> Mapping[Token, Place]:
    """What the engine knows the item by, and the id that each comes from; from 0.12 on, type and all."""
    kind = item.get("type") if host.tells_types_apart() else None
    part = item.get("season"), item.get("episode")
    own: dict[Token, Place] = {(kind, *one): ("ids", one[0]) for one in _ids(item, "ids").items()}
    return own | {(kind, *one, *part): ("show_ids", one[0]) for one in _ids(item, "show_ids").items()}


def _ids(item: Mapping[str, object], place: str) -> Mapping[str, str]:
    ids = item.get(place)
    return ids if isinstance(ids, Mapping) else {}


def _less(item: Item, places: set[Place]) -> Item:
    kept = {
        place: {name: value for name, value in _ids(item, place).items() if (place, name) not in places}
        for place in {place for place, _ in places}
    }
    return {**item, **kept}
