"""Pull requests, commits, files, protection and caches of the demo's GitHub, in both scenarios."""

import base64
import hashlib
from datetime import UTC, datetime
from statistics import median
from typing import Any

import pytest

from cidash.demo.github import READONLY_TOKEN, Protection, Release, Ruleset, create_github
from cidash.demo.github.files import CI as CI_FILE
from cidash.demo.github.files import NIGHTLY, SMOKE
from cidash.demo.github.render import run_bytes
from cidash.demo.github.timeline import attempt_state

CI = "/contents/.github/workflows/ci.yml"


async def test_the_open_pull_requests_of_the_day(hub: Any) -> None:
    rows = {row["number"]: row for row in await hub.json("/pulls")}
    assert set(rows) == {38, 43, 44, 46, 47, 48, 49}
    assert rows[38]["head"]["ref"] == "kan-76-lint-format-checks"
    assert rows[46]["head"]["repo"]["full_name"] == "drive-by-dev/agent_bus"
    assert rows[47]["draft"] is True
    assert "mergeable" not in rows[38]
    assert all(len(row["head"]["sha"]) == 40 for row in rows.values())
    everything = await hub.json("/pulls?state=all&per_page=100")
    assert len(everything) == 40
    closed = await hub.json("/pulls?state=closed&sort=updated&direction=desc&per_page=2")
    assert closed[0]["updated_at"] >= closed[1]["updated_at"]
    one = await hub.json("/pulls?head=tefj-fun:kan-77-build-cache")
    assert [row["number"] for row in one] == [43]
    assert await hub.json("/pulls?base=develop") == []


async def test_mergeable_is_null_at_the_first_question(hub: Any) -> None:
    first = await hub.json("/pulls/43")
    assert (first["mergeable"], first["mergeable_state"]) == (None, "unknown")
    second = await hub.json("/pulls/43")
    assert (second["mergeable"], second["mergeable_state"]) == (True, "clean")
    commit = hub.world.graph.add("More", "tefj-fun", hub.now, (second["head"]["sha"],), {"x": "y"})
    hub.world.move_pull(hub.world.pulls[43], commit.sha)
    assert (await hub.json("/pulls/43"))["mergeable"] is None


@pytest.mark.parametrize(
    ("number", "state"), [(38, "unstable"), (43, "clean"), (44, "unstable"), (46, "clean"), (47, "draft")]
)
async def test_mergeable_states(hub: Any, number: int, state: str) -> None:
    await hub.json(f"/pulls/{number}")
    assert (await hub.json(f"/pulls/{number}"))["mergeable_state"] == state


async def test_what_protection_makes_of_them(hub: Any) -> None:
    async def state(number: int) -> str:
        await hub.json(f"/pulls/{number}")
        return str((await hub.json(f"/pulls/{number}"))["mergeable_state"])

    hub.world.protection["main"] = Protection(contexts=("test",), strict=True, reviews=None)
    assert await state(43) == "behind"
    hub.world.protection["main"] = Protection(contexts=("lint", "test"))
    assert await state(43) == "blocked"
    assert await state(38) == "blocked"
    hub.pass_time(200)
    assert await state(38) == "clean"
    hub.world.pulls[38].conflicts = True
    assert await state(38) == "dirty"


async def test_no_protection_and_no_right_to_know_look_different(hub: Any) -> None:
    path = "/branches/main/protection"
    nothing = await hub.get(path)
    assert (nothing.status_code, nothing.json()["message"]) == (404, "Branch not protected")
    hidden = await hub.get(path, token=READONLY_TOKEN)
    assert (hidden.status_code, hidden.json()["message"]) == (404, "Not Found")
    hub.world.hidden_protection_status = 403
    assert (await hub.get(path, token=READONLY_TOKEN)).status_code == 403
    assert await hub.json("/rules/branches/main") == []
    assert await hub.json("/rulesets") == []
    branch = await hub.json("/branches/main")
    assert (branch["protected"], branch["protection"]["enabled"]) == (False, False)
    assert branch["protection"]["required_status_checks"]["contexts"] == []


