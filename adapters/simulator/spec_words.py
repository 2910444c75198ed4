"""The names that a SPEC may hold, and what stands behind their equals sign (the language: `spec`)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Pairs: TypeAlias = tuple[tuple[str, str], ...]
Value: TypeAlias = int | float | str | Pairs

SECONDS_MAX = 86_400
NUMBER_MAX = 1_000_000

# --- values


@dataclass(frozen=True, slots=True)
class Takes:
    """A kind of value. `shown` writes what `read` reads."""

    form: str  # in the list of names
    words: str  # in a sentence
    read: Callable[[str], Value | None]  # None: the text is no such value
    shown: Callable[[Value], str] = str


def whole(low: int = 1, high: int = NUMBER_MAX, form: str = "N") -> Takes:
    """A whole number."""

    def read(text: str) -> Value | None:
        fits = re.fullmatch(r"[0-9]{1,9}", text) and low <= int(text) <= high
        return int(text) if fits else None

    return Takes(form, f"a whole number of {low:,} to {high:,}", read)


def decimal(form: str, high: float, words: str) -> Takes:
    """A number above zero, with up to three places."""

    def read(text: str) -> Value | None:
        number = read_decimal(text)
        return None if number is None or not 0 < number <= high else number

    return Takes(form, words, read, lambda value: repr(value).removesuffix(".0"))


def choice(*options: str) -> Takes:
    """One of some words."""
    words = f"one of {', '.join(options)}"
    return Takes("|".join(options), words, lambda text: text if text in options else None)


def pairs(form: str, words: str, first: str, second: str) -> Takes:
    """Pairs of what these two expressions take, `a:b;c:d`."""

    def read(text: str) -> Value | None:
        found = [re.fullmatch(f"({first}):({second})", pair) for pair in text.split(";")]
        read = tuple((one[1], one[2]) for one in found if one is not None)
        return read if len(read) == len(found) else None

    def shown(value: Value) -> str:
        return ";".join(map(":".join, value)) if isinstance(value, tuple) else ""

    return Takes(form, words, read, shown)


def read_decimal(text: str) -> float | None:
    """A number with up to three places; None if it is none."""
    return float(text) if re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,3})?", text) else None


def _read_signed(text: str) -> Value | None:
    fits = re.fullmatch(r"[+-][0-9]{1,9}", text) and 0 < abs(int(text)) <= NUMBER_MAX
    return int(text) if fits else None


NOTHING = Takes("", "no value", lambda text: None)
SECONDS = decimal("SECONDS", SECONDS_MAX, f"seconds, above 0 and up to {SECONDS_MAX:,}")
PART = decimal("PART", 0.999, "a part between 0 and 1, such as 0.5")
NUMBER = whole()
FROM_ZERO = whole(0)
OFF = Takes("+N|-N", "a whole number with its sign, such as +5 or -3", _read_signed, "{:+}".format)
HEADERS = pairs(
    "HEADER:TEXT;…", "headers, such as retry-after:30;x-error-message:busy", "[a-z][a-z0-9-]*", "[!-~]+"
)
PAGE_ROWS = pairs(
    "PAGE:ROWS;…", "pages and how many rows each has at most, such as 2:107", "[1-9][0-9]{0,5}", "[0-9]{1,6}"
)

# --- names

STANDS: frozenset[str] = frozenset()
LISTS = frozenset({"path", "wait", "share", "times"})
REQUESTS = LISTS | {"method"}
EITHER_WAY = REQUESTS | {"when"}

LAGGING = (
    *("/sync/history", "/sync/ratings", "/sync/watched", "/sync/watchlist"),
    *("/users/me/stats", "/users/me/watched"),
)
"""The lists that a standing `lag` may be bound to; the two of watched titles go together."""


@dataclass(frozen=True, slots=True)
class Word:
    """A name of the language."""

    name: str
    does: str  # in half a line, with what counts if no value is said
    marks: frozenset[str]  # which fields of an item it takes
    takes: Takes = NOTHING
    default: Value | None = None
    optional: bool = False  # it takes a value, has no default, and needs none
    when: str = "before"  # if it takes one and none is said
    once: bool = False  # without *SHARE and xN: once, not each time
    paths: tuple[str, ...] = ()  # the only ones it takes, if it stands all the time

    @property
    def needs_value(self) -> bool:
        """Whether the value may not be left out."""
        return self.takes is not NOTHING and self.default is None and not self.optional

    @property
    def form(self) -> str:
        """How it is written, as the list of names shows it."""
        value = f"={self.takes.form}" if self.takes.form else ""
        when = {"before": ":after", "after": ":before"}[self.when] if "when" in self.marks else ""
        return "".join(
            (
                self.name,
                value if self.needs_value or not value else f"[{value}]",
                when and f"[{when}]",
            )
        )


STATUS = Word("400…599", "answered so, with these headers; not obeyed", EITHER_WAY, HEADERS, optional=True)
"""Stands for each of those numbers."""

_NOT_FOUND = choice("echo", "empty", "strings", "mixed")
_HTML_STATUS = whole(200, 599, "STATUS")
_LIFE = whole(1, 10_000_000, "SECONDS")

WORDS: Mapping[str, Word] = {
    word.name: word
    for word in (
        # one answer
        Word("reset", "the connection is reset; not obeyed", EITHER_WAY),
        Word("lost", "obeyed, then closed without an answer", EITHER_WAY, when="after"),
        Word("timeout", "no answer on an open connection; not obeyed", EITHER_WAY),
        Word("cut", "obeyed; the connection ends amid the body (0.5 of it)", REQUESTS, PART, 0.5),
        Word("truncated", "obeyed; a part (0.5) of the JSON comes as if it were all", REQUESTS, PART, 0.5),
        Word("garbage", "obeyed; the body is neither JSON nor UTF-8", REQUESTS),
        Word("empty", "obeyed; the body is empty", REQUESTS),
        Word("shape", 'obeyed; the body is other JSON, {"data": null}', REQUESTS),
        Word(
            "html",
            "obeyed; a web page comes, under the true status or this one",
            EITHER_WAY,
            _HTML_STATUS,
            optional=True,
            when="after",
        ),
        Word("late", "a write is answered 504, and done so much later", REQUESTS, SECONDS),
        Word("partial", "of a write only N items are done; its counts say all", REQUESTS, FROM_ZERO),
        Word("miscount", "a write is done; what it counts is off by so many (-1)", REQUESTS, OFF, -1),
        Word("quiet", "a write moves no stamp of last_activities", REQUESTS),
        Word("slow", "obeyed at once, answered so much later; with all else", REQUESTS, SECONDS),
        # once, unless *SHARE or xN say more
        Word(
            "cdn",
            "once: the CDN answers 429 in HTML on every path for so long (300)",
            REQUESTS,
            SECONDS,
            300,
            once=True,
        ),
        Word("expire", "once: access tokens end before their time; refreshing helps", REQUESTS, once=True),
        Word("revoke", "once: all tokens end; only a new login helps", REQUESTS, once=True),
        Word(
            "change",
            "once: another device adds (or removes) rows of all lists after page N (1)",
            LISTS,
            choice("add", "remove"),
            "add",
            once=True,
        ),
        # lists: all the time, or of single answers
        Word("lag", "lists show the state of so long ago", LISTS, SECONDS, paths=LAGGING),
        Word("count", "the announced count is off by so many", LISTS, OFF),
        Word("repeat", "the last N (1) rows of each page come again on the next", LISTS, NUMBER, 1),
        Word("displace", "likewise, in place of rows that are lost", LISTS, NUMBER, 1),
        Word("nulls", "N (1) rows of each page have an object that is all null", LISTS, NUMBER, 1),
        Word("short", "these pages have at most so many rows; the rest is lost", LISTS, PAGE_ROWS),
        Word("unannounced", "no headers of paging", LISTS),
        # all the time
        Word("lag-counts", "the announced counts are those of so long ago", STANDS, SECONDS),
        Word("hidden", "N (1) titles of the account are hidden: counted, not sent", STANDS, NUMBER, 1),
        Word("merged", "N (1) titles of the account lose their ids: nothing finds them", STANDS, NUMBER, 1),
        Word("not-found", "how a write tells what it did not find", STANDS, _NOT_FOUND),
        Word(
            "tags", "a known ETag is answered 200, or any ETag 304", STANDS, choice("ignored", "always-304")
        ),
        Word("token", "access tokens live so long, and say so", STANDS, _LIFE),
        Word("quota", "so many GETs in 300 s", STANDS, FROM_ZERO),
        Word("writes", "so many writes a second", STANDS, FROM_ZERO),
        Word("quota-cdn", "past the GETs the CDN answers, and blocks every path", STANDS),
        Word("no-quota", "no budgets", STANDS),
        Word("remaining", "the remaining budget told is off by up to N (10)", STANDS, NUMBER, 10),
        Word("retry-after", "how the app's 429 tells the wait", STANDS, choice("seconds", "date", "missing")),
    )
}


def word_of(name: str) -> Word:
    """What a name means; a status is one. Raises KeyError for any other."""
    return STATUS if re.fullmatch(r"[45][0-9][0-9]", name) else WORDS[name]
