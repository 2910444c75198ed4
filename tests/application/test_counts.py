"""How much there is: a count that does not hang on stamps."""

import pytest

from crosswatch_trakt import TraktError
from crosswatch_trakt.adapters.simulator import Fault, broken
from crosswatch_trakt.domain.problems import UnexpectedAnswer
from tests.application.world import World

STATS = "/users/me/stats"


def watch(world: World) -> None:
    """Some plays, long ago."""
    for number in range(5):
        world.account.watch(world.films[number], 1_600_000_000 + 60 * number)
    world.account.watch(world.shows[0].episode(1, 1), 1_600_000_000)
    world.account.rate(world.films[0], 7)
    world.clock.advance(3600)


def run(world: World) -> int:
    """Ratings and history; gives how many plays."""
    with world.open(another_process=True) as trakt:
        trakt.index("ratings")
        return len(trakt.index("history"))


def test_one_reading_of_the_counts_serves_both_features(world: World) -> None:
    watch(world)
    run(world)
    world.clock.advance(60)
    before = world.asked("GET", STATS)
    run(world)

    assert world.asked("GET", STATS) - before == 1


@pytest.mark.parametrize(
    "fault", [Fault(status=404), broken.wrong_shape({"movies": {}, "episodes": {}, "ratings": {}})]
)
def test_without_counts_of_its_own_the_announced_ones_or_none_have_to_do(world: World, fault: Fault) -> None:
    watch(world)
    world.simulator.fail_next(fault, path_prefix=STATS, times=None)
    assert run(world) == 6
    world.clock.advance(60)
    lists = world.asked("GET", "/sync/history")
    assert run(world) == 6
    assert world.asked("GET", "/sync/history") - lists <= 2

    with world.account.quietly():
        world.account.watch(world.films[9], 1_600_000_600)
    if fault.status == 404:
        assert run(world) == 7


@pytest.mark.parametrize("fault", [broken.empty(), broken.cut_json(), broken.wrong_shape([])])
def test_counts_that_cannot_be_read_are_a_problem(world: World, fault: Fault) -> None:
    watch(world)
    run(world)
    world.clock.advance(60)
    world.simulator.fail_next(fault, path_prefix=STATS, times=None)
    with pytest.raises(TraktError) as raised:
        run(world)

    assert isinstance(raised.value.problem, UnexpectedAnswer)
    world.simulator.forgive()
    world.clock.advance(400)
    assert run(world) == 6
