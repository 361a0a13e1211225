"""Intervals: lively is quick, idle is slow, a limit is obeyed, and the budget is never overdrawn."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cidash.domain.ci import Run
from cidash.domain.problem import Problem, ProblemKind
from cidash.domain.snapshot import Budget
from cidash.engine.cadence import (
    HOPELESS_SECONDS,
    Activity,
    Pace,
    activity_of,
    budget_interval,
    retry_interval,
    wanted_interval,
)
from cidash.engine.spending import Spending

NOW = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)


def test_activity(run: Callable[..., Run]) -> None:
    old = run(updated_at=NOW - timedelta(hours=1))
    assert activity_of([], NOW) is Activity.IDLE
    assert activity_of([old], NOW) is Activity.IDLE
    assert activity_of([run(updated_at=NOW - timedelta(minutes=4))], NOW) is Activity.RECENT
    assert activity_of([old, run(status="in_progress", conclusion=None)], NOW) is Activity.ACTIVE


@pytest.mark.parametrize(
    ("activity", "focused", "seconds"),
    [
        (Activity.ACTIVE, True, 3.0),
        (Activity.RECENT, True, 10.0),
        (Activity.IDLE, True, 30.0),
        (Activity.ACTIVE, False, 30.0),
    ],
)
def test_wanted_interval(activity: Activity, focused: bool, seconds: float) -> None:
    assert wanted_interval(activity, Pace(), focused=focused) == seconds


def test_a_limit_is_waited_for() -> None:
    limited = Problem(ProblemKind.RATE_LIMITED, "limit", retry_at=NOW + timedelta(seconds=720))
    assert retry_interval(limited, 1, 3.0, NOW) == 720


def test_an_outage_is_retried_ever_slower_but_within_half_a_minute() -> None:
    down = Problem(ProblemKind.UNREACHABLE, "down")
    waits = [retry_interval(down, failures, 3.0, NOW) for failures in range(1, 8)]
    assert waits == [3, 6, 12, 24, 30, 30, 30]


def test_a_wrong_token_is_not_hammered() -> None:
    assert retry_interval(Problem(ProblemKind.UNAUTHORIZED, "401"), 1, 3.0, NOW) == HOPELESS_SECONDS


@given(
    share=st.floats(0.02, 1.0),
    cost=st.integers(1, 30),
    left=st.integers(1, 3600),
    wanted=st.sampled_from([3.0, 10.0, 30.0]),
)
def test_the_budget_is_never_overdrawn(share: float, cost: int, left: int, wanted: float) -> None:
    spent, now, end = 0, NOW, NOW + timedelta(seconds=left)
    while now < end:
        budget = Budget("github.com", 5000, 5000 - spent, end)
        spent += cost
        now += timedelta(seconds=max(wanted, budget_interval(budget, share, spent, cost, now)))
    assert spent <= 5000 * share + cost


def test_a_lively_ten_minutes_are_not_slowed() -> None:
    budget = Budget("github.com", 5000, 4900, NOW + timedelta(hours=1))
    assert budget_interval(budget, 0.25, 100, 2.0, NOW) < 3
    nearly_spent = Budget("github.com", 5000, 3800, NOW + timedelta(minutes=40))
    assert budget_interval(nearly_spent, 0.25, 1150, 2.0, NOW) > 10


def test_spending_learns_the_cost_of_a_round_and_starts_anew_with_the_window() -> None:
    spending = Spending(0.25)
    first = Budget("github.com", 5000, 4000, NOW + timedelta(minutes=30), charged=25)
    spending.note_round(first)
    assert spending.interval(first, NOW) == 0
    spending.note_round(Budget("github.com", 5000, 3990, NOW + timedelta(minutes=30), charged=26))
    busy = Budget("github.com", 5000, 3000, NOW + timedelta(minutes=30), charged=1250)
    spending.note_round(busy)
    assert spending.interval(busy, NOW) == 1800, "the share is used up: wait for the reset"
    assert spending.spare(busy) == 0
    fresh = Budget("github.com", 5000, 5000, NOW + timedelta(minutes=90), charged=1250)
    assert spending.spare(fresh) == 625
    assert spending.shown(fresh, 3.0, NOW).slowed_to_seconds is not None
