"""`make bench`: measure all rows, compare with the last time, write the page.

Runs are taken in turn with those of the floor, and medians kept, so that what else the machine does
meanwhile weighs on both. `FULL=1` adds the account of a million plays, which takes some minutes.
"""

import json
import os
import platform
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from statistics import median

from tests.benchmarks.measure import ROOT, Bench, Run, import_s
from tests.benchmarks.page import Figure, compared, write_page

ACCOUNT = {"plays": 100_000, "ratings": 5_000, "watchlist": 500, "movies": 20_000, "shows": 400}
FEW_TITLES = {**ACCOUNT, "movies": 2_000}
MILLION = {**ACCOUNT, "plays": 1_000_000, "movies": 200_000, "shows": 4_000}
RESULTS = ROOT / "docs" / "performance.json"

Runs = Mapping[str, list[Run]]


def main() -> None:
    """Measure, print, keep."""
    rounds = int(os.environ.get("ROUNDS", "5"))
    before = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {"figures": {}}
    figures = figures_of(account_runs(ACCOUNT, FEW_TITLES, rounds, items=10_000, delay_s=0.1))
    figures += imports()
    if os.environ.get("FULL"):
        figures += million(MILLION, ACCOUNT)
    known = {figure.name for figure in figures}
    kept = [Figure(**old) for name, old in before["figures"].items() if name not in known]
    for line in compared(figures, before["figures"]):
        print(line)
    whole = [*figures, *kept]
    results = {"machine": machine(), "figures": {figure.name: asdict(figure) for figure in whole}}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    write_page(ROOT / "docs", machine(), whole)


def account_runs(
    account: Mapping[str, int], few_titles: Mapping[str, int], rounds: int, *, items: int, delay_s: float
) -> Runs:
    """All rows of one account, again and again."""
    runs: defaultdict[str, list[Run]] = defaultdict(list)
    bench, other = Bench(account), Bench(few_titles)
    jobs: Mapping[str, Callable[[], Run]] = {
        "floor": lambda: bench.run("floor"),
        "cold": lambda: bench.run("cold"),
        "history": lambda: bench.run("history"),
        "dicts": lambda: bench.run("dicts"),
        "warm": lambda: bench.run("cold", warm=True),
        "never": lambda: bench.run("cold", warm=True, verify="never"),
        "changed": lambda: other.run("cold", warm=True, changed=True),
        "add": lambda: bench.run("add", warm=True, items=items),
        "add_by_100": lambda: bench.run("add_by_100", warm=True, items=items),
    }
    once: Mapping[str, Callable[[], Run]] = {
        "granted": lambda: bench.run("cold", ledger_titles=1000),
        "floor_far": lambda: bench.run("floor", delay_s=delay_s),
        "cold_far": lambda: bench.run("cold", delay_s=delay_s),
    }
    try:
        for _ in range(rounds):
            for name, job in jobs.items():
                runs[name].append(_told(name, job()))
        for name, job in once.items():
            runs[name].append(_told(name, job()))
    finally:
        bench.close()
        other.close()
    return runs


