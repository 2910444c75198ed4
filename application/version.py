"""Which version of this program runs: as it was installed, the one source of it."""

from functools import cache

PROGRAM = "crosswatch-trakt"


@cache
def version() -> str:
    """The version, or `unknown` if the program was not installed."""
    from importlib.metadata import PackageNotFoundError, version  # not at import: it takes long

    try:
        return version(PROGRAM)
    except PackageNotFoundError:
        return "unknown"
