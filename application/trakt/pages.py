"""All pages of a list, several at once.

The announced count is a floor: a list is read on while its pages are full at or past that count, at
most 100 pages beyond, as the official export does (trakt-web#3152). A page in the middle may be short
or empty, and a larger limit than Trakt grants is silently cut, so the answer's own limit is believed.
Where pages announce different counts the highest counts: a floor does not sink while one walks on it.
"""

import math
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from returns.result import Failure, Result, Success

from crosswatch_trakt.application.collector import collector_paused
from crosswatch_trakt.application.ports import Response
from crosswatch_trakt.application.trakt.call import Call, Caller
from crosswatch_trakt.application.trakt.judge import NOT_MODIFIED
from crosswatch_trakt.application.trakt.rows import decode
from crosswatch_trakt.domain.ids import parse_number
from crosswatch_trakt.domain.problems import Incomplete, Problem, UnexpectedAnswer

Rows = TypeVar("Rows", bound=Sized)  # a list of rows, or titles by their ids
Made = TypeVar("Made")

PAGE_ROWS_MAX = 250  # Trakt's silent cap since 2026-06
PAGES_BEYOND_MAX = 100
PAGES_MAX = 20_000  # five million rows; the largest account known has 386,000 plays (trakt-api#228)


@dataclass(frozen=True, slots=True)
class Page(Generic[Rows]):
    """One page of a list."""

    rows: Rows
    announced: int | None  # rows of all pages together
    limit: int  # rows that a full page has
    etag: str | None


@dataclass(frozen=True, slots=True)
class Pages(Generic[Made]):
    """A list as it was read, page by page."""

    endpoint: str
    pages: Sequence[Made]
    announced: int | None
    etags: Sequence[str | None] = field(default=())


Progressed = Callable[[int, int | None], None]


class PageReader:
    """Reads lists through one caller."""

    def __init__(self, caller: Caller, threads: int) -> None:
        self._caller = caller
        self._threads = threads

    def whole(
        self, call: Call, shape: type[Rows], progressed: Progressed, make: Callable[[Rows], Made]
    ) -> Result[Pages[Made], Problem]:
        """Every page of a list; `progressed` is told rows read and rows announced. Kept is only what is made
        of a page's rows, in their order: rows hold on to the whole answer.
        """
        given_up = threading.Event()
        call = replace(call, given_up=given_up.is_set)
        made: list[Made] = []
        etags: list[str | None] = []
        announced: int | None = None
        rows = 0
        try:
            for result in self._each(call, shape):
                page = result.value_or(None)
                if page is None:
                    return Failure(result.failure())
                with collector_paused():
                    made.append(make(page.rows))
                etags.append(page.etag)
                if page.announced is not None:
                    announced = max(page.announced, announced or 0)
                rows += len(page.rows)
                progressed(rows, page.announced)
        finally:
            given_up.set()
        return Success(Pages(call.path, made, announced, etags))

    def first(self, call: Call, shape: type[Rows]) -> Result[Pages[Rows], Problem]:
        """The first page alone, and what is announced of the whole."""
        read = self._page(call, shape, 1)
        return read.map(lambda page: Pages(call.path, [page.rows], page.announced, [page.etag]))

    def unchanged(self, call: Call, etags: Sequence[str | None]) -> Result[bool, Problem]:
        """Whether every page of a list still answers 304 to its tag; asked in order, to the first no."""
        for number, etag in enumerate(etags, 1):
            if etag is None:
                return Success(False)
            tagged = replace(
                call, query=_query(call.query, number), headers={**call.headers, "If-None-Match": etag}
            )
            same = self._caller.request_with_retries(
                tagged, lambda response: Success(response.status == NOT_MODIFIED)
            )
            if same.value_or(False) is not True:
                return same
        return Success(True)

    def _each(self, call: Call, shape: type[Rows]) -> Iterator[Result[Page[Rows], Problem]]:
        """The first page, the announced ones side by side, then on while they are full."""
        first = self._page(call, shape, 1)
        yield first
        page = first.value_or(None)
        if page is None:
            return
        limit, received = page.limit, len(page.rows)
        floor = announced = _pages_of(page, limit)
        if announced > PAGES_MAX:
            yield Failure(Incomplete(call.path, 1, page.announced, received))
            return
        for result in self._side_by_side(call, shape, range(2, announced + 1)):
            yield result.bind(lambda later: _of_that_size(call, later, limit))
            page = result.value_or(None)
            if page is None:
                return
            floor, received = max(floor, _pages_of(page, limit)), received + len(page.rows)
        number = max(1, announced)
        while len(page.rows) >= page.limit or number < floor:
            number += 1
            if number > announced + PAGES_BEYOND_MAX:
                yield Failure(Incomplete(call.path, number - 1, page.announced, received))
                return
            result = self._page(call, shape, number)
            yield result.bind(lambda later: _of_that_size(call, later, limit))
            page = result.value_or(None)
            if page is None:
                return
            floor, received = max(floor, _pages_of(page, limit)), received + len(page.rows)

    def _side_by_side(
        self, call: Call, shape: type[Rows], numbers: Sequence[int]
    ) -> Iterator[Result[Page[Rows], Problem]]:
        """Some pages, in their order, several in flight: fewer after the CDN has complained."""
        if not numbers:
            return
        pool = ThreadPoolExecutor(min(self._threads, len(numbers)), "trakt-page")
        try:
            in_flight: deque[Future[Result[Page[Rows], Problem]]] = deque()
            for number in numbers:
                while len(in_flight) >= self._caller.gate.lanes(self._threads):
                    yield in_flight.popleft().result()
                in_flight.append(pool.submit(self._page, call, shape, number))
            while in_flight:
                yield in_flight.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _page(self, call: Call, shape: type[Rows], number: int) -> Result[Page[Rows], Problem]:
        numbered = replace(call, query=_query(call.query, number))
        return self._caller.request_with_retries(numbered, lambda response: _read(call, response, shape))


def _query(query: Mapping[str, str | int], number: int) -> Mapping[str, str | int]:
    return {"limit": PAGE_ROWS_MAX, **query, "page": number}


def _read(call: Call, response: Response, shape: type[Rows]) -> Result[Page[Rows], Problem]:
    if response.status != 200:
        return Failure(UnexpectedAnswer(call.name, f"HTTP {response.status} where rows were expected"))
    headers = response.headers
    announced = _count(headers.get("x-pagination-item-count"))
    limit = parse_number(headers.get("x-pagination-limit"))
    return decode(response.body, shape, call.name).map(
        lambda rows: Page(rows, announced, limit or _limit_of(rows), headers.get("etag"))
    )


def _limit_of(rows: Sized) -> int:
    """What a full page has where the answer does not say: no more than came, so that one reads on."""
    return min(len(rows), PAGE_ROWS_MAX) or 1


def _of_that_size(call: Call, page: Page[Rows], limit: int) -> Result[Page[Rows], Problem]:
    """A page cut larger than the first begins later than the one before it ended."""
    if page.limit > limit:
        return Failure(UnexpectedAnswer(call.name, f"its pages grew from {limit} to {page.limit} rows"))
    return Success(page)


def _pages_of(page: Page[Rows], limit: int) -> int:
    """How many pages a page announces."""
    return math.ceil((page.announced or 0) / limit)


def _count(text: str | None) -> int | None:
    if text is not None and text.strip() == "0":
        return 0
    return parse_number(text)
