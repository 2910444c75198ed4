"""Writes to watchlist and ratings: every item has one end, and each batch is judged by itself."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crosswatch_trakt import Report, TraktError
from crosswatch_trakt.adapters.simulator import Fault
from crosswatch_trakt.domain.problems import AccountLimit, SignInAgain, Unavailable
from tests.application.world import Item, World, episode_item, film_item

NOT_KNOWN: Item = {"type": "movie", "ids": {"imdb": "tt7777777"}, "title": "Nobody Knows It", "year": 1999}


def ends(report: Report) -> dict[str, list[str | None]]:
    """Reason by reason, what became of the items."""
    return {
        "confirmed": [outcome.reason for outcome in report.confirmed],
        "existing": [outcome.reason for outcome in report.existing],
        "unresolved": [outcome.reason for outcome in report.unresolved],
    }


def test_what_is_added_to_the_watchlist_is_listed(world: World) -> None:
    show, episode = world.shows[0], world.shows[1].episode(1, 3)
    items: list[Item] = [
        film_item(world.films[0]),
        {"type": "show", "ids": {"tvdb": str(show.ids["tvdb"])}},
        {"type": "season", "show_ids": {"tmdb": world.shows[1].ids["tmdb"]}, "season": "1"},
        episode_item(episode),
    ]
    with world.open() as trakt:
        report = trakt.add("watchlist", items)
        world.clock.advance(60)
        index = trakt.index("watchlist")

    assert ends(report) == {"confirmed": [None] * 4, "existing": [], "unresolved": []}
    assert sorted(str(item["type"]) for item in index.values()) == ["episode", "movie", "season", "show"]


def test_what_is_there_already_is_left_out_and_nothing_is_sent(world: World) -> None:
    world.account.put_on_watchlist(world.films[0])
    world.account.rate(world.films[0], 8)
    by_imdb: Item = {"type": "movie", "ids": {"imdb": world.films[0].ids["imdb"]}}
    with world.open() as trakt:
        listed = trakt.add("watchlist", [by_imdb])
        rated = trakt.add("ratings", [{**by_imdb, "rating": "8", "rated_at": "2001-01-01"}])

    assert ends(listed)["existing"] == ["there"]
    assert ends(rated)["existing"] == ["same_value"]
    assert world.asked("POST") == 0


def test_the_same_batch_twice_adds_nothing_twice(world: World) -> None:
    items = [film_item(film, rating=5) for film in world.films]
    with world.open() as trakt:
        for feature in ("watchlist", "ratings"):
            trakt.add(feature, items)
            posts = world.asked("POST")
            again = trakt.add(feature, items)
            assert len(again.existing) == 10
            assert world.asked("POST") == posts


def test_a_second_item_of_a_batch_that_is_the_same_is_a_duplicate(world: World) -> None:
    film = world.films[0]
    by_imdb: Item = {"type": "movie", "ids": {"imdb": film.ids["imdb"]}}
    both: Item = {"type": "movie", "ids": {"imdb": film.ids["imdb"], "tmdb": film.ids["tmdb"]}}
    with world.open() as trakt:
        report = trakt.add("watchlist", [both, film_item(film), by_imdb])

    assert ends(report) == {"confirmed": [None], "existing": ["duplicate"] * 2, "unresolved": []}


def test_a_duplicate_of_what_fails_fails_too(world: World) -> None:
    with world.open() as trakt:
        report = trakt.add("watchlist", [NOT_KNOWN, NOT_KNOWN])

    assert ends(report)["unresolved"] == ["not_found", "not_found"]


def test_of_two_ratings_of_one_item_the_newer_goes(world: World) -> None:
    """And a date alone is noon where the account is at home, in Berlin."""
    film = world.films[0]
    older = film_item(film, rating=3, rated_at="2020-01-01")
    newer = film_item(film, rating=9, rated_at="2024-01-01")
    with world.open() as trakt:
        report = trakt.add("ratings", [newer, older])
        world.clock.advance(60)
        (rated,) = trakt.index("ratings").values()

    assert ends(report) == {"confirmed": [None], "existing": ["duplicate"], "unresolved": []}
    assert (rated["rating"], rated["rated_at"]) == (9, "2024-01-01T11:00:00.000Z")


@pytest.mark.parametrize("rating", [None, "", 0, 11, 7.5, True, "seven", float("nan"), [8]])
def test_a_bad_rating_is_refused_by_name_and_the_others_are_written(world: World, rating: object) -> None:
    items = [film_item(world.films[0], rating=rating), film_item(world.films[1], rating=7.0)]
    with world.open() as trakt:
        report = trakt.add("ratings", items)

    assert ends(report) == {"confirmed": [None], "existing": [], "unresolved": ["invalid_rating"]}
    assert report.unresolved[0].permanent


@pytest.mark.parametrize("feature", ["watchlist", "ratings", "history"])
@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (5, "unsupported_type"),
        (None, "unsupported_type"),
        ({}, "unsupported_type"),
        ({"type": "person", "ids": {"trakt": 1}}, "unsupported_type"),
        ({"type": "movie", "ids": [550]}, "missing_ids"),
        ({"type": "movie", "ids": {"tmdb": "none"}}, "missing_ids"),
        ({"type": "movie", "title": "x" * 2_000_000}, "missing_ids"),
        ({"type": "episode", "show_ids": {"tmdb": 1399}, "season": 1}, "missing_scope"),
    ],
)
def test_bad_input_is_unresolved_by_name(world: World, feature: str, item: object, reason: str) -> None:
    dated = {**item, "watched_at": "2024-01-01", "rating": 5} if isinstance(item, dict) else item
    with world.open() as trakt:
        report = trakt.add(feature, [dated])

    assert ends(report)["unresolved"] == [reason]
    assert world.asked("POST") == 0


def test_what_trakt_does_not_know_is_frozen_until_it_changes_or_is_retried(world: World) -> None:
    with world.open() as trakt:
        assert ends(trakt.add("watchlist", [NOT_KNOWN]))["unresolved"] == ["not_found"]
        posts = world.asked("POST")

        again = trakt.add("watchlist", [NOT_KNOWN])
        assert ends(again)["unresolved"] == ["not_found"]
        assert "left out" in (again.unresolved[0].hint or "")
        assert world.asked("POST") == posts

        trakt.add("watchlist", [{**NOT_KNOWN, "year": 1998}])
        assert world.asked("POST") == posts + 1

        (retried,) = trakt.retry_unresolved("watchlist")
        assert ends(retried)["unresolved"] == ["not_found"]
        assert world.asked("POST") == posts + 2
        assert [entry.attempts for entry in trakt.unresolved("watchlist")] == [3]

        assert trakt.clear_unresolved("watchlist") == 1
        assert trakt.unresolved("watchlist") == []


def test_each_refused_item_is_kept_once_and_goes_when_it_is_mended(world: World) -> None:
    film = world.films[0]
    items: list[Item] = [film_item(film, watched_at=date) for date in ("some day", "soon", None)]
    with world.open() as trakt:
        for _ in range(3):
            assert len(trakt.add("history", items).unresolved) == 3
            world.clock.advance(60)
        entries = trakt.unresolved("history")
        assert len({entry.key for entry in entries}) == 3
        assert {(entry.attempts, entry.first_seen == entry.last_seen) for entry in entries} == {(1, True)}
        trakt.add("history", [*items[:2], film_item(film, watched_at="2024-05-01T20:15:30Z")])
        assert len(trakt.unresolved("history")) == 2
        trakt.add("history", [film_item(film, watched_at="2024-05-01T20:15:30Z")])
        assert trakt.unresolved("history") == []


def test_a_network_that_fails_freezes_nothing(world: World) -> None:
    item = film_item(world.films[0])
    with world.open() as trakt:
        trakt.index("watchlist")
        world.simulator.fail_next(Fault(refused=True), "POST", times=50)
        failed = trakt.add("watchlist", [item])
        world.simulator.forgive()
        (entry,) = trakt.unresolved("watchlist")
        done = trakt.add("watchlist", [item])

        assert ends(failed)["unresolved"] == ["not_sent"]
        assert not entry.permanent
        assert ends(done)["confirmed"] == [None]
        assert trakt.unresolved("watchlist") == []


def test_the_middle_batch_failing_for_good_leaves_the_others_confirmed(world: World) -> None:
    items = [film_item(film) for film in world.films[:6]]
    with world.open(watchlist_batch_size=2, max_retries=2) as trakt:
        trakt.index("watchlist")
        world.simulator.fail_next(Fault(status=503), "POST", times=3, after=1)
        report = trakt.add("watchlist", items)

    assert len(report.confirmed) == 4
    assert ends(report)["unresolved"] == ["http:503", "http:503"]
    assert [type(problem) for problem in report.problems] == [Unavailable]


def test_a_rating_is_repeated_after_a_lost_answer(world: World) -> None:
    with world.open() as trakt:
        world.simulator.fail_next(Fault(lost=True, before=False), "POST", "/sync/ratings")
        report = trakt.add("ratings", [film_item(world.films[0], rating=4)])

    assert ends(report)["confirmed"] == [None]
    assert world.asked("POST", "/sync/ratings") == 2


def test_what_still_fits_on_a_full_list_is_written_and_the_rest_is_named(world: World) -> None:
    world.account.limits.watchlist = 3
    with world.open() as trakt:
        report = trakt.add("watchlist", [film_item(film) for film in world.films[:5]])

    assert len(report.confirmed) == 3
    assert ends(report)["unresolved"] == ["account_limit"] * 2
    assert [type(problem) for problem in report.problems] == [AccountLimit]
    assert "holds 3" in (report.unresolved[0].hint or "")


@pytest.mark.parametrize("in_part", [False, True])
@pytest.mark.parametrize("headers", [False, True])
def test_a_limit_that_trakt_does_not_name_is_met_by_reading_back(
    world: World, in_part: bool, headers: bool
) -> None:
    world.account.shows_limits = False
    world.account.limits.watchlist = 3
    world.simulator.limit_in_part, world.simulator.limit_headers = in_part, headers
    with world.open(watchlist_batch_size=4) as trakt:
        report = trakt.add("watchlist", [film_item(film) for film in world.films[:6]])
        listed = set(trakt.index("watchlist"))

    assert {outcome.key for outcome in report.confirmed} == listed
    assert len(listed) == (3 if in_part else 0)
    assert ends(report)["unresolved"] == ["account_limit"] * (6 - len(listed))
    assert world.asked("POST") == 1, "what did not fit is not tried again in this call"


def test_what_an_answer_leaves_open_is_read_back(world: World) -> None:
    world.simulator.not_found_shape = "empty"
    with world.open() as trakt:
        report = trakt.add("watchlist", [film_item(world.films[0]), NOT_KNOWN])

    assert ends(report) == {"confirmed": [None], "existing": [], "unresolved": ["ambiguous"]}


def test_a_run_that_would_empty_a_library_is_stopped_unless_it_is_meant(world: World) -> None:
    films = world.films
    for film in films:
        world.account.rate(film, 5)
        world.account.watch(film, at=1_600_000_000)
        world.account.put_on_watchlist(film)
    items = [film_item(film, watched_at=1_600_000_000) for film in films[:5]]
    with world.open(removal_guard_min=3) as trakt:
        for feature in ("watchlist", "ratings", "history"):
            assert len(trakt.remove(feature, items[:2]).confirmed) == 2
            stopped = trakt.remove(feature, items[2:])
            assert ends(stopped)["unresolved"] == ["removal_guard"] * 3, (
                "with the two of this run they are five"
            )
            assert len(trakt.index(feature)) == 8
            assert len(trakt.remove(feature, items[2:], meant=True).confirmed) == 3
            assert trakt.unresolved(feature) == []


def test_after_a_lost_sign_in_nothing_more_is_sent(world: World) -> None:
    with world.open(watchlist_batch_size=1) as trakt:
        trakt.index("watchlist")
        posts = world.asked("POST", "/sync")
        world.simulator.oauth.revoke_all()
        report = trakt.add("watchlist", [film_item(film) for film in world.films[:3]])

    assert ends(report)["unresolved"] == ["sign_in"] * 3
    assert [type(problem) for problem in report.problems] == [SignInAgain]
    assert world.asked("POST", "/sync") - posts <= 1


def test_removing_names_what_is_there_by_any_id_and_what_is_gone(world: World) -> None:
    film = world.films[0]
    world.account.put_on_watchlist(film)
    world.account.rate(film, 6)
    by_imdb: Item = {"type": "movie", "ids": {"imdb": film.ids["imdb"]}}
    with world.open() as trakt:
        for feature in ("watchlist", "ratings"):
            report = trakt.remove(feature, [by_imdb, film_item(world.films[1])])
            assert ends(report) == {"confirmed": [None], "existing": ["gone"], "unresolved": []}
            assert len(trakt.index(feature)) == 0


@pytest.mark.parametrize("feature", ["watchlist", "ratings"])
def test_what_another_process_just_added_is_not_called_gone(world: World, feature: str) -> None:
    item = film_item(world.films[0], rating=8)
    with world.open() as trakt:
        trakt.index(feature)
        with world.open(another_process=True) as other:
            assert ends(other.add(feature, [item]))["confirmed"] == [None]
        assert ends(trakt.remove(feature, [item]))["confirmed"] == [None]
        assert ends(trakt.remove(feature, [item]))["existing"] == ["gone"]

    assert (world.account.watchlist, world.account.ratings) == ({}, {})


def test_what_was_just_added_can_be_removed_at_once(world: World) -> None:
    item = film_item(world.films[0], rating=5)
    with world.open() as trakt:
        for feature in ("watchlist", "ratings"):
            trakt.add(feature, [item])
            assert ends(trakt.remove(feature, [item]))["confirmed"] == [None]
            assert ends(trakt.remove(feature, [item]))["existing"] == ["gone"]
            assert ends(trakt.add(feature, [item]))["confirmed"] == [None]


def test_a_dry_run_sends_and_records_nothing(world: World) -> None:
    items = [film_item(world.films[0], rating=5), NOT_KNOWN, {"type": "nonsense"}]
    with world.open() as trakt:
        trakt.index("ratings")
        report = trakt.add("watchlist", items, dry_run=True)
        trakt.remove("watchlist", items, dry_run=True)

        assert (len(report.confirmed), len(report.unresolved)) == (2, 1)
        assert report.dry_run
        assert world.asked("POST") == 0
        assert trakt.unresolved("watchlist") == []


def test_items_that_are_no_list_are_refused(world: World) -> None:
    with world.open() as trakt, pytest.raises(TraktError, match="list of item dictionaries"):
        trakt.add("watchlist", {"type": "movie"})  # type: ignore[arg-type]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["film", "episode", "unknown", "junk"]), st.integers(0, 5), st.integers(-1, 12)
        ),
        max_size=12,
    ),
    st.sampled_from(["watchlist", "ratings"]),
    st.sampled_from(["add", "remove"]),
)
def test_every_item_ends_exactly_once(
    world: World, wishes: list[tuple[str, int, int]], feature: str, operation: str
) -> None:
    """Promise 2, and what is confirmed is true of the account."""
    items: list[object] = []
    for kind, number, rating in wishes:
        match kind:
            case "film":
                items.append(film_item(world.films[number], rating=rating))
            case "episode":
                items.append(episode_item(world.shows[0].episode(1, number + 1), rating=rating))
            case "unknown":
                items.append({**NOT_KNOWN, "rating": rating})
            case _:
                items.append(number)
    with world.open() as trakt:
        write = trakt.add if operation == "add" else trakt.remove
        report = write(feature, items)
        world.clock.advance(60)
        index = trakt.index(feature)

    reported = [*report.confirmed, *report.existing, *report.unresolved]
    assert sorted(map(repr, items)) == sorted(
        repr(outcome.item.get("item", outcome.item)) for outcome in reported
    )
    for outcome in [*report.confirmed, *report.existing]:
        assert (outcome.key in index) is (operation == "add")
