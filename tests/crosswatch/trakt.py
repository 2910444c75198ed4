"""A CrossWatch with our provider on one side of a pair and a plain one on the other, over the simulator."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.crosswatch.ops import Ops
from crosswatch_trakt.adapters.crosswatch.sessions import Sessions
from crosswatch_trakt.adapters.simulator import SimulatorTransport
from crosswatch_trakt.adapters.simulator.titles import Episode, Movie, Show
from crosswatch_trakt.application.trakt.gate import Gates
from tests.application.world import World
from tests.crosswatch.engine import Engine
from tests.crosswatch.host import Host
from tests.crosswatch.memory import Memory
from tests.crosswatch.plain import Plain
from tests.crosswatch.run import Run
from tests.crosswatch.values import Config, Form, Item


@dataclass
class Paired:
    """One pair between Trakt and a plain provider. `source`: whether Trakt is where things come from."""

    folder: Path
    form: Form = Form.OLD
    mode: str = "one-way"
    source: bool = True
    trakt: Config = field(default_factory=dict)  # settings of the provider, beside its login
    options: Config = field(default_factory=dict)  # of each feature
    sync: Config = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world = World(self.folder / "unused")
        self.account, self.simulator = self.world.account, self.world.simulator
        self.clock: ManualClock = self.world.clock
        self.host = Host(self.folder / "config", self.form, now=lambda: self.clock.now().timestamp())
        self.plain = Plain(self.form)
        self.memory = Memory()
        self.ops = self.new_process()

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
        trakt: Config = {
            "client_id": self.simulator.client_id,
            "access_token": self.account.access_token,
            "refresh_token": self.account.refresh_token,
            "state_dir": str(self.folder / "state"),
            **self.trakt,
        }
        ends = ("TRAKT", "PLAIN") if self.source else ("PLAIN", "TRAKT")
        asked = {
            name: {"enable": True, "remove": True, **self.options}
            for name in ("watchlist", "ratings", "history")
        }
        pair: Config = {
            "id": "p1",
            "source": ends[0],
            "target": ends[1],
            "mode": self.mode,
            "features": asked,
        }
        return {"trakt": trakt, "sync": self.sync, "pairs": [pair]}

    def new_process(self) -> Ops:
        """The provider as a process that has just begun has it."""
        self.ops = Ops(
            Sessions(transport=SimulatorTransport(self.simulator), clock=self.clock, gates=Gates())
        )
        return self.ops

    def run(self, *, dry_run: bool = False) -> Run:
        """One run of the engine; half an hour passes before the next."""
        engine = Engine(self.config, {"TRAKT": self.ops, "PLAIN": self.plain}, self.host, self.memory)
        with self.host.installed():
            run = engine.run(dry_run=dry_run)
        self.clock.advance(1800)
        return run

    @property
    def held(self) -> Counter[tuple[int, int]]:
        """The account's plays: trakt id and minute."""
        return Counter((play.title.trakt, play.minute) for play in self.account.plays)


def theirs(title: Movie | Show | Episode) -> Item:
    """A title as the other side knows it."""
    if isinstance(title, Episode):
        return {
            "type": "episode",
            "title": "",
            "ids": {},
            "show_ids": {"tmdb": str(title.show.ids["tmdb"])},
            "season": title.season.number,
            "episode": title.number,
        }
    kind = "movie" if isinstance(title, Movie) else "show"
    return {"type": kind, "title": title.title, "year": title.year, "ids": {"tmdb": str(title.ids["tmdb"])}}
