"""The index of the history: whole or an error, and read again only where its two witnesses differ."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from returns.result import Result, Success

from crosswatch_trakt import TraktError
from crosswatch_trakt.adapters.history import SqliteHistory
from crosswatch_trakt.adapters.simulator import Fault, PagingFaults, broken
from crosswatch_trakt.adapters.simulator.hiding import Hideable
from crosswatch_trakt.adapters.simulator.plays import Play, Watchable
from crosswatch_trakt.adapters.simulator.seed import seeded
from crosswatch_trakt.adapters.simulator.titles import Movie
from crosswatch_trakt.adapters.state import MemoryState
from crosswatch_trakt.application.index.history import LOCK, ROWS_FILE
from crosswatch_trakt.application.ports import Response
from crosswatch_trakt.application.settings import Verify
from crosswatch_trakt.domain.journal import LAG_S
from crosswatch_trakt.domain.plays import Play as Stored
from crosswatch_trakt.domain.problems import Incomplete, Problem, StateUnwritable
from tests.application.world import Item, World, film_item

DAY_S = 86_400
PAST = 1_600_000_020  # on the minute
LISTS, LEDGER, STATS = "/sync/history", "/users/me/watched", "/users/me/stats"

Name = tuple[object, object, int]  # kind, trakt id, minute


def fill(world: World, plays: int = 600) -> None:
    """Plays of ten films and one show, long ago."""
    titles: list[Watchable] = [*world.films, *world.shows[0].episodes()]
    world.account.plays.load(
        Play(PAST + 3600 * number, 1000 + 3 * number, titles[number % len(titles)], "watch")
        for number in range(plays)
    )
    world.clock.advance(2 * LAG_S)


def larger(world: World, plays: int = 10_000) -> World:
    """The same world with an account of many years."""
    world.simulator = seeded(world.clock, plays=plays)
    world.account = world.simulator.account
    world.settings = replace(
        world.settings,
        client_id=world.simulator.client_id,
        access_token=world.account.access_token,
        refresh_token=world.account.refresh_token,
    )
    return world


def index(world: World, verify: Verify = "always") -> list[Item]:
    """The index, as another process would make it."""
    with world.open(another_process=True, verify=verify) as trakt:
        return list(trakt.index("history").values())


def settled(world: World) -> list[Item]:
    """The index after the lag."""
    world.clock.advance(LAG_S + 1)
    return index(world)


def ids(items: list[Item]) -> set[object]:
    """Which plays these are."""
    return {item["history_id"] for item in items}


def account_ids(world: World) -> set[object]:
    """The plays of the account."""
    return {play.id for play in world.account.plays}


def hidden_ids(items: list[Item]) -> set[object]:
    """Those that are marked."""
    return {item["history_id"] for item in items if item.get("hidden") is True}


def gets(world: World, work: Callable[[], object]) -> int:
    """How many GETs it takes."""
    before = world.asked("GET")
    work()
    return world.asked("GET") - before


def files(world: World) -> dict[Path, tuple[int, bytes]]:
    """All that lies in the account's state."""
    found = [path for path in world.state.rglob("*") if path.is_file() and not path.name.endswith(".lock")]
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in found}


def problem(world: World) -> object:
    """What an index fails with."""
    with pytest.raises(TraktError) as raised:
        index(world)
    return raised.value.problem


# --- whole: pages that shift


@pytest.mark.parametrize("page", [1, 2])
@pytest.mark.parametrize(
    "prefix", [f"{LISTS}/movies", f"{LISTS}/episodes", f"{LEDGER}/movies", f"{LEDGER}/shows"]
)
@pytest.mark.parametrize("change", ["added", "added long ago", "removed first", "removed", "one for another"])
@pytest.mark.parametrize("known", [False, True])
def test_no_row_is_lost_to_pages_that_shift(
    world: World, page: int, prefix: str, change: str, *, known: bool
) -> None:
    fill(world, 90)
    world.simulator.paging.rows_max = world.simulator.paging.ledger_titles_max = 20
    account = world.account
    if known:
        index(world)
        account.watch(world.films[5], PAST + 60)
        for number in range(40):
            account.watch(world.films[number % 3], PAST - 3600 * number)
        world.clock.advance(60)
    oldest, newest = list(account.plays)[3], list(account.plays)[-2]

    def happens() -> None:
        if change in ("removed", "one for another"):
            account.unwatch([oldest])
        if change == "removed first":
            account.unwatch([newest])
        if change in ("added", "one for another"):
            account.watch(world.films[1])
        if change == "added long ago":
            account.watch(world.shows[1].episode(1, 1), PAST - 60)

    always = account_ids(world) - {oldest.id, newest.id}
    world.simulator.between_pages(happens, page, prefix)
    items = index(world)
    world.simulator.forgive()

    assert always <= ids(items)
    assert ids(settled(world)) == account_ids(world)


