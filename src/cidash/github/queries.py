"""The questions that cidash asks GitHub. Paging goes by the answer's Link header, never by counting pages."""

from datetime import UTC, datetime
from urllib.parse import quote

from cidash.domain.ci import Job, PullRequest, Run, Workflow
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Budget
from cidash.domain.text import clean
from cidash.github import nouns, wire
from cidash.github.query import Query

ACTIONS_READ = "Actions: read"
ACTIONS_WRITE = "Actions: write"
PULLS_READ = "Pull requests: read"


def recent_runs(
    repository: RepositoryId, branch: str | None = None, head_sha: str | None = None, per_page: int = 100
) -> Query[tuple[Run, ...]]:
    """Asks for the newest runs, newest first, one page: of all branches, of a head branch, or of one head commit.

    Their `pull_requests` are left out (they make the answer large and are empty for forks): map by `head_sha`.
    """
    opening = "the runs of "
    if head_sha:
        opening += f"commit {head_sha[:7]} in "
    elif branch:
        opening += f"branch {branch} in "
    return _runs(repository, "actions/runs", opening, branch, head_sha, per_page)


def workflow_runs(
    repository: RepositoryId, workflow_id: int, branch: str | None = None, per_page: int = 100
) -> Query[tuple[Run, ...]]:
    """Asks for the newest runs of one workflow, newest first, one page."""
    path = f"actions/workflows/{workflow_id}/runs"
    return _runs(repository, path, f"the runs of workflow {workflow_id} in ", branch, None, per_page)


def run(repository: RepositoryId, run_id: int) -> Query[Run]:
    """Asks for one run at its newest attempt."""
    return _one_run(repository, f"actions/runs/{run_id}", f"run {run_id} of {repository.full_name}")


def attempt(repository: RepositoryId, run_id: int, number: int) -> Query[Run]:
    """Asks for one run at one attempt, counted from 1."""
    path = f"actions/runs/{run_id}/attempts/{number}"
    return _one_run(repository, path, f"attempt {number} of run {run_id} of {repository.full_name}")


def jobs(repository: RepositoryId, run_id: int, attempt: int) -> Query[tuple[Job, ...]]:
    """Asks for all jobs listed under one attempt, those carried over from earlier attempts among them."""
    host, what = repository.host, f"the jobs of run {run_id}, attempt {attempt}, of {repository.full_name}"

    def read(body: bytes) -> tuple[Job, ...]:
        return tuple(nouns.job_of(one, attempt) for one in wire.decode(wire.JobsWire, body, host, what).jobs)

    def is_settled(page: tuple[Job, ...]) -> bool:
        return all(job.status == "completed" for job in page)

    path = f"{base(repository)}/actions/runs/{run_id}/attempts/{attempt}/jobs"
    params = (("per_page", 100),)
    return Query(path, params, read, what, paged=True, right=ACTIONS_READ, is_settled=is_settled)


def pulls(repository: RepositoryId) -> Query[tuple[PullRequest, ...]]:
    """Asks for the open pull requests, newest first, the hundred that were opened last."""
    host, what = repository.host, f"the open pull requests of {repository.full_name}"

    def read(body: bytes) -> tuple[PullRequest, ...]:
        return tuple(nouns.pull_of(one, repository) for one in wire.decode(wire.PullsWire, body, host, what).root)

    return Query(f"{base(repository)}/pulls", (("state", "open"), ("per_page", 100)), read, what, right=PULLS_READ)


def pull(repository: RepositoryId, number: int) -> Query[PullRequest]:
    """Asks for one pull request, which tells its `mergeable_state`."""
    host, what = repository.host, f"pull request #{number} of {repository.full_name}"

    def read(body: bytes) -> PullRequest:
        return nouns.pull_of(wire.decode(wire.PullWire, body, host, what), repository)

    return Query(f"{base(repository)}/pulls/{number}", (), read, what, right=PULLS_READ)


def workflows(repository: RepositoryId) -> Query[tuple[Workflow, ...]]:
    """Asks for all workflows of the repository."""
    host, what = repository.host, f"the workflows of {repository.full_name}"

    def read(body: bytes) -> tuple[Workflow, ...]:
        return tuple(nouns.workflow_of(one) for one in wire.decode(wire.WorkflowsWire, body, host, what).workflows)

    path = f"{base(repository)}/actions/workflows"
    return Query(path, (("per_page", 100),), read, what, paged=True, right=ACTIONS_READ)


def repository(repository: RepositoryId) -> Query[str]:
    """Asks for the name of the default branch."""
    host, what = repository.host, f"repository {repository.full_name}"

    def read(body: bytes) -> str:
        return clean(wire.decode(wire.RepositoryWire, body, host, what).default_branch)

    return Query(base(repository), (), read, what)


def user(host: str) -> Query[str]:
    """Asks for the login that the token belongs to."""
    what = "the user of the token"

    def read(body: bytes) -> str:
        return clean(wire.decode(wire.AccountWire, body, host, what).login)

    return Query("/user", (), read, what)


def rate_limit(host: str) -> Query[Budget]:
    """Asks for limit, what remains of it and its reset time; the question itself is not charged."""
    what = "the rate limit"

    def read(body: bytes) -> Budget:
        core = wire.decode(wire.RateLimitWire, body, host, what).resources.core
        reset_at = datetime.fromtimestamp(core.reset, UTC) if core.reset < 2**33 else None
        return Budget(host, core.limit, core.remaining, reset_at)

    return Query("/rate_limit", (), read, what)


def base(repository: RepositoryId) -> str:
    """Returns the path that everything of a repository is under; owner and name can't leave their place in it."""
    return f"/repos/{_segment(repository.owner)}/{_segment(repository.name)}"


def _segment(text: str) -> str:
    quoted = quote(text, safe="")
    if quoted.strip(".") == "":
        raise ValueError("an owner or repository name is more than dots")
    return quoted


def _runs(
    repository: RepositoryId, path: str, opening: str, branch: str | None, head_sha: str | None, per_page: int
) -> Query[tuple[Run, ...]]:
    host, what = repository.host, f"{opening}{repository.full_name}"
    wanted = (("branch", branch), ("head_sha", head_sha), ("exclude_pull_requests", "true"), ("per_page", per_page))

    def read(body: bytes) -> tuple[Run, ...]:
        listed = wire.decode(wire.RunsWire, body, host, what).workflow_runs
        return tuple(nouns.run_of(one, repository) for one in listed)

    params = tuple((name, value) for name, value in wanted if value is not None)
    return Query(f"{base(repository)}/{path}", params, read, what, right=ACTIONS_READ)


def _one_run(repository: RepositoryId, path: str, what: str) -> Query[Run]:
    def read(body: bytes) -> Run:
        return nouns.run_of(wire.decode(wire.RunWire, body, repository.host, what), repository)

    return Query(f"{base(repository)}/{path}", (("exclude_pull_requests", "true"),), read, what, right=ACTIONS_READ)
