"""The double between two plain providers: it does what CrossWatch does, its harm included."""

from pathlib import Path

import pytest

from tests.crosswatch.installation import NEW_PLAY, OLD_PLAY, Installation, filled
from tests.crosswatch.plain import episode, film, show
from tests.crosswatch.values import Form

BOTH_FORMS = pytest.mark.parametrize("form", list(Form))


# --- what comes over


@BOTH_FORMS
def test_a_one_way_run_brings_everything_over_and_the_next_one_finds_nothing_to_do(
    tmp_path: Path, form: Form
) -> None:
    world = Installation(tmp_path, form)
    world.here.wish_for(film(1))
    world.here.rate(film(2), 8, OLD_PLAY)
    world.here.watch(episode(1399, 1, 2), OLD_PLAY)
    world.there.wish_for(film(9))

    first, second = world.run(), world.run()

    assert world.there.has("watchlist", film(1))
    assert world.there.has("ratings", film(2))
    assert world.there.plays(episode(1399, 1, 2)) == [OLD_PLAY]
    assert world.there.has("watchlist", film(9))  # its own row stays
    assert not world.here.has("watchlist", film(9))
    assert {name: tally.added for name, tally in first.features.items()} == {
        "history": 1,
        "watchlist": 1,
        "ratings": 1,
    }
    assert all(tally.quiet for tally in second.features.values())
    assert [what for what, _ in world.there.received] == ["add history", "add watchlist", "add ratings"]


@BOTH_FORMS
def test_a_two_way_run_makes_both_sides_equal_on_the_first_run_without_removing(
    tmp_path: Path, form: Form
) -> None:
    world = Installation(tmp_path, form, mode="two-way")
    world.here.wish_for(film(1))
    world.there.wish_for(film(2))
    world.here.watch(film(3), OLD_PLAY)
    world.there.watch(film(4), NEW_PLAY)
    world.here.rate(film(5), 6, OLD_PLAY)
    world.there.rate(film(5), 9, NEW_PLAY)

    run = world.run()

    for side in (world.here, world.there):
        assert [side.has("watchlist", film(number)) for number in (1, 2)] == [True, True]
        assert [side.plays(film(number)) for number in (3, 4)] == [[OLD_PLAY], [NEW_PLAY]]
        assert side.ratings[0]["rating"] == 9  # the newer one wins
    assert all(tally.removed == 0 for tally in run.features.values())
    assert all(tally.quiet for tally in world.run().features.values())


def test_a_changed_rating_is_an_update_one_way(tmp_path: Path) -> None:
    world = filled(Installation(tmp_path))
    world.here.rate(film(1), 3, NEW_PLAY)

    run = world.run()

    assert (run.features["ratings"].updated, run.features["ratings"].added) == (1, 0)
    assert all(tally.quiet for tally in world.run().features.values())


def test_two_hundred_and_fifty_items_are_three_calls_with_a_pause_between(tmp_path: Path) -> None:
    world = Installation(tmp_path)
    for number in range(1, 251):
        world.here.wish_for(film(number))

    run = world.run()

    assert [len(items) for _, items in world.there.received] == [100, 100, 50]
    assert run.called("add") == [f"THERE#default add watchlist {size}" for size in (100, 100, 50)]
    assert world.pauses == [0.05, 0.05]


# --- deletions


@BOTH_FORMS
@pytest.mark.parametrize("mode", ["one-way", "two-way"])
def test_what_a_user_deleted_on_the_source_goes_on_the_target(tmp_path: Path, form: Form, mode: str) -> None:
    world = filled(Installation(tmp_path, form, mode))
    for feature in ("watchlist", "ratings", "history"):
        world.here.forget(feature, film(2))

    run = world.run()

    assert not any(world.there.has(feature, film(2)) for feature in run.features)
    assert {tally.removed for tally in run.features.values()} == {1}
    assert all(tally.quiet for tally in world.run().features.values())


def test_what_was_deleted_on_the_target_comes_back_one_way_and_goes_two_way(tmp_path: Path) -> None:
    one, two = filled(Installation(tmp_path / "one")), filled(Installation(tmp_path / "two", mode="two-way"))
    for world in (one, two):
        world.there.forget("watchlist", film(2))
        world.run()

    assert one.there.has("watchlist", film(2))
    assert not two.here.has("watchlist", film(2))


@pytest.mark.parametrize("mode", ["one-way", "two-way"])
def test_an_index_that_is_silently_short_deletes_on_the_other_side(tmp_path: Path, mode: str) -> None:
    """The truth about the engine, and why an index must be whole or raise."""
    world = filled(Installation(tmp_path, mode=mode))
    world.here.moods.leaves_out = 3

    run = world.run()

    assert run.errors == 0
    assert {name: tally.removed for name, tally in run.features.items()} == {
        "history": 3,
        "watchlist": 3,
        "ratings": 3,
    }


@pytest.mark.parametrize("mode", ["one-way", "two-way"])
def test_a_reading_that_raises_ends_the_feature_and_keeps_the_memory(tmp_path: Path, mode: str) -> None:
    world = filled(Installation(tmp_path, mode=mode))
    before = {whose: dict(rows) for whose, rows in world.memory.baselines.items()}
    world.here.moods.failing_reads = 3

    run = world.run()

    assert run.errors == 3
    assert len(run.named("feature:error")) == 3
    assert world.memory.baselines == before
    assert run.called("remove") == []


