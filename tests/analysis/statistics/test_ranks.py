"""The rank test and the shift, held against scipy and against the constants that tables print."""

import math
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cidash.analysis.statistics.ranks import can_decide, chance_lower, hodges_lehmann, mann_whitney_p

values = st.floats(1, 1000, allow_nan=False).map(lambda x: round(x, 6))
distinct = st.lists(values, min_size=6, max_size=24, unique=True)
tied = st.lists(st.integers(1, 6).map(float), min_size=2, max_size=5)


@given(distinct, st.data())
@settings(max_examples=150, deadline=None)
def test_without_ties_the_p_value_is_scipys_exact_one(pool: list[float], data: st.DataObject) -> None:
    cut = data.draw(st.integers(2, len(pool) - 2))
    base, head = pool[:cut], pool[cut:]
    expected = stats.mannwhitneyu(head, base, alternative="two-sided", method="exact").pvalue
    assert mann_whitney_p(base, head) == pytest.approx(expected, abs=1e-12)


@given(tied, tied)
@settings(max_examples=80, deadline=None)
def test_with_ties_the_p_value_counts_every_division(base: list[float], head: list[float]) -> None:
    pool = [*base, *head]
    ranks = stats.rankdata(pool)
    mean = len(head) * (len(pool) + 1) / 2
    distance = abs(ranks[len(base) :].sum() - mean)
    sums = [abs(sum(ranks[list(one)]) - mean) for one in combinations(range(len(pool)), len(head))]
    expected = sum(one >= distance - 1e-9 for one in sums) / len(sums)
    assert mann_whitney_p(base, head) == pytest.approx(expected)


def test_large_samples_agree_with_scipys_approximation() -> None:
    base = [float(i % 37) for i in range(80)]
    head = [float(i % 41 + 3) for i in range(90)]
    expected = stats.mannwhitneyu(head, base, alternative="two-sided", method="asymptotic").pvalue
    assert mann_whitney_p(base, head) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("n", "m", "least"), [(3, 3, 0.10), (4, 4, 2 / 70), (5, 5, 2 / 252), (3, 5, 2 / 56)])
def test_the_least_p_value(n: int, m: int, least: float) -> None:
    assert mann_whitney_p(list(range(n)), list(range(100, 100 + m))) == pytest.approx(least)
    assert can_decide(n, m) is (least < 0.05)


def test_an_empty_or_constant_side_proves_nothing() -> None:
    assert mann_whitney_p([], [1.0]) == 1.0
    assert mann_whitney_p([5.0] * 6, [5.0] * 6) == 1.0


def test_a_worked_example_of_the_shift() -> None:
    # Hollander and Wolfe, example 4.1 (permeability constants), tables 4.1 and section 4.3: 0.305, (-0.76, 0.15).
    at_term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    earlier = [1.15, 0.88, 0.90, 0.74, 1.21]
    shift = hodges_lehmann(at_term, earlier)
    assert shift.estimate == pytest.approx(-0.305)
    assert shift.interval == pytest.approx((-0.76, 0.15))
    assert mann_whitney_p(at_term, earlier) == pytest.approx(0.2544, abs=1e-4)


def test_the_interval_needs_four_and_four_or_three_and_five() -> None:
    assert hodges_lehmann([1, 2, 3], [4, 5, 6, 7]).interval is None
    assert hodges_lehmann([1, 2, 3, 4], [4, 5, 6, 7]).interval is not None
    assert hodges_lehmann([1, 2, 3], [4, 5, 6, 7, 8]).interval is not None


@given(distinct, st.floats(-50, 50))
@settings(deadline=None)
def test_a_shifted_copy_is_shifted_by_that_much(pool: list[float], by: float) -> None:
    shift = hodges_lehmann(pool, [value + by for value in pool])
    assert math.isclose(shift.estimate, by, abs_tol=1e-6)
    if shift.interval:
        assert shift.interval[0] - 1e-6 <= by <= shift.interval[1] + 1e-6


@given(distinct, st.data())
def test_chances_of_both_directions_add_up_to_one(pool: list[float], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(pool) - 1))
    assert chance_lower(pool[:cut], pool[cut:]) + chance_lower(pool[cut:], pool[:cut]) == pytest.approx(1.0)
