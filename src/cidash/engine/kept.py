"""The history as the engine uses it: a failing file costs what it would have kept, never the watch."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from cidash.domain.cache import CacheState, JobCaches
from cidash.domain.ci import Attempt, Job
from cidash.domain.problem import Problem, ProblemKind
from cidash.domain.snapshot import Typical
from cidash.history.store import HistoryError, RepositoryHistory

T = TypeVar("T")


class KeptAttempts:
    """Reads and writes one repository's history. A failure is told to `on_problem` and stands for nothing known."""

    def __init__(self, history: RepositoryHistory, on_problem: Callable[[Problem | None], None]) -> None:
        self._history = history
        self._on_problem = on_problem

    @property
    def store(self) -> RepositoryHistory:
        """The history itself, for long readings in a thread; it raises HistoryError."""
        return self._history

    def save(self, attempt: Attempt) -> None:
        """Keeps a finished attempt with its jobs."""
        self._try(lambda: self._history.save(attempt), None)

    def known(self, keys: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
        """Returns those of the (run id, attempt) pairs that are kept."""
        return self._try(lambda: self._history.known(keys), set())

    def jobs(self, run_id: int, attempt: int) -> tuple[Job, ...] | None:
        """Returns the jobs of that attempt, or None when it is not kept."""
        return self._try(lambda: self._history.jobs(run_id, attempt), None)

    def attempts(
        self, *, workflow: str | None = None, branch: str | None = None, limit: int = 100, steps: bool = True
    ) -> list[Attempt]:
        """Returns the newest attempts by their start, newest first."""
        return self._try(lambda: self._history.attempts(workflow=workflow, branch=branch, limit=limit, steps=steps), [])

    def find(self, keys: Iterable[tuple[int, int]]) -> list[Attempt]:
        """Returns those of the (run id, attempt) pairs that are kept, newest first."""
        return self._try(lambda: self._history.find(keys), [])

    def save_workflow_blobs(self, blobs: Mapping[tuple[str, str], str]) -> None:
        """Notes the SHA of workflow files, by (head commit, workflow path)."""
        self._try(lambda: self._history.save_workflow_blobs(blobs), None)

    def typical_runs(self, workflow_paths: Iterable[str]) -> dict[str, Typical]:
        """Returns how long whole runs usually take, by workflow path."""
        return self._try(lambda: self._history.typical_runs(workflow_paths), {})

    def synced(self, workflow: str = "") -> list[tuple[datetime, datetime, datetime]]:
        """Returns the spans that were listed to their end: from, to, and when that was."""
        return self._try(lambda: self._history.synced(workflow), [])

    def save_synced(self, low: datetime, high: datetime, workflow: str = "") -> None:
        """Notes a span that was listed to its end."""
        self._try(lambda: self._history.save_synced(low, high, workflow), None)

    def save_cache_states(self, states: Mapping[int, CacheState | None]) -> None:
        """Remembers the worst cache state of jobs by job id."""
        self._try(lambda: self._history.save_cache_states(states), None)

    def cache_states(self, job_ids: Iterable[int]) -> dict[int, CacheState]:
        """Returns the cache states that are known, by job id."""
        return self._try(lambda: self._history.cache_states(job_ids), {})

    def save_job_caches(self, caches: JobCaches, state: CacheState) -> None:
        """Keeps what a job's log told of caches, and the worst state."""
        self._try(lambda: self._history.save_job_caches(caches, state), None)

    def job_caches(self, job_ids: Iterable[int]) -> dict[int, JobCaches]:
        """Returns what is kept of those jobs' caches."""
        return self._try(lambda: self._history.job_caches(job_ids), {})

    def typical(self, workflow_paths: Iterable[str]) -> dict[tuple[str, str], Typical]:
        """Returns how long jobs usually take, by workflow path and job name."""
        return self._try(lambda: self._history.typical(workflow_paths), {})

    def _try(self, call: Callable[[], T], otherwise: T) -> T:
        try:
            result = call()
        except HistoryError as error:
            self._on_problem(Problem(ProblemKind.SERVER_ERROR, str(error)))
            return otherwise
        self._on_problem(None)
        return result
