"""What each step of a job prints. A message may hold newlines: only its first line gets a time stamp."""

from collections.abc import Callable
from random import Random

from cidash.demo import log_docker, log_tools
from cidash.demo.job_for_log import JobForLog, StepForLog, step_seconds, timed_steps
from cidash.demo.log_tools import Messages, group, script

Writer = Callable[[JobForLog, StepForLog, Random], Messages]

BROKEN_SAVE = (
    "##[warning]Path Validation Error: Path(s) specified in the action for caching do(es) not exist, "
    "hence no cache is being saved."
)
PIP_HASH = "5f2c1d0e9b8a76543210fedcba98765432100123456789abcdef0123456789ab"


def step_messages(job: JobForLog, step: StepForLog, dice: Random) -> Messages:
    """Return everything the step prints, its error included when it failed or was cancelled."""
    messages = _writer(job, step)(job, step, dice)
    if step.conclusion == "failure":
        messages += log_tools.failure(job.failure or "the command failed")
    elif step.conclusion in ("cancelled", "timed_out"):
        if job.conclusion == "timed_out":
            messages.append(f"##[error]{job.failure or 'The job has exceeded the maximum execution time.'}")
        messages.append("##[error]The operation was canceled.")
    return messages


def _writer(job: JobForLog, step: StepForLog) -> Writer:
    name = step.name.lower()
    if _is_post(step):
        return _post
    for words, writer in _WRITERS:
        if any(word in name for word in words):
            return writer
    return _build if job.docker_steps_total and "build" in name else _plain


def _is_post(step: StepForLog) -> bool:
    return step.name.lower().startswith("post ")


def _set_up_job(job: JobForLog, _step: StepForLog, dice: Random) -> Messages:
    labels = ", ".join(job.runner_labels)
    return [
        "Current runner version: '2.331.0'",
        *group("Runner Image Provisioner", "Hosted Compute Agent", "Version: 20260123.484"),
        *group("Operating System", "Ubuntu", "24.04.3", "LTS"),
        *group("Runner Image", "Image: ubuntu-24.04", "Version: 20260126.10.1", f"Labels: {labels}"),
        *group("GITHUB_TOKEN Permissions", "Contents: read", "Metadata: read", "Packages: read"),
        "Secret source: Actions",
        "Prepare workflow directory",
        "Prepare all required actions",
        "Getting action download info",
        f"Download action repository 'actions/checkout@v4' (SHA:{dice.getrandbits(160):040x})",
        f"Download action repository 'actions/cache@v4' (SHA:{dice.getrandbits(160):040x})",
        f"Complete job name: {job.name}",
    ]


def _checkout(_job: JobForLog, _step: StepForLog, dice: Random) -> Messages:
    return [
        *group(
            "Run actions/checkout@v4",
            "with:",
            "  repository: tefj-fun/agent_bus",
            "  token: ***",
            "  fetch-depth: 1",
        ),
        "Syncing repository: tefj-fun/agent_bus",
        *group(
            "Getting Git version info",
            "Working directory is '/home/runner/_work/agent_bus/agent_bus'",
            "[command]/usr/bin/git version",
            "git version 2.52.0",
        ),
        "Deleting the contents of '/home/runner/_work/agent_bus/agent_bus'",
        *group(
            "Fetching the repository",
            "[command]/usr/bin/git -c protocol.version=2 fetch --no-tags --prune --depth=1 origin",
        ),
        "[command]/usr/bin/git log -1 --format=%H",
        f"{dice.getrandbits(160):040x}",
    ]


def _setup_python(job: JobForLog, step: StepForLog, dice: Random) -> Messages:
    has_pip_cache = job.cache == "none" and job.name == "test"
    messages = [
        *group(
            "Run actions/setup-python@v5",
            "with:",
            "  python-version: 3.10",
            *(["  cache: pip"] if has_pip_cache else []),
            "  check-latest: false",
            "  update-environment: true",
        ),
        *group("Installed versions", "Successfully set up CPython (3.10.19)"),
    ]
    if not has_pip_cache:
        return messages
    # The pip cache of setup-python speaks in the words of actions/cache.
    key = f"setup-python-Linux-x64-24.04-Ubuntu-python-3.10.19-pip-{PIP_HASH}"
    return [
        *messages,
        "[command]/opt/hostedtoolcache/Python/3.10.19/x64/bin/pip cache dir",
        "/home/runner/.cache/pip",
        f"Cache hit for: {key}",
        *log_tools.received(dice.randrange(40_000_000, 60_000_000), step_seconds(step) / 2),
        "Cache Size: ~48 MB (50331648 B)",
        "Cache restored successfully",
        f"Cache restored from key: {key}",
    ]


def _cache(job: JobForLog, step: StepForLog, dice: Random) -> Messages:
    first = next(each for each in timed_steps(job) if "cache" in each.name.lower() and not _is_post(each))
    if job.cache == "none" or step.number != first.number:
        return _plain(job, step, dice)
    prefix = log_tools.restore_prefix(job.cache_key)
    messages = group(
        "Run actions/cache@v4",
        "with:",
        f"  path: {log_docker.CACHE_PATH}",
        f"  key: {job.cache_key}",
        f"  restore-keys: {prefix}\n",  # a block value: its second line is empty and has no stamp
        *(f"  {flag}: false" for flag in ("enableCrossOsArchive", "fail-on-cache-miss", "lookup-only", "save-always")),
        "env:",
        "  DOCKER_BUILDKIT: 1",
        "  COMPOSE_DOCKER_CLI_BUILD: 1",
    )
    if job.cache not in ("hit", "partial"):
        return [*messages, f"Cache not found for input keys: {job.cache_key}, {prefix}"]
    exact = job.cache == "hit"
    restored = job.cache_key if exact else job.restored_key or f"{prefix}{dice.getrandbits(64):016x}"
    size = dice.randrange(480_000_000, 560_000_000)
    return [
        *messages,
        f"Cache hit for: {restored}" if exact else f"Cache hit for restore-key: {restored}",
        *log_tools.received(size, step_seconds(step)),
        f"Cache Size: ~{size // 1_048_576} MB ({size} B)",
        "[command]/usr/bin/tar -xf /home/runner/_work/_temp/cache.tzst -P --use-compress-program unzstd",
        "Cache restored successfully",
        f"Cache restored from key: {restored}",
    ]


