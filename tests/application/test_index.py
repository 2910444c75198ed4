"""Indexes: whole or not at all, and nothing new, nothing done."""

import json
from datetime import UTC, datetime
from typing import get_args

import pytest

from crosswatch_trakt import TraktError
from crosswatch_trakt.adapters.simulator import Fault
from crosswatch_trakt.application.features import Feature
from crosswatch_trakt.application.ports import SnapshotProgress
from crosswatch_trakt.domain.journal import LAG_S
from crosswatch_trakt.domain.problems import (
    AppRefused,
    BadInput,
    Incomplete,
    SignInAgain,
    Unavailable,
    UnexpectedAnswer,
)
from tests.application.world import World

FEATURES: tuple[Feature, ...] = get_args(Feature)


def fill(world: World) -> None:
    """Something in every list: 300 plays, so that history has more than a page."""
    account = world.account
    for number in range(300):
        account.watch(world.films[number % 10], at=1_600_000_000 + 3600 * number)
    account.watch(world.shows[0].episode(0, 1), at=1_500_000_000)
    for film in world.films[:8]:
        account.put_on_watchlist(film)
        account.rate(film, 7)
    account.put_on_watchlist(world.shows[0].season(1))
    account.put_on_watchlist(world.shows[1].episode(1, 2))
    account.rate(world.shows[0], 9)
    account.rate(world.shows[0].season(1), 8)
    account.rate(world.shows[0].episode(1, 1), 6)
    world.clock.advance(3600)


def test_an_index_holds_every_row_of_the_account(world: World) -> None:
    fill(world)
    with world.open() as trakt:
        watchlist, ratings, history = (trakt.index(feature) for feature in FEATURES)

    assert len(watchlist) == 10
    assert len(ratings) == 11
    assert len(history) == 301
    assert {item["history_id"] for item in history.values()} == {play.id for play in world.account.plays}
    assert {item["type"] for item in ratings.values()} == {"movie", "show", "season", "episode"}
    assert all(index.complete and not index.stale and index.hidden == 0 for index in (watchlist, ratings))


def test_a_history_is_newest_first(world: World) -> None:
    fill(world)
    with world.open() as trakt:
        dates = [item["watched_at"] for item in trakt.index("history").values()]

    assert dates == sorted(dates, key=str, reverse=True)


def test_a_film_and_a_show_with_one_number_are_two_entries(world: World) -> None:
    film, show = world.films[0], world.shows[0]
    assert film.ids["tmdb"] == show.ids["tmdb"], "the simulator shares numbers on purpose"
    for title in (film, show):
        world.account.put_on_watchlist(title)
        world.account.rate(title, 5)

    with world.open() as trakt:
        for feature in ("watchlist", "ratings"):
            assert {f"movie:tmdb:{film.ids['tmdb']}", f"show:tmdb:{show.ids['tmdb']}"} <= set(
                trakt.index(feature)
            )


def test_several_plays_of_one_item_and_of_one_minute_all_stay(world: World) -> None:
    film = world.films[0]
    first = world.account.watch(film, at=1_600_000_045)
    second = world.account.watch(film, at=1_600_000_045)
    world.account.watch(film, at=1_700_000_000)

    with world.open() as trakt:
        keys = list(trakt.index("history"))

    key = f"movie:tmdb:{film.ids['tmdb']}@1600000020"
    assert set(keys[1:]) == {key, f"{key}~h{max(first.id, second.id)}"}
    assert len(keys) == 3


def test_an_unchanged_account_costs_one_request_and_no_rewrite(world: World) -> None:
    fill(world)
    with world.open() as trakt:
        first = {feature: dict(trakt.index(feature)) for feature in FEATURES}
    written = {path: path.stat().st_mtime_ns for path in world.state.iterdir()}
    world.clock.advance(3600)

    before = world.asked()
    with world.open(another_process=True, verify="never") as trakt:
        again = {feature: trakt.index(feature) for feature in FEATURES}

    assert world.asked() - before == 1
    assert {feature: dict(index) for feature, index in again.items()} == first
    assert not any(index.fetched for index in again.values())
    assert {path: path.stat().st_mtime_ns for path in world.state.iterdir()} == written


def test_an_unchanged_watchlist_is_served_from_its_shadow_by_a_304(world: World) -> None:
    fill(world)
    with world.open() as trakt:
        first = dict(trakt.index("watchlist"))
        world.clock.advance(60)
        before = world.asked("GET", "/sync/watchlist")
        again = trakt.index("watchlist")

    assert dict(again) == first
    assert not again.fetched
    assert world.asked("GET", "/sync/watchlist") - before == 1
    assert world.simulator.requests[-1].status == 304


