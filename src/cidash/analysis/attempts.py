"""How the jobs of one attempt belong to those of the attempts before it."""

from collections.abc import Iterable, Mapping

from cidash.analysis.duration import is_carried_over
from cidash.domain.ci import Job, Run


def carried_from(run: Run, job: Job, earlier: Mapping[int, Iterable[Job]]) -> int | None:
    """Returns the attempt in which a carried-over job was executed, or None when it was executed in this one.

    Args:
        run: at the attempt that lists the job.
        job: one of the attempt's jobs.
        earlier: the jobs that are known of earlier attempts, by attempt. A carried-over job has a new id there but
            keeps its times; where they are not known it comes from the attempt before at the latest, which is said.
    """
    if not is_carried_over(run, job):
        return None
    for attempt in range(1, run.attempt):
        for other in earlier.get(attempt, ()):
            if (other.name, other.started_at, other.completed_at) == (job.name, job.started_at, job.completed_at):
                return attempt
    return run.attempt - 1


def before_by_name(run: Run, jobs: Iterable[Job]) -> dict[str, Job]:
    """Returns the jobs of the attempt before by name, those left out whose name several jobs share."""
    found: dict[str, Job] = {}
    twice: set[str] = set()
    for job in jobs:
        if job.name in found:
            twice.add(job.name)
        found[job.name] = job
    return {name: job for name, job in found.items() if name not in twice and run.attempt > 1}
