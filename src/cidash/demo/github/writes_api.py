"""Changing runs and workflows: re-run, cancel, dispatch, enable, approve."""

from collections.abc import Mapping
from datetime import timedelta

from cidash.demo.github import files, render
from cidash.demo.github.model import DEFAULT_BRANCH, Attempt, CachePlan, Input, Job, Recipe, Run, Workflow
from cidash.demo.github.rights import must_write
from cidash.demo.github.runs_api import find_job, find_run, find_workflow, pending_environments
from cidash.demo.github.timeline import attempt_state
from cidash.demo.github.web import Call, RefusalError, Reply, Routes, answer, dumps
from cidash.demo.github.world import DOCKER_LAYERS, RunDraft

routes = Routes()
_ATTEMPTS = 50
_RERUN_DAYS = 30


def _created() -> Reply:
    return Reply(201, b"{}")


def _finished(call: Call, run: Run) -> Attempt:
    """Returns the newest attempt if it may be run again."""
    must_write(call)
    attempt = run.attempts[-1]
    if attempt_state(attempt, call.now)[0] != "completed":
        raise RefusalError(403, "This workflow is already running")
    if call.now - run.created_at > timedelta(days=_RERUN_DAYS):
        raise RefusalError(403, "Unable to retry this workflow run because it was created over a month ago")
    if attempt.number > _ATTEMPTS:
        raise RefusalError(403, "This workflow run has been re-run too many times")
    if not attempt.jobs:
        raise RefusalError(403, "This workflow run cannot be retried")
    return attempt


@routes.on("POST", "actions/runs/{run}/rerun")
def rerun(call: Call) -> Reply:
    """Runs all jobs again."""
    run = find_run(call)
    _finished(call, run)
    call.world.rerun(run, call.now, call.caller.login, "all")
    return _created()


@routes.on("POST", "actions/runs/{run}/rerun-failed-jobs")
def rerun_failed(call: Call) -> Reply:
    """Runs the failed jobs again, and what depends on them."""
    run = find_run(call)
    attempt = _finished(call, run)
    if not any(job.conclusion in {"failure", "cancelled", "timed_out"} for job in attempt.jobs):
        raise RefusalError(403, "This workflow run has no failed jobs to re-run")
    call.world.rerun(run, call.now, call.caller.login, "failed")
    return _created()


@routes.on("POST", "actions/jobs/{job}/rerun")
def rerun_job(call: Call) -> Reply:
    """Runs one job again, and what depends on it."""
    run, _, job = find_job(call)
    _finished(call, run)
    call.world.rerun(run, call.now, call.caller.login, "job", _current(run, job))
    return _created()


def _current(run: Run, job: Job) -> Job:
    return next((each for each in run.attempts[-1].jobs if each.key == job.key), job)


@routes.on("POST", "actions/runs/{run}/cancel")
def cancel(call: Call) -> Reply:
    """Asks the running jobs to stop; they take a few seconds."""
    return _cancel(call, force=False)


@routes.on("POST", "actions/runs/{run}/force-cancel")
def force_cancel(call: Call) -> Reply:
    """Stops the running jobs without their last steps."""
    return _cancel(call, force=True)


def _cancel(call: Call, *, force: bool) -> Reply:
    run = find_run(call)
    must_write(call)
    if attempt_state(run.attempts[-1], call.now)[0] == "completed":
        raise RefusalError(409, "Cannot cancel a workflow run that is completed.")
    if run.attempts[-1].cancelled_at is None or force:
        call.world.cancel(run, call.now, force=force)
    return Reply(202, b"{}")


@routes.on("POST", "actions/runs/{run}/approve")
def approve(call: Call) -> Reply:
    """Lets the run of a first-time contributor start."""
    run = find_run(call)
    must_write(call)
    if attempt_state(run.attempts[-1], call.now)[1] != "action_required":
        raise RefusalError(403, "This run is not from a fork pull request or queued for approval.")
    call.world.approve(run, call.now)
    return _created()


@routes.on("POST", "actions/runs/{run}/pending_deployments")
def review_deployments(call: Call) -> Reply:
    """Approves or rejects the environments that a run waits for."""
    run = find_run(call)
    must_write(call)
    ids, state, comment = (call.body.get(name) for name in ("environment_ids", "state", "comment"))
    if not isinstance(ids, list) or state not in {"approved", "rejected"} or not isinstance(comment, str):
        raise RefusalError(422, "Invalid request.\n\nenvironment_ids, state and comment are required")
    names = [name for name in pending_environments(run, call.now) if render.user_id(name) in ids]
    if not names:
        raise RefusalError(422, "There are no pending deployment requests with these environments for this run")
    for name in names:
        call.world.review_deployment(run, name, call.now, approved=state == "approved")
        run.reviews.append((str(state), name, comment))
    return answer([{"id": run.id, "sha": run.head_sha, "ref": run.branch, "environment": name} for name in names])


