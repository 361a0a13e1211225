# ruff: noqa: T201 - a benchmark prints
"""How far the statistics can be trusted, and what they cost. Run it: `python tests/benchmarks/bench_statistics.py`.

Simulates durations (log-normal noise of 5, 12 and 25 %, every twentieth run 1.5 to 3 times slower) and prints how often
intervals hold, how often the same code is called better or worse, how often a stable series gets a change point, and
how often the "80 %" intervals of the time left hold. Ends with 1 when a promise of the issue is missed.
"""

import argparse
import math
import random
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median

from cidash.analysis.contrast import contrast
from cidash.analysis.eta_interval import left_of
from cidash.analysis.statistics.intervals import median_interval, wilson
from cidash.analysis.statistics.ranks import hodges_lehmann, mann_whitney_p
from cidash.analysis.statistics.trend import change_points, drift
from cidash.domain.comparison import Outcome

NOISES = (0.05, 0.12, 0.25)
SIZES = ((4, 4), (3, 5), (5, 5), (8, 8), (6, 14), (10, 20), (20, 20))
TYPICAL_SECONDS = 200.0
BATCH = 20
"""The window of the history: the time left is told from so many earlier runs."""


def durations(count: int, noise: float, dice: random.Random, level: float = TYPICAL_SECONDS) -> list[float]:
    """Returns so many simulated durations in seconds."""
    return [
        level * dice.lognormvariate(0, noise) * (dice.uniform(1.5, 3) if dice.random() < 0.05 else 1)
        for _ in range(count)
    ]


def true_median(noise: float, dice: random.Random) -> float:
    """Returns the median that the simulated durations have in the long run."""
    return median(durations(200_001, noise, dice))


def share(what: str, hits: int, count: int) -> float:
    """Prints a share with its Wilson interval, and returns it."""
    low, high = wilson(hits, count)
    print(f"  {what:<58} {hits / count:7.2%}  ({low:.2%} to {high:.2%}, {count} runs)")
    return hits / count


def coverage(count: int, dice: random.Random) -> float:
    """Prints how often the intervals hold the truth; returns the least share."""
    print("Coverage of 95 % intervals")
    least = 1.0
    for noise in NOISES:
        truth = true_median(noise, dice)
        for n in (6, 10, 20):
            hits = 0
            for _ in range(count):
                found = median_interval(durations(n, noise, dice))
                hits += found is not None and found[0] <= truth <= found[1]
            least = min(least, share(f"median, n = {n}, noise {noise:.0%}", hits, count))
    for noise in NOISES:
        for n, m in SIZES:
            hits = 0
            for _ in range(count):
                base, head = durations(n, noise, dice), durations(m, noise, dice, TYPICAL_SECONDS * 0.7)
                found = contrast(base, head).ratio_interval
                hits += found is not None and found[0] <= 0.7 <= found[1]
            least = min(least, share(f"ratio, {n} + {m}, noise {noise:.0%}", hits, count))
    return least


def false_alarms(count: int, dice: random.Random) -> float:
    """Prints how often the same code is called better or worse; returns the share of all cells together.

    A cell whose whole interval lies above 5 % counts as a miss by itself: its share is returned then.
    """
    print("The same code against itself, called better or worse")
    cells = []
    for noise in NOISES:
        for n, m in SIZES:
            alarms = sum(
                contrast(durations(n, noise, dice), durations(m, noise, dice)).verdict is not Outcome.NO_PROOF
                for _ in range(count)
            )
            share(f"{n} + {m}, noise {noise:.0%}", alarms, count)
            cells.append(alarms)
    above = [alarms / count for alarms in cells if wilson(alarms, count)[0] > 0.05]
    return max([share("all together", sum(cells), count * len(cells)), *above])


def power(count: int, dice: random.Random) -> None:
    """Prints how often real changes are called so, the smallest detectable one among them."""
    print("Real changes that get their verdict")
    for noise in NOISES:
        for n, m in ((5, 5), (8, 8), (20, 20)):
            for ratio in (0.8, 0.7, 0.5):
                found = sum(
                    contrast(durations(n, noise, dice), durations(m, noise, dice, TYPICAL_SECONDS * ratio)).verdict
                    is Outcome.BETTER
                    for _ in range(count)
                )
                share(f"{ratio - 1:.0%}, {n} + {m}, noise {noise:.0%}", found, count)
    for noise in NOISES:
        for n, m in ((5, 5), (8, 8), (20, 20)):
            found = tried = 0
            for _ in range(count):
                seen = contrast(durations(n, noise, dice), durations(m, noise, dice)).minimum_detectable_ratio
                if seen is None or seen <= 0.05:
                    continue
                tried += 1
                head = durations(m, noise, dice, TYPICAL_SECONDS * seen)
                found += contrast(durations(n, noise, dice), head).verdict is Outcome.BETTER
            share(f"the smallest detectable change, {n} + {m}, noise {noise:.0%}", found, max(1, tried))


