"""Doctor against the demo, init in folders of all kinds, completion for three shells."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cidash.cli.main import main
from cidash.config.load import load
from cidash.demo.github import READONLY_TOKEN
from cidash.demo.serve import DemoServers, start


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoServers]:
    with start() as servers:
        yield servers


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith(("GH_", "GITHUB_", "JIRA_", "CIDASH_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def doctor(demo: DemoServers, home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    def run(*argv: str, token: str = "demo-github-token") -> tuple[int, dict[tuple[str, str], dict[str, Any]], str]:
        config = home / "demo.toml"
        config.write_text(demo.config_text.replace("demo-github-token", token))
        code = main(["--config", str(config), "doctor", "--json", *argv])
        out = capsys.readouterr().out
        return code, {(one["area"], one["name"]): one for one in json.loads(out)["findings"]}, out

    return run


REPOSITORY = "tefj-fun/agent_bus"


def test_doctor_for_an_administrator(doctor: Callable[..., Any]) -> None:
    code, found, out = doctor()
    assert code == 0
    assert found["github.com", "login"]["sentence"] == "tefj-fun; classic scopes: repo, workflow"
    assert found["github.com", "clock"]["state"] == "ok"
    assert found[REPOSITORY, "classic protection"]["state"] == "ok"
    assert found["Jira", "epic"]["state"] == "ok"
    assert found["Jira", "transitions"]["state"] == "ok"
    assert found["this machine", "history"]["state"] == "ok"
    assert "demo-github-token" not in out
    assert "demo-jira-token" not in out


def test_doctor_names_each_missing_right_and_what_it_would_show(doctor: Callable[..., Any]) -> None:
    code, found, out = doctor("--exit-status", token=READONLY_TOKEN)
    assert code == 2
    classic = found[REPOSITORY, "classic protection"]
    assert (classic["state"], classic["right"]) == ("missing", "Administration: read")
    assert "it would show required approvals" in classic["sentence"]
    assert found[REPOSITORY, "writes"]["state"] == "missing"
    assert READONLY_TOKEN not in out


def test_a_wrong_token_fails(doctor: Callable[..., Any]) -> None:
    code, found, out = doctor("--exit-status", token="wrong-token-of-mine")
    assert code == 1
    assert found["github.com", "login"]["state"] == "failed"
    assert "wrong-token-of-mine" not in out


def test_a_host_that_is_not_there_is_one_sentence(doctor: Callable[..., Any], home: Path) -> None:
    (home / "none.toml").write_text(
        '[[repositories]]\nname = "a/b"\n[hosts."github.com"]\napi_url = "http://127.0.0.1:1"\n'
    )
    assert main(["--config", str(home / "none.toml"), "doctor", "--exit-status"]) == 1


def test_doctor_without_any_repository_goes_on(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "empty.toml").write_text('[hosts."github.com"]\napi_url = "http://127.0.0.1:1"\n')
    assert main(["--config", str(home / "empty.toml"), "doctor"]) == 0
    assert "No repository to show" in capsys.readouterr().out


def test_init_writes_what_loads_and_never_asks(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / ".git").mkdir()
    (home / ".git" / "config").write_text('[remote "origin"]\n\turl = git@ghe.example.com:team/tool.git\n')
    assert main(["init"]) == 1
    assert "does not know ghe.example.com" in capsys.readouterr().err
    assert main(["init", "--user"]) == 0
    assert main(["init"]) == 0
    text = (home / ".cidash.toml").read_text()
    assert 'host = "ghe.example.com"' in text
    loaded = load(None, home, {"XDG_CONFIG_HOME": str(home / "config")})
    assert [str(one.id) for one in loaded.config.repositories] == ["ghe.example.com/team/tool"]
    assert main(["init"]) == 1
    assert (home / ".cidash.toml").read_text() == text
    assert main(["init", "--force", "-R", "a/b"]) == 0
    config = load(None, Path("/"), dict(os.environ)).config
    assert config.host("ghe.example.com").api_url == "https://ghe.example.com/api/v3"
    capsys.readouterr()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_every_command(shell: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    for word in ("status", "doctor", "ticket", "exit-status"):
        assert word in script
    program = shutil.which(shell)
    if program is not None:
        (tmp_path / "script").write_text(script)
        assert subprocess.run([program, "-n", str(tmp_path / "script")], check=False).returncode == 0


def test_completion_for_another_shell_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "tcsh"]) == 64
    assert "invalid choice" in capsys.readouterr().err
