"""A clock that the test moves, and nouns in one line."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cidash.domain.ci import Job, PullRequest, Run
from cidash.domain.repository import RepositoryId

START = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)
REPOSITORY = RepositoryId("github.com", "tefj-fun", "agent_bus")


class SteeredClock:
    """Sleeping moves the time at once, so a story of minutes runs in no time and always the same way."""

    def __init__(self) -> None:
        self.time = START
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return (self.time - START).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> SteeredClock:
    return SteeredClock()


RUN = Run(
    repository=REPOSITORY,
    id=1,
    attempt=1,
    number=1,
    workflow_id=10,
    workflow_name="CI",
    workflow_path=".github/workflows/ci.yml",
    title="KAN-76: Lint",
    event="pull_request",
    branch="kan-76",
    head_sha="a" * 40,
    status="completed",
    conclusion="success",
    created_at=START - timedelta(hours=1),
    started_at=START - timedelta(hours=1),
    updated_at=START - timedelta(minutes=56),
    actor="tefj-fun",
    url="https://github.com/tefj-fun/agent_bus/actions/runs/1",
)
PULL = PullRequest(
    repository=REPOSITORY,
    number=38,
    title="KAN-76: Lint",
    state="open",
    draft=False,
    merged=False,
    branch="kan-76",
    head_sha="a" * 40,
    base_branch="main",
    author="tefj-fun",
    updated_at=START,
    url="https://github.com/tefj-fun/agent_bus/pull/38",
)
JOB = Job(
    id=100,
    run_id=1,
    attempt=1,
    name="test",
    status="completed",
    conclusion="success",
    created_at=START - timedelta(hours=1),
    started_at=START - timedelta(hours=1) + timedelta(seconds=5),
    completed_at=START - timedelta(minutes=56),
    labels=("ubuntu-latest",),
    runner_name="GitHub Actions 1",
    url="",
)


@pytest.fixture
def run() -> Callable[..., Run]:
    return lambda **changes: replace(RUN, **changes)


@pytest.fixture
def pull() -> Callable[..., PullRequest]:
    return lambda **changes: replace(PULL, **changes)


@pytest.fixture
def job() -> Callable[..., Job]:
    return lambda **changes: replace(JOB, **changes)
