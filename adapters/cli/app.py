"""The wiring of the commands, and the one place where exceptions become exit codes (see `codes`).

Ctrl-C raises KeyboardInterrupt in the main thread, so that what runs there is unwound: locks are freed,
files are whole. Threads that read pages may sit in a socket or a wait, and Python joins them when it
ends; so after at most `UNWIND_S` the process ends by `os._exit`. That is as safe as a kill, which the
state is made for: documents are replaced by a rename, rows in a transaction.
"""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import Annotated, NoReturn, Protocol, cast

import typer

from crosswatch_trakt.adapters.cli import (
    crosswatch,
    demo,
    reading,
    show,
    signing,
    simulate,
    unresolved,
    writing,
)
from crosswatch_trakt.adapters.cli.codes import FAULT
from crosswatch_trakt.adapters.cli.opening import Opening
from crosswatch_trakt.adapters.library import TraktError
from crosswatch_trakt.application.advice import ExitCode, exit_code
from crosswatch_trakt.application.version import PROGRAM, version

UNWIND_S = 1.0

_WITH_VALUE = frozenset(
    {"--config", "--client-id", "--state-dir", "--base-url", "--auth-url", "--timezone", "--set"}
)
_ending = threading.Lock()  # held by whoever ends the process

_WITHOUT = frozenset({"-v", "--verbose", "--version"})

# Typer has brought its own click since 0.26; before, it was the package of that name.
_ClickError = cast(
    type[Exception], next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
)

app = typer.Typer(
    name=PROGRAM,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="These options may also stand behind the command. Every setting has a variable "
    "CROSSWATCH_TRAKT_<NAME>, and a name in the settings file.",
)
for _command in (
    signing.login,
    signing.logout,
    signing.status,
    reading.index,
    writing.add,
    writing.remove,
):
    app.command()(_command)
app.add_typer(unresolved.app, name="unresolved")
app.add_typer(crosswatch.app, name="crosswatch")
for _command in (simulate.simulate, demo.demo):
    app.command()(_command)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    config: Annotated[str | None, typer.Option(metavar="FILE", help="The settings file (TOML).")] = None,
    client_id: Annotated[str | None, typer.Option(metavar="ID", help="The id of your Trakt app.")] = None,
    state_dir: Annotated[str | None, typer.Option(metavar="DIR", help="Where state is kept.")] = None,
    base_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Another server, such as that of `simulate`.")
    ] = None,
    auth_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Its sign-in; the same host if left out.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Like Europe/Berlin; the account's if left out.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any other setting; may be given repeatedly."),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Log every request to stderr; show tracebacks of faults.")
    ] = False,
    show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> int:
    """Keep your Trakt watchlist, ratings and history: whole, and nothing twice.

    To try it without an account: crosswatch-trakt demo
    """
    if show_version:
        print(f"{PROGRAM} {version()}")
        raise typer.Exit(0)
    if context.invoked_subcommand is None:
        print(context.get_help())
        raise typer.Exit(ExitCode.BAD_INPUT)
    flags = {}
    for pair in settings or ():
        name, equals, value = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"--set wants NAME=VALUE, not {show.cut(pair)!r}")
        flags[name.strip().replace("-", "_")] = value
    named = {
        "client_id": client_id,
        "state_dir": state_dir,
        "base_url": base_url,
        "auth_url": auth_url,
        "timezone": timezone,
    }
    flags |= {name: value for name, value in named.items() if value is not None}
    context.obj = Opening(flags, config, verbose)
    return 0


def main() -> NoReturn:
    """Run the command line and end the process."""
    _mend_streams()
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # ignored: started by `nohup` and the like
        signal.signal(signal.SIGINT, _interrupt)
    code = run(sys.argv[1:])
    if code == ExitCode.INTERRUPTED:
        _end_interrupted()
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; gives its exit code."""
    verbose = bool({"-v", "--verbose"} & set(arguments))
    try:
        try:
            command = typer.main.get_command(app)
            code = command.main(hoisted(arguments), PROGRAM, standalone_mode=False)
            _flush()
            return code if isinstance(code, int) else ExitCode.DONE
        except _ClickError as error:
            show.say(_usage(error))
            return ExitCode.BAD_INPUT
    except TraktError as error:
        show.say(error.advice)
        return exit_code(error.problem)
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        show.drop_stdout()
        return ExitCode.DONE
    except OSError as error:
        if verbose:
            traceback.print_exc()
        show.drop_stdout()  # what is left in its buffer would fail again at the end
        show.say(f"The system refused: {error.strerror or error}. Check free space and rights.")
        return ExitCode.STATE
    except Exception as error:
        if verbose:
            traceback.print_exc()
        show.say(
            f"This is a fault of {PROGRAM} ({type(error).__name__}); nothing stored is half-written. "
            f"Please report it{'' if verbose else ' with what the same command prints with -v'}."
        )
        return FAULT


def hoisted(arguments: Sequence[str]) -> list[str]:
    """The command line with the options of the program before the command, wherever they stood."""
    front: list[str] = []
    rest: list[str] = []
    left = iter(arguments)
    for argument in left:
        name, equals, _ = argument.partition("=")
        if argument == "--":
            rest += [argument, *left]
        elif name in _WITH_VALUE:
            value = None if equals else next(left, None)
            if value is None and not equals:
                return [argument]  # it lacks its value, and is told so
            front += [argument] if value is None else [argument, value]
        elif argument in _WITHOUT:
            front.append(argument)
        else:
            rest.append(argument)
    return front + rest


class _Usage(Protocol):
    ctx: typer.Context | None

    def format_message(self) -> str: ...


def _usage(error: Exception) -> str:
    said = cast(_Usage, error)
    words = said.format_message().strip() or "Something is missing."
    context = getattr(said, "ctx", None)
    path = context.command_path if context is not None else PROGRAM
    return f"{words if words.endswith(('.', '?', '!')) else words + '.'} Try `{path} --help`."


def _mend_streams() -> None:
    """Streams that are closed become ones that lead nowhere; letters they cannot show are escaped."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - until the end
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _flush() -> None:
    with show.printing():
        sys.stdout.flush()


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    signal.signal(signal.SIGINT, lambda *_: _end_interrupted())  # a second one ends at once
    late = threading.Timer(UNWIND_S, _end_interrupted)
    late.daemon = True
    late.start()
    raise KeyboardInterrupt


def _end_interrupted() -> NoReturn:
    """Say so and end, without joining threads that sit in a socket or a wait."""
    with suppress(Exception):  # a stream may be broken, or just being written to by whom we interrupted
        if not _ending.acquire(blocking=False):
            os._exit(ExitCode.INTERRUPTED)
        if sys.stderr.isatty():
            sys.stderr.write("\x1b[?25h\r\x1b[K")  # the cursor that a bar has hidden
        show.say(
            "Interrupted. Nothing stored is half-written; run it again to go on: what is done by then "
            "is recognised."
        )
        sys.stdout.flush()
    os._exit(ExitCode.INTERRUPTED)
