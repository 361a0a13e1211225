"""The demo world as a whole: three servers, a config that works as it is, and a clean end."""

import os
import select
import signal
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import httpx
import pytest

from cidash.config.load import load_text
from cidash.demo.serve import config_text, start

SERVE = "import sys; from cidash.demo.serve import serve_forever; serve_forever('review', 0.1, 40, sys.stdout.buffer)"


def test_the_servers_answer_with_what_the_config_says_and_leave_nothing_behind() -> None:
    threads = threading.active_count()
    with start("review", pace=0.1, seed=40) as servers:
        config = tomllib.loads(servers.config_text)
        assert config["hosts"]["github.com"]["api_url"] == servers.github_url
        token = config["hosts"]["github.com"]["token"]["value"]
        repository = config["repositories"][0]["name"]
        answer = httpx.get(f"{servers.github_url}/repos/{repository}", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200
        assert len(answer.headers.get_list("date")) == 1
        jira = config["jira"]
        epic = httpx.get(f"{jira['url']}/rest/api/3/issue/{jira['epic']}", auth=(jira["email"], jira["token"]["value"]))
        assert len(epic.headers.get_list("date")) == 1
        assert epic.json()["self"].startswith(servers.jira_url)
        assert httpx.get(servers.storage_url).status_code in (400, 403, 404)
        folder = Path(config["history"]["path"]).parent
        assert folder.is_dir()
    servers.stop()
    assert not folder.exists()
    assert threading.active_count() == threads
    with pytest.raises(httpx.ConnectError):
        httpx.get(servers.jira_url)


@pytest.mark.parametrize(
    ("pace", "limit", "text"), [(1.0, 120.0, '"2m"'), (0.1, 12.0, '"12s"'), (0.001, 0.12, '"0.12s"')]
)
def test_the_config_is_valid_and_scales_the_durations(pace: float, limit: float, text: str) -> None:
    written = config_text("http://127.0.0.1:1", "http://127.0.0.1:2", Path("/tmp/a folder/h.sqlite3"), pace)
    config = load_text(written, "the demo's config")
    targets = {target.id: target for target in config.targets}
    assert set(targets) == {
        "ci-time-hit",
        "docker-build-hit",
        "second-run",
        "ci-total",
        "lint-coverage",
        "security-scans",
        "branch-protection",
        "release-automation",
        "formatting",
    }
    assert targets["ci-time-hit"].limit == pytest.approx(limit)
    assert targets["ci-time-hit"].target().cache == "hit"
    assert f"limit = {text}" in written
    assert config.history.path == "/tmp/a folder/h.sqlite3"


def test_a_wrong_scenario_or_pace_is_named_and_starts_nothing() -> None:
    threads = threading.active_count()
    with pytest.raises(ValueError, match="no scenario 'later'"):
        start("later")
    with pytest.raises(ValueError, match="pace must be above 0"):
        start(pace=0)
    assert threading.active_count() == threads


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_served_alone_it_prints_the_config_at_once_and_ends_on_a_signal(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], 40)[0]
            # One read gets the whole of it, because it was one write.
            config = tomllib.loads(os.read(process.stdout.fileno(), 65536).decode())
            folder = Path(config["history"]["path"]).parent
            assert httpx.get(f"{config['jira']['url']}/rest/api/3/serverInfo").status_code == 200
            process.send_signal(number)
            rest, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, rest, errors) == (0, b"", b"")
    assert not folder.exists()
