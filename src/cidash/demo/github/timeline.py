"""From plans to times, and from times to what is true now. Nothing here ticks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from cidash.demo.github.model import Attempt, Job, JobPlan, Step, StepPlan

_DONE_AFTER_SECONDS = 1.5
_CANCEL_SECONDS = 3.0
_GREEN = frozenset({"success", "neutral"})


def _later(when: datetime, seconds: float) -> datetime:
    return when + timedelta(seconds=seconds)


def schedule(
    attempt: Attempt,
    pace: float,
    new_id: Callable[[], int],
    carried: Mapping[str, Job] | None = None,
) -> None:
    """Gives the attempt's jobs their times, from its plans and the approvals so far.

    Args:
        attempt: its `jobs` and `finished_at` are set; jobs that it has already keep their ids.
        pace: factor on every duration.
        new_id: gives the ids of new jobs.
        carried: jobs of the attempt before that are not run again, by key: they get new ids, a fresh
            `created_at`, and keep their old times.
    """
    known = {job.key: job for job in attempt.jobs}
    carried = carried or {job.key: job for job in attempt.jobs if job.carried}
    done: dict[str, Job] = {}
    for plan in attempt.plans:
        old = known.get(plan.key)
        number = old.id if old else None
        if plan.key in carried:
            job = replace(
                carried[plan.key],
                id=number or new_id(),
                attempt=attempt.number,
                created_at=attempt.started_at,
                carried=True,
            )
        elif any(need not in done or done[need].completed_at is None for need in plan.needs):
            continue
        else:
            needs = [done[need] for need in plan.needs]
            job = _place(plan, attempt, needs, pace)
            job.id = number or new_id()
        if not job.carried and job.started_at is not None and job.conclusion != "skipped":
            job.runner = 1000 + job.id % 977
        done[plan.key] = job
    attempt.jobs = list(done.values())
    attempt.finished_at = _end(attempt, pace)


def _end(attempt: Attempt, pace: float) -> datetime | None:
    ends = [job.completed_at for job in attempt.jobs]
    known = [end for end in ends if end is not None]
    if len(known) < len(attempt.plans):
        return None
    return max(_later(max(known, default=attempt.started_at), _DONE_AFTER_SECONDS * pace), attempt.started_at)


def _place(plan: JobPlan, attempt: Attempt, needs: Sequence[Job], pace: float) -> Job:
    created = _later(attempt.started_at, 1.0 * pace)
    for need in needs:
        end = need.completed_at if not need.carried else None
        created = max(created, _later(end, 0.4 * pace) if end else created)
    job = Job(0, plan, attempt.number, created, None, None, plan.conclusion)
    blocked = any(need.conclusion not in _GREEN for need in needs)
    if plan.conclusion == "skipped" or (blocked and not plan.always):
        job.started_at = job.completed_at = created
        job.conclusion = "skipped"
        return job
    ready = created
    if plan.environment:
        approved = attempt.approvals.get(plan.environment)
        if approved is None:
            return job
        ready = max(ready, approved)
    job.started_at = _later(ready, plan.queue_seconds * pace)
    job.steps = _steps(plan.steps, job.started_at, pace)
    job.completed_at = _later(job.steps[-1].completed_at if job.steps else job.started_at, 0.5 * pace)
    return job


def _steps(plans: Sequence[StepPlan], start: datetime, pace: float) -> tuple[Step, ...]:
    steps = []
    for plan in plans:
        end = _later(start, plan.seconds * pace if plan.conclusion != "skipped" else 0.0)
        steps.append(Step(plan.name, plan.number, plan.conclusion, start, end, plan.post))
        start = end
    return tuple(steps)


def cancel(attempt: Attempt, at: datetime, pace: float, new_id: Callable[[], int], *, force: bool = False) -> None:
    """Ends what is not over at that moment: queued jobs at once, running ones after a few seconds."""
    attempt.cancelled_at = at
    missing = [plan for plan in attempt.plans if plan.key not in {job.key for job in attempt.jobs}]
    for job in attempt.jobs:
        if job.is_done(at):
            continue
        if job.created_at > at or job.started_at is None or job.started_at > at:
            job.created_at = min(job.created_at, at)
            job.started_at = job.completed_at = _later(at, 0.5 * pace)
            job.conclusion, job.steps, job.runner = "cancelled", (), None
        else:
            _cut(job, at, 0.5 * pace if force else _CANCEL_SECONDS * pace, pace, force=force)
    for plan in missing:
        end = _later(at, 0.5 * pace)
        attempt.jobs.append(Job(new_id(), plan, attempt.number, at, end, end, "cancelled"))
    attempt.finished_at = _end(attempt, pace)


def _cut(job: Job, at: datetime, delay: float, pace: float, *, force: bool) -> None:
    end = _later(at, delay)
    if job.is_done(end):
        return
    steps: list[Step] = []
    moment = end
    for step in job.steps:
        if step.completed_at <= at:
            steps.append(step)
        elif step.started_at <= at:
            steps.append(replace(step, conclusion="cancelled", completed_at=end))
        elif step.post and not force:
            after = _later(moment, 0.4 * pace)
            steps.append(replace(step, started_at=moment, completed_at=after))
            moment = after
        elif not step.post:
            steps.append(replace(step, conclusion="skipped", started_at=end, completed_at=end))
    job.steps = tuple(steps)
    job.conclusion = "cancelled"
    job.completed_at = moment


def reject(attempt: Attempt, environment: str, at: datetime) -> None:
    """Plans the jobs that wait for that environment to fail at that moment; schedule the attempt afterwards."""
    attempt.plans = tuple(
        replace(plan, conclusion="failure", steps=(), queue_seconds=0.0, failure="The deployment was rejected.")
        if plan.environment == environment
        else plan
        for plan in attempt.plans
    )
    attempt.approvals[environment] = at


def job_status(job: Job, now: datetime) -> str:
    """Returns GitHub's status word of a job that exists at that moment."""
    if job.is_done(now):
        return "completed"
    if job.started_at is None:
        return "waiting"
    return "in_progress" if job.started_at <= now else "queued"


def conclusion_of(attempt: Attempt) -> str:
    """Returns the conclusion that the attempt has once it is over."""
    if attempt.fixed_conclusion is not None:
        return attempt.fixed_conclusion
    words = {job.conclusion for job in attempt.jobs}
    for word in ("failure", "timed_out", "cancelled"):
        if word in words:
            return word
    return "skipped" if words == {"skipped"} else "success"


def attempt_state(attempt: Attempt, now: datetime) -> tuple[str, str | None, datetime]:
    """Returns status, conclusion and the time of the last change of either, at that moment."""
    if attempt.finished_at is not None and attempt.finished_at <= now:
        return "completed", conclusion_of(attempt), attempt.finished_at
    seen = [job for job in attempt.jobs if job.created_at <= now and not job.carried]
    begun = [job.started_at for job in seen if job.started_at is not None and job.started_at <= now]
    waiting = [job for job in seen if job.started_at is None]
    if waiting and all(job.is_done(now) or job.started_at is None for job in seen):
        return "waiting", None, max(job.created_at for job in waiting)
    if begun:
        return "in_progress", None, min(begun)
    return "queued", None, attempt.started_at
