"""`add` and `remove`: every item of a file to its end, and what became of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer
from rich.text import Text

from crosswatch_trakt.adapters.cli import show
from crosswatch_trakt.adapters.cli.codes import code_of_reports
from crosswatch_trakt.adapters.cli.files import Items, read_items
from crosswatch_trakt.adapters.cli.opening import opening, value
from crosswatch_trakt.adapters.cli.reading import AsJson, Feature
from crosswatch_trakt.application.advice import advice
from crosswatch_trakt.application.features import check_feature
from crosswatch_trakt.application.write.report import Report
from crosswatch_trakt.domain.outcomes import End, Outcome

File = Annotated[
    str, typer.Argument(metavar="FILE", help="JSON or JSON lines; - for standard input", allow_dash=True)
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Write nothing; list every item and what would become of it.")
]
Meant = Annotated[
    bool,
    typer.Option("--yes", "--meant", help="It is meant: lift the guard of large removals, and doubts."),
]

_COLOURS = {End.CONFIRMED: "green", End.EXISTING: "blue", End.UNRESOLVED: "red"}


def add(
    context: typer.Context,
    feature: Feature,
    file: File,
    dry_run: DryRun = False,
    meant: Meant = False,
    as_json: AsJson = False,
) -> int:
    """Add the items of FILE to FEATURE, each once however often it is run.

    What could not be added is listed with its reason, and kept for `unresolved`.
    """
    items = _items(feature, file)
    with opening(context).account() as trakt:
        report = trakt.add(feature, items, dry_run=dry_run, meant=meant)
    return finish("add", feature, report, as_json=as_json)


def remove(
    context: typer.Context,
    feature: Feature,
    file: File,
    dry_run: DryRun = False,
    meant: Meant = False,
    all_plays: Annotated[
        bool,
        typer.Option("--all-plays", help="History: an item without a date means every play of it."),
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Remove the items of FILE from FEATURE; from the history the one play of that date.

    What could not be removed is listed with its reason, and kept for `unresolved`.
    """
    items = _items(feature, file)
    with opening(context).account() as trakt:
        report = trakt.remove(feature, items, dry_run=dry_run, meant=meant, all_plays=all_plays)
    return finish("remove", feature, report, as_json=as_json)


def finish(operation: str, feature: str, report: Report, *, as_json: bool) -> int:
    """Print a report, and the sentences of what went wrong; gives the exit code."""
    with show.printing():
        if as_json:
            show.print_json(report_json(report))
        else:
            print_report(report)
    say_problems([report])
    return code_of_reports([report])


def say_problems(reports: Sequence[Report]) -> None:
    """What went wrong on the way, each once."""
    every = [*reports, *(report.collection for report in reports if report.collection is not None)]
    for problem in dict.fromkeys(problem for report in every for problem in report.problems):
        show.say(advice(problem))


def print_report(report: Report) -> None:
    """Counts by end and reason, then what is unresolved; in a dry run every item."""
    outcomes = [*report.confirmed, *report.existing, *report.unresolved]
    listed = outcomes if report.dry_run else report.unresolved
    if show.on_terminal():
        _print_tables(report, outcomes, listed)
    else:
        show.print_rows(_counted(report, outcomes))
        show.print_rows(
            ("item", _fate(report, one), one.reason, one.key, show.name_of(one.item), one.hint)
            for one in listed
        )
    if report.collection is not None:
        print_report(report.collection)


def _print_tables(report: Report, outcomes: Sequence[Outcome], listed: Sequence[Outcome]) -> None:
    console, what = show.screen(), f"{report.operation} {report.feature}"
    dry = ", dry run: nothing was written" if report.dry_run else ""
    counts = show.table("End", "Reason", "Items#", title=f"{what}{dry}")
    for end, reason, count in _counted(report, outcomes):
        style = next((colour for of, colour in _COLOURS.items() if of.value == end), "green")
        counts.add_row(Text(end, style=style), Text(reason), Text(f"{count:,}"))
    console.print(counts if outcomes else Text(f"{what}: no items, nothing done."))
    if listed:
        table = show.table("End", "Reason", "Title", "Key", "Hint")
        for one in listed:
            row = show.cells(one.reason, show.name_of(one.item), one.key, one.hint)
            table.add_row(Text(_fate(report, one), style=_COLOURS[one.end]), *row)
        console.print(table)
    if report.unresolved and not report.dry_run:
        console.print(
            Text(f"To try these again: crosswatch-trakt unresolved retry {report.feature}", style="dim")
        )


def _counted(report: Report, outcomes: Sequence[Outcome]) -> Sequence[tuple[str, str, int]]:
    counts = Counter((_fate(report, one), one.reason or "") for one in outcomes)
    return [(end, reason, count) for (end, reason), count in counts.items()]


def _fate(report: Report, outcome: Outcome) -> str:
    return "would be done" if report.dry_run and outcome.end is End.CONFIRMED else outcome.end.value


def report_json(report: Report) -> Mapping[str, object]:
    """The whole report, for programs."""
    return {
        "operation": report.operation,
        "feature": report.feature,
        "dry_run": report.dry_run,
        "confirmed": [_outcome_json(one) for one in report.confirmed],
        "existing": [_outcome_json(one) for one in report.existing],
        "unresolved": [_outcome_json(one) for one in report.unresolved],
        "problems": [
            {"kind": type(problem).__name__, "advice": advice(problem)} for problem in report.problems
        ],
        "collection": None if report.collection is None else report_json(report.collection),
    }


def _outcome_json(outcome: Outcome) -> Mapping[str, object]:
    return {
        "key": outcome.key,
        "item": outcome.item,
        "reason": outcome.reason,
        "permanent": outcome.permanent,
        "hint": outcome.hint,
    }


def _items(feature: str, file: str) -> Items:
    """The items, read before anything is asked of Trakt. A feature that is none comes first."""
    value(check_feature(feature))
    return value(read_items(file))
