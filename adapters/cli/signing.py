"""`login`, `logout`, `status`: who is signed in, and how things stand."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, tzinfo

import typer
from returns.result import Failure
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from crosswatch_trakt.adapters.cli import show
from crosswatch_trakt.adapters.cli.opening import Opening, opening, value
from crosswatch_trakt.adapters.cli.progress import plain_progress, spinner
from crosswatch_trakt.adapters.cli.reading import AsJson
from crosswatch_trakt.adapters.cli.stored import StoredAccount, StoredFeature, files_in, stored_accounts
from crosswatch_trakt.adapters.library import TraktAccount, TraktError
from crosswatch_trakt.adapters.progress import RecordingProgress
from crosswatch_trakt.application.advice import ExitCode, exit_code
from crosswatch_trakt.application.health import Health
from crosswatch_trakt.application.ports import Note
from crosswatch_trakt.application.trakt.access import DeviceCode

STATUS_RETRIES = 1  # a person waits for it

_COLOURS = {"ok": "green", "degraded": "yellow", "auth_failed": "red", "down": "red"}


def login(context: typer.Context) -> int:
    """Sign in to Trakt: open the address shown, enter the code, done."""
    run = opening(context)
    with TraktAccount.open(run.settings, progress=plain_progress(verbose=run.verbose)) as trakt:
        code = value(trakt.access.begin_login())
        _show_code(code)
        with spinner("Waiting until you have entered the code (Ctrl-C to stop) …"):
            value(trakt.access.finish_login(code))
        with show.printing():
            print(f"Signed in{_as_whom(trakt)}. The login is kept in {run.folder}.")
    return 0


def logout(context: typer.Context) -> int:
    """Sign out: end the login at Trakt and forget it here. What is stored of lists stays."""
    run = opening(context)
    with TraktAccount.open(run.settings, progress=plain_progress(verbose=run.verbose)) as trakt:
        known = not isinstance(trakt.access.kept(), Failure)
        ended = value(trakt.access.forget())
    with show.printing():
        print("Signed out." if known else "Nobody was signed in.")
    if known and not ended:
        show.say("Trakt could not be told: there the login lives until its token ends.")
    given = run.loaded.sources.get("access_token")
    if given is not None:
        show.say(f"{given} still names an access token; remove it there, too.")
    return 0


def status(context: typer.Context, as_json: AsJson = False) -> int:
    """Show account, limits, quota, token life, and what is stored. Works without network and login, too."""
    run = opening(context)
    with run.account(max_retries=min(run.settings.max_retries, STATUS_RETRIES)) as trakt:
        health = trakt.health()
    notes = RecordingProgress()
    accounts = stored_accounts(run.folder, notes)
    files = files_in(run.folder)
    for event in notes.events:
        if isinstance(event, Note):
            show.say(event.text)
    with show.printing():
        if as_json:
            show.print_json(_status_json(run, health, accounts, files))
        elif show.on_terminal():
            _print_status(run, health, accounts, files)
        else:
            show.print_rows(_status_rows(run, health, accounts, files))
    if health.detail is not None:
        show.say(health.detail)
    return ExitCode.DONE if health.problem is None else exit_code(health.problem)


# --- login


def _show_code(code: DeviceCode) -> None:
    minutes = max(1, round(code.expires_in / 60))
    console = show.screen()
    with show.printing():
        if not console.is_terminal:
            print(
                f"Open {show.clean(code.verification_url)} and enter {show.clean(code.user_code)} "
                f"within {minutes} minutes."
            )
            return
        console.print(
            Panel.fit(
                Text.assemble(
                    "Open  ",
                    (show.clean(code.verification_url), "bold underline cyan"),
                    "\n\nenter ",
                    (f" {show.clean(code.user_code)} ", "bold black on bright_green"),
                    f"\n\nwithin {minutes} minutes.",
                ),
                title="Sign in to Trakt",
                padding=(1, 4),
            )
        )


def _as_whom(trakt: TraktAccount) -> str:
    try:
        return f" as {show.clean(trakt.person.username)}"
    except TraktError:
        return ""  # the login is kept all the same; the next command asks again


# --- status


def _status_json(
    run: Opening, health: Health, accounts: Sequence[StoredAccount], files: Mapping[str, int]
) -> Mapping[str, object]:
    return {
        "ok": health.ok,
        "status": health.status,
        "account": health.account,
        "vip": health.vip,
        "limits": health.limits,
        "quota": {name: asdict(quota) for name, quota in health.quota.items()},
        "token_expires_at": health.token_expires_at,
        "detail": health.detail,
        "base_url": run.settings.base_url,
        "state_dir": str(run.folder),
        "files": files,
        "stored": [
            {
                "folder": account.folder,
                "account": None if account.person is None else account.person.username,
                "features": {stored.feature: _feature_json(stored) for stored in account.features},
            }
            for account in accounts
        ],
    }


def _feature_json(stored: StoredFeature) -> Mapping[str, object]:
    read_at = None if stored.read_at is None else datetime.fromtimestamp(stored.read_at, UTC)
    return {"items": stored.items, "read_at": read_at, "unresolved": stored.unresolved}


def _status_rows(
    run: Opening, health: Health, accounts: Sequence[StoredAccount], files: Mapping[str, int]
) -> Sequence[Sequence[object]]:
    zone = _zone(run, health, accounts)
    rows: list[Sequence[object]] = [
        ("status", health.status),
        ("account", health.account),
        ("vip", {None: None, True: "yes", False: "no"}[health.vip]),
        ("server", run.settings.base_url),
        ("token", _token_words(health)),
        *(("limit", name, count) for name, count in health.limits.items()),
        *(("quota", method, quota.used, quota.allowed) for method, quota in health.quota.items()),
        ("state_dir", str(run.folder)),
        *(("file", name, size) for name, size in files.items()),
    ]
    for account in accounts:
        for stored in account.features:
            when = show.local(stored.read_at, zone, offset=True)
            rows.append(("stored", account.folder, stored.feature, stored.items, when, stored.unresolved))
    return rows


def _print_status(
    run: Opening, health: Health, accounts: Sequence[StoredAccount], files: Mapping[str, int]
) -> None:
    console = show.screen()
    zone = _zone(run, health, accounts)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column()
    grid.add_row("Status", Text(health.status, style=_COLOURS[health.status]))
    vip = {None: "", True: ", VIP", False: ""}[health.vip]
    grid.add_row("Account", Text(f"{health.account}{vip}" if health.account else "not known"))
    grid.add_row("Server", Text(run.settings.base_url))
    grid.add_row("Token", Text(_token_words(health)))
    for method, quota in health.quota.items():
        words = f" {quota.used:,} of {quota.allowed:,} by this run"
        if quota.seen is not None:
            seen = quota.seen
            words += f"; Trakt: {seen.remaining:,} of {seen.limit:,} left in {seen.period_s} s"
        grid.add_row(f"{method} quota", Text.assemble(show.meter(quota.used, quota.allowed), words))
    _add_limits(grid, health, accounts)
    size = f"{len(files)} files, {show.size_of(sum(files.values()))}"
    grid.add_row("State", Text(f"{run.folder} ({size})"))
    console.print(grid)
    _print_stored(console, accounts, zone)
    if files:
        table = show.table("File", "Size#")
        for name, count in files.items():
            table.add_row(*show.cells(name, show.size_of(count)))
        console.print(table)


def _add_limits(grid: Table, health: Health, accounts: Sequence[StoredAccount]) -> None:
    """How full the lists are whose size is known here; the other limits in numbers."""
    mine = next((one for one in accounts if one.person and one.person.username == health.account), None)
    counts = {stored.feature: stored.items for stored in mine.features} if mine else {}
    for name, limit in health.limits.items():
        used = next((count for feature, count in counts.items() if feature == name), None)
        if used is None:
            grid.add_row(f"Limit {show.cut(name, 20)}", Text(f"{limit:,}"))
        else:
            grid.add_row(
                f"Limit {show.cut(name, 20)}",
                Text.assemble(show.meter(used, limit), f" {used:,} of {limit:,}"),
            )


def _print_stored(console: Console, accounts: Sequence[StoredAccount], zone: tzinfo) -> None:
    now = time.time()
    for account in accounts:
        who = account.person.username if account.person else "unknown account"
        table = show.table(
            "Feature", "Items#", "Proven", "Age", "Unresolved#", title=f"Stored of {show.clean(who)}"
        )
        for stored in account.features:
            read_at = stored.read_at
            table.add_row(
                *show.cells(
                    stored.feature,
                    "none" if stored.items is None else f"{stored.items:,}",
                    "never" if read_at is None else show.local(read_at, zone),
                    "" if read_at is None else show.ago(now - read_at),
                    stored.unresolved,
                )
            )
        console.print(table)


def _token_words(health: Health) -> str:
    if health.token_expires_at is None:
        return "its end is not known" if health.ok else "none, or its end is not known"
    left_s = (health.token_expires_at - datetime.now(UTC)).total_seconds()
    return f"expires in {show.ago(left_s)}" if left_s > 0 else f"expired {show.ago(-left_s)} ago"


def _zone(run: Opening, health: Health, accounts: Sequence[StoredAccount]) -> tzinfo:
    people = [account.person for account in accounts if account.person is not None]
    mine = [person for person in people if person.username == health.account] or people
    return run.zone(mine[0].timezone if mine else None)
