"""What a title is, and when two are the same item.

*Same item* is not the same as an equal key: a caller may know only an imdb id where the index has a
tmdb number too. Two of one type are the same if the best namespace that both carry agrees; episodes
and seasons that share no namespace also if they are of the same show and bear the same numbers. (Ids
come first because Trakt ignores the numbers that stand beside them: its issue 423.)
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from crosswatch_trakt.domain.ids import NO_IDS, Ids, same_ids

T = TypeVar("T")


class MediaType(StrEnum):
    """The four kinds of Trakt's titles."""

    MOVIE = "movie"
    SHOW = "show"
    SEASON = "season"
    EPISODE = "episode"

    @property
    def section(self) -> str:
        """The key of this kind in bodies, answers and counts."""
        return f"{self.value}s"


@dataclass(frozen=True, slots=True)
class Media:
    """One title. Immutable: one object is shared by all plays of a title."""

    type: MediaType
    ids: Ids = NO_IDS
    title: str | None = None  # an episode's own
    year: int | None = None
    show_ids: Ids = NO_IDS  # seasons and episodes only
    season: int | None = None
    episode: int | None = None
    series_title: str | None = None

    @property
    def scope(self) -> tuple[int, int | None] | None:
        """Season and episode number under the show's ids; None if it cannot be found by these."""
        if not self.show_ids or self.season is None:
            return None
        if self.type is MediaType.SEASON:
            return self.season, None
        if self.type is MediaType.EPISODE and self.episode is not None:
            return self.season, self.episode
        return None


def same_item(first: Media, second: Media) -> bool:
    """Whether both are one item of Trakt's."""
    if first.type is not second.type:
        return False
    own = same_ids(first.ids, second.ids)
    if own is not None:
        return own
    if first.scope is not None and first.scope == second.scope:
        show = same_ids(first.show_ids, second.show_ids)
        if show is not None:
            return show
    return _by_title(first) is not None and _by_title(first) == _by_title(second)


def undecided(first: Media, second: Media) -> bool:
    """Whether two titles may be one item although nothing they carry says so: they share no namespace."""
    if first.type is not second.type or same_item(first, second):
        return False
    if same_ids(first.ids, second.ids) is not None:
        return False
    if first.scope is not None and second.scope is not None:
        return first.scope == second.scope and same_ids(first.show_ids, second.show_ids) is None
    return True


class Lookup(Generic[T]):
    """Values found again by any spelling of their item."""

    def __init__(self, pairs: Iterable[tuple[Media, T]] = ()) -> None:
        self._entries: list[tuple[Media, T]] = []
        self._places: defaultdict[object, list[int]] = defaultdict(list)  # by mark
        for media, value in pairs:
            self.add(media, value)

    def add(self, media: Media, value: T) -> None:
        """Remember a value under every mark of its item."""
        for mark in _marks(media):
            self._places[mark].append(len(self._entries))
        self._entries.append((media, value))

    def values(self) -> list[T]:
        """Everything that was added, in that order."""
        return [value for _, value in self._entries]

    def find(self, media: Media) -> list[T]:
        """The values that were added for this item, in the order they were added."""
        if not self._entries:  # as for most minutes of a history
            return []
        places = {place for mark in _marks(media) for place in self._places.get(mark, ())}
        found = (self._entries[place] for place in sorted(places))
        return [value for other, value in found if same_item(media, other)]


def _marks(media: Media) -> Iterator[object]:
    """Values of which two spellings of one item share at least one."""
    for namespace, value in media.ids.known():
        yield media.type, namespace, value
    if media.scope is not None:
        for namespace, value in media.show_ids.known():
            yield media.type, namespace, value, media.scope
    title = _by_title(media)
    if title is not None:
        yield title


def _by_title(media: Media) -> tuple[MediaType, str, int | None] | None:
    """Title and year of a film or show that has no ids at all: then they are all there is."""
    if media.ids or media.title is None or media.type not in (MediaType.MOVIE, MediaType.SHOW):
        return None
    return media.type, fold_title(media.title), media.year


def fold_title(title: str) -> str:
    """A title in the form in which equal titles are equal text, whoever composed their accents."""
    folded = unicodedata.normalize("NFD", title).casefold()
    return " ".join(unicodedata.normalize("NFC", folded).split())
