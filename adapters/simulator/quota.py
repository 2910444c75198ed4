"""How many requests a user may send, and what happens beyond.

500 GETs in 300 s and one write a second, per user; public calls without a token count for the app
(T#909, a maintainer, 2026-09-01). Windows are fixed and aligned to their period, as `until` suggests.
The app answers 429 with `x-ratelimit` and `retry-after`. In CDN mode the CDN answers instead, in HTML,
and then blocks every path for some minutes, sign-in too (T#632, T#827).
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Literal

import msgspec

from crosswatch_trakt.adapters.simulator.answers import cdn_answer, empty_answer
from crosswatch_trakt.adapters.simulator.stamps import EPOCH, stamp
from crosswatch_trakt.application.ports import Response


@dataclass(frozen=True, slots=True)
class Charge:
    """What one request costs: the header for its answer, or a refusal."""

    headers: Mapping[str, str]
    refusal: Response | None = None


@dataclass(slots=True)
class Quota:
    """The budgets. Set a number to change one, None to lift it."""

    chance: random.Random = field(repr=False)
    gets: int | None = 500
    gets_period_s: int = 300
    writes: int | None = 1
    writes_period_s: int = 1
    cdn: bool = False  # past the GETs the CDN answers and blocks
    cdn_block_s: int = 300
    erratic: int = 0  # `remaining` may be off by so many (T#220)
    until_off_s: int = 0  # added to `until` in the header: below 0 it is that of a cached answer
    retry_after: Literal["seconds", "date", "missing"] = "seconds"  # how the app's 429 tells the wait
    blocked_until: datetime | None = None
    _spent: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict, repr=False)

    def blocked(self, now: datetime) -> Response | None:
        """The CDN's answer to any path while it blocks."""
        if self.blocked_until is None or now >= self.blocked_until:
            return None
        wait_s = max(1, math.ceil((self.blocked_until - now).total_seconds()))
        return cdn_answer(
            429, "Access denied | error code: 1015", {"retry-after": str(wait_s), "cache-control": "no-store"}
        )

    def charge(self, method: str, user: str | None, now: datetime) -> Charge:
        """Count one request of a user; None is the app without a user."""
        reads = method == "GET"
        limit = self.gets if reads else self.writes
        if limit is None:
            return Charge({})
        period = timedelta(seconds=self.gets_period_s if reads else self.writes_period_s)
        name = f"{'AUTHED' if user else 'UNAUTHED'}_API_{'GET' if reads else 'POST'}_LIMIT"
        window = (now - EPOCH) // period
        ends_at = EPOCH + (window + 1) * period
        last_window, spent = self._spent.get((name, user or ""), (window, 0))
        spent = spent if last_window == window else 0
        left = limit - spent - 1
        header = {
            "name": name,
            "period": period // timedelta(seconds=1),
            "limit": limit,
            "remaining": self._shown(left, limit),
            "until": stamp((ends_at - EPOCH) // timedelta(seconds=1) + self.until_off_s).replace(
                ".000Z", "Z"
            ),
        }
        headers = {"x-ratelimit": msgspec.json.encode(header).decode()}
        if left >= 0:
            self._spent[name, user or ""] = (window, spent + 1)
            return Charge(headers)
        if self.cdn and reads:
            self.blocked_until = now + timedelta(seconds=self.cdn_block_s)
            return Charge({}, self.blocked(now))
        return Charge(headers, empty_answer(429, self._wait(now, ends_at)))

    def _wait(self, now: datetime, ends_at: datetime) -> Mapping[str, str]:
        if self.retry_after == "missing":
            return {}
        if self.retry_after == "date":
            return {"retry-after": format_datetime(ends_at, usegmt=True)}
        return {"retry-after": str(max(1, math.ceil((ends_at - now).total_seconds())))}

    def _shown(self, left: int, limit: int) -> int:
        off = self.chance.randint(-self.erratic, self.erratic) if self.erratic else 0
        return min(limit, max(0, left + off))
