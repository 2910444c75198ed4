"""A CrossWatch with two plain providers and one pair between them: what the tests of the double run."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.crosswatch.engine import Engine
from tests.crosswatch.host import Host
from tests.crosswatch.memory import Memory
from tests.crosswatch.plain import Plain, film
from tests.crosswatch.run import Run
from tests.crosswatch.values import Config, Form, Index

OLD_PLAY = "2024-08-01T10:11:12Z"
NEW_PLAY = "2025-02-03T20:00:40Z"


@dataclass
class Installation:
    """A CrossWatch with two plain providers, and a clock that stands still until it is moved."""

    folder: Path
    form: Form = Form.OLD
    mode: str = "one-way"
    sync: Config = field(default_factory=dict)
    runtime: Config = field(default_factory=dict)
    settings: Config = field(default_factory=dict)
    features: tuple[str, ...] = ("watchlist", "ratings", "history")

    def __post_init__(self) -> None:
        self.time = datetime(2026, 1, 15, tzinfo=UTC)
        self.pauses: list[float] = []
        self.host = Host(self.folder, self.form, now=lambda: self.time.timestamp())
        self.here, self.there = Plain(self.form, "HERE"), Plain(self.form, "THERE")
        self.memory = Memory()

    @property
    def pending(self) -> set[str]:
        """The keys put off, of whatever provider and feature."""
        return {key for keys in self.memory.pending.values() for key in keys}

    def baseline(self, provider: str, feature: str) -> Index:
        """What the engine believes the provider to hold."""
        return next(
            rows
            for (_, end, about), rows in self.memory.baselines.items()
            if end.startswith(provider) and about == feature
        )

    @property
    def config(self) -> Config:
        """The configuration: one pair, which removes."""
        asked = {name: {"enable": True, "remove": True, **self.settings} for name in self.features}
        pair: Config = {
            "id": "p1",
            "source": self.here.called,
            "target": self.there.called,
            "mode": self.mode,
            "features": asked,
        }
        return {"sync": self.sync, "runtime": self.runtime, "pairs": [pair]}

    def run(self, *, dry_run: bool = False) -> Run:
        """One run of an engine made anew, with the memory of the last."""
        engine = Engine(
            self.config, {"HERE": self.here, "THERE": self.there}, self.host, self.memory, self.pauses.append
        )
        with self.host.installed():
            return engine.run(dry_run=dry_run)


def filled(installation: Installation, films: int = 5) -> Installation:
    """The same on both sides, and a first run over it."""
    for side in (installation.here, installation.there):
        for number in range(1, films + 1):
            side.wish_for(film(number))
            side.rate(film(number), 7, OLD_PLAY)
            side.watch(film(number), OLD_PLAY)
    assert installation.run().errors == 0
    return installation
