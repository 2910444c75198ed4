"""The language of `simulate --faults`: what goes wrong, on one line.

    502@POST /sync/history:after*0.2, hidden=3, count=+5, lag=60, cut*0.05, cdn@100, change@2

A SPEC is a comma list of items. An item is a name of `spec_words`, or a status, and then in any order, but
for the value, and each once:

    =VALUE           what the name takes
    :before, :after  whether the request is obeyed before it goes wrong
    @METHOD /path    which requests: a method, the beginning of a path, or both
    @N               not before N requests that fit went well (`change`: after page N)
    *SHARE           so many of them by chance, as 0.2
     xN              N times at most; after a space, or right behind the name

Pure: text to items and back. What each name does to a simulator: `staging`.
"""

import re
from dataclasses import dataclass
from difflib import get_close_matches

from returns.result import Failure, Result, Success

from crosswatch_trakt.adapters.simulator.spec_words import (
    NUMBER_MAX,
    WORDS,
    Value,
    Word,
    read_decimal,
    word_of,
)

SPEC_CHARACTERS_MAX = 10_000
SHOWN_MAX = 40  # characters of a wrong text

_CUT = re.compile(r"(?=[@*])|(?=:(?:before|after)(?:$|[\s@*x]))|(?<=\s)(?=x[0-9])")
_MARK = re.compile(
    r":(?P<when>before|after)"
    r"|@\s*(?P<wait>[0-9]+)"
    r"|@\s*(?P<method>GET|POST|PUT|DELETE)?\s*(?P<path>/[!-~]*)?"
    r"|\*\s*(?P<share>[0-9.]+)"
    r"|x(?P<times>[0-9]+)"
)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that goes wrong. `str` writes it as it is read."""

    name: str
    value: Value | None = None
    when: str | None = None
    method: str | None = None
    path: str = ""
    wait: int | None = None
    share: float | None = None
    times: int | None = None

    def __str__(self) -> str:
        where = " ".join(part for part in (self.method, self.path) if part)
        return "".join(
            (
                self.name,
                "" if self.value is None else f"={word_of(self.name).takes.shown(self.value)}",
                f":{self.when}" if self.when else "",
                f"@{where}" if where else "",
                "" if self.wait is None else f"@{self.wait}",
                "" if self.share is None else f"*{self.share}",
                "" if self.times is None else f" x{self.times}",
            )
        )

    @property
    def by_request(self) -> bool:
        """Whether it says which requests in their turn, so does not stand all the time."""
        return any(mark is not None for mark in (self.wait, self.share, self.times))


@dataclass(frozen=True, slots=True)
class Spec:
    """All that goes wrong, in the order given."""

    items: tuple[Item, ...] = ()

    def __str__(self) -> str:
        return ", ".join(map(str, self.items))


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a text is no SPEC, in half a sentence."""

    what: str


def parse_spec(text: str) -> Result[Spec, Wrong]:
    """Read a SPEC; an empty one is one. Fails with the first item that is wrong."""
    if len(text) > SPEC_CHARACTERS_MAX:
        return Failure(Wrong(f"it has more than {SPEC_CHARACTERS_MAX:,} characters"))
    try:
        items = tuple(_item(part.strip()) for part in text.split(",")) if text.strip() else ()
        _check_together(items)
    except _WrongText as wrong:
        return Failure(Wrong(str(wrong)))
    return Success(Spec(items))


class _WrongText(Exception):
    """What is wrong with an item, in half a sentence."""


def _item(text: str) -> Item:
    if not text:
        raise _WrongText("there is nothing between two commas")
    head, *marks = (part.strip() for part in _CUT.split(text))
    name, equals, sent = (part.strip() for part in head.partition("="))
    behind = re.fullmatch(r"(.*?)(x[0-9]+)", name)
    if behind and not equals:
        name, marks = behind[1], [behind[2], *marks]
    word = _word(name)
    value = _value(name, word, sent if equals else None)
    said: dict[str, str] = {}
    for mark in marks:
        _read_mark(name, word, mark, said)
    item = Item(
        name,
        value,
        said.get("when"),
        said.get("method"),
        said.get("path", ""),
        _bounded("@", said.get("wait")),
        _share(said.get("share")),
        _bounded("x", said.get("times")),
    )
    if word.paths and item.path and not item.by_request and item.path not in word.paths:
        known = ", ".join(word.paths)
        raise _WrongText(f"{name} without * and x knows the lists {known}, not {_shown(item.path)}")
    return item


def _word(name: str) -> Word:
    try:
        return word_of(name)
    except KeyError:
        if re.fullmatch(r"[0-9]+", name):
            raise _WrongText(f"a status is one of 400 to 599, not {_shown(name)}") from None
        near = get_close_matches(name.lower(), WORDS, 1, cutoff=0.5)
        hint = f", the nearest is {near[0]!r}" if near else ""
        raise _WrongText(f"there is no {_shown(name)}{hint}") from None


def _value(name: str, word: Word, sent: str | None) -> Value | None:
    if sent is None:
        if word.needs_value:
            raise _WrongText(f"{name} wants {word.takes.words}: {word.form}")
        return None
    value = word.takes.read(sent)
    if value is None:
        raise _WrongText(f"{name} takes {word.takes.words}, not {_shown(sent)}")
    return value


def _read_mark(name: str, word: Word, text: str, said: dict[str, str]) -> None:
    """Put what one mark says to the rest."""
    found = _MARK.fullmatch(text)
    fields = {field: part for field, part in found.groupdict().items() if part} if found else {}
    if not fields:
        raise _WrongText(f"{_shown(text)} behind {name} is none of :after, @METHOD /path, @N, *SHARE, xN")
    for field in fields:
        if field not in word.marks:
            reason = "it goes with requests of any kind" if word.marks else "it stands all the time"
            raise _WrongText(f"{name} takes no {_shown(text)}: {reason}")
        if field in said:
            raise _WrongText(f"{name} has both {_shown(said[field])} and {_shown(fields[field])}")
    said.update(fields)


def _share(text: str | None) -> float | None:
    if text is None:
        return None
    share = read_decimal(text)
    if share is None or not 0 < share < 1:
        raise _WrongText(f"a share lies between 0 and 1, such as *0.2, not *{text[:SHOWN_MAX]}")
    return share


def _bounded(sign: str, text: str | None) -> int | None:
    if text is None:
        return None
    if len(text) > len(str(NUMBER_MAX)) or not 1 <= int(text) <= NUMBER_MAX:
        raise _WrongText(f"behind {sign} stands a number of 1 to {NUMBER_MAX:,}, not {text[:SHOWN_MAX]}")
    return int(text)


def _check_together(items: tuple[Item, ...]) -> None:
    """What stands all the time can be said once, of each list."""
    said: set[tuple[str, str]] = set()
    for item in items:
        word = word_of(item.name)
        stands = not (item.by_request or word.once or "method" in word.marks)
        if stands and (item.name, item.path) in said:
            raise _WrongText(f"{item.name} is said twice")
        if stands:
            said.add((item.name, item.path))


def _shown(text: str) -> str:
    return repr(text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "…")
