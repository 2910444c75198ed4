"""What CrossWatch is told that this provider can do.

It stands in the shim, which must be able to say it without us. The three features are on; the others are
off everywhere alike: half on is what loses data.
"""

from crosswatch_trakt.adapters.crosswatch.shim import VERSION, capabilities, offered
from crosswatch_trakt.adapters.crosswatch.shim import manifest as get_manifest

LABEL = "Trakt"
OFF = tuple(name for name, works in offered().items() if not works)

__all__ = ["LABEL", "OFF", "VERSION", "capabilities", "features", "get_manifest"]


def features(*, on: bool = True) -> dict[str, bool]:
    """Feature → whether it works; `on=False`: none does now."""
    return {name: on and works for name, works in offered().items()}