def test_an_account_that_changes_in_every_round_gives_no_index_and_leaves_what_is_stored(
    world: World,
) -> None:
    fill(world)
    index(world)
    before = files(world)

    def changes(method: str, path: str, query: object) -> None:
        if path.startswith(LEDGER):
            world.clock.advance(2)
            world.account.watch(world.films[0], PAST)

    world.account.watch(world.films[1])
    world.clock.advance(60)
    end = world.simulator.on_request(changes)
    failed = problem(world)
    end()

    assert isinstance(failed, Incomplete)
    assert failed.moved
    assert files(world) == before
    assert ids(index(world)) == account_ids(world)


def test_a_window_that_is_cut_short_hides_no_title_that_nobody_asked_for(world: World) -> None:
    """It is read for five titles; what it lacks of a sixth is read again too."""
    for number, film in enumerate(world.films):
        world.account.watch(film, PAST + 60 * number)
    world.clock.advance(2 * LAG_S)
    index(world)
    for number, film in enumerate(world.films[:5]):
        world.account.watch(film, PAST + 240 * number + 1)
    world.clock.advance(2 * LAG_S)
    sixth = world.films[5]

    def cut(answer: Response) -> Response:
        rows = [row for row in json.loads(answer.body) if row["movie"]["ids"]["trakt"] != sixth.trakt]
        return replace(answer, body=json.dumps(rows).encode())

    world.simulator.fail_next(Fault(alter=cut), "GET", f"{LISTS}/movies")
    with world.open(another_process=True) as trakt:
        found = trakt.index("history")

    assert len(found) == 15
    assert found.hidden == 0


# --- whole: hidden titles


def test_hidden_titles_are_counted_and_read_once(world: World) -> None:
    fill(world)
    hidden = [play for play in world.account.plays if play.title in (world.films[2], world.films[7])]
    world.account.hide(world.films[2])
    world.account.hide(world.films[7])
    world.clock.advance(LAG_S + 1)

    with world.open() as trakt:
        first = trakt.index("history")
    world.clock.advance(3600)
    with world.open() as trakt:
        requests = gets(world, lambda: trakt.index("history"))
        second = trakt.index("history")
    world.account.watch(world.films[0], PAST + 60)
    world.clock.advance(3600)
    lists = world.asked("GET", LISTS)
    with world.open() as trakt:
        third = trakt.index("history")

    assert [len(index) for index in (first, second)] == [600 - len(hidden)] * 2
    assert [index.hidden for index in (first, second, third)] == [len(hidden)] * 3
    assert requests == 2  # last_activities and stats
    assert world.asked("GET", LISTS) - lists == 1  # the new play's, none of the hidden


def test_hidden_titles_are_not_remembered_by_a_reading_that_is_not_settled(world: World) -> None:
    """The film only seems hidden: the lists lag behind the ledger."""
    fill(world)
    index(world)
    world.simulator.lag.history_s = 600
    world.account.watch(world.films[2])
    world.clock.advance(60)
    items = index(world)
    world.simulator.lag.history_s = 0

    assert len(items) == 600
    assert ids(settled(world)) == account_ids(world)


@pytest.mark.parametrize("ledger", ["there", "refused"])
def test_a_title_hidden_today_stays_marked_and_loses_the_mark_when_shown(world: World, ledger: str) -> None:
    fill(world)
    if ledger == "refused":
        world.simulator.fail_next(Fault(status=404), path_prefix=LEDGER, times=None)
    index(world)
    film, show = world.films[3], world.shows[0]
    hidden = {play.id for play in world.account.plays if play.title is film or play.title.kind == "episode"}
    world.account.hide(film)
    world.account.hide(show)
    at_once, later = index(world), settled(world)
    with world.open() as trakt:
        counted = trakt.index("history").hidden
    gone = next(play for play in world.account.plays if play.title is film)
    world.account.unwatch([gone])
    after_removal = settled(world)
    world.account.unhide(film)
    shown, shown_later = index(world), settled(world)

    for items in (at_once, later):
        assert ids(items) == account_ids(world) | {gone.id}
        assert hidden_ids(items) == hidden
    assert counted == len(hidden)
    assert ids(after_removal) == account_ids(world) or ledger == "refused"
    for items in (shown, shown_later):
        assert ids(items) == account_ids(world)
        assert hidden_ids(items) == {play.id for play in world.account.plays if play.title.kind == "episode"}


def test_a_title_shown_again_is_found_though_another_play_came_with_it(world: World) -> None:
    fill(world)
    world.account.hide(world.films[3])
    settled(world)
    world.account.unhide(world.films[3])
    world.account.watch(world.films[4])
    world.clock.advance(30)

    assert ids(index(world)) == account_ids(world)


