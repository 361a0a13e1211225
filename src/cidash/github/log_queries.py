"""What is asked for around a job's log: the job by its id, and the annotations that its check run carries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from pydantic import ConfigDict, Field, RootModel

from cidash.domain.ci import Job, Run
from cidash.domain.repository import RepositoryId
from cidash.domain.text import clean, clean_block
from cidash.github import nouns, wire
from cidash.github.queries import ACTIONS_READ, base
from cidash.github.query import Query

CHECKS_READ = "Checks: read"
_MESSAGE = 4_000


@dataclass(frozen=True, slots=True)
class Annotation:
    """One remark that a job left on a file or on the run."""

    level: str
    """`failure`, `warning` or `notice`."""
    path: str
    line: int | None
    title: str
    message: str


class _JobWire(wire.JobWire):
    run_attempt: Annotated[int, Field(ge=1, le=1_000_000)] = 1


class _AnnotationWire(wire.Wire):
    path: str | None = None
    start_line: wire.Count | None = None
    annotation_level: str | None = None
    title: str | None = None
    message: str | None = None


class _AnnotationsWire(RootModel[tuple[_AnnotationWire, ...]]):
    model_config = ConfigDict(strict=True, frozen=True, defer_build=True)


class _CommitWire(wire.Wire):
    sha: str


class _BranchWire(wire.Wire):
    commit: _CommitWire


def job(repository: RepositoryId, job_id: int) -> Query[Job]:
    """Asks for one job, whatever its run and attempt."""
    host, what = repository.host, f"job {job_id} of {repository.full_name}"

    def read(body: bytes) -> Job:
        one = wire.decode(_JobWire, body, host, what)
        return nouns.job_of(one, one.run_attempt)

    return Query(f"{base(repository)}/actions/jobs/{job_id}", (), read, what, right=ACTIONS_READ)


def annotations(repository: RepositoryId, job_id: int) -> Query[tuple[Annotation, ...]]:
    """Asks for the annotations of a job: its check run has the job's id."""
    host, what = repository.host, f"the annotations of job {job_id} of {repository.full_name}"

    def read(body: bytes) -> tuple[Annotation, ...]:
        return tuple(_annotation(one) for one in wire.decode(_AnnotationsWire, body, host, what).root)

    path = f"{base(repository)}/check-runs/{job_id}/annotations"
    return Query(path, (("per_page", 50),), read, what, right=CHECKS_READ)


def runs(
    repository: RepositoryId, filters: Sequence[tuple[str, str]], limit: int, workflow_id: int | None = None
) -> Query[tuple[Run, ...]]:
    """Asks for the newest runs that GitHub's own filters let through, newest first; beyond a hundred in pages.

    Args:
        repository: whose runs.
        filters: of `branch`, `event`, `actor`, `status`, `head_sha`, each with its value.
        limit: how many are wanted; a page may hold more.
        workflow_id: only this workflow's.
    """
    host, what = repository.host, f"the runs of {repository.full_name}"

    def read(body: bytes) -> tuple[Run, ...]:
        listed = wire.decode(wire.RunsWire, body, host, what).workflow_runs
        return tuple(nouns.run_of(one, repository) for one in listed)

    place = "actions/runs" if workflow_id is None else f"actions/workflows/{workflow_id}/runs"
    params: tuple[tuple[str, str | int], ...] = (
        *filters,
        ("exclude_pull_requests", "true"),
        ("per_page", max(1, min(100, limit))),
    )
    return Query(f"{base(repository)}/{place}", params, read, what, paged=limit > 100, right=ACTIONS_READ)


def branch_head(repository: RepositoryId, branch: str) -> Query[str]:
    """Asks for the SHA of a branch's newest commit."""
    host, what = repository.host, f"branch {branch} of {repository.full_name}"

    def read(body: bytes) -> str:
        return clean(wire.decode(_BranchWire, body, host, what).commit.sha, 64)

    return Query(f"{base(repository)}/branches/{quote(branch, safe='')}", (), read, what, right="Contents: read")


def _annotation(one: _AnnotationWire) -> Annotation:
    level = clean(one.annotation_level, 40)
    return Annotation(
        level if level in {"failure", "warning", "notice"} else "notice",
        clean(one.path, 300),
        one.start_line,
        clean(one.title, 300),
        clean_block(one.message, _MESSAGE).strip(),
    )
