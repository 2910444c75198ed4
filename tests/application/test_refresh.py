"""A refresh and death: a pair of tokens that was used is on disk, wherever the process ends."""

from pathlib import Path

import pytest

from crosswatch_trakt import TraktError
from crosswatch_trakt.domain.problems import SignInAgain
from tests.application.killing import Process
from tests.application.world import World

STEPS_MAX = 40
REFRESH = "/oauth/token"


def test_killed_at_any_step_of_a_refresh_no_pair_is_lost_that_was_used(tmp_path: Path) -> None:
    """Killed between Trakt's answer and the disk, one has to sign in again: nothing can help that. But then
    nothing was done with the new pair.
    """
    lost = 0
    for kill_at in range(1, STEPS_MAX):
        world = World(tmp_path / str(kill_at))
        world.simulator.oauth.expire_all()
        expired = {"expires_at": 1}
        done, _ = Process(world, settings=expired).run(lambda trakt: len(trakt.index("watchlist")), kill_at)
        paths = [seen.path for seen in world.simulator.requests]
        used = REFRESH in paths and paths[-1] != REFRESH
        try:
            Process(world, settings=expired).run(lambda trakt: trakt.index("watchlist"))
        except TraktError as error:
            problem = error.problem
            lost += 1
            assert isinstance(problem, SignInAgain)
            assert not used, f"killed at step {kill_at}: {paths}"
        if done is not None:
            break
    else:
        pytest.fail(f"it has more than {STEPS_MAX} steps")

    assert kill_at > 5
    assert 0 < lost < 5, "between the answer and the disk"
