"""Finding and reading config files: the user's own, and a `.cidash.toml` of the folder laid over it."""

import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from cidash.config.error import ConfigError
from cidash.config.explain import dotted, first_problem, line_of
from cidash.config.model import Config, FolderConfig, JiraConfig
from cidash.domain.cache import CacheState
from cidash.domain.target import Target

__all__ = ["ConfigError", "Loaded", "default_targets", "find_folder_file", "load", "load_text", "user_config_path"]

FOLDER_FILE = ".cidash.toml"
FILE_LIMIT = 1024 * 1024
FOLDER_FILE_LIMIT = 64 * 1024

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Loaded:
    """A config and the files that it was read from, the user's own first."""

    config: Config
    files: tuple[Path, ...]
    chosen: bool = False
    """Whether the repositories were chosen for this call or this folder, not in the file for everything."""


def load(explicit: Path | None, cwd: Path, environ: Mapping[str, str]) -> Loaded:
    """Returns the config: the file named by `--config`, `$CIDASH_CONFIG` or the one in the user's config folder.

    Without `explicit`, a `.cidash.toml` found upwards from `cwd` is laid over it. No file at all gives the defaults.

    Raises:
        ConfigError: a named file is missing, or something in a file can't be used.
    """
    named = explicit or (Path(environ["CIDASH_CONFIG"]).expanduser() if environ.get("CIDASH_CONFIG") else None)
    own = named or user_config_path(environ)
    files: list[Path] = []
    chosen = named is not None
    config = Config()
    if named is not None or own.is_file():
        config = load_text(_read(own, FILE_LIMIT), str(own))
        files.append(own)
    over = None if explicit else find_folder_file(cwd)
    if over is not None and not _is_same(over, own):
        text = _read(over, FOLDER_FILE_LIMIT)
        laid_over = _laid_over(config, text, over, own)
        chosen = chosen or laid_over.repositories is not config.repositories
        config = laid_over
        files.append(over)
    return Loaded(config, tuple(files), chosen)


def load_text(text: str, name: str) -> Config:
    """Returns the config that a text holds; `name` is what errors call it.

    Raises:
        ConfigError: it is no TOML, or something in it can't be used.
    """
    return _validated(Config, _parsed(text, name), text, name)


def user_config_path(environ: Mapping[str, str]) -> Path:
    """Returns where the user's own file is looked for, whether it is there or not."""
    folder = Path(environ.get("XDG_CONFIG_HOME") or ".")
    if not folder.is_absolute():
        import platformdirs

        return platformdirs.user_config_path("cidash", appauthor=False) / "config.toml"
    return folder / "cidash" / "config.toml"


def find_folder_file(cwd: Path) -> Path | None:
    """Returns the nearest `.cidash.toml` in the folder or above it, or None. Only a regular file counts."""
    for folder in (cwd, *cwd.parents):
        candidate = folder / FOLDER_FILE
        try:
            if stat.S_ISREG(candidate.stat().st_mode):
                return candidate
        except OSError:
            continue
    return None


def default_targets() -> tuple[Target, ...]:
    """Returns the target metrics of the guide; used when the config names none. Tickets are not guessed."""
    return (
        Target(
            "ci-time-hit", "CI time (cache hit)", "run-duration", "CI", cache=CacheState.HIT, baseline=210, limit=120
        ),
        Target(
            "docker-build-hit",
            "Docker build (cache hit)",
            "run-duration",
            "CI",
            step="Build + start services",
            cache=CacheState.HIT,
            baseline=180,
            limit=30,
        ),
        Target("second-run", "Second run", "cache-saving", "CI", limit=60, limit_text="1m00s faster"),
        Target("ci-total", "CI total", "run-duration", "CI", limit=300),
        Target("lint-coverage", "Lint coverage", "control", baseline=0, limit=1, unit="percent"),
        Target(
            "security-scans",
            "Security scanning",
            "control",
            baseline=0,
            limit=3,
            unit="count",
            baseline_text="none",
            limit_text="3 tools",
        ),
        _worded("branch-protection", "Branch protection", "none", "full"),
        _worded("release-automation", "Release automation", "manual", "automated"),
        _worded("formatting", "Code formatting", "inconsistent", "enforced"),
    )


def _worded(name: str, title: str, before: str, after: str) -> Target:
    return Target(name, title, "control", unit="count", baseline_text=before, limit_text=after)


def _read(path: Path, limit: int) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise ConfigError(f"{path}: can't be read ({error.strerror or type(error).__name__}).") from None
    if len(content) > limit:
        raise ConfigError(f"{path}: is larger than {limit // 1024} KiB, which no config is.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}, line {line}: is not UTF-8, as TOML has to be.") from None


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, _, place = str(error).rpartition(" (at ")
        where = _syntax_line(place, text)
        raise ConfigError(f"{name}, line {where}: is not valid TOML: {_without_values(what or str(error))}.") from None
    except (ValueError, RecursionError):
        raise ConfigError(f"{name}: is not valid TOML: a number is too long or brackets are nested too deep.") from None


def _syntax_line(place: str, text: str) -> int:
    digits = place.removeprefix("line ").partition(",")[0]
    return int(digits) if digits.isdigit() else text.rstrip("\n").count("\n") + 1


def _without_values(message: str) -> str:
    """Returns tomllib's message up to the place where it would quote the file."""
    return message.partition(": ")[0] if "Illegal" not in message else "Illegal character"


def _validated(model: type[Model], data: dict[str, Any], text: str, name: str) -> Model:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        path, what = first_problem(error, data, model)
        end = "" if what.endswith("?") else "."
        raise ConfigError(f"{_place(name, text, path)}: {dotted(path)} {what}{end}") from None


def _place(name: str | Path, text: str, path: tuple[str | int, ...]) -> str:
    line = line_of(text, path)
    return str(name) if line is None else f"{name}, line {line}"


def _laid_over(config: Config, text: str, path: Path, own: Path) -> Config:
    """Returns the config with a stranger's file over it: it chooses what to show, never where a token goes."""
    data = _parsed(text, str(path))
    jira = data.get("jira")
    places: list[tuple[str, ...]] = [(name,) for name in data] + [
        ("jira", name) for name in (jira if isinstance(jira, dict) else ())
    ]
    for place in places:
        known = Config.model_fields if len(place) == 1 else JiraConfig.model_fields
        allowed = FolderConfig.model_fields if len(place) == 1 else FolderConfig.Jira.model_fields
        if place[-1] in known and place[-1] not in allowed:
            raise ConfigError(
                f"{_place(path, text, place)}: {dotted(place)} is not allowed in a {FOLDER_FILE}: it comes with a "
                f"folder and may only choose what to show (repositories, targets, jira.epic). It belongs in {own}."
            )
    folder = _validated(FolderConfig, data, text, str(path))
    for index, repository in enumerate(folder.repositories or ()):
        if repository.host not in config.known_hosts:
            line = _place(path, text, ("repositories", index, "host"))
            raise ConfigError(
                f"{line}: repositories[{index}].host is not a host of your own config: a {FOLDER_FILE} may only name "
                f'hosts that {own} knows (there: [hosts."..."]).'
            )
    changes: dict[str, Any] = {}
    if folder.repositories is not None:
        changes["repositories"] = folder.repositories
    if folder.targets is not None:
        changes["targets"] = folder.targets
    if folder.jira is not None and folder.jira.epic is not None:
        changes["jira"] = (config.jira or JiraConfig()).model_copy(update={"epic": folder.jira.epic})
    return config.model_copy(update=changes)


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
