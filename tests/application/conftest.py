"""A world for each test."""

from pathlib import Path

import pytest

from tests.application.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """One account on a simulator of its own."""
    return World(tmp_path / "state")
