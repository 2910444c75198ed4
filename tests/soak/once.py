"""The model of writing once, for as long as you like: `python -m tests.soak.once --minutes 10`.

Prints the seed of each round, and what it came to; a failure prints the steps, and the seed that finds it.
"""

import argparse
import random
import time
from collections import Counter

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import get_state_machine_test

from tests.application.test_once_model import Plays

EXAMPLES = 100  # a round
STEPS = 40
counts: Counter[str] = Counter()


class Counted(Plays):
    """Counts what was run."""

    def teardown(self) -> None:
        counts["accounts"] += 1
        counts["writes"] += self.calls
        counts["kills"] += self.killed
        counts["faults"] += self.faults_met
        super().teardown()


def main() -> int:
    """Run until time is up or something is found."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=10)
    options.add_argument("--seed", type=int, default=None, help="of the first round; the others count up")
    options.add_argument("--shrink", action="store_true", help="look for the shortest steps to a failure")
    given = options.parse_args()
    first = given.seed if given.seed is not None else random.SystemRandom().randrange(1_000_000)
    end, number = time.monotonic() + 60 * given.minutes, first
    while time.monotonic() < end:
        print(f"seed {number}: {dict(counts)}", flush=True)
        _round(number, shrink=given.shrink)
        number += 1
    print(f"{time.strftime('%Y-%m-%d')}: seeds {first} to {number - 1}, {dict(counts)}, nothing found")
    return 0


def _round(number: int, *, shrink: bool) -> None:
    chosen = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        print_blob=False,
        phases=[Phase.generate, *([Phase.shrink] if shrink else [])],
        suppress_health_check=list(HealthCheck),
    )
    seed(number)(get_state_machine_test(Counted, settings=chosen))()


if __name__ == "__main__":
    raise SystemExit(main())