async def test_protection_switched_on(hub: Any) -> None:
    hub.world.protection["main"] = Protection(
        contexts=("lint", "test"), strict=True, reviews=1, dismiss_stale=True, enforce_admins=True,
        push_logins=("tefj-fun",),
    )  # fmt: skip
    body = await hub.json("/branches/main/protection")
    assert body["required_status_checks"]["contexts"] == ["lint", "test"]
    assert body["required_pull_request_reviews"]["required_approving_review_count"] == 1
    assert body["enforce_admins"]["enabled"] is True
    assert body["restrictions"]["users"][0]["login"] == "tefj-fun"
    branch = (await hub.get("/branches/main", token=READONLY_TOKEN)).json()
    assert branch["protected"] is True
    assert branch["protection"]["required_status_checks"]["contexts"] == ["lint", "test"]
    rule: dict[str, object] = {"type": "pull_request", "parameters": {"required_approving_review_count": 2}}
    hub.world.rulesets.append(Ruleset(7, "main", (rule,)))
    rules = await hub.json("/rules/branches/main")
    assert [(row["type"], row["ruleset_id"]) for row in rules] == [("pull_request", 7)]
    assert await hub.json("/rules/branches/other") == []
    assert (await hub.json("/rulesets"))[0]["name"] == "main"
    assert (await hub.json("/rulesets/7"))["rules"] == [rule]
    assert (await hub.get("/rulesets/8")).status_code == 404


async def test_a_slash_in_a_branch_must_be_encoded(hub: Any) -> None:
    hub.world.rulesets.append(Ruleset(9, "odd", ({"type": "deletion"},), branches=("feature/[x]",)))
    assert len(await hub.json("/rules/branches/feature%2F%5Bx%5D")) == 1
    assert (await hub.get("/rules/branches/feature/x")).status_code == 404


async def test_files_by_branch_commit_and_media_type(hub: Any) -> None:
    body = await hub.json(CI)
    text = base64.b64decode(body["content"]).decode()
    assert "lint:" not in text
    assert body["sha"] == hashlib.sha1(f"blob {len(text)}\0{text}".encode()).hexdigest()
    raw = await hub.get(f"{CI}?ref=kan-77-build-cache", accept="application/vnd.github.raw+json")
    assert "actions/cache@v4" in raw.text
    assert "etag" in raw.headers
    sha = hub.world.pulls[38].head_sha
    at_commit = await hub.get(f"{CI}?ref={sha}", accept="application/vnd.github.raw")
    assert "ruff check src/ tests/ scripts/" in at_commit.text
    folder = await hub.json("/contents/.github/workflows")
    assert {row["name"] for row in folder} == {"bench.yml", "ci.yml", "nightly-real-smoke.yml", "smoke-test.yml"}
    assert {"README.md", "src"} <= {row["name"] for row in await hub.json("/contents")}
    assert (await hub.get("/contents/none")).status_code == 404
    assert (await hub.get(f"{CI}?ref=none")).status_code == 404


async def test_trees(hub: Any) -> None:
    tree = await hub.json("/git/trees/main?recursive=1")
    paths = {row["path"]: row["type"] for row in tree["tree"]}
    assert paths[".github/workflows/ci.yml"] == "blob"
    assert paths[".github/workflows"] == "tree"
    assert tree["truncated"] is False
    assert await hub.json(f"/git/trees/{tree['sha']}?recursive=1") == tree
    assert all("/" not in row["path"] for row in (await hub.json("/git/trees/main"))["tree"])
    assert (await hub.get("/git/trees/nothing")).status_code == 404


async def test_commits_and_comparisons(hub: Any) -> None:
    commits = await hub.json("/commits?per_page=100")
    dates = [row["commit"]["author"]["date"] for row in commits]
    assert dates == sorted(dates, reverse=True)
    compared = await hub.json("/compare/main...kan-76-lint-format-checks")
    assert (compared["ahead_by"], compared["status"]) == (3, "ahead")
    assert CI.removeprefix("/contents/") in {row["filename"] for row in compared["files"]}
    old = await hub.json("/compare/main...kan-77-build-cache")
    assert old["status"] == "diverged"
    assert old["behind_by"] > 0
    head = hub.world.pulls[38].head_sha
    one = await hub.json(f"/commits/{head[:10]}")
    assert one["sha"] == head
    assert one["stats"]["additions"] > 0
    assert [row["number"] for row in await hub.json(f"/commits/{head}/pulls")] == [38]
    assert [row["sha"] for row in await hub.json("/pulls/38/commits")][-1] == head
    assert (await hub.get("/commits/ffffffff")).status_code == 422
    assert (await hub.get("/compare/main...nothing")).status_code == 404
    assert len(await hub.json(f"/commits?path={CI.removeprefix('/contents/')}")) == 1


