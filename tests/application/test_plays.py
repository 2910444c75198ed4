"""Writes to the history: once, or named."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosswatch_trakt import Report, TraktError
from crosswatch_trakt.adapters.simulator import Fault
from crosswatch_trakt.adapters.simulator.titles import Movie
from crosswatch_trakt.domain.problems import AnswerLost, Unavailable
from tests.application.test_writes import ends
from tests.application.world import Item, World, episode_item, film_item

AT = "2024-05-01T20:15:30Z"
MINUTE = int(datetime.fromisoformat("2024-05-01T20:15:00+00:00").timestamp())


def plays(world: World) -> Counter[tuple[str, int, int]]:
    """What the account has: kind, trakt id and minute of every play."""
    return Counter((play.title.kind, play.title.trakt, play.minute) for play in world.account.plays)


def play_of(film: Movie, minute: int = MINUTE) -> tuple[str, int, int]:
    """A film's play as `plays` counts it."""
    return ("movie", film.trakt, minute)


# --- adding


def test_a_play_is_added_once_on_its_minute(world: World) -> None:
    items = [
        film_item(world.films[0], watched_at=AT),
        episode_item(world.shows[0].episode(1, 2), watched_at=AT),
    ]
    with world.open() as trakt:
        report = trakt.add("history", items)
        assert ends(report)["confirmed"] == [None, None]
        assert ends(trakt.add("history", items))["existing"] == ["there", "there"]
    with world.open(another_process=True) as trakt:
        assert ends(trakt.add("history", items))["existing"] == ["there", "there"]
        assert len(trakt.index("history")) == 2

    assert set(plays(world).values()) == {1}
    assert plays(world)[play_of(world.films[0])] == 1


def test_three_spellings_of_one_date_are_one_play(world: World) -> None:
    film = world.films[0]
    spellings: list[object] = [AT, MINUTE, str((MINUTE + 59) * 1000), "2024-05-01T22:15:00+02:00"]
    with world.open() as trakt:
        report = trakt.add("history", [film_item(film, watched_at=spelling) for spelling in spellings])

    assert ends(report) == {"confirmed": [None], "existing": ["duplicate"] * 3, "unresolved": []}
    assert plays(world) == {play_of(film): 1}


def test_any_spelling_of_the_item_is_recognised(world: World) -> None:
    film, episode = world.films[0], world.shows[0].episode(1, 3)
    world.account.watch(film, at=MINUTE)
    world.account.watch(episode, at=MINUTE)
    spellings: list[Item] = [
        {"type": "movie", "ids": {"imdb": film.ids["imdb"]}},
        {"type": "movie", "ids": {"slug": str(film.ids["slug"]).upper()}},
        episode_item(episode),
        {"type": "episode", "ids": {"tvdb": episode.ids["tvdb"]}},
        {"type": "episode", "ids": {"imdb": episode.ids["imdb"]}},
        {**episode_item(episode), "show_ids": {"tvdb": episode.show.ids["tvdb"]}},
    ]
    with world.open() as trakt:
        report = trakt.add("history", [{**item, "watched_at": AT} for item in spellings])

    assert ends(report)["existing"] == ["there"] * 6
    assert world.asked("POST") == 0


def test_ids_that_no_stored_row_has_are_looked_up_before_a_play_could_be_doubled(world: World) -> None:
    film = world.films[0]
    imdb = film.ids["imdb"]
    world.account.watch(film, at=MINUTE)
    film.ids = {**film.ids, "imdb": None}  # Trakt learned it only after the row was read
    with world.open() as trakt:
        trakt.index("history")
        film.ids = {**film.ids, "imdb": imdb}
        report = trakt.add("history", [{"type": "movie", "ids": {"imdb": imdb}, "watched_at": AT}])

    assert ends(report)["existing"] == ["there"]
    assert plays(world) == {play_of(film): 1}


