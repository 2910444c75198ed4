"""Wiring."""

import sys
from importlib.metadata import version


def main() -> None:
    """Run the command line."""
    if "--version" in sys.argv:
        print(f"crosswatch-trakt {version('crosswatch-trakt')}")