@pytest.mark.parametrize("feature", FEATURES)
def test_what_another_device_did_is_in_the_next_index(world: World, feature: str) -> None:
    fill(world)
    account, film = world.account, world.films[9]
    with world.open() as trakt:
        before = dict(trakt.index(feature))
        world.clock.advance(60)
        account.watch(world.shows[1].episode(1, 1), at=1_300_000_000)
        account.unwatch([account.plays.of(world.films[3])[0]])
        account.put_on_watchlist(film)
        account.take_off_watchlist(world.films[0])
        account.rate(film, 3)
        account.unrate(world.films[0])
        world.clock.advance(60)
        after = dict(trakt.index(feature))

    assert len(after) == len(before)
    assert set(after) != set(before)


@pytest.mark.parametrize("feature", FEATURES)
@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        (Fault(status=502), Unavailable),
        (Fault(status=200, body=b"<html>Sorry</html>"), UnexpectedAnswer),
        (Fault(status=200, body=b""), UnexpectedAnswer),
        (Fault(status=200, body=b'[{"id": 1'), UnexpectedAnswer),
        (Fault(status=200, body=b'{"rows": []}'), UnexpectedAnswer),
        (Fault(status=403), AppRefused),
        (Fault(status=401), SignInAgain),
    ],
    ids=["502", "a web page", "nothing", "cut", "another shape", "403", "401"],
)
def test_a_failing_page_gives_no_index_and_leaves_what_is_stored(
    world: World, feature: str, fault: Fault, problem: type
) -> None:
    fill(world)
    with world.open() as trakt:
        before = dict(trakt.index(feature))
        world.account.watch(world.films[0])
        world.account.rate(world.films[0], 1)
        world.clock.advance(60)
        world.simulator.fail_next(fault, path_prefix=f"/sync/{feature}", times=50)
        with pytest.raises(TraktError) as raised:
            trakt.index(feature)
        assert isinstance(raised.value.problem, problem)

        world.simulator.forgive()
        world.clock.advance(400)
        after = dict(trakt.index(feature))

    changed = {"watchlist": len(before) - 1, "ratings": len(before), "history": len(before) + 1}
    assert len(after) == changed[feature]


def test_a_count_that_is_missing_gives_no_index(world: World) -> None:
    world.simulator.fail_next(Fault(status=200, body=b"[]"), path_prefix="/sync/watchlist", times=9)
    with world.open() as trakt, pytest.raises(TraktError) as raised:
        trakt.index("watchlist")

    assert raised.value.problem == Incomplete("/sync/watchlist", 1, None, 0)


def test_a_reading_that_falls_short_is_read_again(world: World) -> None:
    for film in world.films:
        world.account.put_on_watchlist(film)
    world.simulator.fail_next(_rows("[]", counted=10), path_prefix="/sync/watchlist")

    with world.open() as trakt:
        assert len(trakt.index("watchlist")) == 10


def test_two_readings_that_fall_short_differently_are_believed_by_nobody(world: World) -> None:
    row = json.dumps([_row(world, 1)])
    with world.open() as trakt:
        world.simulator.fail_next(_rows("[]", counted=10), path_prefix="/sync/watchlist")
        world.simulator.fail_next(_rows(row, counted=10), path_prefix="/sync/watchlist")
        with pytest.raises(TraktError) as raised:
            trakt.index("watchlist")

    assert raised.value.problem == Incomplete("/sync/watchlist", 1, 10, 1)


def test_rows_that_are_counted_and_never_sent_are_hidden(world: World) -> None:
    world.simulator.fail_next(
        _rows(json.dumps([_row(world, 1)]), counted=3), path_prefix="/sync/watchlist", times=2
    )

    with world.open() as trakt:
        index = trakt.index("watchlist")

    assert (len(index), index.hidden) == (1, 2)


@pytest.mark.parametrize("feature", ["watchlist", "ratings"])
def test_a_title_that_is_hidden_today_and_was_shown_before_stays_marked(world: World, feature: str) -> None:
    fill(world)
    with world.open() as trakt:
        before = trakt.index(feature)
        world.account.hide(world.films[3])
        world.clock.advance(86_400)
        world.account.put_on_watchlist(world.films[9])
        world.account.rate(world.films[9], 5)
        hidden = trakt.index(feature)
        world.account.unhide(world.films[3])
        world.clock.advance(86_400)
        world.account.put_on_watchlist(world.shows[0])
        world.account.rate(world.shows[1], 5)
        shown = trakt.index(feature)

    assert before.keys() < hidden.keys() < shown.keys()
    assert [item["ids"] for item in hidden.values() if item.get("hidden")] == [world.films[3].ids]
    assert (hidden.hidden, shown.hidden) == (1, 0)
    assert not any(item.get("hidden") for item in shown.values())


