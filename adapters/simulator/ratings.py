"""Ratings.

Every level of a body that has a `rating` of its own is rated; a show without one only lends its place
to what stands below. Rating again overwrites and counts as added. A rating that is no whole number of
1 to 10 is passed over without a word [unsure]. Source: trakt.docs, "Sync", ratings.
"""

from crosswatch_trakt.adapters.simulator.account import Rated
from crosswatch_trakt.adapters.simulator.account_limits import fitting
from crosswatch_trakt.adapters.simulator.addressing import Missing, Named, named_in
from crosswatch_trakt.adapters.simulator.answers import empty_answer, json_answer
from crosswatch_trakt.adapters.simulator.not_found import not_found
from crosswatch_trakt.adapters.simulator.paging import cut
from crosswatch_trakt.adapters.simulator.stamps import read_moment, stamp
from crosswatch_trakt.adapters.simulator.titles import JsonObject, Season, Title, described
from crosswatch_trakt.adapters.simulator.watchlist import count_by_type
from crosswatch_trakt.adapters.simulator.world import Call
from crosswatch_trakt.application.ports import Response

_TYPES = {"movies": "movie", "shows": "show", "seasons": "season", "episodes": "episode", "all": ""}


def read(call: Call) -> Response:
    """`GET /sync/ratings[/{type}[/{8,9,10}]]`: last rated first; all rows unless `limit` is sent."""
    kind = _TYPES.get(call.parts.get("type", "all"))
    if kind is None:
        return empty_answer(404)
    wanted = call.parts.get("rating")
    values = None if wanted is None else frozenset(wanted.split(","))
    shown, counted = call.moments(call.world.lag.ratings_s)
    page = cut(
        call,
        _rows(call, shown, kind, values),
        announced=None if shown == counted else len(_rows(call, counted, kind, values)),
        whole_by_default=True,
        kept_back=call.account.hidden.keeps_back(lambda row: row.title),
    )
    now = call.world.now()
    return page.answer([_row(row, full=call.full, now=now) for row in page.rows])


def add(call: Call) -> Response:
    """`POST /sync/ratings`."""
    account, now = call.account, call.world.now()
    rated: dict[Title, tuple[int, int]] = {}
    missing: list[Missing] = []
    for one in named_in(call.world.catalogue, call.body):
        if isinstance(one, Missing):
            missing.append(one)
            continue
        rating = _rating(one)
        if rating is not None:
            at = read_moment(one.get("rated_at"))
            rated[one.title] = (rating, now if at is None else at)
    new = [title for title in rated if title not in account.ratings]
    fits, refusal = fitting(call, new, len(account.ratings), account.limits.ratings)
    again = [title for title in rated if title in account.ratings]
    if refusal is None:
        applied = call.applied(list(rated))
    else:
        applied = [*fits, *again] if call.world.limit_in_part else []
    for title in applied:
        rating, at = rated[title]
        account.rate(title, rating, at)
    if refusal is not None:
        return refusal
    return json_answer(
        201,
        {
            "added": count_by_type(list(rated)),
            "not_found": not_found(call.world.not_found_shape, missing),
        },
    )


def remove(call: Call) -> Response:
    """`POST /sync/ratings/remove`: what stands deepest in the body, as in the watchlist."""
    gone: dict[Title, None] = {}
    missing: list[Missing] = []
    for one in named_in(call.world.catalogue, call.body):
        if isinstance(one, Missing):
            missing.append(one)
        elif one.deepest and one.title in call.account.ratings:
            gone[one.title] = None
    for title in call.applied(list(gone)):
        call.account.unrate(title)
    return json_answer(
        200,
        {
            "deleted": count_by_type(list(gone)),
            "not_found": not_found(call.world.not_found_shape, missing),
        },
    )


def _rows(call: Call, moment: float, kind: str, values: frozenset[str] | None) -> list[Rated]:
    """The rows of all pages as they were at that moment, last rated first."""
    rows = [
        row
        for row in call.account.ratings_at(moment).values()
        if kind in ("", row.title.kind) and (values is None or str(row.rating) in values)
    ]
    return sorted(rows, key=lambda row: (-row.at, row.place))


def _rating(named: Named) -> int | None:
    sent = named.own.get("rating")
    valid = isinstance(sent, int) and not isinstance(sent, bool) and 1 <= sent <= 10
    return sent if valid and isinstance(sent, int) else None


def _row(row: Rated, *, full: bool, now: int) -> JsonObject:
    written = {"rated_at": stamp(row.at), "rating": row.rating, **described(row.title, full=full, now=now)}
    if isinstance(row.title, Season):  # a rated season says how much of it was aired (recorded)
        aired = sum(one.is_aired(now) for one in row.title.in_order())
        written["season"] = {**row.title.short(), "aired_episodes": aired}
    return written
