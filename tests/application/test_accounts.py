"""Tokens and accounts: one refresh for all who need it, and nothing of one account seen by another."""

import errno
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from returns.pipeline import is_successful
from returns.result import Failure, Result, Success

from crosswatch_trakt import Settings, TraktAccount, TraktError
from crosswatch_trakt.adapters.clock import ManualClock, SystemClock
from crosswatch_trakt.adapters.simulator import Fault, Simulator, serve
from crosswatch_trakt.adapters.simulator.account import Account
from crosswatch_trakt.adapters.simulator.catalogue import Catalogue
from crosswatch_trakt.adapters.simulator.titles import Movie
from crosswatch_trakt.adapters.state import FileState
from crosswatch_trakt.adapters.tokens import DOCUMENT, FileTokens, MemoryTokens
from crosswatch_trakt.application.identity import ACCOUNTS_FILE, Accounts
from crosswatch_trakt.application.ports import Request, Response, Tokens
from crosswatch_trakt.application.trakt.access import AHEAD_AGAIN_S, LOST_WAIT_S, REPLACED
from crosswatch_trakt.application.trakt.gate import Gate, Gates
from crosswatch_trakt.domain.journal import LAG_S
from crosswatch_trakt.domain.problems import AnswerLost, Problem, RateLimited, SignInAgain, StateUnwritable
from tests.application.trakt.desk import CDN, PAGE, Desk, Wire, a_trakt, at, desk, in_turn, pair_of
from tests.application.world import World, film_item

REFRESH = "/oauth/token"
WHEN = "2024-05-01T20:15:00Z"


# --- one refresh for all


def needs_refresh(clock: ManualClock, trakt: Simulator, left_s: float) -> Tokens:
    return pair_of(trakt, int(clock.now().timestamp() + left_s))


def sent_refreshes(asking: Desk) -> int:
    return asking.wire.paths.count(REFRESH)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def trakt(clock: ManualClock) -> Simulator:
    return a_trakt(clock)


def test_threads_of_one_library_object_refresh_once_and_all_go_on(world: World) -> None:
    uses: list[Callable[[TraktAccount], object]] = [
        lambda account: account.index("watchlist"),
        lambda account: account.index("history"),
        lambda account: account.activities(),
        lambda account: account.health().ok,
    ]
    with world.open() as account:
        account.activities()
        world.simulator.oauth.expire_all()
        with ThreadPoolExecutor(8) as pool:
            done = [future.result() for future in [pool.submit(use, account) for use in uses * 2]]

    assert len(done) == 8
    assert world.asked("POST", REFRESH) == 1


def test_a_token_that_is_good_is_given_while_its_refresh_hangs(trakt: Simulator, clock: ManualClock) -> None:
    asking = at(trakt, clock, tokens=MemoryTokens(needs_refresh(clock, trakt, 900)))
    answer, hangs, let_go = asking.wire.answer, threading.Event(), threading.Event()

    def slowly(request: Request) -> Result[Response, Problem]:
        if request.url.endswith(REFRESH):
            hangs.set()
            assert let_go.wait(10)
        return answer(request)

    asking.wire.answer = slowly
    with ThreadPoolExecutor(2) as pool:
        refreshing = pool.submit(asking.ask)
        assert hangs.wait(10)
        try:
            assert is_successful(pool.submit(asking.ask).result(5))
        finally:
            let_go.set()
        assert is_successful(refreshing.result(5))
    assert sent_refreshes(asking) == 1


@pytest.mark.parametrize(
    "refusal",
    [
        Fault(status=429, headers={"retry-after": "250", "x-request-id": "1"}),
        Fault(status=429, headers={**CDN, "retry-after": "250"}, body=PAGE),
    ],
    ids=["Trakt", "the CDN"],
)
def test_a_refresh_refused_with_429_keeps_nothing_waiting_that_has_a_good_token(
    trakt: Simulator, clock: ManualClock, refusal: Fault
) -> None:
    trakt.fail_next(refusal, path_prefix=REFRESH)
    asking = at(
        trakt, clock, tokens=MemoryTokens(needs_refresh(clock, trakt, 900)), gate=Gate(clock, 500, 1.0)
    )
    for _ in range(3):
        assert is_successful(asking.ask())

    assert sum(clock.slept) == 0
    assert sent_refreshes(asking) == 1
    clock.advance(AHEAD_AGAIN_S)
    assert is_successful(asking.ask())
    assert sent_refreshes(asking) == 2, "it is made up for later"


