"""What CrossWatch is told while we work, and how its user's *stop* reaches our waits and readings.

A run that was cancelled ends by an exception of CrossWatch's own. It may come from a wait and after a
reading, never between a write and its answer: that answer would be lost.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock

from returns.result import Result

from crosswatch_trakt.adapters.clock import SystemClock
from crosswatch_trakt.adapters.crosswatch import host
from crosswatch_trakt.application.ports import (
    ApiHit,
    Event,
    HttpTransport,
    Note,
    Request,
    Response,
    SnapshotProgress,
    Waiting,
)
from crosswatch_trakt.domain.problems import Problem

SNAPSHOT_STEP = 100  # rows between two words of progress
SLICE_S = 0.5
BEARER = "Bearer "

Context = Callable[[], object]


@dataclass(slots=True)
class Teller:
    """Our progress, as CrossWatch's events and lines of its log. `context`: what the engine injected last."""

    context: Context
    _told: dict[str, int] = field(default_factory=dict)  # feature → rows told of
    _lock: Lock = field(default_factory=Lock)

    def tell(self, event: Event) -> None:
        """Take one event; raises CrossWatch's SyncCancelled after a reading, once the user has stopped."""
        match event:
            case ApiHit():
                self._hit(event)
                if event.method == "GET":
                    host.raise_if_cancelled()
            case SnapshotProgress():
                self._snapshot(event)
            case Waiting():
                host.log(event.feature, "warn", "rate_limit", seconds=round(event.seconds), reason=event.why)
            case Note():
                host.log(event.feature, "info", "note", text=event.text)

    def emit(self, event: str, **fields: object) -> None:
        """An event for the engine; what goes wrong there is not our business."""
        with suppress(Exception):
            send = getattr(self.context(), "emit", None)
            if callable(send):
                send(event, **fields)

    def _hit(self, hit: ApiHit) -> None:
        if os.environ.get("CW_API_HITS", "").strip():
            label = _label(hit)
            self.emit(
                "api:hit",
                provider=host.PROVIDER,
                feature=label,
                endpoint=hit.endpoint,
                method=hit.method,
                status=hit.status,
                ms=hit.ms,
            )
        if hit.status is None or hit.status >= 400:
            host.log(
                hit.feature, "warn", "http_failed", method=hit.method, path=hit.endpoint, status=hit.status
            )

    def _snapshot(self, now: SnapshotProgress) -> None:
        with self._lock:
            told = self._told.get(now.feature, -SNAPSHOT_STEP)
            if not now.final and now.done != now.total and 0 <= now.done - told < SNAPSHOT_STEP:
                return
            if now.final:
                self._told.pop(now.feature, None)
            else:
                self._told[now.feature] = now.done
        extra = {"total": now.total} if now.total is not None else {}
        final = {"final": True} if now.final else {}
        self.emit(
            "snapshot:progress", dst=host.PROVIDER, feature=now.feature, done=now.done, **extra, **final
        )


class CancellableClock(SystemClock):
    """The computer's clock, whose waits end when the user stops the run."""

    def sleep(self, seconds: float) -> None:
        """Wait; raises CrossWatch's SyncCancelled."""
        end = self.monotonic() + seconds
        host.raise_if_cancelled()
        while (left := end - self.monotonic()) > 0:
            super().sleep(min(SLICE_S, left))
            host.raise_if_cancelled()


@dataclass(frozen=True, slots=True)
class PacedTransport:
    """Sends within CrossWatch's own budget too, which its scrobbler and its probes share."""

    inner: HttpTransport

    def send(self, request: Request) -> Result[Response, Problem]:
        """Send once, when that budget allows it; what goes wrong there afterwards takes no answer away."""
        token = request.headers.get("Authorization", "").removeprefix(BEARER)
        client_id = request.headers.get("trakt-api-key", "")
        with host.request_gate(request.method, token, client_id):
            sent = self.inner.send(request)
        answer = sent.value_or(None)
        if answer is not None:
            with suppress(Exception):
                host.record_response(
                    request.method, token, answer.status, usual_names(answer.headers), client_id
                )
        return sent


def _label(hit: ApiHit) -> str:
    """What CrossWatch calls a request: `history:index`, `ratings:add`, `activities`."""
    if hit.endpoint.endswith("/last_activities"):
        return "activities"
    if hit.method == "GET":
        return f"{hit.feature}:index"
    return f"{hit.feature}:{'remove' if hit.endpoint.endswith('/remove') else 'add'}"


def usual_names(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers under their usual names: a plain dictionary that is asked for `Retry-After` must have it."""
    return {name.title(): value for name, value in headers.items()}
