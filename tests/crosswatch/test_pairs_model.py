"""A pair against a model: people on both sides, faults, restarts. Once faults end, a few runs converge.

The model knows the library of each side as its person left it, and what a run may do to it: bring over what
the other side has, and take away what a person took away there. Whatever happens meanwhile, nothing goes
that nobody took away, and no play is there twice.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from crosswatch_trakt.adapters.simulator.plays import Watchable
from crosswatch_trakt.adapters.simulator.titles import Title
from crosswatch_trakt.domain.journal import LAG_S
from tests.crosswatch.run import Run
from tests.crosswatch.test_pairs import EVENTS, giver, other, paired
from tests.crosswatch.test_pairs_faults import READS, SIDES, WRITES
from tests.crosswatch.trakt import FEATURES, PAST, Side, named
from tests.crosswatch.values import Form

Row = tuple[str, str, int]  # feature, title, and of a play its minute

MINUTES = (0, PAST, PAST + 120, PAST + 86_400)  # the newer engine takes what is within 60 s for one
EXAMPLES = int(os.environ.get("CROSSWATCH_PAIRS_EXAMPLES", "20"))  # 1000 for a long look

sides = st.sampled_from(SIDES)
numbers = st.integers(0, 5)
faults = st.one_of(
    st.tuples(st.just("GET"), st.sampled_from(sorted(READS)), st.sampled_from(["/sync", "/users/me"])),
    st.tuples(st.just("POST"), st.sampled_from(sorted(WRITES)), st.just("/sync")),
)


class Pairs(RuleBasedStateMachine):
    """One pair through its life."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()

    @initialize(
        form=st.sampled_from(list(Form)),
        way=st.sampled_from(["source", "target", "two-way", "two-way back"]),
        events=st.booleans(),
    )
    def begins(self, form: Form, way: str, *, events: bool) -> None:
        self.way, self.events = way, events
        self.pair = paired(Path(self.folder.name), form, way, options=EVENTS if events else {})
        self.pair.simulator.quota.gets = None
        show, another = self.pair.shows
        # Of one number: film, show, season and episode; TMDB's too where the engine can tell.
        films = self.pair.films if form is Form.NEW else self.pair.films[2:]
        self.watchable: list[Watchable] = [
            *films[:3],
            *(show.episode(1, number) for number in (1, 2)),
            show.episode(0, 1),
        ]
        self.listed: list[Title] = [
            *films[3:5],
            another,
            another.season(1),
            *another.season(1).in_order()[:2],
        ]
        self.in_doubt = False  # whether an answer to a write may have been lost
        self.taken: set[Row] = set()  # by a person, and not put back since
        self.left: dict[Side, set[Row]] = {"trakt": set(), "plain": set()}

    def teardown(self) -> None:
        try:
            if hasattr(self, "pair"):
                self.all_heals()
        finally:
            self.folder.cleanup()

    # --- people

    @rule(side=sides, number=numbers, minute=st.sampled_from(MINUTES))
    def watches(self, side: Side, number: int, minute: int) -> None:
        title = self.watchable[number]
        there = {row[1] for row in self._holds(side) if row[0] == "history"}
        if ("history", named(title), minute) in self._holds(side) or (
            not self.events and named(title) in there
        ):
            return  # not twice; and a title counts once
        self.pair.watch(side, title, minute)
        self._put(side, "history", title, minute)

    @rule(side=sides, number=numbers)
    def wishes(self, side: Side, number: int) -> None:
        self.pair.wish_for(side, self.listed[number])
        self._put(side, "watchlist", self.listed[number], 0)

    @rule(side=sides, number=numbers, rating=st.integers(1, 10))
    def rates(self, side: Side, number: int, rating: int) -> None:
        self.pair.clock.advance(1)
        title = self.listed[number]
        self.pair.rate(side, title, rating)
        self._put(side, "ratings", title, 0)

    @rule(side=sides, feature=st.sampled_from(FEATURES), number=numbers)
    def takes_away(self, side: Side, feature: str, number: int) -> None:
        title = (self.watchable if feature == "history" else self.listed)[number]
        self._let_go(feature, title)
        self.pair.forget(side, feature, title)

    # --- CrossWatch

    @rule(trouble=st.none() | faults, times=st.sampled_from([1, 2, None]))
    def runs(self, trouble: tuple[str, str, str] | None, times: int | None) -> None:
        if trouble is not None:
            method, name, path = trouble
            fault = (READS if method == "GET" else WRITES)[name]
            self.pair.simulator.fail_next(fault, method, path, times=times)
            self.in_doubt = self.in_doubt or method == "POST"
        self._run()
        self.pair.simulator.forgive()

    @rule()
    def starts_anew(self) -> None:
        self.pair.new_process()

    @rule()
    def clears_the_cache(self) -> None:
        for path in self.pair.state.glob("*"):
            if path.is_file():
                path.unlink()

    @invariant()
    def nothing_is_there_twice(self) -> None:
        if hasattr(self, "pair"):
            self.pair.simulator.settle()
            for side in SIDES:
                assert max(self.pair.holds(side, "history").values(), default=1) == 1

    @invariant()
    def nothing_goes_that_nobody_took_away(self) -> None:
        if hasattr(self, "pair"):
            for side in SIDES:
                lost = self.left[side] - self._holds(side) - self.taken
                assert not lost, f"{side} lost {lost}"

    # --- the end

    def all_heals(self) -> None:
        """A few healthy runs."""
        self.pair.simulator.forgive()
        self.pair.clock.advance(2 * LAG_S)
        for _ in range(4):
            self._run()
            self.nothing_is_there_twice()
            self.nothing_goes_that_nobody_took_away()
        last = self._run()
        assert last.errors == 0, last.causes
        for name in FEATURES:
            mine, theirs = (self._told(side, name) for side in (giver(self.way), other(giver(self.way))))
            if name == "history" and self.in_doubt:
                mine, theirs = mine - self._undated(), theirs - self._undated()
            assert not mine - theirs, f"{name} did not come over: {mine - theirs}"
            assert not (theirs - mine and self.way.startswith("two-way")), f"{name}: {theirs - mine}"

    def _run(self) -> Run:
        run = self.pair.run()
        for side in SIDES:
            self.left[side] |= self._holds(side)
        return run

    def _put(self, side: Side, feature: str, title: Title, value: int) -> None:
        row = (feature, named(title), value)
        self.taken.discard(row)
        self.left[side].add(row)

    def _let_go(self, feature: str, title: Title) -> None:
        """All there is of it on either side may go from now on."""
        for side in SIDES:
            gone = {row for row in self._holds(side) | self.left[side] if row[:2] == (feature, named(title))}
            self.taken |= gone
            self.left[side] -= gone

    def _told(self, side: Side, feature: str) -> set[tuple[str, int]]:
        """What the engine tells apart of it: without rewatches, of a title only that it was watched."""
        blind = feature == "history" and not self.events
        return {(title, 0 if blind else value) for title, value in self.pair.holds(side, feature)}

    def _undated(self) -> set[tuple[str, int]]:
        """The plays of unknown date: of such, nobody can say whether a lost answer wrote it (reliability)."""
        held = {play for side in SIDES for play in self.pair.holds(side, "history")}
        return {(title, 0) for title, minute in held if minute == 0}

    def _holds(self, side: Side) -> set[Row]:
        return {
            (name, title, value if name == "history" else 0)
            for name in FEATURES
            for title, value in self.pair.holds(side, name)
        }


TestPairs = Pairs.TestCase
TestPairs.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=15,
    deadline=None,
    print_blob=True,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
