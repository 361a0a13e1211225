"""The storage host: job logs, log archives and artifacts behind signed links that are good for one real minute."""

import hashlib
import hmac
import inspect
import io
import json
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from cidash.demo.github.model import Attempt, Job, Run
from cidash.demo.github.timeline import attempt_state
from cidash.demo.github.world import World
from cidash.demo.logs import JobForLog, StepForLog, job_log

LINK_SECONDS = 60
_KEY = b"a demo's signature"
_ZIP_TIME = (2026, 2, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Artifact:
    """What a finished job left behind."""

    id: int
    name: str
    run: Run
    data: bytes
    created_at: datetime
    expires_at: datetime

    @property
    def digest(self) -> str:
        """The zip's digest, as the API tells it."""
        return f"sha256:{hashlib.sha256(self.data).hexdigest()}"


def signed_url(world: World, blob: str, now: datetime) -> str:
    """Returns a link to a blob that is good for a minute from now."""
    expires = str(int(now.timestamp()) + LINK_SECONDS)
    query = urlencode({"se": expires, "sig": _signature(blob, expires)})
    return f"{world.storage_url}/actions-results/{blob}?{query}"


def _signature(blob: str, expires: str) -> str:
    return hmac.new(_KEY, f"{blob}\n{expires}".encode(), "sha256").hexdigest()


def make_storage(world: World) -> ASGIApp:
    """Returns the storage host's app."""

    async def serve(request: Request) -> Response:
        for fault in world.faults:
            result = fault(request)
            response = await result if inspect.isawaitable(result) else result
            if response is not None:
                return response
        world.storage_requests += 1
        return _serve(world, request)

    return Starlette(routes=[Route("/{path:path}", serve, methods=["GET", "HEAD"])])


def _serve(world: World, request: Request) -> Response:
    now = world.now()
    token = request.headers.get("authorization")
    if token is not None:
        world.storage_tokens.append(token)
        return _xml(400, "InvalidAuthenticationInfo", "Authentication information is not given in the correct format.")
    blob = request.url.path.removeprefix("/actions-results/")
    expires = request.query_params.get("se", "")
    given = request.query_params.get("sig", "")
    signed = expires.isdecimal() and hmac.compare_digest(given.encode(), _signature(blob, expires).encode())
    if not signed or now.timestamp() > int(expires):
        return _xml(403, "AuthenticationFailed", "Server failed to authenticate the request. Signature not valid.")
    found = _blob(world, blob, now)
    if found is None:
        return _xml(404, "BlobNotFound", "The specified blob does not exist.")
    data, media = found
    return _bytes(request, data, media)


def _blob(world: World, blob: str, now: datetime) -> tuple[bytes, str] | None:
    kind, _, rest = blob.partition("/")
    numbers = [int(part) for part in rest.split("/")]
    if kind == "job":
        job = world.jobs[numbers[0]][2]
        data = log_of(job, now)
        return None if data is None else (data, "text/plain; charset=utf-8")
    if kind == "run":
        run = world.runs[numbers[0]]
        chosen = next(attempt for attempt in run.attempts if attempt.number == numbers[1])
        if attempt_state(chosen, now)[0] != "completed" or not chosen.jobs:
            return None
        return _log_archive(chosen, now), "application/zip"
    item = next((item for item in artifacts(world, now) if item.id == numbers[0]), None)
    return None if item is None else (item.data, "application/zip")


def log_of(job: Job, now: datetime) -> bytes | None:
    """Returns the log of a job; None while it runs, and for ever if it never ran."""
    if not job.is_done(now) or job.started_at is None or job.runner is None:
        return None
    cache = job.plan.cache
    failure = job.plan.failure if job.conclusion in {"failure", "timed_out"} else None
    return job_log(
        JobForLog(
            name=job.plan.name,
            conclusion=job.conclusion,
            started_at=job.started_at,
            steps=tuple(
                StepForLog(step.number, step.name, step.conclusion, step.started_at, step.completed_at)
                for step in job.steps
            ),
            cache=cache.state,
            cache_key=cache.key,
            restored_key=cache.restored_key,
            docker_steps_cached=cache.docker_cached,
            docker_steps_total=cache.docker_total,
            failure=failure,
            runner_labels=job.plan.labels,
        )
    )


def _log_archive(attempt: Attempt, now: datetime) -> bytes:
    logs = []
    for place, job in enumerate(attempt.jobs):
        data = log_of(job, now)
        if data is not None:
            name = re.sub(r"[/:<>|*?\"\\\x00-\x1f]", "", job.plan.name)[:90]
            logs.append((f"{place}_{name}.txt", data))
    return _zip(logs)


def _zip(entries: Iterable[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name, _ZIP_TIME), data)
    return buffer.getvalue()


def artifacts(world: World, now: datetime, run: Run | None = None) -> list[Artifact]:
    """Returns the artifacts that exist at that moment, newest first; of one run, if one is given."""
    runs = [run] if run is not None else list(world.visible_runs(now))
    found = []
    for each in runs:
        for attempt in each.attempts:
            for job in attempt.jobs:
                if job.completed_at is None or job.completed_at > now or job.carried or job.runner is None:
                    continue
                for place, name in enumerate(job.plan.artifacts):
                    found.append(_artifact(world, each, job, name, place, job.completed_at))
    return sorted(found, key=lambda item: item.created_at, reverse=True)


def _artifact(world: World, run: Run, job: Job, name: str, place: int, at: datetime) -> Artifact:
    key = ("artifact", job.id, place)
    if key not in world.serialised:
        report = {"run": run.id, "job": job.plan.name, "conclusion": job.conclusion, "failure": job.plan.failure}
        world.serialised[key] = _zip([(f"{name}.json", json.dumps(report, indent=2).encode())])
    data = world.serialised[key]
    days = {"smoke-report": 14, "real-smoke-report": 30}.get(name, 90)
    return Artifact(3_300_000_000 + (job.id % 10**9) + place, name, run, data, at, at + timedelta(days=days))


def _bytes(request: Request, data: bytes, media: str) -> Response:
    headers = {"accept-ranges": "bytes", "etag": f'"0x{hashlib.sha256(data).hexdigest()[:16].upper()}"'}
    wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("range", ""))
    if wanted is None or wanted[0] == "bytes=-":
        return Response(data, 200, headers, media)
    size = len(data)
    if wanted[1]:
        first, last = int(wanted[1]), min(int(wanted[2]) if wanted[2] else size - 1, size - 1)
    else:
        first, last = max(0, size - int(wanted[2])), size - 1
    if first >= size or last < first:
        return Response(b"", 416, {"content-range": f"bytes */{size}"})
    headers["content-range"] = f"bytes {first}-{last}/{size}"
    return Response(data[first : last + 1], 206, headers, media)


def _xml(status: int, code: str, message: str) -> Response:
    body = f'\ufeff<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(body, status, {"x-ms-error-code": code}, "application/xml")