class WatchedClock(ManualClock):
    """Looks at something whenever somebody waits."""

    def __init__(self) -> None:
        super().__init__()
        self.look: Callable[[], None] = lambda: None

    def sleep(self, seconds: float) -> None:
        self.look()
        super().sleep(seconds)


@pytest.mark.parametrize("left_s", [-1, None], ids=["its end is known", "a 401 tells"])
@pytest.mark.parametrize(
    "trouble",
    [
        Fault(status=429, headers={"retry-after": "30"}),
        Fault(lost=True),
        Fault(status=503),
        Fault(refused=True),
    ],
    ids=["429", "answer lost", "503", "no connection"],
)
def test_whatever_a_refresh_waits_for_no_lock_is_held_meanwhile(
    tmp_path: Path, trouble: Fault, left_s: float | None
) -> None:
    clock = WatchedClock()
    trakt = a_trakt(clock)
    state = FileState(tmp_path)
    given = pair_of(trakt, None if left_s is None else int(clock.now().timestamp() + left_s))
    trakt.oauth.expire_all()
    trakt.fail_next(trouble, path_prefix=REFRESH)
    asking = at(trakt, clock, tokens=FileTokens(state, given))
    free: list[bool] = []

    def look() -> None:
        free.append(is_free(FileState(tmp_path, lock_timeout_s=0.1)))
        with ThreadPoolExecutor(1) as another:
            free.append(is_successful(another.submit(asking.caller.access.kept).result(5)))

    clock.look = look
    assert is_successful(asking.ask())
    assert free
    assert all(free)
    assert sent_refreshes(asking) == 2


@pytest.mark.parametrize("halve", [False, True], ids=["by Trakt", "by the CDN"])
def test_a_refresh_that_has_to_wait_at_a_closed_gate_does_so_without_a_lock(
    tmp_path: Path, halve: bool
) -> None:
    clock = WatchedClock()
    trakt = a_trakt(clock)
    gate = Gate(clock, 500, 1.0)
    gate.close(200, halve=halve)
    asking = at(
        trakt, clock, tokens=FileTokens(FileState(tmp_path), needs_refresh(clock, trakt, -1)), gate=gate
    )
    free: list[bool] = []
    clock.look = lambda: free.append(is_free(FileState(tmp_path, lock_timeout_s=0.1)))

    assert is_successful(asking.ask())
    assert clock.monotonic() >= 200
    assert all(free)
    assert free


def is_free(state: FileState) -> bool:
    """Whether another thread could take the lock of the tokens now."""
    with ThreadPoolExecutor(1) as another:
        return is_successful(another.submit(lambda: state.locked(DOCUMENT, lambda: Success(1))).result())


def test_threads_whose_refresh_is_refused_with_429_send_it_once_and_wait_each_for_itself(
    trakt: Simulator, clock: ManualClock
) -> None:
    trakt.fail_next(Fault(status=429, headers={"retry-after": "30"}), path_prefix=REFRESH)
    asking = at(trakt, clock, tokens=MemoryTokens(needs_refresh(clock, trakt, -1)))
    start = threading.Barrier(6)

    def ask() -> bool:
        start.wait(5)
        return is_successful(asking.ask())

    with ThreadPoolExecutor(6) as pool:
        assert all(future.result() for future in [pool.submit(ask) for _ in range(6)])
    assert sent_refreshes(asking) == 2
    assert clock.monotonic() >= 30


def test_a_refresh_refused_with_429_is_not_sent_again_before_trakt_allows_it(
    trakt: Simulator, clock: ManualClock
) -> None:
    trakt.fail_next(Fault(status=429, headers={"retry-after": "30"}), path_prefix=REFRESH)
    access = at(trakt, clock, tokens=MemoryTokens(needs_refresh(clock, trakt, -1))).caller.access

    assert isinstance(access.tokens().failure(), RateLimited)
    clock.advance(10)
    again = access.tokens().failure()
    assert isinstance(again, RateLimited)
    assert again.retry_after_s == pytest.approx(20)
    clock.advance(20)
    assert is_successful(access.tokens())


