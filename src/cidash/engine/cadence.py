"""How long to wait until the next poll: by activity, failures, focus and budget. Pure, seconds in and out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from cidash.domain.ci import Run
from cidash.domain.problem import Problem, ProblemKind
from cidash.domain.snapshot import Budget

UNFOCUSED_SECONDS = 30.0
LONGEST_RETRY_SECONDS = 30.0
HOPELESS_SECONDS = 300.0
HORIZON_SECONDS = 900.0
_RECENT = timedelta(minutes=5)
_RESERVE = 20  # requests left to the user's own writes when the share is used up


class Activity(Enum):
    """How lively a repository is."""

    ACTIVE = "active"
    RECENT = "recent"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class Pace:
    """The wanted intervals, in seconds, and the share of the hourly limit that may be spent."""

    active_seconds: float = 3.0
    recent_seconds: float = 10.0
    idle_seconds: float = 30.0
    jira_seconds: float = 20.0
    budget: float = 0.25


def activity_of(runs: Iterable[Run], now: datetime) -> Activity:
    """Returns how lively these runs are: one goes on, or one changed within five minutes, or neither."""
    lively = Activity.IDLE
    for run in runs:
        if run.state.is_active:
            return Activity.ACTIVE
        if now - run.updated_at < _RECENT:
            lively = Activity.RECENT
    return lively


def wanted_interval(activity: Activity, pace: Pace, *, focused: bool) -> float:
    """Returns the interval without regard to failures and budget."""
    seconds = {
        Activity.ACTIVE: pace.active_seconds,
        Activity.RECENT: pace.recent_seconds,
        Activity.IDLE: pace.idle_seconds,
    }[activity]
    return seconds if focused else max(seconds, UNFOCUSED_SECONDS)


def budget_interval(budget: Budget, share: float, spent: int, cost: float, now: datetime) -> float:
    """Returns the shortest interval that the budget bears; 0 when it asks for nothing.

    What is left of the share is spread over the next quarter of an hour, or over the time to the reset if that is
    shorter: a lively ten minutes may be quick, and the less is left the slower it gets, so the share is never
    overdrawn.

    Args:
        budget: the host's limit as its answers told it.
        share: part of the hourly limit that cidash may spend.
        spent: charged requests of ours since the limit was last reset.
        cost: charged requests that one round has lately cost.
        now: the present moment.
    """
    if budget.limit is None or budget.remaining is None or budget.reset_at is None:
        return 0.0
    left_seconds = (budget.reset_at - now).total_seconds()
    if left_seconds <= 0:
        return 0.0
    available = min(budget.limit * share - spent, budget.remaining - _RESERVE)
    if available <= 0:
        return left_seconds
    return max(cost, 0.0) * min(left_seconds, HORIZON_SECONDS) / available


def retry_interval(problem: Problem, failures: int, base: float, now: datetime) -> float:
    """Returns the wait after a failed poll: doubling and capped, or what the server asked for.

    A wrong token or a missing right is asked about again only every five minutes (and on `r`).
    """
    if problem.retry_at is not None:
        return max(1.0, (problem.retry_at - now).total_seconds())
    if problem.kind in {ProblemKind.UNAUTHORIZED, ProblemKind.FORBIDDEN, ProblemKind.NOT_FOUND}:
        return HOPELESS_SECONDS
    return min(max(base, LONGEST_RETRY_SECONDS), base * 2.0 ** min(failures - 1, 6))
