"""What Docker prints: BuildKit's plain progress, services that stop, a cache folder that is moved."""

from random import Random

from cidash.demo.job_for_log import JobForLog, StepForLog, step_seconds
from cidash.demo.log_tools import Messages, script

CACHE_PATH = "/tmp/.buildx-cache"  # noqa: S108 - the path in the story's workflow  # nosec B108

_LAYERS = (
    ("WORKDIR /app", ()),
    ("RUN apt-get update && apt-get install -y --no-install-recommends build-essential curl", ("Get:1 http://deb",)),
    ("COPY pyproject.toml README.md ./", ()),
    (
        "RUN pip install --no-cache-dir chromadb sentence-transformers kubernetes prometheus-client",
        ("Collecting chromadb", "  Downloading chromadb-1.0.20-cp39-abi3-manylinux_2_17_x86_64.whl (19.8 MB)"),
    ),
    ("RUN pip install --no-cache-dir opentelemetry-api opentelemetry-sdk packaging pyyaml", ("Collecting pyyaml",)),
    ("COPY src/ ./src/", ()),
    ("COPY tests/ ./tests/", ()),
    ("RUN pip install --no-cache-dir -e .[dev]", ("Successfully built agent_bus",)),
    ("RUN python -m compileall -q src", ()),
)


def build(job: JobForLog, step: StepForLog, dice: Random) -> Messages:
    """Return a plain-progress build whose first `docker_steps_cached` layers come from the cache.

    Args:
        job: Says how many layers there are, how many were cached, and whether a layer cache is read and written.
        step: The build; the layers that are not cached share about nine tenths of its time.
        dice: For the noise.
    """
    is_compose = "services" in step.name.lower()
    has_cache = job.cache in ("hit", "partial", "miss")
    lines = [*_commands(is_compose=is_compose, has_cache=has_cache), *_load(job, is_compose=is_compose, dice=dice)]
    if step.conclusion == "failure" and "resolve source metadata" in (job.failure or ""):
        return [*lines, "#2 ERROR: failed to resolve source metadata for docker.io/library/python:3.10-slim"]
    lines += _layers(job, step, is_compose=is_compose, dice=dice)
    if step.conclusion != "success":
        return lines
    image = 7 + job.docker_steps_total
    lines += [
        f"#{image} exporting to image",
        f"#{image} exporting layers {dice.uniform(0.8, 2):.1f}s done",
        f"#{image} naming to docker.io/library/agent_bus:latest done",
        f"#{image} DONE 2.4s",
    ]
    if has_cache:
        lines += [
            "",
            f"#{image + 1} exporting cache to client directory",
            f"#{image + 1} preparing build cache for export 0.8s done",
            f"#{image + 1} DONE 1.9s",
        ]
    elif job.docker_steps_cached:
        # Layers that came from a cache without actions/cache came from BuildKit's own: type=gha.
        lines += [
            "",
            f"#{image + 1} exporting to GitHub Actions Cache",
            f"#{image + 1} preparing build cache for export 0.9s done",
            f"#{image + 1} DONE 1.9s",
        ]
    if is_compose:
        lines += [" Container agent_bus-postgres-1  \x1b[32mHealthy\x1b[0m", " Container agent_bus-api-1  Started"]
    return lines


def stop_services(_job: JobForLog, _step: StepForLog, _dice: Random) -> Messages:
    """Return `docker compose down`."""
    return [
        *script("docker compose down -v"),
        *(f" Container agent_bus-{name}-1  Removed" for name in ("api", "redis", "postgres")),
        " Network agent_bus_default  Removed",
    ]


def move_cache(job: JobForLog, _step: StepForLog, _dice: Random) -> Messages:
    """Return how the fresh layers take the place of the old ones; in the broken workflow there are none to move."""
    if job.cache == "broken":
        return [
            *script(f"rm -rf {CACHE_PATH}", f"mv {CACHE_PATH}-new {CACHE_PATH} || true"),
            f"mv: cannot stat '{CACHE_PATH}-new': No such file or directory",
        ]
    return script(f"rm -rf {CACHE_PATH}", f"mv {CACHE_PATH}-new {CACHE_PATH}")


def _commands(*, is_compose: bool, has_cache: bool) -> Messages:
    if not is_compose:
        return script("docker build -t agent_bus:scan .")
    if not has_cache:
        return script("docker compose up -d --build")
    return script(
        "docker buildx bake --load \\",
        f"  --set '*.cache-from=type=local,src={CACHE_PATH}' \\",
        f"  --set '*.cache-to=type=local,dest={CACHE_PATH}-new,mode=max'",
        "docker compose up -d",
    )


def _load(job: JobForLog, *, is_compose: bool, dice: Random) -> Messages:
    # Compose and bake put the service before the stage.
    internal = "[api internal]" if is_compose else "[internal]"
    lines = [
        '#0 building with "builder-7f0c" instance using docker-container driver',
        f"#1 {internal} load build definition from Dockerfile",
        "#1 transferring dockerfile: 1.92kB done",
        "#1 DONE 0.0s",
        "",
        f"#2 {internal} load metadata for docker.io/library/python:3.10-slim",
    ]
    if job.failure is not None and "resolve source metadata" in job.failure:
        return lines
    lines += [f"#2 DONE {dice.uniform(0.2, 0.9):.1f}s", "", f"#3 {internal} load .dockerignore", "#3 DONE 0.0s", ""]
    if job.cache in ("hit", "partial"):
        source = f"local:{dice.randrange(10**17, 10**18)}"
        lines += [f"#4 importing cache manifest from {source}", f"#4 DONE {dice.uniform(0.1, 0.6):.1f}s", ""]
    elif job.cache == "miss":
        reason = f"could not read {CACHE_PATH}/index.json: open {CACHE_PATH}/index.json: no such file or directory"
        lines += [f"WARNING: local cache import at {CACHE_PATH} not found due to err: {reason}"]
    elif job.docker_steps_cached:
        lines += ["#4 importing cache manifest from gha:15204838112", "#4 DONE 0.4s", ""]
    return [
        *lines,
        f"#5 {internal} load build context",
        "#5 transferring context: 1.31MB 0.1s done",
        "#5 DONE 0.1s",
        "",
    ]


def _layers(job: JobForLog, step: StepForLog, *, is_compose: bool, dice: Random) -> Messages:
    total, cached = job.docker_steps_total, min(job.docker_steps_cached, job.docker_steps_total)
    service = "api " if is_compose else ""
    digest = f"{dice.getrandbits(256):064x}"
    # FROM is a stage of its own and is fetched even when everything else is cached.
    lines = [f"#6 [{service}1/{total + 1}] FROM docker.io/library/python:3.10-slim@sha256:{digest}", "#6 DONE 2.1s", ""]
    share = 0.9 * step_seconds(step) / max(1, total - cached)
    for place in range(total):
        number = 7 + place
        command, output = _LAYERS[place % len(_LAYERS)]
        lines.append(f"#{number} [{service}{place + 2}/{total + 1}] {command}")
        if place < cached:
            lines += [f"#{number} CACHED", ""]
            continue
        lines += [f"#{number} {0.3 * (at + 1):.3f} {text}" for at, text in enumerate(output)]
        if step.conclusion == "failure" and place == total - 1:
            return [*lines, f'#{number} ERROR: process "/bin/sh -c {command}" did not complete: exit code: 1']
        lines += [f"#{number} DONE {share * dice.uniform(0.6, 1.4):.1f}s", ""]
    return lines
