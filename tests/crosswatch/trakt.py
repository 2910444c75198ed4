"""A CrossWatch with our provider on one side of a pair and a plain one on the other, over the simulator."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias, cast

from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.crosswatch.ops import Ops
from crosswatch_trakt.adapters.crosswatch.sessions import Sessions
from crosswatch_trakt.adapters.simulator import SimulatorTransport
from crosswatch_trakt.adapters.simulator.account import Account
from crosswatch_trakt.adapters.simulator.plays import Watchable
from crosswatch_trakt.adapters.simulator.titles import KINDS, Episode, Movie, Season, Show, Title
from crosswatch_trakt.application.ports import HttpTransport
from crosswatch_trakt.application.trakt.gate import Gates
from tests.application.world import World
from tests.crosswatch.engine import Engine
from tests.crosswatch.host import Host
from tests.crosswatch.keys import epoch
from tests.crosswatch.memory import Memory
from tests.crosswatch.plain import Plain
from tests.crosswatch.run import Run
from tests.crosswatch.values import DEFAULT, Config, Form, Item, block, number, text

Side: TypeAlias = Literal["trakt", "plain"]
Holding: TypeAlias = Mapping[tuple[str, int], int]  # title, and minute or rating → how often

FEATURES = ("history", "watchlist", "ratings")
PAST = 1_700_000_040  # on the minute
PAUSE_S = 1800


@dataclass(repr=False)
class Paired:
    """One pair between Trakt and a plain provider. `source`: whether Trakt is where things come from."""

    folder: Path
    form: Form = Form.OLD
    mode: str = "one-way"
    source: bool = True
    trakt: Config = field(default_factory=dict)  # settings of the provider, beside its login
    options: Config = field(default_factory=dict)  # of each feature
    sync: Config = field(default_factory=dict)
    features: tuple[str, ...] = FEATURES

    def __post_init__(self) -> None:
        self.world = World(self.folder / "unused")
        self.account, self.simulator = self.world.account, self.world.simulator
        self.clock: ManualClock = self.world.clock
        self.host = Host(self.folder / "config", self.form, now=lambda: self.clock.now().timestamp())
        self.plain = Plain(self.form)
        self.memory = Memory()
        self.transport: HttpTransport = SimulatorTransport(self.simulator)  # of the next process
        self.profile = DEFAULT  # of Trakt's end
        self.others: dict[str, Account] = {}  # further profiles, and whose they are
        self.ops = self.new_process()

    def add_profile(self, name: str) -> Account:
        """A second person with a profile of her own; the pair is hers from now on."""
        self.others[name] = self.simulator.add_account(name, f"{len(self.others):040x}")
        self.profile, self.account = name, self.others[name]
        return self.account

    def sign_in(self, access_token: str, refresh_token: str) -> None:
        """Put these tokens in the default profile, as a login on CrossWatch's page does."""

        def put(config: Config) -> None:
            config["trakt"] = {
                **block(config, "trakt"),
                "access_token": access_token,
                "refresh_token": refresh_token,
            }

        self.host.update_config(put)

    @property
    def films(self) -> list[Movie]:
        """Ten films."""
        return self.world.films

    @property
    def shows(self) -> list[Show]:
        """Two shows."""
        return self.world.shows

    @property
    def config(self) -> Config:
        """The configuration, with the login that is in the file, if it is there."""
        there = block(self.host.load_config(), "trakt")
        login = self._login(self.world.account)
        trakt: Config = {"state_dir": str(self.state), **login, **self.trakt}
        for name in (*login, "expires_at"):
            if name in there:
                trakt[name] = there[name]
        if self.others:
            others = {name: self._login(account) for name, account in self.others.items()}
            trakt["instances"] = there.get("instances", others)
        ends = ("TRAKT", "PLAIN") if self.source else ("PLAIN", "TRAKT")
        asked = {name: {"enable": True, "remove": True, **self.options} for name in self.features}
        pair: Config = {
            "id": "p1",
            "source": ends[0],
            "target": ends[1],
            f"{'source' if self.source else 'target'}_instance": self.profile,
            "mode": self.mode,
            "features": asked,
        }
        return {"trakt": trakt, "sync": self.sync, "pairs": [pair]}

    @property
    def state(self) -> Path:
        """Where the provider keeps its files."""
        return self.folder / "state"

    def new_process(self) -> Ops:
        """The provider as a process that has just begun has it."""
        self.ops = Ops(Sessions(transport=self.transport, clock=self.clock, gates=Gates()))
        return self.ops

    def run(self, *, dry_run: bool = False, pause_s: float = PAUSE_S) -> Run:
        """One run of the engine, and a pause before the next."""
        engine = Engine(self.config, {"TRAKT": self.ops, "PLAIN": self.plain}, self.host, self.memory)
        with self.host.installed():
            run = engine.run(dry_run=dry_run)
        self.clock.advance(pause_s)
        return run

    def posts(self) -> int:
        """How many writes Trakt has had so far."""
        return self.world.asked("POST", "/sync/")

    # --- what a person does on either side

    def watch(self, side: Side, title: Watchable, at: int) -> None:
        """Watch at that second."""
        if side == "trakt":
            self.account.watch(title, at)
        else:
            self.plain.watch(theirs(title), _iso(at))

    def unwatch(self, side: Side, title: Watchable, minute: int) -> None:
        """Take this play away."""
        if side == "trakt":
            self.account.unwatch([play for play in self.account.plays.of(title) if play.minute == minute])
        else:
            gone = (named(title), minute)
            self.plain.history = [row for row in self.plain.history if self._play(row) != gone]

    def rate(self, side: Side, title: Title, rating: int) -> None:
        """Rate now."""
        if side == "trakt":
            self.account.rate(title, rating)
        else:
            known = next((row for row in self.plain.ratings if self._title(row) is title), theirs(title))
            self.plain.rate(known, rating, _iso(self.account.now()))

    def wish_for(self, side: Side, title: Title) -> None:
        """Put on the watchlist."""
        if side == "trakt":
            self.account.put_on_watchlist(title)
        else:
            self.plain.wish_for(theirs(title))

    def forget(self, side: Side, feature: str, title: Title) -> None:
        """Take all rows of the title away."""
        if side == "plain":
            rows = self._rows(feature)
            rows[:] = [row for row in rows if self._title(row) is not title]
        elif feature == "history":
            self.account.unwatch(list(self.account.plays.of(cast(Watchable, title))))
        elif feature == "ratings":
            self.account.unrate(title)
        else:
            self.account.take_off_watchlist(title)

    # --- what is there

    def holds(self, side: Side, feature: str) -> Holding:
        """What a side has, titles as the catalogue has them."""
        if side == "plain":
            if feature == "history":
                return Counter(self._play(row) for row in self.plain.history)
            rows = self._rows(feature)
            return Counter((named(self._title(row)), int(number(row, "rating", 0))) for row in rows)
        if feature == "history":
            return Counter((named(play.title), play.minute) for play in self.account.plays)
        if feature == "ratings":
            return Counter((named(title), rated.rating) for title, rated in self.account.ratings.items())
        return Counter((named(title), 0) for title in self.account.watchlist)

    @property
    def equal(self) -> bool:
        """Whether both sides hold the same."""
        return all(self.holds("trakt", name) == self.holds("plain", name) for name in FEATURES)

    @property
    def held(self) -> Counter[tuple[int, int]]:
        """The account's plays: trakt id and minute."""
        return Counter((play.title.trakt, play.minute) for play in self.account.plays)

    def _login(self, account: Account) -> Config:
        return {
            "client_id": self.simulator.client_id,
            "access_token": account.access_token,
            "refresh_token": account.refresh_token,
        }

    def _rows(self, feature: str) -> list[Item]:
        rows = {"watchlist": self.plain.watchlist, "ratings": self.plain.ratings}
        return rows.get(feature, self.plain.history)

    def _play(self, row: Item) -> tuple[str, int]:
        return named(self._title(row)), (epoch(row.get("watched_at")) or 0) // 60 * 60

    def _title(self, row: Item) -> Title:
        kind, show_ids, catalogue = text(row, "type"), block(row, "show_ids"), self.simulator.catalogue
        assert kind in KINDS, row
        if show_ids:
            show = catalogue.find("show", show_ids)
            assert isinstance(show, Show), row
            season = show.season(int(number(row, "season", -1)))
            return season if kind == "season" else season.episodes[int(number(row, "episode", -1))]
        found = catalogue.find(kind, block(row, "ids"))
        assert found is not None, row
        return found


def named(title: Title) -> str:
    """A title in a word: its type and its number there."""
    return f"{title.kind} {title.trakt}"


def theirs(title: Title, namespace: str = "tmdb") -> Item:
    """A title as the other side knows it."""
    if isinstance(title, Season | Episode):
        numbers = (
            {"season": title.number}
            if isinstance(title, Season)
            else {"season": title.season.number, "episode": title.number}
        )
        ids = {namespace: str(title.show.ids[namespace])}
        return {"type": title.kind, "title": "", "ids": {}, "show_ids": ids, **numbers}
    ids = {namespace: str(title.ids[namespace])}
    return {"type": title.kind, "title": title.title, "year": title.year, "ids": ids}


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")
