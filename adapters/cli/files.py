"""What a file of items may be: JSON or JSON lines.

JSON: a list of items, one item, or an object with `items`, which is a list or, as in an index of ours,
key → item. A row that is no object refuses the file: nothing is sent, since a file that is wrong in one
place is often not the file that was meant.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from returns.result import Failure, Result, Success

from crosswatch_trakt.domain.problems import BadInput

Items = Sequence[Mapping[str, object]]

STDIN = "-"
FILE_BYTES_MAX = 1_000_000_000

_MEND = "Nothing was sent. Give a JSON list of items, or one item a line."


def read_items(name: str) -> Result[Items, BadInput]:
    """The items of a file, or of standard input for `-`."""
    return _read(name).bind(lambda body: parse_items(body, _called(name)))


def parse_items(body: bytes, name: str) -> Result[Items, BadInput]:
    """The items of a text. None at all is no fault: a filter may have left none."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Failure(BadInput(f"{name} is no text in UTF-8 (byte {error.start + 1})", _MEND))
    if not text.strip():
        return Success(())
    whole = _parse(text)
    if isinstance(whole, Success):
        return _items(whole.unwrap(), name)
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    first = _parse(lines[0][1])
    if len(lines) == 1 or not isinstance(first, Success):
        return Failure(BadInput(f"{name} is no JSON: {whole.failure()}", _MEND))
    return _lines(lines, name)


def _read(name: str) -> Result[bytes, BadInput]:
    try:
        if name == STDIN:
            if sys.stdin is None:
                return Failure(BadInput("standard input is closed", "Name a file."))
            body = sys.stdin.buffer.read(FILE_BYTES_MAX + 1)
        else:
            with Path(name).open("rb") as stream:
                body = stream.read(FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or "that is no name of a file"
        return Failure(
            BadInput(f"{_called(name)} cannot be read: {why}", "Name a file of items, or - for stdin.")
        )
    if len(body) > FILE_BYTES_MAX:
        return Failure(
            BadInput(f"{_called(name)} is over a gigabyte", "Nothing was sent. Cut it into several.")
        )
    return Success(body)


def _called(name: str) -> str:
    return "standard input" if name == STDIN else f"the file {name}"


def _parse(text: str) -> Result[object, str]:
    try:
        return Success(json.loads(text, parse_constant=_refuse))
    except json.JSONDecodeError as error:
        return Failure(f"{error.msg} at line {error.lineno}, column {error.colno}")
    except RecursionError:
        return Failure("it is nested too deeply")
    except ValueError as error:  # NaN; a number of thousands of digits
        return Failure("a number has too many digits" if "digits" in str(error) else str(error))


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def _items(value: object, name: str) -> Result[Items, BadInput]:
    match value:
        case list():
            return _objects((f"item {position}", row) for position, row in enumerate(value, 1))
        case {"items": list() as rows}:
            return _items(rows, name)
        case {"items": dict() as rows}:
            return _objects((f"the item {key[:60]!r}", row) for key, row in rows.items())
        case {"type": _}:
            return _objects([("the item", value)])
        case dict():
            return Failure(BadInput(f"{name} is an object with neither `items` nor `type`", _MEND))
        case _:
            return Failure(BadInput(f"{name} is {_kind(value)} and holds no items", _MEND))


def _lines(lines: Sequence[tuple[int, str]], name: str) -> Result[Items, BadInput]:
    rows: list[tuple[str, object]] = []
    for number, line in lines:
        parsed = _parse(line)
        if not isinstance(parsed, Success):
            why = parsed.failure().replace("line 1, ", "")
            return Failure(BadInput(f"line {number} of {name} is no JSON: {why}", _MEND))
        rows.append((f"line {number} of {name}", parsed.unwrap()))
    return _objects(rows)


def _objects(rows: Iterable[tuple[str, object]]) -> Result[Items, BadInput]:
    items: list[Mapping[str, object]] = []
    for place, row in rows:
        if not isinstance(row, dict):
            return Failure(BadInput(f"{place} is {_kind(row)}, not an object", _MEND))
        items.append(row)
    return Success(items)


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"