def figures_of(runs: Runs) -> list[Figure]:
    """The rows of the table, out of all runs."""

    def requests(name: str, method: str = "GET") -> int:
        return max(run.requests.get(method, 0) for run in runs[name])

    def beside_floor(name: str, words: str, work: str, at_most: float) -> Figure:
        cpu_s, floor_s = _cpu_s(runs[work]), _cpu_s(runs["floor"])
        return Figure(name, words, cpu_s / floor_s, "x floor", at_most, f"{cpu_s:.2f} s of {floor_s:.2f} s")

    def memory(name: str, words: str, work: str, at_most: float) -> Figure:
        floor = median(run.memory_mib for run in runs["floor"])
        mib = median(run.memory_mib for run in runs[work])
        return Figure(name, words, mib, "MiB", at_most, f"floor {floor:.0f} MiB")

    def count(name: str, words: str, work: str, at_most: float, method: str = "GET") -> Figure:
        return Figure(name, words, requests(work, method), f"{method}s", at_most)

    cold_s, floor_s = runs["cold_far"][0].wall_s, runs["floor_far"][0].wall_s
    linear = median(run.gave["second_half_s"] / run.gave["first_half_s"] for run in runs["add_by_100"])
    rewritten = max(run.rewritten for run in runs["warm"] + runs["never"])
    return [
        count("cold_gets", "cold, all three", "cold", 530),
        count("cold_gets_granted", "cold, all three, 1,000 titles a ledger page", "granted", 450),
        beside_floor("cold_cpu", "cold, all three", "cold", 3),
        Figure(
            "cold_far",
            "cold, all three, 100 ms away, no gate",
            cold_s / floor_s,
            "x one at a time",
            1 / 3,
            f"{cold_s:.1f} s of {floor_s:.1f} s",
        ),
        memory("memory_library", "cold history, as library", "history", 110),
        memory("memory_dicts", "cold history, as the engine's dicts", "dicts", 250),
        count("warm_gets", "warm, all three", "warm", 4),
        count("warm_gets_never", 'warm, all three, `verify="never"`', "never", 1),
        beside_floor("warm_cpu", "warm, all three", "warm", 0.6),
        Figure("warm_rewritten", "warm, all three", rewritten, "files rewritten", 0),
        count("changed_gets", "200 new plays, 5 removals", "changed", 32),
        beside_floor("changed_cpu", "200 new plays, 5 removals", "changed", 1),
        count("add_posts", "10,000 plays in one call", "add", 20, "POST"),
        beside_floor("add_cpu", "10,000 plays in one call", "add", 2),
        beside_floor("add_by_100_cpu", "10,000 plays in 100 calls", "add_by_100", 9),
        Figure("add_by_100_linear", "10,000 plays in 100 calls", linear, "x second half to first", 1.2),
    ]


def imports(runs: int = 7) -> list[Figure]:
    """What imports cost a fresh interpreter."""
    library = "from crosswatch_trakt import Settings, TraktAccount"
    shim = "from crosswatch_trakt.adapters.crosswatch import shim; shim.start(shim.__file__)"
    library_s, shim_s = (median(import_s(code) for _ in range(runs)) for code in (library, shim))
    return [
        Figure("import", f"`{library}`", library_s, "s", 0.15),
        Figure("import_shim", "the shim, as CrossWatch imports it", shim_s, "s", 0.25),
    ]


def million(large: Mapping[str, int], small: Mapping[str, int]) -> list[Figure]:
    """The cold history of a very large account, beside that of the usual one."""
    took = {}
    for account in (large, small):
        bench = Bench(account)
        took[account["plays"]] = _told(f"history of {account['plays']}", bench.run("history"))
        bench.close()
    one, other = took[large["plays"]], took[small["plays"]]
    share = one.cpu_s / large["plays"] * small["plays"] / other.cpu_s
    seconds = f"{one.cpu_s:.1f} s of CPU"
    return [
        Figure("million_cpu", "1,000,000 plays, cold history", share, "x a play at 100,000", 1.2, seconds),
        Figure("million_memory", "1,000,000 plays, cold history", one.memory_mib, "MiB", 450),
    ]


def machine() -> dict[str, str]:
    """What it ran on, in general words."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text("utf-8").splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": f"{os.cpu_count()} cores, {models[0] if models else platform.machine()}",
        "system": platform.system(),
        "python": f"Python {platform.python_version()}",
    }


def _cpu_s(runs: list[Run]) -> float:
    return median(run.cpu_s for run in runs)


def _told(name: str, run: Run) -> Run:
    took = f"{run.cpu_s:7.2f} s CPU {run.wall_s:7.2f} s {run.memory_mib:6.0f} MiB"
    print(f"{name:<12}{took} {dict(run.requests)}", file=sys.stderr)
    return run


if __name__ == "__main__":
    main()
