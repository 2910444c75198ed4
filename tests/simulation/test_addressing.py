"""Which title a body names."""

import pytest

from crosswatch_trakt.adapters.simulator.titles import Movie, Show
from tests.simulation.client import Client, fresh


@pytest.fixture
def trakt() -> Client:
    return fresh()


@pytest.fixture
def film(trakt: Client) -> Movie:
    return trakt.simulator.catalogue.movie("The Quiet Harbour", 1999, tmdb=550)


@pytest.fixture
def show(trakt: Client) -> Show:
    return trakt.simulator.catalogue.show("Lanterns of the North", 2010, seasons={1: 2}, tmdb=550)


def listed(trakt: Client, section: str, entry: object) -> list[str]:
    """What one entry puts on the watchlist."""
    trakt.simulator.account.watchlist.clear()
    trakt.post("/sync/watchlist", {section: [entry]})
    return [row["type"] for row in trakt.get("/sync/watchlist").json]


@pytest.mark.parametrize("namespace", ["trakt", "slug", "imdb", "tmdb"])
def test_one_id_names_a_film(trakt: Client, film: Movie, namespace: str) -> None:
    assert listed(trakt, "movies", {"ids": {namespace: film.ids[namespace]}}) == ["movie"]
    assert listed(trakt, "movies", {"ids": {namespace: str(film.ids[namespace])}}) == ["movie"]


@pytest.mark.parametrize("namespace", ["trakt", "slug", "imdb", "tmdb", "tvdb"])
def test_one_id_names_a_show(trakt: Client, show: Show, namespace: str) -> None:
    assert listed(trakt, "shows", {"ids": {namespace: show.ids[namespace]}}) == ["show"]


@pytest.mark.parametrize("namespace", ["trakt", "tmdb", "tvdb"])
def test_one_id_names_a_season(trakt: Client, show: Show, namespace: str) -> None:
    assert listed(trakt, "seasons", {"ids": {namespace: show.season(1).ids[namespace]}}) == ["season"]


@pytest.mark.parametrize("namespace", ["trakt", "imdb", "tmdb", "tvdb"])
def test_one_id_names_an_episode(trakt: Client, show: Show, namespace: str) -> None:
    assert listed(trakt, "episodes", {"ids": {namespace: show.episode(1, 2).ids[namespace]}}) == ["episode"]


def test_a_number_shared_by_a_film_and_a_show_names_one_of_each_type(
    trakt: Client, film: Movie, show: Show
) -> None:
    assert listed(trakt, "movies", {"ids": {"tmdb": 550}}) == ["movie"]
    assert listed(trakt, "shows", {"ids": {"tmdb": 550}}) == ["show"]
    assert listed(trakt, "movies", {"ids": {"tvdb": show.ids["tvdb"]}}) == []


def test_a_number_shared_by_episodes_names_the_first(trakt: Client) -> None:
    catalogue = trakt.simulator.catalogue
    show = catalogue.show()
    for number in (1, 2):
        catalogue.episode(show, 1, number, tmdb=77)
    trakt.post("/sync/watchlist", {"episodes": [{"ids": {"tmdb": 77}, "season": 1, "number": 2}]})

    assert list(trakt.simulator.account.watchlist) == [show.episode(1, 1)]


def test_an_unknown_id_is_helped_by_a_known_one_but_not_by_the_title(trakt: Client, film: Movie) -> None:
    unknown = {"trakt": 999_999}

    assert listed(trakt, "movies", {"ids": {**unknown, "imdb": film.ids["imdb"]}}) == ["movie"]
    assert listed(trakt, "movies", {"ids": unknown, "title": film.title, "year": film.year}) == []


def test_title_and_year_name_a_film_or_show_that_comes_without_ids(
    trakt: Client, film: Movie, show: Show
) -> None:
    assert listed(trakt, "movies", {"title": "the quiet  HARBOUR", "year": 1999}) == ["movie"]
    assert listed(trakt, "shows", {"title": "Lanterns of the North", "ids": {}}) == ["show"]
    assert listed(trakt, "movies", {"title": "The Quiet Harbour", "year": 2000}) == []
    assert listed(trakt, "movies", {"title": "Lanterns of the North", "year": 2010}) == []


@pytest.mark.parametrize(
    "entry", [None, 7, "text", [], {}, {"ids": None}, {"ids": {"imdb": ""}}, {"title": 7}]
)
def test_junk_names_nothing(trakt: Client, film: Movie, entry: object) -> None:
    assert listed(trakt, "movies", entry) == []
    assert trakt.post("/sync/watchlist", {"movies": entry}).status == 201


def test_an_empty_list_of_seasons_counts_as_left_out(trakt: Client, show: Show) -> None:
    assert listed(trakt, "shows", {"ids": show.ids, "seasons": []}) == ["show"]
    assert listed(trakt, "shows", {"ids": show.ids, "seasons": [{"number": 1, "episodes": []}]}) == ["season"]
