"""What a job's log is written from."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class StepForLog:
    """One step as the jobs API tells it; a step that never started (or was skipped) leaves no lines."""

    number: int
    name: str
    conclusion: str | None
    started_at: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True)
class JobForLog:
    """All that a finished job's log depends on. `cache` is `none`, `hit`, `partial`, `miss` or `broken`."""

    name: str
    conclusion: str | None
    started_at: datetime
    steps: tuple[StepForLog, ...]
    cache: str = "none"
    cache_key: str = ""
    restored_key: str | None = None
    docker_steps_cached: int = 0
    docker_steps_total: int = 0
    failure: str | None = None
    """The sentence of the assertion or error that ended the job, shown in its failing step."""
    runner_labels: tuple[str, ...] = ("ubuntu-latest",)


def timed_steps(job: JobForLog) -> Iterator[StepForLog]:
    """Return the steps that leave lines, in the order of their numbers."""
    for step in sorted(job.steps, key=lambda each: each.number):
        if step.started_at is not None and step.completed_at is not None and step.conclusion != "skipped":
            yield step


def step_seconds(step: StepForLog) -> float:
    """Return how long the step took, in seconds; 0 when a time is missing."""
    if step.started_at is None or step.completed_at is None:
        return 0.0
    return max(0.0, (step.completed_at - step.started_at).total_seconds())
