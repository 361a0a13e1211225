"""Repositories by text and by git remote; the place of the history."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cidash.config.address import default_history_path, from_git_remote, git_remotes, repository_of
from cidash.config.error import ConfigError
from cidash.domain.repository import RepositoryId


@pytest.mark.parametrize(
    ("text", "repository"),
    [
        ("tefj-fun/agent_bus", "tefj-fun/agent_bus"),
        ("github.com/a/b", "a/b"),
        ("GHE.example.com/a/b", "ghe.example.com/a/b"),
        ("ghe.example.com:8443/a/b", "ghe.example.com:8443/a/b"),
        ("https://github.com/a/b", "a/b"),
        ("https://github.com/a/b.git", "a/b"),
        ("git@github.com:a/b.git", "a/b"),
        (" a/b ", "a/b"),
    ],
)
def test_repository_of(text: str, repository: str) -> None:
    assert str(repository_of(text)) == repository


@pytest.mark.parametrize(
    "text", ["", "a", "a/", "/b", "a/b/c/d", "a b/c", "a/..", "https://github.com/a", "-x/a/b/", "a/b\x1b[2J"]
)
def test_not_a_repository(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a repository") as caught:
        repository_of(text)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("url", "repository"),
    [
        ("https://github.com/a/b.git", "a/b"),
        ("https://github.com/a/b/", "a/b"),
        ("https://user:ghp_s3cret@github.com/a/b.git", "a/b"),
        ("git@github.com:a/b.git", "a/b"),
        ("github.com:a/b", "a/b"),
        ("ssh://git@github.com/a/b.git", "a/b"),
        ("ssh://git@ssh.github.com:443/a/b.git", "a/b"),
        ("git://github.com/a/b", "a/b"),
        ("https://www.github.com/a/b", "a/b"),
        ("https://ghe.example.com:8443/a/b.git", "ghe.example.com:8443/a/b"),
        ('"https://github.com/a/b"', "a/b"),
        ("https://github.com/a/b/c", None),
        ("../elsewhere", None),
        ("/srv/git/a/b.git", None),
        ("C:/code/b", None),
        ("file:///srv/a/b", None),
        ("ext::sh -c evil/x", None),
        ("https://[x/a/b", None),
        ("", None),
    ],
)
def test_remotes(url: str, repository: str | None, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text(f'[core]\n\tbare = false\n[remote "origin"]\n\turl = {url}\n')
    found = from_git_remote(tmp_path)
    assert (None if found is None else str(found)) == repository


CONFIG = """
# [remote "comment"]
[remote "fork"]
    url = https://github.com/f/x
    fetch = +refs/heads/*:refs/remotes/fork/*
[remote "origin"] url = git@github.com:o/x.git
[REMOTE "upstream"]
    URL = https://github.com/u/x
[branch "main"]
    remote = origin
"""


def test_the_order_of_remotes(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    path = tmp_path / ".git" / "config"
    path.write_text(CONFIG)
    below = tmp_path / "src" / "deep"
    below.mkdir(parents=True)
    assert [one.owner for one in git_remotes(below)] == ["u", "o", "f"]
    path.write_text(CONFIG + '[remote "fork"]\n\tgh-resolved = base\n')
    assert [one.owner for one in git_remotes(below)] == ["f", "u", "o"]


def test_a_worktree_and_a_submodule(tmp_path: Path) -> None:
    main = tmp_path / "main" / ".git"
    linked = main / "worktrees" / "w"
    linked.mkdir(parents=True)
    (main / "config").write_text('[remote "origin"]\nurl = https://github.com/a/main\n')
    (linked / "commondir").write_text("../..\n")
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / ".git").write_text(f"gitdir: {linked}\n")
    assert from_git_remote(tmp_path / "w") == RepositoryId("github.com", "a", "main")
    module = main / "modules" / "m"
    module.mkdir(parents=True)
    (module / "config").write_text('[remote "origin"]\nurl = https://github.com/a/module\n')
    (tmp_path / "main" / "m").mkdir()
    (tmp_path / "main" / "m" / ".git").write_text("gitdir: ../.git/modules/m\n")
    assert from_git_remote(tmp_path / "main" / "m") == RepositoryId("github.com", "a", "module")


def test_no_git_and_broken_git(tmp_path: Path) -> None:
    assert from_git_remote(tmp_path) is None
    (tmp_path / ".git").write_bytes(b"\xff\x00gitdir")
    assert from_git_remote(tmp_path) is None
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / ".git").write_text("gitdir: /nowhere\n")
    assert from_git_remote(tmp_path / "x") is None


@settings(deadline=None)
@given(st.text(alphabet='[]"\\= \n\tabremotul:/@.', max_size=200))
def test_any_git_config_is_survived(text: str) -> None:
    from cidash.config.address import _entries

    list(_entries(text))


def test_the_history_lies_in_the_data_folder(home: Path) -> None:
    assert default_history_path({"XDG_DATA_HOME": str(home)}) == home / "cidash" / "history.db"
    assert default_history_path({"XDG_DATA_HOME": "relative"}).is_absolute()
