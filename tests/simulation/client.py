"""A bare client of the simulator, and simulators to begin with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.simulator import Simulator
from crosswatch_trakt.adapters.simulator.catalogue import Catalogue
from crosswatch_trakt.application.ports import Request

BASE_URL = "https://api.trakt.tv"
AUTH_URL = "https://auth.trakt.tv"


@dataclass(frozen=True)
class Answer:
    """An answer with its JSON read."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return msgspec.json.decode(self.body)


@dataclass
class Client:
    """Sends what a well-behaved client sends, unless told otherwise."""

    simulator: Simulator

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        without: str = "",
        raw: bytes | None = None,
        host: str = BASE_URL,
        **headers: str,
    ) -> Answer:
        """One request; `raw` in place of JSON, `if_none_match=…` adds that header."""
        sent = {
            **self.simulator.headers(),
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        sent.pop(without, None)
        content = raw if body is None else msgspec.json.encode(body)
        answer = self.simulator.answer(Request(method, f"{host}{path}", sent, content))
        return Answer(answer.status, answer.headers, answer.body)

    def get(self, path: str, **headers: str) -> Answer:
        """GET."""
        return self.send("GET", path, None, without="", raw=None, host=BASE_URL, **headers)

    def post(self, path: str, body: object) -> Answer:
        """POST of JSON."""
        return self.send("POST", path, body)

    def oauth(self, name: str, **fields: str) -> Answer:
        """POST to the sign-in host, with the client's id."""
        return self.send(
            "POST", f"/oauth/{name}", {"client_id": self.simulator.client_id, **fields}, host=AUTH_URL
        )


def fresh(clock: ManualClock | None = None, *, quota: bool = False) -> Client:
    """A simulator with an empty catalogue and an untouched account; without quota unless asked for."""
    simulator = Simulator(Catalogue(), clock or ManualClock())
    if not quota:
        simulator.quota.gets = simulator.quota.writes = None
    return Client(simulator)
