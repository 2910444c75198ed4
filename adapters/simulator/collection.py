"""The collection: films and episodes that a person owns.

Answers count films and episodes only, unlike the contract. A show or season alone means every aired
episode. `updated` counts rows whose date or metadata changed. Source: trakt.docs, "Sync", collection;
recordings of 2014-2026.
"""

from crosswatch_trakt.adapters.simulator.account import Collected
from crosswatch_trakt.adapters.simulator.account_limits import fitting
from crosswatch_trakt.adapters.simulator.addressing import Missing, Named, named_in
from crosswatch_trakt.adapters.simulator.answers import empty_answer, json_answer
from crosswatch_trakt.adapters.simulator.history import count_by_type, watchable, watched_at
from crosswatch_trakt.adapters.simulator.not_found import not_found
from crosswatch_trakt.adapters.simulator.paging import cut
from crosswatch_trakt.adapters.simulator.plays import Watchable
from crosswatch_trakt.adapters.simulator.stamps import stamp
from crosswatch_trakt.adapters.simulator.titles import (
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

METADATA = ("media_type", "resolution", "hdr", "audio", "audio_channels", "3d")


def read(call: Call) -> Response:
    """`GET /sync/collection/{movies|shows|episodes|media}`: last collected first."""
    kinds = {"movies": ("movie",), "episodes": ("episode",), "media": ("movie", "episode")}
    kind = call.parts["type"]
    if kind == "shows":
        return _shows(call)
    if kind not in kinds:
        return empty_answer(404)
    rows = sorted(
        (row for row in call.account.collection.values() if row.title.kind in kinds[kind]),
        key=lambda row: row.at,
        reverse=True,
    )
    page = cut(call, rows)
    return page.answer([_row(call, row) for row in page.rows])


def read_minimal(call: Call) -> Response:
    """`GET /sync/collection/minimal/{movies|episodes}`: dates by Trakt number, not paged."""
    kind = call.parts["type"]
    if kind not in ("movies", "episodes"):
        return empty_answer(404)
    return json_answer(
        200,
        {
            str(row.title.trakt): stamp(row.at)
            for row in call.account.collection.values()
            if f"{row.title.kind}s" == kind
        },
    )


def add(call: Call) -> Response:
    """`POST /sync/collection`."""
    account, now = call.account, call.world.now()
    wanted: dict[Watchable, Named] = {}
    missing: list[Missing] = []
    for one in named_in(call.world.catalogue, call.body):
        if isinstance(one, Missing):
            missing.append(one)
        elif one.deepest:
            wanted |= dict.fromkeys(watchable(one.title, now), one)
    new = [title for title in wanted if title not in account.collection]
    fits, refusal = fitting(call, new, len(account.collection), account.limits.collection)
    if refusal is not None:
        for title in fits:
            account.collect(title, watched_at(title, wanted[title].get("collected_at"), now))
        return refusal
    applied = frozenset(fits)
    updated, existing = [], []
    for title, one in wanted.items():
        there = account.collection.get(title)
        metadata = {key: one.get(key) for key in METADATA if one.get(key) is not None} or None
        if there is None and title not in applied:
            continue  # a fault: counted all the same
        if there is None:
            account.collect(title, watched_at(title, one.get("collected_at"), now), metadata)
        elif _changes(there, one, metadata, now):
            at = watched_at(title, one.get("collected_at"), there.at)
            account.collect(title, at, metadata or there.metadata)
            updated.append(title)
        else:
            existing.append(title)
    return json_answer(
        201,
        {
            "added": count_by_type(new),
            "updated": count_by_type(updated),
            "existing": count_by_type(existing),
            "not_found": not_found(call.world.not_found_shape, missing),
        },
    )


def remove(call: Call) -> Response:
    """`POST /sync/collection/remove`."""
    gone: list[Watchable] = []
    missing: list[Missing] = []
    for one in named_in(call.world.catalogue, call.body):
        if isinstance(one, Missing):
            missing.append(one)
        elif one.deepest:
            gone += [title for title in _below(one.title) if call.account.uncollect(title)]
    return json_answer(
        200,
        {
            "deleted": count_by_type(gone),
            "not_found": not_found(call.world.not_found_shape, missing),
        },
    )


def _below(title: Title) -> list[Watchable]:
    """The title itself, or all that is below it, aired or not."""
    match title:
        case Movie() | Episode():
            return [title]
        case Season():
            return list(title.in_order())
        case Show():
            return list(title.episodes())


def _changes(there: Collected, named: Named, metadata: JsonObject | None, now: int) -> bool:
    sent = named.get("collected_at")
    dated = sent is not None and watched_at(there.title, sent, now) != there.at
    return dated or (metadata is not None and metadata != there.metadata)


def _row(call: Call, row: Collected) -> JsonObject:
    return {
        "collected_at": stamp(row.at),
        "updated_at": stamp(row.updated_at),
        "available_on": [],
        "metadata": _metadata(call, row),
        **described(row.title, full=call.full, now=call.world.now()),
    }


def _metadata(call: Call, row: Collected) -> JsonObject | None:
    if "metadata" not in call.extended or row.metadata is None:
        return None
    return {key: row.metadata.get(key, False if key == "3d" else None) for key in METADATA}


def _shows(call: Call) -> Response:
    shows: dict[Show, dict[int, list[tuple[Episode, Collected]]]] = {}
    for title, row in call.account.collection.items():
        if isinstance(title, Episode):
            seasons = shows.setdefault(title.show, {})
            seasons.setdefault(title.season.number, []).append((title, row))
    page = cut(call, list(shows.items()))
    return page.answer([_show(call, show, seasons) for show, seasons in page.rows])


def _show(call: Call, show: Show, seasons: dict[int, list[tuple[Episode, Collected]]]) -> JsonObject:
    rows = [row for season in seasons.values() for _, row in season]
    return {
        "type": "show",
        "last_collected_at": stamp(max(row.at for row in rows)),
        "last_updated_at": stamp(max(row.updated_at for row in rows)),
        "show": show.short(),
        "seasons": [
            {
                "number": number,
                "episodes": [
                    {
                        "number": episode.number,
                        "collected_at": stamp(row.at),
                        **({"metadata": _metadata(call, row)} if "metadata" in call.extended else {}),
                    }
                    for episode, row in sorted(season, key=lambda pair: pair[0].number)
                ],
            }
            for number, season in sorted(seasons.items())
        ],
    }
