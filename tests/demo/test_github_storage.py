"""Logs, archives and artifacts: a link on the API's host, the bytes on another one."""

import io
import zipfile
from typing import Any

import pytest


async def link(hub: Any, path: str) -> str:
    answer = await hub.get(path)
    assert (answer.status_code, answer.content) == (302, b"")
    location = str(answer.headers["location"])
    assert location.startswith("http://blobs.test/")
    return location


async def failed_job(hub: Any) -> Any:
    run = await hub.run_of(44)
    return (await hub.jobs(run["id"]))[0]


async def test_a_finished_job_s_log_is_behind_a_link(hub: Any) -> None:
    job = await failed_job(hub)
    log = await hub.storage.get(await link(hub, f"/actions/jobs/{job['id']}/logs"))
    assert log.status_code == 200
    assert log.headers["content-type"].startswith("text/plain")
    assert log.content.startswith(b"\xef\xbb\xbf")
    assert b"i/o timeout" in log.content
    assert hub.world.storage_tokens == []
    again = await hub.storage.get(await link(hub, f"/actions/jobs/{job['id']}/logs"))
    assert again.content == log.content


async def test_parts_of_a_log(hub: Any) -> None:
    job = await failed_job(hub)
    url = await link(hub, f"/actions/jobs/{job['id']}/logs")
    whole = (await hub.storage.get(url)).content
    head = await hub.storage.get(url, headers={"range": "bytes=0-9"})
    tail = await hub.storage.get(url, headers={"range": "bytes=-10"})
    assert (head.status_code, head.content) == (206, whole[:10])
    assert head.headers["content-range"] == f"bytes 0-9/{len(whole)}"
    assert tail.content == whole[-10:]
    assert (await hub.storage.get(url, headers={"range": f"bytes={len(whole)}-"})).status_code == 416


async def test_the_link_is_good_for_a_minute(hub: Any) -> None:
    job = await failed_job(hub)
    url = await link(hub, f"/actions/jobs/{job['id']}/logs")
    hub.pass_time(58)
    assert (await hub.storage.get(url)).status_code == 200
    hub.pass_time(3)
    late = await hub.storage.get(url)
    assert late.status_code == 403
    assert b"<Code>AuthenticationFailed</Code>" in late.content


@pytest.mark.parametrize("change", ["sig=0", "se=99999999999"])
async def test_a_link_cannot_be_forged(hub: Any, change: str) -> None:
    job = await failed_job(hub)
    url = await link(hub, f"/actions/jobs/{job['id']}/logs")
    assert (await hub.storage.get(f"{url}&{change}")).status_code == 403
    assert (await hub.storage.get("/actions-results/job/1")).status_code == 403


async def test_a_token_at_the_storage_is_refused_and_remembered(hub: Any) -> None:
    job = await failed_job(hub)
    url = await link(hub, f"/actions/jobs/{job['id']}/logs")
    answer = await hub.storage.get(url, headers={"authorization": "Bearer demo-github-token"})
    assert answer.status_code == 400
    assert hub.world.storage_tokens == ["Bearer demo-github-token"]


async def test_a_running_job_has_no_log_yet(hub: Any) -> None:
    run = await hub.run_of(38)
    test = (await hub.jobs(run["id"]))[1]
    missing = await hub.storage.get(await link(hub, f"/actions/jobs/{test['id']}/logs"))
    assert missing.status_code == 404
    assert b"<Code>BlobNotFound</Code>" in missing.content
    assert missing.headers["content-type"].startswith("application/xml")
    hub.pass_time(151)
    log = await hub.storage.get(await link(hub, f"/actions/jobs/{test['id']}/logs"))
    assert log.status_code == 200


async def test_skipped_jobs_unknown_jobs_and_anonymous_callers(hub: Any) -> None:
    run = await hub.run_of(48)
    skipped = next(job for job in await hub.jobs(run["id"]) if job["name"] == "e2e")
    assert (await hub.storage.get(await link(hub, f"/actions/jobs/{skipped['id']}/logs"))).status_code == 404
    assert (await hub.get("/actions/jobs/1/logs")).status_code == 404
    assert (await hub.get(f"/actions/jobs/{skipped['id']}/logs", token=None)).status_code == 403


