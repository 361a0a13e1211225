"""Targets judged by the plain rule: the median of the newest comparable attempts against the limit."""

from collections.abc import Iterable, Mapping, Sequence

from cidash.analysis.duration import attempt_seconds, executed_jobs, job_seconds, step_seconds
from cidash.analysis.median import median
from cidash.domain.cache import CacheState, worst_cache_state
from cidash.domain.ci import Attempt
from cidash.domain.format import percent, seconds_text
from cidash.domain.state import State
from cidash.domain.target import Target, TargetResult, Verdict

WINDOW = 20
"""How many of the newest comparable attempts count."""
MINIMUM = 6
"""Fewer give no verdict."""


def judge(
    targets: Sequence[Target], attempts: Sequence[Attempt], caches: Mapping[int, CacheState]
) -> tuple[TargetResult, ...]:
    """Returns one result for each target, in their order.

    Comparable is a successful first attempt of the target's workflow with a readable duration and, when the target
    names a cache state, with that state. The newest 20 count; below 6 the verdict is unknown. A target that names a
    job or a step is about that alone. Measures that are fed by controls are unknown.

    Args:
        targets: what to judge; durations are seconds.
        attempts: finished attempts in any order, of all workflows.
        caches: worst cache state by job id; a job that is missing has not been read.
    """
    newest_first = sorted(attempts, key=lambda attempt: (attempt.run.started_at, attempt.run.id), reverse=True)
    return tuple(_judge_one(target, newest_first, caches) for target in targets)


def cache_arm(attempt: Attempt, caches: Mapping[int, CacheState]) -> CacheState:
    """Returns the attempt's cache state: the worst among its executed jobs, unknown if that of any is."""
    return worst_cache_state([caches.get(job.id, CacheState.UNKNOWN) for job in executed_jobs(attempt)])


def improvement_text(result: TargetResult) -> str | None:
    """Returns how a measured duration compares with the baseline (`52% less than 3m30s`), or None without the two."""
    baseline, value = result.target.baseline, result.value
    if baseline is None or value is None or baseline <= 0 or result.target.unit != "seconds":
        return None
    change = (value - baseline) / baseline
    if abs(change) < 0.005:
        return f"as long as the baseline of {seconds_text(baseline)}"
    return f"{percent(abs(change))} {'less' if change < 0 else 'more'} than the baseline of {seconds_text(baseline)}"


def _judge_one(target: Target, attempts: Iterable[Attempt], caches: Mapping[int, CacheState]) -> TargetResult:
    if target.measure != "run-duration":
        return TargetResult(target, Verdict.UNKNOWN, "Controls are not read yet.")
    if target.cache_name is not None:
        return TargetResult(target, Verdict.UNKNOWN, "The states of single caches are not read yet.")
    values: list[float] = []
    unread = 0
    for attempt in attempts:
        if not _is_comparable(target, attempt) or (seconds := _seconds_of(target, attempt)) is None:
            continue
        if target.cache is not None and (arm := cache_arm(attempt, caches)) is not target.cache:
            unread += arm is CacheState.UNKNOWN
            continue
        values.append(seconds)
        if len(values) == WINDOW:
            break
    return _verdict(target, values, unread)


def _is_comparable(target: Target, attempt: Attempt) -> bool:
    run = attempt.run
    if target.workflow is not None and target.workflow not in {
        run.workflow_name,
        run.workflow_path,
        run.workflow_path.rpartition("/")[2],
    }:
        return False
    return run.attempt == 1 and run.state is State.SUCCESS


def _verdict(target: Target, values: Sequence[float], unread: int) -> TargetResult:
    n = len(values)
    value = median(values) if values else None
    within = None if target.limit is None else sum(one <= target.limit for one in values)
    left_out = f" {unread} left out: cache state unknown." if unread else ""
    if n < MINIMUM or value is None:
        more = MINIMUM - n
        reason = f"{_runs(n)}: {more} more {'run' if more == 1 else 'runs'} for a verdict.{left_out}"
        return TargetResult(target, Verdict.UNKNOWN, reason, n, value, within=within)
    if target.limit is None:
        return TargetResult(target, Verdict.UNKNOWN, f"No limit is set; median of {_runs(n)}.{left_out}", n, value)
    met = value <= target.limit
    result = TargetResult(target, Verdict.MET if met else Verdict.MISSED, "", n, value, within=within)
    compared = improvement_text(result)
    reason = (
        f"Median {seconds_text(value)} of {_runs(n)} is {'within' if met else 'over'} the limit of "
        f"{seconds_text(target.limit)}{f', {compared}' if compared else ''}.{left_out}"
    )
    return TargetResult(target, result.verdict, reason, n, value, within=within)


def _runs(n: int) -> str:
    return "1 run" if n == 1 else f"{n} runs" if n else "No run"


def _seconds_of(target: Target, attempt: Attempt) -> float | None:
    if target.step is not None:
        return _step_seconds(target, attempt)
    if target.job is None:
        return attempt_seconds(attempt)
    jobs = (job for job in executed_jobs(attempt) if job.name == target.job and job.state is State.SUCCESS)
    return next((seconds for job in jobs if (seconds := job_seconds(job)) is not None), None)


def _step_seconds(target: Target, attempt: Attempt) -> float | None:
    steps = (
        step
        for job in executed_jobs(attempt)
        if target.job is None or job.name == target.job
        for step in job.steps
        if step.name == target.step and step.state is State.SUCCESS
    )
    return next((seconds for step in steps if (seconds := step_seconds(step)) is not None), None)