def _post_cache(job: JobForLog, dice: Random) -> Messages:
    if job.cache == "hit":
        return [f"Cache hit occurred on the primary key {job.cache_key}, not saving cache."]
    if job.cache == "broken":
        return [BROKEN_SAVE]
    size = dice.randrange(480_000_000, 560_000_000)
    return [
        "[command]/usr/bin/tar --posix -cf cache.tzst --exclude cache.tzst -P --use-compress-program zstdmt",
        f"Sent {size // 2} of {size} (50.0%), 61.2 MBs/sec",
        f"Sent {size} of {size} (100.0%), 64.7 MBs/sec",
        f"Cache saved with key: {job.cache_key}",
    ]


def _post(job: JobForLog, step: StepForLog, dice: Random) -> Messages:
    name = step.name.lower()
    if "cache" in name and job.cache != "none":
        return ["Post job cleanup.", *_post_cache(job, dice)]
    if "checkout" in name:
        return [
            "Post job cleanup.",
            "[command]/usr/bin/git version",
            "git version 2.52.0",
            "Temporarily overriding HOME='/home/runner/_work/_temp/home' before making global git config changes",
            "[command]/usr/bin/git config --local --name-only --get-regexp core\\.sshCommand",
        ]
    if "buildx" in name:
        return ["Post job cleanup.", *group("Removing builder", "[command]/usr/bin/docker buildx rm builder-7f0c")]
    return ["Post job cleanup."]


def _complete(_job: JobForLog, _step: StepForLog, _dice: Random) -> Messages:
    return ["Cleaning up orphan processes", "Terminate orphan process: pid (2219) (docker-buildx)"]


def _buildx(_job: JobForLog, _step: StepForLog, _dice: Random) -> Messages:
    return [
        *group("Run docker/setup-buildx-action@v3", "with:", "  install: false", "  cleanup: true"),
        *group("Docker info", "Client: Docker Engine - Community", " Version:    28.0.4", " Context:    default"),
        *group("Creating a new builder instance", "[command]/usr/bin/docker buildx create --name builder-7f0c"),
        *group("Booting builder", "#1 [internal] booting buildkit", "#1 creating container 0.6s done", "#1 DONE 5.4s"),
    ]


def _build(job: JobForLog, step: StepForLog, dice: Random) -> Messages:
    return log_docker.build(job, step, dice) if job.docker_steps_total else _plain(job, step, dice)


def _install(_job: JobForLog, step: StepForLog, _dice: Random) -> Messages:
    tools = [word for word in ("ruff", "black", "bandit[toml]", "safety") if word.split("[")[0] in step.name.lower()]
    tools = tools or ["ruff", "black"]
    return [
        *script("python -m pip install --upgrade pip", f"pip install {' '.join(tools)}"),
        *(f"Collecting {tool}" for tool in tools),
        *(f"  Downloading {tool.split('[')[0]}-py3-none-manylinux_2_17_x86_64.whl (11.2 MB)" for tool in tools),
        f"     \x1b[38;2;114;156;31m{'━' * 40}\x1b[0m \x1b[32m11.2/11.2 MB\x1b[0m eta \x1b[36m0:00:00\x1b[0m",
        f"Successfully installed {' '.join(tool.split('[')[0] for tool in tools)}",
    ]


def _plain(_job: JobForLog, step: StepForLog, _dice: Random) -> Messages:
    return [
        *script(f'echo "{step.name}"', 'grep -c "Cache restored from key: fake" ci.log || true'),
        step.name,
        "0",
        "🚀 [bold]not markup[/bold] [@click=app.quit]x[/] \x1b[31mred\x1b[0m \x1b]0;title\x07 done",
    ]


def _tool(write: Callable[[StepForLog, Random], Messages]) -> Writer:
    def writer(_job: JobForLog, step: StepForLog, dice: Random) -> Messages:
        return write(step, dice)

    return writer


_WRITERS: tuple[tuple[tuple[str, ...], Writer], ...] = (
    (("set up job",), _set_up_job),
    (("complete job",), _complete),
    (("checkout",), _checkout),
    (("setup-buildx", "set up docker buildx", "buildx"), _buildx),
    (("set up python", "setup-python"), _setup_python),
    (("move cache",), log_docker.move_cache),
    (("stop services",), log_docker.stop_services),
    (("cache",), _cache),
    (("upload", "artifact"), _tool(log_tools.upload)),
    (("install",), _install),
    (("bandit",), _tool(log_tools.bandit)),
    (("safety", "dependencies"), _tool(log_tools.safety)),
    (("trivy",), _tool(log_tools.trivy)),
    (("ruff", "lint"), _tool(log_tools.ruff)),
    (("black", "format"), _tool(log_tools.black)),
    (("smoke",), _tool(log_tools.smoke)),
    (("pytest", "tests", "run test"), log_tools.pytest),
    (("benchmark",), _tool(log_tools.benchmark)),
    (("docker", "compose", "image", "services"), _build),
)
