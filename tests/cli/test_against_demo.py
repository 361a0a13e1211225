"""The program against the demo world, in processes of their own, as an engineer starts them."""

import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cidash.config.load import load_text

PROGRAM = [sys.executable, "-m", "cidash"]


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "PYTHONPATH", "LANG", "LC_ALL"}}
    folders = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "XDG_DATA_HOME": str(home / "data")}
    return kept | folders | {"TERM": "xterm-256color", "GITHUB_TOKEN": "must-not-be-sent"}


class Demo:
    def __init__(self, home: Path, config: Path) -> None:
        self.home = home
        self.config = config

    def __call__(self, *argv: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*PROGRAM, "--config", str(self.config), *argv],
            capture_output=True, text=True, check=False, timeout=50, cwd=cwd or self.home, env=environment(self.home),
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def json(self, *argv: str) -> dict[str, Any]:
        done = self(*argv, "--json")
        assert done.returncode == 0, done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        return document


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


def test_stdout_is_nothing_but_the_config(demo: Demo) -> None:
    config = load_text(demo.config.read_text(), "demo")
    assert [repository.name for repository in config.repositories] == ["tefj-fun/agent_bus"]
    assert config.jira is not None
    assert config.jira.epic == "KAN-40"


def test_status_as_json(demo: Demo) -> None:
    document = demo.json("status")
    (repository,) = document["repositories"]
    assert repository["default_branch"] == "main"
    pulls = {each["number"]: each for each in repository["pulls"]["items"]}
    assert {38, 43} <= set(pulls)
    assert pulls[38]["tickets"][0] == "KAN-76"
    assert all(run["head_sha"] == each["head_sha"] for each in pulls.values() for run in each["runs"])
    assert max(run["attempt"] for run in pulls[38]["runs"]) >= 2
    assert [child["key"] for child in document["epic"]["children"]] == [
        "KAN-76",
        "KAN-77",
        "KAN-78",
        "KAN-79",
        "KAN-80",
    ]
    assert document["budgets"][0]["charged"] <= document["budgets"][0]["total"]
    for part in (repository["pulls"], repository["runs"], repository["workflows"], document["epic"]):
        assert (part["state"], part["problem"]) == ("live", None)


def test_status_as_text_holds_no_escape_codes(demo: Demo) -> None:
    done = demo("status")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert all(line.isprintable() or line == "" for line in done.stdout.split("\n"))
    for word in ("#38", "KAN-40", "CI time (cache hit)", "requests left"):
        assert word in done.stdout


def test_a_second_look_is_nearly_free(demo: Demo) -> None:
    demo.json("targets")
    first = demo.json("status")["budgets"][0]
    assert first["limit"] == 5000
    assert demo.json("targets")["targets"][0]["n"] > 0


