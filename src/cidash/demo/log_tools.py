"""The output of the tools that the story's steps run: BuildKit, pytest, ruff, black, bandit, safety, trivy."""

from random import Random

from cidash.demo.job_for_log import JobForLog, StepForLog, step_seconds

Messages = list[str]

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


def group(title: str, *lines: str) -> Messages:
    """Return the lines folded under a title, as `##[group]` does it."""
    return [f"##[group]{title}", *lines, "##[endgroup]"]


def script(*commands: str) -> Messages:
    """Return how a `run:` step begins: its script echoed in colour, nothing of it is output."""
    return group(
        f"Run {commands[0]}",
        *(f"\x1b[36;1m{command}\x1b[0m" for command in commands),
        "shell: /usr/bin/bash -e {0}",
        "env:",
        "  DOCKER_BUILDKIT: 1",
    )


def restore_prefix(key: str) -> str:
    """Return the restore key that belongs to a cache key: the key without its last part."""
    return f"{key.rpartition('-')[0]}-"


def received(size: int, seconds: float) -> Messages:
    """Return the download progress of a cache archive of `size` bytes that took `seconds`."""
    speed = size / 1_048_576 / max(seconds, 1.0)
    parts = max(1, min(5, int(seconds)))
    return [
        f"Received {size * part // parts} of {size} ({100 * part / parts:.1f}%), {speed:.1f} MBs/sec"
        for part in range(1, parts + 1)
    ]


def failure(sentence: str, step: str) -> Messages:
    """Return a traceback that ends in the sentence, and the runner's last word on the step."""
    return [
        "Traceback (most recent call last):",
        '  File "/app/src/agent_bus/orchestrator.py", line 214, in run_stage',
        "    result = await self.execute(stage, timeout=timeout)",
        '  File "/app/src/agent_bus/workers.py", line 88, in execute',
        f"    raise WorkerError({step!r})",
        f"agent_bus.errors.WorkerError: {sentence}",
        "##[error]Process completed with exit code 1.",
    ]


def buildkit(job: JobForLog, step: StepForLog, dice: Random) -> Messages:
    """Return a plain-progress docker build whose first `docker_steps_cached` layers come from the cache.

    Args:
        job: Says how many layers there are, how many were cached and how its remote cache fared.
        step: The build; its uncached layers share about nine tenths of its time, its failure ends the last one.
        dice: For the noise.
    """
    total, cached = job.docker_steps_total, min(job.docker_steps_cached, job.docker_steps_total)
    stages = total + 1
    digest = f"{dice.getrandbits(256):064x}"
    lines = [
        '#0 building with "builder-7f0c" instance using docker-container driver',
        "#1 [internal] load build definition from Dockerfile",
        "#1 transferring dockerfile: 1.92kB done",
        "#1 DONE 0.0s",
        "#2 [internal] load metadata for docker.io/library/python:3.10-slim",
        f"#2 DONE {dice.uniform(0.2, 0.9):.1f}s",
        "#3 [internal] load .dockerignore",
        "#3 transferring context: 214B done",
        "#3 DONE 0.0s",
        "#4 importing cache manifest from gha:15204838112",
        f"#4 DONE {dice.uniform(0.1, 0.6):.1f}s" if job.cache in ("hit", "partial") else "#4 DONE 0.1s",
        "#5 [internal] load build context",
        "#5 transferring context: 1.31MB 0.1s done",
        "#5 DONE 0.1s",
        f"#6 [1/{stages}] FROM docker.io/library/python:3.10-slim@sha256:{digest}",
        "#6 DONE 2.1s",
    ]
    share = 0.9 * step_seconds(step) / max(1, total - cached)
    for place in range(total):
        number = 7 + place
        command, output = _LAYERS[place % len(_LAYERS)]
        lines.append(f"#{number} [{place + 2}/{stages}] {command}")
        if place < cached:
            lines += [f"#{number} CACHED", ""]
            continue
        spent = share * dice.uniform(0.6, 1.4)
        lines += [f"#{number} {0.3 * (at + 1):.3f} {text}" for at, text in enumerate(output)]
        if step.conclusion == "failure" and place == total - 1:
            lines.append(f'#{number} ERROR: process "/bin/sh -c {command}" did not complete: exit code: 1')
            return lines
        lines += [f"#{number} DONE {spent:.1f}s", ""]
    image = 7 + total
    return [
        *lines,
        f"#{image} exporting to image",
        f"#{image} exporting layers 1.2s done",
        f"#{image} naming to docker.io/library/agent_bus:latest done",
        f"#{image} DONE 1.4s",
        f"#{image + 1} exporting to GitHub Actions Cache",
        f"#{image + 1} preparing build cache for export 0.8s done",
        f"#{image + 1} DONE 0.9s",
    ]