def test_a_title_whose_row_is_all_null_today_stays_marked(world: World) -> None:
    fill(world)
    with world.open() as trakt:
        before = trakt.index("watchlist")
        world.account.put_on_watchlist(world.films[9])
        world.clock.advance(86_400)
        world.simulator.paging_faults.null_rows = 1
        nulled = trakt.index("watchlist")
        world.simulator.paging_faults.null_rows = 0
        world.account.take_off_watchlist(world.films[0])
        world.clock.advance(86_400)
        healed = trakt.index("watchlist")

    assert before.keys() <= nulled.keys()
    assert len(healed) == len(before), "what was taken off goes once all rows have names again"


def test_rows_that_name_nothing_are_set_aside_and_said(world: World) -> None:
    nothing = {"title": None, "year": None, "ids": {"trakt": None, "slug": None, "imdb": None, "tmdb": None}}
    rows = [
        {**_row(world, 1), "movie": nothing},
        {**_row(world, 2), "type": "person", "person": {"name": "Nobody"}},
        _row(world, 3),
    ]
    world.simulator.fail_next(_rows(json.dumps(rows), counted=3), path_prefix="/sync/watchlist")

    with world.open() as trakt:
        index = trakt.index("watchlist")

    assert len(index) == 1
    assert index.set_aside == {"a row without ids": 1, "a row of kind 'person'": 1}
    assert "1 rows were set aside: a row without ids" in world.notes


def test_since_and_limit_trim_what_is_given_and_not_what_is_read(world: World) -> None:
    fill(world)
    with world.open() as trakt:
        recent = trakt.index("history", since="2020-09-20T00:00:00Z")
        few = trakt.index("history", limit=3)
        whole = trakt.index("history")

    assert 0 < len(recent) < len(whole)
    assert list(few) == list(whole)[:3]
    assert (recent.complete, few.complete, whole.complete) == (False, False, True)


@pytest.mark.parametrize(("since", "limit"), [("yesterday", None), (True, None), (None, -1)])
def test_a_since_or_limit_that_means_nothing_is_refused(
    world: World, since: str | None, limit: int | None
) -> None:
    with world.open() as trakt, pytest.raises(TraktError) as raised:
        trakt.index("history", since=since, limit=limit)

    assert isinstance(raised.value.problem, BadInput)


def test_an_unknown_feature_is_refused_before_anything_is_asked(world: World) -> None:
    with world.open() as trakt, pytest.raises(TraktError, match="Choose from: watchlist, ratings, history"):
        trakt.index("playlists")

    assert world.asked() == 0


@pytest.mark.parametrize("feature", FEATURES)
def test_a_stored_index_is_passed_off_as_todays_to_nobody(world: World, feature: str) -> None:
    fill(world)
    with world.open() as trakt:
        stored = trakt.index(feature)
        world.clock.advance(7200)
        world.simulator.fail_next(Fault(refused=True), times=50)
        with pytest.raises(TraktError):
            trakt.index(feature)
        old = trakt.index(feature, allow_stale=True)

    assert old.stale
    assert dict(old) == dict(stored)
    assert old.as_of <= datetime.fromtimestamp(world.clock.now().timestamp() - 7200, UTC)


