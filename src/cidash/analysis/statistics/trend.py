"""A series over time: change points by E-divisive (Matteson and James 2014) on logs, slow drift by Theil-Sen."""

import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, median

LEAST_SEGMENT = 3
PERMUTATIONS = 199
SIGNIFICANCE = 0.01
DRIFT_AT_LEAST = 20


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """The first place of the series that belongs to the new level."""

    place: int
    before: float
    """Median of the segment before, in the series' own unit."""
    after: float
    p_value: float

    @property
    def ratio(self) -> float:
        """The new median over the old one."""
        return self.after / self.before


def change_points(durations: Sequence[float], *, materiality: float = 0.10, seed: int = 1) -> tuple[ChangePoint, ...]:
    """Returns the places where the level of the series changed, in order.

    Bisects at the split with the largest energy distance between the logs of both parts, as long as a permutation
    test (199 shuffles, at most 1 % as extreme) supports it; segments have at least three values. Changes of the
    median by less than `materiality` are dropped. The shuffles are seeded: the same series gives the same answer.

    Raises:
        ValueError: a duration is not above zero.
    """
    if any(not value > 0 for value in durations):
        raise ValueError("durations must be above zero")
    logs = [math.log(value) for value in durations]
    dice = random.Random(seed)  # noqa: S311 - a shuffle, no secret
    splits: dict[int, float] = {}
    _bisect(logs, 0, len(logs), dice, splits)
    places = sorted(splits)
    while places:  # dropping one joins its neighbours, whose medians then change
        bounds = [0, *places, len(durations)]
        medians = [median(durations[start:end]) for start, end in itertools.pairwise(bounds)]
        sizes = [abs(math.log(after / before)) for before, after in itertools.pairwise(medians)]
        weakest = min(range(len(places)), key=sizes.__getitem__)
        if sizes[weakest] >= math.log1p(materiality):
            return tuple(
                ChangePoint(place, medians[i], medians[i + 1], splits[place]) for i, place in enumerate(places)
            )
        del places[weakest]
    return ()


def segments(n: int, points: Sequence[ChangePoint]) -> tuple[tuple[int, int], ...]:
    """Returns (start, end) of the levels that the change points divide a series of n values into."""
    bounds = [0, *(point.place for point in points), n]
    return tuple(itertools.pairwise(bounds))


def drift(durations: Sequence[float], confidence: float = 0.95) -> tuple[float, tuple[float, float]] | None:
    """Returns the Theil-Sen slope of the logs (relative change per run) with its interval; None below 20 runs.

    The interval inverts Kendall's test with its normal approximation (Sen 1968).
    """
    n = len(durations)
    if n < DRIFT_AT_LEAST:
        return None
    logs = [math.log(value) for value in durations]
    slopes = sorted((logs[j] - logs[i]) / (j - i) for i in range(n) for j in range(i + 1, n))
    spread = math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    reach = NormalDist().inv_cdf(1 - (1 - confidence) / 2) * spread
    low = max(0, math.floor((len(slopes) - reach) / 2))
    high = min(len(slopes) - 1, math.ceil((len(slopes) + reach) / 2))
    return (math.expm1(median(slopes)), (math.expm1(slopes[low]), math.expm1(slopes[high])))


def _bisect(logs: Sequence[float], start: int, end: int, dice: random.Random, splits: dict[int, float]) -> None:
    part = list(logs[start:end])
    if len(part) < 2 * LEAST_SEGMENT:
        return
    statistic, split = _best_split(part)
    if split is None:
        return
    as_extreme = 0
    allowed = int(SIGNIFICANCE * (PERMUTATIONS + 1)) - 1
    for _ in range(PERMUTATIONS):
        dice.shuffle(part)
        if _best_split(part)[0] >= statistic:
            as_extreme += 1
            if as_extreme > allowed:
                return
    splits[start + split] = (as_extreme + 1) / (PERMUTATIONS + 1)
    _bisect(logs, start, start + split, dice, splits)
    _bisect(logs, start + split, end, dice, splits)


def _best_split(values: Sequence[float]) -> tuple[float, int | None]:
    """Returns the largest scaled energy distance over all splits, and the split.

    The three sums of distances (within left, within right, between) are carried from one split to the next.
    """
    n = len(values)
    total = sum(abs(values[i] - values[j]) for i in range(n) for j in range(i))
    within_left = 0.0
    within_right = total
    best, place = 0.0, None
    for moved in range(n - LEAST_SEGMENT):
        value = values[moved]
        to_left = sum([abs(value - other) for other in values[:moved]])
        to_right = sum([abs(value - other) for other in values[moved + 1 :]])
        within_left += to_left
        within_right -= to_right
        left = moved + 1
        if left < LEAST_SEGMENT:
            continue
        right = n - left
        between = total - within_left - within_right
        energy = 2 * between / (left * right)
        energy -= within_left / (left * (left - 1) / 2) + within_right / (right * (right - 1) / 2)
        scaled = left * right / n * energy
        if scaled > best:
            best, place = scaled, left
    return best, place