def _spelling(world: World, name: str) -> Item:
    film, episode = world.films[0], world.shows[0].episode(1, 2)
    match name:
        case "title":
            return {"type": "movie", "title": film.title, "year": film.year}
        case "numbers by tmdb":
            return episode_item(episode)
        case "numbers by imdb":
            return {**episode_item(episode), "show_ids": {"imdb": episode.show.ids["imdb"]}}
        case "own tvdb":
            return {"type": "episode", "ids": {"tvdb": episode.ids["tvdb"]}}
        case _:
            return {"type": "movie", "ids": {name: film.ids[name]}}


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("imdb", "trakt"),
        ("trakt", "imdb"),
        ("imdb", "slug"),
        ("slug", "tmdb"),
        ("title", "tmdb"),
        ("tmdb", "title"),
        ("numbers by tmdb", "own tvdb"),
        ("own tvdb", "numbers by tmdb"),
        ("numbers by tmdb", "numbers by imdb"),
    ],
)
@pytest.mark.parametrize("calls", [1, 2])
@pytest.mark.parametrize("fallback", [False, True])
def test_two_spellings_of_one_play_that_share_nothing_are_never_two_plays(
    world: World, first: str, then: str, calls: int, fallback: bool
) -> None:
    """What Trakt itself cannot tell apart is named, not sent."""
    items = [{**_spelling(world, name), "watched_at": AT} for name in (first, then)]
    with world.open(history_number_fallback=fallback) as trakt:
        batches = [items] if calls == 1 else [items[:1], items[1:]]
        reports = [trakt.add("history", batch) for batch in batches]
        trakt.index("history")

    assert list(plays(world).values()) == [1]
    assert sum(len(report.confirmed) for report in reports) == 1


def test_a_title_that_cannot_be_looked_up_hinders_no_other(world: World) -> None:
    items = [
        episode_item(world.shows[0].episode(1, 1), watched_at=AT),
        film_item(world.films[0], watched_at=AT),
    ]
    with world.open(max_retries=1) as trakt:
        trakt.index("history")
        world.simulator.fail_next(Fault(status=500), "GET", "/shows", times=9)
        report = trakt.add("history", items)

    assert len(report.confirmed) == 1
    assert ends(report)["unresolved"] == ["http:500"]


def test_a_play_of_another_client_is_removed_though_it_was_made_a_moment_ago(world: World) -> None:
    film = world.films[0]
    with world.open() as trakt:
        trakt.index("history")
        world.account.watch(film, at=MINUTE)
        report = trakt.remove("history", [film_item(film, watched_at=AT)])

    assert ends(report)["confirmed"] == [None]
    assert plays(world) == Counter()


def rewritten(world: World, again: int = 1) -> Item:
    """A play that another client removed, and wrote anew in its minute as often, since it was stored: the
    ledger is as it was, and it is far from page 1.
    """
    film = world.films[0]
    first = world.account.watch(film, at=MINUTE)
    for hours in range(300):
        world.account.watch(world.films[1], at=MINUTE + 3600 * (hours + 1))
    world.clock.advance(1000)
    with world.open() as trakt:
        trakt.index("history")
    world.account.unwatch([first])
    for _ in range(again):
        world.account.watch(film, at=MINUTE)
    return film_item(film, watched_at=AT)


def test_a_play_that_was_removed_and_written_anew_stands_in_the_index_once(world: World) -> None:
    item = film_item(world.films[0], watched_at=AT)
    with world.open() as trakt:
        trakt.add("history", [item])
        world.clock.advance(3600)
        trakt.index("history")
        trakt.remove("history", [item])
        trakt.add("history", [item])

        assert len(trakt.index("history")) == 1


@pytest.mark.parametrize("chunk", [1, 100])
def test_a_play_that_was_removed_and_written_anew_is_removed_by_its_true_id(world: World, chunk: int) -> None:
    item = rewritten(world)
    world.clock.advance(1000)
    with world.open(history_chunk_size=chunk) as trakt:
        report = trakt.remove("history", [item, film_item(world.films[1], watched_at=MINUTE + 3600)])
        assert ends(report)["confirmed"] == [None] * 2
        assert ends(trakt.remove("history", [item]))["existing"] == ["gone"]
        assert len(trakt.index("history")) == 299

    assert play_of(world.films[0]) not in plays(world)


def test_one_that_was_written_anew_twice_is_to_be_named(world: World) -> None:
    item = rewritten(world, again=2)
    with world.open() as trakt:
        assert ends(trakt.remove("history", [item]))["unresolved"] == ["ambiguous_plays"]

    assert plays(world)[play_of(world.films[0])] == 2


