"""The files that CrossWatch's own pages read: names, scopes, shapes, and when they are left alone."""

import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from returns.result import Failure, Result

from crosswatch_trakt.adapters.crosswatch import host
from crosswatch_trakt.adapters.crosswatch.remembered import MARK
from crosswatch_trakt.adapters.simulator import Fault
from crosswatch_trakt.adapters.state import FileState
from crosswatch_trakt.domain.problems import StateUnwritable
from tests.crosswatch.calling import AT, IN_NAMES, MINUTE, Called, calling
from tests.crosswatch.pairs import environment
from tests.crosswatch.trakt import theirs
from tests.crosswatch.values import Config, block

FILES = {
    "watchlist": f"trakt_watchlist.shadow.{IN_NAMES}.json",
    "ratings": f"trakt_ratings.index.{IN_NAMES}.json",
    "history": f"trakt_history.index.{IN_NAMES}.json",
}
WATERMARKS = f"trakt.watermarks.{IN_NAMES}.json"


def filled(cw: Called) -> Called:
    cw.account.watch(cw.films[0], MINUTE)
    cw.account.rate(cw.films[1], 8, MINUTE)
    cw.account.put_on_watchlist(cw.films[2])
    return cw


def read_all(cw: Called, view: Config | None = None) -> dict[str, object]:
    return {feature: cw.ops.build_index(view or cw.view(), feature=feature) for feature in FILES}


def document(cw: Called, name: str) -> Config:
    return block(json.loads((cw.state / name).read_text()))


def there(cw: Called) -> set[str]:
    """The files beside our own folder, save locks."""
    names = (path.name for path in cw.state.iterdir() if path.is_file()) if cw.state.exists() else ()
    return {name for name in names if not name.startswith(".")}


def copies(cw: Called) -> set[str]:
    """Those among them that are of a pair."""
    return {name for name in there(cw) if not name.startswith(("trakt.cache.", f"{MARK}."))}


def is_moment(text: object) -> bool:
    return isinstance(text, str) and datetime.fromisoformat(text.replace("Z", "+00:00")).tzinfo is not None


# --- names and shapes


