"""The command line: `crosswatch-trakt`. What each command does stands in the module of its name."""

from crosswatch_trakt.adapters.cli.app import main

__all__ = ["main"]
