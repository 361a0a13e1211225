"""Writes through the whole engine against the demo's GitHub, over real sockets: read back, armed, lost."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from cidash.config.load import load_text
from cidash.demo.serve import DemoServers, start
from cidash.domain.ci import PullRequest, Run
from cidash.domain.clock import SystemClock
from cidash.domain.command import Action, ActionState, Rerun, RerunScope
from cidash.domain.github_command import (
    ApproveRun,
    CancelRun,
    DeleteCache,
    DispatchWorkflow,
    MergeMethod,
    MergePull,
    ReviewDeployment,
    SetWorkflow,
    merge_of,
    run_at,
)
from cidash.domain.problem import ProblemKind
from cidash.domain.repository import RepositoryId
from cidash.engine.assembly import build
from cidash.engine.engine import Engine
from cidash.github import queries

REPOSITORY = RepositoryId("github.com", "tefj-fun", "agent_bus")


@pytest.fixture
def demo() -> Iterator[DemoServers]:
    with start(pace=0.1) as servers:
        yield servers


@pytest.fixture
async def engine(demo: DemoServers) -> AsyncIterator[Engine]:
    engine = build(load_text(demo.config_text, "demo"), (REPOSITORY,), {}, SystemClock())
    engine.open()
    yield engine
    await engine.close()


def writes(demo: DemoServers) -> list[tuple[str, str, int]]:
    return [(one.method, one.path.partition("agent_bus/")[2], one.status) for one in demo.github.world.writes]


async def find(engine: Engine, **wanted: Any) -> Run:
    runs = (await engine.refresh()).repositories[0].runs.data or ()
    return next(run for run in runs if all(getattr(run, name) == value for name, value in wanted.items()))


async def dispatched(engine: Engine, name: str = "Smoke test", inputs: tuple[tuple[str, str], ...] = ()) -> Run:
    workflow = next(one for one in await engine.github.workflows(REPOSITORY) if one.name == name)
    action = await engine.perform(DispatchWorkflow(REPOSITORY, workflow.id, name, "main", inputs))
    assert action.state is ActionState.DONE, action
    return await engine.github.run(REPOSITORY, int(action.sentence.rpartition("run ")[2].rstrip(").")))


async def pull(engine: Engine, number: int) -> PullRequest:
    return await engine.github.pull(REPOSITORY, number)


def lose(demo: DemoServers, part: str) -> None:
    """Lets the write happen and loses its answer: the request is carried out once, then the answer is a 502."""
    from starlette.responses import Response

    app = demo.github.api
    world = demo.github.world

    async def fault(request: Any) -> Any:
        if request.method == "GET" or part not in request.url.path:
            return None
        world.faults.remove(fault)
        body = await request.body()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            return None

        await app(dict(request.scope), receive, send)
        return Response(status_code=502)

    world.faults.append(fault)


async def test_a_run_is_cancelled_and_that_is_seen(demo: DemoServers, engine: Engine) -> None:
    run = await dispatched(engine)
    action = await engine.perform(CancelRun(run_at(run)))
    assert (action.state, "is cancelled" in action.sentence) == (ActionState.DONE, True)
    assert writes(demo)[-1] == ("POST", f"actions/runs/{run.id}/cancel", 202)
    again = await engine.perform(CancelRun(run_at(run), force=True))
    assert again.state is ActionState.REFUSED
    assert again.problem is not None
    assert again.problem.kind is ProblemKind.CONFLICT


async def test_a_lost_answer_is_looked_after_and_never_sent_again(demo: DemoServers, engine: Engine) -> None:
    lose(demo, "dispatches")
    run = await dispatched(engine)
    assert run.event == "workflow_dispatch"
    lose(demo, "/merge")
    action = await engine.perform(merge_of(await pull(engine, 43), MergeMethod.MERGE))
    assert (action.state, action.sentence) == (ActionState.DONE, "#43 is merged into main.")
    assert [method for method, path, _ in writes(demo)] == ["POST", "PUT"]


async def test_a_moved_head_is_refused(demo: DemoServers, engine: Engine) -> None:
    command = replace(merge_of(await pull(engine, 43), MergeMethod.SQUASH), head_sha="0" * 40)
    action = await engine.perform(command)
    assert action.state is ActionState.REFUSED
    assert "409: Head branch was modified" in action.sentence
    assert not demo.github.world.pulls[43].merged_at


async def test_a_forks_run_and_a_deployment_are_approved(demo: DemoServers, engine: Engine) -> None:
    held = await find(engine, conclusion="action_required")
    action = await engine.perform(ApproveRun(run_at(held)))
    assert action.state is ActionState.DONE, action
    bench = await dispatched(engine, "Benchmark matrix", (("environment", "production"), ("reason", "try")))
    pending = await _pending(engine, bench)
    command = ReviewDeployment(run_at(bench), (pending.environment,), approve=True, comment="go")
    action = await engine.perform(command)
    assert (action.state, "to production of Benchmark matrix" in action.sentence) == (ActionState.DONE, True)
    assert writes(demo)[-1] == ("POST", f"actions/runs/{bench.id}/pending_deployments", 200)


async def _pending(engine: Engine, run: Run) -> Any:
    while not (found := await engine.github.pending_deployments(REPOSITORY, run.id)):  # noqa: ASYNC110
        await asyncio.sleep(0.3)
    return found[0]


async def test_a_workflow_is_disabled_and_a_cache_entry_deleted(demo: DemoServers, engine: Engine) -> None:
    workflow = next(one for one in await engine.github.workflows(REPOSITORY) if one.name == "Benchmark matrix")
    command = SetWorkflow(REPOSITORY, workflow.id, workflow.name, enabled=False)
    assert (await engine.perform(command)).sentence == "Workflow Benchmark matrix is disabled."
    assert (await engine.perform(command)).state is ActionState.REFUSED
    entry = (await engine.github.caches(REPOSITORY))[0]
    action = await engine.perform(DeleteCache(REPOSITORY, entry.id, entry.key, entry.ref))
    assert (action.state, "is deleted" in action.sentence) == (ActionState.DONE, True)
    gone = await engine.perform(DeleteCache(REPOSITORY, entry.id, entry.key, entry.ref))
    assert gone.problem is not None
    assert gone.problem.kind is ProblemKind.NOT_FOUND


async def test_inputs_come_from_the_file_on_the_ref(engine: Engine) -> None:
    workflow = next(one for one in await engine.github.workflows(REPOSITORY) if one.name == "Benchmark matrix")
    inputs = await engine.github.dispatch_inputs(REPOSITORY, workflow, "main")
    assert {"reason", "size", "rounds"} <= {one.name for one in inputs}


async def run_until(engine: Engine, armed_id: int) -> Action | None:
    polling = asyncio.create_task(engine.run())
    try:
        return await asyncio.wait_for(engine.outcome(armed_id), 40)
    finally:
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)


async def test_a_re_run_waits_until_the_run_has_ended(demo: DemoServers, engine: Engine) -> None:
    run = await dispatched(engine)
    at = run_at(run)
    command = Rerun(REPOSITORY, run.id, 1, run.workflow_name, at.branch, at.short_sha, RerunScope.ALL)
    armed = engine.arm(command)
    assert [one.id for one in engine.snapshot.armed] == [armed.id]
    action = await run_until(engine, armed.id)
    assert action is not None
    assert (action.state, action.sentence) == (ActionState.DONE, "Smoke test of main runs again: attempt 2.")
    assert not engine.snapshot.armed
    assert [path for _, path, _ in writes(demo)][1:] == [f"actions/runs/{run.id}/rerun"]


async def test_a_merge_waits_for_green_and_is_dropped_when_the_head_moves(demo: DemoServers, engine: Engine) -> None:
    green = engine.arm(merge_of(await pull(engine, 43), MergeMethod.SQUASH))
    action = await run_until(engine, green.id)
    assert action is not None
    assert (action.state, action.sentence) == (ActionState.DONE, "#43 is merged into main.")
    moved: MergePull = replace(merge_of(await pull(engine, 46), MergeMethod.SQUASH), head_sha="0" * 40)
    dropped = engine.arm(moved)
    action = await run_until(engine, dropped.id)
    assert action is not None
    assert action.state is ActionState.REFUSED
    assert "was disarmed: the head has moved to" in action.sentence
    assert [method for method, _, _ in writes(demo)] == ["PUT"]


async def test_a_red_or_unknown_merge_is_never_sent_and_can_be_disarmed(demo: DemoServers, engine: Engine) -> None:
    red = engine.arm(merge_of(await pull(engine, 48), MergeMethod.SQUASH))
    polling = asyncio.create_task(engine.run())
    while not engine.snapshot.armed[0].waits_for:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    assert engine.snapshot.armed[0].waits_for == "CI: failure"
    assert engine.disarm(red.id)
    assert not engine.disarm(red.id)
    assert await engine.outcome(red.id) is None
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)
    assert writes(demo) == []


async def test_one_target_is_armed_once(engine: Engine) -> None:
    one = merge_of(await pull(engine, 43), MergeMethod.SQUASH)
    engine.arm(one)
    engine.arm(replace(one, method=MergeMethod.REBASE))
    assert [armed.command.method for armed in engine.snapshot.armed if isinstance(armed.command, MergePull)] == [
        MergeMethod.REBASE
    ]


async def test_an_artifact_is_listed_and_unpacked(engine: Engine, tmp_path: Any) -> None:
    run = await find(engine, workflow_name="Smoke test", conclusion="success")
    (artifact, *_) = await engine.github.artifacts(REPOSITORY, run.id)
    target = await engine.github.download(REPOSITORY, artifact, tmp_path, lambda size: None)
    assert [path.name for path in target.iterdir()] == [f"{artifact.name}.json"]


async def test_jobs_of_a_run_are_asked_for_as_before(engine: Engine) -> None:
    """A run that was read back stands on the board at its new attempt."""
    run = await find(engine, conclusion="failure", workflow_name="CI")
    at = run_at(run)
    command = Rerun(REPOSITORY, run.id, run.attempt, run.workflow_name, at.branch, at.short_sha, RerunScope.FAILED)
    action = await engine.perform(command)
    assert action.state is ActionState.DONE
    shown = engine.snapshot.repositories[0].run(run.id)
    assert shown is not None
    assert shown.attempt == run.attempt + 1
    assert queries.run(REPOSITORY, run.id).path.endswith(str(run.id))
