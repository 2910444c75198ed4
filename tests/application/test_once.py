"""Sending plays once: the rules of writing, line by line, and each way of dying amid them."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crosswatch_trakt import Report, TraktAccount, TraktError
from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.journal import FileJournal
from crosswatch_trakt.adapters.simulator import Fault, broken
from crosswatch_trakt.domain.journal import LAG_S, Line, Stage
from crosswatch_trakt.domain.outcomes import Outcome
from tests.application.killing import Process
from tests.application.test_plays import AT, MINUTE, play_of, plays
from tests.application.test_writes import ends
from tests.application.world import Item, World, episode_item, film_item

HISTORY = "/sync/history"
NOT_APPLIED = [400, 401, 403, 412, 422, 426]
DOUBT = [404, 405, 408, 409, 413, 420, 423, 500, 502, 503, 504, 520, 521, 522, 524]


def films(world: World, count: int = 3) -> list[Item]:
    """Items of some films, all at one minute."""
    return [film_item(film, watched_at=AT) for film in world.films[:count]]


def posts(world: World) -> int:
    """How many bodies were sent to the history."""
    return world.asked("POST", HISTORY)


def lines(world: World) -> Sequence[Line]:
    """What the journal holds."""
    return list(FileJournal(world.state / "journal").lines().unwrap().values())


def add(world: World, items: Sequence[object], **given: object) -> Report:
    """One call of a process of its own."""
    meant = bool(given.pop("meant", False))
    with world.open(another_process=True, **given) as trakt:
        return trakt.add("history", items, meant=meant)


@dataclass(frozen=True)
class WrongClock:
    """The clock of a computer that is so many hours off."""

    world: World
    hours: int

    def now(self) -> datetime:
        return self.world.clock.now() + timedelta(hours=self.hours)

    def monotonic(self) -> float:
        return self.world.clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self.world.clock.sleep(seconds)


def settled(world: World) -> None:
    """An account whose stamps are old, and known."""
    with world.open() as trakt:
        trakt.index("history")
    world.clock.advance(60)


# --- the journal


def test_a_play_is_on_paper_before_it_is_on_the_wire(world: World) -> None:
    found: list[Sequence[Line]] = []
    settled(world)
    world.simulator.on_request(
        lambda method, path, query: (
            found.append(lines(world)) if (method, path) == ("POST", HISTORY) else None
        )
    )
    add(world, films(world))

    assert [[line.stage for line in seen] for seen in found] == [[Stage.MEANT] * 3]
    assert [line.stage for line in lines(world)] == [Stage.CONFIRMED] * 3


def test_a_line_goes_when_two_readings_have_seen_its_play_the_second_one_lag_later(world: World) -> None:
    add(world, films(world))
    with world.open() as trakt:
        trakt.index("history")
        assert [line.seen for line in lines(world)] == [True] * 3
        world.clock.advance(LAG_S + 1)
        trakt.index("history")

    assert lines(world) == []


def test_a_confirmed_play_that_is_never_shown_is_existing_for_ever(world: World) -> None:
    world.account.hide_when_played(world.films[0])
    item = film_item(world.films[0], watched_at=AT)
    assert ends(add(world, [item]))["confirmed"] == [None]
    for _ in range(3):
        world.clock.advance(LAG_S * 4)
        assert ends(add(world, [item]))["existing"] == ["not_shown"]

    assert posts(world) == 1


def test_a_play_that_lands_on_another_record_is_never_sent_again(world: World) -> None:
    world.simulator.catalogue.divert(world.films[0], world.films[9])
    item = film_item(world.films[0], watched_at=AT)
    assert ends(add(world, [item]))["confirmed"] == [None]
    for _ in range(3):
        world.clock.advance(LAG_S * 4)
        assert ends(add(world, [item]))["existing"] == ["not_shown"]

    assert plays(world) == {play_of(world.films[9]): 1}


@pytest.mark.parametrize("index_first", [False, True])
def test_a_play_in_doubt_that_landed_on_another_record_is_never_sent_again(
    world: World, index_first: bool
) -> None:
    """Nor when a reading has stored that record before the doubt is looked at: it was not there before."""
    settled(world)
    world.simulator.catalogue.divert(world.films[0], world.films[9])
    world.simulator.fail_next(broken.server_error(504, before=False), "POST")
    item = film_item(world.films[0], watched_at=AT)
    assert ends(add(world, [item]))["unresolved"] == ["ambiguous"]
    for _ in range(3):
        world.clock.advance(LAG_S * 2)
        if index_first:
            with world.open() as trakt:
                trakt.index("history")
        assert ends(add(world, [item]))["unresolved"] == ["ambiguous"]

    assert plays(world) == {play_of(world.films[9]): 1}


def test_a_play_that_another_device_removed_is_sent_when_it_is_asked_for_again(world: World) -> None:
    """What was proven to be gone after the journal was read is not remembered as there."""
    item = film_item(world.films[0], watched_at=AT)
    add(world, [item])
    with world.open() as trakt:
        trakt.index("history")
    world.clock.advance(LAG_S + 1)
    world.account.unwatch(list(world.account.plays))

    assert ends(add(world, [item]))["confirmed"] == [None]
    assert plays(world) == {play_of(world.films[0]): 1}


# --- what proves that nothing was applied


@pytest.mark.parametrize("status", NOT_APPLIED)
def test_a_refusal_proves_at_once_that_nothing_was_applied(world: World, status: int) -> None:
    settled(world)
    world.simulator.fail_next(Fault(status=status, body=b"{}"), "POST", HISTORY, times=2)
    report = add(world, films(world))

    assert len(report.unresolved) == 3
    assert "ambiguous" not in ends(report)["unresolved"]
    assert lines(world) == []
    world.simulator.forgive()
    assert ends(add(world, films(world)))["confirmed"] == [None] * 3
    assert set(plays(world).values()) == {1}


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("status", DOUBT)
def test_any_other_status_is_read_back_and_never_sent_again(world: World, status: int, before: bool) -> None:
    settled(world)
    world.simulator.fail_next(Fault(status=status, before=before), "POST", HISTORY)
    report = add(world, films(world))

    assert posts(world) == 1
    if before:
        named = {420: "account_limit", 423: "account_locked"}.get(status, "ambiguous")
        assert ends(report)["unresolved"] == [named] * 3
        assert [line.open for line in lines(world)] == [True] * 3
        assert ends(add(world, films(world)))["unresolved"] == ["ambiguous"] * 3
        world.clock.advance(121)
        assert ends(add(world, films(world)))["confirmed"] == [None] * 3
    else:
        assert ends(report)["confirmed"] == [None] * 3
    assert set(plays(world).values()) == {1}


@pytest.mark.parametrize(
    "fault",
    [
        Fault(lost=True, before=False),
        Fault(timed_out=True, before=False),
        broken.cut_json(),
        broken.empty(),
        broken.wrong_shape([]),
    ],
)
def test_an_answer_that_is_lost_or_odd_is_read_back(world: World, fault: Fault) -> None:
    settled(world)
    world.simulator.fail_next(fault, "POST", HISTORY)

    assert ends(add(world, films(world)))["confirmed"] == [None] * 3
    assert (posts(world), set(plays(world).values())) == (1, {1})


@pytest.mark.parametrize(
    ("late_s", "end"), [(1, "confirmed"), (5, "confirmed"), (13, "confirmed"), (15, "unresolved")]
)
def test_what_is_in_doubt_is_read_back_after_2_4_and_8_seconds(world: World, late_s: float, end: str) -> None:
    settled(world)
    world.simulator.fail_next(Fault(lost=True, late_s=late_s), "POST", HISTORY)
    report = add(world, films(world))

    assert len(ends(report)[end]) == 3
    assert [nap for nap in world.clock.slept if nap in (2, 4, 8)] == {1: [2], 5: [2, 4]}.get(
        int(late_s), [2, 4, 8]
    )
    world.clock.advance(200)
    assert ends(add(world, films(world)))["existing"] == ["there"] * 3
    assert (posts(world), set(plays(world).values())) == (1, {1})


# --- doubt later


def test_an_unmoved_stamp_proves_nothing_before_the_post_can_no_longer_work(world: World) -> None:
    settled(world)
    world.simulator.fail_next(Fault(lost=True), "POST", HISTORY)
    add(world, films(world))  # first found absent 2 s after the POST, and this call ends 14 s after it
    world.clock.advance(120 - 14 + 1)
    assert ends(add(world, films(world)))["unresolved"] == ["ambiguous"] * 3
    world.clock.advance(1)
    assert ends(add(world, films(world)))["confirmed"] == [None] * 3


def test_a_stamp_that_was_young_before_the_post_proves_nothing(world: World) -> None:
    settled(world)
    world.account.stir("movies", "watched_at")
    world.simulator.fail_next(Fault(lost=True), "POST", HISTORY)
    add(world, films(world))
    world.clock.advance(600)

    assert ends(add(world, films(world)))["unresolved"] == ["ambiguous"] * 3


def in_doubt_beside_other_changes(world: World, fault: Fault) -> None:
    """Three plays in doubt, and a stamp that has moved since."""
    settled(world)
    world.simulator.fail_next(fault, "POST", HISTORY)
    add(world, films(world))
    world.account.watch(world.films[8], MINUTE + 86_400)


@pytest.mark.parametrize(("waited_s", "end"), [(LAG_S, "unresolved"), (LAG_S + 120, "confirmed")])
def test_one_lag_after_the_post_can_no_longer_work_all_witnesses_prove_it(
    world: World, waited_s: float, end: str
) -> None:
    in_doubt_beside_other_changes(world, Fault(lost=True))
    world.clock.advance(waited_s)

    assert len(ends(add(world, films(world)))[end]) == 3
    assert max(plays(world).values()) == 1


def test_a_late_post_behind_lists_that_lag_is_not_taken_for_none(world: World) -> None:
    """It worked 100 s after it was sent; one lag after the first look the lists still show a time before."""
    world.simulator.lag.everywhere(LAG_S - 10)
    in_doubt_beside_other_changes(world, Fault(lost=True, late_s=100))
    world.clock.advance(LAG_S - 5)
    assert ends(add(world, films(world)))["unresolved"] == ["ambiguous"] * 3
    world.clock.advance(LAG_S)

    assert ends(add(world, films(world)))["existing"] == ["there"] * 3
    assert (posts(world), max(plays(world).values())) == (1, 1)


@pytest.mark.parametrize("witness", ["ledger", "stranger", "count"])
def test_one_witness_that_leaves_room_keeps_the_doubt(world: World, witness: str) -> None:
    in_doubt_beside_other_changes(world, Fault(lost=True))
    match witness:
        case "ledger":
            world.simulator.fail_next(Fault(status=404), "GET", "/users/me/watched", times=None)
        case "stranger":
            world.account.watch(world.films[9], MINUTE)
        case _:
            world.account.watch(world.films[9], MINUTE)
            world.account.hide(world.films[9])
    world.clock.advance(LAG_S * 2)

    assert ends(add(world, films(world)))["unresolved"] == ["ambiguous"] * 3
    assert ends(add(world, films(world), meant=True))["confirmed"] == [None] * 3


def test_a_hidden_title_elsewhere_does_not_keep_a_doubt(world: World) -> None:
    """The window of a batch counts it, the minute of the play does not."""
    items = [film_item(film, watched_at=MINUTE + 7200 * n) for n, film in enumerate(world.films[:3])]
    world.account.watch(world.films[9], MINUTE + 3600)
    world.account.hide(world.films[9])
    settled(world)
    world.simulator.fail_next(Fault(lost=True), "POST", HISTORY)
    add(world, items)
    world.account.watch(world.films[8], MINUTE + 86_400)
    world.clock.advance(LAG_S + 121)

    assert ends(add(world, items))["confirmed"] == [None] * 3


def test_an_index_that_began_before_the_post_notes_no_absence(world: World) -> None:
    """A reading takes its time: what it does not show may have been sent while it went on."""
    settled(world)
    item = film_item(world.films[0], watched_at=AT)

    def another_process_dies_amid_its_post() -> None:
        world.clock.advance(200)
        world.simulator.fail_next(Fault(lost=True, late_s=60), "POST", HISTORY)
        Process(world).run(lambda trakt: trakt.add("history", [item]), "after POST")

    world.account.watch(world.films[8], MINUTE + 86_400)
    world.clock.advance(60)
    world.simulator.between_pages(another_process_dies_amid_its_post, 1, "/users/me/watched/movies")
    with world.open() as trakt:
        trakt.index("history")
    assert posts(world) == 1
    assert ends(add(world, [item]))["unresolved"] == ["ambiguous"]
    world.clock.advance(100)

    assert ends(add(world, [item]))["existing"] == ["there"]
    assert plays(world)[play_of(world.films[0])] == 1


def test_a_computer_whose_clock_is_wrong_keeps_its_lines_long_enough(world: World) -> None:
    """What tells when a play was confirmed is Trakt's clock: an hour's error forgets no play too early."""
    wrong = WrongClock(world, -1)
    item = film_item(world.films[0], watched_at=AT)
    Process(world, clock=wrong).run(lambda trakt: trakt.add("history", [item]))
    Process(world, clock=wrong).run(lambda trakt: trakt.index("history"))
    world.simulator.lag.everywhere(600)
    world.clock.advance(300)
    Process(world, clock=wrong).run(lambda trakt: trakt.index("history"))

    assert len(lines(world)) == 1
    assert ends(add(world, [item]))["existing"] == ["there"]


@pytest.mark.parametrize("applied", [True, False])
def test_a_play_of_unknown_date_in_doubt_is_looked_for_by_its_title(world: World, applied: bool) -> None:
    settled(world)
    world.simulator.fail_next(Fault(lost=True, late_s=60 if applied else None), "POST", HISTORY)
    item = film_item(world.films[0], watched_at="unknown")
    assert ends(add(world, [item]))["unresolved"] == ["ambiguous"]
    world.clock.advance(130)
    assert len(ends(add(world, [item]))["unresolved"]) == (0 if applied else 1), "first found absent now"
    world.clock.advance(130)
    add(world, [item])

    assert plays(world) == {play_of(world.films[0], 0): 1}
    assert world.asked("GET", f"/sync/history/movies/{world.films[0].trakt}") > 0


def test_many_plays_in_doubt_are_read_back_in_few_requests(world: World) -> None:
    """A window too wide is halved, not read minute by minute."""
    world.simulator.paging.rows_max = world.simulator.paging.rows_default = 250
    for n in range(1500):
        world.account.watch(world.films[9], MINUTE + 60 * n)
    items = [film_item(world.films[0], watched_at=MINUTE + 600 * n) for n in range(150)]
    settled(world)
    before = world.asked("GET", "/sync/history/movies")
    world.simulator.fail_next(Fault(lost=True, before=False), "POST", HISTORY)
    report = add(world, items, history_chunk_size=500)

    assert len(report.confirmed) == 150
    assert world.asked("GET", "/sync/history/movies") - before < 30


# --- what an answer counts


def test_what_was_not_found_namelessly_is_told_by_reading_back(world: World) -> None:
    world.simulator.not_found_shape = "empty"
    unknown: Item = {"type": "movie", "ids": {"imdb": "tt7777777"}, "watched_at": AT}
    report = add(world, [*films(world), unknown])

    assert len(report.confirmed) == 3
    assert ends(report)["unresolved"] == ["not_found"]
    assert lines(world) == [line for line in lines(world) if line.confirmed]


@pytest.mark.parametrize("shown", [True, False])
def test_a_count_below_what_was_sent_that_names_nothing_is_doubt(world: World, shown: bool) -> None:
    """Called not found it would be free to be sent again, and be there twice."""
    settled(world)
    world.simulator.lag.everywhere(0 if shown else 60)
    world.simulator.fail_next(broken.miscounted(-1), "POST", HISTORY)
    item = film_item(world.films[0], watched_at=AT)
    report = add(world, [item])

    assert ends(report)["confirmed" if shown else "unresolved"] == [None if shown else "ambiguous"]
    with world.open() as trakt:
        trakt.retry_unresolved("history")
    world.clock.advance(LAG_S)
    assert ends(add(world, [item]))["existing"] == ["there"]
    assert plays(world) == {play_of(world.films[0]): 1}


# --- a full list, a locked account


@pytest.mark.parametrize("applies", [0, 1, 3])
@pytest.mark.parametrize("headers", [True, False])
@pytest.mark.parametrize("body", [b"", b"{}", b"<html>full</html>"])
def test_a_full_history_is_read_back_and_named(
    world: World, applies: int, headers: bool, body: bytes
) -> None:
    settled(world)
    fault = broken.account_limit(applies=applies, headers=headers, body=body)
    world.simulator.fail_next(fault, "POST", HISTORY)
    report = add(
        world, [*films(world), film_item(world.films[4], watched_at=MINUTE + 60)], history_chunk_size=3
    )

    assert len(report.confirmed) == applies
    assert ends(report)["unresolved"] == ["account_limit"] * (4 - applies)
    assert posts(world) == 1
    assert set(plays(world).values()) <= {1}


@pytest.mark.parametrize(
    ("fault", "reason"), [(broken.locked(), "account_locked"), (broken.vip_only(), "vip_only")]
)
def test_a_locked_account_or_one_that_must_pay_ends_all_writes_of_the_call(
    world: World, fault: Fault, reason: str
) -> None:
    settled(world)
    world.simulator.fail_next(fault, "POST", HISTORY)
    report = add(world, films(world, 6), history_chunk_size=2, history_chunk_max=2)

    assert ends(report)["unresolved"] == [reason] * 6
    assert posts(world) == 1


def test_it_ends_them_within_a_batch_of_several_bodies_too(world: World) -> None:
    """A show by two spellings that may be one is sent in two bodies."""
    show = world.shows[0]
    items = [
        {**episode_item(show.episode(1, 1)), "watched_at": AT},
        {
            **episode_item(show.episode(1, 2)),
            "show_ids": {"tvdb": show.ids["tvdb"]},
            "watched_at": MINUTE + 3600,
        },
    ]
    settled(world)
    world.simulator.fail_next(broken.vip_only(), "POST", HISTORY)
    report = add(world, items, history_number_fallback=True)

    assert ends(report)["unresolved"] == ["vip_only"] * 2
    assert posts(world) == 1


# --- sizes


@pytest.mark.parametrize("fault", [Fault(status=413), Fault(status=503), Fault(timed_out=True)])
def test_batches_grow_while_answers_are_quick_and_halve_in_trouble(world: World, fault: Fault) -> None:
    items = [film_item(world.films[0], watched_at=MINUTE + 60 * n) for n in range(20)]
    world.simulator.fail_next(fault, "POST", HISTORY, after=2)
    report = add(world, items, history_chunk_size=2, history_chunk_max=100)

    # 2, 4, then 8 in trouble, then 4 and the rest
    assert (posts(world), len(report.confirmed)) == (5, 12)
    assert ends(report)["unresolved"] == ["ambiguous"] * 8


def test_a_slow_answer_keeps_the_size(world: World) -> None:
    items = [film_item(world.films[0], watched_at=MINUTE + 60 * n) for n in range(10)]
    slow = world.simulator.on_request(
        lambda method, path, query: world.clock.advance(12) if (method, path) == ("POST", HISTORY) else None
    )
    add(world, items, history_chunk_size=2, history_chunk_max=100)
    slow()

    assert posts(world) == 5


# --- items of a call


def test_items_without_a_date_to_be_had_are_each_refused(world: World) -> None:
    item = {**episode_item(world.shows[0].episode(1, 1)), "episode": 77, "watched_at": "released"}

    assert ends(add(world, [item, item]))["unresolved"] == ["unreleased"] * 2


def test_a_duplicate_takes_the_outcome_of_its_twin(world: World) -> None:
    settled(world)
    item = film_item(world.films[0], watched_at=AT)
    world.simulator.fail_next(Fault(lost=True), "POST", HISTORY)

    assert ends(add(world, [item, item]))["unresolved"] == ["ambiguous"] * 2
    world.clock.advance(200)
    assert ends(add(world, [item, item])) == {
        "confirmed": [None],
        "existing": ["duplicate"],
        "unresolved": [],
    }


def test_meant_lifts_the_doubt_of_the_plays_that_are_named_alone(world: World) -> None:
    settled(world)
    world.simulator.fail_next(Fault(lost=True), "POST", HISTORY)
    add(world, films(world))
    by_imdb: Item = {"type": "movie", "ids": {"imdb": world.films[0].ids["imdb"]}, "watched_at": AT}

    assert ends(add(world, [by_imdb], meant=True))["confirmed"] == [None]
    assert [line.open for line in lines(world)] == [True, True, False]


# --- near doubles


@pytest.mark.parametrize(("minutes", "reason"), [(2, "near"), (3, None)])
def test_a_play_near_one_that_is_there_is_the_same(world: World, minutes: int, reason: str | None) -> None:
    world.account.watch(world.films[0], MINUTE)
    report = add(world, [film_item(world.films[0], watched_at=MINUTE + 60 * minutes)], history_near_minutes=2)

    assert ends(report)["existing" if reason else "confirmed"] == [reason]


def test_a_play_near_one_that_is_in_doubt_is_in_doubt(world: World) -> None:
    settled(world)
    world.simulator.fail_next(Fault(lost=True, late_s=60), "POST", HISTORY)
    add(world, films(world, 1), history_near_minutes=5)
    near = film_item(world.films[0], watched_at=MINUTE + 120)
    assert ends(add(world, [near], history_near_minutes=5))["unresolved"] == ["ambiguous"]
    world.clock.advance(130)

    assert ends(add(world, [near], history_near_minutes=5))["existing"] == ["near"]
    assert sum(plays(world).values()) == 1


# --- accounts that keep one play a title


def once_only(world: World) -> None:
    world.account.watch_only_once = True


def test_an_account_that_keeps_one_play_a_title_gets_the_newest(world: World) -> None:
    once_only(world)
    items = [film_item(world.films[0], watched_at=MINUTE + 3600 * n) for n in (0, 2, 1, 2)]
    report = add(world, items)

    assert ends(report) == {"confirmed": [None], "existing": ["duplicate"] * 3, "unresolved": []}
    assert plays(world) == {play_of(world.films[0], MINUTE + 7200): 1}
    assert ends(add(world, items))["existing"] == ["there"] * 4


def test_and_none_beside_one_that_is_in_doubt(world: World) -> None:
    once_only(world)
    settled(world)
    world.simulator.fail_next(Fault(lost=True, late_s=60), "POST", HISTORY)
    add(world, films(world, 1))
    later = film_item(world.films[0], watched_at=MINUTE + 3600)
    assert ends(add(world, [later]))["unresolved"] == ["ambiguous"]
    world.clock.advance(130)

    assert ends(add(world, [later]))["existing"] == ["there"]
    assert sum(plays(world).values()) == 1


# --- removing


def test_a_play_in_doubt_is_not_called_gone(world: World) -> None:
    settled(world)
    world.simulator.fail_next(Fault(lost=True, late_s=60), "POST", HISTORY)
    (item,) = films(world, 1)
    add(world, [item])
    with world.open() as trakt:
        assert ends(trakt.remove("history", [item]))["unresolved"] == ["ambiguous"]
        world.clock.advance(100)
        assert ends(trakt.remove("history", [item]))["confirmed"] == [None]

    assert plays(world) == Counter()


def test_a_removal_settles_what_is_open_before_it_looks(world: World) -> None:
    """What was surely never applied is forgotten, whoever asks; a dry run only looks."""
    settled(world)
    world.simulator.fail_next(Fault(lost=True), "POST", HISTORY)
    add(world, films(world, 1))
    elsewhere = film_item(world.films[8], watched_at=MINUTE + 86_400)
    world.account.watch(world.films[8], MINUTE + 86_400)
    world.clock.advance(LAG_S + 121)
    with world.open() as trakt:
        trakt.remove("history", [elsewhere], dry_run=True)
        assert [line.open for line in lines(world)] == [True]
        assert ends(trakt.remove("history", [elsewhere]))["confirmed"] == [None]

    assert [line.stage for line in lines(world)] == [Stage.REMOVED]


def test_a_play_sent_again_after_its_removal_is_not_confirmed_by_the_old_one(world: World) -> None:
    """Lists that lag show the play that was removed; the new one never reached Trakt."""
    (item,) = films(world, 1)
    world.account.watch(world.films[0], MINUTE)
    settled(world)
    world.clock.advance(LAG_S)
    world.simulator.lag.everywhere(600)
    with world.open() as trakt:
        assert ends(trakt.remove("history", [item]))["confirmed"] == [None]
        world.simulator.fail_next(Fault(lost=True), "POST", HISTORY)
        assert ends(trakt.add("history", [item]))["unresolved"] == ["ambiguous"]
        for _ in range(3):
            world.clock.advance(LAG_S + 121)
            last = trakt.add("history", [item])

    assert plays(world) == {play_of(world.films[0]): 1}
    assert len(last.existing) == 1


def test_a_removed_play_that_a_list_still_shows_is_not_called_there(world: World) -> None:
    (item,) = films(world, 1)
    world.account.watch(world.films[0], MINUTE)
    settled(world)
    world.clock.advance(LAG_S)
    world.simulator.lag.everywhere(600)
    with world.open() as trakt:
        trakt.remove("history", [item])
        trakt.index("history")
        assert ends(trakt.add("history", [item]))["unresolved"] == ["ambiguous"]
        world.clock.advance(LAG_S + 1)
        assert ends(trakt.add("history", [item]))["confirmed"] == [None]

    assert plays(world) == {play_of(world.films[0]): 1}


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_wrong_clock_does_not_forget_what_was_removed(world: World, hours: int) -> None:
    (item,) = films(world, 1)
    world.account.watch(world.films[0], MINUTE)
    settled(world)
    world.clock.advance(LAG_S)
    world.simulator.lag.everywhere(600)
    computer = Process(world, clock=WrongClock(world, hours))
    computer.run(lambda trakt: trakt.remove("history", [item]))
    computer.run(lambda trakt: trakt.index("history"))
    report, _ = computer.run(lambda trakt: trakt.add("history", [item]))

    assert report is not None
    assert ends(report)["unresolved"] == ["ambiguous"]


def test_the_last_batch_of_a_long_removal_is_remembered_as_long_as_the_first(world: World) -> None:
    for film in world.films[:2]:
        world.account.watch(film, MINUTE)
    settled(world)
    world.clock.advance(LAG_S)
    world.simulator.fail_next(
        Fault(status=429, headers={"retry-after": "280"}), "POST", f"{HISTORY}/remove", after=1
    )
    world.simulator.lag.everywhere(LAG_S - 60)
    with world.open(history_chunk_size=1, removal_guard_min=9) as trakt:
        assert ends(trakt.remove("history", films(world, 2)))["confirmed"] == [None] * 2
    world.clock.advance(LAG_S - 120)
    with world.open() as trakt:
        trakt.index("history")
        report = trakt.add("history", films(world, 2))

    assert ends(report) == {"confirmed": [None], "existing": [], "unresolved": ["ambiguous"]}


def test_without_lag_a_removed_play_is_sent_again_at_once(world: World) -> None:
    (item,) = films(world, 1)
    with world.open() as trakt:
        for _ in range(3):
            assert ends(trakt.add("history", [item]))["confirmed"] == [None]
            assert ends(trakt.remove("history", [item]))["confirmed"] == [None]

    assert plays(world) == Counter()


def test_an_old_row_of_a_list_that_lags_is_not_removed_in_place_of_a_new_play(world: World) -> None:
    (item,) = films(world, 1)
    world.account.watch(world.films[0], MINUTE)
    settled(world)
    world.clock.advance(LAG_S)
    with world.open() as trakt:
        trakt.remove("history", [item])
        world.clock.advance(600)
        trakt.index("history")
        trakt.add("history", [item])
        world.simulator.lag.title_s = 840
        assert ends(trakt.remove("history", [item]))["unresolved"] == ["ambiguous"]
        trakt.add("history", [item])
        world.clock.advance(LAG_S * 2)
        assert ends(trakt.add("history", [item]))["existing"] == ["there"]

    assert plays(world) == {play_of(world.films[0]): 1}


# --- killed at any instant


def prepared(folder: Path) -> World:
    """An account whose past the library knows, with plays of ours that no list has shown yet."""
    world = World(folder / "state", ManualClock())
    for film in world.films[5:8]:
        world.account.watch(film, MINUTE)
    settled(world)
    add(world, [film_item(film, watched_at=AT) for film in world.films[8:]])
    return world


def adding(world: World, trakt: TraktAccount) -> Report:
    """Three batches, one of which is there already."""
    items = [*films(world, 4), episode_item(world.shows[0].episode(1, 1), watched_at=AT)]
    return trakt.add("history", [*items, film_item(world.films[5], watched_at=AT)])


def removing(world: World, trakt: TraktAccount) -> Report:
    """Plays of ours, and of others."""
    return trakt.remove("history", [film_item(film, watched_at=AT) for film in world.films[6:]])


@pytest.mark.parametrize("use", [adding, removing])
@pytest.mark.parametrize("index_first", [False, True])
@pytest.mark.parametrize("lag_s", [0, 600])
def test_killed_at_any_step_the_account_ends_as_if_nothing_had_happened(
    tmp_path: Path, use: Callable[[World, TraktAccount], Report], index_first: bool, lag_s: float
) -> None:
    """Before, amid and after each write to disk and each POST; then another process makes the same call."""
    healthy = prepared(tmp_path / "healthy")
    steps_of(healthy, use)
    probe = prepared(tmp_path / "probe")
    probe.simulator.lag.everywhere(lag_s)
    names = steps_of(probe, use)
    assert sum("POST" in name for name in names) >= 2
    for kill_at, name in enumerate(names, 1):
        world = prepared(tmp_path / f"{kill_at}")
        world.simulator.lag.everywhere(lag_s)
        assert steps_of(world, use, kill_at)[-1] == name
        left = len(again(world, use, index_first=index_first, name=name))

        assert plays(world) == plays(healthy), f"killed at {kill_at}, {name}"
        assert left == 0, f"killed at {kill_at}, {name}"


def steps_of(
    world: World, use: Callable[[World, TraktAccount], Report], kill_at: int | None = None
) -> Sequence[str]:
    """What the call does until it ends or is killed."""
    process = Process(world, settings={"history_chunk_size": 2})
    return process.run(lambda trakt: use(world, trakt), kill_at)[1]


def again(
    world: World, use: Callable[[World, TraktAccount], Report], *, index_first: bool, name: str
) -> Sequence[Outcome]:
    """The same call by other processes, some times; gives what it leaves unresolved at last."""
    left: Sequence[Outcome] = ()
    for wait_s in (10, LAG_S + 130, LAG_S + 130, LAG_S + 130):
        world.clock.advance(wait_s)
        with world.open(another_process=True, history_chunk_size=2) as trakt:
            if index_first:
                trakt.index("history")
            left = use(world, trakt).unresolved
        assert max(plays(world).values(), default=1) == 1, f"killed at {name}"
    return left


# --- two at once


def test_threads_that_add_the_same_plays_make_each_once(world: World) -> None:
    items = [film_item(film, watched_at=MINUTE + 60 * n) for film in world.films[:5] for n in range(4)]
    settled(world)
    reports: list[Report] = []
    start = threading.Barrier(3)

    def work() -> None:
        with world.open(another_process=True, history_chunk_size=3) as trakt:
            start.wait()
            reports.append(trakt.add("history", items))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(reports) == 3
    assert sum(len(report.confirmed) for report in reports) == len(items)
    assert not any(report.unresolved for report in reports)
    assert set(plays(world).values()) == {1}


def test_a_journal_that_cannot_be_written_means_that_nothing_is_sent(world: World) -> None:
    settled(world)
    folder = world.state / "journal"
    folder.mkdir(exist_ok=True)
    (folder / "trakt_history.jsonl").mkdir()
    with pytest.raises(TraktError), world.open() as trakt:
        trakt.add("history", films(world))

    assert posts(world) == 0
