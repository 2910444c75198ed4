"""A Trakt in one object: a request in, an answer out.

The order in which a request is looked at: scripted fault, the CDN's block, User-Agent (CDN), content
type, API key, path and method, token, lock of the account, quota, JSON, the rule itself, ETag. Pure of
I/O; time comes from the clock, chance from the seed, and one lock makes it safe for threads.
"""

import hashlib
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from typing import TypeGuard
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from crosswatch_trakt.adapters.simulator import activation, routes
from crosswatch_trakt.adapters.simulator.account import Account
from crosswatch_trakt.adapters.simulator.account_limits import shut_out
from crosswatch_trakt.adapters.simulator.answers import cdn_answer, empty_answer, with_headers
from crosswatch_trakt.adapters.simulator.catalogue import Catalogue
from crosswatch_trakt.adapters.simulator.faults import ConnectionCut, ConnectionNotMade, Fault, Script
from crosswatch_trakt.adapters.simulator.oauth import OAuth
from crosswatch_trakt.adapters.simulator.titles import JsonObject
from crosswatch_trakt.adapters.simulator.world import Call, World
from crosswatch_trakt.application.ports import Clock, Request, Response

CLIENT_ID = "c" * 64
REQUESTS_KEPT_MAX = 100_000

_LIBRARY_AGENT = re.compile(
    r"(python|curl|wget|okhttp|java|go-http-client|axios|node|libwww|aiohttp|httpx)\b", re.IGNORECASE
)
_PRIVATE = "max-age=0, private, must-revalidate"


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that reached the simulator. Holds no secret."""

    method: str
    path: str  # without query
    query: str
    status: int | None  # None: no answer went out


class Simulator(World):
    """Answers as Trakt would. Its attributes are its switches; see `docs/simulator.md`."""

    def __init__(
        self,
        catalogue: Catalogue,
        clock: Clock,
        *,
        client_id: str = CLIENT_ID,
        client_secret: str | None = None,
        seed: int = 1,
    ) -> None:
        super().__init__(catalogue, clock, client_id=client_id, client_secret=client_secret, seed=seed)
        self.lock = threading.RLock()  # held while a request is answered
        self.oauth = OAuth(self, "https://auth.trakt.tv/activate")
        self.oauth.sign_in(self.account)
        self.requests: list[Seen] = []
        self._script = Script()
        self._answered = 0

    # --- what tests do

    def fail_next(
        self,
        fault: Fault,
        method: str | None = None,
        path_prefix: str = "",
        times: int = 1,
        *,
        after: int = 0,
    ) -> None:
        """Let the next requests of this method and path fail, once `after` of them have gone well."""
        with self.lock:
            self._script.add(fault, method, path_prefix, times, after)

    def forgive(self) -> None:
        """Forget the faults that have not come up yet."""
        with self.lock:
            self._script = Script()

    def add_account(self, username: str, uuid: str) -> Account:
        """A second person, signed in."""
        with self.lock:
            account = Account(self.clock, username=username, uuid=uuid)
            self.accounts.append(account)
            self.oauth.sign_in(account)
            return account

    def approve(self, user_code: str, account: Account | None = None) -> bool:
        """What the person does on the page of the login; False if no such login is waiting."""
        with self.lock:
            return self.oauth.decide(user_code, account or self.account)

    def deny(self, user_code: str) -> bool:
        """Likewise, but no."""
        with self.lock:
            return self.oauth.decide(user_code, None)

    def headers(self, account: Account | None = None) -> dict[str, str]:
        """What a well-behaved client sends."""
        return {
            "Content-Type": "application/json",
            "User-Agent": "simulation/1.0",
            "trakt-api-key": self.client_id,
            "trakt-api-version": "2",
            "Authorization": f"Bearer {(account or self.account).access_token}",
        }

    # --- answering

    def answer(self, request: Request) -> Response:
        """Answer one request. Raises ConnectionCut or ConnectionNotMade where a fault wants it."""
        address = urlsplit(request.url)
        with self.lock:
            fault = self._script.take(request.method, address.path)
            if fault is not None and fault.refused:
                raise ConnectionNotMade("scripted")
            answer = None if fault is not None and fault.before else self._obey(request)
            if fault is not None and fault.lost:
                self._remember(request.method, address.path, address.query, None)
                raise ConnectionCut("scripted")
            if fault is not None and fault.status is not None:
                answer = Response(fault.status, dict(fault.headers), fault.body)
            assert answer is not None  # noqa: S101 - a fault has one of the three
            self._remember(request.method, address.path, address.query, answer.status)
            return self._signed(answer)

    def _obey(self, request: Request) -> Response:
        """The rules alone, up to the endpoint."""
        address = urlsplit(request.url)
        headers = {name.lower(): value for name, value in request.headers.items()}
        blocked = self.quota.blocked(self.clock.now())
        if blocked is not None:
            return blocked
        if address.path == activation.PATH and request.method in ("GET", "POST"):
            return activation.page(self, self.oauth, request.body if request.method == "POST" else None)
        agent = headers.get("user-agent", "")
        if not agent.strip() or _LIBRARY_AGENT.match(agent):
            return cdn_answer(403, "Access denied")
        if request.method != "GET" and not _says_json(headers):
            return empty_answer(412)
        if address.path.startswith("/oauth/"):
            return self._sign_in(request, address.path.removeprefix("/oauth/"))
        if headers.get("trakt-api-key") != self.client_id or self.app_deleted:
            return empty_answer(403)
        if headers.get("trakt-api-version") != "2":
            return empty_answer(412)
        path = tuple(unquote(part) for part in address.path.strip("/").split("/"))
        found = routes.find(request.method, path)
        if isinstance(found, int):
            return empty_answer(found)
        route, parts = found
        account = self._signed_in(headers)
        if route.private and account is None:
            return empty_answer(401, {"www-authenticate": 'Bearer realm="trakt"'})
        locked = None if account is None else shut_out(account)
        if locked is not None and route.private:
            return locked
        charge = self.quota.charge(
            request.method, None if account is None else account.uuid, self.clock.now()
        )
        if charge.refusal is not None:
            return with_headers(charge.refusal, charge.headers)
        body = _decoded(request.body) if request.method != "GET" else {}
        if body is None:
            return with_headers(empty_answer(400), charge.headers)
        query = dict(parse_qsl(address.query))
        answer = route.handler(Call(self, account or self.account, parts, query, body))
        answer = with_headers(answer, charge.headers)
        return _tagged(answer, headers) if route.tagged else answer

    def _sign_in(self, request: Request, name: str) -> Response:
        if request.method != "POST":
            return empty_answer(405 if name in ("token", "revoke", "device/code", "device/token") else 404)
        body = _decoded(request.body)
        if body is None:
            return empty_answer(400)
        return self.oauth.answer(name, body) or empty_answer(404)

    def _signed_in(self, headers: Mapping[str, str]) -> Account | None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        return self.oauth.account_of(token.strip()) if scheme.lower() == "bearer" else None

    def _signed(self, answer: Response) -> Response:
        """With what every answer carries; the app's a request id too."""
        self._answered += 1
        headers = {"date": format_datetime(self.clock.now(), usegmt=True), "server": "cloudflare"}
        if not answer.headers.get("content-type", "").startswith("text/html"):
            headers |= {
                "x-request-id": f"00000000-0000-4000-8000-{self._answered:012x}",
                "x-runtime": "0.010000",
                "cache-control": _PRIVATE,
            }
        return with_headers(answer, headers)

    def _remember(self, method: str, path: str, query: str, status: int | None) -> None:
        if len(self.requests) >= REQUESTS_KEPT_MAX:
            del self.requests[: REQUESTS_KEPT_MAX // 2]
        self.requests.append(Seen(method, path, query, status))


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


def _tagged(answer: Response, headers: Mapping[str, str]) -> Response:
    """With its weak ETag, which vouches for one page; 304 if the client has just that one."""
    if answer.status != 200:
        return answer
    digest = hashlib.md5(answer.body, usedforsecurity=False).hexdigest()
    tagged = with_headers(answer, {"etag": f'W/"{digest}"'})
    known = [tag.strip().removeprefix("W/") for tag in headers.get("if-none-match", "").split(",")]
    if f'"{digest}"' not in known:
        return tagged
    kept = {name: value for name, value in tagged.headers.items() if name != "content-type"}
    return Response(304, kept, b"")
