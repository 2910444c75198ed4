"""The ledger and the lists of watched titles.

`GET /users/me/watched/{movies|shows}?extended=min` holds the date of every play by Trakt numbers; a
page counts titles, not plays. The lists of `/sync/watched` have counts and last dates; seasons since
July 2026 only with `extended=progress` (T#835), season 0 only with `specials=true` (T#792). Titles
watched last come first [unsure]. Source: contract of 2026-07-30.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import TypeVar

from crosswatch_trakt.adapters.simulator.answers import empty_answer, json_answer
from crosswatch_trakt.adapters.simulator.changes import Plays
from crosswatch_trakt.adapters.simulator.paging import Page, cut
from crosswatch_trakt.adapters.simulator.plays import Play, PlayLog
from crosswatch_trakt.adapters.simulator.stamps import stamp
from crosswatch_trakt.adapters.simulator.titles import Episode, JsonObject, Movie, Show
from crosswatch_trakt.adapters.simulator.world import Call
from crosswatch_trakt.application.ports import Response

_TYPES = ("movies", "shows")

Row = TypeVar("Row")


def read(call: Call) -> Response:
    """`GET /users/me/watched/{movies|shows}`: with `extended=min` the ledger."""
    return _ledger(call) if "min" in call.extended and call.parts["type"] in _TYPES else watched(call)


def _ledger(call: Call) -> Response:
    titles_max = call.world.paging.ledger_titles_max
    if call.parts["type"] == "movies":
        films = _cut(call, _films, titles_max)
        return json_answer(
            200, {str(film.trakt): _dates(call, plays) for film, plays in films.rows}, films.headers
        )
    shows = _cut(call, _shows, titles_max)
    return json_answer(
        200, {str(show.trakt): _by_season(call, plays) for show, plays in shows.rows}, shows.headers
    )


def _by_season(call: Call, plays: Iterable[Play]) -> JsonObject:
    seasons: dict[str, dict[str, list[Play]]] = {}
    for play in plays:
        if isinstance(play.title, Episode):
            season = play.title.season
            numbered = call.query.get("season_numbers") == "true"
            key = f"{season.trakt}|{season.number}" if numbered else str(season.trakt)
            seasons.setdefault(key, {}).setdefault(str(play.title.trakt), []).append(play)
    return {
        key: {number: _dates(call, rows) for number, rows in episodes.items()}
        for key, episodes in seasons.items()
    }


def _dates(call: Call, plays: Iterable[Play]) -> list[str | None]:
    """Newest first, as in the history."""
    nulls = call.world.ledger_nulls
    return [
        None if nulls and play.minute == 0 else stamp(play.minute) for play in sorted(plays, reverse=True)
    ]


def watched(call: Call) -> Response:
    """`GET /sync/watched/{movies|shows}`."""
    if call.parts["type"] not in _TYPES:
        return empty_answer(404)
    now, progress = call.world.now(), "progress" in call.extended
    rows_max = call.world.paging.progress_rows_max if progress else None
    if call.parts["type"] == "movies":
        films = _cut(call, _films, rows_max)
        return films.answer([{**_counts(plays), "movie": film.short()} for film, plays in films.rows])
    shows = _cut(call, _shows, rows_max)
    return shows.answer(
        [
            {
                **_counts(plays),
                "reset_at": None,
                "show": {**show.short(), "aired_episodes": show.aired(now)},
                **({"seasons": _progress(plays)} if progress else {}),
            }
            for show, plays in shows.rows
        ]
    )


def _counts(plays: Sequence[Play]) -> JsonObject:
    """`last_updated_at` does not move on removal (T#472); here it is the date of the last play."""
    last = stamp(max(plays).minute)
    return {"plays": len(plays), "last_watched_at": last, "last_updated_at": last}


def _progress(plays: Iterable[Play]) -> list[JsonObject]:
    seasons: dict[int, dict[int, list[Play]]] = {}
    for play in plays:
        if isinstance(play.title, Episode):
            season = seasons.setdefault(play.title.season.number, {})
            season.setdefault(play.title.number, []).append(play)
    return [
        {
            "number": number,
            "episodes": [
                {"number": episode, "plays": len(rows), "last_watched_at": stamp(max(rows).minute)}
                for episode, rows in sorted(episodes.items())
            ],
        }
        for number, episodes in sorted(seasons.items())
    ]


def _cut(call: Call, rows_of: Callable[[Call, Plays], list[Row]], rows_max: int | None) -> Page[Row]:
    """The page asked for, of the plays as they stood when the ledger's lag began."""
    account, (shown, counted) = call.account, call.moments(call.world.lag.ledger_s)
    announced = None if shown == counted else len(rows_of(call, account.plays_at(counted)))
    return cut(call, rows_of(call, account.plays_at(shown)), rows_max=rows_max, announced=announced)


def _films(call: Call, plays: Plays) -> list[tuple[Movie, list[Play]]]:
    return _films_now(plays, plays.version) if isinstance(plays, PlayLog) else _films_of(plays)


def _films_of(plays: Plays) -> list[tuple[Movie, list[Play]]]:
    films: dict[Movie, list[Play]] = {}
    for play in plays.of_kind("movie"):
        if isinstance(play.title, Movie):
            films.setdefault(play.title, []).append(play)
    return sorted(films.items(), key=lambda row: row[1][-1], reverse=True)


def _shows(call: Call, plays: Plays) -> list[tuple[Show, list[Play]]]:
    specials = call.query.get("specials") == "true"
    if isinstance(plays, PlayLog):
        return _shows_now(plays, plays.version, specials)
    return _shows_of(plays, specials)


def _shows_of(plays: Plays, specials: bool) -> list[tuple[Show, list[Play]]]:
    shows: dict[Show, list[Play]] = {}
    for play in plays.of_kind("episode"):
        if isinstance(play.title, Episode) and (specials or play.title.season.number):
            shows.setdefault(play.title.show, []).append(play)
    return sorted(shows.items(), key=lambda row: row[1][-1], reverse=True)


# Not made anew for each page of an account of 100,000 plays: that took 110 ms a page.


@lru_cache(maxsize=2)
def _films_now(plays: PlayLog, version: int) -> list[tuple[Movie, list[Play]]]:
    return _films_of(plays)


@lru_cache(maxsize=2)
def _shows_now(plays: PlayLog, version: int, specials: bool) -> list[tuple[Show, list[Play]]]:
    return _shows_of(plays, specials)
