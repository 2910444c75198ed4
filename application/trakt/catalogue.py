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

SEARCHED = ("imdb", "tmdb", "tvdb")


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

    def ids_of(self, media: Media) -> Result[Ids, Problem]:
        """All ids of a film, show or episode, by the ids it has. Types share numbers, so the type is sent.

        Empty if Trakt does not know it, or knows several of that id.
        """
        for namespace, value in media.ids.known():
            if namespace in SEARCHED and not (namespace == "tvdb" and media.type is MediaType.MOVIE):
                found = self._search(namespace, value, media.type)
                if found.value_or(None) != Ids():
                    return found
        return Success(Ids())

    def episodes_of(self, show: Ids) -> Result[Sequence[CatalogueEpisode], Problem]:
        """Every episode of a show, specials included; empty if Trakt does not know the show."""
        address = show.trakt or show.slug or show.imdb
        if address is None:
            found = self.ids_of(Media(MediaType.SHOW, show))
            return found.bind(lambda ids: self.episodes_of(ids) if ids.trakt else Success(()))
        call = Call(self.feature, "GET", f"/shows/{address}/seasons", {"extended": "episodes,full"})
        read: Result[Sequence[CatalogueEpisode], Problem] = self.caller.request_with_retries(
            call, lambda response: decode(response.body, list[_SeasonObject], call.name).map(_episodes)
        )
        return read.lash(_none_if_unknown)

    def _search(self, namespace: str, value: int | str, kind: MediaType) -> Result[Ids, Problem]:
        call = Call(self.feature, "GET", f"/search/{namespace}/{value}", {"type": kind.value})
        read = self.caller.request_with_retries(
            call, lambda response: decode(response.body, list[_Found], call.name)
        )
        return read.map(lambda found: _only(found, kind)).lash(_no_ids_if_unknown)


def _episodes(seasons: Sequence[_SeasonObject]) -> Sequence[CatalogueEpisode]:
    return [episode for season in seasons for episode in season.episodes or ()]


def _only(found: Sequence[_Found], kind: MediaType) -> Ids:
    """The ids of the one title found; several of one id are none: a guess would write another's play."""
    all_ids = [parse_ids(title.ids) for hit in found if (title := getattr(hit, kind.value)) is not None]
    distinct = {ids.trakt: ids for ids in all_ids if ids.trakt}
    return next(iter(distinct.values())) if len(distinct) == 1 else Ids()


def _none_if_unknown(problem: Problem) -> Result[Sequence[CatalogueEpisode], Problem]:
    return Success(()) if isinstance(problem, NotThere) else Failure(problem)


def _no_ids_if_unknown(problem: Problem) -> Result[Ids, Problem]:
    return Success(Ids()) if isinstance(problem, NotThere) else Failure(problem)