def stable_series(count: int, dice: random.Random) -> float:
    """Prints how often a series without a change gets a change point; returns the highest share."""
    print("Change points on stable series")
    highest = 0.0
    for n in (30, 60):
        for noise in NOISES:
            alarms = sum(bool(change_points(durations(n, noise, dice))) for _ in range(count))
            highest = max(highest, share(f"{n} runs, noise {noise:.0%}", alarms, count))
    return highest


def time_left(count: int, dice: random.Random) -> tuple[float, float]:
    """Prints how often the interval of the time left holds; returns the lowest and the highest share."""
    print('"80 %" intervals of the time left')
    low, high = 1.0, 0.0
    shapes: list[tuple[str, Callable[[int], list[float]]]] = [
        *((f"noise {noise:.0%}", lambda n, noise=noise: durations(n, noise, dice)) for noise in NOISES),
        ("hits and misses mixed", lambda n: [_mixed(dice) for _ in range(n)]),
    ]
    for name, draw in shapes:
        for n in (10, 14, BATCH):
            for moment in ("at the start", "halfway", "at any moment"):
                hits = told = 0
                while told < count:
                    times, real = sorted(draw(n)), draw(1)[0]
                    elapsed = {"at the start": 0.0, "halfway": real * 0.5}.get(moment, real * dice.random())
                    found = left_of(times, elapsed)
                    if found is None:
                        continue
                    told += 1
                    hits += found.low <= real - elapsed <= found.high
                held = share(f"{name}, {n} earlier runs, {moment}", hits, told)
                low, high = min(low, held), max(high, held)
    return low, high


def _mixed(dice: random.Random) -> float:
    level = 100.0 if dice.random() < 0.6 else 220.0
    return durations(1, 0.08, dice, level)[0]


def cost(dice: random.Random) -> None:
    """Prints what each calculation costs."""
    print("Time of each calculation")
    series = {n: durations(n, 0.12, dice) for n in (10, 20, 30, 40, 60, 100)}
    step = {n: durations(n // 2, 0.12, dice) + durations(n // 2, 0.12, dice, 100) for n in (30, 60, 100)}
    for n in (10, 20, 30, 40, 100):
        timed(f"Mann-Whitney p, {n} + {n}", lambda n=n: mann_whitney_p(series[n], _other(series[n])))  # type: ignore[misc]
        timed(f"Hodges-Lehmann, {n} + {n}", lambda n=n: hodges_lehmann(series[n], _other(series[n])))  # type: ignore[misc]
    timed("whole contrast, 20 + 20", lambda: contrast(series[20], _other(series[20])))
    timed("median with interval, 20", lambda: median_interval(series[20]))
    timed("drift, 60", lambda: drift(series[60]))
    for n in (30, 60, 100):
        timed(f"change points, {n}, stable", lambda n=n: change_points(series[n]))  # type: ignore[misc]
        timed(f"change points, {n}, one step", lambda n=n: change_points(step[n]))  # type: ignore[misc]
    timed("time left, 20", lambda: left_of(sorted(series[20]), 50))


def _other(values: Sequence[float]) -> list[float]:
    return [value * 0.9 + math.sin(place) for place, value in enumerate(values)]


def timed(what: str, call: Callable[[], object]) -> None:
    """Prints the first and the middle time of a call."""
    times = []
    for _ in range(9):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1_000)
    print(f"  {what:<58} {median(times):8.2f} ms  first {times[0]:8.2f} ms")


def main() -> None:
    """Prints all figures and ends with 1 when a promise is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=2_000, help="simulated runs of each cell (2000)")
    options.add_argument("--only", choices=["coverage", "alarms", "power", "series", "eta", "cost"])
    chosen = options.parse_args()
    dice = random.Random(40)
    missed = []
    if chosen.only in (None, "cost"):
        cost(dice)
    if chosen.only in (None, "coverage") and coverage(chosen.runs, dice) < 0.93:
        missed.append("an interval holds too rarely")
    if chosen.only in (None, "alarms") and false_alarms(chosen.runs, dice) > 0.05:
        missed.append("the same code is called better or worse too often")
    if chosen.only in (None, "eta"):
        low, high = time_left(chosen.runs, dice)
        if low < 0.75 or high > 0.90:
            missed.append("the time left is not calibrated")
    if chosen.only in (None, "power"):
        power(min(chosen.runs, 500), dice)
    if chosen.only in (None, "series") and stable_series(chosen.runs, dice) > 0.025:
        missed.append("stable series get change points too often")
    print("missed:", "; ".join(missed) or "nothing")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
