"""CrossWatch's keys: the text under which an item stands, in both forms.

The old form knows no types: a film and a show of one TMDB number are one key. The new one marks a show
whose best id is TMDB's. Everything that compares two sides is built on these rules.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tests.crosswatch.values import Form, Index, Item, block, text

RANKING = (
    *("tmdb", "imdb", "tvdb", "trakt", "mal", "anilist"),
    *("kitsu", "anidb", "simkl", "plex", "guid", "slug"),
)
_COMPARED = ("tmdb", "imdb", "tvdb", "trakt")
_NUMBERS = frozenset(
    ("tmdb", "tvdb", "trakt", "simkl", "mal", "anilist", "kitsu", "anidb", "plex", "jellyfin", "emby")
)
_NAMESPACES = frozenset((*RANKING, "jellyfin", "emby", "mdblist"))
_NO_ID = frozenset(("", "0", "none", "null", "nan", "undefined", "unknown"))
_TYPES = {
    **dict.fromkeys(("", "movies"), "movie"),
    **dict.fromkeys(("shows", "series", "tv"), "show"),
    **{"seasons": "season", "episodes": "episode"},
}
_EVENT = re.compile(r".+@(\d{7,}(~\S+)?|id:\S+)")
_GUID = re.compile(r"(imdb|tmdb|tvdb)://(\w+)")
_KEPT = (
    *("type", "title", "year", "ids", "watched", "watched_at", "rating", "rated_at", "season", "episode"),
    *("series_title", "progress_ms", "duration_ms", "progress_percent", "progress_at", "progress_at_source"),
    *("_trakt_history_id", "trakt_history_id", "history_id", "provider_event_id", "_trakt_number_abs"),
    *("_simkl_history_id", "simkl_bucket", "_simkl_episode_number"),
    *("_cw_event_key", "_cw_rewatch_sync", "_cw_anime_map", "_cw_marked"),
)


@dataclass(frozen=True, slots=True)
class Keys:
    """The rules of one form."""

    form: Form

    def canonical_key(self, item: Mapping[str, object]) -> str:
        """`tmdb:550`, `tmdb:550#show` (new form), `tmdb:1399#s01e02`, `movie|title:dune|year:2021`."""
        kind, own = media_type(item), ids_of(item)
        numbers = _numbers(item, kind)
        if numbers and (best := _best(ids_of(block(item, "show_ids")) or own)):
            return f"{best}#{numbers}"
        if best := _best(own):
            return best + self._mark(item, kind, best)
        title = text(item, "title").lower()
        if not title:
            return "unknown:"
        return f"{'show' if kind == 'anime' else kind}|title:{title}|year:{text(item, 'year')}"

    def minimal(self, item: Mapping[str, object]) -> Item:
        """A copy with the fields that travel: what a planner hands to a provider."""
        kept = {name: item[name] for name in (*_KEPT, *self._newer()) if item.get(name) is not None}
        kept["type"], kept["ids"] = media_type(item), ids_of(item)
        if kept["type"] in ("season", "episode") and (show := ids_of(block(item, "show_ids"))):
            kept["show_ids"] = show
        return kept

    def tokens(self, item: Mapping[str, object]) -> frozenset[str]:
        """Each name an item can be known by: two items that share one are truly the same."""
        kind, own = media_type(item), ids_of(item)
        numbers = _numbers(item, kind)
        ids = (ids_of(block(item, "show_ids")) or own) if numbers else own
        tail = f"#{numbers}" if numbers else ""
        return frozenset(f"{kind}|{namespace}:{value}{tail}" for namespace, value in ids.items())

    def likeness(self, item: Mapping[str, object]) -> frozenset[str]:
        """What two sides are compared by: an item's own ids, and those of its show with its numbers.

        The old form does not say of which type an id is: an episode of Trakt's number 7 is there if a film
        of that number is.
        """
        kind, own, show = media_type(item), ids_of(item), ids_of(block(item, "show_ids"))
        mark = "" if self.form is Form.OLD else f"{kind}|"
        found = {name.removeprefix(f"{kind}|") for name in self.tokens(item)}
        if kind != "season" and (show or not _numbers(item, kind)):
            found |= {
                f"{name}:{own[name]}" for name in _COMPARED if name in own and own[name] != show.get(name)
            }
        return frozenset(mark + name for name in found)

    def bare_tokens(self, item: Mapping[str, object]) -> frozenset[str]:
        """`ns:id` of an item's own ids, as tombstones hold them; the new form names the type."""
        mark = "" if self.form is Form.OLD else f"{media_type(item)}|"
        return frozenset(f"{mark}{namespace}:{value}" for namespace, value in ids_of(item).items())

    def migrate_media_index(self, index: Index) -> Index:
        """Give rows that were stored under old keys their new ones."""
        migrated: Index = {}
        for key, item in index.items():
            base, at, event = key.partition("@")
            blind = Keys(Form.OLD).canonical_key(item)
            migrated[(self.canonical_key(item) if base == blind else base) + at + event] = item
        return migrated

    def _mark(self, item: Mapping[str, object], kind: str, best: str) -> str:
        if self.form is Form.OLD:
            return ""
        if kind in ("show", "anime") and best.startswith("tmdb:"):
            return "#show"
        part = text(item, "part") if kind == "movie" else ""
        return f"#part:{part}" if part else ""

    def _newer(self) -> tuple[str, ...]:
        return () if self.form is Form.OLD else ("collected_at", "part")


