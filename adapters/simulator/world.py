"""All that the rules look at: titles, accounts, time, and the switches of one simulator."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypeVar

from crosswatch_trakt.adapters.simulator.account import Account
from crosswatch_trakt.adapters.simulator.catalogue import Catalogue
from crosswatch_trakt.adapters.simulator.lag import Lag
from crosswatch_trakt.adapters.simulator.paging_faults import PagingFaults
from crosswatch_trakt.adapters.simulator.quota import Quota
from crosswatch_trakt.adapters.simulator.server_time import ServerTime
from crosswatch_trakt.adapters.simulator.stamps import epoch
from crosswatch_trakt.adapters.simulator.tags import TagRule
from crosswatch_trakt.adapters.simulator.titles import JsonObject
from crosswatch_trakt.application.ports import Clock

NotFoundShape: TypeAlias = Literal["echo", "empty", "strings", "mixed"]
MissingLists: TypeAlias = Literal["never", "without_plays", "always"]

T = TypeVar("T")


@dataclass(slots=True)
class PageRules:
    """How many rows a page holds (since 2026-06-15; T#925, PTS#2518)."""

    rows_max: int = 250  # a larger `limit` is cut to it without a word
    rows_default: int = 100  # without `limit`
    progress_rows_max: int = 100  # with `extended=progress`
    search_rows_default: int = 50
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
        self.clock = ServerTime(clock)
        self.chance = random.Random(seed)  # noqa: S311 - repeatable, guards nothing
        self.account = Account(self.clock)  # the first, and that of a login if no other is named
        self.accounts = [self.account]
        self.client_id = client_id
        self.client_secret = client_secret  # None: a public client, as new apps are
        self.app_deleted = False  # 403 to every call from then on
        self.quota = Quota(self.chance)
        self.paging = PageRules()
        self.not_found_shape: NotFoundShape = "echo"
        self.history_status = 201  # 201 was seen, the contract says 200
        self.limit_headers = True  # whether a 420 says which limit (PY#63: it may not)
        self.limit_in_part = False  # whether a write is applied as far as there is room, and then refused
        self.limit_body = b""  # of a 420: it may not be JSON (PTS#2156)
        self.ledger_nulls = False  # whether plays of unknown date are null in the ledger [unsure]
        self.title_list_404: MissingLists = "never"  # when the own list of a known title answers 404
        self.lag = Lag()
        self.paging_faults = PagingFaults()
        self.paging_faults_below: dict[str, PagingFaults] = {}  # by prefix of path, in place of the above
        self.tags: TagRule = "right"

    def now(self) -> int:
        """The server's time in whole seconds."""
        return epoch(self.clock.now())

    def paging_faults_of(self, path: str) -> PagingFaults:
        """What is wrong with the pages of this list: of prefixes that fit, the longest counts."""
        fitting = [prefix for prefix in self.paging_faults_below if path.startswith(prefix)]
        return self.paging_faults_below[max(fitting, key=len)] if fitting else self.paging_faults


@dataclass(frozen=True, slots=True)
class Call:
    """One request that came through the door: what a rule needs of it."""

    world: World
    account: Account
    parts: Mapping[str, str]  # what stood in the path
    query: Mapping[str, str]
    body: JsonObject = field(default_factory=dict)
    path: str = ""
    applies: int | None = None  # of a write only the first so many, without a word
    stale_s: float | None = None  # how old a state all lists show, whatever their lag
    paging_faults: PagingFaults = field(default_factory=PagingFaults)

    def applied(self, sent: Sequence[T]) -> Sequence[T]:
        """What of the items of a write is carried out: all of them, unless a fault says otherwise."""
        return sent if self.applies is None else sent[: self.applies]

    def moment(self, lag_s: float) -> float:
        """The moment whose state is shown by what lags so much, in epoch seconds; without lag, for ever."""
        behind_s = lag_s if self.stale_s is None else self.stale_s
        return self.world.clock.now().timestamp() - behind_s if behind_s > 0 else math.inf

    def moments(self, lag_s: float) -> tuple[float, float]:
        """Likewise for the rows of a list, and for the count that it announces."""
        shown, counts_s = self.moment(lag_s), self.world.lag.counts_s
        return shown, shown if counts_s in (None, lag_s) else self.moment(counts_s)

    @property
    def full(self) -> bool:
        """Whether rows shall carry everything that is known of a title."""
        return "full" in self.extended

    @property
    def extended(self) -> frozenset[str]:
        """The words of `extended=`."""
        return frozenset(self.query.get("extended", "").split(","))
