"""All that the rules look at: titles, accounts, time, and the switches of one simulator."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from crosswatch_trakt.adapters.simulator.account import Account
from crosswatch_trakt.adapters.simulator.catalogue import Catalogue
from crosswatch_trakt.adapters.simulator.quota import Quota
from crosswatch_trakt.adapters.simulator.stamps import epoch
from crosswatch_trakt.adapters.simulator.titles import JsonObject
from crosswatch_trakt.application.ports import Clock

NotFoundShape: TypeAlias = Literal["echo", "empty", "strings", "mixed"]


@dataclass(slots=True)
class PageRules:
    """How many rows a page holds (since 2026-06-15; T#925, PTS#2518)."""

    rows_max: int = 250  # a larger `limit` is cut to it without a word
    rows_default: int = 100  # without `limit`
    progress_rows_max: int = 100  # with `extended=progress`
    ledger_titles_max: int = 250  # whether the service grants more is not known


class World:
    """One Trakt: its catalogue, its people, one registered app, and how it behaves today."""

    def __init__(
        self,
        catalogue: Catalogue,
        clock: Clock,
        *,
        client_id: str,
        client_secret: str | None,
        seed: int,
    ) -> None:
        self.catalogue = catalogue
        self.clock = clock
        self.chance = random.Random(seed)  # noqa: S311 - repeatable, guards nothing
        self.account = Account(clock)  # the first, and that of a login if no other is named
        self.accounts = [self.account]
        self.client_id = client_id
        self.client_secret = client_secret  # None: a public client, as new apps are
        self.app_deleted = False  # 403 to every call from then on
        self.quota = Quota(self.chance)
        self.paging = PageRules()
        self.not_found_shape: NotFoundShape = "echo"
        self.history_status = 201  # 201 was seen, the contract says 200
        self.limit_headers = True  # whether a 420 says which limit (PY#63: it may not)
        self.ledger_nulls = False  # whether plays of unknown date are null in the ledger [unsure]

    def now(self) -> int:
        """The server's time in whole seconds."""
        return epoch(self.clock.now())


@dataclass(frozen=True, slots=True)
class Call:
    """One request that came through the door: what a rule needs of it."""

    world: World
    account: Account
    parts: Mapping[str, str]  # what stood in the path
    query: Mapping[str, str]
    body: JsonObject = field(default_factory=dict)

    @property
    def full(self) -> bool:
        """Whether rows shall carry everything that is known of a title."""
        return "full" in self.extended

    @property
    def extended(self) -> frozenset[str]:
        """The words of `extended=`."""
        return frozenset(self.query.get("extended", "").split(","))