async def test_check_runs_and_annotations(hub: Any) -> None:
    head = hub.world.pulls[44].head_sha
    checks = (await hub.json(f"/commits/{head}/check-runs"))["check_runs"]
    assert [(row["name"], row["conclusion"]) for row in checks] == [("test", "failure")]
    notes = await hub.json(f"/check-runs/{checks[0]['id']}/annotations")
    assert "i/o timeout" in notes[0]["message"]
    assert (await hub.json(f"/check-runs/{checks[0]['id']}"))["output"]["annotations_count"] == 1
    assert (await hub.json(f"/commits/{head}/status"))["state"] == "pending"
    live = hub.world.pulls[38].head_sha
    newest = (await hub.json(f"/commits/{live}/check-runs"))["total_count"]
    everything = (await hub.json(f"/commits/{live}/check-runs?filter=all"))["total_count"]
    assert (newest, everything) == (2, 4)
    assert (await hub.json(f"/commits/{live}/check-runs?check_name=lint"))["total_count"] == 1
    running = await hub.json(f"/commits/{live}/check-runs?status=in_progress")
    assert [row["name"] for row in running["check_runs"]] == ["test"]


async def test_caches(hub: Any) -> None:
    rows = (await hub.json("/actions/caches?sort=size_in_bytes&direction=desc"))["actions_caches"]
    sizes = [row["size_in_bytes"] for row in rows]
    assert sizes == sorted(sizes, reverse=True)
    docker = (await hub.json("/actions/caches?key=Linux-docker-"))["actions_caches"]
    assert docker
    assert {row["ref"] for row in docker} == {"refs/pull/43/merge"}
    assert await hub.json("/actions/caches?ref=refs/heads/none") == {"total_count": 0, "actions_caches": []}
    usage = await hub.json("/actions/cache/usage")
    assert usage["active_caches_count"] == len(rows)
    assert usage["active_caches_size_in_bytes"] == sum(sizes)
    assert (await hub.send("DELETE", f"/actions/caches/{rows[0]['id']}")).status_code == 204
    assert (await hub.send("DELETE", f"/actions/caches/{rows[0]['id']}")).status_code == 404
    gone = await hub.send("DELETE", f"/actions/caches?key={rows[-1]['key']}")
    assert gone.json()["total_count"] == 1
    assert (await hub.send("DELETE", "/actions/caches?key=none")).status_code == 404
    assert (await hub.send("DELETE", "/actions/caches")).status_code == 422
    assert (await hub.json("/actions/caches"))["total_count"] == len(rows) - 2


async def test_a_hit_moves_last_accessed(hub: Any) -> None:
    run = await hub.run_of(43)
    path = "/actions/caches?key=Linux-docker-&sort=last_accessed_at"
    before = (await hub.json(path))["actions_caches"][0]["last_accessed_at"]
    await hub.post(f"/actions/runs/{run['id']}/rerun")
    hub.pass_time(10)
    assert (await hub.json(path))["actions_caches"][0]["last_accessed_at"] > before


async def test_releases_and_tags(hub: Any) -> None:
    assert await hub.json("/releases") == []
    assert await hub.json("/tags") == []
    assert (await hub.get("/releases/latest")).status_code == 404
    hub.world.releases += [
        Release(1, "v0.1.0", "First", hub.now),
        Release(2, "v0.2.0", "Next", hub.now, draft=True),
    ]
    hub.world.graph.tags["v0.1.0"] = hub.world.graph.branches["main"]
    assert (await hub.json("/releases/latest"))["tag_name"] == "v0.1.0"
    assert len(await hub.json("/releases")) == 2
    assert len((await hub.get("/releases", token=READONLY_TOKEN)).json()) == 1
    assert [row["name"] for row in await hub.json("/tags")] == ["v0.1.0"]


async def test_branches(hub: Any) -> None:
    names = {row["name"] for row in await hub.json("/branches?per_page=100")}
    assert {"main", "kan-77-build-cache", "security-scanning"} <= names
    assert (await hub.get("/branches/none")).status_code == 404
    assert (await hub.json("/pulls/48/reviews"))[0]["state"] == "APPROVED"


