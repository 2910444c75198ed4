"""Python's collector, left out while a great many objects are made that all stay.

It looks for cycles each time enough objects are new, and there are none among plays and titles: for an
account of 100,000 plays that was a third of all work. It is paused for moments only, never through a wait.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause it, unless the host did. Two threads may do so at once: the first to end lets it go on."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
