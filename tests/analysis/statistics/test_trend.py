"""Change points: found where the level changed, not where one run was slow, and the same on every call."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cidash.analysis.statistics.trend import change_points, drift, segments


def series(levels: list[tuple[float, int]], seed: int, spread: float = 0.10) -> list[float]:
    dice = random.Random(seed)
    return [level * math.exp(dice.gauss(0, spread)) for level, n in levels for _ in range(n)]


def test_a_halved_duration_is_found_where_it_happened() -> None:
    points = change_points(series([(200, 25), (100, 15)], seed=3))
    assert [point.place for point in points] == [25]
    assert points[0].ratio == pytest.approx(0.5, rel=0.15)
    assert segments(40, points) == ((0, 25), (25, 40))


def test_two_changes_are_both_found() -> None:
    points = change_points(series([(200, 20), (100, 20), (150, 20)], seed=5))
    assert [point.place for point in points] == pytest.approx([20, 40], abs=1)


def test_one_slow_run_is_no_change() -> None:
    values = series([(200, 40)], seed=7)
    values[30] *= 3
    assert change_points(values) == ()


def test_a_small_change_is_not_material() -> None:
    assert change_points(series([(200, 30), (190, 30)], seed=11, spread=0.005)) == ()


def test_the_same_series_gives_the_same_answer() -> None:
    values = series([(200, 20), (160, 20)], seed=13)
    assert change_points(values) == change_points(values)


def test_a_stable_series_seldom_alarms() -> None:
    alarms = sum(bool(change_points(series([(200, 30)], seed=seed, spread=0.12))) for seed in range(60))
    assert alarms <= 3


@given(st.lists(st.floats(0.5, 10_000), max_size=25))
@settings(max_examples=40, deadline=None)
def test_segments_are_never_shorter_than_three(values: list[float]) -> None:
    points = change_points(values)
    assert all(end - start >= 3 for start, end in segments(len(values), points)) or not points


def test_a_duration_must_be_above_zero() -> None:
    with pytest.raises(ValueError, match="above zero"):
        change_points([1.0, 0.0])


def test_drift_needs_twenty_runs_and_tells_the_sign() -> None:
    assert drift([100.0] * 19) is None
    dice = random.Random(1)
    rising = [100 * 1.01**i * math.exp(dice.gauss(0, 0.05)) for i in range(40)]
    found = drift(rising)
    assert found is not None
    slope, (low, high) = found
    assert low < slope < high
    assert slope == pytest.approx(0.01, abs=0.004)
    assert low > 0