def test_a_title_shown_again_quietly_is_found_within_a_day(world: World) -> None:
    fill(world)
    world.account.hide(world.films[3])
    settled(world)
    with world.account.quietly():
        world.account.unhide(world.films[3])
    for _ in range(26):  # what is read in between for other reasons does not put it off
        world.clock.advance(3600)
        world.account.watch(world.films[4])
        items = index(world)

    assert ids(items) == account_ids(world)


# --- whole: pages with faults

FAULTS = {
    "repeated rows": PagingFaults(repeated=20),
    "rows displaced by repeats": PagingFaults(displaced=30),
    "null rows": PagingFaults(null_rows=2),
    "a short page amid others": PagingFaults(short_pages={2: 107}),
    "a short first page": PagingFaults(short_pages={1: 107}),
    "an empty page": PagingFaults(short_pages={2: 0}),
    "counts too high": PagingFaults(count_off=700),
    "counts too low": PagingFaults(count_off=-550),
    "no counts": PagingFaults(no_headers=True),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("known", [False, True])
def test_pages_with_faults_lose_no_row(world: World, fault: str, *, known: bool) -> None:
    fill(world, 900)
    if known:
        index(world)
        world.account.unwatch(list(world.account.plays)[10:600:7])
        for number in range(0, 500, 11):
            world.account.watch(world.films[number % 10], PAST + 3600 * number + 60)
        world.clock.advance(LAG_S + 1)
    faults = replace(FAULTS[fault], path_prefix=LISTS)
    world.simulator.paging_faults = faults
    items = index(world)
    during = settled(world)
    world.simulator.paging_faults = PagingFaults()
    world.account.stir("movies", "watched_at")

    lost = account_ids(world) - ids(items)
    assert not lost, f"{len(lost)} of {len(world.account.plays)}"
    assert ids(items) == ids(during) == account_ids(world)
    assert ids(settled(world)) == account_ids(world)


def test_counts_that_lag_are_no_shortfall(world: World) -> None:
    fill(world)
    index(world)
    world.simulator.lag.counts_s = 600
    world.account.unwatch(list(world.account.plays)[:40])
    world.account.watch(world.films[0])
    world.clock.advance(60)

    assert ids(index(world)) == account_ids(world)


def test_a_titles_own_list_that_is_not_there_is_empty_and_hides_nothing(world: World) -> None:
    fill(world)
    index(world)
    world.simulator.title_list_404 = "always"
    world.account.watch(world.films[0], PAST + 60)
    world.account.unwatch([world.account.plays.of(world.films[1])[3]])
    world.clock.advance(60)
    for items in (index(world), settled(world)):
        assert ids(items) == account_ids(world)
        assert not hidden_ids(items)


def test_a_title_that_lost_its_ids_keeps_its_rows(world: World) -> None:
    fill(world)
    index(world)
    world.simulator.catalogue.merge(world.films[0])
    world.account.unwatch([world.account.plays.of(world.films[0])[3]])
    world.account.watch(world.films[0], PAST - 60)

    assert ids(index(world)) == ids(settled(world)) == account_ids(world)


# --- an error, never a part

FAILING = {
    "502": Fault(status=502),
    "520": Fault(status=520, body=b"<html>"),
    "401": Fault(status=401),
    "404": Fault(status=404),
    "cut": broken.cut_json(),
    "a web page": Fault(status=200, body=b"<html>Sorry</html>"),
    "another shape": broken.wrong_shape({"rows": {"plays": 1}}),
    "empty": broken.empty(),
    "fields missing": broken.wrong_shape([{"id": 1, "type": "movie"}]),
}


@pytest.mark.parametrize("fault", FAILING)
@pytest.mark.parametrize(
    ("path", "after"),
    [(f"{LISTS}/movies", 1), (f"{LISTS}/episodes", 0), (f"{LEDGER}/movies", 1), (f"{LEDGER}/shows", 0)],
)
def test_a_page_that_fails_for_good_gives_no_index_and_the_next_run_is_right(
    world: World, fault: str, path: str, after: int
) -> None:
    fill(world, 90)
    world.simulator.paging.rows_max, world.simulator.paging.ledger_titles_max = 20, 5
    index(world)
    before = files(world)
    for number in range(60):
        world.account.watch(world.films[number % 7], PAST + 3600 * number + 60)
    for show in world.shows:
        for episode in show.episodes():
            world.account.watch(episode, PAST - 60)
    world.clock.advance(60)
    world.simulator.fail_next(FAILING[fault], path_prefix=path, times=None, after=after)
    if fault == "404" and path.startswith(LEDGER):  # refused: the counts have to do
        assert ids(index(world)) == account_ids(world)
    else:
        problem(world)
        assert files(world) == before

    world.simulator.forgive()
    world.clock.advance(400)
    assert ids(index(world)) == account_ids(world)


# --- without a ledger


@pytest.mark.parametrize(
    "refusal",
    [Fault(status=404), Fault(status=403, body=b'{"error":"no"}'), broken.vip_only()],
    ids=["404", "403", "426"],
)
def test_without_a_ledger_counts_and_a_second_reading_have_to_do(world: World, refusal: Fault) -> None:
    fill(world)
    world.simulator.fail_next(refusal, path_prefix=LEDGER, times=None)
    first = index(world)
    world.account.watch(world.films[0], PAST + 60)
    world.account.unwatch([world.account.plays.of(world.films[1])[3]])
    world.clock.advance(60)
    known = account_ids(world)

    assert len(first) == 600
    assert ids(index(world)) == known
    assert ids(settled(world)) == known
    world.simulator.forgive()
    world.account.hide(world.films[2])
    assert ids(settled(world)) == known


def test_a_shortfall_that_no_ledger_explains_names_what_came(world: World) -> None:
    fill(world, 900)
    films = sum(1 for play in world.account.plays if play.title.kind == "movie")
    world.simulator.fail_next(Fault(status=404), path_prefix=LEDGER, times=None)
    sent: list[int] = []

    def another_shortfall(method: str, path: str, query: object) -> None:
        if path == f"{LISTS}/movies" and isinstance(query, dict) and query["page"] == "2":
            sent.append(7 + len(sent))
            world.simulator.paging_faults = PagingFaults(path, short_pages={2: sent[-1]})

    world.simulator.on_request(another_shortfall)
    failed = problem(world)

    assert sent == [7, 8]
    assert failed == Incomplete(f"{LISTS}/movies", 3, films, films - 250 + 8)


def test_a_ledger_refused_for_once_does_not_forget_what_is_hidden(world: World) -> None:
    fill(world)
    world.account.hide(world.films[2])
    settled(world)
    world.account.watch(world.films[0])
    world.simulator.fail_next(Fault(status=404), path_prefix=LEDGER, times=1)
    index(world)
    proof = SqliteHistory(world.state / ROWS_FILE).proof().unwrap()
    unshown = json.loads(proof or b"")["unshown"]

    assert sum(map(len, unshown.values())) == len(world.account.plays.of(world.films[2]))


# --- small changes, small reads


def test_a_day_of_many_changes_costs_few_requests(world: World) -> None:
    """200 new plays of 60 titles, five years back-dated, five removals: 10,000 plays are 40 pages."""
    larger(world)
    index(world)
    account, now = world.account, world.account.now()
    titles = [*account.plays.titles("movie")[:30], *account.plays.titles("episode")[:30]]
    for number in range(200):
        account.watch(titles[number % 60], now - 600 * number)
    for year in range(5):
        account.watch(titles[year], now - (year + 2) * 365 * DAY_S)
    account.unwatch(list(account.plays)[500:9000:1900])
    world.clock.advance(60)
    items: list[Item] = []
    requests = gets(world, lambda: items.extend(index(world)))

    assert requests <= 32
    assert ids(items) == account_ids(world)


def test_as_many_removals_as_additions_are_found(world: World) -> None:
    larger(world, 3_000)
    index(world)
    account = world.account
    doomed = list(account.plays)[100:2000:400]
    account.unwatch(doomed)
    for number, play in enumerate(doomed):
        account.watch(play.title, play.minute + 86_400 * (number + 1))
    world.clock.advance(60)

    assert gets(world, lambda: index(world)) <= 20
    assert ids(index(world)) == account_ids(world)


def test_one_play_of_long_ago_costs_a_handful_of_requests(world: World) -> None:
    larger(world)
    index(world)
    world.account.watch(world.account.plays.titles("movie")[0], PAST)
    world.clock.advance(LAG_S + 60)
    items: list[Item] = []

    assert gets(world, lambda: items.extend(index(world))) <= 8  # four of them the ledger
    assert ids(items) == account_ids(world)


def test_a_stamp_that_moves_without_a_change_costs_a_handful_of_requests(world: World) -> None:
    larger(world)
    index(world)
    world.account.stir("movies", "watched_at")
    world.clock.advance(LAG_S + 60)

    assert gets(world, lambda: index(world)) <= 9
    assert gets(world, lambda: index(world)) <= 2


def test_a_warm_run_over_all_features_costs_three_requests_and_rewrites_nothing(world: World) -> None:
    fill(world)
    for film in world.films:
        world.account.put_on_watchlist(film)
        world.account.rate(film, 7)
    world.clock.advance(LAG_S + 1)
    features = ("watchlist", "ratings", "history")

    def run(verify: Verify) -> None:
        with world.open(another_process=True, verify=verify) as trakt:
            for feature in features:
                trakt.index(feature)

    run("always")
    before = files(world)
    world.clock.advance(7200)

    assert gets(world, lambda: run("always")) <= 4
    assert gets(world, lambda: run("never")) == 1
    assert files(world) == before


# --- quiet changes


def test_a_quiet_change_is_found_when_the_counts_show_it(world: World) -> None:
    fill(world)
    index(world)
    with world.account.quietly():
        world.account.watch(world.films[0], PAST + 60)
    world.clock.advance(60)
    assert ids(index(world)) == account_ids(world)

    with world.account.quietly():
        world.account.unwatch(list(world.account.plays)[:1])
    world.clock.advance(LAG_S)
    assert ids(index(world)) == account_ids(world)


def test_a_quiet_change_that_only_the_counts_show_yet_is_looked_for_again(world: World) -> None:
    fill(world)
    index(world)
    world.simulator.lag.history_s = world.simulator.lag.ledger_s = 600
    with world.account.quietly():
        world.account.watch(world.films[0], PAST + 60)
    world.clock.advance(60)
    index(world)

    assert ids(settled(world)) == account_ids(world)
    world.clock.advance(LAG_S)
    index(world)
    assert gets(world, lambda: index(world)) == 2


def test_a_quiet_change_that_no_count_shows_is_found_within_a_day(world: World) -> None:
    fill(world)
    index(world)
    world.clock.advance(3600)
    with world.account.quietly():
        world.account.unwatch(list(world.account.plays)[5:6])
        world.account.watch(world.films[0], PAST + 60)
    assert ids(index(world)) != account_ids(world)
    world.clock.advance(DAY_S - 3600 + 1)

    assert ids(index(world)) == account_ids(world)


def test_a_quiet_change_during_a_reading_is_found_at_the_next(world: World) -> None:
    fill(world)
    index(world)
    world.account.watch(world.films[1])
    world.clock.advance(LAG_S + 1)

    def happens() -> None:
        with world.account.quietly():
            world.account.watch(world.shows[1].episode(1, 1), PAST + 60)

    world.simulator.between_pages(happens, 1, f"{LEDGER}/shows")
    index(world)
    world.clock.advance(60)

    assert ids(index(world)) == account_ids(world)


# --- how much is verified


def test_verified_hourly_the_counts_are_asked_once_an_hour(world: World) -> None:
    fill(world)
    index(world, "hourly")
    costs = []
    for _ in range(9):
        world.clock.advance(1200)
        costs.append(gets(world, lambda: index(world, "hourly")))

    assert costs == [1, 1, 2, 1, 1, 2, 1, 1, 2]


def test_verified_hourly_a_quiet_change_is_found_within_the_hour(world: World) -> None:
    fill(world)
    index(world, "hourly")
    with world.account.quietly():
        world.account.watch(world.films[0], PAST + 60)
    world.clock.advance(1800)
    early = ids(index(world, "hourly"))
    world.clock.advance(1801)

    assert early != account_ids(world)
    assert ids(index(world, "hourly")) == account_ids(world)


def test_never_verified_only_stamps_tell(world: World) -> None:
    fill(world)
    index(world, "never")
    with world.account.quietly():
        world.account.watch(world.films[0], PAST + 60)
    world.clock.advance(3 * DAY_S)
    assert gets(world, lambda: index(world, "never")) == 1
    assert ids(index(world, "never")) != account_ids(world)

    world.account.watch(world.films[1])
    assert ids(index(world, "never")) == account_ids(world)


# --- lag


@pytest.mark.parametrize("lists", [0, 890])
@pytest.mark.parametrize("ledger", [0, 890])
@pytest.mark.parametrize("own", [0, 890])
def test_a_play_behind_lags_is_found_and_a_removed_one_goes(
    world: World, lists: int, ledger: int, own: int
) -> None:
    fill(world)
    index(world)
    lag = world.simulator.lag
    lag.history_s, lag.ledger_s, lag.title_s = lists, ledger, own
    gone = list(world.account.plays)[40]
    stays = account_ids(world) - {gone.id}
    world.account.watch(world.films[0], PAST + 60)
    world.account.unwatch([gone])
    for _ in range(4):
        world.clock.advance(200)
        assert stays <= ids(index(world))

    assert ids(settled(world)) == account_ids(world)
    assert not hidden_ids(index(world))


@pytest.mark.parametrize("first", [0, 300])
def test_a_play_seen_once_is_not_dropped_by_a_list_that_lags_later(world: World, first: int) -> None:
    fill(world)
    if first:
        index(world)
    world.account.watch(world.films[0])
    world.clock.advance(10)
    assert ids(index(world)) == account_ids(world)
    world.simulator.lag.everywhere(890)
    for _ in range(6):
        world.clock.advance(200)
        assert ids(index(world)) == account_ids(world)


def test_a_play_removed_soon_after_it_came_goes_once_all_is_settled(world: World) -> None:
    fill(world)
    play = world.account.watch(world.films[0])
    world.clock.advance(10)
    index(world)
    with world.account.quietly():
        world.account.unwatch([play])
    world.clock.advance(LAG_S - 60)
    index(world)

    assert ids(settled(world)) == account_ids(world)


def test_a_play_written_anew_in_its_minute_takes_the_place_of_the_old_one(world: World) -> None:
    """Where page 1 shows it: the witnesses know no history ids."""
    fill(world)
    index(world)
    play = list(world.account.plays)[-5]
    world.account.unwatch([play])
    world.account.watch(play.title, play.minute)
    world.clock.advance(60)

    assert ids(index(world)) == ids(settled(world)) == account_ids(world)


# --- what we sent


def send(world: World) -> None:
    """One play of film 9, through the library."""
    with world.open() as trakt:
        report = trakt.add("history", [film_item(world.films[9], watched_at="2020-01-01T20:00:00Z")])
    assert len(report.confirmed) == 1


def ours(items: list[Item]) -> list[Item]:
    """The plays of that minute."""
    return [item for item in items if str(item["watched_at"]).startswith("2020-01-01T20:00")]


def test_what_we_sent_stands_in_the_index_before_and_after_any_list_shows_it(world: World) -> None:
    fill(world)
    index(world)
    world.simulator.lag.everywhere(890)
    send(world)
    for _ in range(12):
        assert len(ours(index(world))) == 1
        world.clock.advance(200)

    assert ids(index(world)) == account_ids(world)


def test_what_we_sent_and_trakt_never_shows_stays(world: World) -> None:
    fill(world)
    index(world)
    world.account.hide_when_played(world.films[9])
    send(world)
    for _ in range(4):
        assert len(ours(settled(world))) == 1


def test_what_we_sent_goes_when_another_device_removes_it(world: World) -> None:
    fill(world)
    index(world)
    send(world)
    index(world)
    world.account.unwatch(world.account.plays.of(world.films[9])[:1])
    settled(world)

    assert ours(settled(world)) == []
    assert ids(index(world)) == account_ids(world)


# --- what is stored


def test_rows_deleted_while_an_index_is_read_are_written_whole(world: World) -> None:
    fill(world)
    index(world)
    world.account.watch(world.films[0])
    world.clock.advance(60)
    world.simulator.between_pages((world.state / ROWS_FILE).unlink, 1, f"{LEDGER}/shows")

    assert ids(index(world)) == account_ids(world)
    assert ids(index(world, "never")) == account_ids(world)


def test_a_reading_of_another_process_in_between_leaves_nothing_out(world: World) -> None:
    fill(world)
    index(world)
    world.account.watch(world.films[0], PAST + 60)
    world.clock.advance(60)
    others: list[set[object]] = []
    world.simulator.between_pages(lambda: others.append(ids(index(world))), 1, f"{LEDGER}/movies")

    assert ids(index(world)) == account_ids(world)
    assert others == [account_ids(world)]
    assert ids(settled(world)) == account_ids(world)


def test_an_undated_play_of_a_title_merged_away_stays_while_the_ledger_lags(world: World) -> None:
    """Nothing is found under the title's number any more, but its rows are still there."""
    fill(world)
    world.account.watch(world.films[0], 0)
    world.clock.advance(2 * LAG_S)
    before = ids(index(world))
    world.simulator.catalogue.merge(world.films[0])
    world.simulator.lag.ledger_s = 45
    world.account.watch(world.films[0], 0)

    assert before <= ids(index(world))


# --- whatever happens

titles = st.integers(0, 5)
minutes = st.sampled_from([0, PAST, PAST, PAST + 60, PAST + 3600, PAST + 7200])
lags = st.sampled_from([0.0, 0.0, 45.0, 300.0, 840.0])
quiet = st.sampled_from([False, False, False, True])
verifies: st.SearchStrategy[Verify] = st.sampled_from(("always", "always", "hourly", "never"))


class Histories(RuleBasedStateMachine):
    """Whatever happens, no play that is there goes missing; once all is quiet, the index is the account."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.world = World(Path(self.folder.name))
        self.account = self.world.account
        shows = self.world.shows
        self.titles: list[Watchable] = [*self.world.films[:4], shows[0].episode(1, 1), shows[0].episode(1, 2)]
        self.world.simulator.paging.rows_max = 5
        self.world.simulator.quota.gets = None
        for number in range(12):
            self.account.watch(self.titles[number % 6], PAST + 3600 * (number // 2))
        self.world.clock.advance(2 * LAG_S)
        self.since = {play.id: self.now for play in self.account.plays}  # loud, there and shown since then
        self.unsaid: dict[int, float] = {}  # play that no stamp told of → since when it is there
        self.quiet = False  # something happened since the account was last held against the index
        self.merged = 0
        self.last_run_at = 0.0
        self.indexed: frozenset[object] = frozenset()

    def teardown(self) -> None:
        try:
            self.all_settles()
        finally:
            self.folder.cleanup()

    @property
    def now(self) -> float:
        return self.world.clock.now().timestamp()

    # --- another device

    @rule(title=titles, at=minutes | st.none(), quietly=quiet)
    def watches(self, title: int, at: int | None, *, quietly: bool) -> None:
        self._watch(self.titles[title], at, quietly)

    @rule(place=st.integers(0, 40), quietly=quiet)
    def unwatches(self, place: int, *, quietly: bool) -> None:
        self._unwatch(place, quietly)

    @rule(place=st.integers(0, 40), title=titles, at=minutes, quietly=quiet)
    def moves_a_play(self, place: int, title: int, at: int, *, quietly: bool) -> None:
        self._unwatch(place, quietly)
        self._watch(self.titles[title], at, quietly)

    @rule(
        place=st.integers(0, 40), page=st.integers(1, 3), prefix=st.sampled_from(["/sync", "/users/me/w", ""])
    )
    def unwatches_amid_pages(self, place: int, page: int, prefix: str) -> None:
        self.world.simulator.between_pages(lambda: self._unwatch(place, False), page, prefix)

    @rule(
        title=titles,
        at=minutes | st.none(),
        page=st.integers(1, 3),
        prefix=st.sampled_from(["/sync", "/users/me/w", ""]),
    )
    def watches_amid_pages(self, title: int, at: int | None, page: int, prefix: str) -> None:
        self.world.simulator.between_pages(lambda: self._watch(self.titles[title], at, False), page, prefix)

    @rule(title=st.integers(0, 4))
    def hides_or_shows(self, title: int) -> None:
        hideable: list[Hideable] = [*self.world.films[:4], self.world.shows[0]]
        one = hideable[title]
        if not self.account.unhide(one):
            self.account.hide(one)
        for play in self.account.plays:
            if self.account.hidden.covers(play.title):
                self.since.pop(play.id, None)
            elif play.id not in self.since:
                self.since[play.id] = self.now

    @precondition(lambda self: self.merged < 2)
    @rule()
    def a_title_loses_its_ids(self) -> None:
        self.world.simulator.catalogue.merge(self.world.films[self.merged])
        self.merged += 1

    # --- the world

    @rule(lists=lags, own=lags | st.none(), ledger=lags, stats=lags, counts=lags | st.none())
    def lags_change(
        self, lists: float, own: float | None, ledger: float, stats: float, counts: float | None
    ) -> None:
        lag = self.world.simulator.lag
        lag.history_s, lag.title_s, lag.ledger_s, lag.stats_s, lag.counts_s = (
            lists,
            own,
            ledger,
            stats,
            counts,
        )

    @rule(seconds=st.sampled_from([1.0, 31.0, 100.0, 500.0, 1000.0, 4000.0, DAY_S + 1.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.clock.advance(seconds)

    @rule(answer=st.sampled_from(["never", "without_plays", "always"]))
    def own_lists_go_missing(self, answer: Literal["never", "without_plays", "always"]) -> None:
        self.world.simulator.title_list_404 = answer

    # --- the library

    @rule(verify=verifies, another_process=st.booleans())
    def indexes(self, verify: Verify, *, another_process: bool) -> None:
        before = self.now
        try:
            items = self._index(verify, another_process=another_process)
        except TraktError as error:
            if isinstance(error.problem, Incomplete) and error.problem.moved:  # in every round
                return
            raise
        there = {play.id: _name_of(play) for play in self.account.plays}
        due = {
            number for number, since in self.since.items() if since <= self.last_run_at - LAG_S
        } | self.indexed
        due -= {
            number for number, at in self.unsaid.items() if before - at < LAG_S
        }  # see docs/reliability.md
        wanted = Counter(name for number, name in there.items() if number in due)
        missing = wanted - Counter(_name(item) for item in items)
        assert not missing, f"missing: {missing}"
        self.last_run_at = before
        self.indexed = frozenset(item["history_id"] for item in items)

    @rule()
    def all_settles(self) -> None:
        self.world.simulator.forgive()
        self.world.clock.advance(DAY_S + 1 if self.quiet else LAG_S + 1)
        self.quiet = False
        self.indexes("always", another_process=True)
        self.world.clock.advance(LAG_S + 31)
        with self.world.open() as trakt:
            index = trakt.index("history")
        items = list(index.values())
        covers = self.account.hidden.covers
        there = [play for play in self.account.plays if not covers(play.title)]
        behind = Counter(_name_of(play) for play in self.account.plays if covers(play.title))
        shown = Counter(_name(item) for item in items if "hidden" not in item)
        marked = Counter(_name(item) for item in items if "hidden" in item)
        assert shown == Counter(map(_name_of, there)), "what is shown"
        assert not marked - behind, "what is marked"
        assert index.hidden == behind.total()

    def _index(self, verify: Verify, *, another_process: bool) -> list[Item]:
        with self.world.open(another_process=another_process, verify=verify) as trakt:
            return list(trakt.index("history").values())

    def _watch(self, title: Watchable, at: int | None, quietly: bool) -> None:
        self.account.quiet = quietly
        play = self.account.watch(title, at)
        self.account.quiet = False
        self.quiet |= quietly
        if quietly:
            self.unsaid[play.id] = self.now
        if not quietly and not self.account.hidden.covers(title):
            self.since[play.id] = self.now

    def _unwatch(self, place: int, quietly: bool) -> None:
        plays = list(self.account.plays)
        if plays:
            self.account.quiet = quietly
            self.account.unwatch([plays[place % len(plays)]])
            self.account.quiet = False
            self.quiet |= quietly


def _name_of(play: Play) -> Name:
    return play.title.kind, play.title.trakt, play.minute


def _name(item: Item) -> Name:
    ids = item["ids"]
    assert isinstance(ids, dict)
    at = datetime.fromisoformat(str(item["watched_at"]))
    return item["type"], ids["trakt"], int(at.timestamp())


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=30, stateful_step_count=15, deadline=None)


# --- what is stored is a cache: damaged or deleted at any time


def damages(file: Path) -> Iterator[int]:
    """One page after the other as a failing disk gives it, the others sound; that it is again afterwards."""
    sound, size = file.read_bytes(), 4096
    for at in range(size, len(sound), size):
        file.write_bytes(sound[:at] + b"\xff" * size + sound[at + size :])
        yield at // size
        file.write_bytes(sound)


def test_no_damaged_page_makes_an_index_short(world: World) -> None:
    """The proof may be sound and its rows not: without them it proves nothing."""
    fill(world)
    assert len(settled(world)) == 600
    for page in damages(world.state / ROWS_FILE):
        assert len(index(world)) == 600, page


def test_a_damaged_page_doubles_no_play(world: World) -> None:
    fill(world)
    assert len(settled(world)) == 600
    there = list(world.account.plays)
    items = [film_item(play.title, watched_at=play.minute) for play in there if isinstance(play.title, Movie)]
    for page in damages(world.state / ROWS_FILE):
        with world.open() as trakt, suppress(TraktError):
            assert not trakt.add("history", items[:100]).confirmed, page
        assert list(world.account.plays) == there


def test_rows_deleted_between_two_looks_make_no_index_short(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(world)
    assert len(settled(world)) == 600
    plays, deleted = SqliteHistory.plays, list[Path]()

    def late(history: SqliteHistory) -> Result[Sequence[Stored], Problem]:
        if not deleted:
            history.path.unlink()
            deleted.append(history.path)
        return plays(history)

    monkeypatch.setattr(SqliteHistory, "plays", late)

    assert len(index(world)) == 600
    assert deleted


def test_rows_deleted_amid_a_removal_are_not_called_gone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(world)
    assert len(settled(world)) == 600
    play = next(iter(world.account.plays))
    plays_at, looks = SqliteHistory.plays_at, list[int]()

    def late(history: SqliteHistory, minutes: Collection[int]) -> Result[Sequence[Stored], Problem]:
        looks.append(len(looks))
        if len(looks) == 2:
            history.path.unlink()
        return plays_at(history, minutes)

    monkeypatch.setattr(SqliteHistory, "plays_at", late)
    item = {"type": play.title.kind, "ids": {"trakt": play.title.trakt}, "watched_at": play.minute}
    with world.open() as trakt:
        with pytest.raises(TraktError, match="cannot be read"):
            trakt.remove("history", [item])
        assert len(trakt.remove("history", [item]).confirmed) == 1


def test_the_indexes_are_not_forgotten_amid_a_batch(world: World) -> None:
    """The batch would take all its plays for missing, and send them again."""
    fill(world)
    with world.open() as trakt, ThreadPoolExecutor(1) as another:
        trakt.index("history")
        account = replace(trakt._opened().unwrap(), state=MemoryState(lock_timeout_s=0))

        def forgotten() -> Result[None, Problem]:
            return another.submit(account.forget_indexes).result()

        assert isinstance(account.state.locked(LOCK, forgotten).failure(), StateUnwritable)
        assert account.store.count() == Success(600)
        assert forgotten() == Success(None)
        assert account.store.count() == Success(0)