async def test_expired_logs_are_gone(hub: Any) -> None:
    hub.world.log_retention_days = 20
    old = (await hub.json("/actions/workflows/ci.yml/runs?created=<2026-01-10&status=success"))["workflow_runs"][0]
    job = (await hub.jobs(old["id"]))[0]
    answer = await hub.get(f"/actions/jobs/{job['id']}/logs")
    assert (answer.status_code, answer.json()["message"]) == (410, "Server Error")


async def test_a_carried_over_job_keeps_its_log(hub: Any) -> None:
    run = await hub.run_of(48)
    before = next(job for job in await hub.jobs(run["id"]) if job["name"] == "lint")
    await hub.post(f"/actions/runs/{run['id']}/rerun-failed-jobs")
    hub.pass_time(1)
    after = next(job for job in await hub.jobs(run["id"]) if job["name"] == "lint")
    assert before["id"] != after["id"]
    logs = [(await hub.storage.get(await link(hub, f"/actions/jobs/{job['id']}/logs"))).content
            for job in (before, after)]  # fmt: skip
    assert logs[0] == logs[1]


async def test_the_archive_of_a_run(hub: Any) -> None:
    run = await hub.run_of(46)
    blob = await hub.storage.get(await link(hub, f"/actions/runs/{run['id']}/logs"))
    names = zipfile.ZipFile(io.BytesIO(blob.content)).namelist()
    assert len(names) == 2
    assert not any("/" in name or "\x1b" in name for name in names)
    running = await hub.run_of(38)
    url = await link(hub, f"/actions/runs/{running['id']}/logs")
    assert (await hub.storage.get(url)).status_code == 404
    url = await link(hub, f"/actions/runs/{running['id']}/attempts/1/logs")
    assert (await hub.storage.get(url)).status_code == 200


async def test_artifacts_are_listed_downloaded_and_expire(hub: Any) -> None:
    rows = (await hub.json("/actions/artifacts?per_page=100"))["artifacts"]
    names = {row["name"] for row in rows}
    assert {"smoke-report", "real-smoke-report", "bandit-report", "safety-report"} <= names
    fresh, expired = rows[0], next(row for row in rows if row["expired"])
    blob = await hub.storage.get(await link(hub, f"/actions/artifacts/{fresh['id']}/zip"))
    assert len(blob.content) == fresh["size_in_bytes"]
    assert zipfile.ZipFile(io.BytesIO(blob.content)).namelist() == [f"{fresh['name']}.json"]
    assert (await hub.get(f"/actions/artifacts/{expired['id']}/zip")).status_code == 410
    one = await hub.json(f"/actions/artifacts/{fresh['id']}")
    assert one == fresh
    of_run = await hub.json(f"/actions/runs/{fresh['workflow_run']['id']}/artifacts?name={fresh['name']}")
    assert of_run["artifacts"] == [fresh]
    assert (await hub.get("/actions/artifacts/1")).status_code == 404
    assert (await hub.get(f"/actions/artifacts/{fresh['id']}/zip", token=None)).status_code == 401


@pytest.mark.parametrize("state", ["hit", "miss", "partial"])
async def test_log_and_times_tell_the_same_cache_state(hub: Any, state: str) -> None:
    run = next(
        run
        for run in hub.world.visible_runs(hub.now)
        if run.recipe.cache.state == state and len(run.attempts) == 1 and run.recipe.outcome == "success"
    )
    job = (await hub.jobs(run.id))[0]
    log = (await hub.storage.get(await link(hub, f"/actions/jobs/{job['id']}/logs"))).text
    key = run.recipe.cache.key
    assert ("Cache not found for input keys" in log) is (state == "miss")
    assert (f"Cache restored from key: {key}" in log) is (state == "hit")
    assert ("Cache restored from key: Linux-docker-" in log) is (state != "miss")
    entries = (await hub.json(f"/actions/caches?key={key}"))["actions_caches"]
    assert (f"Cache saved with key: {key}" in log) is (state != "hit")
    assert len(entries) <= 1
