"""Items as CrossWatch hands them in, put in our words.

Its planner's rows carry the ids of many services as text, marks of its own, and for episodes often the
show's ids where those of the episode should be. Nothing handed in is changed.
"""

from collections.abc import Mapping

from crosswatch_trakt.adapters.crosswatch import host
from crosswatch_trakt.adapters.crosswatch.host import Item
from crosswatch_trakt.domain.ids import parse_number

EVENT_KEY = "_cw_event_key"
CLEARED = "_cw_tool_clear"
HISTORY_ID = "_trakt_history_id"
OTHERS_ID = "provider_event_id"  # of a play, where the row came from
_HISTORY_IDS = (HISTORY_ID, "trakt_history_id", "history_id")


def key_of(item: Mapping[str, object]) -> str:
    """The key under which the engine knows an item that it handed in."""
    key = item.get(EVENT_KEY)
    return key if isinstance(key, str) and key else host.canonical_key(item)


def our_item(item: Mapping[str, object]) -> Item:
    """An item in our words."""
    ours: Item = {name: item[name] for name in _TAKEN if item.get(name) is not None}
    ours["type"] = _type_of(item)
    if ours["type"] in ("season", "episode") and not ours.get("show_ids") and ours.get("season") is not None:
        # Without ids of a show the engine takes those that are there for the show's: so do its keys.
        ours["show_ids"] = ours.pop("ids", {})
    history_id = next((item[name] for name in _HISTORY_IDS if parse_number(item.get(name))), None)
    if history_id is not None:
        ours["history_id"] = history_id
    return ours


def is_whole_title(item: Mapping[str, object]) -> bool:
    """Whether an item to be removed from the history means the title with all its plays: it names none,
    by date (0 is that of unknown ones), by a history id, be it another service's, or by the engine's mark.
    """
    named = (item.get(name) for name in ("watched_at", EVENT_KEY, OTHERS_ID, *_HISTORY_IDS))
    return all(value is None or value == "" for value in named)


def is_meant(item: Mapping[str, object]) -> bool:
    """Whether a person asked for the removal of this item by hand."""
    return bool(item.get(CLEARED))


def _type_of(item: Mapping[str, object]) -> object:
    """The engine says `anime` of shows and of their episodes."""
    given = item.get("type") or "movie"
    if isinstance(given, str) and given.strip().lower() == "anime":
        return "episode" if item.get("episode") is not None else "show"
    return given


_TAKEN = (
    "type",
    "title",
    "year",
    "ids",
    "show_ids",
    "season",
    "episode",
    "series_title",
    "watched_at",
    "rating",
    "rated_at",
    "listed_at",
)
