"""Two witnesses of a history: the rows of the pages, and the ledger.

Where they agree, minute by minute, the history is whole. Where they differ, those titles or dates have
been read again, and what the lists show counts. What only the ledger knows and no reading ever shows is
hidden: Trakt counts the plays of titles that it hides, and never sends them (trakt-api#82). A play that it
showed before stays in the index, marked; the others are counted and named, and recognised if someone wants
to add them. Neither is ever the cause of a removal.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from crosswatch_trakt.domain.ledger import (
    NO_MINUTES,
    ByTitle,
    Minutes,
    Title,
    differing,
    digest,
    minutes_by_title,
    only_in,
    title_of,
)
from crosswatch_trakt.domain.plays import Play

Rows = Mapping[int, Play]  # by history id
Digests = tuple[str, str]  # of a title's minutes in the ledger, and in the lists


@dataclass(frozen=True, slots=True)
class History:
    """The plays of an account, as far as its two witnesses tell."""

    plays: Rows  # those that Trakt hides today are marked
    hidden: ByTitle  # plays that only the ledger knows
    disagreeing: Mapping[Title, Digests]  # titles on which the witnesses do not agree


def disagreements(ledger: ByTitle, rows: Iterable[Play]) -> dict[Title, Digests]:
    """The titles on which the witnesses do not agree, each with what either says."""
    listed = minutes_by_title(rows)
    return {
        title: (digest(ledger.get(title, NO_MINUTES)), digest(listed.get(title, NO_MINUTES)))
        for title in differing(ledger, listed)
    }


def hear_both(ledger: ByTitle, rows: Rows, before: Rows) -> History:
    """The history of the rows that came, with what only the ledger knows: `before` are the rows as they
    were stored, among which plays of titles that are hidden today may be found.
    """
    shown = minutes_by_title(rows.values())
    kept = _of_titles(play for number, play in before.items() if number not in rows)
    plays = {number: _unmarked(play) for number, play in rows.items()}
    hidden: dict[Title, Minutes] = {}
    for title, minutes in ledger.items():
        more = only_in(minutes, shown.get(title, NO_MINUTES))
        unknown: list[int] = []
        for minute in more:
            known = kept.get((title, minute))
            if known:
                play = known.pop()
                plays[play.history_id or 0] = replace(play, hidden=True)
            else:
                unknown.append(minute)
        if unknown:
            hidden[title] = tuple(unknown)
    return History(plays, hidden, disagreements(ledger, rows.values()))


def _of_titles(plays: Iterable[Play]) -> dict[tuple[Title | None, int], list[Play]]:
    found: defaultdict[tuple[Title | None, int], list[Play]] = defaultdict(list)
    for play in plays:
        found[title_of(play), play.minute].append(play)
    return dict(found)


def _unmarked(play: Play) -> Play:
    return replace(play, hidden=False) if play.hidden else play
