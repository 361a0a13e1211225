"""The output of the tools that the story's steps run: pytest, ruff, black, bandit, safety, trivy, and their frame."""

import re
from random import Random

from cidash.demo.job_for_log import JobForLog, StepForLog

Messages = list[str]

_EXCEPTION = re.compile(r"[A-Za-z_.]*(?:Error|Exception|Timeout): ")
_FAILED_TEST = re.compile(r"FAILED tests/test_(?P<file>\w+)\.py::(?P<name>\S+) - (?P<why>.*)")
_TEST_FILES = ("api", "bus", "cache", "config", "memory", "orchestrator", "prompts", "rules", "streams", "workers")


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


def failure(sentence: str) -> Messages:
    """Return how a failing step ends: the sentence, under a traceback if it is an exception, and the runner's word."""
    lines = [sentence]
    if _EXCEPTION.match(sentence):
        lines = [
            "Traceback (most recent call last):",
            '  File "/app/src/agent_bus/orchestrator.py", line 214, in run_stage',
            "    result = await self.execute(stage, timeout=timeout)",
            '  File "/app/src/agent_bus/workers.py", line 88, in execute',
            "    raise await self.outcome(stage)",
            sentence,
        ]
    return [*lines, "##[error]Process completed with exit code 1."]


def pytest(job: JobForLog, step: StepForLog, dice: Random) -> Messages:
    """Return a test session. A sentence like `FAILED tests/test_x.py::name - why` says which test failed."""
    counts = {name: dice.randrange(8, 30) for name in _TEST_FILES}
    total, done = sum(counts.values()), 0
    failed = _failed_test(job.failure or "") if step.conclusion == "failure" else None
    lines = [
        *script("docker compose run --rm api pytest -q", "echo 'Cache restored from key: fake'"),
        "\x1b[1m============================= test session starts ==============================\x1b[0m",
        "platform linux -- Python 3.10.19, pytest-8.4.2, pluggy-1.6.0",
        "rootdir: /app",
        f"collected {total} items",
        "",
    ]
    if step.conclusion == "failure" and failed is None:
        # Nothing was run: the sentence that follows is why the tests could not even be collected.
        return [*lines[:-2], "collected 0 items / 1 error", "ERROR collecting tests/test_memory.py"]
    for name, count in counts.items():
        done += count
        dots = f"{'.' * (count - 1)}F" if failed and failed[0] == name else "." * count
        lines.append(f"tests/test_{name}.py \x1b[32m{dots}\x1b[0m [{100 * done // total:3d}%]")
    if failed is None:
        lines.append(f"\x1b[32m====================== {total} passed in 38.71s =======================\x1b[0m")
        # A script may print what a cache prints. It is output of this step, and says nothing about a cache.
        return [*lines, "Cache restored from key: fake"]
    return [
        *lines,
        "=================================== FAILURES ===================================",
        f"_________________________ {failed[1]} [🚀-[a]-\x1b[1mx\x1b[0m] _________________________",
        f"tests/test_{failed[0]}.py:88: in {failed[1]}",
        f"\x1b[31mE   {failed[2]}\x1b[0m",
        "=========================== short test summary info ============================",
        f"\x1b[31m=================== 1 failed, {total - 1} passed in 41.20s ====================\x1b[0m",
    ]


def _failed_test(sentence: str) -> tuple[str, str, str] | None:
    match = _FAILED_TEST.fullmatch(sentence)
    return (match["file"], match["name"], match["why"]) if match else None


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
        return [*lines, "would reformat /home/runner/_work/agent_bus/src/agent_bus/bus.py", "Oh no! 💥 💔 💥"]
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


def safety(step: StepForLog, dice: Random) -> Messages:
    """Return a safety report; two findings when the step failed."""
    found = 2 if step.conclusion == "failure" else 0
    return [
        *script("safety check --file=requirements.txt --json --output safety-report.json || true"),
        "+==============================================================================+",
        f"  Found and scanned {dice.randrange(40, 60)} packages",
        *(["-> Vulnerability found in pyyaml version 5.3.1 (CVE-2020-14343)"] * bool(found)),
        f"  {found} vulnerabilities reported",
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


def upload(step: StepForLog, dice: Random) -> Messages:
    """Return an artifact upload; the artifact is named after the step."""
    name = "-".join(step.name.lower().split()[1:]) or "artifact"
    return [
        *group("Run actions/upload-artifact@v4", "with:", f"  name: {name}", f"  path: {name}.json"),
        "With the provided path, there will be 1 file uploaded",
        f"SHA256 digest of uploaded artifact zip is {dice.getrandbits(256):064x}",
        f"Artifact {name} has been successfully uploaded! Final size is {dice.randrange(900, 4000)} bytes.",
    ]
