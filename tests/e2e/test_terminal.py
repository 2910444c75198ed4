"""On a terminal there are bars, tables and colour."""

import json
import os
import subprocess
import sys
import threading

import pytest

from crosswatch_trakt.adapters.simulator import Simulator
from tests.e2e.terminal import Terminal

pty = pytest.importorskip("pty", reason="no pseudo-terminals here")

FILM = {"type": "movie", "title": "\x1b[2J[red]Odd[/red]", "ids": {"tmdb": 99999999}}


def on_terminal(terminal: Terminal, *arguments: str) -> tuple[int, str]:
    """Run a command on a pseudo-terminal of 140 columns; gives its code and all that was shown."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "crosswatch_trakt", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        cwd=terminal.folder,
        env={**terminal.environment, "TERM": "xterm-256color", "COLUMNS": "140", "LINES": "50"},
    )
    os.close(theirs)
    shown: list[bytes] = []
    reader = threading.Thread(target=_read_all, args=(ours, shown))
    reader.start()
    code = process.wait(timeout=60)
    reader.join(timeout=10)
    os.close(ours)
    return code, terminal.look(code, b"".join(shown), b"").out


def _read_all(handle: int, into: list[bytes]) -> None:
    while True:
        try:
            piece = os.read(handle, 65536)
        except OSError:  # the other side is closed
            return
        if not piece:
            return
        into.append(piece)


def test_there_are_bars_tables_and_pictures(terminal: Terminal, trakt: Simulator) -> None:
    (terminal.folder / "batch.json").write_text(json.dumps([FILM]))
    index, history = on_terminal(terminal, "index", "history")
    listing, foreseen = on_terminal(terminal, "add", "watchlist", "batch.json", "--dry-run")
    adding, added = on_terminal(terminal, "add", "watchlist", "batch.json")
    retrying, unresolved = on_terminal(terminal, "unresolved", "list")
    asking, status = on_terminal(terminal, "status")

    assert (index, listing, adding, retrying, asking) == (0, 0, 1, 0, 0)
    assert "━" in history, "a bar"
    assert "│" in history, "a table"
    assert "█" in history, "a picture"
    assert "Times in Europe/Berlin" in history
    assert "would be done" in foreseen
    assert "unresolved retry watchlist" in added
    assert "not_found (frozen)" in unresolved
    assert "[red]Odd[/red]" in unresolved, "a title is no markup"
    assert "\x1b[2J" not in foreseen + added + unresolved, "nor is it obeyed"
    assert "Stored of ann" in status
