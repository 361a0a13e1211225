"""Several tests at once: Holm's step-down adjustment (Holm 1979)."""

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Returns the adjusted p values in the same order: each may be compared with the level as if it stood alone."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for step, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - step) * p_values[place]))
        adjusted[place] = highest
    return tuple(adjusted)
