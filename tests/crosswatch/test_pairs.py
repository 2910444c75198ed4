"""Our provider in a pair, as source, as target and both ways: what a user does travels, and nothing else."""

from pathlib import Path
from shutil import rmtree
from typing import cast

import pytest

from crosswatch_trakt.adapters.simulator.plays import Watchable
from crosswatch_trakt.adapters.simulator.titles import Title
from tests.crosswatch.memory import Memory
from tests.crosswatch.run import Run
from tests.crosswatch.trakt import FEATURES, PAST, Paired, Side, named, theirs
from tests.crosswatch.values import Config, Form, Item, texts

FORMS = pytest.mark.parametrize("form", list(Form))
WAYS = pytest.mark.parametrize("way", ["source", "target", "two-way", "two-way back"])
EVENTS: Config = {"rewatches": True}


def paired(
    folder: Path,
    form: Form,
    way: str,
    *,
    trakt: Config | None = None,
    options: Config | None = None,
    features: tuple[str, ...] = FEATURES,
) -> Paired:
    """A pair in which Trakt is the source, the target, or either of two."""
    return Paired(
        folder,
        form,
        mode="two-way" if way.startswith("two-way") else "one-way",
        source=way in ("source", "two-way"),
        trakt=trakt or {},
        options=options or {},
        features=features,
    )


def giver(way: str) -> Side:
    """Where things come from; of a two-way pair its first end."""
    return "trakt" if way in ("source", "two-way") else "plain"


def other(side: Side) -> Side:
    """The other side."""
    return "plain" if side == "trakt" else "trakt"


def fill(pair: Paired, side: Side) -> None:
    """Films, a show, a season and episodes: something of each. Trakt numbers each type from the same number
    on; a TMDB number is shared by a film and a show only where the engine can tell them apart, or where it
    is Trakt that has both.
    """
    shared = side == "trakt" or pair.form is Form.NEW
    film, show = pair.films[0 if shared else 5], pair.shows[0]
    for title in (film, show, show.season(1), show.episode(1, 1), pair.films[1]):
        pair.wish_for(side, title)
        pair.rate(side, title, 7)
    pair.watch(side, pair.films[2], PAST + 17)
    pair.watch(side, pair.shows[1].episode(0, 1), PAST + 100)  # a special
    for index in range(1, 7):
        pair.watch(side, pair.shows[1].episode(1, index), PAST + 3600 * index)


def healthy(run: Run) -> Run:
    """A run without an error."""
    assert run.errors == 0, run.causes
    assert not run.named("apply:unresolved"), run.named("apply:unresolved")
    return run


def hints(run: Run) -> set[str]:
    """Why items were left, as a user reads it."""
    return {hint for event in run.named("apply:unresolved") for hint in texts(event.fields["reasons"])}


def filled(pair: Paired, way: str) -> Paired:
    """Filled where things come from, brought over, and seen there: from then on what goes was deleted."""
    fill(pair, giver(way))
    for _ in range(3):
        healthy(pair.run())
    return pair


@FORMS
@WAYS
@pytest.mark.parametrize("options", [{}, EVENTS], ids=["state", "events"])
def test_a_first_run_brings_all_over_and_the_next_ones_find_nothing_to_do(
    tmp_path: Path, form: Form, way: str, options: Config
) -> None:
    pair = paired(tmp_path, form, way, options=options)
    fill(pair, giver(way))
    healthy(pair.run())
    posts = pair.posts()
    again = [healthy(pair.run()) for _ in range(2)]
    pair.new_process()
    gets = pair.world.asked("GET")

    again.append(healthy(pair.run()))

    assert pair.equal
    assert all(tally.quiet for run in again for tally in run.features.values())
    assert pair.posts() == posts
    assert pair.world.asked("GET") - gets <= 4  # of which one is its health


