"""What titles are, and how Trakt writes them.

A film or a show has title, year and ids; an episode its numbers, ids and a title that may be null; a
season number and ids only (recordings of 2026). Ids but `trakt` and `slug` may be null, `imdb` may be
empty in old rows, and `ids.plex` is an object. Source: trakt.docs, "Standard Media Objects".
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Literal, TypeAlias

from crosswatch_trakt.adapters.simulator.stamps import day, stamp

JsonObject: TypeAlias = dict[str, object]
Kind: TypeAlias = Literal["movie", "show", "season", "episode"]
KINDS: tuple[Kind, ...] = ("movie", "show", "season", "episode")


@dataclass(slots=True, eq=False)
class Movie:
    """A film."""

    kind: ClassVar[Kind] = "movie"
    trakt: int  # its number among films
    ids: JsonObject  # as Trakt writes them
    title: str | None
    year: int | None
    runtime: int  # minutes
    released: int | None  # epoch seconds, midnight
    genre: str = "drama"

    def short(self) -> JsonObject:
        """As it stands in rows."""
        return {"title": self.title, "year": self.year, "ids": self.ids}

    def full(self) -> JsonObject:
        """As `extended=full` shows it."""
        return {
            **self.short(),
            "overview": f"A film called {self.title}.",
            "released": None if self.released is None else day(self.released),
            "runtime": self.runtime,
            "rating": 7.5,
            "votes": 100,
            "genres": [self.genre],
        }


@dataclass(slots=True, eq=False)
class Show:
    """A series."""

    kind: ClassVar[Kind] = "show"
    trakt: int  # its number among shows
    ids: JsonObject  # as Trakt writes them
    title: str | None
    year: int | None
    runtime: int  # minutes an episode
    first_aired: int | None
    seasons: dict[int, "Season"] = field(default_factory=dict)

    def season(self, number: int) -> "Season":
        """The season of this number; KeyError if there is none."""
        return self.seasons[number]

    def episode(self, season: int, number: int) -> "Episode":
        """The episode of these numbers; KeyError if there is none."""
        return self.seasons[season].episodes[number]

    def episodes(self) -> Iterator["Episode"]:
        """All, specials first."""
        for _, season in sorted(self.seasons.items()):
            yield from season.in_order()

    def aired(self, now: int) -> int:
        """How many episodes were aired, specials not counted."""
        return sum(1 for one in self.episodes() if one.season.number and one.is_aired(now))

    def short(self) -> JsonObject:
        """As it stands in rows."""
        return {"title": self.title, "year": self.year, "ids": self.ids}

    def full(self, now: int) -> JsonObject:
        """As `extended=full` shows it."""
        return {
            **self.short(),
            "overview": f"A series called {self.title}.",
            "first_aired": None if self.first_aired is None else stamp(self.first_aired),
            "runtime": self.runtime,
            "rating": 7.5,
            "votes": 100,
            "aired_episodes": self.aired(now),
        }


@dataclass(slots=True, eq=False)
class Season:
    """A season; number 0 holds the specials."""

    kind: ClassVar[Kind] = "season"
    trakt: int  # its number among seasons
    ids: JsonObject  # as Trakt writes them
    show: Show
    number: int
    episodes: dict[int, "Episode"] = field(default_factory=dict)

    def in_order(self) -> list["Episode"]:
        """Its episodes by number."""
        return [episode for _, episode in sorted(self.episodes.items())]

    def short(self) -> JsonObject:
        """As it stands in rows: number and ids only (recorded)."""
        return {"number": self.number, "ids": self.ids}

    def full(self, now: int) -> JsonObject:
        """As `extended=full` shows it in the list of a show's seasons."""
        dates = [one.first_aired for one in self.in_order() if one.first_aired is not None]
        dated: JsonObject = {"first_aired": stamp(min(dates))} if dates else {}
        return {
            **self.short(),
            "title": f"Season {self.number}" if self.number else "Specials",
            "episode_count": len(self.episodes),
            "aired_episodes": sum(1 for one in self.episodes.values() if one.is_aired(now)),
            **dated,
        }


@dataclass(slots=True, eq=False)
class Episode:
    """An episode; its own title may be null."""

    kind: ClassVar[Kind] = "episode"
    trakt: int  # its number among episodes
    ids: JsonObject  # as Trakt writes them
    season: Season
    number: int
    title: str | None
    first_aired: int | None
    runtime: int  # minutes
    number_abs: int | None = None

    @property
    def show(self) -> Show:
        """Whose episode it is."""
        return self.season.show

    def is_aired(self, now: int) -> bool:
        """Whether it was on air by then; one without a date was not."""
        return self.first_aired is not None and self.first_aired <= now

    def short(self) -> JsonObject:
        """As it stands in rows."""
        return {"season": self.season.number, "number": self.number, "title": self.title, "ids": self.ids}

    def full(self) -> JsonObject:
        """As `extended=full` shows it; only this has `number_abs`."""
        return {
            **self.short(),
            "number_abs": self.number_abs,
            "overview": None,
            "first_aired": None if self.first_aired is None else stamp(self.first_aired),
            "runtime": self.runtime,
            "rating": 7.5,
            "votes": 10,
        }


Title: TypeAlias = Movie | Show | Season | Episode


def described(title: Title, *, full: bool = False, now: int = 0) -> JsonObject:
    """What a row is about: `type`, the title, and the show of a season or episode."""
    whole: JsonObject
    if isinstance(title, Movie | Episode):
        whole = title.full() if full else title.short()
    else:
        whole = title.full(now) if full else title.short()
    row: JsonObject = {"type": title.kind, title.kind: whole}
    if isinstance(title, Season | Episode):
        row["show"] = title.show.full(now) if full else title.show.short()
    return row
