"""Durations of attempts, jobs and steps in seconds, from what that attempt executed; never from `updated_at`."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from cidash.domain.ci import Attempt, Job, Run, Step
from cidash.domain.state import State

CLOCK_TOLERANCE = timedelta(seconds=2)
"""Times have whole seconds and come from several machines: two that name one moment differ by up to this."""

_NOT_STARTED = frozenset({State.REQUESTED, State.QUEUED, State.PENDING, State.WAITING})


def is_carried_over(run: Run, job: Job) -> bool:
    """Returns whether the job was executed in an earlier attempt and is only listed again under this one.

    A first attempt carries nothing over, whatever the clocks say. In a later one such a job began, and because a run
    is re-run only after its end also ended, before the attempt began. Within the clock tolerance the end decides: a
    job whose start was noted just before the attempt's, but which ended after it, was executed in it.
    """
    if run.attempt <= 1 or job.started_at is None or job.started_at >= run.started_at:
        return False
    if job.started_at < run.started_at - CLOCK_TOLERANCE:
        return True
    return job.completed_at is not None and job.completed_at <= run.started_at


def is_executed(run: Run, job: Job) -> bool:
    """Returns whether a runner has worked on the job in this attempt: not skipped, not waiting, not carried over."""
    state = job.state
    if job.started_at is None or state is State.SKIPPED or state in _NOT_STARTED:
        return False
    if state is State.CANCELLED and not job.runner_name:
        return False  # cancelled in the queue: GitHub fills in a start and an end all the same
    return not is_carried_over(run, job)


def executed_jobs(attempt: Attempt) -> tuple[Job, ...]:
    """Returns the jobs that were executed in this attempt, in their order."""
    return tuple(job for job in attempt.jobs if is_executed(attempt.run, job))


def attempt_seconds(attempt: Attempt) -> float | None:
    """Returns the wall time of the attempt: last end minus first start over its executed jobs, never negative.

    None when no job was executed or one of them has no end.
    """
    first: datetime | None = None
    last: datetime | None = None
    for job in executed_jobs(attempt):
        if job.started_at is None or job.completed_at is None:
            return None
        first = job.started_at if first is None else min(first, job.started_at)
        last = job.completed_at if last is None else max(last, job.completed_at)
    return None if first is None or last is None else _seconds(first, last)


def job_seconds(job: Job) -> float | None:
    """Returns how long a finished job ran, never negative; None when it was skipped, did not start or did not end."""
    if job.state is State.SKIPPED or job.started_at is None or job.completed_at is None:
        return None
    return _seconds(job.started_at, job.completed_at)


def step_seconds(step: Step) -> float | None:
    """Returns how long a finished step ran, in whole seconds as GitHub tells them; None as for a job."""
    if step.state is State.SKIPPED or step.started_at is None or step.completed_at is None:
        return None
    return _seconds(step.started_at, step.completed_at)


def queue_seconds(job: Job) -> float | None:
    """Returns how long the job waited for a runner, from its creation to its start.

    None when it was skipped, has not started (GitHub shows a start even then), or the two times contradict each
    other: in a carried-over job, or when clocks disagree.
    """
    state = job.state
    if job.created_at is None or job.started_at is None or state is State.SKIPPED or state in _NOT_STARTED:
        return None
    seconds = (job.started_at - job.created_at).total_seconds()
    return seconds if seconds >= 0 else None


def elapsed_seconds(job: Job, now: datetime) -> float | None:
    """Returns how long a running job has run by now, or how long a finished one ran; None before its start."""
    if job.state is not State.IN_PROGRESS:
        return job_seconds(job)
    return None if job.started_at is None else _seconds(job.started_at, now)


def step_elapsed_seconds(step: Step, now: datetime) -> float | None:
    """Returns how long a running step has run by now, or how long a finished one ran; None before its start."""
    if step.state is not State.IN_PROGRESS:
        return step_seconds(step)
    return None if step.started_at is None else _seconds(step.started_at, now)


def run_elapsed_seconds(run: Run, jobs: Iterable[Job], now: datetime) -> float | None:
    """Returns the wall time of the run's attempt so far, or in all when it is finished; None before its first job.

    It grows from the first executed job's start, so that it ends in what `attempt_seconds` gives.
    """
    attempt = Attempt(run, tuple(jobs))
    if not run.state.is_active:
        return attempt_seconds(attempt)
    starts = [job.started_at for job in executed_jobs(attempt) if job.started_at is not None]
    return _seconds(min(starts), now) if starts else None


def _seconds(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())
