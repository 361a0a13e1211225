"""`cidash init`: writes a commented configuration for this folder. It never writes a token."""

import os
from pathlib import Path

from cidash.cli.console import ask, can_ask, warn
from cidash.cli.exits import OK, REFUSED
from cidash.cli.parser import Arguments
from cidash.config.address import git_remotes, repository_of
from cidash.config.error import ConfigError
from cidash.config.load import load, user_config_path
from cidash.config.model import default_api_url
from cidash.domain.repository import GITHUB_COM, RepositoryId


def init(arguments: Arguments) -> int:
    """Writes `.cidash.toml` here, or with --user the user's own file; an existing file only after asking or --force."""
    for_user = bool(getattr(arguments, "user", False))
    path = user_config_path(os.environ) if for_user else Path.cwd() / ".cidash.toml"
    repository = _repository(arguments)
    known = repository is None or repository.host in _known_hosts()
    text = _user_text(repository) if for_user else _folder_text(repository)
    if repository is not None and not known and not for_user:
        warn(f"Your own configuration does not know {repository.host}: run `cidash init --user`, then this again.")
        return REFUSED
    forced = bool(getattr(arguments, "force", False))
    if path.exists() and not forced and not (can_ask() and ask(f"{path} is there. Replace it?")):
        warn(f"{path} is there and was left as it is. Use --force to replace it.")
        return REFUSED
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(path.name + ".new")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(path)
    print(f"Wrote {path}. `cidash doctor` says what works with it.")
    return OK


def _repository(arguments: Arguments) -> RepositoryId | None:
    named = arguments.repo or os.environ.get("GH_REPO")
    if named:
        return repository_of(named)
    return next(iter(git_remotes(Path.cwd())), None)


def _known_hosts() -> frozenset[str]:
    """The hosts of the user's own file; a file that comes with a folder may name no others."""
    try:
        return load(None, Path(Path.cwd().anchor), os.environ).config.known_hosts
    except ConfigError:
        return frozenset({GITHUB_COM})


def _repository_lines(repository: RepositoryId | None) -> list[str]:
    if repository is None:
        return ["#[[repositories]]", '#name = "owner/name"']
    lines = ["[[repositories]]", f'name = "{repository.full_name}"']
    if repository.host != GITHUB_COM:
        lines.append(f'host = "{repository.host}"')
    return [*lines, "# Names or paths of workflows; without any, all are shown.", "#workflows = []"]


def _folder_text(repository: RepositoryId | None) -> str:
    return "\n".join(
        [
            "# What cidash shows in this folder. It may be committed: hosts, tokens, keys and commands belong into",
            "# your own file (`cidash init --user`), never here.",
            "",
            *_repository_lines(repository),
            "",
            "# The epic whose tickets stand beside the proof.",
            "#[jira]",
            '#epic = "KAN-40"',
            "",
            "# Without any target, the seven of the hardening guide are in force.",
            "#[[targets]]",
            '#id = "ci-time-hit"',
            '#title = "CI time (cache hit)"',
            '#measure = "run-duration"',
            '#workflow = "CI"',
            '#cache = "hit"',
            '#baseline = "3m30s"',
            '#limit = "2m"',
            "",
        ]
    )


def _user_text(repository: RepositoryId | None) -> str:
    host = repository.host if repository is not None else GITHUB_COM
    token = "GITHUB_TOKEN" if host == GITHUB_COM else "GH_ENTERPRISE_TOKEN"
    return "\n".join(
        [
            "# Your own configuration of cidash. config.example.toml has every key. Tokens are named, never written.",
            "",
            *_repository_lines(repository),
            "",
            *([] if host == GITHUB_COM else [f'[hosts."{host}"]', f'api_url = "{default_api_url(host)}"']),
            "# Not needed where `gh auth login` was done for the host.",
            *([f'#[hosts."{host}"]'] if host == GITHUB_COM else []),
            f'#token = {{ env = "{token}" }}',
            "",
            "# What is missing is taken from JIRA_URL, JIRA_EMAIL and JIRA_API_TOKEN.",
            "#[jira]",
            '#url = "https://example.atlassian.net"',
            '#email = "you@example.com"',
            '#token = { env = "JIRA_API_TOKEN" }',
            '#epic = "KAN-40"',
            "",
            "# Refuse every write.",
            "#read_only = true",
            "",
        ]
    )
