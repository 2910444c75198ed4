"""A Trakt in one object: a request in, an answer out.

What happens to a request: hooks, what fell due meanwhile, the scripted fault, the door (`door`), the rule
itself, ETag. Pure of I/O; time comes from the clock, chance from the seed, and one lock makes it safe for
threads.
"""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import format_datetime
from urllib.parse import parse_qsl, urlsplit

from crosswatch_trakt.adapters.simulator.account import Account
from crosswatch_trakt.adapters.simulator.answers import with_headers
from crosswatch_trakt.adapters.simulator.catalogue import Catalogue
from crosswatch_trakt.adapters.simulator.device import Device
from crosswatch_trakt.adapters.simulator.door import admit
from crosswatch_trakt.adapters.simulator.faults import (
    ConnectionCut,
    ConnectionNotMade,
    ConnectionReset,
    Fault,
    NoAnswerInTime,
    Script,
)
from crosswatch_trakt.adapters.simulator.hooks import Hooks, RequestHook
from crosswatch_trakt.adapters.simulator.late import Agenda
from crosswatch_trakt.adapters.simulator.oauth import OAuth
from crosswatch_trakt.adapters.simulator.world import World
from crosswatch_trakt.application.ports import Clock, Request, Response

CLIENT_ID = "c" * 64
REQUESTS_KEPT_MAX = 100_000
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
        self.agenda = Agenda()  # what will happen: late writes, other devices
        self._script: Script[Fault] = Script(seed)
        self._waits: Script[float] = Script(seed)
        self._hooks = Hooks()
        self._answered = 0

    # --- what tests do

    def fail_next(
        self,
        fault: Fault,
        method: str | None = None,
        path_prefix: str = "",
        times: int | None = 1,
        *,
        after: int = 0,
        share: float = 1.0,
    ) -> None:
        """Let the next requests of this method and path fail, once `after` of them have gone well.

        `times=None` is a standing condition, until `forgive`; `share` picks that part of them by the seed.
        """
        with self.lock:
            self._script.add(fault, method, path_prefix, times, after, share)

    def slow_down(
        self,
        seconds: float,
        method: str | None = None,
        path_prefix: str = "",
        times: int | None = None,
        *,
        after: int = 0,
        share: float = 1.0,
    ) -> None:
        """Let these requests be obeyed at once and answered so much later, whatever else befalls them.

        Others are served meanwhile. In memory a client that is less patient has no answer.
        """
        with self.lock:
            self._waits.add(seconds, method, path_prefix, times, after, share)

    def forgive(self) -> None:
        """Forget the faults and waits that have not come up yet, and the hooks. Switches stay as they are."""
        with self.lock:
            self._script.clear()
            self._waits.clear()
            self._hooks.clear()

    def on_request(self, hook: RequestHook) -> Callable[[], None]:
        """Call `hook(method, path, query)` before each request is answered; call the result to end it."""
        with self.lock:
            return self._hooks.add(hook)

    def between_pages(
        self, action: Callable[[], object], after_page: int = 1, path_prefix: str = "", times: int = 1
    ) -> None:
        """Do this as soon as a GET for that page has been answered, so many times."""
        with self.lock:
            self._hooks.add_between(action, after_page, path_prefix, times)

    def device(self, account: Account | None = None) -> Device:
        """Another device of the person: `.at(seconds, action)` from now on."""
        return Device(account or self.account, self.clock.now(), self.agenda, self.lock)

    def settle(self) -> None:
        """Do now what fell due: late writes, other devices. Each request begins with it."""
        with self.lock:
            self.agenda.run(self.clock)

    def block(self, seconds: float = 300) -> None:
        """Let the CDN answer 429 on every path from now on, for so long."""
        with self.lock:
            self.quota.blocked_until = self.clock.now() + timedelta(seconds=seconds)

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
        if "//" in address.path:  # pytrakt signs in so, and the service does not mind
            address = address._replace(path=re.sub("/{2,}", "/", address.path))
            request = replace(request, url=address.geturl())
        asked = (request.method, address.path, dict(parse_qsl(address.query)).get("page", ""))
        with self.lock:
            wait_s = self._waits.take(*asked)
        if wait_s is None:
            return self._answer_now(request, asked)
        try:
            return self._answer_now(request, asked)
        finally:
            if wait_s >= request.timeout_s:
                raise NoAnswerInTime("slow")
            self.clock.spend(wait_s)

    def _answer_now(self, request: Request, asked: tuple[str, str, str]) -> Response:
        address = urlsplit(request.url)
        with self.lock:
            query = dict(parse_qsl(address.query))
            self._hooks.before(request.method, address.path, query)
            self.settle()
            fault = self._script.take(*asked)
            if fault is not None and fault.refused:
                raise ConnectionNotMade("scripted")
            answer = self._faulty(request, fault) if fault is not None else self._obey(request, None)
            seen = Seen(
                request.method, address.path, address.query, None if answer is None else answer.status
            )
            self._remember(seen)
            self._hooks.after(request.method, address.path, query)
            if answer is None:
                if fault is not None and fault.timed_out:
                    raise NoAnswerInTime("timed out")
                if fault is not None and fault.reset:
                    raise ConnectionReset("scripted")
                raise ConnectionCut("scripted")
            signed = self._signed(answer)
            return signed if request.method != "HEAD" else Response(signed.status, signed.headers, b"")

    def _obey(self, request: Request, fault: Fault | None) -> Response:
        """By the rules alone, bent as the fault says."""
        admitted = admit(self, self.oauth, request, fault)
        return admitted if isinstance(admitted, Response) else admitted.obey()

    def _faulty(self, request: Request, fault: Fault) -> Response | None:
        """The answer with a fault; None: none goes out."""
        answer = self._obey(request, fault) if fault.obeys else None
        if fault.late_s is not None:
            self._obey_later(request, fault, fault.late_s)
        if fault.status is not None:
            return _lowered(Response(fault.status, fault.headers, fault.body))
        if fault.lost or fault.timed_out:
            return None
        return answer if answer is None or fault.alter is None else _lowered(fault.alter(answer))

    def _obey_later(self, request: Request, fault: Fault, seconds: float) -> None:
        """Let it in now, and carry it out then: its token may be dead by that time."""
        due = self.clock.now() + timedelta(seconds=seconds)
        if urlsplit(request.url).path.startswith("/oauth/"):  # the door answers it wholly
            self.agenda.add(due, lambda: self._obey(request, None))
            return
        admitted = admit(self, self.oauth, request, fault)
        if not isinstance(admitted, Response):
            self.agenda.add(due, admitted.obey)

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

    def _remember(self, seen: Seen) -> None:
        if len(self.requests) >= REQUESTS_KEPT_MAX:
            del self.requests[: REQUESTS_KEPT_MAX // 2]
        self.requests.append(seen)


def _lowered(answer: Response) -> Response:
    """With names of headers in lower case, as a transport gives them."""
    return Response(answer.status, {name.lower(): text for name, text in answer.headers.items()}, answer.body)
