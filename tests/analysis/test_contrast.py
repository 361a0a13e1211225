"""Two samples: exact p and intervals against scipy, the rule of the verdict, Holm, facts about tiny samples."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cidash.analysis.contrast import contrast, fact, lacking, together
from cidash.domain.comparison import Outcome

seconds = st.floats(1, 5_000, allow_nan=False)
samples = st.lists(seconds, min_size=1, max_size=12)


def test_better_worse_and_no_proof() -> None:
    base = [200.0, 205, 210, 215, 220]
    better = contrast(base, [value / 2 for value in base])
    assert (better.verdict, better.chance_faster) == (Outcome.BETTER, 1.0)
    assert better.ratio == pytest.approx(0.5, abs=0.02)
    assert contrast(base, [value * 1.5 for value in base]).verdict is Outcome.WORSE
    assert contrast(base, base).verdict is Outcome.NO_PROOF


def test_a_sure_change_that_is_too_small_is_no_proof() -> None:
    base = [100.0, 101, 102, 103, 104, 105]
    near = contrast(base, [value - 14 for value in base])
    assert near.p_value is not None
    assert near.p_value < 0.05
    assert near.verdict is Outcome.NO_PROOF
    assert contrast(base, [value - 16 for value in base]).verdict is Outcome.BETTER
    long = [value * 10 for value in base]
    assert contrast(long, [value - 90 for value in long]).verdict is Outcome.NO_PROOF
    assert contrast(long, [value - 110 for value in long]).verdict is Outcome.BETTER


@pytest.mark.parametrize(
    ("base", "head", "missing"),
    [(4, 4, (0, 0)), (5, 3, (0, 0)), (3, 5, (0, 0)), (14, 3, (0, 0)), (4, 3, (0, 1)), (3, 3, (1, 1)), (14, 2, (0, 1)),
     (0, 0, (4, 4)), (20, 0, (0, 3)), (2, 9, (1, 0))],
)  # fmt: skip
def test_what_is_lacking(base: int, head: int, missing: tuple[int, int]) -> None:
    assert lacking(base, head) == missing


def test_facts_of_tiny_samples() -> None:
    names = ("main", "kan-77")
    assert fact([100, 110], [50], names) == "the one kan-77 run faster than all 2 main runs"
    assert fact([100] * 14, [50, 60, 70], names) == "all 3 kan-77 runs faster than all 14 main runs"
    assert fact([10, 20], [30, 40], names) == "all 2 kan-77 runs slower than all 2 main runs"
    assert fact([100, 110, 120], [105, 200], names) == "1 of 2 kan-77 runs faster than the main median"
    assert fact([1, 2, 3, 4, 5], [3, 4, 5, 6, 7], names) is None


def test_an_empty_side() -> None:
    found = contrast([], [1.0])
    assert (found.ratio, found.p_value, found.verdict, found.more_base, found.more_head) == (
        None, None, Outcome.NO_PROOF, 4, 3,
    )  # fmt: skip


def test_several_at_once_are_adjusted_and_ranked_by_cost() -> None:
    base, head = [100.0, 101, 102, 103], [200.0, 201, 202, 203]
    one = contrast(base, head)
    assert one.verdict is Outcome.WORSE
    many = together([contrast(base, [value + step for value in head], step=str(step)) for step in (0, 50, 20)])
    assert [each.step for each in many] == ["50", "20", "0"]
    assert {each.verdict for each in many} == {Outcome.NO_PROOF}
    assert many[0].p_value == pytest.approx(3 * (one.p_value or 0))


@settings(max_examples=60, deadline=None)
@given(samples, samples)
def test_p_and_estimate_agree_with_scipy(base: list[float], head: list[float]) -> None:
    found = contrast(base, head)
    assert found.p_value is not None
    assert found.shift_seconds is not None
    if len({*base, *head}) == len(base) + len(head):
        oracle = stats.mannwhitneyu(head, base, alternative="two-sided", method="exact")
        assert found.p_value == pytest.approx(float(oracle.pvalue))
        assert found.chance_faster == pytest.approx(1 - float(oracle.statistic) / (len(base) * len(head)))
    differences = sorted(one - other for one, other in itertools.product(head, base))
    middle = (differences[(len(differences) - 1) // 2] + differences[len(differences) // 2]) / 2
    assert found.shift_seconds == pytest.approx(middle)


@settings(max_examples=60, deadline=None)
@given(samples, samples, st.floats(1, 10))
def test_what_must_always_hold(base: list[float], head: list[float], factor: float) -> None:
    found, turned = contrast(base, head), contrast(head, base)
    assert found.ratio is not None
    assert turned.ratio is not None
    assert found.ratio == pytest.approx(1 / turned.ratio)
    assert found.p_value == pytest.approx(turned.p_value)
    scaled = contrast([one * factor for one in base], [one * factor for one in head])
    assert scaled.ratio == pytest.approx(found.ratio)
    if found.ratio_interval is not None:
        assert found.ratio_interval[0] <= found.ratio <= found.ratio_interval[1]
        assert found.minimum_detectable_ratio is not None
        assert 0 <= found.minimum_detectable_ratio <= 0.9
    if found.verdict is not Outcome.NO_PROOF:
        assert math.copysign(1, found.shift_seconds or 0) == (-1 if found.verdict is Outcome.BETTER else 1)
        assert min(len(base), len(head)) >= 3
