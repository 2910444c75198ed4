"""A Trakt that keeps Trakt's rules: in memory for tests, and as a server on this machine."""

from typing import TYPE_CHECKING

from crosswatch_trakt.adapters.simulator.faults import Fault
from crosswatch_trakt.adapters.simulator.paging_faults import PagingFaults
from crosswatch_trakt.adapters.simulator.simulator import Simulator
from crosswatch_trakt.adapters.simulator.transport import SimulatorTransport

if TYPE_CHECKING:
    from crosswatch_trakt.adapters.simulator.server import serve

__all__ = ["Fault", "PagingFaults", "Simulator", "SimulatorTransport", "serve"]


def __getattr__(name: str) -> object:
    """`serve` brings the HTTP server of the standard library with it: only when asked for."""
    if name == "serve":
        from crosswatch_trakt.adapters.simulator.server import serve

        return serve
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