def media_type(item: Mapping[str, object]) -> str:
    """The type in one spelling."""
    said = text(item, "type").lower()
    return _TYPES.get(said, said)


def ids_of(item: Mapping[str, object]) -> dict[str, str]:
    """An item's own ids, cleaned: top-level fields, then `ids`, then what its guid says."""
    found = {}
    for source in (item, block(item, "ids"), _guid_ids(item)):
        for namespace, said in source.items():
            if namespace in _NAMESPACES and (value := _clean(namespace, said)) is not None:
                found[namespace] = value
    return found


def is_event_key(key: str) -> bool:
    """Whether a history key names one play; of epoch 0 it does not."""
    return _EVENT.fullmatch(key) is not None


def rank(key: str) -> int:
    """The place of a key's namespace; keys by title come last."""
    namespace = key.partition(":")[0]
    return RANKING.index(namespace) if namespace in RANKING else len(RANKING)


def epoch(value: object) -> int | None:
    """Seconds since 1970 of an ISO date or a number (above 1e11: milliseconds); None if it is neither."""
    said = str(value or "").strip()
    try:
        if said.lstrip("-").isdigit():
            return int(said) // 1000 if abs(int(said)) >= 10**11 else int(said)
        return int(datetime.fromisoformat(said.replace("Z", "+00:00")).timestamp())
    except ValueError:
        return None


def played_at(item: Mapping[str, object], key: str = "") -> int | None:
    """When a play was, by its date or else its key."""
    dated = epoch(item.get("watched_at") or item.get("last_watched_at"))
    return dated if dated is not None else epoch(key.partition("@")[2].partition("~")[0])


def _guid_ids(item: Mapping[str, object]) -> dict[str, object]:
    guid = text(item, "guid").lower()
    if not guid:
        return {}
    known = _GUID.match(guid)
    return {known[1]: known[2]} if known else {"guid": guid}


def _clean(namespace: str, value: object) -> str | None:
    said = "" if isinstance(value, bool | dict | list) else str(value or "").strip()
    if said.lower() in _NO_ID:
        return None
    if namespace in _NUMBERS:
        said = "".join(mark for mark in said if mark.isdigit())
    elif namespace == "imdb":
        digits = "".join(mark for mark in said if mark.isdigit())
        said = f"tt{digits}" if digits else ""
    elif namespace in ("slug", "mdblist"):
        said = said.lower()
    return said if said not in _NO_ID else None


def _best(ids: Mapping[str, str]) -> str:
    captured = os.environ.get("CW_CAPTURE_MODE") and os.environ.get("CW_CAPTURE_PROVIDER") == "TRAKT"
    for namespace in ("trakt", *RANKING) if captured else RANKING:
        if namespace in ids:
            return f"{namespace}:{ids[namespace]}".lower()
    return ""


def _numbers(item: Mapping[str, object], kind: str) -> str:
    try:
        if kind == "season":
            return f"season:{int(text(item, 'season'))}"
        if kind == "episode":
            return f"s{int(text(item, 'season')):02d}e{int(text(item, 'episode')):02d}"
    except ValueError:
        pass
    return ""