@FORMS
@WAYS
@pytest.mark.parametrize("options", [{}, EVENTS], ids=["state", "events"])
def test_what_a_user_deletes_goes_on_the_other_side_and_nothing_else_does(
    tmp_path: Path, form: Form, way: str, options: Config
) -> None:
    pair = filled(paired(tmp_path, form, way, options=options), way)
    sides: list[Side] = ["trakt", "plain"] if way.startswith("two-way") else [giver(way)]
    for side in sides:
        first = side == sides[0]
        gone = [
            ("watchlist", pair.films[1] if first else pair.shows[0].season(1)),
            ("ratings", pair.shows[0].episode(1, 1) if first else pair.shows[0]),
            ("history", pair.shows[1].episode(1, 4 if first else 6)),
        ]
        expected = {name: dict(pair.holds("trakt", name)) for name in FEATURES}
        for feature, title in gone:
            pair.forget(side, feature, title)
            expected[feature] = {key: n for key, n in expected[feature].items() if key[0] != named(title)}

        healthy(pair.run())

        for name in FEATURES:
            assert pair.holds("trakt", name) == expected[name], (side, name)
            assert pair.holds("plain", name) == expected[name], (side, name)
        assert all(tally.quiet for tally in healthy(pair.run()).features.values())


@FORMS
@WAYS
def test_a_title_rated_anew_is_rated_anew_over_there(tmp_path: Path, form: Form, way: str) -> None:
    pair = filled(paired(tmp_path, form, way), way)
    pair.rate(giver(way), pair.shows[0].season(1), 2)
    pair.rate(giver(way), pair.shows[0], 10)

    healthy(pair.run())

    assert pair.equal
    assert pair.holds("trakt", "ratings")[named(pair.shows[0].season(1)), 2] == 1
    assert pair.holds("trakt", "ratings")[named(pair.shows[0]), 10] == 1
    assert all(tally.quiet for tally in healthy(pair.run()).features.values())


@FORMS
def test_of_two_ratings_the_newer_one_stays_both_ways(tmp_path: Path, form: Form) -> None:
    pair = filled(paired(tmp_path, form, "two-way"), "two-way")
    pair.rate("trakt", pair.films[1], 3)
    pair.clock.advance(60)
    pair.rate("plain", pair.films[1], 4)
    pair.rate("plain", pair.shows[0], 5)
    pair.clock.advance(60)
    pair.rate("trakt", pair.shows[0], 6)

    healthy(pair.run())

    assert pair.equal
    assert pair.holds("plain", "ratings")[named(pair.films[1]), 4] == 1
    assert pair.holds("plain", "ratings")[named(pair.shows[0]), 6] == 1


@FORMS
@WAYS
def test_every_play_of_a_title_travels_and_one_that_is_deleted_goes_alone(
    tmp_path: Path, form: Form, way: str
) -> None:
    pair = paired(tmp_path, form, way, options=EVENTS, features=("history",))
    film, episode = pair.films[0], pair.shows[0].episode(1, 1)  # of one number at Trakt
    for days in range(4):
        for title in (film, episode):
            pair.watch(giver(way), title, PAST + 86_400 * days)
    pair.watch(giver(way), film, PAST + 60)
    for _ in range(3):
        healthy(pair.run())
    assert pair.equal
    assert sum(pair.holds("trakt", "history").values()) == 9
    pair.unwatch(giver(way), film, PAST + 86_400)
    pair.unwatch(giver(way), episode, PAST)

    healthy(pair.run())

    assert pair.equal
    assert sum(pair.holds("trakt", "history").values()) == 7
    assert all(tally.quiet for tally in healthy(pair.run()).features.values())


@FORMS
@WAYS
@pytest.mark.parametrize("options", [{}, EVENTS], ids=["state", "events"])
def test_a_film_comes_over_although_an_episode_of_its_number_is_there(
    tmp_path: Path, form: Form, way: str, options: Config
) -> None:
    """The older engine takes ids of any type for one another, those of Trakt too."""
    pair = paired(tmp_path, form, way, options=options)
    episode = pair.shows[1].episode(1, 3)
    tmdb = cast(int, episode.ids["tmdb"])
    film = pair.simulator.catalogue.movie("Twin", 1990, trakt=episode.trakt, tmdb=tmdb)
    pair.rate(giver(way), episode, 5)
    pair.watch(giver(way), episode, PAST)
    healthy(pair.run())
    pair.rate(giver(way), film, 6)
    pair.watch(giver(way), film, PAST)

    healthy(pair.run())

    assert pair.equal
    assert len(pair.holds("trakt", "history")) == len(pair.holds("plain", "ratings")) == 2
    assert all(tally.quiet for tally in healthy(pair.run()).features.values())


