"""Looking titles up: by path, by id, by words of the title, and the seasons of a show.

A search by id finds nothing for seasons, and no films by tvdb number [old]; types share tmdb and tvdb
numbers, so without `type` one number may give several. A search by words finds titles that have them all,
the same title first; how the service ranks is not known. Source: contract of 2026-07-30.
"""

from collections.abc import Iterator, Sequence

from crosswatch_trakt.adapters.simulator.answers import empty_answer, json_answer
from crosswatch_trakt.adapters.simulator.catalogue import NAMESPACES
from crosswatch_trakt.adapters.simulator.paging import cut
from crosswatch_trakt.adapters.simulator.titles import (
    Episode,
    JsonObject,
    Kind,
    Movie,
    Season,
    Show,
    described,
)
from crosswatch_trakt.adapters.simulator.world import Call
from crosswatch_trakt.application.ports import Response

_SEARCHED: tuple[Kind, ...] = ("movie", "show", "episode")
_NOT_HERE = ("person", "list")  # known types that nothing here is of
SCORE = 1000  # of every hit by id, and of a title that is what was searched for


def movie(call: Call) -> Response:
    """`GET /movies/{id}`: Trakt number, slug or imdb id."""
    found = call.world.catalogue.by_path("movie", call.parts["id"])
    if not isinstance(found, Movie):
        return empty_answer(404)
    return json_answer(200, found.full() if call.full else found.short())


def show(call: Call) -> Response:
    """`GET /shows/{id}`: Trakt number, slug or imdb id."""
    found = call.world.catalogue.by_path("show", call.parts["id"])
    if not isinstance(found, Show):
        return empty_answer(404)
    return json_answer(200, found.full(call.world.now()) if call.full else found.short())


def seasons(call: Call) -> Response:
    """`GET /shows/{id}/seasons[?extended=episodes,full]`: specials included, never paged."""
    found = call.world.catalogue.by_path("show", call.parts["id"])
    if not isinstance(found, Show):
        return empty_answer(404)
    return json_answer(200, [_season(call, season) for _, season in sorted(found.seasons.items())])


def search(call: Call) -> Response:
    """`GET /search/{namespace}/{id}?type=`: `[]` if nothing has it."""
    namespace, value = call.parts["namespace"], call.parts["id"]
    if namespace not in ("trakt", "imdb", "tmdb", "tvdb"):
        return empty_answer(404)
    asked = call.query.get("type", "").split(",")
    hits: list[JsonObject] = []
    for kind in _SEARCHED:
        if ("" in asked or kind in asked) and namespace in NAMESPACES[kind]:
            found = call.world.catalogue.by_id(kind, namespace, value)
            if found is not None:
                hits.append({"score": SCORE, **described(found, full=call.full, now=call.world.now())})
    return json_answer(200, hits)


def search_text(call: Call) -> Response:
    """`GET /search/{movie,show,episode}?query=`: paged."""
    asked = call.parts["types"].split(",")
    if not set(asked) <= {*_SEARCHED, *_NOT_HERE}:
        return empty_answer(404)
    words = call.query.get("query", "").casefold().split()
    scored = [(_score(title, words), title) for title in _titles(call, asked) if words]
    hits = sorted((hit for hit in scored if hit[0]), key=lambda hit: -hit[0])
    page = cut(call, hits, rows_default=call.world.paging.search_rows_default)
    now = call.world.now()
    return page.answer(
        [{"score": score, **described(title, full=call.full, now=now)} for score, title in page.rows]
    )


def _titles(call: Call, kinds: Sequence[str]) -> Iterator[Movie | Show | Episode]:
    catalogue = call.world.catalogue
    if "movie" in kinds:
        yield from (film for film in catalogue.movies if film not in catalogue.merged)
    if "show" in kinds:
        yield from (show for show in catalogue.shows if show not in catalogue.merged)
    if "episode" in kinds:
        yield from (one for show in catalogue.shows for one in show.episodes())


def _score(title: Movie | Show | Episode, words: Sequence[str]) -> int:
    """0 if it does not have them all."""
    own = (title.title or "").casefold().split()
    if not set(words) <= set(own):
        return 0
    return SCORE * len(words) // len(own)


def _season(call: Call, season: Season) -> JsonObject:
    row = season.full(call.world.now()) if call.full else season.short()
    if "episodes" in call.extended:
        row["episodes"] = [one.full() if call.full else one.short() for one in season.in_order()]
    return row
