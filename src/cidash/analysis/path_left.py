"""How long a run still needs along the critical path of its `needs`, jobs that do not exist yet included."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cidash.analysis.eta import run_time_left, time_left
from cidash.analysis.workflow_file.names import job_ids
from cidash.domain.ci import Job
from cidash.domain.snapshot import Typical
from cidash.domain.workflow_file import JobFile, WorkflowFile

_RUNS_ANYWAY = ("always()", "failure()", "cancelled()")


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """What is left of a run, in seconds."""

    seconds: float
    n: int
    """The fewest earlier jobs that any part of it rests on."""
    is_least: bool
    """Whether something on the way has no usual time, so that it takes at least this long."""


def path_left(
    jobs: Sequence[Job], file: WorkflowFile | None, typical: Mapping[str, Typical], now: datetime
) -> TimeLeft | None:
    """Returns what is left until the last job probably ends, or None when nothing about it is known.

    Without a file the listed jobs are taken as running side by side, which is the least that is left.
    """
    active = [job for job in jobs if job.state.is_active]
    if file is None:
        seconds = run_time_left(jobs, typical, now)
        known = [usual.n for job in active if (usual := typical.get(job.name)) is not None]
        return None if seconds is None else TimeLeft(seconds, min(known), is_least=True)
    path = _Path(jobs, file, typical, now)
    ends = [path.end_of(job) for job in file.jobs]
    ends += [path.left_of_listed(job) for job in active if job.name not in path.ids]  # names that fit no job
    if not path.counted:
        return None
    return TimeLeft(max(ends, default=0.0), min(path.counted), path.is_least)


class _Path:
    """One pass over the file's jobs, each after what it needs."""

    def __init__(self, jobs: Sequence[Job], file: WorkflowFile, typical: Mapping[str, Typical], now: datetime) -> None:
        self.ids = job_ids(file, [job.name for job in jobs])
        self.counted: list[int] = []
        self.is_least = False
        self._now = now
        self._typical = typical
        self._file = file
        self._members: dict[str, list[Job]] = {}
        for job in jobs:
            if job.name in self.ids:
                self._members.setdefault(self.ids[job.name], []).append(job)
        self._usual: dict[str, list[Typical]] = {}
        for name, job_id in job_ids(file, typical).items():
            self._usual.setdefault(job_id, []).append(typical[name])
        self._ends: dict[str, float] = {}
        self._open: set[str] = set()

    def end_of(self, job: JobFile) -> float:
        """Returns in how many seconds the last member of that job ends."""
        if job.id not in self._ends:
            if job.id in self._open:
                return 0.0  # a circle, which GitHub refuses
            self._open.add(job.id)
            self._ends[job.id] = self._end_of(job)
        return self._ends[job.id]

    def left_of_listed(self, job: Job) -> float:
        """Returns what is left of a job that is listed."""
        left = time_left(job, self._typical.get(job.name), self._now)
        if left is None:
            self.is_least = True
            return 0.0
        if job.state.is_active:
            self.counted.append(self._typical[job.name].n)
        return left

    def _end_of(self, job: JobFile) -> float:
        listed = self._members.get(job.id)
        if listed:
            return max(self.left_of_listed(one) for one in listed)
        needs = [need for name in job.needs if (need := self._file.job(name)) is not None]
        begin = max((self.end_of(need) for need in needs), default=0.0)
        if self._is_in_vain(needs) and not any(word in (job.condition or "") for word in _RUNS_ANYWAY):
            return begin
        usual = self._usual.get(job.id)
        if not usual:
            # Never run before, or never in a run that passed: most such jobs are skipped by their condition.
            self.is_least = self.is_least or job.condition is None
            return begin
        self.counted += [one.n for one in usual]
        return begin + max(one.median_seconds for one in usual)

    def _is_in_vain(self, needs: Sequence[JobFile]) -> bool:
        return any(one.state.is_red for need in needs for one in self._members.get(need.id, ()))
