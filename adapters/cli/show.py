"""How results look: tables and colour on a terminal, tab-separated lines in a pipe, JSON on demand.

What comes from outside, such as a title, is shown without control characters, since a terminal obeys
some, and never as markup. Times are shown in the account's zone; JSON keeps them in UTC.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, tzinfo
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from crosswatch_trakt.domain.timestamps import from_iso

TITLE_SHOWN_MAX = 60

_JOINERS = "\u200c\u200d"


class _Screen(Console):
    def on_broken_pipe(self) -> None:
        """Nobody reads any more: be silent. (Rich would end the program with code 1.)"""
        self.quiet = True


def screen(stream: TextIO | None = None) -> Console:
    """A console on stdout, or on another stream."""
    return _Screen(file=stream or sys.stdout, highlight=False, emoji=False)


def on_terminal() -> bool:
    """Whether results are looked at by a person."""
    return screen().is_terminal


@contextmanager
def printing() -> Iterator[None]:
    """Print results. A reader that has left (`| head`) is no fault: the rest is dropped."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        drop_stdout()


def drop_stdout() -> None:
    """Let stdout lead nowhere, so that nothing is flushed into a broken pipe at the end."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def say(sentence: str) -> None:
    """A sentence to the person, on stderr: no result."""
    with suppress(OSError, ValueError):
        print(clean(sentence), file=sys.stderr, flush=True)


def print_json(value: object) -> None:
    """A whole result as JSON."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=_as_json)
    sys.stdout.write("\n")


def print_rows(rows: Iterable[Sequence[object]]) -> None:
    """Rows for a pipe: fields between tabs."""
    for row in rows:
        sys.stdout.write("\t".join(clean("" if field is None else str(field)) for field in row) + "\n")


def table(*columns: str, title: str | None = None) -> Table:
    """An empty table of our looks. Columns whose name ends in `#` hold numbers."""
    made = Table(title=title, title_justify="left", title_style="bold", header_style="bold cyan")
    for column in columns:
        if column.endswith("#"):
            made.add_column(column[:-1], justify="right", no_wrap=True)
        else:
            made.add_column(column, overflow="fold")
    return made


def cells(*values: object) -> list[Text]:
    """Cells of plain text."""
    return [Text(clean("" if value is None else str(value))) for value in values]


def clean(text: str) -> str:
    """Text without what a terminal would obey. The two joiners are letters' business, as in Persian."""
    return "".join(char if char.isprintable() or char in _JOINERS else " " for char in text)


def cut(text: object, most: int = TITLE_SHOWN_MAX) -> str:
    """Text of a length that fits into a line."""
    words = clean(str(text)[: most + 1])
    return words if len(words) <= most else f"{words[: most - 1]}…"


def name_of(item: Mapping[str, object]) -> str:
    """A title as people name it: `Lanterns of the North 1x02 Chapter 2`, `The Quiet Harbour (1999)`."""
    kind, title, series = item.get("type"), item.get("title"), item.get("series_title")
    season, episode, year = item.get("season"), item.get("episode"), item.get("year")
    parts = [cut(series)] if isinstance(series, str) else []
    if kind == "episode" and isinstance(season, int) and isinstance(episode, int):
        parts.append(f"{season}x{episode:02d}")
    elif kind == "season" and isinstance(season, int):
        parts.append(f"season {season}")
    if isinstance(title, str) and title != series:
        parts.append(cut(title))
    if kind in ("movie", "show") and isinstance(year, int):
        parts.append(f"({cut(year, 6)})")
    return " ".join(parts)


def moment_of(item: Mapping[str, object]) -> datetime | None:
    """The date of an item, whichever its feature has; None if there is none, or Trakt does not know it."""
    for field in ("watched_at", "rated_at", "listed_at"):
        value = item.get(field)
        if isinstance(value, str):
            try:
                seconds = from_iso(value)
            except ValueError:
                return None
            return datetime.fromtimestamp(seconds, UTC) if seconds else None
    return None


def local(moment: datetime | int | None, zone: tzinfo, *, offset: bool = False) -> str:
    """A time in the account's zone, on the minute; `offset`: as ISO, for programs."""
    if moment is None:
        return "unknown" if not offset else ""
    try:
        aware = datetime.fromtimestamp(moment, UTC) if isinstance(moment, int) else moment
        there = aware.astimezone(zone)
    except (OverflowError, ValueError, OSError):
        return "unknown" if not offset else ""
    return there.isoformat(timespec="minutes") if offset else f"{there:%Y-%m-%d %H:%M}"


def ago(seconds: float) -> str:
    """A length of time in the largest fitting unit."""
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{max(0, int(seconds))} s"


def size_of(count: int) -> str:
    """Bytes in the largest fitting unit."""
    for unit, size in (("MB", 1_000_000), ("kB", 1000)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


def meter(used: int, allowed: int, width: int = 20) -> Text:
    """How full something is."""
    share = min(1.0, used / allowed) if allowed > 0 else 1.0
    full = round(share * width)
    colour = "red" if share >= 0.95 else "yellow" if share >= 0.75 else "green"
    mark, rest = _marks()
    return Text.assemble((mark * full, colour), (rest * (width - full), "dim"))


def bars(counts: Mapping[str, int], width: int = 40) -> Table:
    """Counts as bars side by side: for those who rather look than read."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(justify="right", style="cyan")
    grid.add_column()
    grid.add_column(justify="right")
    most = max(counts.values(), default=0) or 1
    for name, count in counts.items():
        length = -(-count * width // most)
        grid.add_row(Text(name), Text(_marks()[0] * length, style="green"), Text(f"{count:,}"))
    return grid


def _marks() -> tuple[str, str]:
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower()
    return ("█", "░") if encoding.startswith("utf") else ("#", ".")


def _as_json(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return dict(value)
    return repr(value)