def test_a_play_named_by_an_id_that_is_gone_takes_no_other_with_it(world: World) -> None:
    """The other stands in the index from then on, under its own id."""
    item = rewritten(world)
    world.clock.advance(1000)
    with world.open() as trakt:
        (old,) = [entry for entry in trakt.index("history").values() if entry["title"] == item["title"]]
        report = trakt.remove("history", [{**item, "history_id": old["history_id"]}])
        assert ends(report)["existing"] == ["gone"]
        (new,) = [entry for entry in trakt.index("history").values() if entry["title"] == item["title"]]
        assert new["history_id"] != old["history_id"]
        assert ends(trakt.remove("history", [new]))["confirmed"] == [None]


def test_a_list_that_cannot_be_read_calls_nothing_gone(world: World) -> None:
    item = rewritten(world)
    with world.open(max_retries=0) as trakt:
        world.simulator.fail_next(Fault(status=500), "GET", f"/sync/history/movies/{world.films[0].trakt}")
        assert ends(trakt.remove("history", [item]))["unresolved"] == ["http:500"]
        assert ends(trakt.remove("history", [item]))["confirmed"] == [None]


def test_all_plays_are_all_that_its_own_list_has(world: World) -> None:
    film = world.films[0]
    world.account.watch(film, at=MINUTE)
    with world.open() as trakt:
        trakt.index("history")
        world.account.watch(film, at=MINUTE + 3600)
        report = trakt.remove("history", [film_item(film)], all_plays=True)

    assert ends(report)["confirmed"] == [None]
    assert plays(world) == Counter()


def test_rows_that_were_deleted_are_read_again_before_anything_is_sent(world: World) -> None:
    """The file is a cache, and may be deleted at any time."""
    item = film_item(world.films[0], watched_at=AT)
    world.account.watch(world.films[0], at=MINUTE)
    with world.open() as trakt:
        trakt.index("history")
        (world.state / "trakt_history.sqlite").unlink()
        assert ends(trakt.add("history", [item]))["existing"] == ["there"]
        (world.state / "trakt_history.sqlite").unlink()
        assert ends(trakt.remove("history", [item]))["confirmed"] == [None]


def test_a_second_viewing_is_a_second_play(world: World) -> None:
    film = world.films[0]
    items = [film_item(film, watched_at=AT), film_item(film, watched_at="2025-01-01T10:00:00Z")]
    with world.open() as trakt:
        assert len(trakt.add("history", items).confirmed) == 2
        assert len(trakt.index("history")) == 2


@pytest.mark.parametrize("watched_at", ["unknown", 0, "0", "1970-01-01T00:00:00Z"])
def test_a_play_of_unknown_date_is_one_play_however_it_is_named(world: World, watched_at: object) -> None:
    film = world.films[0]
    with world.open() as trakt:
        trakt.add("history", [film_item(film, watched_at="unknown")])
        world.clock.advance(60)
        again = trakt.add("history", [film_item(film, watched_at=watched_at)])
        (item,) = trakt.index("history").values()

    assert ends(again)["existing"] == ["there"]
    assert item["watched_at"] == "1970-01-01T00:00:00.000Z"


def test_released_is_the_day_the_episode_was_aired(world: World) -> None:
    episode = world.shows[0].episode(1, 2)
    assert episode.first_aired is not None
    aired = (episode.first_aired + 60 * episode.runtime) // 60 * 60
    item = episode_item(episode, watched_at="released")
    with world.open() as trakt:
        assert ends(trakt.add("history", [item]))["confirmed"] == [None]
        assert ends(trakt.add("history", [item]))["existing"] == ["there"]

    assert plays(world) == {("episode", episode.trakt, aired): 1}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "missing_watched_at"),
        ({"watched_at": None}, "missing_watched_at"),
        ({"watched_at": ""}, "missing_watched_at"),
        ({"watched_at": "yesterday"}, "invalid_watched_at"),
        ({"watched_at": True}, "invalid_watched_at"),
        ({"watched_at": -5}, "invalid_watched_at"),
        ({"watched_at": float("nan")}, "invalid_watched_at"),
        ({"watched_at": "0999-01-01"}, "invalid_watched_at"),
        ({"watched_at": "released"}, "invalid_watched_at"),
    ],
)
def test_a_play_without_a_usable_date_is_refused(world: World, fields: Item, reason: str) -> None:
    with world.open() as trakt:
        report = trakt.add("history", [film_item(world.films[0], **fields)])

    assert ends(report)["unresolved"] == [reason]
    assert world.asked("POST") == 0


