"""What Trakt knows of titles: ids looked up, and the episodes of a show."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from returns.result import Failure, Result, Success

from crosswatch_trakt.application.trakt.call import Call, Caller
from crosswatch_trakt.application.trakt.rows import TitleObject, decode
from crosswatch_trakt.domain.ids import Ids, parse_ids
from crosswatch_trakt.domain.media import Media, MediaType
from crosswatch_trakt.domain.problems import NotThere, Problem
from crosswatch_trakt.domain.timestamps import from_iso

SEARCHED = ("trakt", "imdb", "tmdb", "tvdb")


class CatalogueEpisode(msgspec.Struct, frozen=True):
    """One episode of a show, as its season list has it."""

    season: int
    number: int
    ids: dict[str, object]
    first_aired: str | None = None
    runtime: int | None = None  # minutes

    @property
    def released_at(self) -> int | None:
        """When it had been watched by whoever saw it first: first aired + runtime, epoch seconds."""
        try:
            return None if self.first_aired is None else from_iso(self.first_aired) + 60 * (self.runtime or 0)
        except ValueError:
            return None


class _SeasonObject(msgspec.Struct):
    episodes: list[CatalogueEpisode] | None = None


class _Found(msgspec.Struct):
    type: str
    movie: TitleObject | None = None
    show: TitleObject | None = None
    episode: TitleObject | None = None


@dataclass(frozen=True, slots=True)
class TraktCatalogue:
    """Looks things up; a title that Trakt does not know is an answer, not a problem."""

    caller: Caller
    feature: str = "history"

    def identify(self, media: Media) -> Result[Media | None, Problem]:
        """The film, show or episode as Trakt knows it, with all its ids; an episode with show and numbers.

        None if Trakt does not know it, or knows several of that id. Types share numbers: the type is sent.
        """
        for namespace, value in media.ids.known():
            if namespace in SEARCHED and not (namespace == "tvdb" and media.type is MediaType.MOVIE):
                found = self._search(namespace, value, media.type)
                if found.value_or(None) is not None or not isinstance(found, Success):
                    return found
        if media.ids.slug is not None and media.type in (MediaType.MOVIE, MediaType.SHOW):
            return self._by_slug(media.type, media.ids.slug)
        return Success(None)

    def episodes_of(self, show: Ids) -> Result[Sequence[CatalogueEpisode], Problem]:
        """Every episode of a show, specials included; empty if Trakt does not know the show."""
        address = show.trakt or show.slug or show.imdb
        if address is None:
            found = self.identify(Media(MediaType.SHOW, show))
            return found.bind(
                lambda known: (
                    self.episodes_of(known.ids) if known is not None and known.ids.trakt else Success(())
                )
            )
        call = Call(self.feature, "GET", f"/shows/{address}/seasons", {"extended": "episodes,full"})
        read: Result[Sequence[CatalogueEpisode], Problem] = self.caller.request_with_retries(
            call, lambda response: decode(response.body, list[_SeasonObject], call.name).map(_episodes)
        )
        return read.lash(_none_if_unknown)

    def _search(self, namespace: str, value: int | str, kind: MediaType) -> Result[Media | None, Problem]:
        call = Call(self.feature, "GET", f"/search/{namespace}/{value}", {"type": kind.value})
        read = self.caller.request_with_retries(
            call, lambda response: decode(response.body, list[_Found], call.name)
        )
        return read.map(lambda found: _only(found, kind)).lash(_nothing_if_unknown)

    def _by_slug(self, kind: MediaType, slug: str) -> Result[Media | None, Problem]:
        call = Call(self.feature, "GET", f"/{kind.section}/{slug}")
        read: Result[Media | None, Problem] = self.caller.request_with_retries(
            call,
            lambda response: decode(response.body, TitleObject, call.name).map(
                lambda title: Media(kind, parse_ids(title.ids))
            ),
        )
        return read.lash(_nothing_if_unknown)


def _episodes(seasons: Sequence[_SeasonObject]) -> Sequence[CatalogueEpisode]:
    return [episode for season in seasons for episode in season.episodes or ()]


def _only(found: Sequence[_Found], kind: MediaType) -> Media | None:
    """The one title found; several of one id are none: a guess would write another's play."""
    titles: dict[int, Media] = {}
    for hit in found:
        title = getattr(hit, kind.value)
        ids = parse_ids(title.ids) if title is not None else Ids()
        if not ids.trakt:
            continue
        if kind is MediaType.EPISODE and hit.show is not None:
            show = parse_ids(hit.show.ids)
            titles[ids.trakt] = Media(kind, ids, show_ids=show, season=title.season, episode=title.number)
        else:
            titles[ids.trakt] = Media(kind, ids)
    return next(iter(titles.values())) if len(titles) == 1 else None


def _none_if_unknown(problem: Problem) -> Result[Sequence[CatalogueEpisode], Problem]:
    return Success(()) if isinstance(problem, NotThere) else Failure(problem)


def _nothing_if_unknown(problem: Problem) -> Result[Media | None, Problem]:
    return Success(None) if isinstance(problem, NotThere) else Failure(problem)