def test_the_limit_of_the_sign_in_host_is_none_of_the_accounts(trakt: Simulator, clock: ManualClock) -> None:
    """Nor the other way round: what the API said of its own limits does not count for a refresh."""
    said = json.dumps(
        {
            "name": "AUTHED_API_GET_LIMIT",
            "period": 300,
            "limit": 5,
            "remaining": 0,
            "until": "2026-01-15T12:04:00Z",
        }
    )
    trakt.fail_next(
        Fault(alter=lambda it: Response(it.status, {**it.headers, "x-ratelimit": said}, it.body)),
        path_prefix=REFRESH,
    )
    gate = Gate(clock, 500, None)
    asking = at(trakt, clock, tokens=MemoryTokens(needs_refresh(clock, trakt, -1)), gate=gate)

    assert is_successful(asking.ask())
    assert sum(clock.slept) == 0
    assert gate.used("GET") == (1, 500)


@pytest.mark.parametrize("obeyed", [True, False])
def test_a_refresh_whose_answer_is_lost_is_tried_once_more(
    trakt: Simulator, clock: ManualClock, obeyed: bool
) -> None:
    trakt.fail_next(Fault(lost=True, before=not obeyed), path_prefix=REFRESH)
    asking = at(trakt, clock, tokens=MemoryTokens(needs_refresh(clock, trakt, -1)))
    result = asking.ask()

    assert sent_refreshes(asking) == 2
    assert clock.slept[:1] == [LOST_WAIT_S]
    if obeyed:  # the refresh token had died with the first
        problem = result.failure()
        assert isinstance(problem, SignInAgain)
        assert problem.reason.endswith("revoked: an earlier refresh was left without its answer")
    else:
        assert is_successful(result)


def test_a_refresh_whose_answer_is_lost_twice_is_not_tried_for_ever(clock: ManualClock) -> None:
    store = MemoryTokens(Tokens("access-0", "refresh-0", 1, "app"))
    asking = desk(Wire(in_turn(AnswerLost("POST /oauth/token", "timed out"))), clock=clock, tokens=store)
    problem = asking.ask().failure()

    assert isinstance(problem, SignInAgain)
    assert "timed out" in problem.reason
    assert sent_refreshes(asking) == 2
    assert store.load() == Success(Tokens("access-0", "refresh-0", 1, "app")), (
        "another run may have more luck"
    )


# --- a disk that is full


class FullDisk(FileState):
    """A folder whose disk refuses chosen writes; of some it says so though the rename was done."""

    def __init__(self, folder: Path, full_at: frozenset[int], *, renamed: bool = False) -> None:
        super().__init__(folder)
        self._full_at = full_at
        self._renamed = renamed
        self.writes = 0

    def write(self, name: str, document: bytes) -> Result[None, StateUnwritable]:
        self.writes += 1
        if self.writes not in self._full_at:
            return super().write(name, document)
        if self._renamed:
            super().write(name, document).unwrap()
        return Failure(StateUnwritable(name, os.strerror(errno.ENOSPC)))


@pytest.mark.parametrize("renamed", [False, True], ids=["not written", "not synced"])
def test_a_new_pair_that_a_full_disk_did_not_take_is_kept_said_and_not_used(
    tmp_path: Path, trakt: Simulator, clock: ManualClock, renamed: bool
) -> None:
    state = FullDisk(tmp_path, frozenset({2, 3}), renamed=renamed)
    given = needs_refresh(clock, trakt, -1)
    asking = at(trakt, clock, tokens=FileTokens(state, given))
    for _ in range(2):
        problem = asking.ask().failure()
        assert isinstance(problem, StateUnwritable)
        assert problem.cause.startswith("No space left on device. Trakt has just renewed the login")
        assert "you have to sign in again" in problem.cause
        assert trakt.account.access_token not in repr(problem)
        assert asking.caller.access.follow()
        assert asking.caller.access.kept() == Success(given), "what is not proven stored is not given"
    assert asking.wire.paths == [REFRESH], "nothing was sent with a token that is not stored"

    assert is_successful(asking.ask()), "there is room again"
    assert sent_refreshes(asking) == 1
    stored = FileTokens(FileState(tmp_path), given).load().unwrap()
    assert stored is not None
    assert stored.access_token == trakt.account.access_token


