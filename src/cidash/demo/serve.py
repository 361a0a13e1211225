"""Starts the demo world: a GitHub, its log storage and a Jira on loopback, and the config that points at them."""

import shutil
import signal
import tempfile
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self

if TYPE_CHECKING:
    from cidash.demo.github.create import GitHubDemo
    from cidash.demo.jira import JiraDemo
    from cidash.demo.loopback import Loopback


@dataclass
class DemoServers:
    """The running servers. As a context manager it stops them at the end of the block."""

    config_text: str
    """TOML that works as it is; its history lies in a temporary folder that ends with the servers."""
    github_url: str
    jira_url: str
    storage_url: str
    github: "GitHubDemo"
    """The demo's GitHub itself, for tests that turn its switches."""
    jira: "JiraDemo"
    _loopback: "Loopback" = field(repr=False)
    _folder: Path = field(repr=False)

    def stop(self) -> None:
        """Close the servers and remove the temporary folder; does nothing the second time."""
        self._loopback.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def start(scenario: str = "review", pace: float = 1.0, seed: int = 40) -> DemoServers:
    """Start the demo world in a daemon thread of this process.

    Args:
        scenario: `review` (the guide's day) or `closed` (the day after every ticket was closed).
        pace: Multiplies the durations of runs, jobs and steps, and the limits in the config.
        seed: Another number, another past.

    Returns:
        The servers, once all three accept requests.

    Raises:
        ValueError: There is no such scenario, or the pace is not above 0.
        RuntimeError: A server did not come up.
    """
    if not pace > 0:
        raise ValueError(f"The pace must be above 0, not {pace}.")
    from cidash.demo.github.create import create_github
    from cidash.demo.jira import create_jira
    from cidash.demo.loopback import Loopback

    jira = create_jira(scenario, pace, seed, _now)
    github = create_github(scenario, pace, seed, _now)
    loopback = Loopback(3)
    github_url, storage_url, jira_url = loopback.urls
    github.set_urls(github_url, storage_url, github_url)
    jira.set_url(jira_url)
    loopback.serve((github.api, github.storage, jira.app), dated=(github.api,))
    folder = Path(tempfile.mkdtemp(prefix="cidash-demo-"))
    text = config_text(github_url, jira_url, folder / "history.sqlite3", pace)
    return DemoServers(text, github_url, jira_url, storage_url, github, jira, loopback, folder)


def serve_forever(scenario: str, pace: float, seed: int, out: BinaryIO) -> None:
    """Start the demo world, write its config to `out` in one piece, and stay up until SIGINT or SIGTERM.

    Call it on the main thread: it takes the two signals until it returns.

    Raises:
        ValueError: There is no such scenario, or the pace is not above 0.
        RuntimeError: A server did not come up.
    """
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with start(scenario, pace, seed) as servers:
            out.write(servers.config_text.encode())
            out.flush()
            ended.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def config_text(github_url: str, jira_url: str, history: Path, pace: float) -> str:
    """Return the TOML config for servers at these addresses.

    Args:
        github_url: The REST API, without a slash at the end.
        jira_url: The Jira site, likewise.
        history: The file for the history; its folder exists.
        pace: Multiplies the baselines and limits that are durations.
    """
    return f"""\
# The demo of cidash: servers on this machine, tokens that open nothing else.

[[repositories]]
name = "tefj-fun/agent_bus"

[hosts."github.com"]
api_url = "{github_url}"
token = {{ value = "demo-github-token" }}

[jira]
url = "{jira_url}"
email = "demo@example.com"
token = {{ value = "demo-jira-token" }}
epic = "KAN-40"
guide = {_quoted(str(Path(__file__).with_name("guide.md")))}

[history]
path = {_quoted(str(history))}

[[targets]]
id = "ci-time-hit"
title = "CI time (cache hit)"
measure = "run-duration"
workflow = "CI"
cache = "hit"
baseline = "{_duration(210, pace)}"
limit = "{_duration(120, pace)}"
ticket = "KAN-77"

[[targets]]
id = "docker-build-hit"
title = "Docker build (cache hit)"
measure = "run-duration"
workflow = "CI"
step = "Build + start services"
cache = "hit"
baseline = "{_duration(180, pace)}"
limit = "{_duration(30, pace)}"
ticket = "KAN-77"

[[targets]]
id = "second-run"
title = "Second run"
measure = "cache-saving"
workflow = "CI"
limit = "{_duration(60, pace)}"
ticket = "KAN-77"

[[targets]]
id = "ci-total"
title = "CI total"
measure = "run-duration"
workflow = "CI"
limit = "{_duration(300, pace)}"
ticket = "KAN-77"

[[targets]]
id = "lint-coverage"
title = "Lint coverage"
measure = "control"
unit = "percent"
baseline = "0%"
limit = "100%"
ticket = "KAN-76"

[[targets]]
id = "security-scans"
title = "Security scanning"
measure = "control"
unit = "count"
baseline = 0
limit = 3
baseline_text = "none"
limit_text = "3 tools"

[[targets]]
id = "branch-protection"
title = "Branch protection"
measure = "control"
unit = "count"
baseline_text = "none"
limit_text = "full"
ticket = "KAN-78"

[[targets]]
id = "release-automation"
title = "Release automation"
measure = "control"
unit = "count"
baseline_text = "manual"
limit_text = "automated"
ticket = "KAN-79"

[[targets]]
id = "formatting"
title = "Code formatting"
measure = "control"
unit = "count"
baseline_text = "inconsistent"
limit_text = "enforced"
ticket = "KAN-76"
"""


def _duration(seconds: float, pace: float) -> str:
    """Return a duration as people write it; scaled ones in seconds."""
    if pace == 1:
        minutes, rest = divmod(int(seconds), 60)
        return f"{minutes}m{rest}s" if rest else f"{minutes}m"
    return f"{seconds * pace:.6f}".rstrip("0").rstrip(".") + "s"


def _quoted(text: str) -> str:
    """Return a text as a TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _now() -> datetime:
    return datetime.now(UTC)
