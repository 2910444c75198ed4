"""The simulated Trakt of a benchmark, in a process of its own, so that its cost is nobody's.

It makes the account once. For each run it forks: so every run meets the same account, whatever the one
before it wrote. Told on standard input what to serve, it answers with the address; told to stop, with
what was asked of it.
"""

import json
import os
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from crosswatch_trakt.adapters.clock import SystemClock
from crosswatch_trakt.adapters.simulator import Simulator, serve
from crosswatch_trakt.adapters.simulator.plays import Watchable
from crosswatch_trakt.adapters.simulator.seed import seeded
from crosswatch_trakt.adapters.simulator.stamps import DAY_S, stamp, to_minute
from crosswatch_trakt.adapters.simulator.titles import Episode

YEARS_AGO_S = 5 * 365 * DAY_S


def main() -> None:
    """Serve the account of the arguments until standard input ends."""
    simulator = seeded(SystemClock(), **json.loads(sys.argv[1]))
    simulator.quota.gets = simulator.quota.writes = None
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _serve(simulator, json.loads(line))
            os._exit(0)
        os.waitpid(child, 0)


def _serve(simulator: Simulator, wanted: dict[str, Any]) -> None:
    chance = random.Random(1)  # noqa: S311 - repeatable, guards nothing
    if wanted["changed"]:
        _change(simulator, chance)
    if wanted["delay_s"]:
        simulator.slow_down(wanted["delay_s"])
    simulator.paging.ledger_titles_max = wanted["ledger_titles"]
    if wanted["items"]:
        Path(wanted["items"]).write_bytes(msgspec.json.encode(_new_items(simulator, chance, wanted["count"])))
    with serve(simulator, port=wanted["port"]) as server:
        login = {"base_url": server.base_url, "client_id": simulator.client_id}
        _say({**login, "access_token": simulator.account.access_token})
        sys.stdin.readline()
        _say(dict(Counter(request.method for request in simulator.requests)))


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


def _change(simulator: Simulator, chance: random.Random) -> None:
    """200 plays more, of 60 titles, 5 of them years back; and 5 fewer."""
    account, now = simulator.account, simulator.now()
    titles = chance.sample(_watchable(simulator), 60)
    for number in range(200):
        ago_s = YEARS_AGO_S if number < 5 else chance.randrange(3 * DAY_S)
        account.watch(titles[number % 60], now - ago_s - number)
    account.unwatch(chance.sample(list(account.plays.of_kind(None)), 5))


def _new_items(simulator: Simulator, chance: random.Random, count: int) -> list[dict[str, object]]:
    """Plays to be added, as an engine hands them in: all ids, titles, numbers, and a date."""
    now = simulator.now()
    items = []
    for title in chance.choices(_watchable(simulator), k=count):
        watched_at = stamp(to_minute(now - chance.randrange(60, 4_000 * DAY_S)))
        item: dict[str, object] = {"type": title.kind, "ids": title.ids, "title": title.title}
        if isinstance(title, Episode):
            item |= {"season": title.season.number, "episode": title.number, "year": title.show.year}
            item |= {"series_title": title.show.title, "show_ids": title.show.ids}
        else:
            item["year"] = title.year
        items.append({**item, "watched_at": watched_at})
    return items


def _watchable(simulator: Simulator) -> list[Watchable]:
    plays = simulator.account.plays
    return [*plays.titles("movie"), *plays.titles("episode")]


if __name__ == "__main__":
    main()
