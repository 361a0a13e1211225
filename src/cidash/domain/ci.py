"""GitHub's nouns: pull request, workflow, run, attempt, job, step. Texts in them are clean, times are aware UTC."""

from dataclasses import dataclass
from datetime import datetime

from cidash.domain.repository import RepositoryId
from cidash.domain.state import State, state_of


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a job, as the API lists it: whole-second times, gaps in the numbers."""

    number: int
    name: str
    status: str
    conclusion: str | None
    started_at: datetime | None
    completed_at: datetime | None

    @property
    def state(self) -> State:
        """Status while it goes on, then the conclusion."""
        return state_of(self.status, self.conclusion)


@dataclass(frozen=True, slots=True)
class Job:
    """One job of one attempt: the attempt it is listed under, also when it was carried over from an earlier one."""

    id: int
    run_id: int
    attempt: int
    name: str
    status: str
    conclusion: str | None
    created_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    labels: tuple[str, ...]
    runner_name: str | None
    url: str
    steps: tuple[Step, ...] = ()

    @property
    def state(self) -> State:
        """Status while it goes on, then the conclusion."""
        return state_of(self.status, self.conclusion)


@dataclass(frozen=True, slots=True)
class Run:
    """One workflow run, described at its newest attempt unless it was read as an older one."""

    repository: RepositoryId
    id: int
    attempt: int
    number: int
    workflow_id: int
    workflow_name: str
    workflow_path: str
    title: str
    event: str
    branch: str | None
    head_sha: str
    status: str
    conclusion: str | None
    created_at: datetime
    started_at: datetime
    """When this attempt started (`run_started_at`: a re-run sets it anew)."""
    updated_at: datetime
    """Not the end of the run: never compute a duration from it."""
    actor: str
    url: str
    pull_requests: tuple[int, ...] = ()
    workflow_blob: str | None = None
    """SHA of the workflow file at the head commit; None as long as nobody has asked for it."""

    @property
    def state(self) -> State:
        """Status while it goes on, then the conclusion."""
        return state_of(self.status, self.conclusion)

    @property
    def short_sha(self) -> str:
        """The first seven characters of the head commit."""
        return self.head_sha[:7]

    @property
    def key(self) -> tuple[int, int]:
        """Run id and attempt: what jobs and times belong to."""
        return (self.id, self.attempt)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A finished run at one attempt, with the jobs listed under it: what the history keeps."""

    run: Run
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow of a repository."""

    id: int
    name: str
    path: str
    state: str
    url: str


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request; `mergeable_state` is None when it came from a list, which does not tell."""

    repository: RepositoryId
    number: int
    title: str
    state: str
    draft: bool
    merged: bool
    branch: str
    head_sha: str
    base_branch: str
    author: str
    updated_at: datetime
    url: str
    mergeable_state: str | None = None
    body: str = ""

    @property
    def short_sha(self) -> str:
        """The first seven characters of the head commit."""
        return self.head_sha[:7]