@FORMS
def test_every_play_that_was_added_is_remembered_as_the_targets_own(tmp_path: Path, form: Form) -> None:
    """Or the engine would not notice that a user deletes it there."""
    pair = paired(tmp_path, form, "target", options=EVENTS, features=("history",))
    for hours in range(3):
        pair.watch("plain", pair.films[0], PAST + 3600 * hours + 17)
    healthy(pair.run())

    (remembered,) = (rows for whose, rows in pair.memory.baselines.items() if whose[1].startswith("TRAKT"))

    assert remembered.keys() == {f"tmdb:501001@{PAST + 3600 * hours}" for hours in range(3)}


@FORMS
@WAYS
@pytest.mark.parametrize("options", [{}, EVENTS], ids=["state", "events"])
@pytest.mark.parametrize("namespace", ["imdb", "tvdb"])
def test_what_the_other_side_knows_by_another_id_is_the_same_and_never_counts_as_removed(
    tmp_path: Path, form: Form, way: str, options: Config, namespace: str
) -> None:
    """Trakt answers with its own ids, so the key of a row is another one in the next run."""
    pair = paired(tmp_path, form, way, options=options)
    show = pair.shows[0]
    episodes = [show.episode(1, 1), show.episode(0, 1)]
    films = [pair.films[2], pair.films[3]] if namespace == "imdb" else []
    watched: list[Watchable] = [*episodes, *films]
    listed: list[Title] = [show, show.season(1), *watched]
    for title in listed:
        pair.plain.wish_for(theirs(title, namespace))
        pair.plain.rate(theirs(title, namespace), 8, "2025-01-01T00:00:00Z")
    for play in watched:
        pair.plain.watch(theirs(play, namespace), "2025-01-01T20:15:40Z")
    if way == "source":
        for play in watched:
            pair.watch("trakt", play, 1_735_762_500)
        for title in listed:
            pair.rate("trakt", title, 8)
            pair.wish_for("trakt", title)

    runs = [healthy(pair.run()) for _ in range(4)]

    assert pair.equal
    assert not any(run.called("remove") for run in runs)
    assert all(tally.quiet for run in runs[1:] for tally in run.features.values())
    pair.forget(giver(way), "ratings", show)
    if way in ("source", "target"):
        pair.forget(giver(way), "history", episodes[0])
    healthy(pair.run())
    assert pair.equal
    assert len(pair.holds("trakt", "ratings")) == 3 + len(films)


@FORMS
def test_a_play_that_stands_under_two_keys_comes_back_both_ways_by_the_engines_own_fault(
    tmp_path: Path, form: Form
) -> None:
    """Both ways it looks for a deleted play under the very key of the other side: a play to the second there
    is another than Trakt's to the minute. Nothing is lost, but a deletion is undone.
    """
    pair = paired(tmp_path, form, "two-way", options=EVENTS, features=("history",))
    pair.watch("plain", pair.films[0], PAST + 17)
    for _ in range(3):
        healthy(pair.run())
    pair.forget("trakt", "history", pair.films[0])

    healthy(pair.run())

    assert pair.equal
    assert pair.holds("trakt", "history") == {("movie 1001", PAST): 1}


@FORMS
@WAYS
def test_two_plays_within_a_minute_of_trakts_are_one_there_and_written_once(
    tmp_path: Path, form: Form, way: str
) -> None:
    pair = paired(tmp_path, form, way, options=EVENTS, features=("history",))
    film = pair.films[0]
    pair.watch("plain", film, PAST + 3)
    pair.watch("plain", film, PAST + 42)
    if way == "source":
        pair.watch("trakt", film, PAST)

    for _ in range(4):
        healthy(pair.run())

    assert pair.holds("trakt", "history") == {("movie 1001", PAST): 1}
    assert pair.holds("plain", "history")[("movie 1001", PAST)] == 2


@FORMS
def test_two_plays_of_trakts_in_one_minute_are_both_there(tmp_path: Path, form: Form) -> None:
    pair = paired(tmp_path, form, "source", options=EVENTS, features=("history",))
    for _ in range(2):
        pair.watch("trakt", pair.films[0], PAST)
    with pair.host.installed():
        index = pair.ops.build_index(pair.config, feature="history")

    assert len(index) == 2
    assert len({row["_trakt_history_id"] for row in index.values()}) == 2