@pytest.mark.parametrize("scenario", ["closed"])
async def test_the_aftermath(hub: Any) -> None:
    assert await hub.json("/pulls") == []
    merged = {row["number"] for row in await hub.json("/pulls?state=all&per_page=100") if row["merged_at"]}
    assert {42, 43, 44, 45, 75} <= merged
    assert not merged & {38, 40, 46, 47, 48, 49}
    workflows = {row["name"]: row for row in (await hub.json("/actions/workflows"))["workflows"]}
    assert (await hub.json(f"/actions/workflows/{workflows['Release']['id']}/runs"))["total_count"] == 0
    files = {row["path"] for row in (await hub.json("/git/trees/main?recursive=1"))["tree"]}
    assert {".github/BRANCH_PROTECTION.md", ".github/workflows/release.yml"} <= files
    assert ".github/workflows/security.yml" not in files
    text = (await hub.get(CI, accept="application/vnd.github.raw")).text
    assert "github.sha" in text
    assert "|| true" in text
    assert "lint:" not in text
    assert await hub.json("/tags") == []
    assert (await hub.get("/branches/main/protection")).status_code == 404
    runs = (await hub.json("/actions/workflows/ci.yml/runs?branch=main&per_page=8"))["workflow_runs"]
    assert all(run["event"] == "push" and "(#" not in run["display_title"] for run in runs)
    job = (await hub.jobs(runs[0]["id"]))[0]
    log = await hub.storage.get((await hub.get(f"/actions/jobs/{job['id']}/logs")).headers["location"])
    assert "Path Validation Error" in log.text


@pytest.mark.parametrize("seed", [1, 2, 40, 77])
@pytest.mark.parametrize("scenario", ["review", "closed"])
def test_the_story_holds_for_every_seed(scenario: str, seed: int) -> None:
    moment = datetime(2026, 7, 31, 23, 59, 30, tzinfo=UTC)
    world = create_github(scenario, 1.0, seed, lambda: moment).world
    twin = create_github(scenario, 1.0, seed, lambda: moment).world
    for run, same in zip(world.visible_runs(moment), twin.visible_runs(moment), strict=True):
        attempt, other = run.latest(moment), same.latest(moment)
        assert run_bytes(world, run, attempt, moment) == run_bytes(twin, same, other, moment)
        assert attempt.jobs == other.jobs
    assert 240 <= len(world.runs) <= 400
    seconds: dict[str, list[float]] = {}
    words = set()
    ids = []
    for run in world.visible_runs(moment):
        status, conclusion, _ = attempt_state(run.latest(moment), moment)
        words.add(conclusion or status)
        ids.append(run.id)
        for attempt in run.attempts[:1]:
            done = attempt.finished_at
            if run.recipe.kind == "ci" and len(attempt.jobs) == 1 and conclusion == "success" and done:
                state = run.recipe.cache.state
                seconds.setdefault(state, []).append((done - attempt.started_at).total_seconds())
    assert len(ids) == len(set(ids))
    assert {"success", "failure", "cancelled", "startup_failure", "quarantined"} <= words
    assert ("in_progress" in words) is (scenario == "review")
    assert len(seconds["hit"]) >= 12
    assert 60 <= median(seconds["hit"]) <= 120
    assert 180 <= median(seconds["none"]) <= 240
    assert median(seconds["miss"]) > median(seconds["none"]) > median(seconds["partial"]) > median(seconds["hit"])
    assert ("broken" in seconds) is (scenario == "closed")
    flakes = [run for run in world.runs.values() if len(run.attempts) == 2]
    assert flakes
    for path, word in ((CI_FILE, "success"), (SMOKE, "success"), (NIGHTLY, "failure")):
        newest = next(run for run in world.visible_runs(moment) if run.path == path and run.branch == "main")
        assert attempt_state(newest.latest(moment), moment)[1] == word


@pytest.mark.parametrize("scenario", ["review", "closed"])
async def test_the_workflow_files_name_the_steps_that_run(hub: Any) -> None:
    seen = set()
    for run in hub.world.visible_runs(hub.now):
        text = hub.world.graph.commits[run.head_sha].files.get(run.path)
        plain = run.recipe.kind not in {"none", "dependabot"} and run.recipe.variant != "hostile"
        if text is None or not plain or run.name == run.path:
            continue
        seen.add(run.name)
        for job in run.attempts[-1].jobs:
            assert f"\n  {job.key.partition('-3.')[0]}:\n" in text
            for step in job.steps:
                own = not step.post and step.name != "Set up job" and not step.name.startswith("Run actions/")
                assert not own or f"name: {step.name}\n" in text, step.name
    assert {"CI", "Smoke test", "Nightly Real-Claude Smoke", "Security"} <= seen
