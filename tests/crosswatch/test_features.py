"""Writes as the engine and CrossWatch's pages ask for them."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crosswatch_trakt import TraktAccount, TraktError
from crosswatch_trakt.adapters.crosswatch.host import canonical_key
from crosswatch_trakt.adapters.simulator import Fault
from crosswatch_trakt.application.write.report import Report
from crosswatch_trakt.domain.problems import Unavailable
from tests.crosswatch.calling import AT, DAY_S, MINUTE, Called, calling
from tests.crosswatch.pairs import environment
from tests.crosswatch.trakt import theirs
from tests.crosswatch.values import Item, block, mappings, texts
from tests.strategies import any_item

FEATURES = ("watchlist", "ratings", "history")


def watched(item: Item, at: object = AT, **fields: object) -> Item:
    return {**item, "watched_at": at, **fields}


def hints(result: Mapping[str, object]) -> list[object]:
    return [entry["hint"] for entry in mappings(result["unresolved"])]


def minutes(cw: Called) -> list[tuple[int, int]]:
    return sorted((play.title.trakt, play.minute) for play in cw.account.plays)


# --- by hand: a whole show, a title without a date


def test_a_whole_show_by_hand_means_its_aired_episodes(tmp_path: Path) -> None:
    with calling(tmp_path, scope=None) as cw:
        show = cw.shows[0]
        aired = [one for one in show.episodes() if one.season.number > 0 and one.is_aired(show_now(cw))]
        item: Item = {
            "type": "show",
            "title": show.title,
            "ids": {"tmdb": show.ids["tmdb"]},
            "watched_at": AT,
        }
        result = cw.ops.add(cw.view(by_hand=True), [item], feature="history")

        assert (result["ok"], result["confirmed_keys"]) == (True, [f"tmdb:{show.ids['tmdb']}"])
        assert minutes(cw) == sorted((one.trakt, MINUTE) for one in aired)
        again = cw.ops.add(cw.view(by_hand=True), [item], feature="history")
        assert (again["confirmed_keys"], again["skipped_keys"]) == ([], [f"tmdb:{show.ids['tmdb']}"])
        assert len(cw.account.plays) == len(aired)


def show_now(cw: Called) -> int:
    return int(cw.clock.now().timestamp())


def test_a_show_by_hand_that_cannot_be_found_is_named_and_hinders_nobody(tmp_path: Path) -> None:
    with calling(tmp_path, scope=None) as cw:
        unknown: Item = {"type": "show", "ids": {"tmdb": 99_999_999}}
        nameless: Item = {"type": "show", "ids": {}}
        film = theirs(cw.films[0])
        result = cw.ops.add(cw.view(by_hand=True), [unknown, nameless, film], feature="history")

        assert result["confirmed_keys"] == [f"tmdb:{cw.films[0].ids['tmdb']}"]
        assert hints(result) == ["trakt_show_unresolved", "missing ids"]


def test_without_a_date_a_title_by_hand_was_watched_now(tmp_path: Path) -> None:
    with calling(tmp_path, scope=None) as cw:
        result = cw.ops.add(cw.view(by_hand=True), [theirs(cw.films[0])], feature="history")

        assert result["ok"]
        assert [minute for _, minute in minutes(cw)] == [show_now(cw) // 60 * 60]


def test_from_a_pair_neither_a_show_nor_a_missing_date_is_guessed_at(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        film, show = theirs(cw.films[0]), watched(theirs(cw.shows[0]))
        result = cw.ops.add(cw.view(), [film, show], feature="history")

        assert hints(result) == ["invalid watched_at", "whole_show"]
        assert minutes(cw) == []


# --- removing


def test_a_dated_removal_takes_that_play_and_no_other(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        for day in range(3):
            cw.account.watch(cw.films[0], MINUTE + day * DAY_S)
        rows = list(cw.ops.build_index(cw.view(), feature="history").values())
        result = cw.ops.remove(cw.view(), [rows[1]], feature="history")

        assert result["confirmed_keys"] == [canonical_key(rows[1])]
        assert [minute for _, minute in minutes(cw)] == [MINUTE, MINUTE + 2 * DAY_S]


def test_an_undated_removal_by_hand_takes_all_plays_of_the_title(tmp_path: Path) -> None:
    with calling(tmp_path, scope=None) as cw:
        episodes = [*list(cw.shows[0].episodes())[1:4], cw.shows[1].episode(1, 1)]
        for day in range(2):
            for film in (cw.films[5], cw.films[1]):
                cw.account.watch(film, MINUTE + day * DAY_S)
            for episode in episodes:
                cw.account.watch(episode, MINUTE + day * DAY_S)
        gone = [theirs(cw.films[5]), theirs(cw.shows[0])]
        result = cw.ops.remove(cw.view(by_hand=True), gone, feature="history")

        assert (result["ok"], len(texts(result["confirmed_keys"]))) == (True, 2)
        left = {play.title.trakt for play in cw.account.plays}
        assert left == {cw.films[1].trakt, cw.shows[1].episode(1, 1).trakt}


def test_an_undated_removal_in_a_pair_takes_nothing(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        cw.account.watch(cw.films[0], MINUTE)
        result = cw.ops.remove(cw.view(), [theirs(cw.films[0])], feature="history")

        assert hints(result) == ["trakt_history_id_required_for_rewatch_remove"]
        assert len(cw.account.plays) == 1


@pytest.mark.parametrize("feature", FEATURES)
def test_what_is_gone_already_is_as_good_as_removed(tmp_path: Path, feature: str) -> None:
    with calling(tmp_path) as cw:
        item = watched(theirs(cw.films[0]), rating=7)
        result = cw.ops.remove(cw.view(), [item], feature=feature)

        assert (result["ok"], result["confirmed_keys"]) == (True, [canonical_key(item)])
        assert cw.asked("POST") == 0


def fill(cw: Called, feature: str, count: int) -> list[Item]:
    """So many titles in a feature, as rows of its index."""
    catalogue = cw.simulator.catalogue
    for number in range(count):
        film = catalogue.movie(f"More {number}", 2020)
        match feature:
            case "watchlist":
                cw.account.put_on_watchlist(film)
            case "ratings":
                cw.account.rate(film, 6, MINUTE)
            case _:
                cw.account.watch(film, MINUTE + number * DAY_S)
    return list(cw.ops.build_index(cw.view(), feature=feature).values())


@pytest.mark.parametrize("feature", FEATURES)
def test_the_guard_counts_the_removals_of_one_run_of_crosswatchs_however_long_it_takes(
    tmp_path: Path, feature: str
) -> None:
    with calling(tmp_path) as cw:
        rows = fill(cw, feature, 60)
        view = cw.view(removal_guard_min=10, removal_guard_share=0.2)

        def removed(run: str, part: list[Item]) -> int:
            with environment(CW_RUN_ID=run):
                result = cw.ops.remove(view, part, feature=feature)
            cw.clock.advance(3600)
            assert result["ok"] or set(hints(result)) == {"removal_guard"}
            return len(texts(result["confirmed_keys"]))

        assert removed("run-1", rows[:8]) == 8
        assert removed("run-1", rows[8:16]) == 0, "16 of 60, though an hour lies between"
        assert removed("run-2", rows[8:16]) == 8, "another run"
        assert removed("run-2", rows[16:24]) == 0


def test_what_a_person_asks_for_by_hand_is_not_guarded(tmp_path: Path) -> None:
    with calling(tmp_path, scope=None) as cw:
        rows = fill(cw, "history", 30)
        result = cw.ops.remove(cw.view(by_hand=True), rows, feature="history")

        assert (result["ok"], len(cw.account.plays)) == (True, 0)


def test_what_crosswatchs_tools_clear_is_not_guarded(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        rows = [{**row, "_cw_tool_clear": True} for row in fill(cw, "history", 30)]

        assert cw.ops.remove(cw.view(), rows, feature="history")["ok"]
        assert len(cw.account.plays) == 0


# --- the two options


def test_the_collection_follows_the_history_if_that_is_wanted(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        film, episode = cw.films[0], cw.shows[0].episode(1, 1)
        items = [watched(theirs(film)), watched(theirs(episode))]
        cw.ops.add(cw.view(), items, feature="history")
        assert not cw.account.collection
        view = cw.view(history_collection=True, history_collection_types=["movies", "shows"])
        others = [watched(theirs(cw.films[1])), watched(theirs(cw.shows[0].episode(1, 2)))]
        cw.ops.add(view, others, feature="history")

        assert cw.account.collection.keys() == {cw.films[1], cw.shows[0].episode(1, 2)}
        assert {collected.at for collected in cw.account.collection.values()} == {MINUTE}
        rows = cw.ops.build_index(view, feature="history").values()
        cw.ops.remove(view, [row for row in rows if row["type"] == "movie"], feature="history")
        assert cw.account.collection.keys() == {cw.shows[0].episode(1, 2)}


@pytest.mark.parametrize("by_numbers", [True, False])
def test_an_episode_is_sent_by_its_numbers_only_if_that_is_wanted(tmp_path: Path, by_numbers: bool) -> None:
    with calling(tmp_path) as cw:
        item = watched(theirs(cw.shows[0].episode(1, 3)))
        view = cw.view(history_number_fallback=by_numbers)

        assert cw.ops.add(view, [item], feature="history")["ok"]
        assert minutes(cw) == [(cw.shows[0].episode(1, 3).trakt, MINUTE)]
        assert (cw.asked("GET", "/shows/") == 0) is by_numbers


def test_an_account_that_keeps_one_play_a_title_gets_the_newest(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        cw.account.watch_only_once = True
        plays = [
            watched(theirs(cw.films[0]), MINUTE + day * DAY_S, _cw_event_key=f"tmdb:1@{MINUTE + day * DAY_S}")
            for day in range(3)
        ]
        result = cw.ops.add(cw.view(), plays, feature="history")

        assert result["confirmed_keys"] == [plays[2]["_cw_event_key"]]
        assert result["skipped_keys"] == [one["_cw_event_key"] for one in plays[:2]]
        assert [minute for _, minute in minutes(cw)] == [MINUTE + 2 * DAY_S]


# --- what is answered


def test_a_play_that_is_there_is_skipped_and_one_that_is_new_is_confirmed_under_the_callers_keys(
    tmp_path: Path,
) -> None:
    with calling(tmp_path) as cw:
        cw.account.watch(cw.films[0], MINUTE)
        there = watched(theirs(cw.films[0]), "2024-05-01T20:15:33Z", _cw_event_key="tmdb:x@1714594533")
        new = watched(theirs(cw.films[1]), "2024-05-01T20:15:44Z", _cw_event_key="simkl:y@1714594544")
        result = cw.ops.add(cw.view(), [there, new], feature="history")

        assert result["skipped_keys"] == ["tmdb:x@1714594533"]
        assert result["confirmed_keys"] == ["simkl:y@1714594544"]
        landed = block(result["confirmed_destinations"])
        for key, film, status in (
            ("tmdb:x@1714594533", cw.films[0], "existing"),
            ("simkl:y@1714594544", cw.films[1], "added"),
        ):
            there_now = block(landed[key])
            assert there_now["key"] == there_now["event_key"] == f"tmdb:{film.ids['tmdb']}@{MINUTE}"
            assert there_now["status"] == status
            assert block(there_now, "item")["watched_at"] == "2024-05-01T20:15:00.000Z"
        index = cw.ops.build_index(cw.view(), feature="history")
        assert {block(row)["event_key"] for row in landed.values()} == set(index)


def test_what_trakt_does_not_know_is_named(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        unknown: Item = {"type": "movie", "ids": {"tmdb": "77777777"}}
        for feature in FEATURES:
            result = cw.ops.add(cw.view(), [watched(unknown, rating=5)], feature=feature)
            assert (result["ok"], hints(result)) == (False, ["not_found"])
            assert mappings(result["unresolved"])[0]["item"]


@pytest.mark.parametrize("feature", FEATURES)
def test_a_dry_run_sends_nothing_and_leaves_nothing(tmp_path: Path, feature: str) -> None:
    with calling(tmp_path) as cw:
        rows = fill(cw, feature, 2)
        items = [watched(theirs(cw.films[0]), rating=5)]
        added = cw.ops.add(cw.view(), items, feature=feature, dry_run=True)
        removed = cw.ops.remove(cw.view(), rows, feature=feature, dry_run=True)

        assert cw.asked("POST") == 0
        assert (added["dry_run"], added["count"], removed["count"]) == (True, 1, 2)
        assert len(cw.ops.build_index(cw.view(), feature=feature)) == 2


def test_a_full_list_is_named_as_a_limit(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        cw.simulator.fail_next(Fault(status=420, headers={"x-account-limit": "100"}), "POST", times=None)
        result = cw.ops.add(cw.view(), [theirs(cw.films[0])], feature="watchlist")

        assert hints(result) == ["trakt_limit"]


# --- once something was sent, nothing is raised


def test_what_goes_wrong_in_a_second_part_is_answered_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with calling(tmp_path, scope=None) as cw:
        for film in cw.films[:2]:
            cw.account.watch(film, MINUTE)
        rows = list(cw.ops.build_index(cw.view(by_hand=True), feature="history").values())
        undated = {name: rows[1][name] for name in ("type", "title", "ids")}
        remove, calls = TraktAccount.remove, list[int]()

        def fails_later(self: TraktAccount, *args: object, **named: object) -> Report:
            calls.append(1)
            if len(calls) > 1:
                raise TraktError(Unavailable("GET /sync/history", 503))
            return remove(self, *args, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(TraktAccount, "remove", fails_later)
        result = cw.ops.remove(cw.view(by_hand=True), [rows[0], undated], feature="history")

        assert result["confirmed_keys"] == [canonical_key(rows[0])]
        assert hints(result) == ["not_sent"]
        assert [line.fields["op"] for line in cw.said("write_failed")] == ["remove"]


@pytest.mark.parametrize("feature", FEATURES)
@pytest.mark.parametrize(
    "fault",
    [Fault(status=504), Fault(lost=True), Fault(status=409), Fault(status=500, before=False)],
    ids=["504", "lost", "409", "obeyed 500"],
)
def test_a_lost_answer_raises_nothing_and_leaves_no_item_out(
    tmp_path: Path, feature: str, fault: Fault
) -> None:
    with calling(tmp_path) as cw:
        items = [watched(theirs(film), rating=5) for film in cw.films[:3]]
        cw.simulator.fail_next(fault, "POST", times=None)
        result = cw.ops.add(cw.view(), items, feature=feature)
        named = [*texts(result["confirmed_keys"]), *texts(result["skipped_keys"])]
        named += texts(result["unresolved_keys"])

        assert set(named) == {canonical_key(item) for item in items}
        cw.simulator.forgive()
        cw.clock.advance(3600)
        cw.ops.add(cw.view(), items, feature=feature)
        assert all(play <= 1 for play in cw.held.values())


def test_nothing_sent_is_raised_so_that_the_engine_tries_again(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        cw.simulator.fail_next(Fault(status=503), "GET", times=None)
        with pytest.raises(TraktError):
            cw.ops.add(cw.view(), [watched(theirs(cw.films[0]))], feature="history")
        assert cw.asked("POST") == 0


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    items=st.lists(any_item().filter(lambda item: isinstance(item, dict)), min_size=1, max_size=4),
    feature=st.sampled_from(FEATURES),
    operation=st.sampled_from(["add", "remove"]),
    by_hand=st.booleans(),
)
def test_whatever_is_handed_in_is_answered_by_name(
    items: list[Item],
    feature: str,
    operation: str,
    by_hand: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    named = [{str(name): value for name, value in item.items()} for item in items]
    with calling(tmp_path_factory.mktemp("w")) as cw:
        write = cw.ops.add if operation == "add" else cw.ops.remove
        result = write(cw.view(by_hand=by_hand), named, feature=feature)
        answered = [*texts(result["confirmed_keys"]), *texts(result["skipped_keys"])]
        answered += texts(result["unresolved_keys"])

        assert set(answered) == {canonical_key(item) for item in named}
