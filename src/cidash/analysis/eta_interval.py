"""How long still, as an interval that holds 8 times of 10, from earlier durations of the same job or workflow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cidash.analysis.duration import elapsed_seconds, executed_jobs
from cidash.domain.ci import Attempt, Job, Run
from cidash.domain.snapshot import Typical

SHARE = 0.80
LEAST = 10
"""Fewer earlier durations give no interval: it would hold too often or too rarely."""

LEAST_LONGER = 8
"""So many that were longer than the present bound the upper tail by themselves."""


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """Seconds that are probably left: the middle and the interval of `SHARE`."""

    seconds: float
    low: float
    high: float
    n: int
    """Earlier durations that are longer than what has passed: those that the interval rests on."""


def time_left_interval(job: Job, typical: Typical | None, now: datetime) -> TimeLeft | None:
    """Returns what a job still needs, from its start on when it has not started.

    None when it has ended, there are too few earlier durations, or it already took longer than all of them.
    """
    if not job.state.is_active or typical is None:
        return None
    return left_of(typical.times, elapsed_seconds(job, now) or 0.0)


def run_time_left_interval(
    run: Run, jobs: Sequence[Job], typical_run: Typical | None, typical: Mapping[str, Typical], now: datetime
) -> TimeLeft | None:
    """Returns what the run still needs: the wall times of earlier runs that were longer than this one is by now.

    It can't end before its longest running job does, so that job's interval lifts it. With too few earlier runs the
    job's interval stands alone. None as for a job, or before the first job's start.
    """
    if not run.state.is_active:
        return None
    starts = [job.started_at for job in executed_jobs(Attempt(run, tuple(jobs))) if job.started_at is not None]
    whole = None
    if typical_run is not None and starts:
        whole = left_of(typical_run.times, (now - min(starts)).total_seconds())
    parts = [left for job in jobs if (left := time_left_interval(job, typical.get(job.name), now)) is not None]
    longest = max(parts, key=lambda left: left.seconds, default=None)
    if whole is None or longest is None:
        return whole or longest
    low = max(whole.low, min(longest.low, whole.seconds))
    return TimeLeft(max(whole.seconds, low), low, max(whole.high, longest.high, low), whole.n)


def left_of(times: Sequence[float], elapsed: float) -> TimeLeft | None:
    """Returns the prediction interval for a duration of which `elapsed` seconds have passed.

    Among k earlier durations that were longer, the next one falls between any two neighbours equally often, so the
    interval runs between their order statistics (the present standing for the lowest bound). Where k is too small to
    bound the upper tail, that tail is taken as exponential with the mean of what those k still needed.
    """
    if len(times) < LEAST:
        return None
    longer = sorted(one for one in times if one > elapsed)
    k = len(longer)
    if k == 0:
        return None
    tail = (1 - SHARE) / 2
    low = _order_statistic(longer, elapsed, tail)
    middle = _order_statistic(longer, elapsed, 0.5)
    if k >= LEAST_LONGER:
        high = _order_statistic(longer, elapsed, 1 - tail)
    else:
        mean = sum(longer) / k - elapsed
        high = max(longer[-1], elapsed + k * mean * ((1 / tail) ** (1 / k) - 1))
    return TimeLeft(middle - elapsed, max(0.0, low - elapsed), max(high - elapsed, middle - elapsed), k)


def _order_statistic(ordered: Sequence[float], floor: float, share: float) -> float:
    """Returns the value below which that share of new durations lies, between neighbours in proportion."""
    place = min(share * (len(ordered) + 1), float(len(ordered)))
    below = int(place)
    low = floor if below == 0 else ordered[below - 1]
    if below >= len(ordered):
        return ordered[-1]
    return low + (place - below) * (ordered[below] - low)