@pytest.mark.parametrize("feature", FEATURES)
@pytest.mark.parametrize("harm", ["cut", "another version", "rubbish"])
def test_a_harmed_document_is_made_again_and_that_is_said(world: World, feature: str, harm: str) -> None:
    fill(world)
    with world.open() as trakt:
        before = dict(trakt.index(feature))
    for path in world.state.glob(f"trakt_{feature}*"):
        body = path.read_bytes()
        harmed = {
            "cut": body[: len(body) // 2],
            "another version": body.replace(b'"schema":1', b'"schema":9'),
            "rubbish": b"\x00\xff{",
        }
        path.write_bytes(harmed[harm])
    if feature == "history" and harm == "another version":
        pytest.skip("the rows are no JSON; the version of a database is tested with its adapter")

    with world.open(another_process=True) as trakt:
        assert dict(trakt.index(feature)) == before

    assert "made again" in world.notes


def test_an_account_that_changes_all_the_time_gives_no_index(world: World) -> None:
    fill(world)
    listed = world.account.put_on_watchlist
    original = world.simulator.answer

    with world.open() as trakt:
        trakt.person  # noqa: B018 - signed in before the other device begins

        def answer_and_change(request):  # type: ignore[no-untyped-def]
            if "/sync/watchlist" in request.url:
                world.clock.advance(2)
                world.account.take_off_watchlist(world.films[0])
                listed(world.films[0])
            return original(request)

        world.simulator.answer = answer_and_change  # type: ignore[method-assign]
        with pytest.raises(TraktError) as raised:
            trakt.index("watchlist")

    assert isinstance(raised.value.problem, Incomplete)
    assert raised.value.problem.moved


@pytest.mark.parametrize(("feature", "path"), [("watchlist", ""), ("ratings", "/movies")])
def test_an_empty_answer_where_there_were_rows_is_not_believed(world: World, feature: str, path: str) -> None:
    fill(world)
    with world.open() as trakt:
        before = dict(trakt.index(feature))
        world.clock.advance(60)
        world.account.rate(world.films[9], 4)
        world.account.put_on_watchlist(world.films[9])
        world.clock.advance(60)
        empty = f"/sync/{feature}{path}"
        world.simulator.fail_next(_rows("[]", counted=0), path_prefix=empty)
        after = dict(trakt.index(feature))
        assert len(after) == len(before) + 1

        world.account.rate(world.films[8], 4)
        world.account.take_off_watchlist(world.films[9])
        world.clock.advance(60)
        world.simulator.fail_next(_rows("[]", counted=300), path_prefix=empty, times=9)
        with pytest.raises(TraktError) as raised:
            trakt.index(feature)
        assert isinstance(raised.value.problem, Incomplete)


@pytest.mark.parametrize("feature", ["watchlist", "ratings"])
def test_a_list_that_was_behind_when_it_was_read_is_read_again(world: World, feature: Feature) -> None:
    """Neither stamps nor counts nor page 1 would tell: all but the list itself were up to date."""
    fill(world)
    world.simulator.paging.rows_max = 4
    with world.open() as trakt:
        before = len(trakt.index(feature))
    world.account.put_on_watchlist(world.films[9])
    world.account.rate(world.films[9], 5)
    world.simulator.lag.watchlist_s = world.simulator.lag.ratings_s = 60
    with world.open(another_process=True) as trakt:
        assert len(trakt.index(feature)) == before, "it is behind"
    world.clock.advance(LAG_S)
    with world.open(another_process=True) as trakt:
        assert len(trakt.index(feature)) == before + 1
    asked = world.asked("GET", f"/sync/{feature}")
    for _ in range(3):
        world.clock.advance(60)
        with world.open(another_process=True) as trakt:
            trakt.index(feature)
    assert world.asked("GET", f"/sync/{feature}") - asked <= 3, "what is settled is not read again"


def test_a_list_that_was_emptied_is_empty(world: World) -> None:
    world.account.put_on_watchlist(world.films[0])
    with world.open() as trakt:
        assert len(trakt.index("watchlist")) == 1
        world.clock.advance(60)
        world.account.take_off_watchlist(world.films[0])
        world.clock.advance(60)
        assert len(trakt.index("watchlist")) == 0


def _row(world: World, row_id: int) -> dict[str, object]:
    film = world.films[row_id].short()
    return {"listed_at": "2026-01-01T00:00:00.000Z", "id": row_id, "type": "movie", "movie": film}


def _rows(body: str, *, counted: int) -> Fault:
    """A page that Trakt did not mean to send."""
    headers = {"x-pagination-item-count": str(counted), "x-pagination-limit": "250"}
    return Fault(status=200, body=body.encode(), headers=headers)


@pytest.mark.parametrize("feature", ["watchlist", "ratings", "history"])
def test_a_reading_that_failed_is_not_said_to_be_done(world: World, feature: Feature) -> None:
    for film in world.films:
        world.account.put_on_watchlist(film)
        world.account.rate(film, 8)
    world.account.watch(world.shows[0].episode(1, 1))
    with world.open(max_retries=0) as trakt:
        path = {"watchlist": "/sync/watchlist", "ratings": "/sync/ratings/shows"}.get(
            feature, "/users/me/watched/shows"
        )
        world.simulator.fail_next(Fault(status=500), "GET", path, times=None)
        with pytest.raises(TraktError):
            trakt.index(feature)
        assert not any(isinstance(event, SnapshotProgress) and event.final for event in world.progress.events)
        world.simulator.forgive()
        trakt.index(feature)

    assert any(isinstance(event, SnapshotProgress) and event.final for event in world.progress.events)
