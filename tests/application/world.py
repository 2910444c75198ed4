"""One account on the simulator, and the library upon it: in memory, with time run by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from crosswatch_trakt import Settings, TraktAccount
from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.progress import RecordingProgress
from crosswatch_trakt.adapters.simulator import Simulator, SimulatorTransport
from crosswatch_trakt.adapters.simulator.catalogue import Catalogue
from crosswatch_trakt.adapters.simulator.titles import Episode, Movie, Show
from crosswatch_trakt.application.ports import Note
from crosswatch_trakt.application.trakt.gate import Gates

Item = dict[str, object]


@dataclass
class World:
    """A catalogue of ten films and two shows, one account, and a folder for state."""

    folder: Path
    clock: ManualClock = field(default_factory=ManualClock)
    progress: RecordingProgress = field(default_factory=RecordingProgress)
    gates: Gates = field(default_factory=Gates)

    def __post_init__(self) -> None:
        catalogue = Catalogue()
        self.films: list[Movie] = [catalogue.movie(f"Film {number}", 2000 + number) for number in range(10)]
        self.shows: list[Show] = [
            catalogue.show(f"Show {number}", 2010, seasons={0: 1, 1: 6}) for number in range(2)
        ]
        self.simulator = Simulator(catalogue, self.clock)
        self.account = self.simulator.account
        self.settings = Settings(
            client_id=self.simulator.client_id,
            access_token=self.account.access_token,
            refresh_token=self.account.refresh_token,
            state_dir=str(self.folder),
        )

    @contextmanager
    def open(self, *, another_process: bool = False, **settings: object) -> Iterator[TraktAccount]:
        """The library on this account. `another_process`: with a gate and memory of its own."""
        with TraktAccount.open(
            replace(self.settings, **settings),  # type: ignore[arg-type]  # names are checked by Settings
            progress=self.progress,
            transport=SimulatorTransport(self.simulator),
            clock=self.clock,
            gates=Gates() if another_process else self.gates,
        ) as trakt:
            yield trakt

    def asked(self, method: str | None = None, path: str = "") -> int:
        """How many requests Trakt has had so far, of this method and under this path."""
        return sum(
            1
            for seen in self.simulator.requests
            if seen.path.startswith(path) and (method is None or seen.method == method)
        )

    @property
    def notes(self) -> str:
        """All that was noted so far."""
        return "\n".join(event.text for event in self.progress.events if isinstance(event, Note))

    @property
    def state(self) -> Path:
        """The folder of the account's own state."""
        return next(path for path in self.folder.iterdir() if path.is_dir())


def film_item(film: Movie, **fields: object) -> Item:
    """A film as a caller names it."""
    return {"type": "movie", "ids": {"tmdb": film.ids["tmdb"]}, "title": film.title, **fields}


def episode_item(episode: Episode, **fields: object) -> Item:
    """An episode as a caller names it: by its show and its numbers."""
    return {
        "type": "episode",
        "show_ids": {"tmdb": episode.show.ids["tmdb"]},
        "season": episode.season.number,
        "episode": episode.number,
        **fields,
    }
