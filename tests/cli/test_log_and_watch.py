"""`runs`, `jobs`, `log` and `watch` against the demo world, in processes of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PROGRAM = [sys.executable, "-m", "cidash"]


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "PYTHONPATH", "LANG", "LC_ALL"}}
    folders = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "XDG_DATA_HOME": str(home / "data")}
    return kept | folders | {"TERM": "xterm-256color"}


class Demo:
    def __init__(self, home: Path, config: Path) -> None:
        self.home = home
        self.config = config

    def __call__(self, *argv: str, config: Path | None = None) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*PROGRAM, "--config", str(config or self.config), *argv],
            capture_output=True, text=True, check=False, timeout=50, cwd=self.home, env=environment(self.home),
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def json(self, *argv: str) -> dict[str, Any]:
        done = self(*argv, "--json")
        assert done.stdout, done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def without_network(self) -> Path:
        """A configuration with the same history whose servers are where they were, but do not listen."""
        gone = self.home / "gone.toml"
        text = self.config.read_text()
        url = next(line for line in text.splitlines() if line.startswith("api_url = ")).split('"')[1]
        gone.write_text(text.replace(url, "http://127.0.0.1:9"))
        return gone


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    home = tmp_path_factory.mktemp("home")
    config = home / "demo.toml"
    with (
        config.open("wb") as out,
        subprocess.Popen([*PROGRAM, "demo", "--serve", "--pace", "0.02"], stdout=out, env=environment(home)) as servers,
    ):
        try:
            end = time.monotonic() + 40
            while not config.stat().st_size:
                assert servers.poll() is None
                assert time.monotonic() < end, "the demo did not come up"
                time.sleep(0.05)
            yield Demo(home, config)
        finally:
            servers.send_signal(signal.SIGTERM)
            assert servers.wait(10) == 0


def failed_run(demo: Demo) -> dict[str, Any]:
    items: list[dict[str, Any]] = demo.json("runs", "--status", "failure", "--workflow", "ci.yml", "-n", "5")["runs"][
        "items"
    ]
    assert items
    assert {run["state"] for run in items} == {"failure"}
    return items[0]


def test_runs_are_filtered(demo: Demo) -> None:
    document = demo.json("runs", "--branch", "main", "--event", "push", "--limit", "2")
    runs = document["runs"]["items"]
    assert 1 <= len(runs) <= 2
    assert {(run["branch"], run["event"]) for run in runs} == {("main", "push")}
    assert demo("runs", "--workflow", "No such").stdout == "No such runs.\n"
    assert demo("runs", "--limit", "0").returncode == 64


def test_jobs_of_a_run_and_of_an_older_attempt(demo: Demo) -> None:
    run = failed_run(demo)
    document = demo.json("jobs", str(run["id"]))
    assert document["run"]["id"] == run["id"]
    assert any(step["state"] == "failure" for job in document["run"]["jobs"] for step in job["steps"])
    assert demo.json("jobs", run["url"], "--attempt", "1")["run"]["attempt"] == 1
    assert demo("jobs", "nonsense").returncode == 64


def test_a_log_is_printed_whole_in_parts_and_as_it_is(demo: Demo) -> None:
    run = failed_run(demo)
    job = next(job for job in demo.json("jobs", str(run["id"]))["run"]["jobs"] if job["state"] == "failure")
    whole = demo("log", str(job["id"]))
    assert (whole.returncode, whole.stderr) == (0, "")
    assert all(line.isprintable() for line in whole.stdout.split("\n"))
    step = next(step["name"] for step in job["steps"] if step["state"] == "failure")
    failed = demo("log", job["url"], "--failed")
    assert failed.stdout.splitlines()[0] == f"✗ {step}"
    assert "error: Process completed with exit code" in failed.stdout
    assert "Current runner version" not in failed.stdout
    found = demo("log", job["name"], "--run", str(run["id"]), "--grep", "exit code [0-9]", "--timestamps")
    assert len(found.stdout.splitlines()) == 2
    assert "Z error: Process" in found.stdout
    assert "##[error]Process" in demo("log", str(job["id"]), "--raw").stdout
    none = demo("log", str(job["id"]), "--grep", "no such words")
    assert (none.returncode, none.stdout, none.stderr) == (1, "", "cidash: No line matches.\n")


@pytest.mark.parametrize(
    ("argv", "code", "word"),
    [
        (["test"], 64, "--run RUN"),
        (["1", "--grep", "("], 64, "no regular expression"),
        (["1", "--raw", "--failed"], 64, "--raw"),
        (["1"], 1, "did not find"),
    ],
)
def test_logs_that_can_not_be_printed(demo: Demo, argv: list[str], code: int, word: str) -> None:
    done = demo("log", *argv)
    assert (done.returncode, done.stdout) == (code, "")
    assert word in done.stderr


def test_without_the_network_the_history_answers(tmp_path: Path) -> None:
    served, config = tmp_path / "served.toml", tmp_path / "own.toml"
    with (
        served.open("wb") as out,
        subprocess.Popen(
            [*PROGRAM, "demo", "--serve", "--pace", "0.02"], stdout=out, env=environment(tmp_path)
        ) as demo,
    ):
        end = time.monotonic() + 40
        while not served.stat().st_size:
            assert time.monotonic() < end, "the demo did not come up"
            time.sleep(0.05)
        lines = served.read_text().splitlines()
        config.write_text("\n".join(f'path = "{tmp_path}/h.db"' if one.startswith("path = ") else one for one in lines))
        cidash = Demo(tmp_path, config)
        run = failed_run(cidash)
        job = next(job for job in cidash.json("jobs", str(run["id"]))["run"]["jobs"] if job["state"] == "failure")
        asked = [
            ["jobs", str(run["id"])],
            ["log", str(job["id"]), "--failed"],
            ["runs", "-s", "failure", "-w", "ci.yml"],
        ]
        before = [cidash(*argv) for argv in (*asked, ["runs", "-n", "3"])]
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(10) == 0
    for argv, known in zip(asked, before, strict=False):
        again = cidash(*argv)
        assert again.returncode == known.returncode == 0, again.stderr
        assert "could not be reached" in again.stderr
        assert "From the history" in again.stderr
        if argv[0] != "runs":
            assert again.stdout == known.stdout
    kept = tmp_path / "logs"
    assert [path.stat().st_mode & 0o777 for path in kept.iterdir()] == [0o600]


def test_watch_ends_with_one_verdict(demo: Demo) -> None:
    run = failed_run(demo)
    red = demo("watch", "--run", str(run["id"]))
    assert red.returncode == 1, red.stderr
    assert red.stdout.splitlines()[-1].endswith("CI, attempt 1: failure")
    assert f"CI failed (run {run['id']})" in red.stdout
    document = demo.json("watch", "--run", run["url"], "--branch", "kan-77-build-cache")
    assert document["verdict"] == "red"
    assert [one["run"] for one in document["watched"]] == [run["id"], None]


def test_watch_can_not_tell(demo: Demo) -> None:
    done = demo("watch", "9999")
    assert (done.returncode, done.stdout.count("could not tell")) == (2, 1)
    assert demo("watch").returncode == 64


def test_ctrl_c_ends_a_watch_with_130(demo: Demo) -> None:
    gone = demo.without_network()
    with subprocess.Popen(
        [*PROGRAM, "--config", str(gone), "watch", "38"],
        stdout=subprocess.PIPE, text=True, cwd=demo.home, env=environment(demo.home), stdin=subprocess.DEVNULL,
    ) as watch:  # fmt: skip
        assert watch.stdout is not None
        assert "The watch goes on." in watch.stdout.readline()
        watch.send_signal(signal.SIGINT)
        assert watch.wait(10) == 130
