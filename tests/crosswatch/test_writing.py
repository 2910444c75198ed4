"""What the engine makes of an answer to a write, or of none."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.crosswatch.installation import OLD_PLAY, Installation, filled
from tests.crosswatch.plain import film
from tests.crosswatch.values import Form, Item

BOTH_FORMS = pytest.mark.parametrize("form", list(Form))


def test_a_failing_write_is_tried_three_times_and_then_ends_the_feature(tmp_path: Path) -> None:
    world = Installation(tmp_path, features=("watchlist",))
    world.here.wish_for(film(1))
    world.there.moods.failing_writes = 2
    survived = world.run()
    world.here.wish_for(film(2))
    world.there.moods.failing_writes = 3
    ended = world.run()

    assert (survived.errors, survived.features["watchlist"].added) == (0, 1)
    assert ended.errors == 1
    assert world.pauses == [0.5, 1.0, 0.5, 1.0, 2.0]
    assert world.run().features["watchlist"].added == 1


def test_an_answer_lost_after_the_deed_makes_the_engine_send_again(tmp_path: Path) -> None:
    """So a provider that has sent something must answer, never raise."""
    world = Installation(tmp_path, features=("watchlist",))
    world.here.wish_for(film(1))
    world.there.moods.lost_answers = 1

    world.run()

    assert [what for what, _ in world.there.received] == ["add watchlist", "add watchlist"]


def test_what_no_list_of_an_answer_names_is_unresolved(tmp_path: Path) -> None:
    world = Installation(tmp_path, features=("ratings",))
    world.here.rate(film(1), 5, OLD_PLAY)
    world.here.rate(film(2), 5, OLD_PLAY)
    world.there.add = lambda *a, **k: {"confirmed_keys": ["tmdb:1"]}  # type: ignore[method-assign]

    run = world.run()

    assert (run.features["ratings"].added, run.features["ratings"].unresolved) == (1, 1)
    assert world.pending == {"tmdb:2"}


def test_three_failures_in_a_row_close_an_item_for_a_month_but_not_on_the_watchlist(tmp_path: Path) -> None:
    world = Installation(tmp_path, features=("watchlist", "ratings"))
    world.here.wish_for(film(1))
    world.here.rate(film(1), 5, OLD_PLAY)
    world.there.moods.refuses = frozenset({"tmdb:1"})
    runs = [world.run() for _ in range(4)]
    world.there.moods.refuses = frozenset()
    later = world.run()
    world.time += timedelta(days=31)

    assert [run.features["ratings"].planned_adds for run in runs] == [1, 1, 1, 0]
    assert runs[3].features["ratings"].blocked == 1
    assert (later.features["watchlist"].added, later.features["ratings"].blocked) == (1, 1)
    assert world.run().features["ratings"].added == 1


@pytest.mark.parametrize(("answers_with", "added", "left"), [("count", 2, 0), ("nothing", 0, 2)])
def test_a_number_is_believed_if_it_is_all_of_them(
    tmp_path: Path, answers_with: str, added: int, left: int
) -> None:
    world = Installation(tmp_path, features=("ratings",))
    world.there.moods.answers_with = answers_with
    world.here.rate(film(1), 5, OLD_PLAY)
    world.here.rate(film(2), 5, OLD_PLAY)

    run = world.run()

    assert run.features["ratings"].added == added
    assert len(world.pending) == left


def test_a_partial_number_counts_for_nothing_and_records_nothing(tmp_path: Path) -> None:
    world = Installation(tmp_path, features=("ratings",))
    world.here.rate(film(1), 5, OLD_PLAY)
    world.here.rate(film(2), 5, OLD_PLAY)
    world.there.add = lambda *a, **k: {"ok": True, "count": 1}  # type: ignore[method-assign]

    run = world.run()

    assert (run.features["ratings"].added, run.features["ratings"].unresolved) == (0, 0)
    assert world.pending == set()


def test_a_removal_that_was_not_confirmed_is_tried_again(tmp_path: Path) -> None:
    world = filled(Installation(tmp_path, features=("watchlist",)))
    world.here.forget("watchlist", film(1))
    world.there.moods.refuses = frozenset({"tmdb:1"})
    refused = world.run()
    world.there.moods.refuses = frozenset()
    done = world.run()

    assert (refused.features["watchlist"].removed, refused.features["watchlist"].unresolved) == (0, 1)
    assert done.features["watchlist"].removed == 1


def test_the_baseline_takes_the_key_the_target_names(tmp_path: Path) -> None:
    world = Installation(tmp_path, features=("ratings",))
    world.here.rate(film(1), 5, OLD_PLAY)
    there: Item = {**film(1), "ids": {"imdb": "tt0000001"}}
    world.there.add = lambda *a, **k: {  # type: ignore[method-assign]
        "confirmed_keys": ["tmdb:1"],
        "confirmed_destinations": {"tmdb:1": {"key": "imdb:tt0000001", "item": there}},
    }

    world.run()

    assert world.baseline("THERE", "ratings").keys() == {"imdb:tt0000001"}


def test_what_is_accepted_but_not_seen_makes_the_engine_read_again(tmp_path: Path) -> None:
    world = Installation(tmp_path, features=("ratings",))
    world.here.rate(film(1), 5, OLD_PLAY)
    world.there.add = lambda *a, **k: {"accepted_not_seen_live_keys": ["tmdb:1"]}  # type: ignore[method-assign]

    run = world.run()

    assert [call.split()[0] for call in run.called("build_index")] == [
        "HERE#default",
        "THERE#default",
        "THERE#default",
    ]
