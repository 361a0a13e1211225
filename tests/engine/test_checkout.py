"""A local checkout as facts: bounded, and never out of its folder."""

import subprocess
from pathlib import Path

import pytest

from cidash.analysis.controls.facts import Unread
from cidash.engine.checkout import CheckoutError, read_checkout


def test_a_checkout(tmp_path: Path) -> None:
    workflows = tmp_path / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "ci.yml").write_text("on: push\njobs: {lint: {runs-on: x}}")
    (workflows / "bad.yml").write_text("a: b: c")
    (workflows / "notes.txt").write_text("no workflow")
    (tmp_path / "README.md").write_text("hello")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    subprocess.run(["git", "-C", str(tmp_path), "add", "README.md"], check=True)
    found = read_checkout(tmp_path)
    assert set(found.readable()) == {".github/workflows/ci.yml"}
    assert found.unread_workflows() == (".github/workflows/bad.yml: the file is no valid YAML in line 1",)
    assert found.tracked == ("README.md",)
    assert found.text("README.md") == "hello"
    assert found.text("pyproject.toml") is None


def test_outside_git_it_is_not_known_what_is_tracked(tmp_path: Path) -> None:
    assert isinstance(read_checkout(tmp_path).tracked, Unread)


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    (tmp_path / "secret").write_text("token")
    (folder / "README.md").symlink_to(tmp_path / "secret")
    assert read_checkout(folder).text("README.md") == Unread("it links out of the folder")


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes(b"x" * (1024 * 1024 + 1))
    assert read_checkout(tmp_path).text("README.md") == Unread("it is larger than 1 MB")


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(CheckoutError, match="is not a folder"):
        read_checkout(tmp_path / "nowhere")


def test_our_own_repository_declares_what_the_guide_asks_for() -> None:
    from cidash.analysis.controls.judge import files_exit_status, judge_files
    from cidash.domain.control import ControlSettings

    judged = judge_files(read_checkout(Path(__file__).parents[2]), ControlSettings())
    assert files_exit_status(judged) == 0, [one.reason for one in judged if one.verdict == "fail"]
