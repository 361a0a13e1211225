"""Makers of runs, jobs, pull requests and tickets with one line each."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cidash.domain.ci import Job, PullRequest, Run
from cidash.domain.epic import Status, StatusCategory, Ticket, TicketLink
from cidash.domain.repository import RepositoryId

START = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)
REPOSITORY = RepositoryId("github.com", "tefj-fun", "agent_bus")


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


_RUN = Run(
    repository=REPOSITORY,
    id=1,
    attempt=1,
    number=1,
    workflow_id=5,
    workflow_name="CI",
    workflow_path=".github/workflows/ci.yml",
    title="KAN-76",
    event="pull_request",
    branch="kan-76-lint",
    head_sha="a" * 40,
    status="completed",
    conclusion="success",
    created_at=START,
    started_at=START,
    updated_at=START,
    actor="octocat",
    url="https://github.com/tefj-fun/agent_bus/actions/runs/1",
)
_JOB = Job(
    id=10,
    run_id=1,
    attempt=1,
    name="test",
    status="completed",
    conclusion="success",
    created_at=START,
    started_at=START,
    completed_at=at(100),
    labels=("ubuntu-latest",),
    runner_name="GitHub Actions 1",
    url="",
)
_PULL = PullRequest(
    repository=REPOSITORY,
    number=38,
    title="Lint checks",
    state="open",
    draft=False,
    merged=False,
    branch="lint",
    head_sha="a" * 40,
    base_branch="main",
    author="octocat",
    updated_at=START,
    url="",
)
_TICKET = Ticket(
    key="KAN-77",
    id="10077",
    summary="Build cache",
    type_name="Task",
    hierarchy_level=0,
    status=Status("1", "To Do", StatusCategory.NEW),
    assignee=None,
    updated_at=None,
    parent_key="KAN-40",
    links=(),
    estimate_seconds=None,
    remaining_seconds=None,
    url="",
)


@pytest.fixture
def make_run() -> Callable[..., Run]:
    """A successful first attempt of CI; times in seconds after the start as `started`."""

    def make(started: float = 0, **changes: Any) -> Run:
        return replace(_RUN, started_at=at(started), **changes)

    return make


@pytest.fixture
def make_job() -> Callable[..., Job]:
    """A successful job from `start` to `end`, in seconds after the start; None for no time."""

    def make(start: float | None = 0, end: float | None = 100, created: float | None = 0, **changes: Any) -> Job:
        def moment(seconds: float | None) -> datetime | None:
            return None if seconds is None else at(seconds)

        return replace(_JOB, started_at=moment(start), completed_at=moment(end), created_at=moment(created), **changes)

    return make


@pytest.fixture
def make_pull() -> Callable[..., PullRequest]:
    return lambda **changes: replace(_PULL, **changes)


@pytest.fixture
def make_ticket() -> Callable[..., Ticket]:
    """KAN-77 in To Do; `category` and `blocked_by` (key to category) change it."""

    def make(category: StatusCategory = StatusCategory.NEW, **blocked_by: StatusCategory) -> Ticket:
        links = tuple(
            TicketLink("is blocked by", key.replace("_", "-"), "", Status("", "", state), blocks_me=True)
            for key, state in blocked_by.items()
        )
        return replace(_TICKET, status=Status("1", "some name", category), links=links)

    return make
