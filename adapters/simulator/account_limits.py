"""What an account is refused: a list that is full (420), or everything (423).

A write that would cross a limit is refused as a whole: only that was ever reported. By switch it is
applied as far as there is room and then refused, which nobody has ruled out. Headers: trakt.docs,
"Account Limits" and "Locked User Account"; they were absent in one test (PY#63), and the body may not be
JSON (PTS#2156).
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from crosswatch_trakt.adapters.simulator.account import Account
from crosswatch_trakt.adapters.simulator.answers import empty_answer
from crosswatch_trakt.adapters.simulator.world import Call
from crosswatch_trakt.application.ports import Response

UPGRADE_URL = "https://trakt.tv/vip"

T = TypeVar("T")


def fitting(call: Call, sent: Sequence[T], held: int, limit: int) -> tuple[Sequence[T], Response | None]:
    """What of new rows is applied, and the 420 if there is no room for all of them."""
    if not sent or held + len(sent) <= limit:
        return call.applied(sent), None
    room = max(0, limit - held) if call.world.limit_in_part else 0
    return call.applied(sent[:room]), _full(call, limit)


def limit_headers(limit: int, *, vip: bool) -> Mapping[str, str]:
    """Of a 420."""
    return {**upgrade_headers(), "x-vip-user": _word(vip), "x-account-limit": str(limit)}


def lock_headers(locked: bool, deactivated: bool) -> Mapping[str, str]:
    """Of a 423."""
    return {"x-account-locked": _word(locked), "x-account-deactivated": _word(deactivated)}


def upgrade_headers() -> Mapping[str, str]:
    """Of a 420 and a 426."""
    return {"x-upgrade-url": UPGRADE_URL}


def shut_out(account: Account) -> Response | None:
    """423 if the account is locked or deactivated."""
    if not account.locked and not account.deactivated:
        return None
    return empty_answer(423, lock_headers(account.locked, account.deactivated))


def _full(call: Call, limit: int) -> Response:
    headers = limit_headers(limit, vip=call.account.vip) if call.world.limit_headers else {}
    return Response(420, dict(headers), call.world.limit_body)


def _word(value: bool) -> str:
    return "true" if value else "false"