def test_each_index_is_copied_in_the_shape_of_crosswatchs_own(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        indexes = read_all(filled(cw))
        now = int(cw.clock.now().timestamp())

        assert copies(cw) == {*FILES.values(), WATERMARKS}
        watchlist, ratings, history = (document(cw, name) for name in FILES.values())
        assert watchlist.keys() == {"etag", "ts", "items"}
        assert isinstance(watchlist["etag"], str)
        assert abs(int(str(watchlist["ts"])) - now) < 60
        assert ratings.keys() == {"generated_at", "items", "wm"}
        assert block(ratings, "wm").keys() == {"movies", "shows", "seasons", "episodes"}
        assert all(is_moment(mark) for mark in block(ratings, "wm").values())
        assert history.keys() == {"schema", "generated_at", "validated_at", "wm", "items"}
        assert history["schema"] == 2
        assert is_moment(block(history, "wm")["watched_at"])
        assert all(is_moment(one["generated_at"]) for one in (ratings, history))
        assert [one["items"] for one in (watchlist, ratings, history)] == list(indexes.values())


def test_the_copy_of_a_second_pair_is_as_new_as_the_first_ones(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        filled(cw)
        scopes = {scope: {**cw.view(), "_cw_pair_scope": scope} for scope in ("one", "two")}
        for view in scopes.values():
            cw.ops.build_index(view, feature="watchlist")
        cw.account.put_on_watchlist(cw.films[9])
        cw.clock.advance(1800)
        told = [cw.ops.build_index(view, feature="watchlist") for view in scopes.values()]

        assert told[0] == told[1]
        assert [document(cw, f"trakt_watchlist.shadow.{scope}.json")["items"] for scope in scopes] == told


def test_the_watermarks_are_moments_of_each_feature_none_of_them_to_come(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        read_all(filled(cw))
        marks = document(cw, WATERMARKS)

        assert marks.keys() == {"watchlist", "ratings", "history"}
        for mark in marks.values():
            assert datetime.fromisoformat(str(mark).replace("Z", "+00:00")) <= cw.clock.now()
        assert marks == {name: cw.ops.activities(cw.view())[name] for name in marks}


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("one-way:TRAKT#default-PLEX#default:p1", "one-way_TRAKT_default-PLEX_default_p1"),
        ("a::b//c d", "a_b_c_d"),
        ("cw2_" + "f" * 64, "cw2_" + "f" * 64),
        ("x" * 200, "x" * 96),
        ("ä.b-c_d", "_.b-c_d"),
    ],
)
def test_a_scope_is_written_as_crosswatch_writes_it(key: str, name: str) -> None:
    view = {host.IN_A_PAIR: dict[str, object]()}
    with environment(CW_PAIR_KEY=key):
        assert host.pair_scope(view) == name
        assert host.pair_scope({}) is None, "the pair that runs is another call's"
    assert host.pair_scope({**view, "_cw_pair_scope": key}) == name


# --- where nothing is kept


@pytest.mark.parametrize(
    "around",
    [{}, {"CW_PAIR_KEY": "health:TRAKT#default"}, {"CW_PAIR_KEY": "p", "CW_CAPTURE_MODE": "1"}],
    ids=["no pair", "health", "capture"],
)
def test_outside_a_pair_nothing_is_kept_beside_our_folder(tmp_path: Path, around: dict[str, str]) -> None:
    with calling(tmp_path, scope=None) as cw, environment(**around):
        read_all(filled(cw), cw.view(by_hand=True))
        cw.simulator.fail_next(Fault(status=420), "POST", times=None)
        cw.ops.add(cw.view(by_hand=True), [theirs(cw.films[5])], feature="watchlist")

        assert there(cw) == set()


def test_a_full_account_is_noted_for_the_page_that_shows_it(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        cw.simulator.fail_next(Fault(status=420), "POST", times=None)
        cw.ops.add(cw.view(), [theirs(cw.films[5])], feature="watchlist")
        note = document(cw, "trakt_last_limit_error.json")

        assert note["feature"] == "watchlist"
        assert isinstance(note["ts"], int)


# --- when they are left alone


def test_an_unchanged_index_is_not_written_again(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        read_all(filled(cw))
        before = {name: (cw.state / name).stat().st_ino for name in copies(cw)}
        for _ in range(3):
            cw.clock.advance(1800)
            read_all(cw)

        assert {name: (cw.state / name).stat().st_ino for name in copies(cw)} == before


def test_a_change_and_a_new_pair_are_written(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        read_all(filled(cw))
        cw.clock.advance(1800)
        cw.account.put_on_watchlist(cw.films[4])
        read_all(cw)
        assert len(block(document(cw, FILES["watchlist"]), "items")) == 2
        asked = cw.asked()
        with environment(CW_PAIR_KEY="another"):
            read_all(cw)

        assert len(block(document(cw, "trakt_watchlist.shadow.another.json"), "items")) == 2
        assert cw.asked() - asked <= 3, "our own rows hang on the account: a new scope costs no reading"


def test_what_we_wrote_stands_in_the_copy_of_the_next_run(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        read_all(filled(cw))
        film = theirs(cw.films[5])
        cw.ops.add(cw.view(), [film], feature="watchlist")
        cw.ops.add(cw.view(), [{**film, "rating": 3}], feature="ratings")
        cw.ops.add(cw.view(), [{**film, "watched_at": AT}], feature="history")
        cw.clock.advance(1800)
        indexes = read_all(cw)

        for feature, name in FILES.items():
            assert document(cw, name)["items"] == indexes[feature]


def test_a_cleared_cache_has_everything_read_anew_once(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        read_all(filled(cw))
        cw.clock.advance(1800)
        for name in there(cw):  # a page of CrossWatch's deletes files, and leaves folders
            (cw.state / name).unlink()
        asked = cw.asked("GET", "/sync/history")
        read_all(cw)
        anew = cw.asked("GET", "/sync/history") - asked
        cw.clock.advance(1800)
        read_all(cw)

        assert anew > 0
        assert cw.asked("GET", "/sync/history") - asked == anew
        assert copies(cw) == {*FILES.values(), WATERMARKS}


def test_each_account_heeds_a_cleared_cache(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        bob = cw.simulator.add_account("bob", "b" * 40)
        theirs_too = cw.view(access_token=bob.access_token, refresh_token=bob.refresh_token)
        for view in (cw.view(), theirs_too):
            cw.ops.build_index(view, feature="watchlist")

        assert sum(name.startswith("trakt.cache.") for name in there(cw)) == 2


# --- a folder that cannot be used


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Let every write straight into this folder fail."""
    write = FileState.write

    def fill(folder: Path) -> None:
        def refused(self: FileState, name: str, body: bytes) -> Result[None, StateUnwritable]:
            if self._folder == folder:
                return Failure(StateUnwritable(name, os.strerror(30)))
            return write(self, name, body)

        monkeypatch.setattr(FileState, "write", refused)

    return fill


def test_a_folder_that_cannot_be_written_is_a_line_in_the_log(
    tmp_path: Path, full: Callable[[Path], None]
) -> None:
    with calling(tmp_path) as cw:
        full(cw.state)
        indexes = read_all(filled(cw))

        assert all(len(block(index)) == 1 for index in indexes.values())
        lines = cw.said("state_unwritable")
        assert lines
        assert {line.fields["problem"] for line in lines} == {"Read-only file system"}
        for _ in range(2):
            cw.clock.advance(1800)
            asked = cw.asked()
            read_all(cw)
        assert cw.asked() - asked <= 3, "it is no reason to read everything each time"


def test_another_versions_or_broken_copy_is_no_hindrance(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        read_all(filled(cw))
        for name in there(cw):
            (cw.state / name).write_text("no JSON {")
        cw.clock.advance(1800)

        assert all(len(block(index)) == 1 for index in read_all(cw).values())
