"""The median, without the start-up cost of the standard library's statistics module."""

from collections.abc import Iterable


def median(values: Iterable[float]) -> float:
    """Returns the middle value, or the mean of the two in the middle.

    Raises:
        ValueError: there is no value.
    """
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no median of no values")
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    low, high = ordered[middle - 1], ordered[middle]
    return low + (high - low) / 2