def test_every_token_that_is_sent_is_on_disk_by_then(world: World) -> None:
    path = world.folder / DOCUMENT
    missing: list[str] = []
    sent: set[str] = set()
    given = world.account.access_token
    answer = world.simulator.answer

    def watch(request: Request) -> Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and token != given:
            sent.add(token)
            if token not in path.read_text():
                missing.append(request.url)
        return answer(request)

    world.simulator.answer = watch  # type: ignore[method-assign]
    with world.open() as account:
        for number in range(4):
            account.add("history", [film_item(world.films[number], watched_at=WHEN)])
            world.simulator.oauth.expire_all()
            account.index("history")

    assert len(sent) == 4
    assert missing == []


# --- two accounts


@dataclass
class Two:
    """Ann's account and Ben's, on one Trakt and in one folder for state."""

    world: World
    ben: Account = field(init=False)

    def __post_init__(self) -> None:
        self.ben = self.world.simulator.add_account("ben", "0cc175b9c0f1b6a831c399e269772661")
        for number, film in enumerate(self.world.films):
            owner = self.world.account if number < 6 else self.ben
            owner.watch(film, 1_700_000_000 + 60 * number)
            owner.rate(film, number + 1)
            owner.put_on_watchlist(film)

    @property
    def ann(self) -> Account:
        return self.world.account

    @contextmanager
    def as_whom(self, account: Account, *, another_process: bool = False) -> Iterator[TraktAccount]:
        """With the tokens of this account in the settings."""
        with self.world.open(
            access_token=account.access_token,
            refresh_token=account.refresh_token,
            another_process=another_process,
        ) as opened:
            yield opened

    @contextmanager
    def as_stored(self, *, another_process: bool = False) -> Iterator[TraktAccount]:
        """With the login that was made here last."""
        with self.world.open(
            access_token=None, refresh_token=None, another_process=another_process
        ) as opened:
            yield opened

    def log_in(self, opened: TraktAccount, account: Account) -> None:
        """Sign in as this person."""
        code = opened.access.begin_login().unwrap()
        assert self.world.simulator.approve(code.user_code, account)
        opened.access.finish_login(code).unwrap()

    def log_in_elsewhere(self, account: Account) -> None:
        """Sign in as this person in another process."""
        with self.as_stored(another_process=True) as opened:
            self.log_in(opened, account)

    def files(self, account: Account) -> dict[str, bytes]:
        """All that is stored of an account."""
        folder = self.world.folder / account.uuid[:12]
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and not path.name.startswith(".")
        }

    def films_in(self, account: Account) -> list[Movie]:
        """The films that are named anywhere in what is stored of an account."""
        stored = b"".join(self.files(account).values())
        return [film for film in self.world.films if f"{film.title}".encode() in stored]

    def shows(self, opened: TraktAccount, account: Account) -> None:
        """What is given is all of this account's, and nothing but."""
        assert opened.person.account == account.uuid
        for feature, count in (
            ("history", len(account.plays)),
            ("ratings", len(account.ratings)),
            ("watchlist", len(account.watchlist)),
        ):
            assert len(opened.index(feature)) == count, feature
        ids = {item["ids"]["trakt"] for item in opened.index("ratings").values()}  # type: ignore[index]
        assert ids == {title.trakt for title in account.ratings}


@pytest.fixture
def two(world: World) -> Two:
    world.simulator.quota.gets = world.simulator.quota.writes = None
    return Two(world)


def test_two_accounts_in_one_folder_and_process_see_nothing_of_each_other(two: Two) -> None:
    with two.as_whom(two.ann) as ann, two.as_whom(two.ben) as ben:
        for _ in range(2):
            two.shows(ann, two.ann)
            two.shows(ben, two.ben)
        before = two.files(two.ben)
        ann.add(
            "history", [film_item(two.world.films[9], watched_at=WHEN), {"type": "movie", "ids": {"tmdb": 1}}]
        )
        ann.add("ratings", [film_item(two.world.films[0], rating=3)])

        assert two.files(two.ben) == before
        assert [len(each.unresolved("history")) for each in (ann, ben)] == [1, 0]
        two.shows(ben, two.ben)
        two.shows(ann, two.ann)