def pytest(step: StepForLog, dice: Random) -> Messages:
    """Return a test session; when the step failed, with one failed test."""
    names = ("api", "bus", "cache", "config", "memory", "orchestrator", "prompts", "redis", "rules", "tools", "workers")
    counts = [dice.randrange(8, 30) for _ in names]
    total, done = sum(counts), 0
    failed = step.conclusion == "failure"
    lines = [
        *script("docker compose exec -T api pytest -q", "echo 'Cache restored from key: fake'"),
        "============================= test session starts ==============================",
        "platform linux -- Python 3.10.19, pytest-8.4.2, pluggy-1.6.0",
        "rootdir: /app",
        f"collected {total} items",
        "",
    ]
    for name, count in zip(names, counts, strict=True):
        done += count
        dots = f"{'.' * (count - 1)}F" if failed and name == "orchestrator" else "." * count
        lines.append(f"tests/test_{name}.py \x1b[32m{dots}\x1b[0m [{100 * done // total:3d}%]")
    if failed:
        lines += [
            "=================================== FAILURES ===================================",
            "____________________________ test_orchestrator_retries _________________________",
            "E       AssertionError: assert 'timeout' == 'done'",
            "FAILED tests/test_orchestrator.py::test_orchestrator_retries[🚀-[a]-\x1b[1mx\x1b[0m]",
            f"\x1b[31m=================== 1 failed, {total - 1} passed in 41.20s ====================\x1b[0m",
        ]
    else:
        lines.append(f"\x1b[32m====================== {total} passed in 38.71s =======================\x1b[0m")
    # A script may print what a cache prints. It is output of this step, and says nothing about a cache.
    return [*lines, "Cache restored from key: fake"]


def ruff(step: StepForLog, _dice: Random) -> Messages:
    """Return what `ruff check` says."""
    lines = script("ruff check src/ tests/ scripts/", "# a hit prints: Cache restored from key: fake")
    if step.conclusion == "failure":
        return [
            *lines,
            "F401 [*] `os` imported but unused",
            "  --> src/agent_bus/workers.py:3:8",
            "::error file=src/agent_bus/workers.py,line=3::F401",
            "Found 1 error.",
        ]
    return [*lines, "All checks passed!"]


def black(step: StepForLog, dice: Random) -> Messages:
    """Return what `black --check` says."""
    files = dice.randrange(140, 170)
    lines = script("black --check src/ tests/ scripts/")
    if step.conclusion == "failure":
        return [*lines, "would reformat /home/runner/work/agent_bus/src/agent_bus/bus.py", "Oh no! 💥 💔 💥"]
    return [*lines, "All done! ✨ 🍰 ✨", f"{files} files would be left unchanged."]


def smoke(_step: StepForLog, _dice: Random) -> Messages:
    """Return a mock-mode smoke test."""
    return [
        *script("./scripts/smoke_test.sh", "curl -fsS localhost:8000/health"),
        '{"status":"ok","llm_mode":"mock"}',
        "[1/3] create job … ok",
        "[2/3] run stages … ok",
        "[3/3] artifacts … ok",
    ]


def benchmark(_step: StepForLog, dice: Random) -> Messages:
    """Return a table of a small benchmark."""
    return [
        *script("python scripts/benchmark.py --rounds 20"),
        "name              median      p95",
        *(f"{name:<12} {dice.uniform(4, 90):8.1f} ms {dice.uniform(90, 140):8.1f} ms" for name in ("enqueue", "plan")),
    ]


def bandit(step: StepForLog, dice: Random) -> Messages:
    """Return a bandit report; one medium finding when the step failed."""
    found = int(step.conclusion == "failure")
    return [
        *script("bandit -r src/ -f json -o bandit-report.json || true", "bandit -r src/ -ll"),
        "[main]\tINFO\tprofile include tests: None",
        "Run started:2026-02-06 06:49:36",
        "Test results:",
        *([">> Issue: [B608:hardcoded_sql_expressions] Possible SQL injection vector"] if found else []),
        f"\tTotal lines of code: {dice.randrange(9000, 9900)}",
        f"\t\tMedium: {found}",
        "\t\tHigh: 0",
    ]


def safety(_step: StepForLog, dice: Random) -> Messages:
    """Return a safety report."""
    return [
        *script("safety check --file=requirements.txt"),
        "+==============================================================================+",
        f"  Found and scanned {dice.randrange(40, 60)} packages",
        "  0 vulnerabilities reported",
        "+==============================================================================+",
    ]


def trivy(_step: StepForLog, _dice: Random) -> Messages:
    """Return a trivy scan of the image."""
    return [
        *group("Run aquasecurity/trivy-action@master", "with:", "  image-ref: agent_bus:scan", "  format: sarif"),
        "INFO\t[vuln] Vulnerability scanning is enabled",
        'INFO\tDetected OS\tfamily="debian" version="12.12"',
        "agent_bus:scan (debian 12.12)",
        "Total: 0 (HIGH: 0, CRITICAL: 0)",
    ]


def upload(_step: StepForLog, dice: Random) -> Messages:
    """Return an artifact upload."""
    return [
        *group("Run actions/upload-artifact@v4", "with:", "  name: bandit-report", "  path: bandit-report.json"),
        "With the provided path, there will be 1 file uploaded",
        f"SHA256 digest of uploaded artifact zip is {dice.getrandbits(256):064x}",
        f"Artifact bandit-report has been successfully uploaded! Final size is {dice.randrange(900, 4000)} bytes.",
    ]
