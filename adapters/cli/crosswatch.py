"""`crosswatch`: our provider into a CrossWatch, and out of it."""

import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated

import typer

from crosswatch_trakt.adapters.cli import show
from crosswatch_trakt.adapters.cli.opening import value
from crosswatch_trakt.adapters.cli.reading import AsJson
from crosswatch_trakt.adapters.library import TraktError
from crosswatch_trakt.domain.problems import BadInput

if TYPE_CHECKING:
    from crosswatch_trakt.adapters.crosswatch.installing import Look

Folder = Annotated[
    str, typer.Argument(metavar="DIR", help="The folder that holds CrossWatch's crosswatch.py")
]

app = typer.Typer(help="Let CrossWatch use this provider for Trakt.")


@app.command()
def install(folder: Folder) -> int:
    """Put our file into the CrossWatch in DIR; its own is kept beside it."""
    from crosswatch_trakt.adapters.crosswatch import installing, shim

    done = value(installing.install(_path(folder)))
    with show.printing():
        if done.changed:
            print(
                f"{done.file} is now ours; CrossWatch's own is kept as {done.kept.name}. Restart CrossWatch."
            )
        else:
            print(f"{done.file} is ours already, and of this version. Nothing was changed.")
    if done.version is not None and not shim.is_tested(done.version):
        show.say(f"This CrossWatch is {done.version}; tested is {shim.TESTED}. Try a dry run first.")
    return 0


@app.command()
def uninstall(folder: Folder) -> int:
    """Put CrossWatch's own file back into the CrossWatch in DIR."""
    from crosswatch_trakt.adapters.crosswatch import installing

    file = value(installing.uninstall(_path(folder)))
    with show.printing():
        print(f"{file} is CrossWatch's own again. Restart CrossWatch.")
    return 0


@app.command()
def check(folder: Folder, as_json: AsJson = False) -> int:
    """Show whether our file is in place in the CrossWatch in DIR, and which versions meet."""
    from crosswatch_trakt.adapters.crosswatch import installing

    found = value(installing.look(_path(folder)))
    with show.printing():
        if as_json:
            show.print_json(_json(found))
        elif show.on_terminal():
            table = show.table("", "")
            for row in _rows(found):
                table.add_row(*show.cells(*row))
            show.screen().print(table)
        else:
            show.print_rows(_rows(found))
    return 0 if found.in_place and found.of_this_version else 1


@app.command()
def shim(
    venv: Annotated[
        str,
        typer.Option(
            metavar="PATH", help="A virtual environment that holds this program, as CrossWatch sees it."
        ),
    ] = "",
) -> int:
    """Print our file, to be mounted into a container."""
    from crosswatch_trakt.adapters.crosswatch import installing

    if venv and not PurePosixPath(venv).is_absolute():
        raise TraktError(BadInput(f"--venv is {venv!r}", "Give the whole path, like /config/trakt."))
    with show.printing():
        sys.stdout.write(installing.source(venv).decode())
    return 0


def _path(folder: str) -> Path:
    return Path(folder).expanduser()


def _json(found: "Look") -> Mapping[str, object]:
    from crosswatch_trakt.adapters.crosswatch.shim import TESTED

    return {
        "in_place": found.in_place,
        "of_this_version": found.of_this_version,
        "venv": found.venv or None,
        "kept": found.kept,
        "python": sys.executable,
        "importable": found.trouble is None,
        "trouble": found.trouble,
        "crosswatch": found.version,
        "tested": found.tested,
        "tested_range": TESTED,
    }


def _rows(found: "Look") -> list[tuple[str, str]]:
    from crosswatch_trakt.adapters.crosswatch.shim import TESTED

    ours = "ours, of this version" if found.of_this_version else "ours, of another version: install it again"
    tested = {True: "tested", False: f"not tested: {TESTED} is", None: f"tested is {TESTED}"}[found.tested]
    rows = [("file", ours if found.in_place else "CrossWatch's own: ours is not installed")]
    if found.in_place:
        rows += [
            ("stock file", "kept beside it" if found.kept else "not kept beside it"),
            ("looks in", found.venv or "CrossWatch's own Python"),
        ]
    return [
        *rows,
        ("package", f"this Python ({sys.executable}) imports it" if found.trouble is None else found.trouble),
        ("CrossWatch", f"{found.version or 'unknown'}, {tested}"),
    ]
