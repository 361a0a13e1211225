"""The order in which the jobs of an attempt had to run, and the path through it that decided how long it took."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cidash.analysis.workflow_file.names import job_ids
from cidash.domain.ci import Job
from cidash.domain.workflow_file import WorkflowFile

_CREATED_WITHIN = timedelta(seconds=2)
"""A job behind `needs` is created when the last of them has ended: 0 to 1 s later in all recorded runs."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One job on the critical path. Seconds are None where the times contradict each other."""

    job: Job
    queue_seconds: float | None
    """From the moment nothing but a runner was missing to the start."""
    run_seconds: float
    exclusive_seconds: float
    """The part of its run in which no other job ran: what the attempt would win if this job took no time."""


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """The jobs that decided the wall time, first to last. `inferred`: predecessors were guessed from times."""

    hops: tuple[Hop, ...]
    inferred: bool


def predecessors(jobs: Sequence[Job], file: WorkflowFile | None) -> tuple[Mapping[int, tuple[Job, ...]], bool]:
    """Returns the jobs that each job (by id) had to wait for, and whether any of that was inferred from times.

    With a readable file the edges are its `needs`; a job whose name fits none of its jobs, or every job when there is
    no file, is joined to the job whose end its creation follows within two seconds.
    """
    ids = job_ids(file, [job.name for job in jobs]) if file is not None else {}
    members: dict[str, list[Job]] = {}
    for job in jobs:
        if job.name in ids:
            members.setdefault(ids[job.name], []).append(job)
    edges: dict[int, tuple[Job, ...]] = {}
    inferred = False
    for job in jobs:
        declared = file.job(ids[job.name]) if file is not None and job.name in ids else None
        if declared is not None:
            edges[job.id] = tuple(other for need in declared.needs for other in members.get(need, ()))
        else:
            inferred = True
            edges[job.id] = tuple(_created_after(job, jobs))
    return edges, inferred


def critical_path(jobs: Iterable[Job], file: WorkflowFile | None = None) -> CriticalPath | None:
    """Returns the path from the job that ended last back through the predecessor that ended last, and so on.

    Takes the executed jobs of one finished attempt; None when none of them has both times.
    """
    finished = [job for job in jobs if job.started_at is not None and job.completed_at is not None]
    if not finished:
        return None
    edges, inferred = predecessors(finished, file)
    job: Job | None = max(finished, key=_end)
    path: list[Job] = []
    while job is not None and job not in path:
        path.append(job)
        job = max(edges[job.id], key=_end, default=None)
    path.reverse()
    hops = []
    before: Job | None = None
    for hop in path:
        hops.append(
            Hop(
                job=hop,
                queue_seconds=_queue(hop, before),
                run_seconds=max(0.0, (_end(hop) - _start(hop)).total_seconds()),
                exclusive_seconds=_exclusive(hop, finished),
            )
        )
        before = hop
    return CriticalPath(tuple(hops), inferred)


def _created_after(job: Job, jobs: Iterable[Job]) -> list[Job]:
    if job.created_at is None:
        return []
    close = [
        other
        for other in jobs
        if other.id != job.id and timedelta(0) <= job.created_at - _end(other) <= _CREATED_WITHIN
    ]
    return [max(close, key=_end)] if close else []


def _queue(job: Job, before: Job | None) -> float | None:
    ready = _end(before) if before is not None else job.created_at
    if ready is None:
        return None
    seconds = (_start(job) - ready).total_seconds()
    return seconds if seconds >= 0 else None


def _exclusive(job: Job, jobs: Iterable[Job]) -> float:
    """Returns the seconds of the job's run that no other job overlaps."""
    start, end = _start(job), _end(job)
    others = sorted((max(start, _start(one)), min(end, _end(one))) for one in jobs if one.id != job.id)
    alone = 0.0
    reached = start
    for other_start, other_end in others:
        if other_end <= other_start:
            continue
        if other_start > reached:
            alone += (other_start - reached).total_seconds()
        reached = max(reached, other_end)
    return alone + max(0.0, (end - reached).total_seconds())


def _start(job: Job) -> datetime:
    assert job.started_at is not None
    return job.started_at


def _end(job: Job) -> datetime:
    assert job.completed_at is not None
    return job.completed_at
