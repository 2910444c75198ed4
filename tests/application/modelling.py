"""What the models of writing share: an account under two processes, faults, kills, and figures."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from crosswatch_trakt import Report, TraktAccount, TraktError
from crosswatch_trakt.adapters.simulator import Fault, broken
from crosswatch_trakt.adapters.simulator.titles import Episode, Season, Title
from crosswatch_trakt.application.features import Feature
from crosswatch_trakt.domain.journal import LAG_S
from crosswatch_trakt.domain.problems import Problem
from crosswatch_trakt.domain.unresolved import Operation
from tests.application.killing import Process
from tests.application.world import Item, World

T = TypeVar("T")

TRUST_S = 600.0
RESEND_S = 120.0

KillAt: TypeAlias = int | str | None  # see `Steps`

at_a_post = st.sampled_from(["before POST", "after POST"])
kills = st.none() | st.integers(1, 25) | at_a_post
lags = st.sampled_from([0.0, 0.0, 0.0, 45.0, 300.0, 840.0])

FAULTS: dict[str, Fault] = {
    "lost before": Fault(lost=True),
    "lost after": Fault(lost=True, before=False),
    "lost in part": Fault(lost=True, applies=1),
    "lost and late": Fault(lost=True, late_s=100),
    "503 and soon": Fault(status=503, late_s=5),
    "timed out": Fault(timed_out=True),
    "timed out after": Fault(timed_out=True, before=False),
    "502": broken.server_error(502),
    "520 after": broken.server_error(520, before=False),
    "500 in part": Fault(status=500, applies=2),
    "413": Fault(status=413),
    "400": Fault(status=400),
    "422": Fault(status=422),
    "401": Fault(status=401),
    "429": broken.too_many(7),
    "426": broken.vip_only(),
    "423": broken.locked(),
    "423 after": broken.locked(before=False),
    "409": broken.conflict(),
    "409 after": broken.conflict(before=False),
    "420": broken.account_limit(),
    "420 in part": broken.account_limit(applies=1, headers=False, body=b"<html>"),
    "refused": Fault(refused=True),
    "cut": Fault(alter=broken.cut_json().alter),
    "empty": Fault(alter=broken.empty().alter),
    "counted low": Fault(alter=broken.miscounted(-1).alter),
    "counted high": Fault(alter=broken.miscounted(1).alter),
    "passed over": broken.skipping(1),
}
faults = st.none() | st.sampled_from(sorted(FAULTS))
FIGURES: Counter[str] = Counter()  # of all runs of this process
LIES = {"passed over"}  # Trakt says that it has done what it has not


class Modelled(RuleBasedStateMachine):
    """An account that two processes have open. A model says what they do, and what then holds."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.world = World(Path(self.folder.name))
        self.account, self.simulator = self.world.account, self.world.simulator
        self.simulator.quota.gets = None
        self.processes = [Process(self.world), Process(self.world)]
        self.figures = Counter(accounts=1)
        self.fault: tuple[Feature, str] | None = None  # waits for a POST
        self.met: str | None = None  # the fault that the last call met
        self.world.clock.advance(2 * LAG_S)

    def teardown(self) -> None:
        try:
            self.all_heals()
        finally:
            FIGURES.update(self.figures)
            self.folder.cleanup()

    def all_heals(self) -> None:
        """A few healthy runs after the last trouble: as if nothing had happened."""
        raise NotImplementedError

    @rule(seconds=st.sampled_from([1.0, 31.0, 61.0, 130.0, 500.0, 1021.0, 4000.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.clock.advance(seconds)

    @property
    def now(self) -> float:
        return self.world.clock.now().timestamp()

    def next_post_fails(self, feature: Feature, fault: str | None) -> None:
        """Unless one that did not come up yet is waiting."""
        if self.fault is None and fault is not None:
            self.simulator.fail_next(FAULTS[fault], "POST", f"/sync/{feature}")
            self.fault = feature, fault

    def write(
        self,
        who: int,
        feature: Feature,
        operation: Operation,
        items: Sequence[Item],
        kill_at: KillAt,
        *,
        meant: bool = False,
    ) -> Report | None:
        """Add or remove: every item has exactly one end. None if it was killed, or could not even begin."""
        posts = self.world.asked("POST", f"/sync/{feature}")

        def use(trakt: TraktAccount) -> Report:
            if operation == "add":
                return trakt.add(feature, items)
            return trakt.remove(feature, items, meant=meant)

        report, problem = None, None
        try:
            report = self._run(who, use, kill_at)
        except TraktError as error:
            problem = error.problem
        sent = self.world.asked("POST", f"/sync/{feature}") > posts
        assert not (sent and problem), f"sent, and then: {problem}"
        self.figures["writes"] += 1
        self.met = None
        if sent and self.fault is not None and self.fault[0] == feature:
            self.met, self.fault = self.fault[1], None
            self.figures["faults"] += 1
        self.simulator.settle()
        if report is not None:
            ended = [*report.confirmed, *report.existing, *report.unresolved]
            assert sorted(id(outcome.item) for outcome in ended) == sorted(map(id, items))
        return report

    def index(self, who: int, feature: Feature, kill_at: KillAt) -> Mapping[str, Item] | Problem | None:
        """Read; None if it was killed, and why there is no index."""
        try:
            index = self._run(who, lambda trakt: dict(trakt.index(feature)), kill_at)
        except TraktError as error:
            return error.problem
        self.figures["indexes"] += index is not None
        return index

    def _run(self, who: int, use: Callable[[TraktAccount], T], kill_at: KillAt) -> T | None:
        done, _ = self.processes[who].run(use, kill_at)
        self.figures["kills"] += done is None
        return done


def names(item: Item, title: Title) -> bool:
    """Whether an item of an index is of this title: by an id, else by show and numbers."""
    ids, show_ids = item["ids"], item.get("show_ids")
    assert isinstance(ids, dict)
    if title.kind != item["type"]:
        return False
    if ids or not isinstance(title, Season | Episode) or not isinstance(show_ids, dict):
        return any(title.ids.get(name) == value for name, value in ids.items())
    numbers = (item["season"], item.get("episode"))
    at = (title.season.number, title.number) if isinstance(title, Episode) else (title.number, None)
    return numbers == at and any(title.show.ids.get(name) == value for name, value in show_ids.items())


def ends(report: Report, items: Sequence[Item]) -> list[tuple[str, str | None]]:
    """The end and the reason of each item, in the order in which they were handed in."""
    found: dict[int, tuple[str, str | None]] = {}
    for end in ("confirmed", "existing", "unresolved"):
        for outcome in getattr(report, end):
            found[id(outcome.item)] = (end, outcome.reason)
    return [found[id(item)] for item in items]
