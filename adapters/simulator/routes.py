"""Which rule answers which path.

Below `users` stands `me`, or the slug of the person signed in; other people are not here. A user name that
is not the slug finds nothing (PY#99). What is not here answers 404, a known path asked by another method
405.
"""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import TypeAlias

from crosswatch_trakt.adapters.simulator import (
    collection,
    history,
    ledger,
    lookup,
    person,
    ratings,
    watchlist,
)
from crosswatch_trakt.adapters.simulator.world import Call
from crosswatch_trakt.application.ports import Response

Handler: TypeAlias = Callable[[Call], Response]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint."""

    method: str
    pattern: tuple[str, ...]  # a part in braces takes anything
    handler: Handler
    private: bool = True  # wants a token
    tagged: bool = False  # has an ETag and answers 304

    def match(self, path: tuple[str, ...]) -> Mapping[str, str] | None:
        """The parts in braces; None if this is another path."""
        if len(path) != len(self.pattern):
            return None
        found: dict[str, str] = {}
        for want, have in zip(self.pattern, path, strict=True):
            if want.startswith("{"):
                found[want[1:-1]] = have
            elif want != have:
                return None
        return found


def _route(method: str, path: str, handler: Handler, *, private: bool = True, tagged: bool = False) -> Route:
    return Route(method, tuple(path.split("/")), handler, private, tagged)


ROUTES: tuple[Route, ...] = (
    _route("GET", "sync/last_activities", person.last_activities),
    _route("GET", "users/settings", person.settings),
    _route("GET", "users/me", person.me),
    _route("GET", "users/me/stats", person.stats),
    _route("GET", "sync/history", history.read, tagged=True),
    _route("GET", "sync/history/{type}", history.read, tagged=True),
    _route("GET", "sync/history/{type}/{id}", history.read, tagged=True),
    _route("POST", "sync/history", history.add),
    _route("POST", "sync/history/remove", history.remove),
    _route("GET", "users/me/watched/{type}", ledger.read),
    _route("GET", "sync/watched/{type}", ledger.watched),
    _route("GET", "sync/watchlist", watchlist.read, tagged=True),
    _route("GET", "sync/watchlist/{type}", watchlist.read, tagged=True),
    _route("GET", "sync/watchlist/{type}/{sort_by}", watchlist.read, tagged=True),
    _route("GET", "sync/watchlist/{type}/{sort_by}/{sort_how}", watchlist.read, tagged=True),
    _route("POST", "sync/watchlist", watchlist.add),
    _route("POST", "sync/watchlist/remove", watchlist.remove),
    _route("GET", "sync/ratings", ratings.read, tagged=True),
    _route("GET", "sync/ratings/{type}", ratings.read, tagged=True),
    _route("GET", "sync/ratings/{type}/{rating}", ratings.read, tagged=True),
    _route("POST", "sync/ratings", ratings.add),
    _route("POST", "sync/ratings/remove", ratings.remove),
    _route("GET", "sync/collection/{type}", collection.read),
    _route("GET", "sync/collection/minimal/{type}", collection.read_minimal),
    _route("POST", "sync/collection", collection.add),
    _route("POST", "sync/collection/remove", collection.remove),
    _route("GET", "movies/{id}", lookup.movie, private=False),
    _route("GET", "shows/{id}", lookup.show, private=False),
    _route("GET", "shows/{id}/seasons", lookup.seasons, private=False),
    _route("GET", "search/{types}", lookup.search_text, private=False),
    _route("GET", "search/{namespace}/{id}", lookup.search, private=False),
)


_TWINS = ("history", "watchlist", "ratings", "collection")  # also below `users/me`


def find(method: str, path: tuple[str, ...], slugs: Set[str]) -> tuple[Route, Mapping[str, str]] | int:
    """The endpoint and what its braces took, or the status for an unknown path or method.

    These slugs stand for `me`.
    """
    if path[:1] == ("users",) and len(path) > 1 and path[1] in slugs:
        path = ("users", "me", *path[2:])
    if method == "GET" and path[:2] == ("users", "me") and path[2:3] and path[2] in _TWINS:
        path = ("sync", *path[2:])
    status = 404
    for route in ROUTES:
        parts = route.match(path)
        if parts is not None:
            if route.method == method:
                return route, parts
            status = 405
    return status
