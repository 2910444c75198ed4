"""The host's keys, in both forms."""

import pytest

from tests.crosswatch.keys import Keys
from tests.crosswatch.pairs import environment
from tests.crosswatch.plain import episode, film, show
from tests.crosswatch.values import Form, Item

OLD, NEW = Keys(Form.OLD), Keys(Form.NEW)


@pytest.mark.parametrize(
    ("item", "key"),
    [
        ({"type": "movie", "ids": {"tmdb": 550, "imdb": "tt0137523"}}, "tmdb:550"),
        ({"type": "movies", "ids": {"imdb": "0137523"}}, "imdb:tt0137523"),
        ({**episode(1399, 1, 2), "ids": {"tmdb": "63056", "trakt": "73640"}}, "tmdb:1399#s01e02"),
        ({"type": "episode", "ids": {"tmdb": 1399}, "season": 1, "episode": 2}, "tmdb:1399#s01e02"),
        ({"type": "episode", "ids": {"trakt": 73640}}, "trakt:73640"),
        (episode(1, 0, 101), "tmdb:1#s00e101"),
        ({"type": "season", "show_ids": {"tvdb": 121361}, "season": 2}, "tvdb:121361#season:2"),
        ({"type": "season", "ids": {"trakt": 3963}}, "trakt:3963"),
        ({"type": "movie", "title": "Dune", "year": 2021}, "movie|title:dune|year:2021"),
        ({"type": "anime", "title": "Dune"}, "show|title:dune|year:"),
        ({"type": "movie", "ids": {"slug": "Dune-2021"}}, "slug:dune-2021"),
        ({"type": "movie", "guid": "plex://movie/5D77"}, "guid:plex://movie/5d77"),
        ({"type": "movie", "guid": "tmdb://550"}, "tmdb:550"),
        ({"type": "movie", "ids": {"jellyfin": "77"}}, "unknown:"),
        ({"type": "movie", "tmdb": 1, "ids": {"tmdb": "2"}}, "tmdb:2"),
        ({"type": "movie", "ids": {"tmdb": "None", "tvdb": 0, "trakt": 7}}, "trakt:7"),
    ],
)
def test_a_key_names_the_best_id_and_the_numbers(item: Item, key: str) -> None:
    assert OLD.canonical_key(item) == NEW.canonical_key(item) == key


def test_only_the_new_form_tells_a_show_from_a_film() -> None:
    assert (OLD.canonical_key(show(550)), NEW.canonical_key(show(550))) == ("tmdb:550", "tmdb:550#show")
    assert NEW.canonical_key({**film(550), "part": 2}) == "tmdb:550#part:2"
    assert NEW.canonical_key({"type": "show", "ids": {"imdb": "tt7"}}) == "imdb:tt7"


def test_rows_under_old_keys_are_migrated() -> None:
    assert NEW.migrate_media_index({"tmdb:550": show(550), "tmdb:551": film(551)}).keys() == {
        "tmdb:550#show",
        "tmdb:551",
    }


def test_a_capture_of_trakt_puts_its_ids_first_for_everybody() -> None:
    item: Item = {"type": "movie", "ids": {"tmdb": 1, "trakt": 2}}
    with environment(CW_CAPTURE_MODE="1", CW_CAPTURE_PROVIDER="TRAKT"):
        assert OLD.canonical_key(item) == "trakt:2"
    assert OLD.canonical_key(item) == "tmdb:1"


def test_a_minimal_copy_drops_what_the_planner_does_not_know() -> None:
    item: Item = {
        **episode(1, 2, 3),
        "watched_at": "2024-08-01T10:11:12Z",
        "_trakt_history_id": "9",
        "_trakt_playback_id": "4",
        "part": 1,
        "series_title": "Show",
    }

    assert OLD.minimal(item) == {
        "type": "episode",
        "title": "",
        "ids": {},
        "show_ids": {"tmdb": "1"},
        "season": 2,
        "episode": 3,
        "watched_at": "2024-08-01T10:11:12Z",
        "_trakt_history_id": "9",
        "series_title": "Show",
    }
    assert NEW.minimal(item)["part"] == 1
