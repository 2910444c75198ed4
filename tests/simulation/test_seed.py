"""What the ready-made Trakt holds."""

from collections import Counter
from itertools import pairwise

import pytest

from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.simulator import Simulator
from crosswatch_trakt.adapters.simulator.seed import seeded
from crosswatch_trakt.adapters.simulator.titles import Episode


@pytest.fixture(scope="module")
def trakt() -> Simulator:
    return seeded(ManualClock())


def test_the_same_seed_makes_the_same_trakt(trakt: Simulator) -> None:
    def marks(simulator: Simulator) -> list[tuple[int, int, int]]:
        return [(play.minute, play.id, play.title.trakt) for play in simulator.account.plays]

    assert marks(seeded(ManualClock())) == marks(trakt)
    assert marks(seeded(ManualClock(), seed=2)) != marks(trakt)
    assert seeded(ManualClock()).account.access_token == trakt.account.access_token


def test_it_holds_as_much_as_was_asked_for(trakt: Simulator) -> None:
    account = trakt.account

    assert (len(account.plays), len(account.ratings), len(account.watchlist)) == (2_000, 400, 150)
    assert {title.kind for title in account.ratings} == {"movie", "show", "season", "episode"}
    assert {title.kind for title in account.watchlist} == {"movie", "show", "season", "episode"}
    assert len(trakt.catalogue.shows) == 40


def test_its_plays_are_as_odd_as_real_ones(trakt: Simulator) -> None:
    plays = list(trakt.account.plays)
    in_a_minute = Counter(play.minute for play in plays)
    of_a_title_in_a_minute = Counter((play.minute, play.title) for play in plays)
    ids = [play.id for play in plays]

    assert plays[0].minute == 0
    assert max(in_a_minute.values()) >= 3
    assert max(of_a_title_in_a_minute.values()) == 2
    assert any(first > second for first, second in pairwise(ids))
    assert min(ids) < 2**32 < max(ids)
    assert {play.minute % 60 for play in plays} == {0}
    assert any(isinstance(play.title, Episode) and play.title.season.number == 0 for play in plays)


def test_its_titles_are_as_odd_as_real_ones(trakt: Simulator) -> None:
    films, shows = trakt.catalogue.movies, trakt.catalogue.shows
    episodes = [episode for show in shows for episode in show.episodes()]

    assert {film.ids["tmdb"] for film in films} & {show.ids["tmdb"] for show in shows}
    assert any(film.year is None for film in films)
    assert any(film.ids["imdb"] == "" for film in films)
    assert any(film.ids["imdb"] is None for film in films)
    assert any("plex" in film.ids for film in films)
    assert any(show.ids["tvdb"] is None for show in shows)
    assert any(episode.title is None for episode in episodes)
    assert any(episode.first_aired is None for episode in episodes)
    assert any(0 in show.seasons for show in shows)
    assert any(2014 in show.seasons for show in shows)
    assert trakt.catalogue.merged


def test_its_past_is_past(trakt: Simulator) -> None:
    assert trakt.account.activities.all < trakt.now() - 3_600
    assert max(play.minute for play in trakt.account.plays) < trakt.now()


def test_it_can_be_large_and_can_be_empty() -> None:
    large = seeded(ManualClock(), plays=100_000)
    empty = seeded(ManualClock(), plays=0, ratings=0, watchlist=0, collected=0, movies=1, shows=0)

    assert len(large.account.plays) == 100_000 < large.account.limits.plays
    assert len(empty.account.plays) == len(empty.account.ratings) == len(empty.account.watchlist) == 0
