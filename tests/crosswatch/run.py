"""What one run of the engine did: for tests to look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.crosswatch.values import Config


@dataclass(frozen=True, slots=True)
class Event:
    """Something emitted, by the engine or through the `ctx` it hands to providers."""

    name: str
    fields: Mapping[str, object]


@dataclass
class Tally:
    """Items of one feature, over all pairs and sides."""

    added: int = 0
    updated: int = 0
    removed: int = 0
    skipped: int = 0  # already there, as the provider said
    unresolved: int = 0
    blocked: int = 0  # not offered: tombstone or blackbox
    planned_adds: int = 0
    planned_removes: int = 0

    @property
    def quiet(self) -> bool:
        """Whether there was nothing to do."""
        return self == Tally()


@dataclass
class Run:
    """One run over all pairs."""

    events: list[Event] = field(default_factory=list)
    features: dict[str, Tally] = field(default_factory=dict)
    errors: int = 0
    causes: list[Exception] = field(default_factory=list)  # what ended a feature
    calls: list[str] = field(default_factory=list)  # `TRAKT#default build_index history`, in order
    health: dict[str, Config] = field(default_factory=dict)  # `TRAKT#default` -> what it answered
    cancelled: bool = False

    def emit(self, event: str, **fields: object) -> None:
        """Keep an event."""
        self.events.append(Event(event, fields))

    def tally(self, feature: str) -> Tally:
        """The feature's counts."""
        return self.features.setdefault(feature, Tally())

    def named(self, event: str) -> list[Event]:
        """All events of one name."""
        return [one for one in self.events if one.name == event]

    def called(self, method: str) -> list[str]:
        """All calls of one method."""
        return [call for call in self.calls if call.split()[1] == method]
