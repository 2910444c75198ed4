"""The history: reading, adding and removing plays.

Plays are never merged: a POST sent twice makes two. A show or season without anything below it means
every episode, of those aired when adding. Removing a title takes all its plays; one play goes by its
history id alone. Source: trakt.docs, "Sync", history; contract of 2026-07-30.
"""

from collections.abc import Iterable, Sequence

from crosswatch_trakt.adapters.simulator.account_limits import fitting
from crosswatch_trakt.adapters.simulator.addressing import Missing, named_in, number
from crosswatch_trakt.adapters.simulator.answers import empty_answer, json_answer
from crosswatch_trakt.adapters.simulator.changes import Plays
from crosswatch_trakt.adapters.simulator.not_found import not_found
from crosswatch_trakt.adapters.simulator.paging import cut
from crosswatch_trakt.adapters.simulator.plays import Newest, Play, Watchable, between
from crosswatch_trakt.adapters.simulator.stamps import MINUTE_S, read_moment, stamp
from crosswatch_trakt.adapters.simulator.titles import (
    Episode,
    JsonObject,
    Kind,
    Movie,
    Season,
    Show,
    Title,
    described,
)
from crosswatch_trakt.adapters.simulator.world import Call
from crosswatch_trakt.application.ports import Response

_TYPES: dict[str, Kind] = {"movies": "movie", "shows": "show", "seasons": "season", "episodes": "episode"}


def read(call: Call) -> Response:
    """`GET /sync/history[/{type}[/{id}]]`: newest first, cut to `start_at`..`end_at`, both inclusive."""
    lag = call.world.lag
    own = "id" in call.parts
    lag_s = lag.title_s if own and lag.title_s is not None else lag.history_s
    shown, counted = call.moments(lag_s)
    rows = _rows(call, shown)
    if rows is None or (own and _own_list_is_missing(call, rows)):
        return empty_answer(404)
    page = cut(
        call,
        rows,
        announced=None if counted == shown else len(_rows(call, counted) or ()),
        kept_back=call.account.hidden.keeps_back(lambda play: play.title),
    )
    now = call.world.now()
    return page.answer([_row(play, full=call.full, now=now) for play in page.rows])


def add(call: Call) -> Response:
    """`POST /sync/history`."""
    account, now = call.account, call.world.now()
    wanted: list[tuple[Watchable, int]] = []
    missing: list[Missing] = []
    for named in named_in(call.world.catalogue, call.body):
        if isinstance(named, Missing):
            missing.append(named)
        elif named.deepest:
            wanted += [
                (title, watched_at(title, named.get("watched_at"), now))
                for title in watchable(named.title, now)
            ]
    if account.watch_only_once and account.second_play == "drops":
        wanted = _first_plays(call, wanted)
    applied, refusal = fitting(call, wanted, len(account.plays), account.limits.plays)
    for title, at in applied:
        account.watch(title, at)
    if refusal is not None:
        return refusal
    return json_answer(
        call.world.history_status,
        {
            "added": count_by_type(title for title, _ in wanted),
            "updated": {"movies": 0, "episodes": 0},
            "not_found": not_found(call.world.not_found_shape, missing),
        },
    )


def remove(call: Call) -> Response:
    """`POST /sync/history/remove`: `deleted` counts plays. What was never watched is no fault (T#419)."""
    account = call.account
    doomed: dict[int, Play] = {}
    missing: list[Missing] = []
    for named in named_in(call.world.catalogue, call.body):
        if isinstance(named, Missing):
            missing.append(named)
        elif named.deepest:
            doomed |= {play.id: play for play in _of_title(account.plays, named.title)}
    unknown: list[object] = []
    given = call.body.get("ids")
    for play_id in given if isinstance(given, list) else []:
        play = account.plays.by_id(number(play_id) or 0)
        if play is None:
            unknown.append(play_id)
        else:
            doomed[play.id] = play
    account.unwatch(call.applied(tuple(doomed.values())))
    return json_answer(
        200,
        {
            "deleted": count_by_type(play.title for play in doomed.values()),
            "not_found": {**not_found(call.world.not_found_shape, missing), "ids": unknown},
        },
    )


def watchable(title: Title, now: int) -> Iterable[Watchable]:
    """The film or episode itself, or every aired episode of a show or season, specials too."""
    match title:
        case Movie() | Episode():
            return (title,)
        case Season():
            return [one for one in title.in_order() if one.is_aired(now)]
        case Show():
            return [one for one in title.episodes() if one.is_aired(now)]


def watched_at(title: Watchable, sent: object, now: int) -> int:
    """What a `watched_at` means, in epoch seconds: what cannot be read is now (T#310).

    `unknown` is epoch 0; `released` is the release date, for an episode the end of its first showing.
    """
    if sent == "unknown":
        return 0
    if sent == "released":
        if isinstance(title, Episode):
            return now if title.first_aired is None else title.first_aired + title.runtime * MINUTE_S
        return now if title.released is None else title.released
    moment = read_moment(sent)
    return now if moment is None else moment


def count_by_type(titles: Iterable[Watchable]) -> JsonObject:
    """How many films and episodes."""
    counts = {"movies": 0, "episodes": 0}
    for title in titles:
        counts[f"{title.kind}s"] += 1
    return dict(counts)


def _first_plays(call: Call, wanted: Iterable[tuple[Watchable, int]]) -> list[tuple[Watchable, int]]:
    """Of each film or episode without a play the first; the others are passed over, not counted."""
    first: dict[Watchable, int] = {}
    for title, at in wanted:
        if not call.account.plays.of(title):
            first.setdefault(title, at)
    return list(first.items())


def _rows(call: Call, moment: float) -> Newest | None:
    """The rows of all pages as they were at that moment; None if the path names no type or no title."""
    plays = _plays(call, call.account.plays_at(moment))
    start, end = read_moment(call.query.get("start_at")), read_moment(call.query.get("end_at"))
    return None if plays is None else between(plays, start, end)


def _own_list_is_missing(call: Call, rows: Newest) -> bool:
    switch = call.world.title_list_404
    return switch == "always" or (switch == "without_plays" and not rows.plays)


def _plays(call: Call, plays: Plays) -> Sequence[Play] | None:
    """The plays a path asks for, oldest first; None if it names no type or no title."""
    name, text = call.parts.get("type", "all"), call.parts.get("id")
    kind = _TYPES.get(name)
    if text is not None:
        title = None if kind is None else call.world.catalogue.by_id(kind, "trakt", text)
        return None if title is None else _of_title(plays, title)
    if name == "all":
        return plays.of_kind(None)
    if kind is None:
        return None
    return plays.of_kind("movie" if kind == "movie" else "episode")


def _of_title(plays: Plays, title: Title) -> Sequence[Play]:
    match title:
        case Movie() | Episode():
            return plays.of(title)
        case Season():
            return plays.of_show(title.show, title.number)
        case Show():
            return plays.of_show(title)


def _row(play: Play, *, full: bool, now: int) -> JsonObject:
    return {
        "id": play.id,
        "watched_at": stamp(play.minute),
        "action": play.action,
        **described(play.title, full=full, now=now),
    }
