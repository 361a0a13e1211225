"""Stored attempts as flat rows under the OpenTelemetry names for CI/CD; what has no such name begins with `cidash.`."""

from collections.abc import Iterator, Mapping

from cidash.analysis.duration import attempt_seconds, is_carried_over, job_seconds, queue_seconds
from cidash.cli.encode import moment
from cidash.domain.cache import CacheState
from cidash.domain.ci import Attempt, Job
from cidash.domain.state import State

RESULTS = {
    State.SUCCESS: "success",
    State.FAILURE: "failure",
    State.STARTUP_FAILURE: "error",
    State.TIMED_OUT: "timeout",
    State.CANCELLED: "cancellation",
    State.STALE: "cancellation",
    State.SKIPPED: "skip",
}
"""GitHub's conclusions as OpenTelemetry's results; others (neutral, action_required) keep GitHub's word."""

COLUMNS = (
    "vcs.repository.name",
    "vcs.repository.url.full",
    "vcs.ref.head.name",
    "vcs.ref.head.revision",
    "cicd.pipeline.name",
    "cicd.pipeline.run.id",
    "cicd.pipeline.run.url.full",
    "cicd.pipeline.result",
    "cicd.pipeline.run.duration",
    "cicd.pipeline.task.name",
    "cicd.pipeline.task.run.id",
    "cicd.pipeline.task.run.url.full",
    "cicd.pipeline.task.run.result",
    "cicd.worker.name",
    "cidash.pipeline.path",
    "cidash.pipeline.blob",
    "cidash.pipeline.run.number",
    "cidash.pipeline.run.attempt",
    "cidash.pipeline.run.event",
    "cidash.pipeline.run.title",
    "cidash.pipeline.run.actor",
    "cidash.pipeline.run.created_at",
    "cidash.pipeline.run.started_at",
    "cidash.task.run.created_at",
    "cidash.task.run.started_at",
    "cidash.task.run.completed_at",
    "cidash.task.run.queue_seconds",
    "cidash.task.run.duration_seconds",
    "cidash.task.run.carried_over",
    "cidash.task.run.cache",
    "cidash.worker.labels",
)


def rows_of(attempt: Attempt, caches: Mapping[int, CacheState]) -> Iterator[dict[str, object]]:
    """Gives a row for each job of the attempt, or one without a job; durations are seconds, times RFC 3339 UTC."""
    run = attempt.run
    own: dict[str, object] = {
        "vcs.repository.name": run.repository.full_name,
        "vcs.repository.url.full": run.url.partition("/actions/")[0] or None,
        "vcs.ref.head.name": run.branch,
        "vcs.ref.head.revision": run.head_sha,
        "cicd.pipeline.name": run.workflow_name,
        "cicd.pipeline.run.id": str(run.id),
        "cicd.pipeline.run.url.full": run.url or None,
        "cicd.pipeline.result": _result(run.state, run.conclusion),
        "cicd.pipeline.run.duration": attempt_seconds(attempt),
        "cidash.pipeline.path": run.workflow_path,
        "cidash.pipeline.blob": run.workflow_blob,
        "cidash.pipeline.run.number": run.number,
        "cidash.pipeline.run.attempt": run.attempt,
        "cidash.pipeline.run.event": run.event,
        "cidash.pipeline.run.title": run.title,
        "cidash.pipeline.run.actor": run.actor,
        "cidash.pipeline.run.created_at": moment(run.created_at),
        "cidash.pipeline.run.started_at": moment(run.started_at),
    }
    if not attempt.jobs:
        yield own
    for job in attempt.jobs:
        yield {**own, **_of_job(attempt, job, caches)}


def _of_job(attempt: Attempt, job: Job, caches: Mapping[int, CacheState]) -> dict[str, object]:
    cache = caches.get(job.id)
    return {
        "cicd.pipeline.task.name": job.name,
        "cicd.pipeline.task.run.id": str(job.id),
        "cicd.pipeline.task.run.url.full": job.url or None,
        "cicd.pipeline.task.run.result": _result(job.state, job.conclusion),
        "cicd.worker.name": job.runner_name,
        "cidash.task.run.created_at": moment(job.created_at),
        "cidash.task.run.started_at": moment(job.started_at),
        "cidash.task.run.completed_at": moment(job.completed_at),
        "cidash.task.run.queue_seconds": queue_seconds(job),
        "cidash.task.run.duration_seconds": job_seconds(job),
        "cidash.task.run.carried_over": is_carried_over(attempt.run, job),
        "cidash.task.run.cache": None if cache is None else cache.value,
        "cidash.worker.labels": ",".join(job.labels),
    }


def _result(state: State, conclusion: str | None) -> str | None:
    return RESULTS.get(state, conclusion)
