"""Reading and deleting what runs leave behind: cache entries and artifacts."""

from datetime import timedelta

from cidash.demo.github import render
from cidash.demo.github.model import FULL_NAME, CacheEntry
from cidash.demo.github.rights import must_write
from cidash.demo.github.runs_api import find_run, redirect
from cidash.demo.github.storage import Artifact, artifacts
from cidash.demo.github.web import Call, RefusalError, Reply, Routes, answer, not_found

routes = Routes()
_FRESHNESS = timedelta(minutes=5)


def _entry(call: Call, entry: CacheEntry) -> dict[str, object]:
    return {
        "id": entry.id,
        "ref": entry.ref,
        "key": entry.key,
        "version": entry.version,
        "last_accessed_at": f"{entry.last_accessed_at(call.now).isoformat()[:19]}.000000000Z",
        "created_at": f"{entry.created_at.isoformat()[:19]}.000000000Z",
        "size_in_bytes": entry.size_bytes,
    }


def _chosen(call: Call) -> list[CacheEntry]:
    key, ref = call.query.get("key", ""), call.query.get("ref")
    return [
        entry
        for entry in call.world.caches
        if entry.created_at <= call.now and entry.key.startswith(key) and (ref is None or entry.ref == ref)
    ]


@routes.on("GET", "actions/caches")
def list_caches(call: Call) -> Reply:
    """The cache entries: `key` is a prefix, `ref` a full ref."""
    entries = _chosen(call)
    by = call.query.get("sort", "last_accessed_at")
    down = call.query.get("direction", "desc") != "asc"
    if by == "size_in_bytes":
        entries.sort(key=lambda entry: entry.size_bytes, reverse=down)
    elif by == "created_at":
        entries.sort(key=lambda entry: entry.created_at, reverse=down)
    else:
        entries.sort(key=lambda entry: entry.last_accessed_at(call.now), reverse=down)
    return call.counted("actions_caches", entries, lambda entry: _entry(call, entry))


@routes.on("GET", "actions/cache/usage")
def cache_usage(call: Call) -> Reply:
    """How much is stored; counted every five minutes, as on GitHub."""
    seconds = call.now.timestamp()
    counted_at = call.now - timedelta(seconds=seconds % _FRESHNESS.total_seconds())
    entries = [entry for entry in call.world.caches if entry.created_at <= counted_at]
    return answer(
        {
            "full_name": FULL_NAME,
            "active_caches_size_in_bytes": sum(entry.size_bytes for entry in entries),
            "active_caches_count": len(entries),
        }
    )


@routes.on("DELETE", "actions/caches")
def delete_caches(call: Call) -> Reply:
    """Deletes the entries with exactly that key, on one ref if one is named."""
    must_write(call)
    key = call.query.get("key")
    if not key:
        raise RefusalError(422, "Invalid request.\n\nNo key was provided")
    gone = [entry for entry in _chosen(call) if entry.key == key]
    if not gone:
        raise not_found()
    call.world.caches = [entry for entry in call.world.caches if entry not in gone]
    return answer({"total_count": len(gone), "actions_caches": [_entry(call, entry) for entry in gone]})


@routes.on("DELETE", "actions/caches/{cache}")
def delete_cache(call: Call) -> Reply:
    """Deletes one entry."""
    must_write(call)
    number = call.number("cache")
    left = [entry for entry in call.world.caches if entry.id != number or entry.created_at > call.now]
    if len(left) == len(call.world.caches):
        raise not_found()
    call.world.caches = left
    return Reply(204)


def _artifact(call: Call, item: Artifact) -> dict[str, object]:
    url = f"{render.repo_url(call.world)}/actions/artifacts/{item.id}"
    return {
        "id": item.id,
        "node_id": render.node_id("A", item.id),
        "name": item.name,
        "size_in_bytes": len(item.data),
        "url": url,
        "archive_download_url": f"{url}/zip",
        "expired": item.expires_at <= call.now,
        "digest": item.digest,
        "created_at": render.iso(item.created_at),
        "updated_at": render.iso(item.created_at),
        "expires_at": render.iso(item.expires_at),
        "workflow_run": {
            "id": item.run.id,
            "repository_id": render.REPOSITORY_ID,
            "head_repository_id": render.REPOSITORY_ID,
            "head_branch": item.run.branch,
            "head_sha": item.run.head_sha,
        },
    }


@routes.on("GET", "actions/artifacts")
def list_artifacts(call: Call) -> Reply:
    """All artifacts, newest first."""
    return _artifacts_reply(call, artifacts(call.world, call.now))


@routes.on("GET", "actions/runs/{run}/artifacts")
def list_run_artifacts(call: Call) -> Reply:
    """One run's artifacts."""
    run = find_run(call)
    return _artifacts_reply(call, artifacts(call.world, call.now, run))


def _artifacts_reply(call: Call, found: list[Artifact]) -> Reply:
    name = call.query.get("name")
    chosen = [item for item in found if name is None or item.name == name]
    return call.counted("artifacts", chosen, lambda item: _artifact(call, item))


def _find_artifact(call: Call) -> Artifact:
    number = call.number("artifact")
    found = next((item for item in artifacts(call.world, call.now) if item.id == number), None)
    if found is None:
        raise not_found()
    return found


@routes.on("GET", "actions/artifacts/{artifact}")
def show_artifact(call: Call) -> Reply:
    """One artifact."""
    return answer(_artifact(call, _find_artifact(call)))


@routes.on("GET", "actions/artifacts/{artifact}/zip")
def download_artifact(call: Call) -> Reply:
    """A link to the artifact's zip; an expired one is gone."""
    if call.caller.token is None:
        raise RefusalError(401, "Requires authentication")
    item = _find_artifact(call)
    if item.expires_at <= call.now:
        raise RefusalError(410, "Artifact has expired")
    return redirect(call, f"artifact/{item.id}")
