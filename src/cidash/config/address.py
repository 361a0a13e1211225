"""Where things are: repositories named by text or by a folder's git remote, and the place of the history."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from cidash.config.error import ConfigError
from cidash.config.model import is_full_name
from cidash.config.origin import checked_host
from cidash.domain.repository import GITHUB_COM, RepositoryId

_GIT_FILE_LIMIT = 1024 * 1024
_SCP = re.compile(r"(?:[A-Za-z0-9_.-]+@)?(?P<host>[A-Za-z0-9.-]{2,}):(?!//)(?P<path>[^:]+)")
_SECTION = re.compile(r'\s*\[\s*(?P<name>[A-Za-z0-9.-]+)\s*(?:"(?P<sub>(?:[^"\\]|\\.)*)")?\s*\]')
_VALUE = re.compile(r"\s*(?P<name>[A-Za-z][A-Za-z0-9-]*)\s*=\s*(?P<value>.*?)\s*")
_FIRST = ("upstream", "github", "origin")


def repository_of(text: str) -> RepositoryId:
    """Returns the repository that `[HOST/]OWNER/REPO`, or its URL, names.

    Raises:
        ConfigError: it is neither.
    """
    text = text.strip()
    found = _of_remote(text) if "://" in text or "@" in text else None
    if found is None:
        rest, _, name = text.rpartition("/")
        host, _, owner = rest.rpartition("/")
        found = _repository(host or GITHUB_COM, f"{owner}/{name}")
    if found is None:
        raise ConfigError(f'"{text[:100]}" is not a repository: write it like OWNER/REPO or HOST/OWNER/REPO.')
    return found


def from_git_remote(cwd: Path) -> RepositoryId | None:
    """Returns the repository of the folder's foremost git remote, or None. git itself is not run."""
    return next(iter(git_remotes(cwd)), None)


def git_remotes(cwd: Path) -> tuple[RepositoryId, ...]:
    """Returns the repositories of the folder's git remotes, the foremost first.

    That is the one that gh was told is the base, then upstream, github, origin and the others. The hosts are a
    stranger's claim: where a token goes must not follow from them.
    """
    config = _git_config(cwd)
    remotes: dict[str, str] = {}
    base = None
    for section, sub, name, value in _entries(config):
        if section == "remote" and sub:
            if name == "url":
                remotes.setdefault(sub, value)
            elif name == "gh-resolved" and value == "base":
                base = sub
    order = sorted(remotes, key=lambda one: (one != base, _FIRST.index(one) if one in _FIRST else len(_FIRST)))
    found = (_of_remote(remotes[name]) for name in order)
    return tuple(dict.fromkeys(one for one in found if one is not None))


def default_history_path(environ: Mapping[str, str]) -> Path:
    """Returns where the history lies when the config doesn't say: in the user's data folder."""
    folder = Path(environ.get("XDG_DATA_HOME") or ".")
    if not folder.is_absolute():
        import platformdirs

        return platformdirs.user_data_path("cidash", appauthor=False) / "history.db"
    return folder / "cidash" / "history.db"


def _of_remote(url: str) -> RepositoryId | None:
    """Returns the repository of a remote: https://, ssh://, git:// or `git@host:owner/name`."""
    if "://" in url:
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
            if parts.scheme in {"http", "https"} and parts.port:
                host += f":{parts.port}"
        except ValueError:
            return None
        if parts.scheme not in {"http", "https", "ssh", "git", "git+ssh"}:
            return None
        path = parts.path
    elif match := _SCP.fullmatch(url):
        host, path = match["host"].lower(), match["path"]
    else:
        return None
    if host in {"www.github.com", "ssh.github.com"}:
        host = GITHUB_COM
    return _repository(host, path.strip("/").removesuffix(".git"))


def _repository(host: str, full_name: str) -> RepositoryId | None:
    try:
        host = checked_host(host)
    except ValueError:
        return None
    if not is_full_name(full_name):
        return None
    owner, _, name = full_name.partition("/")
    return RepositoryId(host, owner, name)


def _git_config(cwd: Path) -> str:
    """Returns the text of the repository's config: of the main one for a linked worktree. Empty without one."""
    for folder in (cwd, *cwd.parents):
        dot_git = folder / ".git"
        if dot_git.is_dir():
            return _text(dot_git / "config")
        if dot_git.is_file():
            pointed = _text(dot_git).partition("gitdir:")[2].strip()
            if not pointed:
                return ""
            git_folder = folder / pointed
            common = _text(git_folder / "commondir").strip()
            return _text((git_folder / common if common else git_folder) / "config")
    return ""


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return file.read(_GIT_FILE_LIMIT).decode(errors="replace")
    except (OSError, ValueError):
        return ""


def _entries(text: str) -> Iterator[tuple[str, str, str, str]]:
    """Yields (section, subsection, name, value) of a git config; names in lower case."""
    section = sub = ""
    for line in text.splitlines():
        if header := _SECTION.match(line):
            section, sub = header["name"].lower(), re.sub(r"\\(.)", r"\1", header["sub"] or "")
            line = line[header.end() :]  # noqa: PLW2901 - a value may follow its header on the same line
        if entry := _VALUE.fullmatch(line):
            value = entry["value"]
            if value.startswith('"') and value.endswith('"') and len(value) > 1:
                value = value[1:-1]
            yield section, sub, entry["name"].lower(), value
