"""What each cache is worth: runs without it, with a miss, a partial restore and a hit, and the minutes in between."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cidash.analysis.cache_states import cache_states
from cidash.analysis.duration import executed_jobs, job_seconds
from cidash.analysis.median import median
from cidash.analysis.statistics.intervals import median_interval, wilson
from cidash.analysis.statistics.ranks import hodges_lehmann
from cidash.domain.cache import CacheState, JobCaches, worst_cache_state
from cidash.domain.cache_ledger import Arm, ArmResult, CacheAccount
from cidash.domain.ci import Attempt, Job
from cidash.domain.state import State

WEEK_SECONDS = 7 * 86_400.0
_SHIFT_RUNS = 200
"""A shift is that of the newest so many runs of both arms: it takes their product in time."""
_ARMS = {
    CacheState.HIT: Arm.HIT,
    CacheState.PARTIAL: Arm.PARTIAL,
    CacheState.MISS: Arm.MISS,
    CacheState.BROKEN: Arm.BROKEN,
}
_NO_RUN = "gross only: no run of {workflow} without this cache is in the history"
_NO_FILE = "gross only: which runs had no such cache is unknown, for their workflow files are not read yet"


@dataclass(frozen=True, slots=True)
class Use:
    """A cache in one attempt."""

    attempt: Attempt
    state: CacheState
    jobs: tuple[Job, ...]
    """The executed jobs that used it."""
    inferred: bool


@dataclass(frozen=True, slots=True)
class _Conditions:
    names: frozenset[str]
    labels: frozenset[str]


def ledger(attempts: Iterable[Attempt], caches: Mapping[int, JobCaches], now: datetime) -> tuple[CacheAccount, ...]:
    """Returns an account of every named cache of every workflow, those that were used last first.

    The arms hold successful first attempts whose jobs and runners are those of the newest use, in seconds of the jobs
    that use the cache. The arm `none` holds runs whose logs show no use and whose workflow file is known, was never
    seen using the cache, and ran before the cache did: a later one may differ in more. Rates count every finished
    attempt with a known state.

    Args:
        attempts: finished attempts, of any workflow.
        caches: what the logs told, by job id, with the names that the configuration gives.
        now: the end of the time span.
    """
    by_workflow: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        by_workflow.setdefault(attempt.run.workflow_path, []).append(attempt)
    found = []
    for members in by_workflow.values():
        members.sort(key=lambda one: (one.run.started_at, *one.run.key), reverse=True)
        for (cache, family), uses in uses_of(members, caches).items():
            found.append(_account(cache, family, uses, members, caches, now))
    return tuple(sorted(found, key=lambda one: (one.last_used_at or now, one.cache), reverse=True))


def uses_of(attempts: Iterable[Attempt], caches: Mapping[int, JobCaches]) -> dict[tuple[str, str], list[Use]]:
    """Returns the uses of every named cache (name and family), in the order of the attempts."""
    found: dict[tuple[str, str], list[Use]] = {}
    for attempt in attempts:
        states: dict[tuple[str, str], list[tuple[Job, CacheState, bool]]] = {}
        for job in executed_jobs(attempt):
            kept = caches.get(job.id)
            for one in cache_states(kept) if kept is not None else ():
                states.setdefault((one.cache, one.family), []).append(
                    (job, one.state, kept is not None and kept.inferred)
                )
        for key, seen in states.items():
            worst = worst_cache_state([state for _, state, _ in seen])
            jobs = tuple(job for job, _, _ in seen)
            found.setdefault(key, []).append(Use(attempt, worst, jobs, any(inferred for _, _, inferred in seen)))
    return found


def _account(
    cache: str,
    family: str,
    uses: Sequence[Use],
    attempts: Sequence[Attempt],
    caches: Mapping[int, JobCaches],
    now: datetime,
) -> CacheAccount:
    newest = uses[0].attempt.run
    wanted = _conditions(uses[0].jobs)
    samples: dict[Arm, list[tuple[float, int]]] = {arm: [] for arm in Arm}
    left_out = 0
    for use in uses:
        arm = _ARMS.get(use.state)
        if arm is None or not _counts(use.attempt):
            continue
        seconds = _seconds(use.attempt, wanted)
        if seconds is None:
            left_out += 1
        else:
            samples[arm].append((seconds, use.attempt.run.id))
    note = _fill_baseline(samples[Arm.NONE], uses, attempts, caches, wanted)
    base = [seconds for seconds, _ in samples[Arm.NONE]]
    arms = [_result(arm, samples[arm], base) for arm in Arm if arm is not Arm.BROKEN or samples[arm]]
    counts = Counter(use.state for use in uses)
    rated = counts[CacheState.HIT] + counts[CacheState.PARTIAL] + counts[CacheState.MISS]
    oldest = min(use.attempt.run.started_at for use in uses)
    weeks = max(1.0, (now - oldest).total_seconds() / WEEK_SECONDS)
    medians = {one.arm: one.median_seconds for one in arms}
    return CacheAccount(
        repository=newest.repository,
        workflow_path=newest.workflow_path,
        workflow_name=newest.workflow_name,
        cache=cache,
        family=family,
        jobs=tuple(sorted(wanted.names)),
        arms=tuple(arms),
        hits=counts[CacheState.HIT],
        partials=counts[CacheState.PARTIAL],
        misses=counts[CacheState.MISS],
        broken=counts[CacheState.BROKEN],
        unknown=counts[CacheState.UNKNOWN],
        hit_rate=counts[CacheState.HIT] / rated if rated else None,
        hit_rate_interval=wilson(counts[CacheState.HIT], rated) if rated else None,
        weeks=weeks,
        gross_per_hit_seconds=_less(medians.get(Arm.MISS), medians.get(Arm.HIT)),
        net_per_hit_seconds=_less(medians.get(Arm.NONE), medians.get(Arm.HIT)),
        tax_per_miss_seconds=_less(medians.get(Arm.MISS), medians.get(Arm.NONE)),
        gross_minutes_per_week=_minutes(counts, medians, medians.get(Arm.MISS), weeks),
        net_minutes_per_week=_minutes(counts, medians, medians.get(Arm.NONE), weeks),
        note=note,
        left_out=left_out,
        inferred=sum(use.inferred for use in uses),
        last_used_at=newest.started_at,
        newest_state=uses[0].state,
        saved_bytes=_saved_bytes(cache, family, uses, caches),
    )


def _conditions(jobs: Iterable[Job]) -> _Conditions:
    jobs = tuple(jobs)
    return _Conditions(frozenset(job.name for job in jobs), frozenset(label for job in jobs for label in job.labels))


def _counts(attempt: Attempt) -> bool:
    return attempt.run.attempt == 1 and attempt.run.state is State.SUCCESS


def _seconds(attempt: Attempt, wanted: _Conditions) -> float | None:
    """Returns the seconds of the wanted jobs together, None when they are not all there, or on other runners."""
    jobs = [job for job in executed_jobs(attempt) if job.name in wanted.names]
    times = [job_seconds(job) for job in jobs]
    if _conditions(jobs) != wanted or any(one is None for one in times):
        return None
    return sum(one for one in times if one is not None)


def _fill_baseline(
    sample: list[tuple[float, int]],
    uses: Sequence[Use],
    attempts: Sequence[Attempt],
    caches: Mapping[int, JobCaches],
    wanted: _Conditions,
) -> str:
    """Adds the runs without the cache to the sample; returns where they come from, or why there are none."""
    with_cache = {use.attempt.run.workflow_blob for use in uses} - {None}
    users = {use.attempt.run.key for use in uses}
    before = _older_files(attempts, min(use.attempt.run.started_at for use in uses)) - with_cache
    blobs: Counter[str] = Counter()
    unread = 0
    for attempt in attempts:
        if attempt.run.key in users or not _counts(attempt) or (seconds := _seconds(attempt, wanted)) is None:
            continue
        read = [caches.get(job.id) for job in executed_jobs(attempt) if job.name in wanted.names]
        if any(one is None or one.log != "complete" for one in read):
            unread += 1
            continue
        blob = attempt.run.workflow_blob
        if blob is None or not with_cache:
            unread += 1
        elif blob in before:
            sample.append((seconds, attempt.run.id))
            blobs[blob] += 1
    name = uses[0].attempt.run.workflow_name
    if not sample:
        return _NO_FILE if unread else _NO_RUN.format(workflow=name)
    files = ", ".join(blob[:7] for blob, _ in blobs.most_common(3))
    kind = "file" if len(blobs) == 1 else "files"
    return f"none: {len(sample)} runs of {name} with the workflow {kind} {files}, without this cache"


def _older_files(attempts: Iterable[Attempt], first_use: datetime) -> set[str | None]:
    """Returns the workflow files that ran before the first use; runs of other branches may still have them later."""
    return {one.run.workflow_blob for one in attempts if one.run.started_at < first_use} - {None}


def _result(arm: Arm, sample: Sequence[tuple[float, int]], base: Sequence[float]) -> ArmResult:
    values = [seconds for seconds, _ in sample]
    if not values:
        return ArmResult(arm)
    is_compared = base and arm is not Arm.NONE
    shift = hodges_lehmann(base[:_SHIFT_RUNS], values[:_SHIFT_RUNS]) if is_compared else None
    return ArmResult(
        arm,
        len(values),
        median(values),
        median_interval(values),
        shift.estimate if shift is not None else None,
        shift.interval if shift is not None else None,
        tuple(run_id for _, run_id in sample),
    )


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _minutes(
    counts: Mapping[CacheState, int], medians: Mapping[Arm, float | None], base: float | None, weeks: float
) -> float | None:
    """Returns the minutes per week that the cache won (or lost) against that base.

    None when the base is not known, or an arm that was met has no median.
    """
    if base is None:
        return None
    total = 0.0
    for state, arm in _ARMS.items():
        if state is CacheState.BROKEN or not counts.get(state):
            continue
        time = medians.get(arm)
        if time is None:
            return None
        total += counts[state] * (base - time)
    return total / 60 / weeks


def _saved_bytes(cache: str, family: str, uses: Sequence[Use], caches: Mapping[int, JobCaches]) -> int | None:
    events = (event for use in uses for job in use.jobs for event in caches[job.id].events)
    return next(
        (
            event.size_bytes
            for event in events
            if (event.cache, event.family) == (cache, family)
            and event.size_bytes is not None
            and event.outcome in {"saved", "hit", "partial"}
        ),
        None,
    )
