"""Exact interval of a median, Wilson interval of a share."""

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist, median

MEDIAN_INTERVAL_AT_LEAST = 6
"""The least n with a finite 95 % interval: 2 / 2**6 < 0.05 < 2 / 2**5."""


def median_interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float] | None:
    """Returns the order-statistic interval of the median, valid for any distribution; None when n is too small."""
    cut = _binomial_cut(len(values), (1 - confidence) / 2)
    if cut < 1:
        return None
    ordered = sorted(values)
    return (ordered[cut - 1], ordered[len(ordered) - cut])


def wilson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Returns the Wilson score interval of a share (Wilson 1927); (0, 1) when there is no data.

    Raises:
        ValueError: the successes are negative or more than n.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is no share")
    if n == 0:
        return (0.0, 1.0)
    z = NormalDist().inv_cdf(1 - (1 - confidence) / 2)
    share = successes / n
    scale = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / scale
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / scale
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return (low, high)


def outliers(values: Sequence[float], bound: float = 14.8) -> tuple[int, ...]:
    """Returns the places of values further than `bound` median absolute deviations from the median.

    The bound is that of hyperfine's outlier warning. Fewer than five values, or no spread at all, mark nothing.
    """
    if len(values) < 5:
        return ()
    centre = median(values)
    spread = median(abs(value - centre) for value in values)
    if spread <= 0:
        return ()
    return tuple(place for place, value in enumerate(values) if abs(value - centre) / spread > bound)


@lru_cache(maxsize=512)
def _binomial_cut(n: int, tail: float) -> int:
    """Returns the largest k with P(Binomial(n, 1/2) < k) <= tail, 0 when there is none."""
    below = 0
    for k in range(n // 2 + 1):
        below += math.comb(n, k)
        if below / 2**n > tail:
            return k
    return n // 2
