"""What an account is refused: a list that is full (420), or everything (423).

A write that would cross a limit is refused as a whole: only that was ever reported. Headers: trakt.docs,
"Account Limits" and "Locked User Account"; they were absent in one test (PY#63).
"""

from crosswatch_trakt.adapters.simulator.account import Account
from crosswatch_trakt.adapters.simulator.answers import empty_answer
from crosswatch_trakt.adapters.simulator.world import World
from crosswatch_trakt.application.ports import Response

UPGRADE_URL = "https://trakt.tv/vip"


def full(world: World, account: Account, limit: int) -> Response:
    """420: there is no room for all that was sent."""
    headers = {
        "x-upgrade-url": UPGRADE_URL,
        "x-vip-user": _word(account.vip),
        "x-account-limit": str(limit),
    }
    return empty_answer(420, headers if world.limit_headers else {})


def shut_out(account: Account) -> Response | None:
    """423 if the account is locked or deactivated."""
    if not account.locked and not account.deactivated:
        return None
    return empty_answer(
        423,
        {"x-account-locked": _word(account.locked), "x-account-deactivated": _word(account.deactivated)},
    )


def _word(value: bool) -> str:
    return "true" if value else "false"
