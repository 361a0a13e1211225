"""Reading workflows, runs, attempts, jobs and their logs."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from cidash.demo.github import render
from cidash.demo.github.model import Attempt, Job, Run, Workflow
from cidash.demo.github.storage import signed_url
from cidash.demo.github.timeline import attempt_state
from cidash.demo.github.web import Call, RefusalError, Reply, Routes, answer, not_found

routes = Routes()
_REACHABLE = 1000
_NARROWING = ("actor", "branch", "check_suite_id", "created", "event", "head_sha", "status")
_RANGE = re.compile(r"^(?P<sign>>=|<=|>|<)?(?P<first>[^.]+?)(?:\.\.(?P<second>.+))?$")


def find_run(call: Call) -> Run:
    """Returns the run that the path names."""
    run = call.world.runs.get(call.number("run"))
    if run is None or run.created_at > call.now:
        raise not_found()
    return run


def find_attempt(call: Call) -> tuple[Run, Attempt]:
    """Returns the run and the attempt that the path names."""
    run = find_run(call)
    number = call.number("attempt")
    for attempt in run.attempts:
        if attempt.number == number and attempt.started_at <= call.now:
            return run, attempt
    raise not_found()


def find_job(call: Call) -> tuple[Run, Attempt, Job]:
    """Returns the job that the path names, with its run and attempt."""
    found = call.world.jobs.get(call.number("job"))
    if found is None or found[2].created_at > call.now or found[0].created_at > call.now:
        raise not_found()
    return found


def find_workflow(call: Call) -> Workflow:
    """Returns the workflow that the path names, by its number or file name."""
    name = call.args["workflow"]
    for workflow in call.world.workflows.values():
        if workflow.created_at <= call.now and name in {
            str(workflow.id),
            workflow.path,
            workflow.path.rsplit("/", 1)[-1],
        }:
            return workflow
    raise not_found()


@routes.on("GET", "actions/runs")
def list_runs(call: Call) -> Reply:
    """The repository's runs, newest first."""
    return _runs_reply(call, list(call.world.visible_runs(call.now)))


@routes.on("GET", "actions/workflows/{workflow}/runs")
def list_workflow_runs(call: Call) -> Reply:
    """One workflow's runs, newest first."""
    workflow = find_workflow(call)
    return _runs_reply(call, [run for run in call.world.visible_runs(call.now) if run.workflow is workflow])


def _runs_reply(call: Call, runs: Sequence[Run]) -> Reply:
    tests = _tests(call)
    chosen = [run for run in runs if all(test(run) for test in tests)]
    with_pulls = not call.flag("exclude_pull_requests")

    def show(run: Run) -> bytes:
        return render.run_bytes(call.world, run, run.latest(call.now), call.now, pulls=with_pulls)

    return call.counted_bytes("workflow_runs", chosen, show, _REACHABLE if tests else None)


def _tests(call: Call) -> list[Callable[[Run], bool]]:
    query, now = call.query, call.now
    tests: list[Callable[[Run], bool]] = []
    wanted = {name: query[name] for name in _NARROWING if query.get(name)}
    simple: dict[str, Callable[[Run], str]] = {
        "actor": lambda run: run.actor.lower(),
        "branch": lambda run: run.branch,
        "event": lambda run: run.event,
        "head_sha": lambda run: run.head_sha,
        "check_suite_id": lambda run: str(run.id * 2 + 7),
    }
    for name, value in wanted.items():
        if name in simple:
            text = value.lower() if name == "actor" else value
            tests.append(lambda run, get=simple[name], text=text: get(run) == text)  # type: ignore[misc]
    if "status" in wanted:
        word = wanted["status"]
        tests.append(lambda run: word in attempt_state(run.latest(now), now)[:2])
    if "created" in wanted:
        low, high = created_range(wanted["created"])
        tests.append(lambda run: low <= run.created_at.replace(microsecond=0) <= high)
    return tests


def created_range(text: str) -> tuple[datetime, datetime]:
    """Returns first and last moment of a search date such as `>=2026-01-01`, `a..b`, `2026-01-01` or `*..b`."""
    found = _RANGE.match(text.strip())
    if found is None:
        raise _bad_date(text)
    sign, first, second = found["sign"], found["first"], found["second"]
    lowest, highest = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    tick = timedelta(seconds=1)
    if second is not None:
        low = lowest if first == "*" else _moment(first)[0]
        return low, highest if second == "*" else _moment(second)[1]
    start, end = _moment(first)
    if sign == ">=":
        return start, highest
    if sign == ">":
        return end + tick, highest
    if sign == "<=":
        return lowest, end
    if sign == "<":
        return lowest, start - tick
    return start, end


def _moment(text: str) -> tuple[datetime, datetime]:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise _bad_date(text) from None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    when = when.astimezone(UTC)
    return when, when + timedelta(days=1, seconds=-1) if len(text) == 10 else when


def _bad_date(text: str) -> RefusalError:
    return RefusalError(422, f"The created parameter is not a date or range: {text}")


@routes.on("GET", "actions/runs/{run}")
def show_run(call: Call) -> Reply:
    """One run at its newest attempt."""
    run = find_run(call)
    return _run_reply(call, run, run.latest(call.now))


@routes.on("GET", "actions/runs/{run}/attempts/{attempt}")
def show_attempt(call: Call) -> Reply:
    """One run at an older attempt."""
    return _run_reply(call, *find_attempt(call))


