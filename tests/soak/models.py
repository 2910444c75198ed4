"""The models of writing, at length: `make soak`, or `python -m tests.soak.models --runs 200 --seed 1`.

A run is one account with its writes, reads, faults and kills. They are made in rounds, each from a seed of
its own, and half of the rounds go to each model; a failure prints its steps and the seed that finds it.
"""

import argparse
import os
import random
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import get_state_machine_test

from tests.application.modelling import FIGURES, Modelled
from tests.application.test_lists_model import Lists
from tests.application.test_once_model import Plays

MODELS: tuple[type[Modelled], ...] = (Plays, Lists)
ROUND = 100  # runs
STEPS = 30


def main() -> int:
    """Run so many; the first failure ends it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=None, help="of the first round; the others count up")
    options.add_argument("--shrink", action="store_true", help="look for the shortest steps to a failure")
    given = options.parse_args()
    first = given.seed if given.seed is not None else random.SystemRandom().randrange(1_000_000)
    rounds = max(len(MODELS), -(-given.runs // ROUND))
    figures: Counter[str] = Counter()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        made = {
            pool.submit(
                play, number % len(MODELS), first + number, min(ROUND, given.runs), given.shrink
            ): number
            for number in range(rounds)
        }
        for one in as_completed(made):
            number = made[one]
            model = MODELS[number % len(MODELS)].__name__
            if one.exception() is not None:
                print(f"seed {first + number} ({model}) found something", flush=True)
                pool.shutdown(cancel_futures=True)
            figures += one.result()
            print(f"seed {first + number} ({model}): {_said(one.result())}", flush=True)
    last = first + rounds - 1
    print(f"{time.strftime('%Y-%m-%d')}, seeds {first} to {last}: {_said(figures)}; nothing found")
    return 0


def play(model: int, number: int, runs: int, shrink: bool = False) -> Counter[str]:
    """One round of one model; raises what it finds. Gives the figures."""
    FIGURES.clear()
    chosen = settings(
        max_examples=runs,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        print_blob=False,
        phases=[Phase.generate, *([Phase.shrink] if shrink else [])],
        suppress_health_check=list(HealthCheck),
    )
    seed(number)(get_state_machine_test(MODELS[model], settings=chosen))()
    return Counter(FIGURES)


def _said(figures: Counter[str]) -> str:
    words = ("accounts", "writes", "indexes", "kills", "faults")
    return ", ".join(f"{figures[word]:,} {word}" for word in words)


if __name__ == "__main__":
    raise SystemExit(main())