def test_what_one_account_wrote_just_now_is_not_believed_of_another(two: Two) -> None:
    """The memory of writes that lists do not show yet."""
    film = two.world.films[0]
    two.world.simulator.lag.everywhere(600)
    with two.as_whom(two.ann) as ann, two.as_whom(two.ben) as ben:
        for opened in (ann, ben):
            opened.index("ratings")
            assert len(opened.add("ratings", [film_item(film, rating=2)]).confirmed) == 1
            assert len(opened.add("history", [film_item(film, watched_at=WHEN)]).confirmed) == 1

    assert [account.ratings[film].rating for account in (two.ann, two.ben)] == [2, 2]


def test_the_quota_of_one_account_is_not_used_up_by_another(two: Two) -> None:
    with two.as_whom(two.ann) as ann, two.as_whom(two.ben) as ben:
        for _ in range(20):
            assert ann.health().ok
        used = [opened.health().quota["GET"].used for opened in (ann, ben)]
        assert used[0] >= 20
        assert used[1] <= 2
        two.world.simulator.fail_next(Fault(status=429, headers={"retry-after": "90", "x-request-id": "1"}))
        slept = len(two.world.clock.slept)
        assert ann.health().ok
        assert sum(two.world.clock.slept[slept:]) >= 90, "she waits"
        slept = len(two.world.clock.slept)
        ben.activities()
        assert two.world.clock.slept[slept:] == [], "he does not"


def test_two_logins_of_one_account_share_its_quota_and_state(two: Two) -> None:
    two.world.clock.advance(LAG_S)  # what is read is as it will be
    with two.as_whom(two.ann) as first:
        two.shows(first, two.ann)
        two.world.simulator.oauth.sign_in(two.ann)
        asked = two.world.asked()
        with two.as_whom(two.ann) as second:
            two.shows(second, two.ann)
            assert two.world.asked(path="/users/settings") == 2, "it is known by Trakt's own id"
            assert two.world.asked() - asked < 12, "what is stored is used"
            assert second.health().quota["GET"].used > 12
    folders = [path.name for path in two.world.folder.iterdir() if path.is_dir()]
    assert folders == [two.ann.uuid[:12]]


def test_an_account_behind_a_configuration_is_switched_by_its_tokens_and_back(two: Two) -> None:
    for account in (two.ann, two.ben, two.ann, two.ben):
        with two.as_whom(account, another_process=True) as opened:
            two.shows(opened, account)


def test_a_renamed_person_is_the_same_account_and_a_namesake_is_another(two: Two) -> None:
    with two.as_whom(two.ann) as opened:
        two.shows(opened, two.ann)
    two.ann.username, two.ben.username = "anna", "ann"
    for account in (two.ann, two.ben):
        with two.as_whom(account, another_process=True) as opened:
            assert opened.health().account == account.username
            two.shows(opened, account)


@pytest.mark.parametrize("settings_name_a_token", [True, False])
def test_after_a_login_as_somebody_else_the_same_object_begins_anew(
    two: Two, settings_name_a_token: bool
) -> None:
    if not settings_name_a_token:
        two.log_in_elsewhere(two.ann)
    with two.as_whom(two.ann) if settings_name_a_token else two.as_stored() as opened:
        two.shows(opened, two.ann)
        before = two.files(two.ann)
        old = opened.access
        two.log_in(opened, two.ben)

        two.shows(opened, two.ben)
        assert two.files(two.ann) == before
        assert old.tokens() == Failure(SignInAgain(REPLACED)), "calls under way do not go on as another"
        two.log_in(opened, two.ann)
        two.shows(opened, two.ann)


def test_after_a_login_as_somebody_else_in_another_process_the_next_call_begins_anew(two: Two) -> None:
    two.log_in_elsewhere(two.ann)
    with two.as_stored() as opened:
        two.shows(opened, two.ann)
        two.log_in_elsewhere(two.ben)
        two.shows(opened, two.ben)
        assert opened.health().account == "ben"


