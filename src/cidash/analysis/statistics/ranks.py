"""Two samples compared by rank: exact Mann-Whitney test, Hodges-Lehmann shift with its exact interval."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

EXACT_LIMIT = 40
"""Per side; beyond it the normal approximation is used: exact counts cost time that the eye would notice."""
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Shift:
    """How far the second sample lies from the first: Hodges-Lehmann estimate and its interval."""

    estimate: float
    interval: tuple[float, float] | None
    """None when the samples are too small for an interval of the wanted confidence."""


def chance_lower(base: Sequence[float], head: Sequence[float]) -> float:
    """Returns the chance that a value of `head` is below one of `base`; ties count half."""
    wins = sum((one < other) + 0.5 * (one == other) for one in head for other in base)
    return wins / (len(base) * len(head))


def mann_whitney_p(base: Sequence[float], head: Sequence[float]) -> float:
    """Returns the two-sided p value of the Mann-Whitney test, 1.0 when a side is empty.

    Exact over all divisions of the pooled ranks (ties take midranks) up to 40 values a side, then by the normal
    approximation with tie and continuity correction.
    """
    n, m = len(base), len(head)
    if not n or not m:
        return 1.0
    ranks = _doubled_midranks([*base, *head])
    observed = sum(ranks[n:])
    mean = m * (n + m + 1)  # of the doubled rank sum
    distance = abs(observed - mean)
    if max(n, m) > EXACT_LIMIT:
        return _normal_p(ranks, n, m, distance / 2)
    counts = _rank_sum_counts(tuple(sorted(ranks)), m)
    extreme = sum(count for total, count in counts if abs(total - mean) >= distance)
    return min(1.0, extreme / math.comb(n + m, m))


def hodges_lehmann(base: Sequence[float], head: Sequence[float], confidence: float = 0.95) -> Shift:
    """Returns the median of all differences `head - base`, with the exact interval that inverts the rank test.

    An interval needs 4 + 4 or 3 + 5 values at 95 % confidence.

    Raises:
        ValueError: a sample is empty.
    """
    if not base or not head:
        raise ValueError("both samples need at least one value")
    differences = sorted(one - other for one in head for other in base)
    size = len(differences)
    middle = size // 2
    estimate = differences[middle] if size % 2 else (differences[middle - 1] + differences[middle]) / 2
    cut = _interval_cut(len(base), len(head), confidence)
    return Shift(estimate, (differences[cut - 1], differences[size - cut]) if cut >= 1 else None)


def can_decide(n: int, m: int) -> bool:
    """Whether samples of these sizes can reach p < 0.05 at all, by the least p value of the exact test."""
    return n > 0 and m > 0 and 2 / math.comb(n + m, m) < 0.05


def _doubled_midranks(values: Sequence[float]) -> list[int]:
    """Returns twice the midrank of each value, so that ties stay whole numbers."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for place in order[start : end + 1]:
            ranks[place] = start + end + 2
        start = end + 1
    return ranks


@lru_cache(maxsize=64)
def _rank_sum_counts(doubled_ranks: tuple[int, ...], size: int) -> tuple[tuple[int, int], ...]:
    """Returns (doubled rank sum, number of subsets of `size` that have it) for all sums that occur.

    The generating polynomial over the sums is held in one big integer per subset size, with room for one count in
    every `width` bytes, so that a whole polynomial is shifted and added at once.
    """
    width = (math.comb(len(doubled_ranks), size).bit_length() + 7) // 8
    polynomials = [1] + [0] * size
    for seen, rank in enumerate(doubled_ranks):
        shift = rank * width * 8
        for chosen in range(min(seen + 1, size), 0, -1):
            polynomials[chosen] += polynomials[chosen - 1] << shift
    packed = polynomials[size]
    raw = packed.to_bytes(-(-packed.bit_length() // (width * 8)) * width, "little")
    counts = []
    for total in range(len(raw) // width):
        count = int.from_bytes(raw[total * width : (total + 1) * width], "little")
        if count:
            counts.append((total, count))
    return tuple(counts)


@lru_cache(maxsize=256)
def _interval_cut(n: int, m: int, confidence: float) -> int:
    """Returns k so that the k-th smallest and k-th largest difference bound the interval; 0 when none does."""
    tail = (1 - confidence) / 2
    if max(n, m) > EXACT_LIMIT:
        spread = math.sqrt(n * m * (n + m + 1) / 12)
        return max(0, math.floor(n * m / 2 - _NORMAL.inv_cdf(1 - tail) * spread))
    divisions = math.comb(n + m, m)
    least = m * (m + 1)  # the smallest doubled rank sum
    below = 0
    cut = 0
    for total, count in _rank_sum_counts(tuple(2 * rank for rank in range(1, n + m + 1)), m):
        below += count
        if below / divisions > tail:
            break
        cut = (total - least) // 2 + 1
    return cut


def _normal_p(ranks: Sequence[int], n: int, m: int, distance: float) -> float:
    size = n + m
    ties = 0
    for rank in set(ranks):
        tied = ranks.count(rank)
        ties += tied**3 - tied
    variance = n * m / 12 * (size + 1 - ties / (size * (size - 1)))
    if variance <= 0:
        return 1.0
    return min(1.0, 2 * _NORMAL.cdf(-max(0.0, distance - 0.5) / math.sqrt(variance)))
