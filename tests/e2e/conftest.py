"""A simulated Trakt on this machine, and a terminal that is signed in there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crosswatch_trakt.adapters.simulator import Simulator
from tests.e2e.terminal import Terminal, small_trakt, terminal_at


@pytest.fixture
def trakt() -> Simulator:
    """An account of its own for each test: most of them write."""
    return small_trakt()


@pytest.fixture
def terminal(trakt: Simulator, tmp_path: Path) -> Iterator[Terminal]:
    with terminal_at(trakt, tmp_path) as (_, made):
        yield made