def test_an_index_under_way_is_never_ended_with_the_rows_of_another_account(two: Two) -> None:
    """Somebody signs in as Ben while Ann's history is read, and Ann's token comes to its end."""
    two.world.simulator.paging.rows_max = 2
    two.log_in_elsewhere(two.ann)

    def switch() -> None:
        two.world.simulator.oauth.expire_all()
        two.log_in_elsewhere(two.ben)

    with two.as_stored() as opened:
        assert opened.person.username == "ann"
        two.world.simulator.between_pages(switch, path_prefix="/sync/history/movies")
        with pytest.raises(TraktError) as raised:
            opened.index("history")
        assert raised.value.problem == SignInAgain(REPLACED)
        assert two.files(two.ben) == {}
        two.shows(opened, two.ben)
    assert two.films_in(two.ann) == [], "it was ended before anything was stored"
    assert two.films_in(two.ben) == two.world.films[6:]


def test_a_write_under_way_is_never_ended_in_another_account(two: Two) -> None:
    two.log_in_elsewhere(two.ann)
    posts = iter(range(100))

    def switch(method: str, path: str, query: object) -> None:
        if (method, path) == ("POST", "/sync/history") and next(posts) == 1:
            two.world.simulator.oauth.expire_all()
            two.log_in_elsewhere(two.ben)

    items = [film_item(film, watched_at=WHEN) for film in two.world.films]
    with two.world.open(access_token=None, refresh_token=None, history_chunk_size=3) as opened:
        opened.index("history")
        two.world.simulator.on_request(switch)
        had = len(two.ben.plays)
        report = opened.add("history", items)

    assert len(two.ben.plays) == had
    assert len(report.confirmed) == 3
    assert len(report.unresolved) == 7
    assert SignInAgain(REPLACED) in report.problems
    assert len(two.ann.plays) == 6 + 3


def test_a_login_does_not_take_over_settings_that_hold_an_older_pair_of_somebody_else(two: Two) -> None:
    """Ann copied her tokens to a configuration; then Ben signed in on the command line."""
    two.log_in_elsewhere(two.ann)
    with two.as_whom(two.ann) as configured:
        two.shows(configured, two.ann)
        two.log_in_elsewhere(two.ben)
        two.shows(configured, two.ann)
    with two.as_stored(another_process=True) as opened:
        two.shows(opened, two.ben)
    with two.as_whom(two.ann, another_process=True) as configured:
        two.shows(configured, two.ann)


def test_a_login_under_settings_that_name_a_token_stands_for_it_and_goes_on_to(two: Two) -> None:
    given = two.ann.access_token, two.ann.refresh_token
    with two.world.open() as opened:
        two.shows(opened, two.ann)
        two.log_in(opened, two.ben)
        two.world.simulator.oauth.expire_all()
        two.shows(opened, two.ben)
    with two.world.open(access_token=given[0], refresh_token=given[1], another_process=True) as opened:
        two.shows(opened, two.ben)


def test_a_refresh_in_another_process_is_followed(two: Two) -> None:
    with two.world.open() as one, two.world.open(another_process=True) as other:
        two.shows(one, two.ann)
        two.shows(other, two.ann)
        two.world.simulator.oauth.expire_all()
        for opened in (one, other, one):
            two.shows(opened, two.ann)

    assert two.world.asked("POST", REFRESH) == 1
    assert 401 not in [seen.status for seen in two.world.simulator.requests[-12:]]


def test_a_logout_in_another_process_ends_the_login_here(two: Two) -> None:
    two.log_in_elsewhere(two.ann)
    with two.as_stored() as opened, two.as_stored(another_process=True) as leaving:
        two.shows(opened, two.ann)
        assert leaving.access.forget().unwrap()
        with pytest.raises(TraktError) as raised:
            opened.activities()
        assert raised.value.problem == SignInAgain("nobody is signed in")
        two.log_in_elsewhere(two.ben)
        two.shows(opened, two.ben)


def test_signing_out_does_not_end_the_login_that_took_its_place(two: Two) -> None:
    two.log_in_elsewhere(two.ann)
    with two.as_stored() as opened:
        access = opened.access
        access.kept().unwrap()
        two.log_in_elsewhere(two.ben)
        assert access.forget() == Success(False)
        two.shows(opened, two.ben)


