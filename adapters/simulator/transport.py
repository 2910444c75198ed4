"""The simulator in place of a network, in memory."""

from dataclasses import dataclass

from returns.result import Failure, Result, Success

from crosswatch_trakt.adapters.simulator.faults import ConnectionCut, ConnectionNotMade, NoAnswerInTime
from crosswatch_trakt.adapters.simulator.simulator import Simulator
from crosswatch_trakt.application.ports import Request, Response
from crosswatch_trakt.domain.problems import AnswerLost, NotSent


@dataclass(frozen=True, slots=True)
class SimulatorTransport:
    """Hands requests to the simulator, whatever their host. For any number of threads."""

    simulator: Simulator

    def send(self, request: Request) -> Result[Response, NotSent | AnswerLost]:
        """Send once."""
        address = f"{request.method} {request.url.partition('?')[0]}"
        try:
            answer = self.simulator.answer(request)
        except ConnectionNotMade as error:
            return Failure(NotSent(address, str(error)))
        except NoAnswerInTime as error:
            self.simulator.clock.spend(request.timeout_s)
            return Failure(AnswerLost(address, str(error)))
        except ConnectionCut as error:
            return Failure(AnswerLost(address, str(error)))
        if int(answer.headers.get("content-length", "0")) > len(answer.body):
            return Failure(AnswerLost(address, "the connection ended amid the body"))
        return Success(answer)