@pytest.mark.parametrize("kind", ["show", "season"])
@pytest.mark.parametrize("operation", ["add", "remove"])
def test_no_body_means_a_whole_show(world: World, kind: str, operation: str) -> None:
    show = world.shows[0]
    item: Item = {"type": kind, "ids": {"trakt": show.trakt}, "watched_at": AT}
    if kind == "season":
        item = {"type": kind, "show_ids": {"trakt": show.trakt}, "season": 1, "watched_at": AT}
    with world.open() as trakt:
        report = getattr(trakt, operation)("history", [item])

    assert ends(report)["unresolved"] == ["whole_show"]
    assert world.asked("POST") == 0


def test_a_lost_answer_is_read_back_and_never_sent_again(world: World) -> None:
    items = [film_item(film, watched_at=AT) for film in world.films[:3]]
    with world.open() as trakt:
        trakt.index("history")
        world.simulator.fail_next(Fault(lost=True, before=False), "POST", "/sync/history")
        report = trakt.add("history", items)

    assert ends(report)["confirmed"] == [None] * 3
    assert world.asked("POST", "/sync/history") == 1
    assert set(plays(world).values()) == {1}


def test_a_play_that_was_sent_and_does_not_show_is_ambiguous_and_blocked(world: World) -> None:
    items = [film_item(film, watched_at=AT) for film in world.films[:3]]
    with world.open() as trakt:
        trakt.index("history")
        world.simulator.fail_next(Fault(lost=True), "POST", "/sync/history")
        doubt = trakt.add("history", items)
        again = trakt.add("history", items)

    assert ends(doubt)["unresolved"] == ends(again)["unresolved"] == ["ambiguous"] * 3
    assert [type(problem) for problem in doubt.problems] == [AnswerLost]
    assert world.asked("POST", "/sync/history") == 1
    assert plays(world) == Counter()


def test_what_is_proven_not_to_have_been_applied_is_sent_by_a_later_call(world: World) -> None:
    """Nothing has changed since before the POST, for longer than a POST can take to work."""
    items = [film_item(film, watched_at=AT) for film in world.films[:3]]
    with world.open() as trakt:
        trakt.index("history")
        world.clock.advance(60)
        world.simulator.fail_next(Fault(status=504), "POST", "/sync/history")
        doubt = trakt.add("history", items)
        world.clock.advance(200)
        again = trakt.add("history", items)

        assert ends(doubt)["unresolved"] == ["ambiguous"] * 3
        assert [type(problem) for problem in doubt.problems] == [Unavailable]
        assert ends(again)["confirmed"] == [None] * 3
        assert trakt.unresolved("history") == []
    assert set(plays(world).values()) == {1}
    assert len(plays(world)) == 3


def test_a_play_that_was_applied_late_is_recognised_and_not_sent_again(world: World) -> None:
    items = [film_item(film, watched_at=AT) for film in world.films[:3]]
    with world.open() as trakt:
        trakt.index("history")
        world.simulator.fail_next(Fault(lost=True, late_s=90), "POST", "/sync/history")
        assert ends(trakt.add("history", items))["unresolved"] == ["ambiguous"] * 3
        world.clock.advance(200)
        again = trakt.add("history", items)

        assert ends(again)["existing"] == ["there"] * 3
    assert world.asked("POST", "/sync/history") == 1
    assert set(plays(world).values()) == {1}


def test_what_was_surely_not_sent_is_sent_by_the_next_call(world: World) -> None:
    items = [film_item(world.films[0], watched_at=AT)]
    with world.open(max_retries=1) as trakt:
        trakt.index("history")
        world.simulator.fail_next(Fault(refused=True), "POST", times=2)
        assert ends(trakt.add("history", items))["unresolved"] == ["not_sent"]
        assert ends(trakt.add("history", items))["confirmed"] == [None]

    assert plays(world) == {play_of(world.films[0]): 1}


