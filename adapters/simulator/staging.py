"""What each name of a SPEC does to a simulator (the language: `spec`).

Chance is drawn by the seed and the text of the item, so that a SPEC and a seed are all it takes to see
the same again. Of names that decide about an answer, the first that hits counts; `slow`, what stands all
the time, and `cdn`, `expire`, `revoke`, `change` go with any.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from crosswatch_trakt.adapters.simulator import broken
from crosswatch_trakt.adapters.simulator.account import Account
from crosswatch_trakt.adapters.simulator.account_limits import limit_headers, lock_headers, upgrade_headers
from crosswatch_trakt.adapters.simulator.faults import Condition, Fault
from crosswatch_trakt.adapters.simulator.paging_faults import PagingFaults
from crosswatch_trakt.adapters.simulator.simulator import Simulator
from crosswatch_trakt.adapters.simulator.spec import Item, Spec
from crosswatch_trakt.adapters.simulator.spec_words import Value, word_of
from crosswatch_trakt.adapters.simulator.titles import Episode, Movie, Season, Show, Title

ROWS_CHANGED = 3  # what `change` adds to each list or takes from it
LATE_STATUS = 504


def stage(simulator: Simulator, spec: Spec, seed: int = 1) -> None:
    """Let all of it go wrong from now on, beside what does already."""
    staged = [_Staged(simulator, item, seed) for item in spec.items]
    with simulator.lock:
        for one in sorted(staged, key=lambda one: len(one.item.path)):  # what is said of all lists first
            if one.stands:
                STANDING[one.item.name](one)
        for one in staged:
            if not one.stands:
                one.by_request()


@dataclass(frozen=True, slots=True)
class _Staged:
    """One item on its simulator."""

    simulator: Simulator
    item: Item
    seed: int

    @property
    def stands(self) -> bool:
        return self.item.name in STANDING and not self.item.by_request

    @property
    def value(self) -> Value | None:
        """As said, or what it is if nothing is said."""
        return word_of(self.item.name).default if self.item.value is None else self.item.value

    @property
    def number(self) -> float:
        value = self.value
        if not isinstance(value, int | float):
            raise TypeError(f"{self.item} has no number")
        return value

    @property
    def count(self) -> int:
        return int(self.number)

    @property
    def before(self) -> bool:
        return (self.item.when or word_of(self.item.name).when) == "before"

    @property
    def times(self) -> int | None:
        once = word_of(self.item.name).once and self.item.share is None
        return 1 if once and self.item.times is None else self.item.times

    def chance(self) -> random.Random:
        return random.Random(f"{self.seed} {self.item}")  # noqa: S311 - repeatable, guards nothing

    def by_request(self) -> None:
        """Let it happen to requests in their turn."""
        item, simulator = self.item, self.simulator
        if item.name == "change":
            self._change_between_pages()
        elif item.name in _ENDINGS:
            self._end_before_requests(_ENDINGS[item.name])
        else:
            method, after, share = self._method(), item.wait or 0, item.share or 1.0
            if item.name == "slow":
                simulator.slow_down(self.number, method, item.path, self.times, after=after, share=share)
            else:
                make = FAULTS.get(item.name, _status)
                simulator.fail_next(make(self), method, item.path, self.times, after=after, share=share)

    def _method(self) -> str | None:
        if self.item.name in STANDING:
            return "GET"
        return self.item.method or ("POST" if self.item.name in _OF_WRITES else None)

    def _end_before_requests(self, end: "Callable[[_Staged], object]") -> None:
        item = self.item
        condition = Condition(
            item.method, item.path, self.times, item.wait or 0, item.share or 1.0, f"{self.seed} {item}"
        )

        def hook(method: str, path: str, query: Mapping[str, str]) -> None:
            if condition.hits(method, path, query.get("page", "")):
                end(self)

        self.simulator.on_request(hook)

    def _change_between_pages(self) -> None:
        """As soon as the page behind the one named is asked for."""
        item, chance = self.item, self.chance()
        page = str((item.wait or 1) + 1)
        condition = Condition("GET", item.path, self.times, 0, item.share or 1.0, f"{self.seed} {item}")

        def hook(method: str, path: str, query: Mapping[str, str]) -> None:
            if query.get("page") == page and condition.hits(method, path, page):
                (_remove_rows if self.value == "remove" else _add_rows)(self.simulator, chance)

        self.simulator.on_request(hook)


# --- of single answers


_USUAL_HEADERS: Mapping[int, Mapping[str, str]] = {
    401: {"www-authenticate": 'Bearer realm="trakt"'},
    420: limit_headers(100_000, vip=False),
    423: lock_headers(True, False),
    426: upgrade_headers(),
    429: {"retry-after": "10"},
}


def _status(one: _Staged) -> Fault:
    status, value = int(one.item.name), one.item.value
    headers = dict(value) if isinstance(value, tuple) else _USUAL_HEADERS.get(status, {})
    return Fault(status, headers=headers, before=one.before)


def _html(one: _Staged) -> Fault:
    if one.value is None and not one.before:
        return broken.no_json()
    return broken.no_json(200 if one.value is None else one.count, before=one.before)


FAULTS: Mapping[str, Callable[[_Staged], Fault]] = {
    "reset": lambda one: Fault(lost=True, reset=True, before=one.before),
    "lost": lambda one: Fault(lost=True, before=one.before),
    "timeout": lambda one: Fault(timed_out=True, before=one.before),
    "cut": lambda one: broken.cut_off(one.number),
    "truncated": lambda one: broken.cut_json(one.number),
    "garbage": lambda one: broken.garbage(),
    "empty": lambda one: broken.empty(),
    "shape": lambda one: broken.wrong_shape(),
    "html": _html,
    "late": lambda one: Fault(LATE_STATUS, late_s=one.number),
    "partial": lambda one: Fault(applies=one.count),
    "miscount": lambda one: broken.miscounted(one.count),
    "quiet": lambda one: Fault(quiet=True),
    "lag": lambda one: Fault(stale_s=one.number),
    **dict.fromkeys(
        ("count", "repeat", "displace", "nulls", "short", "unannounced"),
        lambda one: Fault(paging=_paging(one, PagingFaults())),
    ),
}
_OF_WRITES = frozenset({"late", "partial", "miscount", "quiet"})


def _paging(one: _Staged, faults: PagingFaults) -> PagingFaults:
    """These faults of pages and this one."""
    value = one.value
    match one.item.name:
        case "count":
            return replace(faults, count_off=one.count)
        case "repeat":
            return replace(faults, repeated=one.count)
        case "displace":
            return replace(faults, displaced=one.count)
        case "nulls":
            return replace(faults, null_rows=one.count)
        case "short" if isinstance(value, tuple):
            return replace(faults, short_pages={int(page): int(rows) for page, rows in value})
        case _:
            return replace(faults, no_headers=True)


# --- between two requests


def _end_tokens(one: _Staged) -> None:
    one.simulator.oauth.revoke_all()


_ENDINGS: Mapping[str, Callable[[_Staged], object]] = {
    "cdn": lambda one: one.simulator.block(one.number),
    "expire": lambda one: one.simulator.oauth.expire_all(),
    "revoke": _end_tokens,
}


def _add_rows(simulator: Simulator, chance: random.Random) -> None:
    account, films = simulator.account, simulator.catalogue.movies
    for film in chance.sample(films, min(ROWS_CHANGED, len(films))):
        account.watch(film)
        account.rate(film, chance.randint(1, 10))
        account.put_on_watchlist(film)


def _remove_rows(simulator: Simulator, chance: random.Random) -> None:
    """Where the pages begin, so that what follows moves up."""
    account = simulator.account
    account.unwatch(tuple(account.plays)[-ROWS_CHANGED:])
    for title in sorted(account.ratings, key=lambda title: -account.ratings[title].at)[:ROWS_CHANGED]:
        account.unrate(title)
    for title in tuple(account.watchlist)[:ROWS_CHANGED]:
        account.take_off_watchlist(title)


# --- what stands all the time


def _lag(one: _Staged) -> None:
    lag = one.simulator.lag
    match one.item.path:
        case "":
            lag.everywhere(one.number)
        case "/sync/history":
            lag.history_s = one.number
        case "/sync/ratings":
            lag.ratings_s = one.number
        case "/sync/watchlist":
            lag.watchlist_s = one.number
        case "/users/me/stats":
            lag.stats_s = one.number
        case _:
            lag.ledger_s = one.number


def _lag_counts(one: _Staged) -> None:
    one.simulator.lag.counts_s = one.number


def _pages(one: _Staged) -> None:
    simulator, path = one.simulator, one.item.path
    faults = _paging(one, simulator.paging_faults_of(path))
    if path:
        simulator.paging_faults_below[path] = faults
    else:
        simulator.paging_faults = faults


def _hide(one: _Staged) -> None:
    account = one.simulator.account
    with account.quietly():
        for title in _some(one):
            account.hide(title)


def _merge(one: _Staged) -> None:
    for title in _some(one):
        one.simulator.catalogue.merge(title)


def _some(one: _Staged) -> list[Movie | Show]:
    """So many films and shows of which the account has rows, by chance."""
    account: Account = one.simulator.account
    played = [play.title for play in account.plays]
    wholes = {_whole(title) for title in (*played, *account.ratings, *account.watchlist)}
    known = sorted(wholes, key=lambda title: (title.kind, title.trakt))
    return one.chance().sample(known, min(one.count, len(known)))


def _whole(title: Title) -> Movie | Show:
    return title.show if isinstance(title, Season | Episode) else title


def _switch(name: str) -> Callable[[_Staged], None]:
    def turn(one: _Staged) -> None:
        value = one.value
        setattr(one.simulator, name, value.replace("-", "_") if isinstance(value, str) else value)

    return turn


def _quota(name: str) -> Callable[[_Staged], None]:
    def turn(one: _Staged) -> None:
        setattr(one.simulator.quota, name, one.value)

    return turn


def _quota_cdn(one: _Staged) -> None:
    one.simulator.quota.cdn = True


def _no_quota(one: _Staged) -> None:
    one.simulator.quota.gets = one.simulator.quota.writes = None


def _token(one: _Staged) -> None:
    """The pair that the account has already is another one then."""
    oauth = one.simulator.oauth
    oauth.life_s = one.count
    for account in one.simulator.accounts:
        oauth.sign_in(account)


STANDING: Mapping[str, Callable[[_Staged], None]] = {
    "lag": _lag,
    "lag-counts": _lag_counts,
    **dict.fromkeys(("count", "repeat", "displace", "nulls", "short", "unannounced"), _pages),
    "hidden": _hide,
    "merged": _merge,
    "not-found": _switch("not_found_shape"),
    "tags": _switch("tags"),
    "token": _token,
    "quota": _quota("gets"),
    "writes": _quota("writes"),
    "quota-cdn": _quota_cdn,
    "no-quota": _no_quota,
    "remaining": _quota("erratic"),
    "retry-after": _quota("retry_after"),
}