def test_a_side_that_is_not_configured_or_lacks_the_feature_counts_as_empty(tmp_path: Path) -> None:
    unset, lacking = filled(Installation(tmp_path / "unset")), filled(Installation(tmp_path / "lacking"))
    unset.here.moods.configured = False
    lacking.here.features = lambda: {}  # type: ignore[method-assign]  # and health says otherwise

    for world in (unset, lacking):
        assert world.run().features["watchlist"].removed == 5


def test_health_without_the_feature_calls_nothing(tmp_path: Path) -> None:
    world = filled(Installation(tmp_path, mode="two-way"))
    world.here.moods.features = dict.fromkeys(world.here.moods.features, False)
    world.here.moods.leaves_out = 5

    run = world.run()

    assert run.called("build_index") == []
    assert len(run.named("feature:unsupported")) == 3


def test_a_guard_holds_a_shrunken_index_only_while_the_checkpoint_stands_still(tmp_path: Path) -> None:
    world = Installation(tmp_path, sync={"drop_guard": True}, features=("ratings",))
    world.here.moods.stamps = {"ratings": "2026-01-01T00:00:00Z"}
    filled(world, films=30)
    world.here.moods.leaves_out = 30
    held = world.run()
    world.here.moods.stamps = {"ratings": "2026-01-02T00:00:00Z"}
    let_go = world.run()

    assert held.features["ratings"].removed == 0
    assert len(held.named("snapshot:suspect")) == 1
    assert let_go.features["ratings"].removed == 30


def test_the_guard_never_holds_without_checkpoints(tmp_path: Path) -> None:
    world = filled(Installation(tmp_path, sync={"drop_guard": True}, features=("ratings",)), films=30)
    world.here.moods.leaves_out = 30

    assert world.run().features["ratings"].removed == 30


def test_a_mass_deletion_is_blocked_if_the_user_forbade_it(tmp_path: Path) -> None:
    world = filled(Installation(tmp_path, sync={"allow_mass_delete": False}))
    world.here.moods.leaves_out = 3

    run = world.run()

    assert run.called("remove") == []
    assert len(run.named("mass_delete:blocked")) == 3


# --- plays


@pytest.mark.parametrize("mode", ["one-way", "two-way"])
def test_rewatches_travel_one_by_one_if_both_sides_can(tmp_path: Path, mode: str) -> None:
    world = Installation(tmp_path, mode=mode, settings={"rewatches": True}, features=("history",))
    world.here.watch(film(1), OLD_PLAY)
    world.here.watch(film(1), NEW_PLAY)

    world.run()
    sent = world.there.received[0][1]

    assert world.there.plays(film(1)) == [OLD_PLAY, NEW_PLAY]
    assert [item["_cw_event_key"] for item in sent] == ["tmdb:1@1722507072", "tmdb:1@1738612840"]
    assert world.run().features["history"].quiet


def test_without_rewatches_a_title_is_one_row_the_one_that_came_last(tmp_path: Path) -> None:
    world = Installation(tmp_path, features=("history",))
    world.here.watch(film(1), NEW_PLAY)
    world.here.watch(film(1), OLD_PLAY)

    world.run()

    assert world.there.plays(film(1)) == [NEW_PLAY]  # Plain hands its plays over oldest first
    assert "_cw_event_key" not in world.there.received[0][1][0]
    assert world.run().features["history"].quiet


def test_a_deleted_rewatch_goes_alone(tmp_path: Path) -> None:
    world = Installation(tmp_path, settings={"rewatches": True}, features=("history",))
    world.here.watch(film(1), OLD_PLAY)
    world.here.watch(film(1), NEW_PLAY)
    world.run()
    world.here.history = [row for row in world.here.history if row["watched_at"] != OLD_PLAY]

    world.run()

    assert world.there.plays(film(1)) == [NEW_PLAY]


# --- keys


def test_a_film_and_a_show_of_one_number_are_one_row_to_the_old_engine_alone(tmp_path: Path) -> None:
    came_over = {}
    for form in Form:
        world = Installation(tmp_path / form, form, features=("ratings",))
        world.here.rate(film(550), 9, OLD_PLAY)
        world.here.rate(show(550), 4, OLD_PLAY)
        world.here.build_index = lambda cfg, *, feature: {  # type: ignore[method-assign]
            "tmdb:550": {**film(550), "rating": 9},
            "trakt:7": {**show(550), "rating": 4},
        }
        world.run()
        came_over[form] = (world.there.has("ratings", film(550)), world.there.has("ratings", show(550)))

    assert came_over == {Form.OLD: (False, True), Form.NEW: (True, True)}


# --- values


def test_of_two_ratings_the_newer_wins_but_a_date_never_goes_back(tmp_path: Path) -> None:
    """Rated anew with an older date, the row keeps its newer one: then the pair's source wins."""
    world = Installation(tmp_path, mode="two-way", features=("ratings",))
    world.here.rate(film(1), 5, NEW_PLAY)
    world.run()
    world.here.rate(film(1), 8, OLD_PLAY)
    world.run()

    assert [side.ratings[0]["rating"] for side in (world.here, world.there)] == [8, 8]


@pytest.mark.parametrize("feature", ["watchlist", "ratings"])
def test_a_mirror_spares_what_it_never_saw_but_of_ratings_nothing_in_the_first_run(
    tmp_path: Path, feature: str
) -> None:
    world = Installation(tmp_path, settings={"remove_mode": "mirror"}, features=(feature,))
    world.there.wish_for(film(1))
    world.there.rate(film(1), 5, OLD_PLAY)

    world.run()

    assert world.there.has(feature, film(1)) == (feature == "watchlist")
