"""Commands that change something on GitHub, apart from a re-run: each says exactly what is done to what."""

from dataclasses import dataclass
from enum import StrEnum

from cidash.domain.ci import PullRequest, Run
from cidash.domain.repository import RepositoryId


@dataclass(frozen=True, slots=True)
class RunAt:
    """A run as it was on screen: at one attempt, of one branch and commit."""

    repository: RepositoryId
    id: int
    attempt: int
    workflow_name: str
    branch: str
    short_sha: str

    @property
    def name(self) -> str:
        """Names the run: `CI, attempt 2, kan-76 at a1b2c3d`."""
        return f"{self.workflow_name}, attempt {self.attempt}, {self.branch} at {self.short_sha}"


def run_at(run: Run) -> RunAt:
    """Returns the run as it is now, to be put into a command."""
    return RunAt(run.repository, run.id, run.attempt, run.workflow_name, run.branch or run.event, run.short_sha)


@dataclass(frozen=True, slots=True)
class CancelRun:
    """Cancel a run; with `force` its `if: always()` steps do not run any more either."""

    run: RunAt
    force: bool = False

    @property
    def repository(self) -> RepositoryId:
        """The repository that it is about."""
        return self.run.repository

    @property
    def sentence(self) -> str:
        """Names what is done to what: `Cancel CI, attempt 2, kan-76 at a1b2c3d`."""
        return f"{'Force-cancel' if self.force else 'Cancel'} {self.run.name}"


@dataclass(frozen=True, slots=True)
class ApproveRun:
    """Let the run of a first-time contributor's fork start."""

    run: RunAt

    @property
    def repository(self) -> RepositoryId:
        """The repository that it is about."""
        return self.run.repository

    @property
    def sentence(self) -> str:
        """Names what is done to what: `Approve that CI, attempt 1, fix-typo at a1b2c3d may run`."""
        return f"Approve that {self.run.name} may run"


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment that jobs are deployed to."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class ReviewDeployment:
    """Approve or reject the deployments that a run waits with."""

    run: RunAt
    environments: tuple[Environment, ...]
    approve: bool
    comment: str = ""

    @property
    def repository(self) -> RepositoryId:
        """The repository that it is about."""
        return self.run.repository

    @property
    def sentence(self) -> str:
        """Names what is done to what: `Approve the deployment to production of Release, attempt 1, main at a1b2c3d`."""
        names = ", ".join(one.name for one in self.environments)
        return f"{'Approve' if self.approve else 'Reject'} the deployment to {names} of {self.run.name}"


class MergeMethod(StrEnum):
    """How a pull request's commits come into the base branch, in GitHub's words."""

    MERGE = "merge"
    SQUASH = "squash"
    REBASE = "rebase"


@dataclass(frozen=True, slots=True)
class MergePull:
    """Merge a pull request at the head commit that was on screen; GitHub refuses when the head has moved."""

    repository: RepositoryId
    number: int
    title: str
    branch: str
    base_branch: str
    head_sha: str
    method: MergeMethod

    @property
    def sentence(self) -> str:
        """Names what is done to what: `Merge #38 (KAN-76 Lint), kan-76 at a1b2c3d, into main by squash`."""
        into = f"into {self.base_branch} by {self.method}"
        return f"Merge #{self.number} ({self.title}), {self.branch} at {self.head_sha[:7]}, {into}"


def merge_of(pull: PullRequest, method: MergeMethod) -> MergePull:
    """Returns the command that merges the pull request as it is now."""
    return MergePull(
        pull.repository, pull.number, pull.title, pull.branch, pull.base_branch, pull.head_sha, MergeMethod(method)
    )


@dataclass(frozen=True, slots=True)
class DispatchWorkflow:
    """Start a run of a workflow by hand, on a branch or tag."""

    repository: RepositoryId
    workflow_id: int
    workflow_name: str
    ref: str
    inputs: tuple[tuple[str, str], ...] = ()
    """Name and value of each input that is given; the others have their defaults."""

    @property
    def sentence(self) -> str:
        """Names what is done to what: `Run workflow Smoke test on main with environment=staging`."""
        given = ", ".join(f"{name}={value}" for name, value in self.inputs)
        return f"Run workflow {self.workflow_name} on {self.ref}" + (f" with {given}" if given else "")


@dataclass(frozen=True, slots=True)
class SetWorkflow:
    """Enable a workflow, or keep it from starting runs."""

    repository: RepositoryId
    workflow_id: int
    workflow_name: str
    enabled: bool

    @property
    def sentence(self) -> str:
        """Names what is done to what: `Disable workflow Nightly in octo/hello`."""
        what = "Enable" if self.enabled else "Disable"
        return f"{what} workflow {self.workflow_name} in {self.repository.full_name}"


@dataclass(frozen=True, slots=True)
class DeleteCache:
    """Delete one cache entry."""

    repository: RepositoryId
    entry_id: int
    key: str
    ref: str

    @property
    def sentence(self) -> str:
        """Names what is done to what: `Delete cache entry Linux-pip-1 of refs/heads/main (id 7)`."""
        return f"Delete cache entry {self.key} of {self.ref} (id {self.entry_id})"


RunCommand = CancelRun | ApproveRun | ReviewDeployment
"""Those that are about one run."""
