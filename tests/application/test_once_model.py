"""Writing plays once, against a model: whatever is lost, late, behind, hidden, merged or killed.

Two processes add, remove and read the plays of one account, other devices act on it, and faults come as
they like. The model knows what was wished last for each play; the simulator is the truth. A play of ours is
never there twice, no word is false, no removal takes another play; and once all is healthy, what was asked
for is there, once.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from crosswatch_trakt import Report
from crosswatch_trakt.adapters.simulator.plays import Watchable
from crosswatch_trakt.adapters.simulator.titles import Episode
from crosswatch_trakt.domain.journal import LAG_S
from crosswatch_trakt.domain.problems import Incomplete, Problem
from crosswatch_trakt.domain.unresolved import Operation
from tests.application.killing import Process
from tests.application.modelling import (
    LIES,
    RESEND_S,
    TRUST_S,
    KillAt,
    Modelled,
    ends,
    faults,
    kills,
    lags,
    names,
)
from tests.application.world import Item, episode_item

Wished: TypeAlias = Literal["there", "gone", "either"]
Place: TypeAlias = tuple[int, int]  # number of a title of ours, and a minute
Identity: TypeAlias = tuple[str, int, int]  # kind, trakt id, minute

PAST = 1_600_000_020  # on the minute
MINUTES = (0, PAST, PAST + 60, PAST + 86_400)
OURS = 6  # titles whose plays only we add: four films and two episodes

places = st.lists(
    st.tuples(st.integers(0, OURS - 1), st.sampled_from(MINUTES)), min_size=1, max_size=5, unique=True
)
spellings = st.sampled_from(["tmdb", "imdb", "trakt", "all", "numbers"])


@dataclass
class Truth:
    """What the model knows of one play of ours."""

    wished: Wished = "gone"
    asked: bool = False  # it was handed in at least once
    lied: bool = False  # Trakt may have said that it was added, and it was not
    unseen: bool = (
        False  # another device removed it, perhaps before any reading had shown it: that stays unknown
    )
    gone_at: float = float(
        "-inf"
    )  # when it was last taken away: lists may still show it, and we may believe it
    there_at: float = float("inf")  # since when it has been there, shown, and known to be wished


class Plays(Modelled):
    """No play of ours twice, no false word, nothing lost."""

    def __init__(self) -> None:
        super().__init__()
        show = self.world.shows[0]
        films = self.world.films
        self.titles: list[Watchable] = [*films[:4], show.episode(1, 1), show.episode(1, 2)]
        self.others: list[Watchable] = [*films[4:6], self.world.shows[1].episode(1, 1)]
        self.lands: dict[int, Watchable] = {}  # number of a title → where its plays land
        self.truth: dict[Place, Truth] = {}
        self.foreign: Counter[Identity] = Counter()
        self.late: set[Place] = set()  # what a removal that is on its way may yet take

    # --- how things are

    @initialize(
        strange=st.sampled_from([None, None, "diverted", "hidden when played"]),
        chunk=st.sampled_from([1, 2, 100]),
        near=st.sampled_from([0, 0, 0, 1]),
    )
    def begins(self, strange: str | None, chunk: int, near: int) -> None:
        film, other = self.world.films[3], self.world.films[7]
        match strange:
            case "diverted":
                self.simulator.catalogue.divert(film, other)
                self.lands[3] = other
            case "hidden when played":
                self.account.hide_when_played(film)
            case _:
                pass
        self.near = near
        for process in self.processes:
            process.settings = {"history_chunk_size": chunk, "history_near_minutes": near}

    @rule(lists=lags, own=lags | st.none(), ledger=lags, counts=lags | st.none())
    def lags_change(self, lists: float, own: float | None, ledger: float, counts: float | None) -> None:
        lag = self.simulator.lag
        lag.history_s, lag.title_s, lag.ledger_s, lag.stats_s, lag.counts_s = (
            lists,
            own,
            ledger,
            ledger,
            counts,
        )

    @rule(title=st.integers(0, 3))
    def hides_or_shows(self, title: int) -> None:
        if not self.account.unhide(self.world.films[title]):
            self.account.hide(self.world.films[title])
        for place, truth in self.truth.items():
            if place[0] == title:
                truth.there_at = float("inf")

    # --- another device

    @rule(title=st.integers(0, 2), minute=st.sampled_from(MINUTES))
    def another_device_watches(self, title: int, minute: int) -> None:
        self.account.watch(self.others[title], minute)
        self.foreign[_identity(self.others[title], minute)] += 1

    @rule(which=st.integers(0, 20))
    def another_device_removes_its_own(self, which: int) -> None:
        theirs = [play for play in self.account.plays if play.title in self.others]
        if theirs:
            play = theirs[which % len(theirs)]
            self.account.unwatch([play])
            self.foreign[_identity(play.title, play.minute)] -= 1

    @rule(which=st.integers(0, 20))
    def another_device_removes_ours(self, which: int) -> None:
        ours = [play for play in self.account.plays if play.title in self.titles]
        if ours:
            play = ours[which % len(ours)]
            self.account.unwatch([play])
            truth = self.truth[self.titles.index(play.title), play.minute]
            truth.wished, truth.gone_at, truth.there_at = "either", self.now, float("inf")
            truth.unseen = True

    # --- the library

    @rule(
        who=st.integers(0, 1),
        places=places,
        spelling=spellings,
        kill_at=kills,
        fault=faults,
        again=st.booleans(),
    )
    def adds(
        self,
        who: int,
        places: Sequence[Place],
        spelling: str,
        kill_at: KillAt,
        fault: str | None,
        again: bool,
    ) -> None:
        self.next_post_fails("history", fault)
        if self.near:
            places = _apart(places)
        killed = self._add(who, places, spelling, kill_at)
        if killed and again:
            self._add(1 - who, places, spelling, None)

    def _add(self, who: int, places: Sequence[Place], spelling: str, kill_at: KillAt) -> bool:
        """Add; whether it was killed amid that."""
        for place in places:
            truth = self.truth.setdefault(place, Truth())
            truth.wished, truth.asked = "there", True
        items = [self._item(place, spelling) for place in places]
        report = self._call(who, "add", places, items, kill_at)
        if self.met in LIES:
            for place in places:
                self.truth[place].lied = True
        if report is None:
            return True
        for place, outcome in zip(places, ends(report, items), strict=True):
            end, reason = outcome
            truth = self.truth[place]
            if end == "unresolved":
                assert reason not in ("not_found", "episode_not_found", "unsupported_type"), (place, reason)
                continue
            if reason == "near":
                continue
            stale = self.now - truth.gone_at <= LAG_S + TRUST_S
            there = self._held(place) > 0
            assert there or truth.lied or truth.unseen or (end == "existing" and stale), (
                f"{outcome} of {place} is false"
            )
            if there and not self._is_odd(place):
                truth.there_at = min(truth.there_at, self.now)
        return False

    @rule(who=st.integers(0, 1), places=places, spelling=spellings, kill_at=kills, fault=faults)
    def removes(
        self, who: int, places: Sequence[Place], spelling: str, kill_at: KillAt, fault: str | None
    ) -> None:
        self.next_post_fails("history", fault)
        for place in places:
            truth = self.truth.setdefault(place, Truth())
            if self._held(place):
                truth.gone_at = self.now + 1e9  # it may go at any moment of this call
            truth.wished, truth.there_at = "gone", float("inf")
        items = [self._item(place, spelling) for place in places]
        report = self._call(who, "remove", places, items, kill_at)
        for place in places:
            truth = self.truth[place]
            truth.gone_at = min(truth.gone_at, self.now)
        if report is None:
            return
        for place, (end, reason) in zip(places, ends(report, items), strict=True):
            if end != "unresolved" and not self._is_odd(place) and self.met not in LIES:
                assert not self._held(place), f"{end} {reason} of {place} is false"

    @rule(who=st.integers(0, 1), kill_at=kills)
    def indexes(self, who: int, kill_at: KillAt) -> None:
        due = [place for place, truth in self.truth.items() if self.now - truth.there_at > LAG_S]
        index = self.index(who, "history", kill_at)
        if index is None or isinstance(index, Incomplete):
            return
        shown = self._shown(index)
        for place in due:
            if self._held(place) and not self._is_odd(place):
                assert shown[_identity(self.titles[place[0]], place[1])], f"{place} is not in the index"

    @invariant()
    def no_play_is_there_twice(self) -> None:
        self.simulator.settle()
        held = Counter(_identity(play.title, play.minute) for play in self.account.plays)
        theirs = {_identity(title, minute) for title in self.others for minute in MINUTES}
        twice = [name for name, count in held.items() if count > 1 and name not in theirs]
        assert not twice, f"twice: {twice}"
        assert all(held[name] == self.foreign[name] for name in theirs), "a play of another device's"

    # --- the end

    def all_heals(self) -> None:
        """A few healthy runs after the last trouble: as if nothing had happened."""
        self.simulator.forgive()
        self.simulator.lag.everywhere(0)
        for film in self.world.films[:4]:
            self.account.unhide(film)
        self.account.hidden.when_played.clear()
        self.world.clock.advance(LAG_S + RESEND_S + TRUST_S)
        self.processes[1] = Process(self.world, settings=self.processes[0].settings)
        open_places: list[Place] = []
        for _ in range(4):
            open_places = self._run_healthy()
            self.world.clock.advance(LAG_S + RESEND_S + 31)
            self.no_play_is_there_twice()
        shown = self._shown(self.index(1, "history", None))
        for place, truth in self.truth.items():
            name = _identity(self.titles[place[0]], place[1])
            if self._is_odd(place) or truth.lied or truth.unseen:
                continue
            if truth.wished == "there":
                assert self._held(place) == 1 or place in open_places, f"{place} was lost"
                assert place not in open_places or self._may_stay_open(place), f"{place} stays open"
            if truth.wished == "gone":
                assert self._held(place) == 0 or place in open_places, f"{place} was not removed"
                assert place not in open_places or self._may_stay_open(place), f"{place} stays open"
            assert shown[name] == self._held(place), f"{place} in the index: {shown[name]}"

    def _run_healthy(self) -> list[Place]:
        """Ask again for all that is wished; gives what is not settled."""
        wanted = [place for place, truth in self.truth.items() if truth.wished == "there"]
        unwanted = [place for place, truth in self.truth.items() if truth.wished == "gone"]
        left: list[Place] = []
        quiet = {
            "type": "movie",
            "ids": {"tmdb": self.world.films[9].ids["tmdb"]},
            "watched_at": PAST - 86_400,
        }
        wishes: list[tuple[Operation, list[Place]]] = [("add", wanted), ("remove", unwanted)]
        for operation, places in wishes:
            items = [self._item(place, "tmdb") for place in places]
            given = [*items, quiet] if operation == "add" else items
            report = self._call(1, operation, places, given, None, meant=operation == "remove")
            assert report is not None
            ended = ends(report, items)
            left += [place for place, (end, _) in zip(places, ended, strict=True) if end == "unresolved"]
            if operation == "add":
                for place, (_, reason) in zip(places, ended, strict=True):
                    if reason == "near":
                        self.truth[place].wished = "either"
        return left

    def _may_stay_open(self, place: Place) -> bool:
        """What `rules.md` leaves to the user: unknown dates, and what has a stranger in its minute."""
        title, minute = self.titles[place[0]], place[1]
        beside = [
            play for play in self.account.plays if play.title.kind == title.kind and play.minute == minute
        ]
        return minute == 0 or any(play.title is not title for play in beside)

    # --- helpers

    def _call(
        self,
        who: int,
        operation: Operation,
        places: Sequence[Place],
        items: Sequence[Item],
        kill_at: KillAt,
        *,
        meant: bool = False,
    ) -> Report | None:
        """Add or remove. What other plays there are is left alone."""
        self.simulator.settle()
        before = set(self.account.plays)
        report = self.write(who, "history", operation, items, kill_at, meant=meant)
        after = set(self.account.plays)
        taken = {
            (self.titles.index(play.title), play.minute)
            for play in before
            if play not in after and play.title in self.titles
        }
        named = set(places) if operation == "remove" else set()
        assert taken <= named | self.late, f"nobody named {taken - named}"
        if operation == "remove" and (report is None or self.met is not None):
            self.late |= named
        return report

    def _shown(self, index: Mapping[str, Item] | Problem | None) -> Counter[Identity]:
        """The plays of an index; that there is none is no answer here."""
        assert isinstance(index, Mapping), index
        return Counter(self._name(item) for item in index.values())

    def _name(self, item: Item) -> Identity:
        """Which play an item of the index names."""
        minute = int(datetime.fromisoformat(str(item["watched_at"])).timestamp())
        for title in (*self.titles, *self.others, *self.lands.values(), self.world.films[9]):
            if names(item, title):
                return _identity(title, minute)
        raise AssertionError(f"an unknown item: {item}")

    def _held(self, place: Place) -> int:
        """How many plays of this name Trakt has, wherever they landed."""
        self.simulator.settle()
        title = self.lands.get(place[0], self.titles[place[0]])
        return sum(1 for play in self.account.plays if play.title is title and play.minute == place[1])

    def _is_odd(self, place: Place) -> bool:
        """Whether its plays land elsewhere, or where nobody sees them."""
        return place[0] in self.lands or self.account.hidden.covers(self.titles[place[0]])

    def _item(self, place: Place, spelling: str) -> Item:
        title, minute = self.titles[place[0]], place[1]
        watched_at: object = minute or "unknown"
        if isinstance(title, Episode) and spelling == "numbers":
            return episode_item(title, watched_at=watched_at)
        wanted = ("tmdb", "imdb", "trakt") if spelling == "all" else (spelling,)
        ids = {name: title.ids[name] for name in wanted if name in title.ids} or {"tmdb": title.ids["tmdb"]}
        if (
            place[0] in self.lands
        ):  # whoever names it by several ids that Trakt no longer knows names two plays
            ids = {"tmdb": title.ids["tmdb"]}
        return {"type": title.kind, "ids": ids, "watched_at": watched_at}


def _apart(places: Sequence[Place]) -> list[Place]:
    """Without plays of a title that are near to one another."""
    return [place for place in places if place[1] != PAST + 60]


def _identity(title: Watchable, minute: int) -> Identity:
    return title.kind, title.trakt, minute


TestPlays = Plays.TestCase
TestPlays.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, print_blob=True, report_multiple_bugs=False
)
