"""Processes killed at random moments: `make kills`, `make kills KILLS=50 SEED=1`. Prints seed and figures."""

import argparse
import random
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.test_kills import killed_and_healed, scene

AT_ONCE = 20  # kills of one account


def main() -> int:
    """Kill so many; fails if a play is lost or doubled."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=300)
    options.add_argument("--seed", type=int, default=None)
    given = options.parse_args()
    first = given.seed if given.seed is not None else random.SystemRandom().randrange(1_000_000)
    figures: Counter[str] = Counter()
    number = first
    while figures["kills"] < given.kills:
        with TemporaryDirectory() as folder, scene(Path(folder)) as made:
            figures += killed_and_healed(made, number, AT_ONCE)
        print(f"seed {number}: {dict(figures)}", flush=True)
        number += 1
    print(f"{time.strftime('%Y-%m-%d')}: seeds {first} to {number - 1}, {dict(figures)}, 0 lost, 0 doubled")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
