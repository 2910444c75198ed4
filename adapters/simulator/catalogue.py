"""The titles that this Trakt knows, and how they are found.

Trakt's own numbers run per type, so a film and a show may share them, as they may share a tmdb
number. Of several ids in one object the first that is known counts. Source: trakt.docs, "Standard
Media Objects"; the contract of 2026-07-30 leaves imdb and tmdb of episodes out, the service does not.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import TypeAlias

from crosswatch_trakt.adapters.simulator.stamps import DAY_S, epoch
from crosswatch_trakt.adapters.simulator.titles import (
    KINDS,
    Episode,
    JsonObject,
    Kind,
    Movie,
    Season,
    Show,
    Title,
)

NAMESPACES: dict[Kind, tuple[str, ...]] = {
    "movie": ("trakt", "slug", "imdb", "tmdb"),
    "show": ("trakt", "slug", "imdb", "tvdb", "tmdb"),
    "season": ("trakt", "tvdb", "tmdb"),
    "episode": ("trakt", "imdb", "tvdb", "tmdb"),
}
"""What a title of a type can be found by, in the order tried; films have no tvdb number."""


class Auto(Enum):
    """Stands for an id that the catalogue makes up."""

    AUTO = "auto"


AUTO = Auto.AUTO
TextId: TypeAlias = str | Auto | None
NumberId: TypeAlias = int | Auto | None


class Catalogue:
    """Films, shows, their seasons and episodes. Ids not given are made up, in a fixed order."""

    def __init__(self, first_trakt: int = 1001) -> None:
        self.movies: list[Movie] = []
        self.shows: list[Show] = []
        self._next = dict.fromkeys(KINDS, first_trakt)
        self._index: dict[tuple[Kind, str, str], list[Title]] = {}
        self._slugs: set[tuple[Kind, str]] = set()
        self.merged: set[Title] = set()
        self._diverted: dict[Title, Title] = {}

    # --- building

    def movie(
        self,
        title: str | None = "The Quiet Harbour",
        year: int | None = 1999,
        *,
        trakt: NumberId = AUTO,
        imdb: TextId = AUTO,
        tmdb: NumberId = AUTO,
        plex: JsonObject | None = None,
        runtime: int = 100,
        released: datetime | None = None,
    ) -> Movie:
        """Put in a film."""
        number = self._number("movie", trakt)
        ids: JsonObject = {
            "trakt": number,
            "slug": self._slug("movie", title, year, number),
            "imdb": f"tt{1_000_000 + number:07d}" if imdb is AUTO else imdb,
            "tmdb": 500_000 + number if tmdb is AUTO else tmdb,
        }
        made = Movie(number, _with_plex(ids, plex), title, year, runtime, _air_date(released, year))
        self.movies.append(made)
        self._remember(made)
        return made

    def show(
        self,
        title: str | None = "Lanterns of the North",
        year: int | None = 2010,
        *,
        seasons: Mapping[int, int] | None = None,
        trakt: NumberId = AUTO,
        imdb: TextId = AUTO,
        tmdb: NumberId = AUTO,
        tvdb: NumberId = AUTO,
        plex: JsonObject | None = None,
        runtime: int = 45,
        first_aired: datetime | None = None,
    ) -> Show:
        """Put in a show; `seasons` maps numbers to counts of episodes, weekly from the first date."""
        number = self._number("show", trakt)
        ids: JsonObject = {
            "trakt": number,
            "slug": self._slug("show", title, year, number),
            "tvdb": 300_000 + number if tvdb is AUTO else tvdb,
            "imdb": f"tt{2_000_000 + number:07d}" if imdb is AUTO else imdb,
            "tmdb": 500_000 + number if tmdb is AUTO else tmdb,
        }
        made = Show(number, _with_plex(ids, plex), title, year, runtime, _air_date(first_aired, year))
        self.shows.append(made)
        self._remember(made)
        at = made.first_aired
        for season, count in sorted((seasons or {}).items()):
            self.season(made, season)
            for index in range(1, count + 1):
                self.episode(made, season, index, first_aired=at)
                at = None if at is None else at + 7 * DAY_S
        return made

    def season(
        self,
        show: Show,
        number: int,
        *,
        trakt: NumberId = AUTO,
        tmdb: NumberId = AUTO,
        tvdb: NumberId = AUTO,
    ) -> Season:
        """Put in a season without episodes."""
        own = self._number("season", trakt)
        ids: JsonObject = {
            "trakt": own,
            "tvdb": 600_000 + own if tvdb is AUTO else tvdb,
            "tmdb": 700_000 + own if tmdb is AUTO else tmdb,
        }
        made = Season(own, ids, show, number)
        show.seasons[number] = made
        self._remember(made)
        return made

    def episode(
        self,
        show: Show,
        season: int,
        number: int,
        *,
        title: str | Auto | None = AUTO,
        first_aired: datetime | int | None = None,
        number_abs: int | None = None,
        trakt: NumberId = AUTO,
        imdb: TextId = AUTO,
        tmdb: NumberId = AUTO,
        tvdb: NumberId = AUTO,
    ) -> Episode:
        """Put in an episode, and its season if need be. Without a date it was not aired yet."""
        parent = show.seasons.get(season) or self.season(show, season)
        own = self._number("episode", trakt)
        ids: JsonObject = {
            "trakt": own,
            "tvdb": 4_000_000 + own if tvdb is AUTO else tvdb,
            "imdb": f"tt{3_000_000 + own:07d}" if imdb is AUTO else imdb,
            "tmdb": 800_000 + own if tmdb is AUTO else tmdb,
        }
        aired = epoch(first_aired) if isinstance(first_aired, datetime) else first_aired
        named = f"Chapter {number}" if title is AUTO else title
        made = Episode(own, ids, parent, number, named, aired, show.runtime, number_abs)
        parent.episodes[number] = made
        self._remember(made)
        return made

    def merge(self, title: Title, into: Title | None = None) -> None:
        """Let a title lose its ids, as a merged one does (T#108): rows of it stay, nothing finds it.

        With `into` its ids find that title from then on: a write under the old ids is recorded there, and
        its row shows other ids than were sent. A merged show leads to the seasons of `into` by number.
        """
        self.merged.add(title)
        for rows in self._index.values():
            if title in rows:
                at = rows.index(title)
                rows[at : at + 1] = [] if into is None else [into]

    def divert(self, title: Title, to: Title | None) -> None:
        """Let writes under a title's ids land on another one, though look-ups find it; None ends it."""
        self._diverted.pop(title, None)
        if to is not None:
            self._diverted[title] = to

    def landing(self, title: Title) -> Title:
        """Where a write that names this title is recorded."""
        return self._diverted.get(title, title)

    # --- finding

    def find(self, kind: Kind, ids: Mapping[str, object]) -> Title | None:
        """The title of the first id that is known; of several with one number, the first (T#423)."""
        for namespace in NAMESPACES[kind]:
            value = ids.get(namespace)
            if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
                found = self.by_id(kind, namespace, str(value))
                if found is not None:
                    return found
        return None

    def by_id(self, kind: Kind, namespace: str, value: str) -> Title | None:
        """The title of this one id."""
        found = self._index.get((kind, namespace, value))
        return found[0] if found else None

    def by_path(self, kind: Kind, text: str) -> Title | None:
        """The title of a path: its Trakt number, slug or imdb id."""
        for namespace in ("trakt", "slug", "imdb"):
            found = self.by_id(kind, namespace, text)
            if found is not None:
                return found
        return None

    def by_name(self, kind: Kind, title: object, year: object) -> Title | None:
        """The first film or show of this title, and of this year if one is given."""
        if not isinstance(title, str) or kind not in ("movie", "show"):
            return None
        for one in self.movies if kind == "movie" else self.shows:
            same = one.title is not None and _folded(one.title) == _folded(title)
            if same and one not in self.merged and (year is None or year == one.year):
                return one
        return None

    def _number(self, kind: Kind, given: NumberId) -> int:
        if isinstance(given, int):
            self._next[kind] = max(self._next[kind], given + 1)
            return given
        self._next[kind] += 1
        return self._next[kind] - 1

    def _slug(self, kind: Kind, title: str | None, year: int | None, number: int) -> str:
        plain = re.sub(r"[^a-z0-9]+", "-", (title or "").casefold()).strip("-") or str(number)
        wanted = f"{plain}-{year}" if kind == "movie" and year is not None else plain
        slug = wanted if (kind, wanted) not in self._slugs else f"{wanted}-{number}"
        self._slugs.add((kind, slug))
        return slug

    def _remember(self, title: Title) -> None:
        for namespace in NAMESPACES[title.kind]:
            value = title.ids.get(namespace)
            if value not in (None, ""):
                self._index.setdefault((title.kind, namespace, str(value)), []).append(title)


def _with_plex(ids: JsonObject, plex: JsonObject | None) -> JsonObject:
    return ids if plex is None else {**ids, "plex": plex}


def _air_date(given: datetime | None, year: int | None) -> int | None:
    if given is not None:
        return epoch(given)
    return None if year is None else epoch(datetime(year, 3, 1, tzinfo=UTC))


def _folded(title: str) -> str:
    return " ".join(title.casefold().split())
