"""Calling the provider by hand, as one engine or page of CrossWatch's does, over the simulator."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.crosswatch.host import LogLine
from tests.crosswatch.pairs import environment
from tests.crosswatch.trakt import Paired
from tests.crosswatch.values import Config, Form

SCOPE = "one-way:TRAKT#default-PLAIN#default:p1"
IN_NAMES = "one-way_TRAKT_default-PLAIN_default_p1"  # the same, as it stands in names of files
AT = "2024-05-01T20:15:00Z"
MINUTE = 1_714_594_500  # AT
DAY_S = 86_400


class Called(Paired):
    """A CrossWatch with one profile signed in, and the provider in its hands."""

    def view(self, *, by_hand: bool = False, **trakt: object) -> Config:
        """The configuration as the provider gets it: within a pair, or from a page."""
        block = self.host.load_config().get("trakt")
        assert isinstance(block, dict)
        return {"trakt": {**block, **trakt}, **({} if by_hand else {"_cw_pair_feature_options": {}})}

    @property
    def state(self) -> Path:
        """Where CrossWatch's providers keep state."""
        return self.folder / "state"

    def said(self, message: str) -> list[LogLine]:
        """The lines of the log with this word."""
        return [line for line in self.host.logs if line.message == message]

    def asked(self, method: str | None = None, path: str = "") -> int:
        """How many requests Trakt has had so far."""
        return self.world.asked(method, path)


@contextmanager
def calling(folder: Path, form: Form = Form.OLD, *, scope: str | None = SCOPE) -> Iterator[Called]:
    """The provider in a running CrossWatch, within a pair unless `scope` is None."""
    called = Called(folder, form)
    called.host.save_config(called.config)
    with called.host.installed(), environment(**({} if scope is None else {"CW_PAIR_KEY": scope})):
        yield called
