"""How long still, in seconds: from how long a job usually takes. A plain median, so half of all jobs take longer."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from cidash.analysis.duration import elapsed_seconds
from cidash.domain.ci import Job
from cidash.domain.snapshot import Typical
from cidash.domain.state import State


def typical_of_workflow(typical: Mapping[tuple[str, str], Typical], workflow_path: str) -> dict[str, Typical]:
    """Returns one workflow's part of a snapshot's `typical`, by job name."""
    return {name: value for (path, name), value in typical.items() if path == workflow_path}


def time_left(job: Job, typical: Typical | None, now: datetime) -> float | None:
    """Returns the seconds that the job probably still needs, from its start on when it has not started.

    0 for a finished job and for one that already took longer than usual (see `is_slow`); None when it is not known
    how long it usually takes.
    """
    if not job.state.is_active:
        return 0.0
    if typical is None:
        return None
    return max(0.0, typical.median_seconds - (elapsed_seconds(job, now) or 0.0))


def is_slow(job: Job, typical: Typical | None, now: datetime) -> bool:
    """Returns whether the job is running and already took longer than it usually takes in all."""
    if job.state is not State.IN_PROGRESS or typical is None:
        return False
    elapsed = elapsed_seconds(job, now)
    return elapsed is not None and elapsed > typical.median_seconds


def run_time_left(jobs: Iterable[Job], typical: Mapping[str, Typical], now: datetime) -> float | None:
    """Returns the seconds until the last of the listed jobs probably ends, with `typical` by job name.

    The jobs are taken as running side by side, for what needs what is not known here; a job of unknown usual time is
    passed over. So it is the least that is left. None when no listed job is active or none has a known usual time.
    """
    active = [job for job in jobs if job.state.is_active]
    if not active:
        return None
    known = [left for job in active if (left := time_left(job, typical.get(job.name), now)) is not None]
    return max(known) if known else None
