"""Our indexes as the engine's: what it keeps of them is what Trakt holds."""

from copy import deepcopy
from pathlib import Path

import pytest

from crosswatch_trakt.adapters.simulator import Fault
from tests.crosswatch.calling import DAY_S, MINUTE, Called, calling
from tests.crosswatch.indexes import Reading
from tests.crosswatch.pairs import environment
from tests.crosswatch.values import Form, block

BOTH_FORMS = pytest.mark.parametrize("form", list(Form))


def colliding(cw: Called) -> None:
    """A show with the number of a film, on the watchlist, rated and watched."""
    world = cw.simulator
    number = int(str(cw.films[0].ids["tmdb"]))
    shown = world.catalogue.show("Fargo", 2014, tmdb=number, seasons={1: 2})
    filmed = world.catalogue.movie("Fargo", 1996, imdb=None, tmdb=number)
    cw.account.watch(cw.films[0], MINUTE)
    cw.account.watch(filmed, MINUTE)
    cw.account.watch(shown.episode(1, 1), MINUTE)
    for title in (cw.films[0], shown, filmed):
        cw.account.put_on_watchlist(title)
        cw.account.rate(title, 8, MINUTE)


@BOTH_FORMS
@pytest.mark.parametrize("feature", ["watchlist", "ratings", "history"])
def test_every_row_of_trakts_arrives_whatever_numbers_they_share(
    tmp_path: Path, form: Form, feature: str
) -> None:
    with calling(tmp_path, form) as cw:
        colliding(cw)
        index = cw.ops.build_index(cw.view(), feature=feature)
        seen = Reading(cw.host.keys, feature, events=True).canonical(index)

        assert len(index) == len(seen) == 3


def test_collisions_are_reported_once_in_a_run(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        colliding(cw)
        view = cw.view()

        def reported(run: str) -> int:
            cw.host.logs.clear()
            with environment(CW_RUN_ID=run):
                for _ in range(3):
                    cw.ops.build_index(view, feature="watchlist")
                    cw.ops.build_index(view, feature="ratings")
            return len(cw.said("key_collision"))

        assert [reported(run) for run in ("1", "2")] == [2, 2]
        cw.host.logs.clear()
        cw.ops.build_index(view, feature="watchlist")
        cw.ops.build_index(view, feature="watchlist")
        assert len(cw.said("key_collision")) == 1, "outside a run: once, until they change"


def test_a_history_comes_oldest_first_keyed_by_title_and_minute(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        film, episode = cw.films[0], cw.shows[0].episode(1, 2)
        for day in (3, 1, 2):
            cw.account.watch(film, MINUTE + day * DAY_S + 42)
        play = cw.account.watch(episode, MINUTE)
        index = cw.ops.build_index(cw.view(), feature="history")

        tmdb, show = film.ids["tmdb"], cw.shows[0].ids["tmdb"]
        assert list(index) == [
            f"tmdb:{show}#s01e02@{MINUTE}",
            *(f"tmdb:{tmdb}@{MINUTE + day * DAY_S}" for day in (1, 2, 3)),
        ]
        row = index[f"tmdb:{show}#s01e02@{MINUTE}"]
        assert row["watched_at"] == "2024-05-01T20:15:00.000Z"
        assert row["_trakt_history_id"] == str(play.id)
        assert (row["type"], row["season"], row["episode"]) == ("episode", 1, 2)
        assert block(row, "show_ids")["tmdb"] == str(show)
        kept = Reading(cw.host.keys, "history").comparable(index)
        assert kept[f"tmdb:{tmdb}"]["watched_at"] == "2024-05-04T20:15:00.000Z", "of one title the latest"


def test_a_second_play_of_a_minute_has_a_key_with_its_history_id(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        film = cw.films[0]
        first, second = (cw.account.watch(film, MINUTE + second) for second in (5, 50))
        index = cw.ops.build_index(cw.view(), feature="history")

        plain, other = (key for key in index)
        assert plain == f"tmdb:{film.ids['tmdb']}@{MINUTE}"
        assert other == f"trakt:{film.trakt}@{MINUTE}~h{index[other]['_trakt_history_id']}"
        assert {index[key]["_trakt_history_id"] for key in index} == {str(first.id), str(second.id)}
        assert len(Reading(cw.host.keys, "history", events=True).canonical(index)) == 2


def test_a_play_of_unknown_date_stands_at_the_beginning(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        cw.account.watch(cw.films[0], 0)
        cw.account.watch(cw.films[0], MINUTE)
        index = cw.ops.build_index(cw.view(), feature="history")

        tmdb = cw.films[0].ids["tmdb"]
        assert list(index) == [f"tmdb:{tmdb}@0", f"tmdb:{tmdb}@{MINUTE}"]


def test_a_rating_has_its_value_and_date(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        cw.account.rate(cw.films[0], 7, MINUTE)
        cw.account.rate(cw.shows[0].season(1), 9, MINUTE)
        index = cw.ops.build_index(cw.view(), feature="ratings")

        film = index[f"tmdb:{cw.films[0].ids['tmdb']}"]
        assert (film["rating"], film["rated_at"]) == (7, "2024-05-01T20:15:00.000Z")
        season = index[f"tmdb:{cw.shows[0].ids['tmdb']}#season:1"]
        assert (season["type"], season["season"], season["rating"]) == ("season", 1, 9)


@pytest.mark.parametrize("feature", ["watchlist", "ratings", "history"])
def test_an_index_that_cannot_be_had_whole_raises(tmp_path: Path, feature: str) -> None:
    with calling(tmp_path) as cw:
        colliding(cw)
        cw.simulator.fail_next(Fault(status=503), "GET", f"/sync/{feature}", times=None)
        with pytest.raises(Exception, match="503"):
            cw.ops.build_index(cw.view(), feature=feature)


def test_items_of_an_index_are_their_receivers_own(tmp_path: Path) -> None:
    """The engine may change what it was given."""
    with calling(tmp_path) as cw:
        colliding(cw)
        for feature in ("watchlist", "history"):
            first = cw.ops.build_index(cw.view(), feature=feature)
            before = deepcopy(first)
            for item in first.values():
                for ids in (item["ids"], item.get("show_ids", {})):
                    assert isinstance(ids, dict)
                    ids.clear()
            again = cw.ops.build_index(cw.view(), feature=feature)
            assert again == before
