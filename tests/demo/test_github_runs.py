"""Runs, attempts and jobs as the clock goes on."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

FIELDS = {
    "id", "name", "node_id", "head_branch", "head_sha", "path", "display_title", "run_number", "event", "status",
    "conclusion", "workflow_id", "check_suite_id", "url", "html_url", "pull_requests", "created_at", "updated_at",
    "actor", "run_attempt", "run_started_at", "triggering_actor", "jobs_url", "logs_url", "head_commit", "repository",
    "head_repository", "previous_attempt_url", "workflow_url", "artifacts_url", "cancel_url", "rerun_url",
}  # fmt: skip


def when(text: str) -> datetime:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text)
    return datetime.fromisoformat(text)


async def test_the_live_run_is_in_its_second_attempt_and_ends_before_our_eyes(hub: Any) -> None:
    run = await hub.run_of(38)
    assert set(run) >= FIELDS
    assert (run["status"], run["conclusion"], run["run_attempt"]) == ("in_progress", None, 2)
    assert run["previous_attempt_url"].endswith("/attempts/1")
    assert run["pull_requests"][0]["number"] == 38
    assert abs((hub.now - when(run["run_started_at"])).total_seconds() - 60) <= 1
    lint, test = await hub.jobs(run["id"])
    assert (lint["name"], lint["conclusion"]) == ("lint", "success")
    assert when(lint["completed_at"]) - when(lint["started_at"]) == timedelta(seconds=10)
    assert (test["name"], test["status"], test["conclusion"], test["completed_at"]) == (
        "test", "in_progress", None, None,
    )  # fmt: skip
    states = {step["name"]: step["status"] for step in test["steps"]}
    assert states["Set up Docker Buildx"] == "completed"
    assert states["Build + start services"] == "in_progress"
    assert states["Pytest"] == "pending"
    assert "Complete job" not in states
    hub.pass_time(149)
    assert (await hub.jobs(run["id"]))[1]["status"] == "in_progress"
    hub.pass_time(1.1)
    test = (await hub.jobs(run["id"]))[1]
    assert (test["status"], test["conclusion"]) == ("completed", "success")
    assert (await hub.run_of(38))["status"] == "in_progress"
    hub.pass_time(2)
    run = await hub.run_of(38)
    assert (run["status"], run["conclusion"]) == ("completed", "success")
    before = await hub.json(f"/actions/runs/{run['id']}/attempts/1")
    assert (before["run_attempt"], before["conclusion"]) == (1, "failure")
    assert (await hub.get(f"/actions/runs/{run['id']}/attempts/3")).status_code == 404


async def test_step_numbers_have_a_gap_before_the_post_steps(hub: Any) -> None:
    run = await hub.run_of(44)
    steps = (await hub.jobs(run["id"]))[0]["steps"]
    numbers = [step["number"] for step in steps]
    assert numbers == sorted(numbers)
    assert max(right - left for left, right in pairwise(numbers)) > 1
    words = {step["name"]: step["conclusion"] for step in steps}
    assert words["Build + start services"] == "failure"
    assert words["Pytest"] == "skipped"
    assert words["Stop services"] == words["Post Checkout"] == "success"


@pytest.mark.parametrize("pace", [0.01, 1.0, 6.0])
async def test_every_time_of_every_finished_job_is_in_order_and_within_its_run(hub: Any) -> None:
    world = hub.world
    for run in list(world.visible_runs(hub.now)):
        if run.attempts[-1].finished_at is None or run.attempts[-1].finished_at > hub.now:
            continue
        for attempt in run.attempts:
            assert attempt.started_at >= run.created_at
            for job in attempt.jobs:
                assert job.started_at is not None
                assert job.completed_at is not None
                assert job.completed_at <= attempt.finished_at
                if not job.carried:
                    assert attempt.started_at <= job.created_at <= job.started_at <= job.completed_at
                edges = [edge for step in job.steps for edge in (step.started_at, step.completed_at)]
                assert edges == sorted(edges)


async def test_jobs_behind_needs_appear_only_when_their_needs_are_done(hub: Any) -> None:
    body = {"ref": "main", "inputs": {"reason": "measure"}}
    assert (await hub.post("/actions/workflows/bench.yml/dispatches", body)).status_code == 204
    path = "/actions/workflows/bench.yml/runs?event=workflow_dispatch"
    assert (await hub.json(path))["total_count"] == 0
    hub.pass_time(1)
    run = (await hub.json(path))["workflow_runs"][0]
    assert (run["status"], run["event"], run["head_branch"]) == ("queued", "workflow_dispatch", "main")
    begun = hub.now
    counts: dict[int, float] = {}
    created: dict[str, datetime] = {}
    ends: list[datetime] = []
    while True:
        jobs = await hub.jobs(run["id"])
        counts.setdefault(len(jobs), (hub.now - begun).total_seconds())
        for job in jobs:
            created.setdefault(job["name"], hub.now)
        state = await hub.json(f"/actions/runs/{run['id']}")
        if state["status"] == "completed":
            break
        hub.pass_time(1)
    assert state["conclusion"] == "success"
    assert (hub.now - begun).total_seconds() == pytest.approx(600, abs=1)
    assert list(counts) == [0, 1, 6, 7, 8]
    jobs = await hub.jobs(run["id"])
    ends = [when(job["completed_at"]) for job in jobs]
    for job in jobs[1:]:
        assert min(abs((when(job["created_at"]) - end).total_seconds()) for end in ends) <= 1


async def test_a_queued_job_has_a_start_but_no_steps_and_no_runner(hub: Any) -> None:
    run = await hub.run_of(44)
    await hub.post(f"/actions/runs/{run['id']}/rerun")
    assert await hub.jobs(run["id"]) == []
    assert (await hub.run_of(44))["status"] == "queued"
    hub.pass_time(1.5)
    job = (await hub.jobs(run["id"]))[0]
    assert job["status"] == "queued"
    assert job["started_at"] == job["created_at"]
    assert (job["steps"], job["runner_name"], job["completed_at"]) == ([], None, None)


async def test_a_skipped_job_ends_before_it_starts(hub: Any) -> None:
    run = await hub.run_of(48)
    jobs = {job["name"]: job for job in await hub.jobs(run["id"])}
    assert len(jobs) == 8
    skipped = jobs["e2e"]
    assert (skipped["conclusion"], skipped["steps"], skipped["runner_name"]) == ("skipped", [], None)
    assert when(skipped["started_at"]) - when(skipped["completed_at"]) == timedelta(seconds=1)
    assert jobs["report"]["conclusion"] == "success"
    assert jobs["test (3.12)"]["conclusion"] == "failure"


@pytest.mark.parametrize(
    ("query", "field", "value"),
    [
        ("branch=kan-77-build-cache", "head_branch", "kan-77-build-cache"),
        ("event=schedule", "event", "schedule"),
        ("status=failure", "conclusion", "failure"),
        ("status=in_progress", "status", "in_progress"),
        ("status=completed", "status", "completed"),
        ("status=startup_failure", "conclusion", "startup_failure"),
        ("status=quarantined", "conclusion", "quarantined"),
    ],
)
async def test_filters(hub: Any, query: str, field: str, value: str) -> None:
    everything = (await hub.json("/actions/runs"))["total_count"]
    found = await hub.json(f"/actions/runs?{query}&per_page=100")
    assert 0 < found["total_count"] < everything
    assert {run[field] for run in found["workflow_runs"]} == {value}


async def test_the_hostile_branch_can_be_filtered_and_its_runs_name_no_pull_request(hub: Any) -> None:
    answer = await hub.api.get(
        "/repos/tefj-fun/agent_bus/actions/runs",
        params={"branch": "[@click=app.quit]x[/]", "actor": "Drive-By-Dev"},
        headers={"authorization": "Bearer demo-github-token"},
    )
    runs = answer.json()["workflow_runs"]
    assert len(runs) == 2
    assert {run["conclusion"] for run in runs} == {"success", "action_required"}
    assert all(run["pull_requests"] == [] for run in runs)
    assert runs[0]["head_repository"]["full_name"] == "drive-by-dev/agent_bus"
    assert "\x1b[31m" in runs[0]["display_title"]
    names = [job["name"] for run in runs for job in await hub.jobs(run["id"])]
    assert any("\u202e" in name for name in names)


async def test_created_ranges(hub: Any) -> None:
    async def count(text: str) -> int:
        return int((await hub.json(f"/actions/runs?created={text}&per_page=1"))["total_count"])

    everything = (await hub.json("/actions/runs?per_page=1"))["total_count"]
    older, newer = await count("<2026-01-10"), await count(">=2026-01-10")
    assert older + newer == everything
    assert await count("*..2026-01-09") == older
    assert await count("2026-01-10..*") == newer
    days = [await count(f"2026-01-{day:02}") for day in range(10, 14)]
    assert await count("2026-01-10..2026-01-13") == sum(days)
    first = (await hub.json("/actions/runs?per_page=1&page=9"))["workflow_runs"][0]["created_at"]
    assert await count(f">={first}") == 9
    assert await count(f">{first}") == 8


async def test_pull_requests_can_be_left_out(hub: Any) -> None:
    run = await hub.run_of(38)
    short = await hub.json(f"/actions/runs/{run['id']}?exclude_pull_requests=true")
    assert short["pull_requests"] == []


async def test_filtered_lists_reach_only_a_thousand(hub: Any) -> None:
    world = hub.world
    run = next(iter(world.visible_runs(hub.now)))
    world._order[:0] = [run] * 1200
    found = await hub.get("/actions/runs?status=in_progress&per_page=100&page=10")
    assert len(found.json()["workflow_runs"]) == 100
    assert found.json()["total_count"] > 1000
    assert "next" not in found.links
    assert (await hub.json("/actions/runs?status=in_progress&per_page=100&page=11"))["workflow_runs"] == []
    assert len((await hub.json("/actions/runs?per_page=100&page=11"))["workflow_runs"]) == 100


async def test_workflows_by_number_and_by_file(hub: Any) -> None:
    rows = {row["name"]: row for row in (await hub.json("/actions/workflows"))["workflows"]}
    assert set(rows) == {
        "CI", "Smoke test", "Nightly Real-Claude Smoke", "Benchmark matrix", "Dependabot Updates", "Security",
    }  # fmt: skip
    by_file = await hub.json("/actions/workflows/ci.yml")
    assert by_file == await hub.json(f"/actions/workflows/{rows['CI']['id']}") == rows["CI"]
    runs = await hub.json("/actions/workflows/security.yml/runs")
    assert {run["head_branch"] for run in runs["workflow_runs"]} == {"security-scanning"}
    assert (await hub.get("/actions/workflows/release.yml")).status_code == 404


async def test_the_odd_ones(hub: Any) -> None:
    startup = (await hub.json("/actions/runs?status=startup_failure"))["workflow_runs"][0]
    assert await hub.jobs(startup["id"]) == []
    invalid = (await hub.json("/actions/workflows/bench.yml/runs"))["workflow_runs"][0]
    assert invalid["name"] == ".github/workflows/bench.yml"
    assert (invalid["conclusion"], invalid["created_at"]) == ("failure", invalid["run_started_at"])
    dynamic = (await hub.json("/actions/runs?event=dynamic"))["workflow_runs"][0]
    assert dynamic["path"].startswith("dynamic/")
    assert (await hub.post(f"/actions/runs/{startup['id']}/rerun")).status_code == 403


async def test_schedules_go_on_while_the_demo_is_open(hub: Any) -> None:
    path = "/actions/runs?event=schedule&per_page=1"
    before = (await hub.json(path))["total_count"]
    hub.pass_time(3 * 86400)
    after = await hub.json(path)
    assert 4 <= after["total_count"] - before <= 6
    assert when(after["workflow_runs"][0]["created_at"]) <= hub.now.astimezone(UTC)


async def test_updated_at_is_not_the_end(hub: Any) -> None:
    rows = (await hub.json("/actions/runs?status=success&per_page=100"))["workflow_runs"]
    late = 0
    for row in rows[:40]:
        ends = [when(job["completed_at"]) for job in await hub.jobs(row["id"])]
        late += (when(row["updated_at"]) - max(ends)).total_seconds() > 200
    assert 1 <= late < 20


@pytest.mark.parametrize("pace", [0.1])
async def test_the_pace_shortens_the_past_and_the_present(hub: Any) -> None:
    run = await hub.run_of(38)
    assert abs((hub.now - when(run["run_started_at"])).total_seconds() - 6) <= 1
    hub.pass_time(15.3)
    assert (await hub.run_of(38))["conclusion"] == "success"
    hit = await hub.run_of(43)
    ends = [when(job["completed_at"]) for job in await hub.jobs(hit["id"])]
    assert 6 <= (max(ends) - when(hit["run_started_at"])).total_seconds() <= 17
