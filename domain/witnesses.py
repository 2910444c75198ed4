"""Two witnesses of a history: the rows of the pages, and the ledger.

Where they agree, minute by minute, the history is whole. Where they differ, those titles or dates have
been read again, and what the lists show counts. What only the ledger knows and no reading ever shows is
hidden: Trakt counts the plays of titles that it hides, and never sends them (trakt-api#82). A play that it
showed before stays in the index, marked; the others are counted and named, and recognised if someone wants
to add them. Neither is ever the cause of a removal.

So only `hear_both` makes a History, and only if every title of which the ledger knows more was read again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from returns.result import Failure, Result

from crosswatch_trakt.domain.completeness import CompleteIndex, Witnessed, prove_complete
from crosswatch_trakt.domain.ledger import (
    NO_MINUTES,
    ByTitle,
    Minutes,
    Title,
    differing,
    digest,
    lacking,
    minutes_by_title,
    only_in,
    title_of,
)
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import Incomplete

Rows = Mapping[int, Play]  # by history id
NO_ROWS: Rows = MappingProxyType({})
Digests = tuple[str, str]  # of a title's minutes in the ledger, and in the lists


@dataclass(frozen=True, slots=True)
class Asked:
    """What was done about the titles on which the witnesses do not agree."""

    titles: Collection[Title] = ()  # read again
    remembered: Mapping[Title, Digests] = field(default_factory=dict)  # read again before, and so they stayed


@dataclass(frozen=True, slots=True)
class History:
    """The plays of an account, proven whole, and where its two witnesses do not agree."""

    index: CompleteIndex[int, Play]  # by history id; those that Trakt hides today are marked
    unshown: ByTitle  # plays that only the ledger knows, and that were never shown
    disagreeing: Mapping[Title, Digests]


def disagreements(ledger: ByTitle, listed: ByTitle) -> dict[Title, Digests]:
    """The titles on which the witnesses do not agree, each with what either says."""
    return {
        title: (digest(ledger.get(title, NO_MINUTES)), digest(listed.get(title, NO_MINUTES)))
        for title in differing(ledger, listed)
    }


def hear_both(
    ledger: ByTitle,
    rows: Rows,
    asked: Asked,
    *,
    before: Rows = NO_ROWS,
    young: Rows = NO_ROWS,
    stamps: tuple[str, str],
) -> Result[History, Incomplete]:
    """The history of the rows that came, with what only the ledger knows. `before`: rows as they were stored,
    among which plays of titles that are hidden today may be found; `young`: rows that stay, since a list
    that lags need not show them yet; `stamps`: before the first page and after the last.

    Fails with the first title of which the ledger knows more than came, and that was not asked for again.
    """
    listed = minutes_by_title(rows.values())
    disagreeing = disagreements(ledger, listed)
    for title in lacking(disagreeing, ledger, listed):
        if title not in asked.titles and asked.remembered.get(title) != disagreeing[title]:
            path = f"/sync/history/{title.type.section}/{title.trakt}"
            return Failure(Incomplete(path, 1, len(ledger[title]), len(listed.get(title, NO_MINUTES))))
    whole = {**young, **rows} if young else rows
    shown = minutes_by_title(whole.values()) if young else listed
    plays, unshown = _fill_up(ledger, whole, shown, before)
    hidden = sum(map(len, unshown.values())) + sum(play.hidden for play in plays.values())
    proven = prove_complete(plays, Witnessed(len(rows), hidden), *stamps)
    return proven.map(lambda index: History(index, unshown, disagreeing))


def _fill_up(ledger: ByTitle, rows: Rows, shown: ByTitle, before: Rows) -> tuple[Rows, ByTitle]:
    """The rows with those of before that only the ledger knows still, marked; and what was never shown."""
    kept = _of_titles(play for number, play in before.items() if number not in rows)
    marked = {number: _unmarked(play) for number, play in rows.items() if play.hidden}
    unshown: dict[Title, Minutes] = {}
    for title, minutes in ledger.items():
        if minutes == shown.get(title):
            continue
        more = only_in(minutes, shown.get(title, NO_MINUTES))
        unknown: list[int] = []
        for minute in more:
            known = kept.get((title, minute))
            if known:
                play = known.pop()
                marked[play.history_id or 0] = replace(play, hidden=True)
            else:
                unknown.append(minute)
        if unknown:
            unshown[title] = tuple(unknown)
    return {**rows, **marked} if marked else rows, unshown


def _of_titles(plays: Iterable[Play]) -> dict[tuple[Title | None, int], list[Play]]:
    found: defaultdict[tuple[Title | None, int], list[Play]] = defaultdict(list)
    for play in plays:
        found[title_of(play), play.minute].append(play)
    return dict(found)


def _unmarked(play: Play) -> Play:
    return replace(play, hidden=False)
