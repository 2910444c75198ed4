"""Looking titles up: by path, by id, and the seasons of a show.

A search by id finds nothing for seasons, and no films by tvdb number [old]; types share tmdb and tvdb
numbers, so without `type` one number may give several. Source: contract of 2026-07-30.
"""

from crosswatch_trakt.adapters.simulator.answers import empty_answer, json_answer
from crosswatch_trakt.adapters.simulator.catalogue import NAMESPACES
from crosswatch_trakt.adapters.simulator.titles import JsonObject, Kind, Movie, Season, Show, described
from crosswatch_trakt.adapters.simulator.world import Call
from crosswatch_trakt.application.ports import Response

_SEARCHED: tuple[Kind, ...] = ("movie", "show", "episode")
SCORE = 1000  # of every hit by id


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


def _season(call: Call, season: Season) -> JsonObject:
    row = season.full(call.world.now()) if call.full else season.short()
    if "episodes" in call.extended:
        row["episodes"] = [one.full() if call.full else one.short() for one in season.in_order()]
    return row
