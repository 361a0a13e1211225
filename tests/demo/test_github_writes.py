"""Changing the demo's GitHub: re-runs of every kind, cancel, dispatch, approvals, merges."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from cidash.demo.github import Protection, Ruleset

READ = ("id", "status", "conclusion", "run_attempt")


async def finish(hub: Any, run_id: int, limit: float = 1200) -> Any:
    for _ in range(int(limit / 5)):
        run = await hub.json(f"/actions/runs/{run_id}")
        if run["status"] == "completed":
            return run
        hub.pass_time(5)
    raise AssertionError("the run never ended")


async def test_a_whole_rerun_makes_a_new_attempt_that_passes(hub: Any) -> None:
    run = await hub.run_of(44)
    old = await hub.jobs(run["id"])
    answer = await hub.post(f"/actions/runs/{run['id']}/rerun", {"enable_debug_logging": True})
    assert (answer.status_code, answer.json()) == (201, {})
    again = await hub.run_of(44)
    assert (again["status"], again["run_attempt"], again["created_at"]) == ("queued", 2, run["created_at"])
    assert again["run_started_at"] > run["run_started_at"]
    assert again["triggering_actor"]["login"] == "tefj-fun"
    assert (await hub.post(f"/actions/runs/{run['id']}/rerun")).status_code == 403
    done = await finish(hub, run["id"])
    assert (done["conclusion"], done["run_attempt"]) == ("success", 2)
    new = await hub.jobs(run["id"])
    assert {job["id"] for job in old}.isdisjoint(job["id"] for job in new)
    assert await hub.jobs(run["id"], 1) == old
    both = (await hub.json(f"/actions/runs/{run['id']}/jobs?filter=all"))["jobs"]
    assert [job["id"] for job in both] == [job["id"] for job in [*new, *old]]


async def test_a_rerun_of_the_failed_jobs_carries_the_others_over(hub: Any) -> None:
    run = await hub.run_of(48)
    old = {job["name"]: job for job in await hub.jobs(run["id"])}
    assert (await hub.post(f"/actions/runs/{run['id']}/rerun-failed-jobs")).status_code == 201
    hub.pass_time(0.1)
    carried = {job["name"]: job for job in await hub.jobs(run["id"])}
    assert set(carried) == {"lint", "docs", "test (3.10)", "test (3.11)", "build"}
    started = (await hub.run_of(48))["run_started_at"]
    for name, job in carried.items():
        assert job["id"] != old[name]["id"]
        assert job["run_attempt"] == 2
        assert job["created_at"] == started
        assert (job["started_at"], job["completed_at"]) == (old[name]["started_at"], old[name]["completed_at"])
        assert job["started_at"] < started
        assert job["steps"] == old[name]["steps"]
    done = await finish(hub, run["id"])
    assert done["conclusion"] == "success"
    jobs = {job["name"]: job for job in await hub.jobs(run["id"])}
    assert len(jobs) == 8
    assert all(jobs[name]["started_at"] > started for name in ("test (3.12)", "e2e", "report"))
    assert {job["conclusion"] for job in jobs.values()} == {"success"}
    assert (await hub.post(f"/actions/runs/{run['id']}/rerun-failed-jobs")).status_code == 403


async def test_a_rerun_of_one_job_takes_its_dependents_along(hub: Any) -> None:
    run = await hub.run_of(48)
    job = next(job for job in await hub.jobs(run["id"]) if job["name"] == "build")
    assert (await hub.post(f"/actions/jobs/{job['id']}/rerun")).status_code == 201
    assert (await hub.post(f"/actions/jobs/{job['id']}/rerun")).status_code == 403
    done = await finish(hub, run["id"])
    jobs = {each["name"]: each for each in await hub.jobs(run["id"])}
    started = done["run_started_at"]
    assert {name for name, each in jobs.items() if each["started_at"] > started} == {"build", "e2e", "report"}
    # The failed leg was not run again, so what needs it is skipped again.
    assert (jobs["test (3.12)"]["conclusion"], jobs["e2e"]["conclusion"]) == ("failure", "skipped")
    assert done["conclusion"] == "failure"


async def test_a_failure_that_is_real_fails_again(hub: Any) -> None:
    sha = hub.world.pulls[49].head_sha
    rows = (await hub.json(f"/actions/runs?head_sha={sha}"))["workflow_runs"]
    security = next(row for row in rows if row["name"] == "Security")
    await hub.post(f"/actions/runs/{security['id']}/rerun-failed-jobs")
    assert (await finish(hub, security["id"]))["conclusion"] == "failure"


async def test_too_old_to_run_again(hub: Any) -> None:
    old = (await hub.json("/actions/workflows/ci.yml/runs?per_page=1&created=<2026-01-01"))["workflow_runs"][0]
    answer = await hub.post(f"/actions/runs/{old['id']}/rerun")
    assert answer.status_code == 403
    assert "over a month ago" in answer.json()["message"]


@pytest.mark.parametrize("way", ["cancel", "force-cancel"])
async def test_cancel_ends_the_jobs_after_a_few_seconds(hub: Any, way: str) -> None:
    run = await hub.run_of(38)
    assert (await hub.post(f"/actions/runs/{run['id']}/{way}")).status_code == 202
    assert (await hub.run_of(38))["status"] == "in_progress"
    hub.pass_time(8)
    done = await hub.run_of(38)
    assert (done["status"], done["conclusion"]) == ("completed", "cancelled")
    lint, test = await hub.jobs(run["id"])
    assert (lint["conclusion"], test["conclusion"]) == ("success", "cancelled")
    words = {step["name"]: step["conclusion"] for step in test["steps"]}
    assert (words["Build + start services"], words["Pytest"]) == ("cancelled", "skipped")
    assert ("Post Checkout" in words) is (way == "cancel")
    refused = await hub.post(f"/actions/runs/{run['id']}/{way}")
    assert refused.status_code == 409
    assert (await hub.post(f"/actions/runs/{run['id']}/rerun")).status_code == 201
    assert (await finish(hub, run["id"]))["conclusion"] == "success"


async def test_cancel_before_anything_began(hub: Any) -> None:
    await hub.post("/actions/workflows/bench.yml/dispatches", {"ref": "main", "inputs": {"reason": "x"}})
    hub.pass_time(2.5)
    run = (await hub.json("/actions/runs?per_page=1"))["workflow_runs"][0]
    await hub.post(f"/actions/runs/{run['id']}/cancel")
    hub.pass_time(5)
    assert (await hub.json(f"/actions/runs/{run['id']}"))["conclusion"] == "cancelled"
    jobs = await hub.jobs(run["id"])
    assert {job["conclusion"] for job in jobs} == {"cancelled"}
    assert len({job["id"] for job in jobs}) == 8
    assert all(job["steps"] == [] for job in jobs)


@pytest.mark.parametrize(
    ("workflow", "body", "message"),
    [
        ("bench.yml", {"ref": "main"}, "Required input 'reason' not provided"),
        ("bench.yml", {"ref": "main", "inputs": {"reason": ""}}, "Required input 'reason' not provided"),
        ("bench.yml", {"ref": "main", "inputs": {"reason": "x", "colour": "red"}}, "Unexpected inputs"),
        ("bench.yml", {"ref": "main", "inputs": {"reason": "x", "size": "huge"}}, "allowed values"),
        ("bench.yml", {"ref": "main", "inputs": {"reason": "x", "verbose": "maybe"}}, "not a boolean"),
        ("bench.yml", {"ref": "main", "inputs": {"reason": "x", "rounds": "many"}}, "not a number"),
        ("bench.yml", {"ref": "nowhere", "inputs": {"reason": "x"}}, "No ref found for: nowhere"),
        ("bench.yml", {}, "ref"),
        ("bench.yml", {"ref": "main", "inputs": []}, "reason"),
        ("bench.yml", {"ref": "main", "inputs": [1]}, "not an object"),
        ("ci.yml", {"ref": "main"}, "Workflow does not have 'workflow_dispatch' trigger"),
        ("security.yml", {"ref": "main"}, "Workflow does not have 'workflow_dispatch' trigger"),
    ],
)
async def test_dispatch_refuses(hub: Any, workflow: str, body: dict[str, Any], message: str) -> None:
    answer = await hub.post(f"/actions/workflows/{workflow}/dispatches", body)
    assert answer.status_code == 422
    assert message in answer.json()["message"]


async def test_dispatch_can_tell_its_run(hub: Any) -> None:
    body = {"ref": "kan-77-build-cache", "inputs": {"prompt": "hi"}, "return_run_details": True}
    answer = await hub.post("/actions/workflows/smoke-test.yml/dispatches", body)
    assert answer.status_code == 200
    number = answer.json()["workflow_run_id"]
    assert (await hub.get(f"/actions/runs/{number}")).status_code == 404
    hub.pass_time(1)
    run = await hub.json(f"/actions/runs/{number}")
    assert (run["head_branch"], run["actor"]["login"]) == ("kan-77-build-cache", "tefj-fun")
    assert hub.world.writes[-1].body == body


async def test_disable_and_enable(hub: Any) -> None:
    path = "/actions/workflows/smoke-test.yml"
    assert (await hub.send("PUT", f"{path}/enable")).status_code == 403
    assert (await hub.send("PUT", f"{path}/disable")).status_code == 204
    assert (await hub.json(path))["state"] == "disabled_manually"
    assert (await hub.send("PUT", f"{path}/disable")).status_code == 403
    assert (await hub.post(f"{path}/dispatches", {"ref": "main"})).status_code == 422
    before = (await hub.json(f"{path}/runs"))["total_count"]
    hub.pass_time(2 * 86400)
    assert (await hub.json(f"{path}/runs"))["total_count"] == before
    assert (await hub.send("PUT", f"{path}/enable")).status_code == 204
    hub.pass_time(2 * 86400)
    assert (await hub.json(f"{path}/runs"))["total_count"] >= before + 1


async def test_approve_starts_the_stranger_s_run(hub: Any) -> None:
    run = (await hub.json("/actions/runs?status=action_required"))["workflow_runs"][0]
    assert await hub.jobs(run["id"]) == []
    assert (await hub.post(f"/actions/runs/{run['id']}/approve")).status_code == 201
    assert (await hub.json(f"/actions/runs/{run['id']}"))["status"] == "queued"
    assert (await finish(hub, run["id"]))["conclusion"] == "success"
    assert (await hub.post(f"/actions/runs/{run['id']}/approve")).status_code == 403


@pytest.mark.parametrize(("word", "conclusion"), [("approved", "success"), ("rejected", "failure")])
async def test_a_run_waits_for_its_environment(hub: Any, word: str, conclusion: str) -> None:
    inputs = {"reason": "x", "environment": "production"}
    await hub.post("/actions/workflows/bench.yml/dispatches", {"ref": "main", "inputs": inputs})
    hub.pass_time(700)
    run = (await hub.json("/actions/runs?status=waiting"))["workflow_runs"][0]
    report = (await hub.jobs(run["id"]))[-1]
    assert (report["name"], report["status"]) == ("report", "waiting")
    pending = await hub.json(f"/actions/runs/{run['id']}/pending_deployments")
    environment = pending[0]["environment"]
    assert (environment["name"], pending[0]["current_user_can_approve"]) == ("production", True)
    path = f"/actions/runs/{run['id']}/pending_deployments"
    assert (await hub.post(path, {"state": word})).status_code == 422
    assert (await hub.post(path, {"environment_ids": [1], "state": word, "comment": ""})).status_code == 422
    body = {"environment_ids": [environment["id"]], "state": word, "comment": "ok"}
    assert (await hub.post(path, body)).status_code == 200
    assert await hub.json(path) == []
    assert (await finish(hub, run["id"]))["conclusion"] == conclusion
    approvals = await hub.json(f"/actions/runs/{run['id']}/approvals")
    assert [(row["state"], row["comment"]) for row in approvals] == [(word, "ok")]


@pytest.mark.parametrize(("method", "parents"), [("merge", 2), ("squash", 1), ("rebase", 1)])
async def test_merge_closes_the_pull_request_and_starts_ci_on_main(hub: Any, method: str, parents: int) -> None:
    hub.pass_time(200)
    head = hub.world.pulls[38].head_sha
    answer = await hub.send("PUT", "/pulls/38/merge", {"sha": head, "merge_method": method})
    assert answer.status_code == 200
    sha = answer.json()["sha"]
    assert answer.json()["merged"] is True
    pull = await hub.json("/pulls/38")
    assert (pull["state"], pull["merged"], pull["merge_commit_sha"]) == ("closed", True, sha)
    commit = await hub.json("/commits/main")
    assert (commit["sha"], len(commit["parents"])) == (sha, parents)
    assert 38 not in {row["number"] for row in await hub.json("/pulls")}
    hub.pass_time(3)
    run = (await hub.json("/actions/runs?branch=main&per_page=1"))["workflow_runs"][0]
    assert (run["head_sha"], run["event"], run["name"]) == (sha, "push", "CI")
    assert (await finish(hub, run["id"]))["conclusion"] == "success"
    assert [job["name"] for job in await hub.jobs(run["id"])] == ["lint", "test"]
    assert (await hub.send("PUT", "/pulls/38/merge", {})).status_code == 405


async def test_after_the_cache_is_merged_main_misses_once_and_then_hits(hub: Any) -> None:
    await hub.send("PUT", "/pulls/43/merge", {})
    hub.pass_time(3)
    run = (await hub.json("/actions/runs?branch=main&per_page=1"))["workflow_runs"][0]
    first = await finish(hub, run["id"])
    assert hub.world.runs[run["id"]].recipe.cache.state == "miss"
    await hub.post(f"/actions/runs/{run['id']}/rerun")
    second = await finish(hub, run["id"])
    assert hub.world.runs[run["id"]].recipe.cache.state == "hit"

    def seconds(jobs: Any) -> float:
        begin, end = (datetime.fromisoformat(jobs[0][name]) for name in ("started_at", "completed_at"))
        return (end - begin) / timedelta(seconds=1)

    miss, hit = await hub.jobs(run["id"], 1), await hub.jobs(run["id"], 2)
    assert seconds(miss) > 210
    assert seconds(hit) < 120
    assert first["conclusion"] == second["conclusion"] == "success"
    refs = {row["ref"] for row in (await hub.json("/actions/caches?key=Linux-docker-"))["actions_caches"]}
    assert refs == {"refs/heads/main", "refs/pull/43/merge"}


async def test_merge_refusals(hub: Any) -> None:
    async def merge(number: int, **body: object) -> tuple[int, str]:
        answer = await hub.send("PUT", f"/pulls/{number}/merge", body)
        return answer.status_code, answer.json()["message"]

    assert await merge(43, sha="0" * 40) == (409, "Head branch was modified. Review and try the merge again.")
    assert await merge(47) == (405, "Pull Request is still a draft")
    assert (await merge(43, merge_method="fast"))[0] == 422
    assert (await merge(999))[0] == 404
    hub.world.protection["main"] = Protection(contexts=("lint", "test"), strict=True)
    assert await merge(43) == (405, 'Required status check "lint" is expected.')
    assert await merge(38) == (405, 'Required status check "test" is in progress.')
    hub.world.protection["main"] = Protection(contexts=("test",), reviews=1)
    assert await merge(44) == (405, 'Required status check "test" is failing.')
    assert "approving review" in (await merge(43))[1]
    hub.world.protection["main"] = Protection(contexts=("test",), strict=True)
    assert (await merge(43))[1].startswith("Head branch is out of date")
    hub.world.protection.clear()
    rule: dict[str, object] = {
        "type": "required_status_checks",
        "parameters": {"required_status_checks": [{"context": "scan"}]},
    }
    hub.world.rulesets.append(Ruleset(1, "main", (rule,)))
    assert await merge(43) == (405, 'Required status check "scan" is expected.')
    hub.world.rulesets[0].enforcement = "evaluate"
    hub.world.pulls[43].conflicts = True
    assert await merge(43) == (405, "Pull Request is not mergeable")


async def test_every_write_is_remembered(hub: Any) -> None:
    run = await hub.run_of(44)
    await hub.post(f"/actions/runs/{run['id']}/rerun", {"enable_debug_logging": True})
    write = hub.world.writes[-1]
    assert (write.method, write.status, write.login) == ("POST", 201, "tefj-fun")
    assert write.path.endswith(f"/actions/runs/{run['id']}/rerun")
    assert write.body == {"enable_debug_logging": True}
