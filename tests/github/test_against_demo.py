"""The client against the demo's GitHub, which knows nothing of the client: real HTTP, real headers, real redirects."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from cidash.demo.serve import DemoServers, start
from cidash.domain.ci import Run
from cidash.domain.clock import SystemClock
from cidash.domain.command import Rerun, RerunScope
from cidash.domain.problem import ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.domain.secret import Secret
from cidash.domain.state import State
from cidash.github import queries
from cidash.github.actions import GitHubActions
from cidash.github.client import GitHubClient
from cidash.transport.bodies import MemoryBodies

if TYPE_CHECKING:
    from cidash.github.query import Query

REPOSITORY = RepositoryId("github.com", "tefj-fun", "agent_bus")


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoServers]:
    with start(pace=1.0) as servers:
        yield servers


@pytest.fixture
async def client(demo: DemoServers) -> AsyncIterator[GitHubClient]:
    token = Secret("demo-github-token")
    client = GitHubClient("github.com", demo.github_url, token, MemoryBodies(), SystemClock())
    yield client
    await client.close()


async def runs_of(client: GitHubClient, state: State) -> list[Run]:
    runs = (await client.fetch(queries.recent_runs(REPOSITORY))).data
    return [run for run in runs if run.state is state and run.workflow_name == "CI"]


async def test_every_question_is_answered_and_asked_again_for_nothing(client: GitHubClient) -> None:
    (running, *_) = await runs_of(client, State.IN_PROGRESS)
    (failed, *_) = await runs_of(client, State.FAILURE)
    workflows = (await client.fetch(queries.workflows(REPOSITORY))).data
    pulls = (await client.fetch(queries.pulls(REPOSITORY))).data
    assert (await client.fetch(queries.recent_runs(REPOSITORY, branch="main", per_page=10))).data[0].branch == "main"
    of_one_workflow = (await client.fetch(queries.workflow_runs(REPOSITORY, failed.workflow_id))).data
    assert {run.workflow_name for run in of_one_workflow} == {"CI"}
    still: list[Query[Any]] = [
        queries.repository(REPOSITORY),
        queries.recent_runs(REPOSITORY, head_sha=failed.head_sha),
        queries.attempt(REPOSITORY, failed.id, failed.attempt),
        queries.jobs(REPOSITORY, failed.id, failed.attempt),
        queries.workflows(REPOSITORY),
    ]
    for query in still:
        await client.fetch(query)
    charged = client.budget.charged
    for query in still:
        assert not (await client.fetch(query)).changed
        assert client.recall(query) is not None

    assert client.budget.charged == charged
    assert (running.attempt, running.branch) == (2, "kan-76-lint-format-checks")
    assert (await client.fetch(queries.repository(REPOSITORY))).data == "main"
    assert {"CI", "Security"} <= {workflow.name for workflow in workflows}
    assert 38 in {pull.number for pull in pulls}
    assert (await client.fetch(queries.pull(REPOSITORY, 38))).data.mergeable_state
    assert (await client.fetch(queries.user("github.com"))).data == "tefj-fun"


async def test_our_count_is_the_servers_count(client: GitHubClient) -> None:
    before = (await client.fetch(queries.rate_limit("github.com"))).data
    spent = client.budget.charged
    for _ in range(2):
        await client.fetch(queries.recent_runs(REPOSITORY))
        await client.fetch(queries.workflows(REPOSITORY))
    after = (await client.fetch(queries.rate_limit("github.com"))).data

    assert before.remaining is not None
    assert after.remaining is not None
    assert client.budget.charged - spent == before.remaining - after.remaining
    assert client.budget.total >= 6
    assert client.server_offset_seconds is not None
    assert abs(client.server_offset_seconds) < 2


async def test_runs_come_newest_first_and_in_utc(client: GitHubClient) -> None:
    runs = (await client.fetch(queries.recent_runs(REPOSITORY))).data

    assert len(runs) == 100
    assert all(newer.created_at >= older.created_at for newer, older in pairwise(runs))
    assert all(run.created_at.utcoffset() is not None for run in runs)
    assert all("\x1b" not in run.title + (run.branch or "") for run in runs)
    assert all(run.url.startswith("http://127.0.0.1") for run in runs)


async def test_the_log_of_a_job_that_failed_and_of_one_that_runs(client: GitHubClient) -> None:
    (failed, *_) = await runs_of(client, State.FAILURE)
    (running, *_) = await runs_of(client, State.IN_PROGRESS)
    finished = (await client.fetch(queries.jobs(REPOSITORY, failed.id, failed.attempt))).data
    active = (await client.fetch(queries.jobs(REPOSITORY, running.id, running.attempt))).data
    red = next(job for job in finished if job.state is State.FAILURE)
    live = next(job for job in active if job.state.is_active)
    log = b"".join([chunk async for chunk in client.job_log(REPOSITORY, red.id)])

    assert b"##[error]" in log
    with pytest.raises(SourceError, match="can be read once the job is completed") as raised:
        await anext(client.job_log(REPOSITORY, live.id))
    assert raised.value.problem.kind is ProblemKind.NOT_FOUND


def rerun_of(run: Run, scope: RerunScope) -> Rerun:
    return Rerun(REPOSITORY, run.id, run.attempt, run.workflow_name, run.branch or "", run.short_sha, scope)


async def test_failed_jobs_are_run_again_once(client: GitHubClient) -> None:
    (run, *_) = await runs_of(client, State.FAILURE)
    actions = GitHubActions(client)
    remaining = client.budget.remaining
    await actions.rerun(rerun_of(run, RerunScope.FAILED))
    again = (await client.fetch(queries.run(REPOSITORY, run.id))).data

    assert again.attempt == run.attempt + 1
    assert again.state.is_active
    assert again.started_at > run.started_at
    assert remaining is not None
    assert client.budget.remaining == remaining - 2
    with pytest.raises(SourceError, match="already running") as raised:
        await actions.rerun(rerun_of(run, RerunScope.FAILED))
    assert raised.value.problem.kind is ProblemKind.CONFLICT


async def test_one_job_is_run_again_with_debug_logging(client: GitHubClient) -> None:
    run = (await runs_of(client, State.FAILURE))[-1]
    jobs = (await client.fetch(queries.jobs(REPOSITORY, run.id, run.attempt))).data
    red = next(job for job in jobs if job.state is State.FAILURE)
    wanted = replace(rerun_of(run, RerunScope.JOB), job_id=red.id, job_name=red.name, debug=True)
    await GitHubActions(client).rerun(wanted)

    assert (await client.fetch(queries.run(REPOSITORY, run.id))).data.attempt == run.attempt + 1


async def test_what_is_not_there_and_who_may_not(demo: DemoServers, client: GitHubClient) -> None:
    with pytest.raises(SourceError, match="did not find run 999 of tefj-fun/agent_bus"):
        await client.fetch(queries.run(REPOSITORY, 999))
    stranger = GitHubClient("github.com", demo.github_url, Secret("wrong"), MemoryBodies(), SystemClock())
    with pytest.raises(SourceError) as raised:
        await stranger.fetch(queries.repository(REPOSITORY))
    await stranger.close()

    assert raised.value.problem.kind is ProblemKind.UNAUTHORIZED
