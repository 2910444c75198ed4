"""How far a request gets before its rule is asked.

In this order: the CDN's block, User-Agent (CDN), content type, sign-in, API key, path and method, token,
lock of the account, quota, JSON.
"""

import re
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TypeGuard
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from crosswatch_trakt.adapters.simulator import activation, routes
from crosswatch_trakt.adapters.simulator.account import Account
from crosswatch_trakt.adapters.simulator.account_limits import shut_out
from crosswatch_trakt.adapters.simulator.answers import cdn_answer, empty_answer, with_headers
from crosswatch_trakt.adapters.simulator.faults import Fault
from crosswatch_trakt.adapters.simulator.oauth import OAuth
from crosswatch_trakt.adapters.simulator.tags import TagRule, tagged
from crosswatch_trakt.adapters.simulator.titles import JsonObject
from crosswatch_trakt.adapters.simulator.world import Call, World
from crosswatch_trakt.application.ports import Request, Response

_LIBRARY_AGENT = re.compile(
    r"(python|curl|wget|okhttp|java|go-http-client|axios|node|libwww|aiohttp|httpx)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that came through, not yet obeyed."""

    route: routes.Route
    call: Call
    headers: Mapping[str, str]  # as sent, names in lower case
    told: Mapping[str, str]  # what its answer will carry besides
    tags: TagRule
    quiet: bool

    def obey(self) -> Response:
        """Ask the rule."""
        with self.call.account.quietly() if self.quiet else nullcontext():
            answer = with_headers(self.route.handler(self.call), self.told)
        return tagged(answer, self.headers, self.tags) if self.route.tagged else answer


def admit(world: World, oauth: OAuth, request: Request, fault: Fault | None) -> Admitted | Response:
    """Let it in, or the answer that it gets at the door. Sign-in is wholly answered here."""
    if request.method == "HEAD":  # as GET: its body is left out at the end
        request = replace(request, method="GET")
    address = urlsplit(request.url)
    headers = {name.lower(): value for name, value in request.headers.items()}
    blocked = world.quota.blocked(world.clock.now())
    if blocked is not None:
        return blocked
    if address.path == activation.PATH and request.method in ("GET", "POST"):
        return activation.page(world, oauth, request.body if request.method == "POST" else None)
    agent = headers.get("user-agent", "")
    if not agent.strip() or _LIBRARY_AGENT.match(agent):
        return cdn_answer(403, "Access denied")
    if request.method != "GET" and not _says_json(headers):
        return empty_answer(412)
    if address.path.startswith("/oauth/"):
        return _sign_in(oauth, request, address.path.removeprefix("/oauth/"))
    if headers.get("trakt-api-key") != world.client_id or world.app_deleted:
        return empty_answer(403)
    if headers.get("trakt-api-version") != "2":
        return empty_answer(412)
    account = _signed_in(oauth, headers)
    path = tuple(unquote(part) for part in address.path.strip("/").split("/"))
    whose = world.accounts if account is None else [account]  # without a token it is 401, not 404
    found = routes.find(request.method, path, {one.username for one in whose})
    if isinstance(found, int):
        return empty_answer(found)
    route, parts = found
    if route.private and account is None:
        return empty_answer(401, {"www-authenticate": 'Bearer realm="trakt"'})
    locked = None if account is None else shut_out(account)
    if locked is not None and route.private:
        return locked
    charge = world.quota.charge(request.method, None if account is None else account.uuid, world.clock.now())
    if charge.refusal is not None:
        return with_headers(charge.refusal, charge.headers)
    body = _decoded(request.body) if request.method != "GET" else {}
    if body is None:
        return with_headers(empty_answer(400), charge.headers)
    call = Call(
        world,
        account or world.account,
        parts,
        dict(parse_qsl(address.query)),
        body,
        address.path,
        applies=None if fault is None else fault.applies,
        stale_s=None if fault is None else fault.stale_s,
        paging_faults=world.paging_faults_of(address.path)
        if fault is None or fault.paging is None
        else fault.paging,
    )
    tags = world.tags if fault is None or fault.tags is None else fault.tags
    return Admitted(route, call, headers, charge.headers, tags, fault is not None and fault.quiet)


def _sign_in(oauth: OAuth, request: Request, name: str) -> Response:
    if request.method != "POST":
        return empty_answer(405 if name in ("token", "revoke", "device/code", "device/token") else 404)
    body = _decoded(request.body)
    if body is None:
        return empty_answer(400)
    return oauth.answer(name, body) or empty_answer(404)


def _signed_in(oauth: OAuth, headers: Mapping[str, str]) -> Account | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return oauth.account_of(token.strip()) if scheme.lower() == "bearer" else None


def _says_json(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def _decoded(body: bytes | None) -> JsonObject | None:
    """The object sent; None if it is none."""
    try:
        decoded = msgspec.json.decode(body or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return decoded if _is_object(decoded) else None


def _is_object(value: object) -> TypeGuard[JsonObject]:
    return isinstance(value, dict)
