"""Which titles the body of a write names.

Films, shows, seasons and episodes stand in lists of objects with `ids`, or with title and year if they
have no ids; seasons and episodes can also stand by number under their show. Keys that are not known
are ignored, so a misspelt `seasons` names the whole show (T#224). An empty list counts as left out.
Source: trakt.docs, "Sync"; contract of 2026-07-30; recordings of 2018 for titles without ids.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from crosswatch_trakt.adapters.simulator.catalogue import NAMESPACES, Catalogue
from crosswatch_trakt.adapters.simulator.titles import KINDS, JsonObject, Kind, Season, Show, Title

DIGITS_MAX = 18  # longer is no number of Trakt's
_NOT_INHERITED = frozenset({"ids", "title", "year", "number", "season", "seasons", "episodes", "rating"})


@dataclass(frozen=True, slots=True)
class Named:
    """A title that was found."""

    title: Title
    own: JsonObject  # what stood at its level
    around: JsonObject  # dates and the like from the levels above
    deepest: bool  # nothing stands below it in the body

    def get(self, key: str) -> object:
        """A field of its own level, else of the nearest level above that has it."""
        return self.own.get(key, self.around.get(key))


@dataclass(frozen=True, slots=True)
class Missing:
    """What was not found, as it was sent; nested: with its show and season around it."""

    kind: Kind
    sent: JsonObject


def named_in(catalogue: Catalogue, body: Mapping[str, object]) -> Iterator[Named | Missing]:
    """Everything a body names, in the order films, shows, seasons, episodes."""
    for kind in KINDS:
        for sent in objects(body.get(f"{kind}s")):
            title = _locate(catalogue, kind, sent)
            if title is None:
                yield Missing(kind, sent)
            elif isinstance(title, Show):
                yield from _show(catalogue, title, sent)
            else:
                yield Named(title, sent, {}, deepest=True)


def objects(value: object) -> list[JsonObject]:
    """The objects of a list; what is no object is left out."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def number(value: object) -> int | None:
    """A whole number, as a number or as digits."""
    if isinstance(value, str):
        return int(value) if value.isdecimal() and len(value) <= DIGITS_MAX else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _locate(catalogue: Catalogue, kind: Kind, sent: JsonObject) -> Title | None:
    given = sent.get("ids")
    ids = given if isinstance(given, dict) else {}
    if any(ids.get(namespace) not in (None, "") for namespace in NAMESPACES[kind]):
        found = catalogue.find(kind, ids)
    else:
        found = catalogue.by_name(kind, sent.get("title"), sent.get("year"))
    return None if found is None else catalogue.landing(found)


def _show(catalogue: Catalogue, show: Show, sent: JsonObject) -> Iterator[Named | Missing]:
    seasons = objects(sent.get("seasons"))
    yield Named(show, sent, {}, deepest=not seasons)
    for nested in seasons:
        season = show.seasons.get(_number_in(nested))
        if season is None:
            kind: Kind = "episode" if objects(nested.get("episodes")) else "season"
            yield Missing(kind, _within(sent, nested))
        else:
            yield from _season(catalogue, season, nested, sent)


def _season(
    catalogue: Catalogue, season: Season, sent: JsonObject, show: JsonObject
) -> Iterator[Named | Missing]:
    episodes = objects(sent.get("episodes"))
    around = _inherited(show)
    yield Named(season, sent, around, deepest=not episodes)
    for nested in episodes:
        episode = season.episodes.get(_number_in(nested))
        if episode is None:
            yield Missing("episode", _within(show, {"number": season.number, "episodes": [nested]}))
        else:
            landing = catalogue.landing(episode)
            yield Named(landing, nested, {**around, **_inherited(sent)}, deepest=True)


def _number_in(sent: JsonObject) -> int:
    found = number(sent.get("number"))
    return -1 if found is None else found


def _inherited(sent: JsonObject) -> JsonObject:
    return {key: value for key, value in sent.items() if key not in _NOT_INHERITED}


def _within(show: JsonObject, season: JsonObject) -> JsonObject:
    return {**{key: show[key] for key in ("title", "year", "ids") if key in show}, "seasons": [season]}