@FORMS
@WAYS
@pytest.mark.parametrize("options", [{}, EVENTS], ids=["state", "events"])
def test_a_play_of_unknown_date_is_a_play_and_is_never_written_twice(
    tmp_path: Path, form: Form, way: str, options: Config
) -> None:
    pair = paired(tmp_path, form, way, options=options, features=("history",))
    film, episode = pair.films[0], pair.shows[0].episode(1, 1)
    for title in (film, episode):
        pair.watch(giver(way), title, 0)
    pair.watch(giver(way), pair.films[1], PAST)

    runs = [healthy(pair.run()) for _ in range(4)]

    assert pair.equal
    assert sum(pair.holds("trakt", "history").values()) == 3
    assert not any(run.called("remove") for run in runs)


@FORMS
def test_what_trakt_does_not_know_is_told_and_the_rest_comes_over(tmp_path: Path, form: Form) -> None:
    pair = paired(tmp_path, form, "target")
    strange: list[Item] = [
        {"type": "movie", "ids": {"simkl": "77"}},
        {"type": "show", "title": "Nowhere", "year": 1981, "ids": {"mal": "5", "anidb": "6"}},
        {"type": "movie", "title": "Gone", "year": 1982, "ids": {"tmdb": "99999999"}},
    ]
    for item in strange:
        pair.plain.wish_for(item)
        pair.plain.rate(item, 5, "2025-01-01T00:00:00Z")
    pair.plain.watch(strange[0], "2025-01-01T19:00:00Z")
    pair.plain.watch(strange[2], "2025-01-01T20:00:00Z")
    pair.wish_for("plain", pair.films[0])
    pair.plain.rate(theirs(pair.films[0]), 5, "2025-01-01T00:00:00Z")
    pair.watch("plain", pair.films[1], PAST)

    runs = [pair.run() for _ in range(3)]

    assert all(run.errors == 0 for run in runs)
    assert not any(run.called("remove") for run in runs)
    assert pair.holds("trakt", "watchlist") == {("movie 1001", 0): 1}
    assert pair.holds("trakt", "ratings") == {("movie 1001", 5): 1}
    assert pair.holds("trakt", "history") == {("movie 1002", PAST): 1}
    assert hints(runs[0]) == {"missing ids", "not_found"}
    assert len(pair.plain.watchlist) == 4


@FORMS
@pytest.mark.parametrize("way", ["target", "two-way"])
def test_an_account_that_counts_each_title_once_gets_the_newest_play_once(
    tmp_path: Path, form: Form, way: str
) -> None:
    pair = paired(tmp_path, form, way, options=EVENTS, features=("history",))
    pair.account.watch_only_once = True
    for days in range(3):
        pair.watch("plain", pair.films[0], PAST + 86_400 * days)

    for _ in range(4):
        assert pair.run().errors == 0

    assert pair.holds("trakt", "history") == {("movie 1001", PAST + 2 * 86_400): 1}
    assert sum(pair.holds("plain", "history").values()) == 3


@FORMS
@WAYS
def test_a_dry_run_writes_nothing_and_the_next_one_writes_all(tmp_path: Path, form: Form, way: str) -> None:
    pair = paired(tmp_path, form, way)
    fill(pair, giver(way))

    run = pair.run(dry_run=True)

    assert run.errors == 0
    assert (pair.posts(), pair.holds(other(giver(way)), "history")) == (0, {})
    healthy(pair.run())
    assert pair.equal


@FORMS
@WAYS
def test_a_dry_run_of_a_removal_removes_nothing(tmp_path: Path, form: Form, way: str) -> None:
    pair = filled(paired(tmp_path, form, way), way)
    posts, there = pair.posts(), pair.holds(other(giver(way)), "ratings")
    pair.forget(giver(way), "ratings", pair.films[1])

    assert pair.run(dry_run=True).errors == 0

    assert pair.posts() == posts
    assert pair.holds(other(giver(way)), "ratings") == there


