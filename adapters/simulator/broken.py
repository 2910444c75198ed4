"""Broken answers by name: each gives a `Fault` for `Simulator.fail_next`.

All take `before`: True leaves the request undone, False answers so although it was done. Those that
change the true answer (cut, emptied, miscounted) have always obeyed.
"""

from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime

import msgspec

from crosswatch_trakt.adapters.simulator.account_limits import limit_headers, lock_headers, upgrade_headers
from crosswatch_trakt.adapters.simulator.answers import cdn_answer
from crosswatch_trakt.adapters.simulator.faults import Fault
from crosswatch_trakt.application.ports import Response

_JSON = {"content-type": "application/json; charset=utf-8"}


def cut_json(keep: float = 0.5) -> Fault:
    """The true answer, but only this part of its body arrives; obeyed."""
    return Fault(alter=lambda answer: _with_body(answer, answer.body[: int(len(answer.body) * keep)]))


def cut_off(keep: float = 0.5) -> Fault:
    """The true answer announced in full, but the connection ends after this part of its body; obeyed.

    In memory: the answer is lost.
    """
    return Fault(
        alter=lambda answer: Response(
            answer.status,
            {**answer.headers, "content-length": str(len(answer.body))},
            answer.body[: int(len(answer.body) * keep)],
        )
    )


def garbage() -> Fault:
    """The true status and headers with bytes that are neither JSON nor UTF-8; obeyed."""
    return Fault(alter=lambda answer: _with_body(answer, b"\x00\xff\xfe{]" * 16))


def empty() -> Fault:
    """The true answer without its body; obeyed."""
    return Fault(alter=lambda answer: _with_body(answer, b""))


def wrong_shape(value: object = None) -> Fault:
    """The true status and headers with other JSON: `{"data": null}` unless given; obeyed."""
    body = msgspec.json.encode({"data": None} if value is None else value)
    return Fault(alter=lambda answer: _with_body(answer, body))


def no_json(status: int | None = None, *, before: bool = False) -> Fault:
    """A web page in place of JSON, under the true status or under this one."""
    page = cdn_answer(status or 200, "Sorry, something went wrong")
    if status is not None:
        return Fault(status, page.body, page.headers, before)
    return Fault(alter=lambda answer: Response(answer.status, {**answer.headers, **page.headers}, page.body))


def no_paging_headers() -> Fault:
    """The true answer without `x-pagination-…`."""
    return Fault(
        alter=lambda answer: Response(
            answer.status,
            {name: text for name, text in answer.headers.items() if not name.startswith("x-pagination-")},
            answer.body,
        )
    )


def miscounted(by: int = -1, *, applies: int | None = None) -> Fault:
    """`added` or `deleted` is off by so many, though all was applied, or as many as `applies` says."""
    return Fault(alter=lambda answer: _miscounted(answer, by), applies=applies)


def skipping(items: int = 1) -> Fault:
    """Counts as if all was applied, but the last so many of what was sent were not."""
    return Fault(applies=-items)


def server_error(status: int = 502, *, before: bool = True, retry_after: str | None = None) -> Fault:
    """500 to 504 or 520 to 524, with an empty body."""
    return Fault(status, headers={} if retry_after is None else {"retry-after": retry_after}, before=before)


def account_limit(
    limit: int = 100_000, *, applies: int = 0, headers: bool = True, body: bytes = b""
) -> Fault:
    """420: nothing applied, or the first `applies` of what was sent; `body` need not be JSON."""
    return Fault(420, body, limit_headers(limit, vip=False) if headers else {}, applies=applies)


def locked(*, before: bool = True, deactivated: bool = False, headers: bool = True) -> Fault:
    """423, before or after the write."""
    return Fault(423, headers=lock_headers(not deactivated, deactivated) if headers else {}, before=before)


def vip_only(*, before: bool = True) -> Fault:
    """426 with the address to upgrade at."""
    return Fault(426, headers=upgrade_headers(), before=before)


def conflict(*, before: bool = True) -> Fault:
    """409 on a write, as CrossWatch's code expects of Trakt."""
    return Fault(409, before=before)


def cdn_block(retry_after_s: int = 300) -> Fault:
    """The CDN's 429 for one request; `Simulator.block` shuts every path."""
    page = cdn_answer(429, "Access denied | error code: 1015", {"retry-after": str(retry_after_s)})
    return Fault(429, page.body, page.headers)


def too_many(retry_after: int | datetime | None = 10) -> Fault:
    """The app's 429, which tells the wait in seconds, as a date, or not at all."""
    told = format_datetime(retry_after, usegmt=True) if isinstance(retry_after, datetime) else retry_after
    return Fault(429, headers={} if told is None else {"retry-after": str(told)})


def _with_body(answer: Response, body: bytes) -> Response:
    return Response(answer.status, {**answer.headers, **(_JSON if body else {})}, body)


def _miscounted(answer: Response, by: int) -> Response:
    if not answer.body or not answer.headers.get("content-type", "").startswith("application/json"):
        return answer
    told: dict[str, object] = msgspec.json.decode(answer.body, type=dict[str, object])
    for name in ("added", "deleted"):
        counts = told.get(name)
        if isinstance(counts, Mapping):
            told[name] = _off(counts, by)
    return Response(answer.status, answer.headers, msgspec.json.encode(told))


def _off(counts: Mapping[str, int], by: int) -> dict[str, int]:
    """Taken from, or given to, the first types that have something."""
    off = dict(counts)
    for kind, count in sorted(counts.items(), key=lambda pair: -pair[1]):
        step = max(by, -count)
        off[kind] = count + step
        by -= step
        if not by:
            break
    return off
