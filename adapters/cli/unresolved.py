"""`unresolved`: what could not be done: look at it, try it again, forget it."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Protocol

import typer
from returns.result import Success
from rich.text import Text

from crosswatch_trakt.adapters.cli import show
from crosswatch_trakt.adapters.cli.codes import code_of_reports
from crosswatch_trakt.adapters.cli.opening import Opening, opening, value
from crosswatch_trakt.adapters.cli.progress import plain_progress
from crosswatch_trakt.adapters.cli.reading import AsJson
from crosswatch_trakt.adapters.cli.stored import stored_accounts
from crosswatch_trakt.adapters.cli.writing import print_report, report_json, say_problems
from crosswatch_trakt.adapters.clock import SystemClock
from crosswatch_trakt.adapters.state import FileState
from crosswatch_trakt.application.features import FEATURES, check_feature
from crosswatch_trakt.application.ports import Progress
from crosswatch_trakt.application.settings import server_suffix
from crosswatch_trakt.application.trakt.person import Person
from crosswatch_trakt.application.write.unresolved import UnresolvedBook
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
    with _entries(run) as kept:
        found = {name: _of(kept.unresolved(name), key) for name in features}
        person = kept.person
        zone = run.zone(None if person is None else person.timezone)
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
    with _entries(opening(context)) as kept:
        cleared = {name: kept.clear_unresolved(name, key or None) for name in features}
    with show.printing():
        if as_json:
            show.print_json(cleared)
        else:
            show.print_rows((name, f"{count} forgotten") for name, count in cleared.items())
    return 0


class _Entries(Protocol):
    """The entries of one account."""

    @property
    def person(self) -> Person | None:
        """Whose they are, if that is known."""
        ...

    def unresolved(self, feature: str) -> Sequence[Unresolved]:
        """What could not be done, oldest first."""
        ...

    def clear_unresolved(self, feature: str, keys: Collection[str] | None = None) -> int:
        """Forget entries, all or those of these keys; gives how many."""
        ...


@dataclass(frozen=True, slots=True)
class _Stored:
    """Those of an account that is not signed in: they lie on this computer."""

    folder: Path
    person: Person | None
    progress: Progress

    def unresolved(self, feature: str) -> Sequence[Unresolved]:
        return value(self._book(feature).oldest_first())

    def clear_unresolved(self, feature: str, keys: Collection[str] | None = None) -> int:
        return value(self._book(feature).clear(keys))

    def _book(self, feature: str) -> UnresolvedBook:
        state = FileState(self.folder)
        return UnresolvedBook(value(check_feature(feature)), state, SystemClock(), self.progress)


@contextmanager
def _entries(run: Opening) -> Iterator[_Entries]:
    """Those of the account that is signed in; if none is, of the only one of its server that is stored."""
    with run.account() as trakt:
        signed_in = isinstance(trakt.access.kept(), Success)
        progress = plain_progress(verbose=run.verbose)
        server = server_suffix(run.settings.base_url)
        stored = [
            account
            for account in ([] if signed_in else stored_accounts(run.folder, progress))
            if account.folder.partition("@")[1:] == server.partition("@")[1:]
        ]
        if len(stored) == 1:
            (only,) = stored
            yield _Stored(run.folder / only.folder, only.person, progress)
        else:
            yield trakt


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
