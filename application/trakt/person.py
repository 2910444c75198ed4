"""Who is signed in: `/users/settings`.

The account is Trakt's `uuid`: names and slugs change. Where there is none, a hash of the slug names its
folder: slugs that begin alike are two accounts. `watch_only_once` stands there only if `browsing`
is asked for (contract, 2026-07). Limits, `trakt` and `uuid` may be null or absent.
"""

import hashlib
from collections.abc import Mapping

import msgspec
from returns.result import Failure, Result, Success

from crosswatch_trakt.application.settings import server_suffix
from crosswatch_trakt.application.trakt.call import Call, Caller
from crosswatch_trakt.application.trakt.rows import decode
from crosswatch_trakt.domain.problems import Problem, UnexpectedAnswer

ACCOUNT_CHARS = 12  # of the uuid, or of what stands for it, in names of folders


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """What concerns us of an account's settings."""

    account: str  # the uuid, or a name that stands for it
    username: str
    vip: bool
    timezone: str | None
    limits: dict[str, int]  # "watchlist", "list", "favorites", … → items
    watch_only_once: bool | None  # None: Trakt did not say
    folder: str  # of the account's state; accounts of two servers have two


def read_person(caller: Caller) -> Result[Person, Problem]:
    """Ask Trakt who is signed in."""
    call = Call("account", "GET", "/users/settings", {"extended": "browsing"})
    return caller.request_with_retries(
        call,
        lambda response: decode(response.body, _SettingsObject, call.name).bind(
            lambda said: _person(said, server_suffix(caller.settings.base_url))
        ),
    )


class _UserObject(msgspec.Struct):
    username: str | None = None
    vip: bool | None = None
    vip_ep: bool | None = None
    ids: dict[str, object] | None = None


class _AccountObject(msgspec.Struct):
    timezone: str | None = None


class _BrowsingObject(msgspec.Struct):
    watch_only_once: bool | None = None


class _SettingsObject(msgspec.Struct):
    user: _UserObject
    account: _AccountObject | None = None
    limits: dict[str, object] | None = None
    browsing: _BrowsingObject | None = None


def _person(said: _SettingsObject, server: str) -> Result[Person, Problem]:
    ids = said.user.ids or {}
    uuid = ids.get("uuid")
    account = uuid or ids.get("slug") or said.user.username
    if not isinstance(account, str) or not any(char.isalnum() for char in account):
        return Failure(UnexpectedAnswer("GET /users/settings", "it names no account"))
    return Success(
        Person(
            account=account,
            username=said.user.username or account,
            vip=bool(said.user.vip or said.user.vip_ep),
            timezone=said.account.timezone if said.account else None,
            limits=_limits(said.limits or {}),
            watch_only_once=said.browsing.watch_only_once if said.browsing else None,
            folder=_folder(account if uuid else hashlib.sha256(account.encode()).hexdigest()) + server,
        )
    )


def _folder(name: str) -> str:
    plain = "".join(char for char in name if char.isalnum() or char == "-")
    return plain[:ACCOUNT_CHARS]


def _limits(said: Mapping[str, object]) -> dict[str, int]:
    counts = {name: limit.get("item_count") for name, limit in said.items() if isinstance(limit, Mapping)}
    return {name: count for name, count in counts.items() if isinstance(count, int)}
