"""The watchlist and ratings against a model: whatever is lost, late, cut, short, behind or killed.

Two processes add, remove and read, another device acts on the same lists, also between two pages. The model
knows what was wished last for each title; the simulator is the truth. No word is false, no index is short
or has what is gone, and once all is healthy the lists hold exactly what was wished.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from crosswatch_trakt.adapters.simulator import Fault, broken
from crosswatch_trakt.adapters.simulator.paging_faults import PagingFaults
from crosswatch_trakt.adapters.simulator.titles import Episode, Season, Title
from crosswatch_trakt.application.features import Feature
from crosswatch_trakt.application.trakt.recent import KEPT_S
from crosswatch_trakt.domain.journal import LAG_S
from crosswatch_trakt.domain.unresolved import Operation
from tests.application.killing import Process
from tests.application.modelling import (
    LIES,
    TRUST_S,
    KillAt,
    Modelled,
    at_a_post,
    ends,
    faults,
    lags,
    names,
)
from tests.application.world import Item

Place: TypeAlias = tuple[Feature, int]  # the number of a title

OURS = 8  # titles that we list and rate
FEATURES: tuple[Feature, ...] = ("watchlist", "ratings")
LISTED = 0  # what stands for a rating on the watchlist

features = st.sampled_from(FEATURES)
titles = st.lists(st.integers(0, OURS - 1), min_size=1, max_size=5, unique=True)
values = st.integers(1, 10)
kills = st.none() | st.integers(1, 10) | at_a_post
spellings = st.sampled_from(["tmdb", "imdb", "trakt", "all", "numbers"])

PAGES: dict[str, Fault] = {
    "502": broken.server_error(502),
    "520 after": broken.server_error(520, before=False),
    "404": Fault(status=404),
    "401": Fault(status=401),
    "429": broken.too_many(7),
    "lost": Fault(lost=True),
    "timed out": Fault(timed_out=True),
    "cut": broken.cut_json(),
    "cut off": broken.cut_off(),
    "empty": broken.empty(),
    "garbage": broken.garbage(),
    "html": broken.no_json(),
    "shape": broken.wrong_shape(),
    "no rows": broken.wrong_shape([]),
    "unannounced": broken.no_paging_headers(),
    "short": Fault(paging=PagingFaults(short_pages={page: page % 2 for page in range(1, 9)})),
    "counted high": Fault(paging=PagingFaults(count_off=3)),
    "counted low": Fault(paging=PagingFaults(count_off=-3)),
    "repeated": Fault(paging=PagingFaults(repeated=1)),
    "displaced": Fault(paging=PagingFaults(displaced=1)),
}
page_faults = st.none() | st.sampled_from(["short", "no rows"]) | st.sampled_from(sorted(PAGES))


class Lists(Modelled):
    """The lists hold what was wished last; no false word, no short index."""

    def __init__(self) -> None:
        super().__init__()
        films, shows = self.world.films, self.world.shows
        self.titles: list[Title] = [
            *films[:3],
            *shows,
            shows[0].season(1),
            shows[0].episode(1, 1),
            shows[0].episode(1, 2),
        ]
        self.others: list[Title] = [*films[3:9], shows[1].episode(1, 1)]
        self.wished: dict[Place, int | None] = {}  # a value, LISTED, or None: it is to be gone
        self.theirs: dict[Place, int] = {}  # of another device, by the number of the other title
        self.held = {feature: self._server(feature) for feature in FEATURES}
        self.changed_at: dict[tuple[Feature, Title], float] = {}
        self.lagged = False

    # --- how things are

    @initialize(page=st.sampled_from([1, 2, 3, 250]), batch=st.sampled_from([1, 2, 100]))
    def begins(self, page: int, batch: int) -> None:
        self.simulator.paging.rows_max = page
        for process in self.processes:
            process.settings = {"watchlist_batch_size": batch, "ratings_chunk_size": batch, "page_threads": 1}

    @rule(watchlist=lags, ratings=lags, counts=lags | st.none(), stats=lags)
    def lags_change(self, watchlist: float, ratings: float, counts: float | None, stats: float) -> None:
        lag = self.simulator.lag
        lag.watchlist_s, lag.ratings_s, lag.counts_s, lag.stats_s = watchlist, ratings, counts, stats
        self.lagged = self.lagged or any((watchlist, ratings, counts, stats))

    # --- another device

    @rule(feature=features, title=st.integers(0, 6), value=values)
    def another_device_adds(self, feature: Feature, title: int, value: int) -> None:
        self._do(feature, self.others[title], value)

    @rule(feature=features, title=st.integers(0, 6))
    def another_device_removes(self, feature: Feature, title: int) -> None:
        self._do(feature, self.others[title], None)

    @rule(feature=features, title=st.integers(0, OURS - 1), value=st.none() | values)
    def another_device_changes_ours(self, feature: Feature, title: int, value: int | None) -> None:
        self._do(feature, self.titles[title], value)

    @rule(
        feature=features,
        title=st.integers(0, 6),
        value=st.none() | values,
        page=st.integers(1, 3),
    )
    def another_device_acts_between_pages(
        self, feature: Feature, title: int, value: int | None, page: int
    ) -> None:
        self.simulator.between_pages(
            lambda: self._do(feature, self.others[title], value), page, f"/sync/{feature}"
        )

    def _do(self, feature: Feature, title: Title, value: int | None) -> None:
        """As another device: list or rate (a value), or take off."""
        if feature == "watchlist":
            (self.account.take_off_watchlist if value is None else self.account.put_on_watchlist)(title)
        elif value is None:
            self.account.unrate(title)
        else:
            self.account.rate(title, value)
        if title in self.others:
            place = feature, self.others.index(title)
            self.theirs.pop(place, None)
            if value is not None:
                self.theirs[place] = value if feature == "ratings" else LISTED
        self._note_changes()

    # --- the library

    @rule(
        who=st.integers(0, 1),
        feature=features,
        numbers=titles,
        value=values,
        spelling=spellings,
        kill_at=kills,
        fault=faults,
    )
    def adds(
        self,
        who: int,
        feature: Feature,
        numbers: Sequence[int],
        value: int,
        spelling: str,
        kill_at: KillAt,
        fault: str | None,
    ) -> None:
        self.next_post_fails(feature, fault)
        for number in numbers:
            self.wished[feature, number] = LISTED if feature == "watchlist" else value
        self._write(who, "add", feature, numbers, spelling, kill_at)

    @rule(
        who=st.integers(0, 1),
        feature=features,
        numbers=titles,
        spelling=spellings,
        kill_at=kills,
        fault=faults,
    )
    def removes(
        self,
        who: int,
        feature: Feature,
        numbers: Sequence[int],
        spelling: str,
        kill_at: KillAt,
        fault: str | None,
    ) -> None:
        self.next_post_fails(feature, fault)
        for number in numbers:
            self.wished[feature, number] = None
        self._write(who, "remove", feature, numbers, spelling, kill_at)

    @rule(
        who=st.integers(0, 1),
        feature=features,
        kill_at=kills,
        fault=page_faults,
        after=st.integers(0, 4),
    )
    def indexes(self, who: int, feature: Feature, kill_at: KillAt, fault: str | None, after: int) -> None:
        if fault is not None:  # if it does not come up now, then in a later reading
            self.simulator.fail_next(PAGES[fault], "GET", f"/sync/{feature}", after=after)
        self.simulator.settle()
        self._note_changes()
        due = self._unchanged_for(feature, LAG_S * self.lagged + KEPT_S)
        before = self.held[feature]
        index = self.index(who, feature, kill_at)
        self._note_changes()
        if not isinstance(index, Mapping):
            return
        shown = self._shown(index)
        for title in due:
            if before.get(title) == self.held[feature].get(title):
                assert shown.get(title) == before.get(title), f"{_name(title)} is not as it is in {feature}"

    @invariant()
    def nobody_touches_what_was_not_named(self) -> None:
        self.simulator.settle()
        self._note_changes()
        for feature in FEATURES:
            theirs = {title: value for title, value in self.held[feature].items() if title in self.others}
            assert theirs == {
                self.others[number]: value for (of, number), value in self.theirs.items() if of == feature
            }

    # --- the end

    def all_heals(self) -> None:
        self.simulator.forgive()
        self.simulator.lag.everywhere(0)
        self.world.clock.advance(LAG_S + TRUST_S)
        self.processes[1] = Process(self.world, settings=self.processes[0].settings)
        for _ in range(2):
            for feature in FEATURES:
                self._run_healthy(feature)
            self.world.clock.advance(LAG_S + KEPT_S + 1)
        for feature in FEATURES:
            wished = {
                **{self.others[n]: value for (of, n), value in self.theirs.items() if of == feature},
                **{
                    self.titles[n]: value
                    for (of, n), value in self.wished.items()
                    if of == feature and value is not None
                },
            }
            for number, title in enumerate(self.titles):  # what only another device did stays as it is
                if (feature, number) not in self.wished and title in self._server(feature):
                    wished[title] = self._server(feature)[title]
            assert self._server(feature) == wished, f"{feature} is not as it was wished"
            for who in (0, 1):
                index = self.index(who, feature, None)
                assert isinstance(index, Mapping), index
                assert self._shown(index) == wished, f"the index of {feature} is not as it was wished"

    def _run_healthy(self, feature: Feature) -> None:
        """Ask again for all that is wished."""
        wished = [(number, value) for (of, number), value in self.wished.items() if of == feature]
        wanted = [number for number, value in wished if value is not None]
        unwanted = [number for number, value in wished if value is None]
        wishes: list[tuple[Operation, list[int]]] = [("add", wanted), ("remove", unwanted)]
        for operation, numbers in wishes:
            left = self._write(1, operation, feature, numbers, "tmdb", None, meant=operation == "remove")
            assert not left, f"{left} stay open"

    # --- helpers

    def _write(
        self,
        who: int,
        operation: Operation,
        feature: Feature,
        numbers: Sequence[int],
        spelling: str,
        kill_at: KillAt,
        *,
        meant: bool = False,
    ) -> list[tuple[int, str | None]]:
        """Add or remove, and look whether what was said is true; gives what is not settled, and why."""
        self.simulator.settle()
        self._note_changes()
        trusted_s = TRUST_S + KEPT_S + LAG_S * self.lagged
        known = self._unchanged_for(feature, trusted_s)
        items = [self._item(feature, number, spelling) for number in numbers]
        report = self.write(who, feature, operation, items, kill_at, meant=meant)
        self._note_changes()
        if self.met in LIES:  # what it was told, a process believes for a while
            self.changed_at |= {(feature, self.titles[number]): self.now for number in numbers}
        if report is None:
            return []
        left = []
        for number, (end, reason) in zip(numbers, ends(report, items), strict=True):
            title, wished = self.titles[number], self.wished[feature, number]
            if end == "unresolved":
                assert reason not in ("not_found", "unsupported_type", "missing_ids"), (number, reason)
                left.append((number, reason))
            elif title in known and self.met not in LIES:
                held = self.held[feature].get(title)
                assert held == wished, f"{end} {reason} of {_name(title)} in {feature} is false: {held}"
        return left

    def _server(self, feature: Feature) -> dict[Title, int]:
        """What the account has."""
        if feature == "watchlist":
            return dict.fromkeys(self.account.watchlist, LISTED)
        return {title: rated.rating for title, rated in self.account.ratings.items()}

    def _note_changes(self) -> None:
        for feature in FEATURES:
            now = self._server(feature)
            for title in now.keys() | self.held[feature].keys():
                if now.get(title) != self.held[feature].get(title):
                    self.changed_at[feature, title] = self.now
            self.held[feature] = now

    def _unchanged_for(self, feature: Feature, seconds: float) -> list[Title]:
        """The titles of which every list tells the truth by now, those that are not there too."""
        return [
            title
            for title in (*self.titles, *self.others)
            if self.now - self.changed_at.get((feature, title), 0) > seconds
        ]

    def _shown(self, index: Mapping[str, Item]) -> dict[Title, int]:
        """The titles of an index with their values, each once."""
        shown: dict[Title, int] = {}
        for item in index.values():
            title = next(title for title in (*self.titles, *self.others) if names(item, title))
            assert title not in shown, f"{_name(title)} stands there twice"
            rating = item.get("rating", LISTED)
            assert isinstance(rating, int)
            shown[title] = rating
        return shown

    def _item(self, feature: Feature, number: int, spelling: str) -> Item:
        title, value = self.titles[number], self.wished[feature, number]
        wanted = ("tmdb", "imdb", "trakt") if spelling == "all" else (spelling,)
        ids = {name: title.ids[name] for name in wanted if title.ids.get(name)} or {"tmdb": title.ids["tmdb"]}
        item: Item = {"type": title.kind, "ids": ids}
        if isinstance(title, Season | Episode):
            item["show_ids"] = {"tmdb": title.show.ids["tmdb"]}
            item["season"] = title.season.number if isinstance(title, Episode) else title.number
            if isinstance(title, Episode):
                item["episode"] = title.number
            if spelling == "numbers":
                item["ids"] = {}
        if value:
            item["rating"] = value
        return item


def _name(title: Title) -> str:
    return f"{title.kind} {title.trakt}"


TestLists = Lists.TestCase
TestLists.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, print_blob=True, report_multiple_bugs=False
)
