"""The POSTs that change a person's lists."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from returns.result import Failure, Result

from crosswatch_trakt.application.ports import Response
from crosswatch_trakt.application.trakt.call import Call, Caller
from crosswatch_trakt.domain.answers import Answer, parse_answer
from crosswatch_trakt.domain.payloads import Target
from crosswatch_trakt.domain.problems import Problem, UnexpectedAnswer
from crosswatch_trakt.domain.unresolved import Operation


@dataclass(frozen=True, slots=True)
class TraktWrites:
    """Sends bodies, and reads what Trakt answers to them."""

    caller: Caller

    def post(
        self, target: Target, operation: Operation, body: Mapping[str, object]
    ) -> Result[Answer, Problem]:
        """Send one body. A play that is added is sent once and never again by itself; the rest may be
        repeated, since a second time changes nothing.
        """
        path = f"/sync/{target}" + ("/remove" if operation == "remove" else "")
        harmless = target is not Target.HISTORY or operation == "remove"
        call = Call(str(target), "POST", path, body=body, harmless=harmless)
        answer = self.caller.request_with_retries(call, lambda response: _read(call, response))
        self.caller.gate.recent.written()
        return answer


def _read(call: Call, response: Response) -> Result[Answer, Problem]:
    try:
        decoded = msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Failure(UnexpectedAnswer(call.name, "it is no JSON, or was cut off"))
    return parse_answer(decoded).alt(lambda why: _unexpected(call, why))


def _unexpected(call: Call, why: str) -> Problem:
    return UnexpectedAnswer(call.name, why)
