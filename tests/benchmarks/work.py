"""The work that is measured, each in a process that does nothing else.

It says how much processor time its imports had taken when it began; the rest is measured from outside.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import crosswatch_trakt.adapters.container  # noqa: F401  # else imported within the work
from crosswatch_trakt import Settings, TraktAccount

Work = Callable[[TraktAccount, Any], object]


def cold(trakt: TraktAccount, items: Any) -> int:
    """All three, as the library gives them; warm is the same with another state folder."""
    return sum(len(trakt.index(feature)) for feature in ("watchlist", "ratings", "history"))


def history(trakt: TraktAccount, items: Any) -> int:
    """The history alone, as the library gives it."""
    return len(trakt.index("history"))


def dicts(trakt: TraktAccount, items: Any) -> int:
    """The history as an engine wants it: a dictionary of dictionaries."""
    return len(dict(trakt.index("history")))


def add(trakt: TraktAccount, items: Any) -> int:
    """Plays in one call."""
    return len(trakt.add("history", items).confirmed)


def add_by_100(trakt: TraktAccount, items: Any) -> Mapping[str, object]:
    """Plays in calls of a hundred, with the time that each half took."""
    began, confirmed = time.process_time(), 0
    halves = []
    for start in range(0, len(items), 100):
        confirmed += len(trakt.add("history", items[start : start + 100]).confirmed)
        if start + 100 in (len(items) // 2, len(items)):
            halves.append(time.process_time() - began)
    return {"confirmed": confirmed, "first_half_s": halves[0], "second_half_s": halves[1] - halves[0]}


WORK: dict[str, Work] = {work.__name__: work for work in (cold, history, dicts, add, add_by_100)}


def main() -> None:
    """Do the work of the argument with the login and settings on standard input."""
    given = json.loads(sys.stdin.readline())
    settings = Settings(gets_per_5_min=None, writes_per_sec=None, **given["settings"])
    items = json.loads(Path(given["items"]).read_text("utf-8")) if given["items"] else []
    began = time.monotonic(), time.process_time()
    with TraktAccount.open(settings) as trakt:
        gave = WORK[sys.argv[1]](trakt, items)
    print(json.dumps({"began_cpu_s": began[1], "wall_s": time.monotonic() - began[0], "gave": gave}))


if __name__ == "__main__":
    main()