def test_a_rate_limit_is_waited_for_and_the_play_sent_once(world: World) -> None:
    with world.open() as trakt:
        trakt.index("history")
        world.simulator.fail_next(
            Fault(status=429, headers={"retry-after": "7", "x-ratelimit": "{}"}), "POST"
        )
        report = trakt.add("history", [film_item(world.films[0], watched_at=AT)])

    assert ends(report)["confirmed"] == [None]
    assert plays(world) == {play_of(world.films[0]): 1}


def test_batches_are_cut_in_order_of_date(world: World) -> None:
    items = [film_item(film, watched_at=MINUTE - 60 * number) for number, film in enumerate(world.films)]
    with world.open(history_chunk_size=2, history_chunk_max=4) as trakt:
        trakt.index("history")
        world.simulator.fail_next(Fault(status=400), "POST", "/sync/history", after=1)
        report = trakt.add("history", items)

    assert world.asked("POST", "/sync/history") == 3, "two plays, then four, then four"
    assert len(report.confirmed) == 6


def test_a_mixed_batch_is_reported_item_by_item(world: World) -> None:
    unknown: Item = {"type": "movie", "ids": {"imdb": "tt7777777"}}
    items: list[object] = [
        film_item(world.films[0], watched_at=AT),
        {**unknown, "watched_at": AT},
        film_item(world.films[1]),
        "nonsense",
        episode_item(world.shows[0].episode(1, 1), watched_at=AT),
        {**episode_item(world.shows[0].episode(1, 1)), "episode": 99, "watched_at": AT},
    ]
    with world.open() as trakt:
        report = trakt.add("history", items)

    assert len(report.confirmed) == 2
    assert ends(report)["unresolved"] == [
        *("not_found", "missing_watched_at", "unsupported_type", "episode_not_found")
    ]


# --- episodes by numbers


def test_an_episode_by_numbers_is_looked_up_once_a_show(world: World) -> None:
    show = world.shows[0]
    items = [episode_item(episode, watched_at=AT) for episode in show.episodes()]
    with world.open() as trakt:
        report = trakt.add("history", items)
    with world.open(another_process=True) as trakt:
        again = trakt.add("history", [{**item, "watched_at": "2025-01-01T00:00:00Z"} for item in items])

    assert len(report.confirmed) == len(again.confirmed) == 7
    assert world.asked("GET", "/shows/") == 1


def test_the_number_fallback_sends_numbers_and_looks_nothing_up(world: World) -> None:
    episode = world.shows[0].episode(1, 2)
    with world.open(history_number_fallback=True) as trakt:
        report = trakt.add("history", [episode_item(episode, watched_at=AT)])

    assert ends(report)["confirmed"] == [None]
    assert world.asked("GET", "/shows/") == world.asked("GET", "/search/") == 0
    assert plays(world) == {("episode", episode.trakt, MINUTE): 1}


# --- removing


def test_removing_one_play_leaves_the_others_of_the_item(world: World) -> None:
    film = world.films[0]
    for minute in (MINUTE, MINUTE + 3600, MINUTE + 7200):
        world.account.watch(film, at=minute)
    with world.open() as trakt:
        report = trakt.remove("history", [film_item(film, watched_at=MINUTE + 3600)])
        again = trakt.remove("history", [film_item(film, watched_at=MINUTE + 3600)])
        assert len(trakt.index("history")) == 2

    assert ends(report)["confirmed"] == [None]
    assert ends(again)["existing"] == ["gone"]
    assert plays(world) == {play_of(film, MINUTE): 1, play_of(film, MINUTE + 7200): 1}


def test_a_play_that_was_just_added_is_found_in_its_titles_own_list(world: World) -> None:
    film = world.films[0]
    world.account.watch(film, at=MINUTE)
    item = film_item(film, watched_at="2025-02-02T10:00:00Z")
    with world.open() as trakt:
        trakt.add("history", [item])
        assert ends(trakt.remove("history", [item]))["confirmed"] == [None]
        assert ends(trakt.remove("history", [item]))["existing"] == ["gone"]

    assert plays(world) == {play_of(film): 1}


