"""The guard on removals: a run that would empty a library is stopped, unless that is meant.

Half an index, or a library of another service that was not mounted, looks like hundreds of removals. A
few are no reason to ask; many, and a large share of what the account holds, are.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RemovalGuard:
    """How much one run may remove without a word."""

    share: float  # of what the account holds
    at_least: int  # fewer removals are never stopped

    def stops(self, removals: int, held: int) -> bool:
        """Whether so many removals, of so much that was held before the run, are too many."""
        return removals >= self.at_least and removals > self.share * held