@routes.on("PUT", "actions/workflows/{workflow}/enable")
def enable(call: Call) -> Reply:
    """Lets the workflow start runs again."""
    must_write(call)
    workflow = find_workflow(call)
    if workflow.state == "active":
        raise RefusalError(403, "Unable to enable a workflow that is already active.")
    call.world.set_state(workflow, "active")
    return Reply(204)


@routes.on("PUT", "actions/workflows/{workflow}/disable")
def disable(call: Call) -> Reply:
    """Keeps the workflow from starting runs."""
    must_write(call)
    workflow = find_workflow(call)
    if workflow.state != "active":
        raise RefusalError(403, "Unable to disable a workflow that is not active.")
    call.world.set_state(workflow, "disabled_manually")
    return Reply(204)


@routes.on("POST", "actions/workflows/{workflow}/dispatches")
def dispatch(call: Call) -> Reply:
    """Starts a run of a workflow by hand; the run appears a moment later."""
    must_write(call)
    workflow, world = find_workflow(call), call.world
    ref = call.body.get("ref")
    if not isinstance(ref, str) or not ref:
        raise RefusalError(422, 'Invalid request.\n\n"ref" wasn\'t supplied.')
    commit = world.graph.resolve(ref)
    branch = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    if commit is None or branch not in {*world.graph.branches, *world.graph.tags}:
        raise RefusalError(422, f"No ref found for: {ref}")
    main = world.graph.commits[world.graph.branches[DEFAULT_BRANCH]]
    if workflow.inputs is None or workflow.path not in main.files or workflow.path not in commit.files:
        raise RefusalError(422, "Workflow does not have 'workflow_dispatch' trigger")
    if workflow.state != "active":
        raise RefusalError(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
    given = call.body.get("inputs") or {}
    if not isinstance(given, Mapping):
        raise RefusalError(422, "Invalid request.\n\nFor 'properties/inputs', input is not an object.")
    values = _inputs(workflow, given)
    draft = RunDraft(
        created_at=call.now + timedelta(seconds=1),
        workflow=workflow.path,
        recipe=_dispatch_recipe(workflow, values),
        event="workflow_dispatch",
        branch=branch,
        head_sha=commit.sha,
        title=workflow.name,
        actor=call.caller.login,
    )
    run = world.start_run(draft)
    if call.body.get("return_run_details") is True or call.api_version != "2022-11-28":
        return Reply(
            200,
            dumps(
                {
                    "workflow_run_id": run.id,
                    "run_url": f"{render.repo_url(world)}/actions/runs/{run.id}",
                    "html_url": f"{render.repo_web(world)}/actions/runs/{run.id}",
                }
            ),
        )
    return Reply(204)


def _dispatch_recipe(workflow: Workflow, values: Mapping[str, str]) -> Recipe:
    cache = CachePlan(docker_total=DOCKER_LAYERS) if workflow.path != files.DEPENDABOT else CachePlan()
    return Recipe(workflow.kind, cache=cache, environment=values.get("environment"))


def _inputs(workflow: Workflow, given: Mapping[str, object]) -> dict[str, str]:
    inputs = {item.name: item for item in workflow.inputs or ()}
    unknown = [name for name in given if name not in inputs]
    if unknown:
        raise RefusalError(422, f"Unexpected inputs provided: {dumps(unknown).decode()}")
    values: dict[str, str] = {}
    for item in inputs.values():
        value = given.get(item.name)
        if value is None or (value == "" and item.required):
            if item.required:
                raise RefusalError(422, f"Required input '{item.name}' not provided")
            values[item.name] = item.default or ""
            continue
        values[item.name] = _checked(item, value)
    return values


def _checked(item: Input, value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if item.type == "choice" and text not in item.options:
        raise RefusalError(422, f"Provided value '{text}' for input '{item.name}' not in the list of allowed values")
    if item.type == "boolean" and text not in {"true", "false"}:
        raise RefusalError(422, f"Provided value '{text}' for input '{item.name}' is not a boolean")
    if item.type == "number":
        try:
            float(text)
        except ValueError:
            raise RefusalError(422, f"Provided value '{text}' for input '{item.name}' is not a number") from None
    return text
