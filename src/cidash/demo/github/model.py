"""The nouns of the demo's GitHub. Times are true, aware UTC; what an answer shows is worked out from them and now."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

OWNER = "tefj-fun"
NAME = "agent_bus"
FULL_NAME = f"{OWNER}/{NAME}"
DEFAULT_BRANCH = "main"


@dataclass(frozen=True, slots=True)
class StepPlan:
    """One step as it will go: seconds at pace 1. `post` steps and `always` steps run after a failure too."""

    name: str
    seconds: float
    number: int = 0
    conclusion: str = "success"
    post: bool = False
    always: bool = False


@dataclass(frozen=True, slots=True)
class CachePlan:
    """What the job's cache does; decides its times, its log and the entries that the repository stores."""

    state: str = "none"
    key: str = ""
    restored_key: str | None = None
    docker_cached: int = 0
    docker_total: int = 0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class JobPlan:
    """One job as it will go. `needs` are keys of other jobs; `environment` makes it wait for an approval."""

    key: str
    name: str
    steps: tuple[StepPlan, ...] = ()
    needs: tuple[str, ...] = ()
    queue_seconds: float = 3.0
    conclusion: str = "success"
    labels: tuple[str, ...] = ("ubuntu-latest",)
    always: bool = False
    environment: str | None = None
    cache: CachePlan = CachePlan()
    failure: str | None = None
    artifacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step with its times."""

    name: str
    number: int
    conclusion: str
    started_at: datetime
    completed_at: datetime
    post: bool = False


@dataclass(slots=True)
class Job:
    """One job of one attempt. `started_at` and `completed_at` are None while an approval is missing."""

    id: int
    plan: JobPlan
    attempt: int
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    conclusion: str
    steps: tuple[Step, ...] = ()
    runner: int | None = None
    carried: bool = False

    @property
    def key(self) -> str:
        """The job's key in the workflow file, which the API never tells."""
        return self.plan.key

    def is_done(self, now: datetime) -> bool:
        """Whether the job is over at that moment."""
        return self.completed_at is not None and self.completed_at <= now


@dataclass(slots=True)
class Attempt:
    """One attempt of a run: all its jobs with all their times, past and to come."""

    number: int
    started_at: datetime
    actor: str
    plans: tuple[JobPlan, ...]
    jobs: list[Job] = field(default_factory=list)
    finished_at: datetime | None = None
    """When the run is completed; None while an approval is missing."""
    fixed_conclusion: str | None = None
    """For attempts without jobs: startup_failure, action_required, an invalid file."""
    approvals: dict[str, datetime] = field(default_factory=dict)
    cancelled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the jobs of an attempt are planned: which workflow, which form of it, with which cache and outcome."""

    kind: str
    variant: str = ""
    outcome: str = "success"
    cache: CachePlan = CachePlan()
    persistent: bool = False
    """Whether a re-run fails in the same way."""
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """One input of workflow_dispatch."""

    name: str
    type: str = "string"
    required: bool = False
    default: str | None = None
    options: tuple[str, ...] = ()


@dataclass(slots=True)
class Workflow:
    """A workflow as the API lists it; it is listed from `created_at` on."""

    id: int
    name: str
    path: str
    kind: str
    created_at: datetime
    state: str = "active"
    inputs: tuple[Input, ...] | None = None
    """None: no workflow_dispatch trigger."""
    updated_at: datetime | None = None
    next_number: int = 1


@dataclass(slots=True)
class Run:
    """One run of a workflow with all its attempts."""

    id: int
    number: int
    workflow: Workflow
    recipe: Recipe
    event: str
    branch: str
    head_sha: str
    title: str
    created_at: datetime
    actor: str
    dice: random.Random
    name: str
    path: str
    head_owner: str = OWNER
    pulls: tuple[int, ...] = ()
    attempts: list[Attempt] = field(default_factory=list)
    updated_lag_seconds: float = 0.0
    """How much later than its end `updated_at` points."""
    reviews: list[tuple[str, str, str]] = field(default_factory=list)
    """Answers to pending deployments: state, environment, comment."""

    @property
    def is_fork(self) -> bool:
        """Whether the head is in somebody else's repository."""
        return self.head_owner != OWNER

    def latest(self, now: datetime) -> Attempt:
        """Returns the newest attempt that has begun."""
        return next((attempt for attempt in reversed(self.attempts) if attempt.started_at <= now), self.attempts[0])


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit with the whole content of its tree."""

    sha: str
    message: str
    author: str
    at: datetime
    parents: tuple[str, ...]
    files: Mapping[str, str]
    tree_sha: str


@dataclass(slots=True)
class Review:
    """A review of a pull request."""

    id: int
    author: str
    state: str
    body: str
    commit_sha: str
    submitted_at: datetime


@dataclass(slots=True)
class Pull:
    """A pull request. It exists from `created_at` on and is open until `closed_at`."""

    number: int
    title: str
    branch: str
    head_sha: str
    author: str
    created_at: datetime
    updated_at: datetime
    body: str = ""
    draft: bool = False
    head_owner: str = OWNER
    base_branch: str = DEFAULT_BRANCH
    base_sha: str = ""
    closed_at: datetime | None = None
    merged_at: datetime | None = None
    merged_by: str | None = None
    merge_commit_sha: str | None = None
    labels: tuple[str, ...] = ()
    conflicts: bool = False
    reviews: list[Review] = field(default_factory=list)
    mergeability_known_for: tuple[str, str] | None = None
    """Head and base for which `mergeable` has been asked before: the first question is answered with null."""

    def is_open(self, now: datetime) -> bool:
        """Whether the pull request is open at that moment."""
        return self.closed_at is None or self.closed_at > now


@dataclass(slots=True)
class CacheEntry:
    """A stored cache entry: it exists from `created_at` on."""

    id: int
    ref: str
    key: str
    version: str
    created_at: datetime
    size_bytes: int
    job_id: int = 0
    """The job that saves it: cancelled before that, there is no entry."""
    accesses: list[datetime] = field(default_factory=list)

    def last_accessed_at(self, now: datetime) -> datetime:
        """Returns when the entry was last restored or saved."""
        return max((at for at in (self.created_at, *self.accesses) if at <= now), default=self.created_at)


@dataclass(slots=True)
class Protection:
    """Classic protection of a branch; tests put one into `World.protection`."""

    contexts: tuple[str, ...] | None = None
    """Required checks; None: none are required."""
    strict: bool = False
    reviews: int | None = None
    dismiss_stale: bool = False
    enforce_admins: bool = False
    push_logins: tuple[str, ...] | None = None
    linear_history: bool = False
    force_pushes: bool = False
    deletions: bool = False


@dataclass(slots=True)
class Ruleset:
    """A repository ruleset; tests put one into `World.rulesets`. `rules` are the API's own objects."""

    id: int
    name: str
    rules: tuple[dict[str, object], ...]
    enforcement: str = "active"
    branches: tuple[str, ...] = ("~DEFAULT_BRANCH",)

    def covers(self, branch: str) -> bool:
        """Whether the ruleset's conditions name that branch."""
        names = {"~ALL", branch, f"refs/heads/{branch}"}
        if branch == DEFAULT_BRANCH:
            names.add("~DEFAULT_BRANCH")
        return any(pattern in names for pattern in self.branches)


@dataclass(slots=True)
class Release:
    """A release and its tag."""

    id: int
    tag: str
    name: str
    created_at: datetime
    draft: bool = False
    prerelease: bool = False
    body: str = ""
