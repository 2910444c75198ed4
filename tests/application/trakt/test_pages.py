"""All pages of a list: never one too few, whatever Trakt says of their number."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from returns.pipeline import is_successful
from returns.result import Failure, Result, Success

from crosswatch_trakt.adapters.clock import ManualClock, SystemClock
from crosswatch_trakt.adapters.simulator.seed import seeded
from crosswatch_trakt.application.ports import Request, Response
from crosswatch_trakt.application.settings import Settings
from crosswatch_trakt.application.trakt.gate import Gate
from crosswatch_trakt.application.trakt.lists import Counting, TraktLists
from crosswatch_trakt.application.trakt.pages import (
    PAGES_BEYOND_MAX,
    PAGES_MAX,
    PageReader,
    Pages,
)
from crosswatch_trakt.domain.completeness import prove_reading
from crosswatch_trakt.domain.problems import (
    AnswerLost,
    Incomplete,
    NotThere,
    Problem,
    RateLimited,
    UnexpectedAnswer,
)
from tests.application.trakt.desk import APP, CDN, PAGE, READ, Desk, Wire, at, desk, ok, query


class Number(msgspec.Struct):
    """A row that is no more than its number."""

    id: int


@dataclass
class Book:
    """A server of one list of numbers, cut into pages, with faults by page."""

    rows: int = 0
    limit: int = 10
    announced: int | None = None  # None: the number of rows
    counts: dict[int, str | None] = field(default_factory=dict)  # page → its count header; None: none
    limits: dict[int, str | None] = field(default_factory=dict)
    cut: dict[int, int] = field(default_factory=dict)  # page → rows that are hidden at its end
    instead: dict[int, Response | Problem] = field(default_factory=dict)
    repeats: bool = False  # each page begins with the last row of the page before
    lock: threading.Lock = field(default_factory=threading.Lock)
    asked: list[int] = field(default_factory=list)

    def answer(self, request: Request) -> Result[Response, Problem]:
        page = int(query(request)["page"])
        with self.lock:
            self.asked.append(page)
        other = self.instead.get(page)
        if other is not None:
            return Success(other) if isinstance(other, Response) else Failure(other)
        first = (page - 1) * self.limit
        numbers = list(range(first, min(first + self.limit, self.rows)))
        numbers = numbers[: max(0, len(numbers) - self.cut.get(page, 0))]
        if self.repeats and numbers and first:
            numbers = [first - 1, *numbers]
        headers = {"etag": f'W/"{page}"'}
        count = self.counts.get(page, str(self.rows if self.announced is None else self.announced))
        limit = self.limits.get(page, str(self.limit))
        headers |= {} if count is None else {"x-pagination-item-count": count}
        headers |= {} if limit is None else {"x-pagination-limit": limit}
        return Success(ok([{"id": number} for number in numbers], headers))


def reading(book: Book, retries: int = 0) -> Desk:
    return desk(Wire(book.answer), settings=Settings(client_id="app", max_retries=retries))


def silent(done: int, total: int | None) -> None:
    pass


def whole(
    book: Book, threads: int = 1, progressed: Callable[[int, int | None], None] = silent
) -> Result[Pages[list[Number]], Problem]:
    return PageReader(reading(book).caller, threads).whole(READ, list[Number], progressed, as_it_is)


def as_it_is(page: list[Number]) -> list[Number]:
    return page


def numbers(pages: Result[Pages[list[Number]], Problem]) -> list[int]:
    return [row.id for page in pages.unwrap().pages for row in page]


# --- how far to read


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 95), st.integers(1, 12), st.integers(0, 40), st.sampled_from([1, 4]))
def test_every_row_comes_once_and_in_order_though_the_count_lags(
    rows: int, limit: int, fewer: int, threads: int
) -> None:
    """The count is a floor: it may be too low, and cannot make the list shorter."""
    book = Book(rows, limit, announced=max(0, rows - fewer))

    assert numbers(whole(book, threads)) == list(range(rows))


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 60),
    st.dictionaries(st.integers(1, 6), st.integers(0, 10), max_size=4),
    st.sampled_from([1, 3]),
)
def test_a_page_that_is_short_or_empty_in_the_middle_ends_nothing(
    rows: int, hidden: dict[int, int], threads: int
) -> None:
    """Plays of hidden titles are counted but not sent."""
    book = Book(rows, 10, cut=hidden)
    shown = [
        number
        for number in range(rows)
        if number % 10 < min(10, rows - number // 10 * 10) - hidden.get(number // 10 + 1, 0)
    ]

    assert numbers(whole(book, threads)) == shown


def test_no_page_is_asked_for_twice_and_none_beyond_one_that_is_not_full() -> None:
    book = Book(25, 10)
    whole(book, 4)

    assert sorted(book.asked) == [1, 2, 3]


def test_a_last_page_that_is_full_is_read_past() -> None:
    book = Book(20, 10)
    pages = whole(book).unwrap()

    assert book.asked == [1, 2, 3]
    assert pages.etags == ['W/"1"', 'W/"2"', 'W/"3"']  # the empty one too: the next row will stand on it


def test_a_later_page_that_announces_more_is_believed() -> None:
    """The count lags on page 1, and page 3 is short by what is hidden."""
    book = Book(50, 10, counts={1: "20", 2: "20", 3: "50", 4: "50", 5: "50"}, cut={3: 4})

    assert numbers(whole(book)) == [*range(26), *range(30, 50)]
    assert whole(book).unwrap().announced == 50


def test_a_floor_does_not_sink_while_one_walks_on_it() -> None:
    """A last page that announces less than the first must not make a part a whole."""
    book = Book(30, 10, announced=30, counts={3: "12", 4: "12"}, cut={2: 10})
    pages = whole(book).unwrap()

    assert pages.announced == 30


def test_pages_that_stay_full_for_ever_end_in_a_problem() -> None:
    book = Book(10**6, 1, announced=3)
    problem = whole(book).failure()

    assert problem == Incomplete(READ.path, 3 + PAGES_BEYOND_MAX, 3, 3 + PAGES_BEYOND_MAX)


def test_as_many_pages_beyond_as_are_allowed_are_read() -> None:
    book = Book(3 + PAGES_BEYOND_MAX - 1, 1, announced=3)

    assert numbers(whole(book)) == list(range(3 + PAGES_BEYOND_MAX - 1))


def test_a_count_that_no_account_has_is_not_walked_to_its_end() -> None:
    book = Book(10, 10, announced=10 * PAGES_MAX + 1)

    assert whole(book).failure() == Incomplete(READ.path, 1, 10 * PAGES_MAX + 1, 10)
    assert book.asked == [1]


# --- what the headers say


def test_the_answers_limit_is_believed_and_not_ours() -> None:
    """A larger one is cut without a word."""
    book = Book(250, 100)
    assert numbers(whole(book)) == list(range(250))
    assert book.asked == [1, 2, 3]


def test_every_page_is_asked_with_the_same_limit() -> None:
    asking = reading(Book(35, 10))
    PageReader(asking.caller, 4).whole(READ, list[Number], silent, as_it_is)

    assert {query(sent)["limit"] for sent in asking.wire.sent} == {"250"}


def test_without_a_limit_in_the_answer_a_page_counts_as_full() -> None:
    """Taken for 250, pages of 100 would end at the second: 285 rows, 200 read, 85 called hidden."""
    book = Book(285, 100, limits=dict.fromkeys(range(1, 9)))

    assert numbers(whole(book)) == list(range(285))


@pytest.mark.parametrize("threads", [1, 4])
def test_pages_that_grow_while_they_are_read_are_no_whole(threads: int) -> None:
    """The second page of a larger size begins later than the first of a smaller one ended."""
    book = Book(95, 10, limits={4: "25"})

    assert isinstance(whole(book, threads).failure(), UnexpectedAnswer)


@pytest.mark.parametrize("count", [None, "", "many", "-1", "1e3", "٣"])
def test_without_a_count_there_are_pages_but_never_a_proof(count: str | None) -> None:
    book = Book(5, 10, counts=dict.fromkeys(range(1, 9), count))
    pages = whole(book).unwrap()

    assert pages.announced is None
    assert [len(page) for page in pages.pages] == [5]


def test_a_count_of_nothing_is_a_count() -> None:
    assert whole(Book(0, 10)).unwrap().announced == 0


def test_what_is_announced_and_not_sent_is_never_an_index() -> None:
    """From the wire to the proof."""
    movie = {"watched_at": "2026-01-01T00:00:00.000Z", "type": "movie", "movie": {"ids": {"trakt": 1}}}

    def lossy(request: Request) -> Result[Response, Problem]:
        header = {"x-pagination-item-count": "3", "x-pagination-limit": "250"}
        return Success(ok([{"id": 1, **movie}, {"id": 2, **movie}, {"id": 2, **movie}], header))

    asking = desk(Wire(lossy))
    lists = TraktLists(PageReader(asking.caller, 4))
    listed = lists.plays("movies", Counting(asking.progress, "history")).unwrap()

    assert listed.reading.announced == 3
    assert listed.reading.rows == {1, 2}  # a row that came twice is one row
    assert not is_successful(prove_reading(listed.reading))


# --- faults


@pytest.mark.parametrize("page", [1, 2, 4, 6])
@pytest.mark.parametrize(
    "fault",
    [
        AnswerLost("GET", "reset"),
        Response(404, APP, b""),
        Response(200, APP, b"[{"),
        Response(200, APP, b""),
        Response(200, CDN, PAGE),
        Response(200, APP, b'{"id":1}'),
        Response(200, APP, b"null"),
        Response(204, APP, b""),
        Response(304, APP, b""),
    ],
)
@pytest.mark.parametrize("threads", [1, 4])
def test_a_page_that_fails_fails_all(page: int, fault: Response | Problem, threads: int) -> None:
    book = Book(60, 10, instead={page: fault})
    if page == 6:
        book.announced = 50  # then it stands beyond what was announced

    assert isinstance(whole(book, threads).failure(), AnswerLost | NotThere | UnexpectedAnswer)


@settings(max_examples=7, deadline=None)
@given(st.integers(2, 8))
def test_pages_read_side_by_side_keep_their_order(threads: int) -> None:
    book = Book(200, 10)

    def uneven(request: Request) -> Result[Response, Problem]:
        time.sleep((int(query(request)["page"]) * 7 % 5) / 2000)
        return book.answer(request)

    asking = desk(Wire(uneven))
    pages = PageReader(asking.caller, threads).whole(READ, list[Number], silent, as_it_is)

    assert numbers(pages) == list(range(200))


def in_flight(book: Book, threads: int, asking: Desk) -> int:
    """The most pages that were ever in flight together."""
    now, most, lock = 0, 0, threading.Lock()

    def counted(request: Request) -> Result[Response, Problem]:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.002)
        answered = book.answer(request)
        with lock:
            now -= 1
        return answered

    asking.wire.answer = counted
    PageReader(asking.caller, threads).whole(READ, list[Number], silent, as_it_is).unwrap()
    return most


@pytest.mark.parametrize("threads", [1, 4])
def test_no_more_pages_are_in_flight_than_the_settings_say(threads: int) -> None:
    book = Book(300, 10)

    assert in_flight(book, threads, reading(book)) <= threads


def test_after_a_complaint_of_the_cdn_fewer_pages_are_in_flight() -> None:
    book = Book(300, 10)
    asking = reading(book)
    asking.caller.gate.lanes(4)
    asking.caller.gate.close(0.0, halve=True)

    assert in_flight(book, 4, asking) <= 2


def test_a_complaint_of_the_cdn_amid_the_pages_loses_none() -> None:
    clock = ManualClock()
    trakt = seeded(clock, plays=3_000)
    trakt.quota.gets, trakt.quota.cdn, trakt.quota.writes = 5, True, None
    asking = at(trakt, clock, gate=Gate(clock, None, None))
    lists = TraktLists(PageReader(asking.caller, 4))
    counting = Counting(asking.progress, "history")
    read = [lists.plays(kind, counting).unwrap() for kind in ("movies", "episodes")]

    assert sum(len(listed.values) for listed in read) == 3_000
    assert asking.caller.gate.lanes(4) < 4
    assert 300.0 in asking.waits


def test_a_block_longer_than_the_settings_allow_is_a_problem_and_no_part() -> None:
    refusal = Response(429, {**CDN, "retry-after": "400"}, PAGE)
    problem = whole(Book(60, 10, instead={3: refusal}), 4).failure()

    assert isinstance(problem, RateLimited)
    assert problem.by_cdn


# --- giving up


def page_workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("trakt-page")]


def gone_within_a_second() -> bool:
    deadline = time.monotonic() + 1.0
    while page_workers() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not page_workers()


def test_an_interrupt_lets_the_workers_go_within_a_second() -> None:
    """They are in the midst of a long back-off; the program must not hang on its way out."""
    busy = Response(503, {"retry-after": "250"}, b"")
    book = Book(90, 10, instead={number: busy for number in range(3, 10)})
    asking = desk(Wire(book.answer), clock=SystemClock())

    def interrupt(done: int, total: int | None) -> None:
        if done >= 20:
            while 3 not in book.asked:
                time.sleep(0.005)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        PageReader(asking.caller, 4).whole(READ, list[Number], interrupt, as_it_is)
    asked = len(book.asked)

    assert gone_within_a_second()
    assert len(book.asked) == asked  # nobody asks once more on the way out


def test_a_failed_page_lets_the_others_go_too() -> None:
    busy = Response(503, {"retry-after": "250"}, b"")
    book = Book(90, 10, instead={**dict.fromkeys(range(3, 10), busy), 2: Response(404, APP, b"")})
    asking = desk(Wire(book.answer), clock=SystemClock())

    assert isinstance(
        PageReader(asking.caller, 4).whole(READ, list[Number], silent, as_it_is).failure(), NotThere
    )
    assert gone_within_a_second()


# --- progress, tags


def test_rows_read_and_rows_announced_are_told_page_by_page() -> None:
    told: list[tuple[int, int | None]] = []
    whole(Book(25, 10), progressed=lambda done, total: told.append((done, total)))

    assert told == [(10, 25), (20, 25), (25, 25)]


@dataclass
class Tagged:
    """A server of tagged pages, some of which have changed."""

    changed: frozenset[int] = frozenset()
    asked: list[tuple[int, str]] = field(default_factory=list)

    def answer(self, request: Request) -> Result[Response, Problem]:
        page = int(query(request)["page"])
        self.asked.append((page, request.headers["If-None-Match"]))
        return Success(ok([]) if page in self.changed else Response(304, {}, b""))


@pytest.mark.parametrize(
    ("changed", "same", "asked"), [((), True, [1, 2, 3]), ((2,), False, [1, 2]), ((1, 3), False, [1])]
)
def test_a_list_is_unchanged_only_if_every_page_is(
    changed: tuple[int, ...], same: bool, asked: list[int]
) -> None:
    server = Tagged(frozenset(changed))
    reader = PageReader(desk(Wire(server.answer)).caller, 4)

    assert reader.unchanged(READ, ["a", "b", "c"]) == Success(same)
    assert server.asked == [(page, "abc"[page - 1]) for page in asked]


def test_a_page_without_a_tag_may_have_changed() -> None:
    server = Tagged()
    reader = PageReader(desk(Wire(server.answer)).caller, 4)

    assert reader.unchanged(READ, ["a", None, "c"]) == Success(False)
    assert server.asked == [(1, "a")]


def test_whether_a_list_is_unchanged_may_not_be_known() -> None:
    def lost(request: Request) -> Result[Response, Problem]:
        return Failure(AnswerLost("GET", "reset"))

    assert isinstance(PageReader(desk(Wire(lost)).caller, 4).unchanged(READ, ["a"]).failure(), AnswerLost)
