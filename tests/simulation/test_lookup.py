"""Looking titles up."""

import pytest

from tests.simulation.client import Client, fresh


@pytest.fixture
def trakt() -> Client:
    return fresh()


def test_a_path_takes_number_slug_or_imdb_id(trakt: Client) -> None:
    film, show = trakt.simulator.catalogue.movie(), trakt.simulator.catalogue.show()

    for name in ("trakt", "slug", "imdb"):
        assert trakt.get(f"/movies/{film.ids[name]}").json == film.short()
        assert trakt.get(f"/shows/{show.ids[name]}").json == show.short()
    assert trakt.get("/movies/999999").status == trakt.get("/shows/no-such-show").status == 404


def test_full_adds_what_is_known(trakt: Client) -> None:
    film = trakt.simulator.catalogue.movie(runtime=123)
    show = trakt.simulator.catalogue.show(seasons={1: 2})

    full = trakt.get(f"/movies/{film.trakt}?extended=full").json
    assert (full["released"], full["runtime"]) == ("1999-03-01", 123)
    assert trakt.get(f"/shows/{show.trakt}?extended=full").json["aired_episodes"] == 2


def test_a_merged_title_is_404(trakt: Client) -> None:
    film = trakt.simulator.catalogue.movie()
    trakt.simulator.catalogue.merge(film)

    assert trakt.get(f"/movies/{film.trakt}").status == 404
    assert trakt.get(f"/search/tmdb/{film.ids['tmdb']}?type=movie").json == []


def test_seasons_come_whole_with_specials_and_on_demand_with_episodes(trakt: Client) -> None:
    catalogue = trakt.simulator.catalogue
    show = catalogue.show(seasons={0: 1, 1: 2})
    catalogue.episode(show, 1, 3, title=None, number_abs=3)
    path = f"/shows/{show.trakt}/seasons"
    bare, listed, full = (
        trakt.get(f"{path}{more}").json for more in ("", "?extended=episodes", "?extended=episodes,full")
    )

    assert bare == [{"number": 0, "ids": show.season(0).ids}, {"number": 1, "ids": show.season(1).ids}]
    assert listed[1]["episodes"][2] == {
        "season": 1,
        "number": 3,
        "title": None,
        "ids": show.episode(1, 3).ids,
    }
    assert (full[1]["episode_count"], full[1]["aired_episodes"]) == (3, 2)
    assert full[1]["episodes"][2]["number_abs"] == 3
    assert full[1]["episodes"][2]["first_aired"] is None
    assert full[1]["episodes"][0]["first_aired"] == "2010-03-08T00:00:00.000Z"
    assert trakt.get("/shows/999/seasons").status == 404


def test_a_search_by_number_gives_one_hit_of_each_type(trakt: Client) -> None:
    catalogue = trakt.simulator.catalogue
    film, show = catalogue.movie(tmdb=550), catalogue.show(tmdb=550, seasons={1: 1})
    episode = show.episode(1, 1)

    assert [hit["type"] for hit in trakt.get("/search/tmdb/550").json] == ["movie", "show"]
    assert trakt.get("/search/tmdb/550?type=movie").json == [
        {"score": 1000, "type": "movie", "movie": film.short()}
    ]
    assert trakt.get(f"/search/imdb/{episode.ids['imdb']}?type=episode").json == [
        {"score": 1000, "type": "episode", "episode": episode.short(), "show": show.short()}
    ]
    assert trakt.get("/search/tmdb/551?type=movie,show").json == []
    assert trakt.get("/search/plex/1").status == 404


def test_a_search_finds_no_seasons_and_no_films_by_tvdb(trakt: Client) -> None:
    show = trakt.simulator.catalogue.show(seasons={1: 1}, trakt=5)

    assert trakt.get(f"/search/tmdb/{show.season(1).ids['tmdb']}").json == []
    assert trakt.get(f"/search/tvdb/{show.ids['tvdb']}?type=movie").json == []
    assert len(trakt.get(f"/search/tvdb/{show.ids['tvdb']}").json) == 1


def test_a_search_by_words_finds_titles_that_have_them_all_the_same_title_first(trakt: Client) -> None:
    catalogue = trakt.simulator.catalogue
    longer, same = catalogue.movie("The Last Quiet Harbour"), catalogue.movie("Quiet Harbour")
    show = catalogue.show("Quiet Harbour Nights", seasons={1: 1})
    catalogue.movie(None)
    catalogue.merge(catalogue.movie("Quiet Harbour"))

    hits = trakt.get("/search/movie?query=QUIET%20harbour").json
    assert [(hit["score"], hit["movie"]) for hit in hits] == [(1000, same.short()), (500, longer.short())]
    both = trakt.get("/search/movie,show?query=quiet&limit=2").json
    assert [hit["type"] for hit in both] == ["movie", "show"]
    assert both[1]["show"] == show.short()
    [episode] = trakt.get("/search/episode?query=chapter").json
    assert (episode["episode"]["title"], episode["show"]) == ("Chapter 1", show.short())
    assert trakt.get("/search/person?query=quiet").json == trakt.get("/search/movie").json == []
    assert trakt.get("/search/book?query=quiet").status == 404


def test_a_search_by_words_has_pages_of_fifty(trakt: Client) -> None:
    for _ in range(60):
        trakt.simulator.catalogue.movie("Harbour")
    answer = trakt.get("/search/movie?query=harbour")

    assert len(answer.json) == 50
    assert answer.headers["x-pagination-item-count"] == "60"