def test_a_login_that_the_disk_does_not_take_is_a_problem_and_not_used(
    tmp_path: Path, trakt: Simulator, clock: ManualClock
) -> None:
    state = FullDisk(tmp_path, frozenset({1, 2, 3}))
    asking = at(trakt, clock, tokens=FileTokens(state, None))
    code = asking.caller.access.begin_login().unwrap()
    trakt.approve(code.user_code)

    assert isinstance(asking.caller.access.finish_login(code).failure(), StateUnwritable)
    assert isinstance(asking.ask().failure(), SignInAgain)


# --- processes of one account

WRITER = """
import sys
from crosswatch_trakt import Settings, TraktAccount
base_url, client_id, access, refresh, folder, number = sys.argv[1:]
first = int(number) * 10
with TraktAccount.open(Settings(
    client_id=client_id, access_token=access, refresh_token=refresh, state_dir=folder,
    base_url=base_url, auth_url=base_url, writes_per_sec=None, history_chunk_size=2,
)) as trakt:
    for turn in range(0, 10, 5):
        ids = range(first + turn, first + turn + 5)
        films = [{"type": "movie", "ids": {"trakt": trakt_id}} for trakt_id in ids]
        unknown = [{"type": "movie", "ids": {"tmdb": 900_000 + first + turn}, "title": "?"}]
        trakt.add("watchlist", films + unknown)
        trakt.add("ratings", [{**film, "rating": 7} for film in films + unknown])
        trakt.add("history", [{**film, "watched_at": "2024-05-01T20:15:00Z"} for film in films + unknown])
        for feature in ("watchlist", "ratings", "history"):
            trakt.index(feature)
"""


def test_processes_that_write_one_account_at_once_corrupt_nothing_and_lose_nothing(tmp_path: Path) -> None:
    catalogue = Catalogue()
    films = [catalogue.movie(f"Film {number}", 2000, trakt=100 + number) for number in range(30)]
    trakt = Simulator(catalogue, SystemClock())
    trakt.quota.gets = trakt.quota.writes = None
    account, given = trakt.account, (trakt.account.access_token, trakt.account.refresh_token)
    trakt.oauth.expire_all()
    with serve(trakt) as server:
        arguments = [server.base_url, trakt.client_id, *given, str(tmp_path)]
        running = [
            subprocess.Popen([sys.executable, "-c", WRITER, *arguments, str(number)], stderr=subprocess.PIPE)
            for number in (10, 11, 12)
        ]
        for process in running:
            _, said = process.communicate(timeout=60)
            assert (process.returncode, said) == (0, b"")
        settings = Settings(
            client_id=trakt.client_id,
            access_token=given[0],
            refresh_token=given[1],
            state_dir=str(tmp_path),
            base_url=server.base_url,
            auth_url=server.base_url,
        )
        with TraktAccount.open(settings, gates=Gates()) as opened:
            for feature in ("watchlist", "ratings", "history"):
                unresolved = {str(entry.item["ids"]) for entry in opened.unresolved(feature)}
                assert unresolved == {str({"tmdb": 900_000 + number}) for number in range(100, 130, 5)}
                assert len(opened.index(feature)) == (0 if feature == "watchlist" else 30)

    assert sorted(play.title.trakt for play in account.plays) == [film.trakt for film in films]
    assert {title.trakt for title in account.ratings} == {film.trakt for film in films}
    assert account.watchlist == {}, "what is watched leaves it"
    assert [seen.status for seen in trakt.requests if seen.path == REFRESH] == [200]
    for path in tmp_path.rglob("*.json"):
        json.loads(path.read_bytes())


def test_processes_that_meet_an_account_at_once_all_remember_it(tmp_path: Path, clock: ManualClock) -> None:
    """The document above all accounts is read and written under its lock."""
    world = World(tmp_path)
    people = [world.simulator.add_account(f"p{number}", f"{number:012x}-rest") for number in range(8)]

    def meet(account: Account) -> str:
        with world.open(
            access_token=account.access_token, refresh_token=account.refresh_token, another_process=True
        ) as opened:
            return opened.person.account

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(meet, people)) == [person.uuid for person in people]
    known = msgspec.json.decode((tmp_path / ACCOUNTS_FILE).read_bytes(), type=Accounts)
    assert set(known.tokens.values()) == set(known.people) == {person.uuid[:12] for person in people}
