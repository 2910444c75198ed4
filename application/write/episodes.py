"""Finding the trakt id of what a caller names otherwise.

An episode known only by its show and numbers is looked up, first in the stored history, then in its
show's season list, which is kept for a week. A title known by ids that Trakt's rows may not have is
asked for by search. `released` becomes the date that Trakt would put.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from returns.result import Failure, Result, Success

from crosswatch_trakt.application.documents import Document, parse_document, write_document
from crosswatch_trakt.application.ports import Clock, HistoryStore, Progress, StateStore
from crosswatch_trakt.application.trakt.catalogue import CatalogueEpisode
from crosswatch_trakt.domain.ids import Ids, parse_ids, unite
from crosswatch_trakt.domain.items import item_digest
from crosswatch_trakt.domain.media import Lookup, Media, MediaType, same_item, undecided
from crosswatch_trakt.domain.problems import Problem

SEASONS_KEPT_S = 7 * 24 * 3600


class Catalogue(Protocol):
    """What Trakt knows of titles."""

    def identify(self, media: Media) -> Result[Media | None, Problem]:
        """A title as Trakt knows it, with all its ids; None if Trakt does not know it."""
        ...

    def episodes_of(self, show: Ids) -> Result[Sequence[CatalogueEpisode], Problem]:
        """Every episode of a show; none if Trakt does not know it."""
        ...


class _StoredEpisodes(Document, kw_only=True):
    ts: int
    episodes: list[CatalogueEpisode]


@dataclass(slots=True)
class Episodes:
    """Looks up titles for one call; each show and each title once."""

    catalogue: Catalogue
    store: HistoryStore
    state: StateStore
    clock: Clock
    progress: Progress
    _shows: dict[str, Sequence[CatalogueEpisode]] = field(default_factory=dict)
    _known: dict[Media, Media] = field(default_factory=dict)
    _played: Lookup[Media] | None = None

    def with_own_ids(self, media: Media) -> Result[Media | None, Problem]:
        """The episode with ids of its own; None if it cannot be found."""
        return self._from_history(media).bind(
            lambda found: Success(found) if found is not None else self._from_catalogue(media)
        )

    def told_apart(self, media: Media, others: Iterable[Media]) -> Result[tuple[Media, bool], Problem]:
        """The title with the ids it takes to say which of the others it is, and whether that is said.

        Trakt is asked only where what they carry does not say it. If it is one of the others, it gets the
        other's spelling too, by which it is found again.
        """
        doubtful = [other for other in others if undecided(media, other)]
        if not doubtful:
            return Success((media, True))
        return self.full(media).bind(lambda known: self._told_apart(known, doubtful))

    def _told_apart(self, media: Media, others: Sequence[Media]) -> Result[tuple[Media, bool], Problem]:
        said = True
        for other in others:
            found = self.full(other) if undecided(media, other) else Success(other)
            if not isinstance(found, Success):
                return Failure(found.failure())
            if same_item(media, found.unwrap()):
                return Success((_joined(media, other), True))
            said = said and not undecided(media, found.unwrap())
        return Success((media, said))

    def full(self, media: Media) -> Result[Media, Problem]:
        """The title with all that Trakt knows of it; as it is if Trakt does not know it."""
        if media.ids:
            return self.with_trakt_id(media)
        return self.with_own_ids(media).map(lambda found: found or media)

    def with_trakt_id(self, media: Media) -> Result[Media, Problem]:
        """The title with all ids that Trakt has for it; as it is if Trakt does not know it."""
        known = self._known.get(media)
        if known is not None:
            return Success(known)
        return self.catalogue.identify(media).map(lambda found: self._found(media, found))

    def released_at(self, media: Media) -> Result[int | None, Problem]:
        """When the episode was first aired, plus its length; None if Trakt cannot say."""
        return self.episode(media).map(lambda found: None if found is None else found.released_at)

    def aired(self, show: Media, now: int) -> Result[Sequence[Media], Problem]:
        """The episodes of a show that have been aired, specials left out; none if Trakt does not know it."""
        return self._episodes_of(show.ids).map(
            lambda episodes: [
                Media(MediaType.EPISODE, parse_ids(one.ids), None, None, show.ids, one.season, one.number)
                for one in episodes
                if one.season > 0 and one.released_at is not None and one.released_at <= now
            ]
        )

    def episode(self, media: Media) -> Result[CatalogueEpisode | None, Problem]:
        """The episode in its show's season list."""
        if not media.show_ids:
            return Success(None)
        return self._episodes_of(media.show_ids).map(
            lambda episodes: next((episode for episode in episodes if _is(episode, media)), None)
        )

    def _from_history(self, media: Media) -> Result[Media | None, Problem]:
        if self._played is not None:
            return Success(_first(self._played.find(media)))
        return self.store.titles().map(lambda titles: self._look_up(titles, media))

    def _look_up(self, titles: Sequence[Media], media: Media) -> Media | None:
        self._played = Lookup((title, title) for title in titles if title.type is MediaType.EPISODE)
        return _first(self._played.find(media))

    def _from_catalogue(self, media: Media) -> Result[Media | None, Problem]:
        return self.episode(media).map(
            lambda found: None if found is None else replace(media, ids=parse_ids(found.ids))
        )

    def _found(self, media: Media, found: Media | None) -> Media:
        self._known[media] = media if found is None else _joined(found, media)
        return self._known[media]

    def _episodes_of(self, show: Ids) -> Result[Sequence[CatalogueEpisode], Problem]:
        name = f"trakt_seasons.{show.trakt or item_digest(dict(show.known()))}.json"
        known = self._shows.get(name)
        if known is not None:
            return Success(known)
        return (
            self.state.read(name)
            .map(lambda body: parse_document(body, name, _StoredEpisodes, "history", self.progress))
            .bind(lambda stored: self._recent(stored, show, name))
            .map(lambda episodes: self._keep(name, episodes))
        )

    def _recent(
        self, stored: _StoredEpisodes | None, show: Ids, name: str
    ) -> Result[Sequence[CatalogueEpisode], Problem]:
        now = int(self.clock.now().timestamp())
        if stored is not None and now - stored.ts < SEASONS_KEPT_S:
            return Success(stored.episodes)
        return self.catalogue.episodes_of(show).bind(
            lambda episodes: write_document(
                self.state, name, _StoredEpisodes(ts=now, episodes=list(episodes))
            ).map(lambda _: episodes)
        )

    def _keep(self, name: str, episodes: Sequence[CatalogueEpisode]) -> Sequence[CatalogueEpisode]:
        self._shows[name] = episodes
        return episodes


MakeEpisodes = Callable[[], Episodes]


def _joined(first: Media, second: Media) -> Media:
    """One title of two spellings of it; where both say something, the first."""
    return replace(
        second,
        ids=unite(first.ids, second.ids),
        show_ids=unite(first.show_ids, second.show_ids),
        season=second.season if first.season is None else first.season,
        episode=second.episode if first.episode is None else first.episode,
    )


def _is(episode: CatalogueEpisode, media: Media) -> bool:
    if media.season is not None and media.episode is not None:
        return (episode.season, episode.number) == (media.season, media.episode)
    return media.ids.trakt is not None and parse_ids(episode.ids).trakt == media.ids.trakt


def _first(found: Sequence[Media]) -> Media | None:
    return found[0] if found and found[0].ids else None
