"""A play: one viewing of a film or an episode, at one minute."""

from collections.abc import Iterable
from dataclasses import dataclass

from crosswatch_trakt.domain.media import Lookup, Media


@dataclass(frozen=True, slots=True)
class Play:
    """One row of the history."""

    media: Media
    minute: int  # epoch seconds, on the minute; 0 is a play of unknown date
    history_id: int | None = None  # None: written by us, not seen in the list yet
    hidden: bool = False  # Trakt showed it once, and still counts it, but hides its title today


def by_minute(plays: Iterable[Play]) -> dict[int, Lookup[Play]]:
    """The plays of each minute, to be found by any spelling of their title."""
    found: dict[int, Lookup[Play]] = {}
    for play in plays:
        found.setdefault(play.minute, Lookup()).add(play.media, play)
    return found
