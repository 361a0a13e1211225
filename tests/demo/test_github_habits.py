"""What every answer of the demo's GitHub has in common: rights, ETags, what is charged, pages, refusals."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from starlette.responses import Response

from cidash.demo.github import READONLY_TOKEN, create_github

RUNS = "/actions/runs?per_page=5"


async def test_an_authorised_304_is_free_and_everything_else_is_charged(hub: Any) -> None:
    first = await hub.get(RUNS)
    etag = first.headers["etag"]
    assert re.fullmatch(r'W/"[0-9a-f]{64}"', etag)
    assert first.headers["cache-control"] == "private, max-age=60, s-maxage=60"
    assert first.headers["x-ratelimit-used"] == "1"
    second = await hub.get(RUNS, if_none_match=etag)
    assert (second.status_code, second.content) == (304, b"")
    assert second.headers["x-ratelimit-used"] == "1"
    assert second.headers["x-ratelimit-remaining"] == "4999"
    assert second.headers["etag"] == etag
    assert parsedate_to_datetime(second.headers["date"]) == hub.now.replace(microsecond=0)
    assert (await hub.get("/nothing")).headers["x-ratelimit-used"] == "2"
    assert (hub.world.requests.total, hub.world.requests.charged) == (3, 2)
    assert hub.world.requests.by_route["GET /repos/tefj-fun/agent_bus/actions/runs"] == 2


async def test_an_anonymous_304_is_charged(hub: Any) -> None:
    etag = (await hub.get(RUNS, token=None)).headers["etag"]
    answer = await hub.get(RUNS, token=None, if_none_match=etag)
    assert answer.status_code == 304
    assert (answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-used"]) == ("60", "2")


async def test_the_etag_depends_on_token_and_accept(hub: Any) -> None:
    mine = await hub.get(RUNS)
    assert (await hub.get(RUNS, token=READONLY_TOKEN, if_none_match=mine.headers["etag"])).status_code == 200
    other = await hub.get(RUNS, accept="application/vnd.github+json", if_none_match=mine.headers["etag"])
    assert other.status_code == 200


async def test_errors_and_redirects_have_no_etag(hub: Any) -> None:
    run = await hub.run_of(44)
    job = (await hub.jobs(run["id"]))[0]
    for path in ("/releases/latest", "/branches/main/protection", f"/actions/jobs/{job['id']}/logs", "//rate_limit"):
        assert "etag" not in (await hub.get(path)).headers


async def test_the_etag_of_the_run_list_holds_while_jobs_move(hub: Any) -> None:
    run = await hub.run_of(38)
    runs = (await hub.get(RUNS)).headers["etag"]
    jobs = (await hub.get(f"/actions/runs/{run['id']}/jobs")).headers["etag"]
    hub.pass_time(100)
    assert (await hub.get(RUNS, if_none_match=runs)).status_code == 304
    assert (await hub.get(f"/actions/runs/{run['id']}/jobs", if_none_match=jobs)).status_code == 200
    hub.pass_time(60)
    assert (await hub.get(RUNS, if_none_match=runs)).status_code == 200


async def test_the_limit_is_really_a_limit_and_ends_with_its_window(hub: Any) -> None:
    hub.world.limits.core_limit = 3
    codes = [(await hub.get("")).status_code for _ in range(4)]
    assert codes == [200, 200, 200, 403]
    refused = await hub.get("")
    assert refused.json()["message"].startswith("API rate limit exceeded for user ID")
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert refused.headers["x-ratelimit-resource"] == "core"
    reset = int(refused.headers["x-ratelimit-reset"])
    assert 3590 <= reset - hub.now.timestamp() <= 3600
    free = await hub.get("//rate_limit")
    assert free.json()["resources"]["core"] == {
        "limit": 3, "used": 3, "remaining": 0, "reset": reset, "resource": "core",
    }  # fmt: skip
    hub.pass_time(3601)
    assert (await hub.get("")).headers["x-ratelimit-used"] == "1"


async def test_search_has_its_own_bucket(hub: Any) -> None:
    answer = await hub.get("//search/issues?q=repo:tefj-fun/agent_bus+is:pr+is:open+author:@me")
    assert {item["number"] for item in answer.json()["items"]} == {38, 43, 44}
    assert answer.headers["x-ratelimit-resource"] == "search"
    assert answer.headers["x-ratelimit-limit"] == "30"
    assert (await hub.get("//rate_limit")).json()["resources"]["core"]["used"] == 0


@pytest.mark.parametrize(
    ("path", "headers", "status", "message"),
    [
        ("", {"authorization": "Bearer nonsense"}, 401, "Bad credentials"),
        ("", {"authorization": "Basic abc"}, 401, "Bad credentials"),
        ("", {"user-agent": ""}, 403, "User-Agent"),
        ("", {"x-github-api-version": "1999-01-01"}, 400, "not a supported version"),
        ("/actions/runs/", {}, 404, "Not Found"),
        ("/actions/runs/abc", {}, 404, "Not Found"),
        ("/actions/runs/99999999999999999999999", {}, 404, "Not Found"),
        ("/nowhere", {}, 404, "Not Found"),
        ("/actions/runs?created=soon", {}, 422, "created"),
    ],
)
async def test_refusals(hub: Any, path: str, headers: dict[str, str], status: int, message: str) -> None:
    answer = await hub.api.get(f"/repos/tefj-fun/agent_bus{path}", headers=headers)
    assert answer.status_code == status
    assert message in answer.json()["message"]
    assert answer.json()["status"] == str(status)
    assert "x-ratelimit-remaining" in answer.headers


async def test_other_repositories_and_methods_are_not_found(hub: Any) -> None:
    assert (await hub.api.get("/repos/tefj-fun/other")).status_code == 404
    assert (await hub.send("DELETE", "/pulls")).status_code == 404
    assert (await hub.api.get("/repos/TEFJ-FUN/Agent_Bus")).status_code == 200


async def test_a_readonly_token_reads_but_does_not_write(hub: Any) -> None:
    run = await hub.run_of(44)
    assert (await hub.get("", token=READONLY_TOKEN)).json()["permissions"]["admin"] is False
    for method, path in (
        ("POST", f"/actions/runs/{run['id']}/rerun"),
        ("POST", f"/actions/runs/{run['id']}/cancel"),
        ("PUT", "/pulls/43/merge"),
        ("POST", "/actions/workflows/bench.yml/dispatches"),
        ("DELETE", "/actions/caches?key=x"),
    ):
        answer = await hub.send(method, path, {}, READONLY_TOKEN)
        assert answer.status_code == 403
        assert answer.json()["message"] == "Must have admin rights to Repository."
        assert "write" in answer.headers["x-accepted-github-permissions"]
        assert (await hub.send(method, path, {}, None)).status_code == 401
    assert [write.status for write in hub.world.writes] == [403, 401] * 5


async def test_a_broken_body_is_named(hub: Any) -> None:
    headers = {"authorization": "Bearer demo-github-token"}
    url = "/repos/tefj-fun/agent_bus/actions/workflows/bench.yml/dispatches"
    assert (await hub.api.post(url, content=b"{", headers=headers)).json()["message"] == "Problems parsing JSON"
    assert (await hub.api.post(url, content=b"[]", headers=headers)).status_code == 400


async def test_pages_follow_links_with_the_repository_number(hub: Any) -> None:
    total = (await hub.json("/actions/runs?per_page=1"))["total_count"]
    url: str | None = "/repos/tefj-fun/agent_bus/actions/runs?per_page=100"
    seen: list[int] = []
    pages = 0
    while url is not None:
        answer = await hub.api.get(url, headers={"authorization": "Bearer demo-github-token"})
        seen += [run["id"] for run in answer.json()["workflow_runs"]]
        pages += 1
        url = answer.links.get("next", {}).get("url")
        if url is not None:
            assert url.startswith("http://api.test/repositories/986412077/actions/runs?")
        if pages > 1:
            assert {"prev", "first"} <= set(answer.links)
    assert pages == -(-total // 100)
    assert len(seen) == len(set(seen)) == total


@pytest.mark.parametrize(("asked", "given"), [("250", 100), ("0", 30), ("-1", 30), ("x", 30), ("7", 7)])
async def test_page_sizes(hub: Any, asked: str, given: int) -> None:
    assert len((await hub.json(f"/actions/runs?per_page={asked}"))["workflow_runs"]) == given


async def test_a_page_beyond_the_end_is_empty(hub: Any) -> None:
    answer = await hub.get("/actions/runs?per_page=100&page=50")
    assert answer.json()["workflow_runs"] == []
    assert "next" not in answer.links


async def test_a_fault_answers_before_anything_else_and_is_not_charged(hub: Any) -> None:
    hub.world.faults.append(lambda request: Response("<html>", 502) if "/actions" in request.url.path else None)

    async def slow(request: Any) -> None:
        assert request.method == "GET"

    hub.world.faults.append(slow)
    assert (await hub.get(RUNS)).status_code == 502
    assert (await hub.get("/pulls")).headers["x-ratelimit-used"] == "1"
    hub.world.faults.clear()
    assert (await hub.get(RUNS)).status_code == 200


async def test_the_newer_api_version(hub: Any) -> None:
    headers = {"x_github_api_version": "2026-03-10"}
    assert "rate" not in (await hub.get("//rate_limit", **headers)).json()
    assert (await hub.get("", **headers)).headers["x-github-api-version-selected"] == "2026-03-10"
    assert "rate" in (await hub.get("//rate_limit")).json()


async def test_a_list_of_100_runs_is_quick(hub: Any) -> None:
    import time

    await hub.get("/actions/runs?per_page=100")
    best = 1.0
    for _ in range(5):
        begun = time.perf_counter()
        await hub.get("/actions/runs?per_page=100")
        best = min(best, time.perf_counter() - begun)
    assert best < 0.03


def test_a_wrong_scenario_or_pace_is_refused() -> None:
    def now() -> datetime:
        return datetime.now(UTC)

    with pytest.raises(ValueError, match="review and closed"):
        create_github("holiday", 1.0, 1, now)
    with pytest.raises(ValueError, match="pace"):
        create_github("review", 0.0, 1, now)


async def test_the_user_and_the_index(hub: Any) -> None:
    assert (await hub.get("//user")).json()["login"] == "tefj-fun"
    assert (await hub.get("//user", token=None)).status_code == 401
    assert (await hub.get("//user/repos")).json()[0]["full_name"] == "tefj-fun/agent_bus"
    answer = await hub.api.get("/")
    assert answer.json()["rate_limit_url"] == "http://api.test/rate_limit"