@FORMS
@WAYS
def test_another_scope_costs_no_new_reading(tmp_path: Path, form: Form, way: str) -> None:
    """The newer engine names a scope anew with every setting: our rows hang on the account."""
    pair = filled(paired(tmp_path, form, way), way)
    pair.trakt["timeout"] = 20
    pair.memory = Memory()
    pair.new_process()
    gets, posts = pair.world.asked("GET"), pair.posts()

    healthy(pair.run())

    assert pair.equal
    assert (pair.world.asked("GET") - gets <= 4, pair.posts()) == (True, posts)


@FORMS
@WAYS
@pytest.mark.parametrize("all_of_it", [False, True], ids=["files", "folders too"])
def test_files_that_vanish_between_runs_are_made_anew(
    tmp_path: Path, form: Form, way: str, *, all_of_it: bool
) -> None:
    """Clearing the cache takes the files; resetting all takes our folder as well."""
    pair = filled(paired(tmp_path, form, way), way)
    for path in pair.state.iterdir():
        if path.is_file():
            path.unlink()
        elif all_of_it:
            rmtree(path)
    pair.forget(giver(way), "ratings", pair.films[1])
    pair.new_process()

    healthy(pair.run())

    assert pair.equal
    assert len(pair.holds("trakt", "ratings")) == 4
    assert any(path.name.startswith("trakt_history.index") for path in pair.state.iterdir())
    assert all(tally.quiet for tally in healthy(pair.run()).features.values())


@FORMS
@pytest.mark.parametrize("way", ["target", "two-way"])
@pytest.mark.parametrize("count", [250, 1000])
def test_many_items_go_in_the_engines_chunks_each_once(
    tmp_path: Path, form: Form, way: str, count: int
) -> None:
    pair = paired(tmp_path, form, way, options=EVENTS, features=("history",))
    for number in range(count):
        pair.watch("plain", pair.films[number % 10], PAST + 3600 * number)

    run = healthy(pair.run())

    assert run.called("add")[:3] == ["TRAKT#default add history 100"] * 3 if count > 250 else True
    assert run.features["history"].added == count
    assert pair.equal
    gets = pair.world.asked("GET")
    assert all(tally.quiet for tally in healthy(pair.run()).features.values())
    assert pair.equal
    assert pair.world.asked("GET") - gets <= 14 + count // 250


@FORMS
def test_many_titles_of_lists_go_in_chunks_too(tmp_path: Path, form: Form) -> None:
    pair = paired(tmp_path, form, "two-way", features=("watchlist", "ratings"))
    pair.account.limits.watchlist = 5000
    films = [pair.simulator.catalogue.movie(f"More {number}", 1990) for number in range(250)]
    for film in films:
        pair.wish_for("plain", film)
        pair.rate("plain", film, 6)
    run = healthy(pair.run())

    assert pair.equal
    assert len(run.called("add")) == 6
    assert all(tally.quiet for tally in healthy(pair.run()).features.values())


@FORMS
def test_a_full_watchlist_takes_what_fits_and_says_so(tmp_path: Path, form: Form) -> None:
    pair = paired(tmp_path, form, "target", features=("watchlist",))
    pair.account.limits.watchlist = 3
    for film in pair.films[:5]:
        pair.wish_for("plain", film)

    runs = [pair.run() for _ in range(4)]

    assert len(pair.holds("trakt", "watchlist")) == 3
    assert {
        hint for event in runs[0].named("apply:unresolved") for hint in texts(event.fields["reasons"])
    } == {"trakt_limit"}
    pair.account.limits.watchlist = 9
    healthy(pair.run())
    assert pair.equal


@FORMS
@pytest.mark.parametrize("side", ["trakt", "plain"])
def test_what_is_watched_leaves_the_watchlist_on_both_sides(tmp_path: Path, form: Form, side: Side) -> None:
    """Trakt takes it off: to the engine that is a deletion like any other."""
    pair = filled(paired(tmp_path, form, "two-way"), "two-way")
    pair.watch(side, pair.films[1], PAST)

    for _ in range(3):
        healthy(pair.run())

    assert pair.equal
    assert (named(pair.films[1]), 0) not in pair.holds("trakt", "watchlist")
    assert len(pair.holds("trakt", "watchlist")) == 4