def test_two_plays_of_one_minute_are_told_apart_by_the_history_id(world: World) -> None:
    film = world.films[0]
    first, second = (world.account.watch(film, at=MINUTE) for _ in range(2))
    item = film_item(film, watched_at=MINUTE)
    with world.open() as trakt:
        unnamed = trakt.remove("history", [item])
        assert len(world.account.plays) == 2
        named = trakt.remove("history", [{**item, "history_id": str(second.id)}])

    assert ends(unnamed)["unresolved"] == ["ambiguous_plays"]
    assert ends(named)["confirmed"] == [None]
    assert [play.id for play in world.account.plays] == [first.id]


def test_a_history_id_of_another_title_removes_nothing(world: World) -> None:
    play = world.account.watch(world.films[0], at=MINUTE)
    with world.open() as trakt:
        report = trakt.remove("history", [film_item(world.films[1], history_id=play.id)])

    assert ends(report)["unresolved"] == ["ambiguous_plays"]
    assert len(world.account.plays) == 1


def test_an_undated_removal_needs_to_be_meant_for_all_plays(world: World) -> None:
    film = world.films[0]
    for minute in (MINUTE, MINUTE + 3600):
        world.account.watch(film, at=minute)
    world.account.watch(world.films[1], at=MINUTE)
    with world.open() as trakt:
        refused = trakt.remove("history", [film_item(film)])
        assert len(world.account.plays) == 3
        done = trakt.remove("history", [film_item(film)], all_plays=True)

    assert ends(refused)["unresolved"] == ["undated_removal"]
    assert ends(done)["confirmed"] == [None]
    assert plays(world) == {play_of(world.films[1]): 1}


def test_a_removal_is_repeated_after_a_lost_answer(world: World) -> None:
    """A history id that is gone cannot be removed twice."""
    film = world.films[0]
    world.account.watch(film, at=MINUTE)
    with world.open() as trakt:
        trakt.index("history")
        world.simulator.fail_next(Fault(lost=True, before=False), "POST", "/sync/history/remove")
        report = trakt.remove("history", [film_item(film, watched_at=MINUTE)])

    assert not report.unresolved
    assert len(world.account.plays) == 0


def test_an_index_that_cannot_be_had_means_that_nothing_is_sent(world: World) -> None:
    with world.open() as trakt:
        trakt.person  # noqa: B018 - signed in
        world.simulator.fail_next(Fault(status=500), "GET", "/sync", times=99)
        with pytest.raises(TraktError):
            trakt.add("history", [film_item(world.films[0], watched_at=AT)])
        with pytest.raises(TraktError):
            trakt.remove("history", [film_item(world.films[0], watched_at=AT)])

    assert world.asked("POST") == 0


def test_a_dry_run_sends_nothing_and_says_what_would_be_sent(world: World) -> None:
    world.account.watch(world.films[0], at=MINUTE)
    items = [film_item(film, watched_at=AT) for film in world.films[:2]]
    with world.open() as trakt:
        added = trakt.add("history", items, dry_run=True)
        removed = trakt.remove("history", items, dry_run=True)

    assert (len(added.confirmed), len(added.existing)) == (1, 1)
    assert (len(removed.confirmed), len(removed.existing)) == (1, 1)
    assert world.asked("POST") == 0


# --- the collection beside it


def collected(world: World) -> set[object]:
    """The titles in the collection."""
    return {kept.title for kept in world.account.collection.values()}


def test_the_collection_follows_the_history_if_that_is_asked_for(world: World) -> None:
    film, episode = world.films[0], world.shows[0].episode(1, 1)
    items = [film_item(film, watched_at=AT), episode_item(episode, watched_at=AT)]
    again = film_item(film, watched_at="2025-01-01T00:00:00Z")
    with world.open(history_collection=True) as trakt:
        added = trakt.add("history", items)
        assert collected(world) == {film}, "episodes are of no type that was asked for"
        trakt.add("history", [again])
        trakt.remove("history", [again])
        assert collected(world) == {film}, "a play of it is left"
        removed = trakt.remove("history", items)

    assert added.collection is not None
    assert removed.collection is not None
    assert ends(added.collection)["confirmed"] == ends(removed.collection)["confirmed"] == [None]
    assert collected(world) == set()


