"""What every store of plays does."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from returns.result import Success

from crosswatch_trakt.adapters.history import MemoryHistory, SqliteHistory
from crosswatch_trakt.application.ports import HistoryStore
from crosswatch_trakt.domain.ids import Ids
from crosswatch_trakt.domain.media import Media, MediaType
from crosswatch_trakt.domain.plays import Play

MakeHistory: TypeAlias = Callable[[Path], HistoryStore]

STORES: dict[str, MakeHistory] = {
    "sqlite": lambda folder: SqliteHistory(folder / "state" / "trakt_history.sqlite"),
    "memory": lambda folder: MemoryHistory(),
}
MATRIX = Media(MediaType.MOVIE, Ids(481, "tt0133093", 603, None, "the-matrix-1999"), "The Matrix", 1999)
PILOT = Media(
    MediaType.EPISODE,
    Ids(62085, "tt0959621", 62085, 349232, others=MappingProxyType({"plex": {"guid": "5d9c", "slug": None}})),
    "Pilot",
    2008,
    Ids(1388, "tt0903747", 1396, 81189, "breaking-bad"),
    1,
    1,
    "Breaking Bad",
)


@pytest.fixture(params=STORES)
def history(request: pytest.FixtureRequest, tmp_path: Path) -> HistoryStore:
    return STORES[request.param](tmp_path)


def test_a_new_store_holds_nothing_and_proves_nothing(history: HistoryStore) -> None:
    assert history.proof() == Success(None)
    assert list(history.plays().unwrap()) == []
    assert list(history.plays_at([0, 60]).unwrap()) == []
    assert list(history.titles().unwrap()) == []
    assert history.count() == Success(0)


def test_plays_come_back_whole_with_their_proof(history: HistoryStore) -> None:
    plays = [Play(PILOT, 120, 2), Play(MATRIX, 60, 1)]
    assert history.replace(plays, b"proof\0") == Success(None)

    assert history.plays() == Success(plays)
    assert history.proof() == Success(b"proof\0")
    assert history.count() == Success(2)


def test_an_empty_history_can_be_proven(history: HistoryStore) -> None:
    history.replace([], b"").unwrap()

    assert history.proof() == Success(b"")
    assert history.count() == Success(0)


def test_plays_are_newest_first_and_in_a_minute_by_the_larger_history_id(history: HistoryStore) -> None:
    undated = Play(MATRIX, 0, 99)
    early, late, unseen = Play(MATRIX, 60, 3), Play(MATRIX, 60, 10), Play(PILOT, 60)
    newest = Play(MATRIX, 120, 1)
    history.replace([undated, unseen, early, newest, late], b"").unwrap()

    assert history.plays() == Success([newest, late, early, unseen, undated])


def test_plays_of_one_title_share_one_object(history: HistoryStore) -> None:
    history.replace([Play(replace(PILOT), minute, minute + 1) for minute in (0, 60, 120)], b"").unwrap()
    history.apply([Play(replace(PILOT), 180), Play(MATRIX, 180)], []).unwrap()

    for found in (history.plays().unwrap(), history.plays_at([0, 60, 120, 180]).unwrap()):
        assert len({id(play.media) for play in found}) == 2
        assert len(found) == 5


def test_plays_of_some_minutes_are_those_and_no_other(history: HistoryStore) -> None:
    plays = [Play(MATRIX, minute * 60, minute + 1) for minute in range(3000)]
    history.replace(plays, b"").unwrap()

    assert Counter(history.plays_at([60, 60, 120, 7]).unwrap()) == Counter(plays[1:3])
    assert Counter(history.plays_at(range(0, 180_000, 60)).unwrap()) == Counter(plays)
    assert list(history.plays_at([]).unwrap()) == []


def test_titles_are_those_that_have_a_play_each_once(history: HistoryStore) -> None:
    history.replace([Play(MATRIX, 0, 1), Play(MATRIX, 60, 2), Play(PILOT, 0, 3)], b"").unwrap()
    assert Counter(history.titles().unwrap()) == Counter([MATRIX, PILOT])

    history.apply([], [Play(PILOT, 0, 3)]).unwrap()
    assert list(history.titles().unwrap()) == [MATRIX]


def test_a_change_adds_and_removes_and_leaves_the_proof(history: HistoryStore) -> None:
    history.replace([Play(MATRIX, 0, 1), Play(MATRIX, 60, 2)], b"proof").unwrap()
    assert history.apply([Play(PILOT, 120, 3)], [Play(MATRIX, 0, 1), Play(MATRIX, 0, 404)]) == Success(None)

    assert history.plays() == Success([Play(PILOT, 120, 3), Play(MATRIX, 60, 2)])
    assert history.proof() == Success(b"proof")


def test_a_change_with_a_proof_keeps_the_proof(history: HistoryStore) -> None:
    history.replace([Play(MATRIX, 0, 1)], b"before").unwrap()
    history.apply([Play(MATRIX, 60, 2)], [], b"after").unwrap()

    assert history.proof() == Success(b"after")


def test_a_hidden_play_is_kept_as_one(history: HistoryStore) -> None:
    play = Play(MATRIX, 60, 1, hidden=True)
    history.replace([play], b"").unwrap()

    assert history.plays() == Success([play])
    assert history.plays_at([60]) == Success([play])


def test_two_plays_without_a_history_id_in_one_minute_are_two(history: HistoryStore) -> None:
    history.apply([Play(MATRIX, 60), Play(MATRIX, 60)], []).unwrap()
    history.apply([Play(MATRIX, 60)], []).unwrap()

    assert history.plays() == Success([Play(MATRIX, 60)] * 3)


def test_a_play_without_a_history_id_goes_by_its_title_and_minute(history: HistoryStore) -> None:
    history.apply([Play(MATRIX, 60), Play(MATRIX, 60, 5), Play(MATRIX, 120), Play(PILOT, 60)], []).unwrap()
    history.apply([], [Play(MATRIX, 60)]).unwrap()

    assert Counter(history.plays().unwrap()) == Counter(
        [Play(MATRIX, 60, 5), Play(MATRIX, 120), Play(PILOT, 60)]
    )


def test_a_history_id_put_again_is_one_play_the_later(history: HistoryStore) -> None:
    history.replace([Play(MATRIX, 0, 1), Play(MATRIX, 60, 1)], b"").unwrap()
    assert history.plays() == Success([Play(MATRIX, 60, 1)])

    history.apply([Play(PILOT, 120, 1)], []).unwrap()
    history.apply([Play(PILOT, 180, 1)], [Play(PILOT, 120, 1)]).unwrap()  # moved: removed first, then added
    assert history.plays() == Success([Play(PILOT, 180, 1)])


def test_replacing_forgets_all_before_and_clearing_forgets_all(history: HistoryStore) -> None:
    history.replace([Play(MATRIX, 0, 1), Play(MATRIX, 0)], b"1").unwrap()
    history.replace([Play(PILOT, 0, 2)], b"2").unwrap()
    assert history.plays() == Success([Play(PILOT, 0, 2)])
    assert list(history.titles().unwrap()) == [PILOT]
    assert history.proof() == Success(b"2")

    assert history.clear() == Success(None)
    assert history.clear() == Success(None)
    assert history.count() == Success(0)
    assert history.proof() == Success(None)


def test_plays_may_be_a_generator_and_one_that_fails_changes_nothing(history: HistoryStore) -> None:
    history.replace((Play(MATRIX, minute * 60, minute + 1) for minute in range(3)), b"old").unwrap()

    def broken() -> Iterator[Play]:
        yield Play(PILOT, 0, 9)
        raise RuntimeError("ours")

    with pytest.raises(RuntimeError, match="ours"):
        history.replace(broken(), b"new")
    with pytest.raises(RuntimeError, match="ours"):
        history.apply(broken(), [Play(MATRIX, 0, 1)])
    assert history.count() == Success(3)
    assert history.proof() == Success(b"old")


def test_changes_of_several_threads_are_all_kept(history: HistoryStore) -> None:
    def add(number: int) -> None:
        history.apply([Play(MATRIX, 60 * number, 1000 + number), Play(PILOT, 60 * number)], []).unwrap()
        history.plays_at([60 * number]).unwrap()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(60)))

    assert history.count() == Success(120)
    assert len(history.titles().unwrap()) == 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
numbers = st.none() | st.integers(1, 2**63 - 1)
texts = st.none() | st.text(st.characters(), max_size=5)  # half characters too
ids = st.builds(
    Ids,
    numbers,
    texts,
    numbers,
    numbers,
    texts,
    st.dictionaries(st.text(max_size=3), json_values, max_size=2).map(MappingProxyType),
)
media = st.builds(Media, st.sampled_from(MediaType), ids, texts, numbers, ids, numbers, numbers, texts)


@settings(max_examples=60, deadline=None)
@given(st.lists(media, min_size=1, max_size=3))
def test_every_title_comes_back_equal(titles: list[Media]) -> None:
    plays = [Play(title, 0, len(titles) - place) for place, title in enumerate(titles)]
    with TemporaryDirectory() as folder:
        for make in STORES.values():
            history = make(Path(folder))
            history.replace(plays, b"").unwrap()
            assert history.plays() == Success(plays)


minutes = st.integers(0, 4).map(lambda minute: minute * 60)
history_ids = st.integers(1, 8)
plays = st.builds(
    Play, st.sampled_from([MATRIX, PILOT, replace(MATRIX, title=None)]), minutes, st.none() | history_ids
)


class Histories(RuleBasedStateMachine):
    """All stores against a list of plays."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.stores = [make(Path(self.folder.name)) for make in STORES.values()]
        self.model: list[Play] = []
        self.proof: bytes | None = None

    def teardown(self) -> None:
        self.folder.cleanup()

    @rule(new=st.lists(plays, max_size=6), proof=st.binary(max_size=3))
    def replace(self, new: list[Play], proof: bytes) -> None:
        self.model, self.proof = [], proof
        self._add(new)
        for store in self.stores:
            store.replace(iter(new), proof).unwrap()

    @rule(added=st.lists(plays, max_size=4), removed=st.lists(plays, max_size=4))
    def apply(self, added: list[Play], removed: list[Play]) -> None:
        ids = {play.history_id for play in removed} - {None}
        self.model = [
            play
            for play in self.model
            if play.history_id not in ids and not (play.history_id is None and play in removed)
        ]
        self._add(added)
        for store in self.stores:
            store.apply(iter(added), removed).unwrap()

    @rule()
    def clear(self) -> None:
        self.model, self.proof = [], None
        for store in self.stores:
            store.clear().unwrap()

    @rule(wanted=st.sets(minutes))
    def look_up(self, wanted: set[int]) -> None:
        for store in self.stores:
            found = store.plays_at(wanted).unwrap()
            assert Counter(found) == Counter(play for play in self.model if play.minute in wanted)

    @invariant()
    def all_hold_the_same(self) -> None:
        for store in self.stores:
            assert list(store.plays().unwrap()) == sorted(self.model, key=_newest_first)
            assert store.count() == Success(len(self.model))
            assert store.proof() == Success(self.proof)
            assert Counter(store.titles().unwrap()) == Counter({play.media for play in self.model})

    def _add(self, new: list[Play]) -> None:
        for play in new:
            if play.history_id is not None:
                self.model = [old for old in self.model if old.history_id != play.history_id]
            self.model.append(play)


def _newest_first(play: Play) -> tuple[int, bool, int]:
    return -play.minute, play.history_id is None, -(play.history_id or 0)


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
