"""Snapshot: everything the screen shows at one moment, immutable, each part with its age and source state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, TypeVar

from cidash.domain.armed import Armed
from cidash.domain.cache import CacheState
from cidash.domain.ci import Job, PullRequest, Run, Workflow
from cidash.domain.command import Action
from cidash.domain.epic import Epic
from cidash.domain.merge import MergeState
from cidash.domain.problem import Problem
from cidash.domain.repository import RepositoryId
from cidash.domain.target import TargetResult
from cidash.domain.workflow_file import WorkflowFile

T_co = TypeVar("T_co", covariant=True)


class SourceState(StrEnum):
    """Where a part's data stands. The age is told by the part's `fetched_at`."""

    LOADING = "loading"
    """Nothing read yet, nothing failed yet."""
    STORED = "stored"
    """From the history; the server has not been asked in this session."""
    LIVE = "live"
    """The newest question was answered."""
    FAILING = "failing"
    """The newest question was not answered; the data, if any, is the last good one."""
    OFF = "off"
    """Not configured."""


@dataclass(frozen=True, slots=True)
class Part(Generic[T_co]):
    """One part of the snapshot: the last good data, when it was read, and what is wrong now, if anything."""

    data: T_co | None = None
    fetched_at: datetime | None = None
    state: SourceState = SourceState.LOADING
    problem: Problem | None = None

    def age_seconds(self, now: datetime) -> float | None:
        """Returns seconds since the data was read (never negative), or None without data."""
        return None if self.fetched_at is None else max(0.0, (now - self.fetched_at).total_seconds())


@dataclass(frozen=True, slots=True)
class Typical:
    """How long a job or a whole run usually takes: the median of its n earlier successes, in seconds."""

    median_seconds: float
    n: int
    times: tuple[float, ...] = ()
    """The n durations in seconds, shortest first."""


_NOTHING: Mapping[object, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RepositorySnapshot:
    """What is known of one repository."""

    id: RepositoryId
    default_branch: str | None = None
    pulls: Part[tuple[PullRequest, ...]] = Part()
    """Open pull requests, newest first."""
    runs: Part[tuple[Run, ...]] = Part()
    """Recent runs of all branches, newest first, each at its newest attempt."""
    workflows: Part[tuple[Workflow, ...]] = Part()
    jobs: Mapping[tuple[int, int], Part[tuple[Job, ...]]] = field(default_factory=dict)
    """Jobs by (run id, attempt), for active runs, watched runs and what the history holds of recent ones."""
    caches: Mapping[int, CacheState] = field(default_factory=dict)
    """Worst cache state by job id; a job that is not here has not been read."""
    typical: Mapping[tuple[str, str], Typical] = field(default_factory=dict)
    """By (workflow path, job name)."""
    older_attempts: Mapping[tuple[int, int], Run] = field(default_factory=dict)
    """Runs as they were at an older attempt, by (run id, attempt), as far as they were looked at."""
    typical_runs: Mapping[str, Typical] = field(default_factory=dict)
    """How long whole runs take, by workflow path."""
    merge: Mapping[int, Part[MergeState]] = field(default_factory=dict)
    """What blocks the merge, by pull request number, of those that were looked at."""
    files: Mapping[tuple[str, str], WorkflowFile] = field(default_factory=dict)
    """Workflow files by (path, head commit), of runs that go on and of the selected one, where they are readable."""

    merged: Part[tuple[PullRequest, ...]] = Part()
    """Pull requests that were merged lately, the newest first; read only where there is an epic."""
    commit_tickets: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """Ticket keys in commit messages by pull request number, of those that name no ticket anywhere else."""
    step_caches: Mapping[int, Mapping[int, CacheState]] = field(default_factory=dict)
    """Worst cache state by job id and step number, of the steps that have to do with caches."""

    def runs_of(self, head_sha: str) -> tuple[Run, ...]:
        """Returns the known runs that are pinned to that head commit, newest first."""
        return tuple(run for run in self.runs.data or () if run.head_sha == head_sha)

    def run(self, run_id: int) -> Run | None:
        """Returns the run with that id, at its newest attempt."""
        return next((run for run in self.runs.data or () if run.id == run_id), None)


@dataclass(frozen=True, slots=True)
class Budget:
    """The rate limit of one host as its answers told it, and what cidash itself spent of it since it started."""

    host: str
    limit: int | None = None
    remaining: int | None = None
    reset_at: datetime | None = None
    charged: int = 0
    """Requests of ours that the rate limit counted."""
    total: int = 0
    """Requests of ours, the free ones (304) included."""
    slowed_to_seconds: float | None = None
    """The poll interval in force when the budget makes it longer than wanted."""
    blocked_until: datetime | None = None
    """No request before this: a limit was hit."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the screen shows at one moment."""

    at: datetime
    repositories: tuple[RepositorySnapshot, ...] = ()
    epic: Part[Epic] = Part(state=SourceState.OFF)
    targets: tuple[TargetResult, ...] = ()
    budgets: tuple[Budget, ...] = ()
    actions: tuple[Action, ...] = ()
    """Newest last; finished ones stay for a while so that the screen can tell."""
    history_problem: Problem | None = None
    """Why the history file can't be used now; nothing new is kept meanwhile."""
    round: int = 0
    """How many poll rounds have ended."""
    armed: tuple[Armed, ...] = ()
    """Confirmed for later, in the order of asking."""

    def repository(self, wanted: RepositoryId) -> RepositorySnapshot | None:
        """Returns that repository's part."""
        return next((one for one in self.repositories if one.id == wanted), None)
