"""What the demo adds and removes: some of everything that people's data holds."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from crosswatch_trakt.domain.timestamps import to_iso

if TYPE_CHECKING:
    from crosswatch_trakt.adapters.simulator.simulator import Simulator
    from crosswatch_trakt.adapters.simulator.titles import Episode, Movie, Show, Title

Item: TypeAlias = Mapping[str, object]
Batch: TypeAlias = Mapping[str, Sequence[Item]]  # by feature

NOBODY = {"type": "movie", "title": "A film that Trakt does not know", "ids": {"tmdb": 999_999_999}}
_DAY_S = 86_400


def mixed_batch(simulator: "Simulator", there: Mapping[str, Mapping[str, Item]]) -> Batch:
    """Good items, duplicates, what is there already, and what cannot be done."""
    films, shows = _untouched(simulator), list(simulator.catalogue.shows)
    film, show = _sharing_a_number(films, shows)
    first, second, third, fourth = [one for one in films if one is not film][:4]
    one, other = _unwatched(simulator)[:2]
    now = simulator.now()
    dates = [to_iso(now - days * _DAY_S) for days in range(1, 10)]
    seen = {**_item(first), "watched_at": dates[0]}
    liked = {**_item(third), "rating": 8, "rated_at": dates[0]}
    return {
        "watchlist": [
            *(_item(fourth), _item(film), _item(show)),  # film and show have one TMDB number
            _item(fourth),
            _any(there["watchlist"]),
            NOBODY,
            {"type": "movie", "year": 1999},
        ],
        "ratings": [
            *(liked, {**_item(film), "rating": 9}, {**_item(show), "rating": 3}),
            liked,
            _any(there["ratings"]),
            {**_item(second), "rating": 11},
            {**_item(second), "rating": "great"},
            {**NOBODY, "rating": 5},
        ],
        "history": [
            seen,
            {**_item(second), "watched_at": dates[1]},
            {**_episode(one), "watched_at": dates[2]},
            {**_by_show(other), "watched_at": dates[3]},
            seen,
            _any(there["history"]),
            _item(third),
            {**_item(third), "watched_at": "last Tuesday"},
            {**_item(show), "watched_at": dates[4]},
            {**NOBODY, "watched_at": dates[5]},
        ],
    }


def removals(simulator: "Simulator", added: Batch) -> tuple["Movie", Batch]:
    """One of several plays of a film; of each list something that was added, and what is not there."""
    plays = simulator.account.plays
    film = next(
        one for one in simulator.catalogue.movies if len({play.minute for play in plays.of(one)} - {0}) > 2
    )
    middle = plays.of(film)[1]
    return film, {
        "watchlist": [added["watchlist"][0], NOBODY],
        "ratings": [added["ratings"][0], NOBODY],
        "history": [
            {**_item(film), "watched_at": to_iso(middle.minute)},
            added["history"][0],
            {**_item(film), "watched_at": to_iso(middle.minute - 40 * _DAY_S)},
        ],
    }


def _any(index: Mapping[str, Item]) -> Item:
    return next(iter(index.values()))


def _untouched(simulator: "Simulator") -> list["Movie"]:
    """Films that the account neither saw nor rated nor listed."""
    account, catalogue = simulator.account, simulator.catalogue
    touched: set[Title] = {*account.plays.titles("movie"), *account.ratings, *account.watchlist}
    films = [film for film in catalogue.movies if film not in catalogue.merged and film not in touched]
    return [film for film in films if film.ids.get("tmdb") and film.title and film.year]


def _unwatched(simulator: "Simulator") -> list["Episode"]:
    watched = set(simulator.account.plays.titles("episode"))
    return [
        episode
        for show in simulator.catalogue.shows
        for episode in show.episodes()
        if episode not in watched and episode.is_aired(simulator.now())
    ]


def _sharing_a_number(films: Sequence["Movie"], shows: Sequence["Show"]) -> tuple["Movie", "Show"]:
    by_number = {show.ids["tmdb"]: show for show in shows}
    return next((film, by_number[film.ids["tmdb"]]) for film in films if film.ids["tmdb"] in by_number)


def _item(title: "Movie | Show") -> Item:
    ids = {name: title.ids[name] for name in ("tmdb", "imdb") if title.ids.get(name)}
    return {"type": title.kind, "title": title.title, "year": title.year, "ids": ids}


def _episode(episode: "Episode") -> Item:
    return {
        **_by_show(episode),
        "title": episode.title,
        "ids": {"tvdb": episode.ids["tvdb"], "tmdb": episode.ids["tmdb"]},
    }


def _by_show(episode: "Episode") -> Item:
    """An episode as many services name it: by its show's ids and its numbers."""
    return {
        "type": "episode",
        "series_title": episode.show.title,
        "show_ids": {"tmdb": episode.show.ids["tmdb"]},
        "season": episode.season.number,
        "episode": episode.number,
    }