def test_the_config_works_inside_another_clone(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text('[remote "origin"]\nurl = https://github.com/some/other\n')
    done = demo("status", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["repositories"][0]["repository"] == "tefj-fun/agent_bus"


def test_a_repository_that_is_not_there(demo: Demo) -> None:
    done = demo("status", "-R", "no/where")
    assert done.returncode == 0, "the epic is an answer"
    assert "no/where" in done.stderr


def test_a_rerun_is_read_back(demo: Demo) -> None:
    runs = demo.json("status")["repositories"][0]["runs"]["items"]
    failed = next(run for run in runs if run["state"] == "failure")
    done = demo("rerun", failed["url"], "--failed", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"attempt {failed['attempt'] + 1}" in done.stdout
    again = demo.json("status")["repositories"][0]["runs"]["items"]
    assert next(run for run in again if run["id"] == failed["id"])["attempt"] == failed["attempt"] + 1


def test_a_rerun_that_github_refuses(demo: Demo) -> None:
    runs = demo.json("status")["repositories"][0]["runs"]["items"]
    passed = next(run for run in runs if run["state"] == "success")
    done = demo("rerun", str(passed["id"]), "--failed", "--yes")
    assert done.returncode == 1, done.stdout + done.stderr


def test_a_ticket_is_moved_and_read_back(demo: Demo) -> None:
    first = demo("ticket", "move", "KAN-77", "in progress", "--yes")
    assert (first.returncode, first.stdout.splitlines()[-1]) == (0, "KAN-77 is In Progress."), first.stderr
    again = demo("ticket", "move", "KAN-77", "In Progress", "--yes")
    assert (again.returncode, again.stdout) == (0, "KAN-77 is In Progress already.\n")


def test_a_move_that_requires_a_resolution(demo: Demo) -> None:
    missing = demo("ticket", "move", "KAN-76", "Done", "--yes")
    assert missing.returncode == 64
    assert "requires Resolution (--field resolution=Done, one of: Done" in missing.stderr
    done = demo("ticket", "move", "KAN-76", "Done", "--field", "resolution=Done", "--yes")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "KAN-76 is Done."), done.stderr


def test_without_the_network_the_history_answers(demo: Demo, tmp_path: Path) -> None:
    demo.json("status")
    text = demo.config.read_text()
    jira_url = next(line for line in text.splitlines() if line.startswith("url = "))
    gone = tmp_path / "gone.toml"
    gone.write_text(text.replace(jira_url, 'url = "http://127.0.0.1:9"'))
    done = subprocess.run(
        [*PROGRAM, "--config", str(gone), "status"],
        capture_output=True, text=True, check=False, timeout=50, env=environment(demo.home), cwd=demo.home,
    )  # fmt: skip
    assert done.returncode == 0
    assert "#38" in done.stdout
    assert "Jira" in done.stderr


def test_a_wrong_token_says_so(demo: Demo, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    text = (
        demo.config.read_text().replace("demo-github-token", "wrong-token").replace("history.sqlite3", "other.sqlite3")
    )
    wrong.write_text(text)
    done = subprocess.run(
        [*PROGRAM, "--config", str(wrong), "status"],
        capture_output=True, text=True, check=False, timeout=50, env=environment(demo.home), cwd=demo.home,
    )  # fmt: skip
    assert "token" in done.stderr
    assert "wrong-token" not in done.stdout + done.stderr


@pytest.mark.e2e
def test_the_dashboard_opens_shows_and_closes(demo: Demo) -> None:
    child, terminal = _started(demo)
    try:
        assert b"KAN-76" in _read_until(terminal, b"KAN-76", 20)
        os.write(terminal, b"q")
        asked = time.monotonic()
        _read_until(terminal, b"", 10)
        assert _exit_code(child) == 0
        assert time.monotonic() - asked < 5
    finally:
        os.close(terminal)


def _started(demo: Demo, *argv: str) -> tuple[int, int]:
    """Returns the process id and the terminal of the program, started on a terminal of 120x40."""
    settings = environment(demo.home) | {"COLUMNS": "120", "LINES": "40"}
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(demo.home)
        os.execve(PROGRAM[0], [*PROGRAM, "--config", str(demo.config), *argv], settings)
    return child, terminal


def _exit_code(child: int) -> int:
    """Returns the exit code of a process that has been asked to end; one that does not is killed."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _read_until(terminal: int, wanted: bytes, seconds: float) -> bytes:
    """Returns what the terminal showed until the wanted bytes, or, without any, until its end."""
    shown = b""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not (wanted and wanted in shown):
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                piece = os.read(terminal, 65536)
            except OSError:  # the other end is closed
                return shown
            if not piece:
                return shown
            shown += piece
    return shown


def test_ctrl_c_at_the_question_is_quiet(demo: Demo) -> None:
    child, terminal = _started(demo, "rerun", "1", "-R", "tefj-fun/agent_bus")
    try:
        shown = _read_until(terminal, b"no run 1", 20)
        assert b"no run 1" in shown
        assert _exit_code(child) == 1
    finally:
        os.close(terminal)
    run = next(one for one in demo.json("status")["repositories"][0]["runs"]["items"] if one["state"] == "success")
    child, terminal = _started(demo, "rerun", str(run["id"]))
    try:
        assert b"[y/N]" in _read_until(terminal, b"[y/N]", 20)
        os.write(terminal, b"\x03")
        rest = _read_until(terminal, b"", 10)
        assert b"Traceback" not in rest
        assert _exit_code(child) == 130
    finally:
        os.close(terminal)
    again = demo.json("status")["repositories"][0]["runs"]["items"]
    assert next(one for one in again if one["id"] == run["id"])["attempt"] == run["attempt"]


def test_ctrl_c_while_a_server_is_silent(demo: Demo, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config = tmp_path / "silent.toml"
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        config.write_text(f'[hosts."github.com"]\napi_url = "{address}"\n[history]\npath = "{tmp_path}/h.db"\n')
        with subprocess.Popen(
            [*PROGRAM, "--config", str(config), "-R", "a/b", "status"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(demo.home),
        ) as waiting:  # fmt: skip
            silent.settimeout(20)
            connection, _ = silent.accept()
            with connection:
                waiting.send_signal(signal.SIGINT)
                asked = time.monotonic()
                out, err = waiting.communicate(timeout=10)
            assert (waiting.returncode, out, err) == (130, b"", b"")
            assert time.monotonic() - asked < 6