def _run_reply(call: Call, run: Run, attempt: Attempt) -> Reply:
    pulls = not call.flag("exclude_pull_requests")
    return Reply(200, render.run_bytes(call.world, run, attempt, call.now, pulls=pulls), conditional=True)


@routes.on("GET", "actions/runs/{run}/jobs")
def list_jobs(call: Call) -> Reply:
    """The jobs of the newest attempt, or with `filter=all` of every attempt."""
    run = find_run(call)
    newest = run.latest(call.now)
    attempts = [newest]
    if call.query.get("filter") == "all":
        attempts = [attempt for attempt in reversed(run.attempts) if attempt.started_at <= call.now]
    return _jobs_reply(call, run, attempts)


@routes.on("GET", "actions/runs/{run}/attempts/{attempt}/jobs")
def list_attempt_jobs(call: Call) -> Reply:
    """The jobs of one attempt, carried-over ones too."""
    run, attempt = find_attempt(call)
    return _jobs_reply(call, run, [attempt])


def _jobs_reply(call: Call, run: Run, attempts: Sequence[Attempt]) -> Reply:
    rows = [(attempt, job) for attempt in attempts for job in render.visible_jobs(attempt, call.now)]
    return call.counted_bytes("jobs", rows, lambda row: render.job_bytes(call.world, run, row[0], row[1], call.now))


@routes.on("GET", "actions/jobs/{job}")
def show_job(call: Call) -> Reply:
    """One job."""
    run, attempt, job = find_job(call)
    return Reply(200, render.job_bytes(call.world, run, attempt, job, call.now), conditional=True)


@routes.on("GET", "actions/jobs/{job}/logs")
def job_logs(call: Call) -> Reply:
    """A link to the job's log at the storage; good for a minute, whether there is a log or not."""
    _needs_token(call)
    run, _, job = find_job(call)
    _not_expired(call, run)
    return redirect(call, f"job/{job.id}")


@routes.on("GET", "actions/runs/{run}/logs")
def run_logs(call: Call) -> Reply:
    """A link to the zip with all logs of the newest attempt."""
    _needs_token(call)
    run = find_run(call)
    _not_expired(call, run)
    return redirect(call, f"run/{run.id}/{run.latest(call.now).number}")


@routes.on("GET", "actions/runs/{run}/attempts/{attempt}/logs")
def attempt_logs(call: Call) -> Reply:
    """A link to the zip with all logs of an attempt."""
    _needs_token(call)
    run, attempt = find_attempt(call)
    _not_expired(call, run)
    return redirect(call, f"run/{run.id}/{attempt.number}")


def _needs_token(call: Call) -> None:
    if call.caller.token is None:
        raise RefusalError(403, "Must have admin rights to Repository.")


def _not_expired(call: Call, run: Run) -> None:
    if call.now - run.created_at > timedelta(days=call.world.log_retention_days):
        raise RefusalError(410, "Server Error")


def redirect(call: Call, blob: str) -> Reply:
    """Returns a 302 to the storage host."""
    location = signed_url(call.world, blob, call.now)
    return Reply(302, b"", {"location": location}, "text/html;charset=utf-8")


@routes.on("GET", "actions/workflows")
def list_workflows(call: Call) -> Reply:
    """All workflows that have been seen, on any branch."""
    known = [workflow for workflow in call.world.workflows.values() if workflow.created_at <= call.now]
    return call.counted("workflows", known, lambda workflow: render.workflow(call.world, workflow))


@routes.on("GET", "actions/workflows/{workflow}")
def show_workflow(call: Call) -> Reply:
    """One workflow."""
    return answer(render.workflow(call.world, find_workflow(call)))


@routes.on("GET", "actions/runs/{run}/approvals")
def list_approvals(call: Call) -> Reply:
    """Who answered pending deployments, and how."""
    run = find_run(call)
    return answer(
        [
            {
                "state": state,
                "comment": comment,
                "environments": [environment(call, name)],
                "user": render.user(call.world, "tefj-fun"),
            }
            for state, name, comment in run.reviews
        ]
    )


@routes.on("GET", "actions/runs/{run}/pending_deployments")
def list_pending(call: Call) -> Reply:
    """The environments that the run waits for."""
    run = find_run(call)
    return answer(
        [
            {
                "environment": environment(call, name),
                "wait_timer": 0,
                "wait_timer_started_at": None,
                "current_user_can_approve": call.caller.admin,
                "reviewers": [{"type": "User", "reviewer": render.user(call.world, "tefj-fun")}],
            }
            for name in pending_environments(run, call.now)
        ]
    )


def pending_environments(run: Run, now: datetime) -> list[str]:
    """Returns the environments whose approval the run's newest attempt waits for."""
    waiting = [job for job in render.visible_jobs(run.latest(now), now) if job.started_at is None]
    return sorted({job.plan.environment for job in waiting if job.plan.environment})


def environment(call: Call, name: str) -> dict[str, object]:
    """Returns an environment as pending deployments and approvals name it."""
    number = render.user_id(name)
    return {
        "id": number,
        "node_id": render.node_id("EN", number),
        "name": name,
        "url": f"{render.repo_url(call.world)}/environments/{name}",
        "html_url": f"{render.repo_web(call.world)}/deployments/activity_log?environments_filter={name}",
    }
