"""Intervals: exact for medians, Wilson for shares, Holm for many tests, and a bound for outliers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cidash.analysis.statistics.intervals import median_interval, outliers, wilson
from cidash.analysis.statistics.multiple import holm


@pytest.mark.parametrize(
    ("n", "places"),
    [(5, None), (6, (1, 6)), (8, (1, 8)), (9, (2, 8)), (10, (2, 9)), (20, (6, 15)), (30, (10, 21)), (100, (40, 61))],
)
def test_the_places_of_the_median_interval_are_those_of_the_tables(n: int, places: tuple[int, int] | None) -> None:
    assert median_interval(list(range(1, n + 1))) == places


@given(st.integers(6, 200))
def test_the_median_interval_covers_at_least_what_it_promises(n: int) -> None:
    interval = median_interval(list(range(1, n + 1)))
    assert interval is not None
    low = int(interval[0])
    assert 1 - 2 * stats.binom.cdf(low - 1, n, 0.5) >= 0.95
    assert 1 - 2 * stats.binom.cdf(low, n, 0.5) < 0.95, "one place narrower would not"


@given(st.integers(0, 60), st.integers(0, 60))
@settings(max_examples=200, deadline=None)
def test_wilson_is_scipys(successes: int, failures: int) -> None:
    n = successes + failures
    low, high = wilson(successes, n)
    if n == 0:
        assert (low, high) == (0.0, 1.0)
        return
    expected = stats.binomtest(successes, n).proportion_ci(method="wilson")
    assert low == pytest.approx(expected.low, abs=1e-9)
    assert high == pytest.approx(expected.high, abs=1e-9)


def test_wilson_refuses_what_is_no_share() -> None:
    with pytest.raises(ValueError, match="5 of 4"):
        wilson(5, 4)


def test_eighteen_of_twenty() -> None:
    low, high = wilson(18, 20)
    assert round(low * 100) == 70
    assert round(high * 100) == 97


def test_holm_by_example() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([]) == ()


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_keeps_the_order_and_never_lowers(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(new >= old for new, old in zip(adjusted, p_values, strict=True))
    assert all(new <= 1 for new in adjusted)
    pairs = sorted(zip(p_values, adjusted, strict=True))
    assert [pair[1] for pair in pairs] == sorted(adjusted)


def test_outliers_are_marked_never_in_a_handful() -> None:
    assert outliers([100, 101, 99, 102, 98, 400]) == (5,)
    assert outliers([100, 400]) == ()
    assert outliers([100, 100, 100, 100, 100, 400]) == (), "no spread, no yardstick"
