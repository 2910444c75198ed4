"""A pair while Trakt fails: nothing is removed that no user removed, no play is written twice.

Some runs under a fault that stands, then healthy ones: both sides end as the user left them.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from crosswatch_trakt.adapters.simulator import Fault, SimulatorTransport, broken
from crosswatch_trakt.adapters.simulator.paging_faults import PagingFaults
from crosswatch_trakt.domain.journal import LAG_S
from tests.application.killing import Killed, MortalTransport, Steps, mortal
from tests.crosswatch.run import Run
from tests.crosswatch.test_pairs import EVENTS, FORMS, WAYS, filled, giver, healthy, hints, paired
from tests.crosswatch.trakt import FEATURES, PAST, Paired, Side, named
from tests.crosswatch.values import Form

ALL = ("source", "target", "two-way", "two-way back")
SIDES: tuple[Side, ...] = ("trakt", "plain")
READS: dict[str, Fault] = {
    **{str(status): broken.server_error(status) for status in (500, 502, 503, 504, 520, 521, 522)},
    "401": Fault(401),
    "404": Fault(404),
    "403 page": broken.no_json(403, before=True),
    "cut": broken.cut_json(),
    "cut off": broken.cut_off(),
    "page": broken.no_json(),
    "empty": broken.empty(),
    "garbage": broken.garbage(),
    "other": broken.wrong_shape(),
    "nulls": broken.wrong_shape([None]),
    "lost": Fault(lost=True),
    "slow": Fault(timed_out=True),
    "refused": Fault(refused=True),
    "429": broken.too_many(600),
    "blocked": broken.cdn_block(600),
}
PATHS = (
    "/",
    "/sync",
    "/sync/history",
    "/users/me/watched",
    "/sync/ratings",
    "/sync/watchlist",
    "/sync/last_activities",
    "/users/me/stats",
)
WRITES: dict[str, Fault] = {
    "500": broken.server_error(500),
    "502 after": broken.server_error(502, before=False),
    "504 after": broken.server_error(504, before=False),
    "520 after": broken.server_error(520, before=False),
    "lost before": Fault(lost=True),
    "lost after": Fault(lost=True, before=False),
    "lost in part": Fault(lost=True, applies=1),
    "reset after": Fault(lost=True, reset=True, before=False),
    "slow after": Fault(timed_out=True, before=False),
    "late": Fault(status=503, late_s=60),
    "409": broken.conflict(),
    "409 after": broken.conflict(before=False),
    "420": broken.account_limit(),
    "420 in part": broken.account_limit(applies=1, headers=False, body=b"<html>"),
    "423": broken.locked(),
    "423 after": broken.locked(before=False),
    "426": broken.vip_only(),
    "429": broken.too_many(600),
    "401": Fault(401),
    "403": Fault(403),
    "404": Fault(404),
    "400": Fault(400),
    "422": Fault(422),
    "413": Fault(413),
    "cut": broken.cut_json(),
    "empty": broken.empty(),
    "page": broken.no_json(before=False),
    "other": broken.wrong_shape(),
    "refused": Fault(refused=True),
}


@dataclass
class Safe:
    """What must hold after every run, whatever happens: nothing lost, nothing doubled."""

    pair: Paired

    def __post_init__(self) -> None:
        self._kept: dict[tuple[Side, str], set[tuple[str, int]]] = {
            (side, name): set(self.pair.holds(side, name)) for side in SIDES for name in FEATURES
        }

    def user_removed(self, feature: str, row: tuple[str, int]) -> None:
        """This may go, on either side."""
        for side in SIDES:
            self._kept[side, feature].discard(row)

    def check(self) -> None:
        """See whether it holds."""
        for (side, name), kept in self._kept.items():
            now = self.pair.holds(side, name)
            assert kept <= set(now), f"{side} lost of {name}: {kept - set(now)}"
            assert max(now.values(), default=1) == 1, f"twice: {now}"


def use(pair: Paired, way: str) -> Safe:
    """Let a person add and remove something on the side where things come from."""
    side, safe = giver(way), Safe(pair)
    pair.watch(side, pair.films[4], PAST)
    pair.watch(side, pair.simulator.catalogue.show("Third", seasons={1: 2}).episode(1, 2), PAST + 60)
    pair.rate(side, pair.films[4], 3)
    pair.wish_for(side, pair.films[6])
    pair.forget(side, "watchlist", pair.films[1])
    safe.user_removed("watchlist", (named(pair.films[1]), 0))
    return safe


def survive(pair: Paired, way: str, fails: Callable[[], object], *, runs: int = 3) -> list[Run]:
    """Use it, let it fail for some runs, heal it: then it is as the user left it. Gives the failing runs."""
    safe = use(pair, way)
    fails()
    under = []
    for number in range(runs):
        under.append(pair.run())
        safe.check()
        if number % 2:
            pair.new_process()
    pair.simulator.forgive()
    pair.clock.advance(LAG_S)
    for _ in range(3):
        pair.run()
        safe.check()
    last = healthy(pair.run())
    assert all(tally.quiet for tally in last.features.values()), last.features
    assert not any(pair.memory.blackbox.values()), pair.memory.blackbox
    expect(pair, giver(way))
    return under


def expect(pair: Paired, side: Side) -> None:
    """What the user did on a side is done on both."""
    for name in FEATURES:
        assert pair.holds("trakt", name) == pair.holds("plain", name)
    assert ("movie 1005", PAST) in pair.holds(side, "history")
    assert ("movie 1005", 3) in pair.holds(side, "ratings")
    assert ("movie 1007", 0) in pair.holds(side, "watchlist")
    assert ("movie 1002", 0) not in pair.holds(side, "watchlist")


def spread(names: Iterable[str], ways: Sequence[str]) -> list[tuple[str, Form, str]]:
    """Each name once, ways and forms by turns."""
    forms = list(Form)
    return [
        (name, forms[place // len(ways) % 2], ways[place % len(ways)]) for place, name in enumerate(names)
    ]


@pytest.mark.parametrize(("name", "form", "way"), spread([name for name in READS if name != "401"], ALL))
def test_a_page_that_fails_for_good_ends_the_feature_and_changes_nothing(
    tmp_path: Path, name: str, form: Form, way: str
) -> None:
    pair = filled(paired(tmp_path, form, way, options=EVENTS), way)

    under = survive(pair, way, lambda: pair.simulator.fail_next(READS[name], "GET", "/sync", times=None))

    assert all(run.errors or run.named("feature:unsupported") for run in under)
    assert not any(run.called("remove") for run in under)


@pytest.mark.parametrize(("path", "form", "way"), spread(PATHS, ALL))
def test_whatever_list_fails_the_others_go_on(tmp_path: Path, path: str, form: Form, way: str) -> None:
    pair = filled(paired(tmp_path, form, way), way)

    survive(pair, way, lambda: pair.simulator.fail_next(READS["503"], "GET", path, times=None))


@pytest.mark.parametrize("way", ALL)
def test_a_login_that_is_refused_for_a_while_loses_nothing(tmp_path: Path, way: str) -> None:
    pair = filled(paired(tmp_path, Form.OLD, way), way)

    survive(pair, way, lambda: pair.simulator.fail_next(READS["401"], None, "/sync", times=None))


@pytest.mark.parametrize(("name", "form", "way"), spread(WRITES, ["target", "two-way back"]))
def test_a_write_that_fails_for_three_runs_is_done_once_when_trakt_is_back(
    tmp_path: Path, name: str, form: Form, way: str
) -> None:
    """And no item is left alone for a month on account of an outage."""
    form = Form.OLD if name == "401" else form  # what a refreshed token does to the newer engine: below
    options = EVENTS if len(name) % 2 else {}
    pair = filled(paired(tmp_path, form, way, options=options), way)

    survive(pair, way, lambda: pair.simulator.fail_next(WRITES[name], "POST", "/sync", times=None))


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("420", "trakt_limit"),
        ("423", "account_locked"),
        ("426", "vip_only"),
        ("lost after", "trakt_response_ambiguous"),
        ("422", "http:422"),
    ],
)
@FORMS
def test_a_user_reads_why_an_item_was_left(tmp_path: Path, form: Form, name: str, hint: str) -> None:
    pair = paired(tmp_path, form, "target", features=("history",))
    pair.watch("plain", pair.films[0], PAST)
    pair.simulator.fail_next(WRITES[name], "POST", "/sync", times=None)
    if name == "lost after":
        pair.simulator.lag.everywhere(LAG_S)

    assert hints(pair.run()) == {hint}


@FORMS
def test_the_newer_engine_itself_forgets_what_was_there_when_a_token_is_refreshed(
    tmp_path: Path, form: Form
) -> None:
    """The scope it remembers by changes with `expires_at`: a deletion just before is undone, none is made."""
    pair = filled(paired(tmp_path, form, "two-way"), "two-way")
    pair.simulator.oauth.expire_all()
    healthy(pair.run())
    pair.forget("trakt", "watchlist", pair.films[1])

    healthy(pair.run())

    assert pair.equal
    assert (("movie 1002", 0) in pair.holds("trakt", "watchlist")) == (form is Form.NEW)


# --- lists that say less, or something else, than is there


@FORMS
@WAYS
def test_a_title_that_trakt_hides_is_not_taken_for_removed(tmp_path: Path, form: Form, way: str) -> None:
    pair = filled(paired(tmp_path, form, way, options=EVENTS), way)
    safe = Safe(pair)
    pair.account.hide(pair.films[1])
    pair.account.hide(pair.films[2])
    pair.account.hide(pair.shows[1])

    for _ in range(4):
        pair.run()
        safe.check()


@FORMS
@pytest.mark.parametrize("way", ["target", "two-way", "two-way back"])
def test_what_is_written_to_a_hidden_title_is_not_taken_for_removed_nor_written_twice(
    tmp_path: Path, form: Form, way: str
) -> None:
    pair = paired(tmp_path, form, way, options=EVENTS)
    film = pair.films[3]
    pair.account.hide(film)
    pair.watch("plain", film, PAST)
    pair.rate("plain", film, 6)
    pair.wish_for("plain", pair.films[4])
    pair.account.hide(pair.films[4])
    safe = Safe(pair)

    for _ in range(5):
        assert pair.run().errors == 0
        safe.check()

    assert pair.holds("trakt", "history") == {("movie 1004", PAST): 1}


@FORMS
@pytest.mark.parametrize("way", ["target", "two-way", "two-way back"])
def test_lists_that_lag_behind_a_write_neither_undo_nor_repeat_it(
    tmp_path: Path, form: Form, way: str
) -> None:
    pair = filled(paired(tmp_path, form, way, options=EVENTS), way)
    pair.simulator.lag.everywhere(LAG_S - 60)
    safe = use(pair, "target" if way == "target" else "two-way back")
    for _ in range(6):
        pair.run(pause_s=200)
        safe.check()
    pair.simulator.lag.everywhere(0)
    pair.clock.advance(LAG_S)

    for _ in range(3):
        pair.run()
        safe.check()
    expect(pair, "plain")


WRONG_PAGES = {
    "high": PagingFaults(count_off=3),
    "low": PagingFaults(count_off=-3),
    "repeated": PagingFaults(repeated=2),
    "nulls": PagingFaults(null_rows=1),
    "no headers": PagingFaults(no_headers=True),
}


@pytest.mark.parametrize(("name", "form", "way"), spread([*WRONG_PAGES, *WRONG_PAGES, *WRONG_PAGES], ALL))
def test_pages_that_are_wrong_in_themselves_remove_and_double_nothing(
    tmp_path: Path, name: str, form: Form, way: str
) -> None:
    pair = filled(paired(tmp_path, form, way, options=EVENTS), way)
    pair.simulator.paging_faults = WRONG_PAGES[name]
    safe = use(pair, way)

    for _ in range(4):
        pair.run()
        safe.check()


@FORMS
@pytest.mark.parametrize("way", ["source", "two-way"])
@pytest.mark.parametrize("added", [True, False])
def test_pages_that_another_device_shifts_lose_nothing(
    tmp_path: Path, form: Form, way: str, *, added: bool
) -> None:
    pair = paired(tmp_path, form, way, options=EVENTS, features=("history",))
    for number in range(520):
        pair.watch("trakt", pair.films[number % 9], PAST + 3600 * number)
    newest = PAST + 3600 * 519
    safe = Safe(pair)

    def shifts() -> None:
        if added:
            pair.watch("trakt", pair.films[9], newest + 3600)
        else:
            pair.unwatch("trakt", pair.films[519 % 9], newest)

    pair.simulator.between_pages(shifts, path_prefix="/sync/history")
    safe.user_removed("history", (named(pair.films[519 % 9]), newest))
    for _ in range(3):
        pair.run()
        safe.check()

    assert pair.equal
    assert len(pair.holds("plain", "history")) == (521 if added else 519)


# --- processes that die


@pytest.mark.parametrize("way", ["target", "two-way back"])
@pytest.mark.parametrize("kill_at", range(1, 44, 7))
def test_a_process_that_dies_amid_a_run_leaves_it_to_the_next(tmp_path: Path, way: str, kill_at: int) -> None:
    pair = filled(paired(tmp_path, Form.NEW, way, options=EVENTS), way)
    safe = use(pair, way)
    steps, alive = Steps(kill_at), pair.transport
    pair.transport = MortalTransport(SimulatorTransport(pair.simulator), steps)
    pair.new_process()
    with suppress(Killed), mortal(steps):
        pair.run()
    safe.check()
    pair.transport = alive
    pair.new_process()
    pair.clock.advance(LAG_S)

    for _ in range(4):
        pair.run()
        safe.check()

    expect(pair, giver(way))