def test_only_what_the_option_added_to_the_collection_is_removed_from_it(world: World) -> None:
    own, film = world.films[1], world.films[2]
    world.account.collect(own)
    items = [film_item(own, watched_at=AT), film_item(film, watched_at=AT)]
    with world.open(history_collection=True) as trakt:
        trakt.add("history", items[:1])
        trakt.remove("history", items[:1])
        assert collected(world) == {own}

        trakt.add("history", items)  # one answer for both: which of them was new, it does not tell
        trakt.remove("history", items)

    assert own in collected(world)


@pytest.mark.parametrize("failing", [False, True])
def test_a_title_that_another_client_just_played_stays_in_the_collection(world: World, failing: bool) -> None:
    """The stored history does not know of that play; if its own list cannot be asked, nothing is removed."""
    film = world.films[0]
    item = film_item(film, watched_at=AT)
    with world.open(history_collection=True, max_retries=0) as trakt:
        trakt.add("history", [item])
        trakt.index("history")
        if failing:
            own = f"/sync/history/movies/{film.trakt}"
            world.simulator.fail_next(Fault(status=500), "GET", own, times=None)
        else:
            world.account.watch(film, at=MINUTE + 7200)
        assert ends(trakt.remove("history", [item]))["confirmed"] == [None]

    assert collected(world) == {film}


def test_a_collection_that_fails_never_fails_the_history_and_is_reported(world: World) -> None:
    with world.open(history_collection=True, max_retries=1) as trakt:
        world.simulator.fail_next(Fault(status=500), "POST", "/sync/collection", times=9)
        report = trakt.add("history", [film_item(world.films[0], watched_at=AT)])

    assert ends(report)["confirmed"] == [None]
    assert report.collection is not None
    assert ends(report.collection)["unresolved"] == ["http:500"]


# --- whatever is handed in


WISHES = st.lists(
    st.tuples(st.sampled_from(["tmdb", "imdb", "numbers", "unknown"]), st.integers(0, 3), st.integers(0, 3)),
    max_size=10,
)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.booleans(), WISHES), max_size=4))
def test_adding_and_removing_in_any_order_is_what_a_set_of_plays_would_do(
    calls: list[tuple[bool, list[tuple[str, int, int]]]],
) -> None:
    """Promise 2: no play twice, nothing removed that was not named, every item one end."""
    expected: set[tuple[str, int, int]] = set()
    with TemporaryDirectory() as folder:
        world = World(Path(folder))
        _add_and_remove(world, calls, expected)


def _add_and_remove(
    world: World,
    calls: list[tuple[bool, list[tuple[str, int, int]]]],
    expected: set[tuple[str, int, int]],
) -> None:
    with world.open(history_chunk_size=3) as trakt:
        for adding, wishes in calls:
            items = [_item(world, *wish) for wish in wishes]
            report: Report = (trakt.add if adding else trakt.remove)("history", items)
            named = {_meant(world, *wish) for wish in wishes if wish[0] != "unknown"}
            expected = expected | named if adding else expected - named
            ended = len(report.confirmed) + len(report.existing) + len(report.unresolved)

            assert ended == len(items)
            assert plays(world) == Counter(expected)


def _item(world: World, spelling: str, number: int, hour: int) -> Item:
    watched_at = MINUTE + 3600 * hour
    match spelling:
        case "numbers":
            return episode_item(world.shows[0].episode(1, number + 1), watched_at=watched_at)
        case "unknown":
            return {"type": "movie", "ids": {"imdb": "tt7777777"}, "watched_at": watched_at}
        case _:
            ids = {spelling: world.films[number].ids[spelling]}
            return {"type": "movie", "ids": ids, "watched_at": watched_at}


def _meant(world: World, spelling: str, number: int, hour: int) -> tuple[str, int, int]:
    if spelling == "numbers":
        return ("episode", world.shows[0].episode(1, number + 1).trakt, MINUTE + 3600 * hour)
    return play_of(world.films[number], MINUTE + 3600 * hour)
