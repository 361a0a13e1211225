"""What every command needs first: the configuration, the repositories it is about, and an engine for them."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cidash.cli.console import Console
from cidash.cli.exits import UsageError
from cidash.cli.parser import Arguments
from cidash.config.address import default_history_path, git_remotes, repository_of
from cidash.config.load import Loaded, load, user_config_path
from cidash.config.model import Config
from cidash.domain.clock import SystemClock
from cidash.domain.repository import RepositoryId

if TYPE_CHECKING:
    from cidash.engine.engine import Engine


@dataclass(frozen=True)
class Choice:
    """The repositories that a command may be about."""

    shown: tuple[RepositoryId, ...]
    """All of them, the foremost first."""
    one: RepositoryId | None
    """The one that is meant where only one can be; None when it is not clear which."""

    @property
    def only(self) -> RepositoryId:
        """The one repository that is meant.

        Raises:
            UsageError: there are several.
        """
        if self.one is None:
            names = ", ".join(str(repository) for repository in self.shown)
            raise UsageError(f"Which repository? Say it with -R: {names}.")
        return self.one


def load_config(arguments: Arguments) -> Loaded:
    """Returns the configuration in force.

    Raises:
        ConfigError: something in it can't be used.
    """
    explicit = Path(arguments.config).expanduser() if arguments.config is not None else None
    loaded = load(explicit, Path.cwd(), os.environ)
    if arguments.read_only:
        return replace(loaded, config=loaded.config.model_copy(update={"read_only": True}))
    return loaded


def console(config: Config) -> Console:
    """Returns the terminal, with the signs that the configuration wants."""
    return Console(ascii_only=config.screen.glyphs == "ascii")


def choose(arguments: Arguments, loaded: Loaded) -> Choice:
    """Returns the repositories: `-R`, else GH_REPO, else the git remote of the folder, else those configured.

    Where the configuration was chosen for this call or for this folder (`--config`, CIDASH_CONFIG, `.cidash.toml`),
    its repositories come before the git remote. A remote counts only if its host is github.com or configured.

    Raises:
        UsageError: there is none.
    """
    named = arguments.repo or os.environ.get("GH_REPO")
    if named:
        repository = repository_of(named)
        return Choice((repository,), repository)
    config = loaded.config
    configured = tuple(dict.fromkeys(repository.id for repository in config.repositories))
    remotes = git_remotes(Path.cwd())
    here = next((remote for remote in remotes if remote.host in config.known_hosts), None)
    same = next((one for one in configured if here is not None and _same(one, here)), None)
    if configured and loaded.chosen:
        foremost = same or configured[0]
        shown = (foremost, *(one for one in configured if one != foremost))
        return Choice(shown, same or (configured[0] if len(configured) == 1 else None))
    if here is not None:
        return Choice((same or here,), same or here)
    if configured:
        return Choice(configured, configured[0] if len(configured) == 1 else None)
    if remotes:
        host = remotes[0].host
        raise UsageError(
            f'The git remote\'s host {host} is not known. If it is a GitHub, add [hosts."{host}"] '
            f"to {user_config_path(os.environ)}, or name a repository with -R."
        )
    raise UsageError(
        "No repository to show: this folder has no GitHub remote, and the configuration names none. "
        "Name one with -R OWNER/REPO, or look around with `cidash demo`."
    )


def build_engine(config: Config, repositories: Sequence[RepositoryId]) -> "Engine":
    """Returns an engine with the history that the configuration names, not yet opened.

    Raises:
        ConfigError: a token reference leads nowhere.
        HistoryError: the history can't be used.
    """
    import logging

    from cidash.engine.assembly import build

    if not os.environ.get("CIDASH_DEBUG"):
        logging.getLogger().addHandler(logging.NullHandler())  # what the packages log is not for this terminal
    path = Path(config.history.path).expanduser() if config.history.path else default_history_path(os.environ)
    return build(config, repositories, os.environ, SystemClock(), path)


@asynccontextmanager
async def opened(config: Config, repositories: Sequence[RepositoryId]) -> "AsyncIterator[Engine]":
    """Gives an engine that shows its history, and closes it in the end."""
    engine = build_engine(config, repositories)
    try:
        engine.open()
        yield engine
    finally:
        await engine.close()


def _same(one: RepositoryId, other: RepositoryId) -> bool:
    return one.host == other.host and one.full_name.lower() == other.full_name.lower()
