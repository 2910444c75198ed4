"""The watchlist.

A show alone is the show itself, with `seasons` those, with `episodes` those. What is there already is
counted as existing; what is not there to be removed is no fault (T#188). Asked for by type, the headers
still count the whole list (recorded in May 2026). Source: trakt.docs, "Sync", watchlist.
"""

from collections.abc import Callable

from crosswatch_trakt.adapters.simulator.account import Account, Listed
from crosswatch_trakt.adapters.simulator.account_limits import fitting
from crosswatch_trakt.adapters.simulator.addressing import Missing, Named, named_in
from crosswatch_trakt.adapters.simulator.answers import empty_answer, json_answer
from crosswatch_trakt.adapters.simulator.not_found import not_found
from crosswatch_trakt.adapters.simulator.paging import cut
from crosswatch_trakt.adapters.simulator.stamps import stamp
from crosswatch_trakt.adapters.simulator.titles import (
    KINDS,
    Episode,
    JsonObject,
    Movie,
    Season,
    Show,
    Title,
    described,
)
from crosswatch_trakt.adapters.simulator.world import Call
from crosswatch_trakt.application.ports import Response

NOTES_MAX = 500  # characters; VIP only


def read(call: Call) -> Response:
    """`GET /sync/watchlist[/{type}[/{sort_by}[/{sort_how}]]]`."""
    kinds = _kinds(call.parts.get("type", "all"))
    if kinds is None:
        return empty_answer(404)
    sort_by, sort_how = call.parts.get("sort_by", "rank"), call.parts.get("sort_how", "asc")
    shown, counted = call.moments(call.world.lag.watchlist_s)
    ranked = list(enumerate(call.account.watchlist_at(shown), start=1))
    announced = len(ranked) if shown == counted else len(call.account.watchlist_at(counted))
    key = _SORTS.get(sort_by, _SORTS["rank"])
    ranked.sort(key=lambda row: (key(row[1]), row[0]), reverse=sort_how == "desc")
    rows = [(rank, row) for rank, row in ranked if row.title.kind in kinds]
    keeps_back = call.account.hidden.keeps_back(_title_of)
    page = cut(call, rows, announced=announced, kept_back=keeps_back)
    now = call.world.now()
    return page.answer(
        [_row(rank, row, full=call.full, now=now) for rank, row in page.rows],
        {
            "x-sort-by": sort_by,
            "x-sort-how": sort_how,
            "x-applied-sort-by": sort_by,
            "x-applied-sort-how": sort_how,
        },
    )


def add(call: Call) -> Response:
    """`POST /sync/watchlist`."""
    account = call.account
    named, missing = _targets(call)
    new = {one.title: one for one in named if one.title not in account.watchlist}
    rows, held = tuple(new.items()), len(account.watchlist)
    applied, refusal = fitting(call, rows, held, account.limits.watchlist)
    for title, one in applied:
        account.put_on_watchlist(title, notes=_notes(account, one))
    if refusal is not None:
        return refusal
    existing = [one.title for one in named if one.title not in new]
    return json_answer(
        201,
        {
            "added": count_by_type(list(new)),
            "existing": count_by_type(existing),
            "not_found": not_found(call.world.not_found_shape, missing),
            "list": _list(account),
        },
    )


def remove(call: Call) -> Response:
    """`POST /sync/watchlist/remove`."""
    account = call.account
    named, missing = _targets(call)
    gone = list(dict.fromkeys(one.title for one in named if one.title in account.watchlist))
    for title in call.applied(gone):
        account.take_off_watchlist(title)
    return json_answer(
        200,
        {
            "deleted": count_by_type(gone),
            "not_found": not_found(call.world.not_found_shape, missing),
            "list": _list(account),
        },
    )


def count_by_type(titles: list[Title]) -> JsonObject:
    """How many of the four types."""
    return {f"{kind}s": sum(title.kind == kind for title in titles) for kind in KINDS}


def _targets(call: Call) -> tuple[list[Named], list[Missing]]:
    named: list[Named] = []
    missing: list[Missing] = []
    for one in named_in(call.world.catalogue, call.body):
        if isinstance(one, Missing):
            missing.append(one)
        elif one.deepest:
            named.append(one)
    return named, missing


def _notes(account: Account, named: Named) -> str | None:
    notes = named.get("notes")
    return notes[:NOTES_MAX] if account.vip and isinstance(notes, str) else None


def _list(account: Account) -> JsonObject:
    return {
        "updated_at": stamp(account.activities.at("watchlist", "updated_at")),
        "item_count": len(account.watchlist),
    }


def _kinds(text: str) -> frozenset[str] | None:
    """The types of a path: `movies`, or in the newer form `movie,show`; None if one is none of them."""
    if text == "all":
        return frozenset(KINDS)
    kinds = {name.removesuffix("s") for name in text.split(",")}
    return frozenset(kinds) if kinds <= set(KINDS) else None


def _row(rank: int, row: Listed, *, full: bool, now: int) -> JsonObject:
    return {
        "rank": rank,
        "id": row.id,
        "listed_at": stamp(row.at),
        "notes": row.notes,
        **described(row.title, full=full, now=now),
    }


def _title_of(ranked: tuple[int, Listed]) -> Title:
    return ranked[1].title


def _whole(title: Title) -> Movie | Show:
    return title.show if isinstance(title, Season | Episode) else title


def _released(row: Listed) -> int:
    title = _whole(row.title)
    return (title.released if isinstance(title, Movie) else title.first_aired) or 0


_SORTS: dict[str, Callable[[Listed], str | int]] = {
    "rank": lambda row: 0,  # as they stand
    "added": lambda row: row.at,
    "title": lambda row: (_whole(row.title).title or "").casefold(),
    "released": _released,
    "runtime": lambda row: _whole(row.title).runtime,
}
