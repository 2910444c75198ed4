"""`OPS`: what the engine and CrossWatch's tools call, one at a time and all at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from returns.result import Result

from crosswatch_trakt.adapters import crosswatch
from crosswatch_trakt.adapters.crosswatch import ops as ops_module
from crosswatch_trakt.adapters.crosswatch.ops import Ops
from crosswatch_trakt.adapters.state import FileState
from crosswatch_trakt.domain.problems import StateUnwritable
from tests.crosswatch.calling import AT, DAY_S, MINUTE, calling
from tests.crosswatch.pairs import environment
from tests.crosswatch.trakt import theirs
from tests.crosswatch.values import Item, texts

STAMPS = "/sync/last_activities"
FEATURES = ("watchlist", "ratings", "history")


def test_the_context_is_one_for_all_that_the_provider_does() -> None:
    ops, context = Ops(), object()
    setattr(ops, "ctx", context)  # noqa: B010 - as the engine does

    assert ops.ctx is context
    assert ops._sessions.context is context
    ops.ctx = None
    assert ops.ctx is None


def test_the_engine_finds_the_module_of_the_provider_to_put_its_context_into() -> None:
    assert Ops.__module__ == ops_module.__name__
    assert crosswatch.ctx is None


@pytest.mark.parametrize(
    "hook",
    ["prepare_source_snapshot", "dropped_show_tokens", "destination_comparison_view", "finalize_add"],
)
def test_hooks_that_would_say_nothing_are_not_there(hook: str) -> None:
    assert not hasattr(crosswatch.OPS, hook)


def test_all_that_the_engine_asks_for_is_there() -> None:
    for name in ("name", "label", "features", "capabilities", "build_index", "add", "remove"):
        assert callable(getattr(crosswatch.OPS, name))
    assert crosswatch.OPS.index_semantics({}, feature="history") == "present"
    assert {crosswatch.OPS.features()[name] for name in FEATURES} == {True}


def test_what_changed_last_is_told_of_each_feature_as_a_moment(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        before = cw.ops.activities(cw.view())
        assert before.keys() == {*FEATURES, "updated_at"}
        cw.clock.advance(120)
        cw.account.rate(cw.films[0], 5)
        after = cw.ops.activities(cw.view())

        assert after["ratings"] > before["ratings"]
        assert after["updated_at"] >= after["ratings"]
        assert (after["watchlist"], after["history"]) == (before["watchlist"], before["history"])


def test_a_fresh_snapshot_is_the_index_once_more(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        item: Item = {**theirs(cw.films[0]), "watched_at": AT}
        cw.ops.add(cw.view(), [item], feature="history")
        fresh = cw.ops.snapshot_refresh(cw.view(), feature="history")

        assert fresh == cw.ops.build_index(cw.view(), feature="history")
        assert list(fresh) == [f"tmdb:{cw.films[0].ids['tmdb']}@{MINUTE}"]


def test_crosswatchs_tools_clear_a_feature_through_the_adapter(tmp_path: Path) -> None:
    with calling(tmp_path, scope=None) as cw:
        for film in cw.films:
            cw.account.watch(film, MINUTE)
            cw.account.watch(film, MINUTE + DAY_S)
            cw.account.rate(film, 5, MINUTE)
            cw.account.put_on_watchlist(film)
        adapter = cw.ops._adapter(cw.view(by_hand=True))
        for feature in FEATURES:
            with environment(CW_CAPTURE_MODE="1", CW_CAPTURE_PROVIDER="TRAKT"):
                rows = list(adapter.build_index(feature).values())
                marks: Item = {"_cw_tool_clear": True} if feature == "history" else {}
                result = adapter.remove(feature, [{**row, **marks} for row in rows], dry_run=False)
                assert (result["ok"], result["unresolved"]) == (True, [])
                assert adapter.build_index(feature) == {}

        assert not cw.account.watchlist
        assert not cw.account.ratings
        assert not cw.account.plays


def test_captures_and_a_sync_at_once_see_the_same(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        for number, film in enumerate(cw.films):
            cw.account.watch(film, MINUTE + number * DAY_S)
            cw.account.rate(film, 1 + number, MINUTE)
        for show in cw.shows:  # not films: Trakt takes off what is watched
            cw.account.put_on_watchlist(show)
        new = [{**theirs(film), "watched_at": "2024-09-01T10:00:00Z"} for film in cw.films]

        def read(feature: str) -> int:
            return len(cw.ops.build_index(cw.view(by_hand=True), feature=feature))

        def write(part: list[Item]) -> int:
            return len(texts(cw.ops.add(cw.view(), part, feature="history")["confirmed_keys"]))

        with ThreadPoolExecutor(8) as pool:
            reading = [pool.submit(read, feature) for feature in FEATURES * 4]
            writing = [pool.submit(write, new[start : start + 5]) for start in (0, 5, 0, 5)]
            seen = [one.result() for one in reading]
            written = sum(one.result() for one in writing)

        assert set(seen[0::3]) == {len(cw.shows)}
        assert set(seen[1::3]) == {10}
        assert set(seen[2::3]) <= {10, 15, 20}
        assert written == 10
        assert set(cw.held.values()) == {1}


def test_plays_in_chunks_cost_no_reading_and_no_copy_of_the_whole_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted in requests and in documents written; how much time ten thousand take is measured elsewhere."""
    with calling(tmp_path) as cw:
        films = [cw.simulator.catalogue.movie(f"Many {number}", 2001) for number in range(100)]
        plays: list[Item] = [
            {**theirs(film), "watched_at": MINUTE + day * DAY_S + place * 300}
            for day in range(20)
            for place, film in enumerate(films)
        ]
        cw.ops.build_index(cw.view(), feature="history")
        written: list[tuple[str, int]] = []
        write = FileState.write

        def noted(self: FileState, name: str, body: bytes) -> Result[None, StateUnwritable]:
            written.append((name, len(body)))
            return write(self, name, body)

        monkeypatch.setattr(FileState, "write", noted)
        read = cw.asked("GET") - cw.asked("GET", STAMPS)
        for start in range(0, len(plays), 100):
            assert cw.ops.add(cw.view(), plays[start : start + 100], feature="history")["ok"]

        assert cw.asked("POST", "/sync/history") == 20
        assert len(cw.account.plays) == 2000
        assert cw.asked("GET") - cw.asked("GET", STAMPS) == read, "beside one look at the stamps a POST"
        assert sum(size for _, size in written) < 1000, "nothing that grows with the history"
        assert max(cw.held.values()) == 1
