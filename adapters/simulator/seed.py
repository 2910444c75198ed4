"""A Trakt with titles and an account with a past, the same for the same seed.

It holds what real accounts hold: plays over many years, two of one title, two in one minute, one
without a date, ids not in the order of dates; specials; null titles, years and ids; empty imdb ids in
old rows; `plex` objects; numbers shared by films and shows. All titles are invented.
"""

import random
from collections.abc import Iterator

from crosswatch_trakt.adapters.simulator.account import Account
from crosswatch_trakt.adapters.simulator.activities import Activities
from crosswatch_trakt.adapters.simulator.catalogue import AUTO, Catalogue
from crosswatch_trakt.adapters.simulator.plays import FIRST_ID, Action, Play, Watchable
from crosswatch_trakt.adapters.simulator.simulator import Simulator
from crosswatch_trakt.adapters.simulator.stamps import DAY_S, to_minute
from crosswatch_trakt.adapters.simulator.titles import JsonObject, Title
from crosswatch_trakt.application.ports import Clock

PAST_DAYS = 12 * 365  # how far back the plays go
OLD_ID = 1_982_346  # of the first rows, years ago

_FIRST = (
    *("Quiet", "Hollow", "Amber", "Northern", "Paper", "Silver", "Distant", "Broken", "Velvet", "Salt"),
    *("Crooked", "Winter", "Copper", "Gentle", "Seventh", "Drowned", "Painted", "Restless", "Blue", "Last"),
)
_SECOND = (
    *("Harbour", "Lantern", "Orchard", "Meridian", "Signal", "Garden", "Railway", "Compass", "Tide"),
    *("Archive", "Parade", "Weather", "Mirror", "Quarry", "Ferry", "Almanac", "Causeway", "Chorus"),
    *("Observatory", "Ledger"),
)
_FORMS = ("The {0} {1}", "{0} {1}", "A {0} {1}", "{1} of the {0} Coast")


def seeded(
    clock: Clock,
    *,
    seed: int = 1,
    plays: int = 2_000,
    ratings: int = 400,
    watchlist: int = 150,
    collected: int = 60,
    movies: int = 600,
    shows: int = 40,
) -> Simulator:
    """Make one. 100,000 plays take some two seconds; the limits are those of a free account, or roomier."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, guards nothing
    simulator = Simulator(_catalogue(chance, movies, shows), clock, seed=seed)
    account, catalogue = simulator.account, simulator.catalogue
    now = simulator.now()
    watchables: list[Watchable] = [
        *(film for film in catalogue.movies if film not in catalogue.merged),
        *(one for show in catalogue.shows for one in show.episodes() if one.is_aired(now)),
    ]
    chance.shuffle(watchables)
    account.plays.load(_plays(chance, watchables, plays, now))
    _rate(chance, account, [*catalogue.shows, *_seasons(catalogue), *watchables], ratings)
    _list(chance, account, catalogue, watchlist)
    for title in watchables[:collected]:
        account.collect(title, now - chance.randrange(PAST_DAYS) * DAY_S)
    account.joined_at = now - PAST_DAYS * DAY_S
    account.activities = Activities(now - DAY_S)  # all of this is the past
    limits = account.limits
    limits.plays = max(limits.plays, 2 * plays)
    limits.ratings = max(limits.ratings, 2 * ratings)
    limits.watchlist = max(limits.watchlist, 2 * watchlist)
    limits.collection = max(limits.collection, 2 * collected)
    return simulator


def _catalogue(chance: random.Random, movies: int, shows: int) -> Catalogue:
    catalogue = Catalogue()
    names = _names()
    for index in range(movies):
        plex: JsonObject = {"guid": f"{chance.getrandbits(96):024x}", "slug": None}
        catalogue.movie(
            next(names),
            None if index % 97 == 5 else 1930 + chance.randrange(95),
            imdb="" if index % 71 == 3 else None if index % 53 == 7 else AUTO,
            tmdb=None if index % 61 == 9 else AUTO,
            plex=plex if index % 4 == 0 else None,
            runtime=chance.randrange(70, 180),
        )
    for index in range(shows):
        seasons = {number: chance.randrange(6, 14) for number in range(1, chance.randrange(2, 7))}
        if index % 3 == 0:
            seasons[0] = chance.randrange(1, 4)
        if index % 20 == 13:
            seasons[2014] = 5  # some shows number their seasons by year
        show = catalogue.show(
            next(names),
            1990 + chance.randrange(33),
            seasons=seasons,
            imdb="" if index % 17 == 4 else AUTO,
            tvdb=None if index % 13 == 6 else AUTO,
            runtime=chance.choice((22, 45, 60)),
        )
        for position, episode in enumerate(show.episodes()):
            if position % 11 == 7:
                episode.title = None
        if index % 4 == 1:
            catalogue.episode(show, max(seasons), max(seasons.values()) + 1)  # announced, no date yet
    catalogue.merge(catalogue.movie(next(names), 1987))  # its ids find nothing any more
    return catalogue


def _names() -> Iterator[str]:
    """Invented titles; after some 1,600 they get numbers."""
    for round_ in range(1_000_000):
        for form in _FORMS:
            for index, first in enumerate(_FIRST):
                for step in range(len(_SECOND)):
                    name = form.format(first, _SECOND[(index + step) % len(_SECOND)])
                    yield f"{name} {round_ + 1}" if round_ else name


def _plays(chance: random.Random, titles: list[Watchable], count: int, now: int) -> Iterator[Play]:
    """Some titles often, most once; the last four are the odd ones of the module's docstring."""
    actions: tuple[Action, ...] = ("scrobble", "scrobble", "checkin", "watch")
    play_id = OLD_ID
    minute = now
    title = titles[0]
    for index in range(count):
        if index == count // 10:
            play_id = FIRST_ID
        play_id += chance.randrange(1, 40)
        left = count - index
        if left == 3:
            pass  # the last title once more, in the same minute
        elif left == 2:
            title = chance.choice(titles)  # another title in that minute
        elif left == 1:
            minute = 0  # the date is unknown
        else:
            often = chance.random() < 0.5
            title = chance.choice(titles[: max(1, len(titles) // 5)] if often else titles)
            minute = to_minute(now - chance.randrange(60, PAST_DAYS * DAY_S))
        yield Play(minute, play_id, title, chance.choice(actions))


def _seasons(catalogue: Catalogue) -> Iterator[Title]:
    for show in catalogue.shows:
        yield from show.seasons.values()


def _rate(chance: random.Random, account: Account, titles: list[Title], count: int) -> None:
    for title in chance.sample(titles, min(count, len(titles))):
        account.rate(title, chance.randint(1, 10), account.now() - chance.randrange(PAST_DAYS * DAY_S))


def _list(chance: random.Random, account: Account, catalogue: Catalogue, count: int) -> None:
    """Mostly unwatched films and shows, two seasons and an episode among them."""
    watched = set(account.plays.titles("movie"))
    shows = catalogue.shows
    films = [film for film in catalogue.movies if film not in catalogue.merged]
    wanted: list[Title] = [film for film in films if film not in watched]
    wanted += [*shows, *[film for film in films if film in watched]]
    first: list[Title] = []
    if shows:
        first = [*list(shows[0].seasons.values())[:2], next(shows[-1].episodes())]
    chance.shuffle(wanted)
    for title in [*first, *wanted][:count]:
        account.put_on_watchlist(title, account.now() - chance.randrange(PAST_DAYS * DAY_S))
