"""`index`: a whole feature, as a table, as lines, or as JSON."""

import json
import sys
from collections import Counter
from collections.abc import Mapping
from datetime import tzinfo
from itertools import islice
from typing import Annotated

import typer
from rich.text import Text

from crosswatch_trakt.adapters.cli import show
from crosswatch_trakt.adapters.cli.opening import opening
from crosswatch_trakt.application.account import AnyIndex

ROWS_SHOWN = 20
YEARS_SHOWN = 15
NO_YEAR = "no date"

Feature = Annotated[str, typer.Argument(metavar="FEATURE", help="watchlist, ratings or history")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs. Times in it are UTC.")]

_DATES = {"watchlist": "Listed", "ratings": "Rated", "history": "Watched"}


def index(
    context: typer.Context,
    feature: Feature,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Give only items of this date or later.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Give only the first so many.")] = None,
    as_json: AsJson = False,
    allow_stale: Annotated[
        bool, typer.Option("--allow-stale", help="If Trakt cannot be asked: the index as last stored.")
    ] = False,
) -> int:
    """Print all of FEATURE, proven whole. Unchanged accounts cost a handful of requests.

    --since and --limit trim what is printed, never what is read.
    """
    run = opening(context)
    with run.account() as trakt:
        found = trakt.index(feature, since=since, limit=limit, allow_stale=allow_stale)
        zone = run.zone(trakt.person.timezone)
    with show.printing():
        if as_json:
            _print_json(feature, found)
        elif show.on_terminal():
            _print_table(feature, found, zone)
        else:
            _print_lines(found, zone)
    if found.stale:
        show.say(f"Trakt could not be asked: this is the index of {show.local(found.as_of, zone)}.")
    return 0


def _print_json(feature: str, found: AnyIndex) -> None:
    """One object; its items are written one by one, since 100,000 plays make 30 MB."""
    head = {
        "feature": feature,
        "as_of": found.as_of.isoformat(),
        "complete": found.complete,
        "hidden": found.hidden,
        "set_aside": dict(found.set_aside),
        "stale": found.stale,
    }
    write = sys.stdout.write
    write(json.dumps(head)[:-1] + ', "items": {')
    separator = "\n"
    for key in found:
        write(f"{separator}{json.dumps(key)}: {json.dumps(found[key], ensure_ascii=False)}")
        separator = ",\n"
    write("\n}}\n")


def _print_lines(found: AnyIndex, zone: tzinfo) -> None:
    """`key type date rating name`, between tabs."""
    show.print_rows(
        (
            key,
            item.get("type"),
            show.local(show.moment_of(item), zone, offset=True),
            item.get("rating"),
            show.name_of(item),
        )
        for key, item in found.items()
    )


def _print_table(feature: str, found: AnyIndex, zone: tzinfo) -> None:
    rated = feature == "ratings"
    table = show.table(_DATES[feature], "Type", *(["Rating#"] if rated else []), "Title", "Key")
    for key, item in islice(found.items(), ROWS_SHOWN):
        date = show.local(show.moment_of(item), zone)
        rating = [item.get("rating")] if rated else []
        table.add_row(*show.cells(date, item.get("type"), *rating, show.name_of(item), key))
    console = show.screen()
    if found:
        console.print(table)
        more = len(found) - ROWS_SHOWN
        if more > 0:
            console.print(Text(f"… and {more:,} more; in a pipe (`| less`) or with --json all.", style="dim"))
        if found.complete:
            _print_picture(feature, found, zone)
    console.print(Text(_summary(feature, found, zone)))


def _print_picture(feature: str, found: AnyIndex, zone: tzinfo) -> None:
    """Ratings by value, plays by year."""
    console = show.screen()
    if feature == "ratings":
        values = Counter(str(item.get("rating")) for item in found.values())
        console.print(show.bars({str(value): values.get(str(value), 0) for value in range(10, 0, -1)}))
    elif feature == "history":
        years = Counter(_year(item, zone) for item in found.values())
        newest = sorted(years, key=lambda year: (year != NO_YEAR, year), reverse=True)[:YEARS_SHOWN]
        console.print(show.bars({year: years[year] for year in newest}))


def _year(item: Mapping[str, object], zone: tzinfo) -> str:
    moment = show.moment_of(item)
    return NO_YEAR if moment is None else show.local(moment, zone)[:4]


def _summary(feature: str, found: AnyIndex, zone: tzinfo) -> str:
    kinds = Counter(str(item.get("type")) for item in found.values())
    parts = ", ".join(f"{count:,} {kind}{'' if count == 1 else 's'}" for kind, count in kinds.most_common())
    how = "stale" if found.stale else "read anew" if found.fetched else "unchanged, nothing was read"
    words = [f"{feature}: {len(found):,} items" + (f" ({parts})" if parts else ""), how]
    if found.hidden:
        words.append(f"{found.hidden:,} that Trakt counts and does not send")
    words += [f"{count:,} rows set aside ({reason})" for reason, count in found.set_aside.items()]
    if not found.complete:
        words.append("trimmed")
    return "; ".join(words) + f". Times in {zone}."
