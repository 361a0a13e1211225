"""Builds an engine from a configuration: one client per host, one history, one poll per repository."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from cidash.analysis.guide import GuideTicket, read_guide
from cidash.config.error import ConfigError
from cidash.config.load import default_targets
from cidash.config.model import Config
from cidash.config.token import JiraCredentials, github_token, jira_credentials
from cidash.domain.clock import Clock
from cidash.domain.problem import Problem, ProblemKind
from cidash.domain.repository import RepositoryId
from cidash.engine.board import Board
from cidash.engine.cache_desk import CacheSettings
from cidash.engine.cadence import Pace
from cidash.engine.commands import Commands
from cidash.engine.engine import Engine
from cidash.engine.jira_poll import JiraPoll
from cidash.engine.job_logs import JobLogs
from cidash.engine.kept import KeptAttempts
from cidash.engine.parts import failed
from cidash.engine.pull_links import PullLinks
from cidash.engine.repository_poll import RepositoryPoll
from cidash.github.actions import GitHubActions
from cidash.github.client import GitHubClient
from cidash.history.store import History, HistoryError
from cidash.jira.actions import JiraActions
from cidash.jira.client import JiraClient

_GUIDE_LIMIT = 2 * 1024 * 1024


def build(
    config: Config,
    repositories: Sequence[RepositoryId],
    environ: Mapping[str, str],
    clock: Clock,
    history_path: Path | None = None,
) -> Engine:
    """Returns an engine for these repositories, not yet opened; `history_path` None keeps the history temporary.

    Raises:
        ConfigError: a token reference for GitHub leads nowhere.

    A history file that can't be used and a Jira without credentials are told on the board: the rest goes on.
    """
    history, history_problem = _history(history_path, clock)
    clients = {host: _client(host, config, environ, history, clock) for host in {one.host for one in repositories}}
    credentials, jira_problem = _jira_credentials(config, environ)
    epic_key = config.jira.epic if config.jira is not None else None
    board = Board(clock, repositories, has_jira=credentials is not None and epic_key is not None)
    board.put_history_problem(history_problem)

    def tell_history(problem: Problem | None) -> None:
        board.put_history_problem(problem or history_problem)  # that the file was not usable stays true

    if jira_problem is not None:
        board.put_epic(failed(board.snapshot.epic, jira_problem))
    pace = Pace(
        config.polling.active_seconds,
        config.polling.recent_seconds,
        config.polling.idle_seconds,
        config.polling.jira_seconds,
        config.polling.budget,
    )
    shown = {one.id: one.workflows for one in config.repositories}
    polls = [
        RepositoryPoll(
            one,
            clients[one.host],
            KeptAttempts(history.repository(clients[one.host].api_url, one), tell_history),
            board,
            clock,
            pace,
            workflows=shown.get(one, ()),
        )
        for one in repositories
    ]
    jira: JiraPoll | None = None
    jira_actions: JiraActions | None = None
    if credentials is not None and epic_key is not None:
        client = JiraClient(
            credentials.url, credentials.email, credentials.token, history.bodies, clock, credentials.api_url
        )
        jira = JiraPoll(client, epic_key, board, clock)
        jira.guide = _guide(config.jira.guide if config.jira is not None else None)
        jira.links = tuple(PullLinks(one, clients[one.host], board, clock) for one in repositories)
        jira_actions = JiraActions(client)
    commands = Commands(
        board,
        clock,
        {poll.repository: poll for poll in polls},
        {host: GitHubActions(client) for host, client in clients.items()},
        (jira, jira_actions) if jira is not None and jira_actions is not None else None,
    )
    targets = tuple(one.target() for one in config.targets) or default_targets()
    folder = logs_folder(config, history_path)
    engine = Engine(board, clock, pace, history, polls, jira, commands, targets)
    engine.logs = JobLogs({poll.repository: poll.client for poll in polls}, folder)
    engine.caches.configure(_cache_settings(config))
    return engine


def logs_folder(config: Config, history_path: Path | None) -> Path | None:
    """Returns where job logs are kept: the user's cache folder, or beside a history that lies elsewhere.

    Without a history that outlives the program nothing is kept.
    """
    if history_path is None:
        return None
    if config.history.path:
        return history_path.parent / "logs"
    import platformdirs

    return platformdirs.user_cache_path("cidash", appauthor=False) / "logs"


def _cache_settings(config: Config) -> CacheSettings:
    quota = config.caches.quota_gb
    return CacheSettings(config.caches.names, None if quota is None else int(quota * 1024**3))


def _guide(path: str | None) -> tuple[GuideTicket, ...]:
    """Returns the tickets of the guide; a file that can't be read has none."""
    if path is None:
        return ()
    try:
        with Path(path).expanduser().open("rb") as file:
            return read_guide(file.read(_GUIDE_LIMIT).decode(errors="replace"))
    except OSError:
        return ()


def _history(path: Path | None, clock: Clock) -> tuple[History, Problem | None]:
    try:
        return History.open(path, clock), None
    except HistoryError as error:
        return History.open(None, clock), Problem(ProblemKind.SERVER_ERROR, str(error))


def _jira_credentials(config: Config, environ: Mapping[str, str]) -> tuple[JiraCredentials | None, Problem | None]:
    if config.jira is None:
        return None, None
    try:
        return jira_credentials(config, environ), None
    except ConfigError as error:
        return None, Problem(ProblemKind.UNAUTHORIZED, str(error))


def _client(host: str, config: Config, environ: Mapping[str, str], history: History, clock: Clock) -> GitHubClient:
    return GitHubClient(host, config.host(host).api_url, github_token(host, config, environ), history.bodies, clock)
