"""Which repository a command is about: -R, GH_REPO, the folder, the configuration."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cidash = Callable[..., tuple[int, str, str]]
TWO = '[[repositories]]\nname = "a/one"\n[[repositories]]\nname = "a/two"\n'


@pytest.fixture
def asked(cidash: Cidash, engine: Any) -> Callable[..., list[str]]:
    def ask(*argv: str) -> list[str]:
        code, _, err = cidash("status", *argv)
        assert code == 0, err
        return [str(one) for one in engine.built_with[-1][1]]

    return ask


def remote(url: str, folder: Path | None = None) -> None:
    git = (folder or Path.cwd()) / ".git"
    git.mkdir(parents=True)
    (git / "config").write_text(f'[remote "origin"]\n\turl = {url}\n')


def configure(home: Path, text: str) -> None:
    path = home / "config" / "cidash" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_the_option_before_and_after_the_command(asked: Callable[..., list[str]], cidash: Cidash, engine: Any) -> None:
    assert asked("-R", "a/b") == ["a/b"]
    assert asked("--repo", "ghe.example.com/a/b") == ["ghe.example.com/a/b"]
    assert cidash("-R", "c/d", "status")[0] == 0
    assert str(engine.built_with[-1][1][0]) == "c/d"


def test_gh_repo_and_the_option_over_it(asked: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    remote("https://github.com/r/r.git")
    monkeypatch.setenv("GH_REPO", "e/nv")
    assert asked() == ["e/nv"]
    assert asked("-R", "a/b") == ["a/b"]


def test_the_git_remote_of_the_folder(asked: Callable[..., list[str]], home: Path) -> None:
    remote("git@github.com:tefj-fun/agent_bus.git")
    assert asked() == ["tefj-fun/agent_bus"]
    configure(home, TWO)
    assert asked() == ["tefj-fun/agent_bus"]


def test_the_configured_ones_without_a_remote(asked: Callable[..., list[str]], home: Path) -> None:
    configure(home, TWO)
    assert asked() == ["a/one", "a/two"]


def test_a_config_for_this_call_comes_before_the_remote(
    asked: Callable[..., list[str]], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote("https://github.com/x/cidash")
    file = home / "demo.toml"
    file.write_text(TWO)
    assert asked("--config", str(file)) == ["a/one", "a/two"]
    monkeypatch.setenv("CIDASH_CONFIG", str(file))
    assert asked() == ["a/one", "a/two"]


def test_a_folder_file_lists_the_folders_repositories_the_remote_first(asked: Callable[..., list[str]]) -> None:
    remote("https://github.com/A/Two")
    Path(".cidash.toml").write_text(TWO)
    assert asked() == ["a/two", "a/one"]


def test_a_remote_on_an_unknown_host_does_not_count(cidash: Cidash, engine: Any, home: Path) -> None:
    remote("https://evil.example/a/b.git")
    code, _, err = cidash("status")
    assert code == 64
    assert 'add [hosts."evil.example"] to' in err
    assert engine.built_with == []
    configure(home, '[hosts."evil.example"]\n')
    assert cidash("status")[0] == 0


def test_one_of_several_must_be_named(cidash: Cidash, engine: Any, home: Path) -> None:
    configure(home, TWO)
    code, _, err = cidash("rerun", "501", "--yes")
    assert code == 64
    assert "a/one, a/two" in err


def test_a_strangers_folder_file_ends_with_64(cidash: Cidash, engine: Any) -> None:
    Path(".cidash.toml").write_text('[jira]\ntoken = { command = ["touch", "pwned"] }\n')
    code, _, err = cidash("status", "-R", "a/b")
    assert code == 64
    assert "jira.token is not allowed" in err
    assert not Path("pwned").exists()
    assert engine.built_with == []
