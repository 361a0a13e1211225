"""Targets judged by intervals: met or missed only where the data decides, else not proven, with what would."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from cidash.analysis.cache_saving import judge_saving
from cidash.analysis.comparability import cache_arm, choose, is_clean, is_of_workflow
from cidash.analysis.duration import attempt_seconds, executed_jobs, job_seconds, step_seconds
from cidash.analysis.median import median
from cidash.analysis.statistics.intervals import median_interval, wilson
from cidash.domain.cache import CacheState, worst_cache_state
from cidash.domain.ci import Attempt
from cidash.domain.format import percent, seconds_text
from cidash.domain.state import State
from cidash.domain.target import Target, TargetResult, Verdict

__all__ = ["DAYS", "MINIMUM", "NamedCaches", "cache_arm", "improvement_text", "judge"]

MINIMUM = 6
"""Fewer runs have no finite 95 % interval of their median, and give no verdict."""
DAYS = timedelta(days=30)
"""Older runs say nothing about now."""
SLACK = 0.15
"""How far below the wanted share its Wilson interval may reach: 0.75 for 90 %."""

NamedCaches = Mapping[int, Mapping[str, CacheState]]
"""State of each named cache, by job id and name."""


def judge(
    targets: Sequence[Target],
    attempts: Sequence[Attempt],
    caches: Mapping[int, CacheState],
    now: datetime | None = None,
    named: NamedCaches | None = None,
) -> tuple[TargetResult, ...]:
    """Returns one result for each target, in their order.

    The sample is the newest 20 (the target's window) successful first attempts of the last 30 days that ran under the
    same conditions, with the cache state that the target names. MET when the upper end of the median's exact interval
    is within the limit, MISSED when the lower end is over it, else not proven; unknown when there is no such run.

    Args:
        targets: what to judge; durations are seconds.
        attempts: finished attempts in any order, of all workflows.
        caches: worst cache state by job id; a job that is missing has not been read.
        now: the end of the 30 days; None takes the start of the newest attempt.
        named: states of single caches, for targets that name one; None as long as they are not read.
    """
    end = now or max((attempt.run.started_at for attempt in attempts), default=None)
    recent = [one for one in attempts if is_clean(one) and end is not None and one.run.started_at >= end - DAYS]
    return tuple(_judge_one(target, recent, caches, named) for target in targets)


def improvement_text(result: TargetResult) -> str | None:
    """Returns how a measured duration compares with the baseline (`52% less than 3m30s`), or None without the two."""
    baseline, value = result.target.baseline, result.value
    if baseline is None or value is None or baseline <= 0 or result.target.unit != "seconds":
        return None
    change = (value - baseline) / baseline
    if abs(change) < 0.005:
        return f"as long as the baseline of {seconds_text(baseline)}"
    return f"{percent(abs(change))} {'less' if change < 0 else 'more'} than the baseline of {seconds_text(baseline)}"


def _judge_one(
    target: Target, recent: Sequence[Attempt], caches: Mapping[int, CacheState], named: NamedCaches | None
) -> TargetResult:
    if target.measure == "control":
        return TargetResult(target, Verdict.UNKNOWN, "Controls are not read yet.")
    if target.cache_name is not None and named is None:
        return TargetResult(target, Verdict.UNKNOWN, "The states of single caches are not read yet.")
    measured = [
        (attempt, seconds)
        for attempt in recent
        if (target.workflow is None or is_of_workflow(attempt.run, target.workflow))
        and (seconds := _seconds_of(target, attempt)) is not None
    ]
    arms = {attempt.run.key: _arm(target, attempt, caches, named) for attempt, _ in measured}
    if target.measure == "cache-saving":
        return judge_saving(target, measured, arms)
    unread = 0
    if target.cache is not None:
        unread = sum(arm is CacheState.UNKNOWN for arm in arms.values())
        measured = [(attempt, seconds) for attempt, seconds in measured if arms[attempt.run.key] is target.cache]
    choice = choose([attempt for attempt, _ in measured], caches, MINIMUM, any_cache=True, window=target.window)
    times = {attempt.run.key: seconds for attempt, seconds in measured}
    left_out = [f"{count} {reason}" for reason, count in choice.left_out]
    left_out += [f"{unread} with unknown cache state"] if unread else []
    result = _verdict(target, [times[attempt.run.key] for attempt in choice.attempts], unread)
    return replace(
        result,
        data=_data(target, choice.attempts, left_out),
        runs=tuple(attempt.run.key for attempt in choice.attempts),
    )


def _arm(target: Target, attempt: Attempt, caches: Mapping[int, CacheState], named: NamedCaches | None) -> CacheState:
    if target.cache_name is None or named is None:
        return cache_arm(attempt, caches)
    jobs = executed_jobs(attempt)
    if any(job.id not in named for job in jobs):
        return CacheState.UNKNOWN
    states = [named[job.id][target.cache_name] for job in jobs if target.cache_name in named[job.id]]
    return worst_cache_state(states) if states else CacheState.UNUSED


def _verdict(target: Target, values: Sequence[float], unread: int) -> TargetResult:
    n = len(values)
    left_out = f" {unread} left out: cache state unknown." if unread else ""
    if n == 0:
        text = f"No run: {MINIMUM} more runs for a verdict.{left_out}"
        return TargetResult(
            target, Verdict.UNKNOWN, text, more_runs=MINIMUM, within=None if target.limit is None else 0
        )
    value, interval = median(values), median_interval(values)
    if target.limit is None:
        text = f"No limit is set; median of {_runs(n)}.{left_out}"
        return TargetResult(target, Verdict.UNKNOWN, text, n, value, interval)
    within = sum(one <= target.limit for one in values)
    result = TargetResult(target, Verdict.NOT_PROVEN, "", n, value, interval, within, wilson(within, n))
    if interval is None:
        more = MINIMUM - n
        return replace(result, reason=f"{_runs(n)}: {_more(more)} for a verdict.{left_out}", more_runs=more)
    verdict = _share_verdict(target.percentile, within, n) if target.percentile else _median_verdict(target, interval)
    more_runs = None if verdict is not Verdict.NOT_PROVEN else _runs_needed(target, within, n)
    result = replace(result, verdict=verdict, more_runs=more_runs)
    sentence = _share_sentence(result) if target.percentile else _median_sentence(result)
    return replace(result, reason=f"{sentence}{left_out}")


def _median_verdict(target: Target, interval: tuple[float, float]) -> Verdict:
    assert target.limit is not None
    if interval[1] <= target.limit:
        return Verdict.MET
    return Verdict.MISSED if interval[0] > target.limit else Verdict.NOT_PROVEN


def _share_verdict(wanted: int, within: int, n: int) -> Verdict:
    low, high = wilson(within, n)
    share = wanted / 100
    if within / n >= share and low >= share - SLACK:
        return Verdict.MET
    return Verdict.MISSED if high < share else Verdict.NOT_PROVEN


def _runs_needed(target: Target, within: int, n: int) -> int | None:
    """Returns how many more runs decide if they are like those so far; None when the window can't hold enough."""
    for size in range(n + 1, target.window + 1):
        good = round(within / n * size)
        if target.percentile is not None:
            decided = _share_verdict(target.percentile, good, size) is not Verdict.NOT_PROVEN
        else:
            ranks = median_interval(range(1, size + 1))
            decided = ranks is not None and (ranks[1] <= good or ranks[0] > good)
        if decided:
            return size - n
    return None


def _median_sentence(result: TargetResult) -> str:
    limit, value, interval = result.target.limit, result.value, result.interval
    assert interval is not None
    ends = f"{seconds_text(interval[0])}–{seconds_text(interval[1])}"
    opening = f"Median {seconds_text(value)} ({ends}) of {_runs(result.n)}"
    compared = improvement_text(result)
    tail = f", {compared}" if compared else ""
    if result.verdict is not Verdict.NOT_PROVEN:
        word = "within" if result.verdict is Verdict.MET else "over"
        return f"{opening} is {word} the limit of {seconds_text(limit)}{tail}."
    return f"{opening}: the limit of {seconds_text(limit)} lies inside the interval{tail}{_lacking(result)}."


def _share_sentence(result: TargetResult) -> str:
    low, high = result.share_interval or (0.0, 1.0)
    share = f"{result.within} of {_runs(result.n)} ({percent(low)}–{percent(high)})"
    word = {Verdict.MET: "proves", Verdict.MISSED: "misses"}.get(result.verdict, "does not prove")
    opening = f"{share} within the limit of {seconds_text(result.target.limit)}"
    return f"{opening}: that {word} the wanted {result.target.percentile}%{_lacking(result)}."


def _lacking(result: TargetResult) -> str:
    if result.verdict is not Verdict.NOT_PROVEN:
        return ""
    if result.more_runs is None:
        return "; more runs like these would not decide it"
    return f"; about {_more(result.more_runs)} for a verdict"


def _data(target: Target, attempts: Sequence[Attempt], left_out: Sequence[str]) -> str:
    what = f"{target.workflow or 'all workflows'}"
    parts = [part for part in (target.job and f"job {target.job}", target.step and f"step {target.step}") if part]
    kind = f"successful first attempts of {', '.join([what, *parts])}"
    if target.cache is not None:
        kind += f", cache {target.cache}"
    if attempts:
        first, last = attempts[-1].run.started_at.date(), attempts[0].run.started_at.date()
        kind += f", event {attempts[0].run.event}, {first.isoformat()} to {last.isoformat()}"
    return f"{kind}; left out: {', '.join(left_out)}" if left_out else kind


def _runs(n: int) -> str:
    return "1 run" if n == 1 else f"{n} runs"


def _more(count: int) -> str:
    return f"{count} more {'run' if count == 1 else 'runs'}"


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
