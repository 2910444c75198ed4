"""`unresolved`: what could not be done: look at it, try it again, forget it."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Annotated

import typer
from rich.text import Text

from crosswatch_trakt.adapters.cli import show
from crosswatch_trakt.adapters.cli.codes import code_of_reports
from crosswatch_trakt.adapters.cli.opening import opening, value
from crosswatch_trakt.adapters.cli.reading import AsJson
from crosswatch_trakt.adapters.cli.writing import print_report, report_json, say_problems
from crosswatch_trakt.application.account import FEATURES, check_feature
from crosswatch_trakt.domain.unresolved import Unresolved

MaybeFeature = Annotated[
    str | None, typer.Argument(metavar="[FEATURE]", help="watchlist, ratings or history; all if left out")
]
Keys = Annotated[
    list[str] | None, typer.Option("--key", metavar="KEY", help="Only this entry; may be given repeatedly.")
]

app = typer.Typer(help="What could not be added or removed, and why.")


@app.command("list")
def list_(
    context: typer.Context, feature: MaybeFeature = None, key: Keys = None, as_json: AsJson = False
) -> int:
    """List what could not be done, oldest first."""
    run = opening(context)
    features = _features(feature)
    with run.account() as trakt:
        found = {name: _of(trakt.unresolved(name), key) for name in features}
        zone = run.zone(trakt.person.timezone)
    with show.printing():
        if as_json:
            show.print_json({name: [_json(entry) for entry in entries] for name, entries in found.items()})
        elif show.on_terminal():
            for name, entries in found.items():
                _print_table(name, entries, zone)
        else:
            show.print_rows(
                (name, entry.operation, entry.reason, entry.key, show.name_of(entry.item), entry.hint)
                for name, entries in found.items()
                for entry in entries
            )
    return 0


@app.command()
def retry(
    context: typer.Context, feature: MaybeFeature = None, key: Keys = None, as_json: AsJson = False
) -> int:
    """Try again what could not be done, the frozen too."""
    features = _features(feature)
    with opening(context).account() as trakt:
        reports = [report for name in features for report in trakt.retry_unresolved(name, key or None)]
    with show.printing():
        if as_json:
            show.print_json([report_json(report) for report in reports])
        else:
            for report in reports:
                print_report(report)
    if not reports:
        show.say("Nothing is unresolved here.")
    say_problems(reports)
    return code_of_reports(reports)


@app.command()
def clear(
    context: typer.Context, feature: MaybeFeature = None, key: Keys = None, as_json: AsJson = False
) -> int:
    """Forget what could not be done. What was frozen is then sent again when it is handed in again."""
    features = _features(feature)
    with opening(context).account() as trakt:
        cleared = {name: trakt.clear_unresolved(name, key or None) for name in features}
    with show.printing():
        if as_json:
            show.print_json(cleared)
        else:
            show.print_rows((name, f"{count} forgotten") for name, count in cleared.items())
    return 0


def _features(feature: str | None) -> Sequence[str]:
    if feature is None:
        return FEATURES
    return (value(check_feature(feature)),)


def _of(entries: Sequence[Unresolved], keys: Sequence[str] | None) -> Sequence[Unresolved]:
    return [entry for entry in entries if not keys or entry.key in keys]


def _json(entry: Unresolved) -> dict[str, object]:
    return {
        "operation": entry.operation,
        "key": entry.key,
        "item": entry.item,
        "reason": entry.reason,
        "permanent": entry.permanent,
        "hint": entry.hint,
        "attempts": entry.attempts,
        "first_seen": entry.first_seen,
        "last_seen": entry.last_seen,
    }


def _print_table(feature: str, entries: Sequence[Unresolved], zone: tzinfo) -> None:
    console = show.screen()
    if not entries:
        console.print(Text(f"{feature}: nothing is unresolved.", style="green"))
        return
    table = show.table("", "Reason", "Title", "Key", "Tried#", "Last", "Hint", title=feature)
    for entry in entries:
        table.add_row(
            *show.cells(
                entry.operation,
                f"{entry.reason}{' (frozen)' if entry.permanent else ''}",
                show.name_of(entry.item),
                entry.key,
                entry.attempts,
                show.local(entry.last_seen, zone),
                entry.hint,
            )
        )
    console.print(table)
