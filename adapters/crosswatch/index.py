"""An index of ours as the engine's: its keys, its items, its order.

Of several plays of a title the engine keeps the one that it meets last, so a history is handed over oldest
first. Two plays of one minute, and two titles of one key, get keys that tell them apart.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from crosswatch_trakt.adapters.crosswatch import host
from crosswatch_trakt.adapters.crosswatch.host import Item
from crosswatch_trakt.adapters.crosswatch.items import HISTORY_ID
from crosswatch_trakt.adapters.crosswatch.naming import Names, engine_item, name_titles
from crosswatch_trakt.domain.items import media_item
from crosswatch_trakt.domain.media import Media
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.timestamps import to_iso

if TYPE_CHECKING:
    from crosswatch_trakt.application.index.history import Plays
    from crosswatch_trakt.application.index.lists import Items

EngineIndex = dict[str, Item]


def list_index(index: "Items") -> tuple[EngineIndex, Names]:
    """The watchlist or the ratings; and which keys two titles would have had."""
    items = list(index.values())
    names = name_titles(items, by_any_id=True)
    return {names.of[place][0]: names.of[place][1] for place in range(len(items))}, names


def history_index(index: "Plays") -> tuple[EngineIndex, Names]:
    """The history, oldest first; and which keys two titles would have had."""
    plays = list(index.entries.values())[::-1]
    titles: dict[int, int] = {}  # identity of a title → its place: plays share their Media
    medias: list[Media] = []
    for play in plays:
        if id(play.media) not in titles:
            titles[id(play.media)] = len(medias)
            medias.append(play.media)
    names = name_titles([media_item(media) for media in medias], by_any_id=not host.tells_types_apart())
    told: EngineIndex = {}
    for play in plays:
        title_key, title = names.of[titles[id(play.media)]]
        key = f"{title_key}@{play.minute}"
        if key in told:
            key = f"trakt:{play.media.ids.trakt or 0}@{play.minute}~h{play.history_id or len(told)}"
        told[key] = _dated(title, play)
    return told, names


def native_play(play: Play) -> tuple[str, Item]:
    """The key of its title, and the item, as our index has a play."""
    title = engine_item(media_item(play.media))
    return host.canonical_key(title), _dated(title, play)


def _dated(title: Item, play: Play) -> Item:
    """The title's item as one of a play. Its ids are its own: the engine may change what it was given."""
    item = {**title, "ids": dict(cast(Mapping[str, str], title["ids"])), "watched_at": to_iso(play.minute)}
    if play.history_id is not None:
        item[HISTORY_ID] = str(play.history_id)
    return item
