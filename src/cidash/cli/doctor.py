"""`cidash doctor`: what works, which rights are missing, and what each of them would show. Shows no token's value."""

import asyncio
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from cidash.cli import loop, session
from cidash.cli.console import Console
from cidash.cli.encode import dumps, envelope
from cidash.cli.exits import OK, REFUSED, UNKNOWN, UsageError
from cidash.cli.parser import Arguments
from cidash.cli.words import DIM, GREEN, RED, YELLOW, Word
from cidash.config.address import default_history_path
from cidash.config.error import ConfigError
from cidash.config.load import Loaded
from cidash.config.model import Config
from cidash.config.token import github_token, jira_credentials, token_origin
from cidash.domain.clock import SystemClock
from cidash.domain.finding import Finding, FindingState
from cidash.domain.problem import SourceError
from cidash.domain.repository import GITHUB_COM, RepositoryId

_LOOKS = {
    FindingState.OK: Word("✓", "ok", GREEN),
    FindingState.MISSING: Word("!", "missing", YELLOW),
    FindingState.FAILED: Word("✗", "failed", RED),
    FindingState.UNKNOWN: Word("?", "unknown", YELLOW),
    FindingState.OFF: Word("·", "off", DIM),
}
_HERE = "this machine"


def doctor(arguments: Arguments) -> int:
    """Prints the findings; with --exit-status returns 1 when something failed, 2 when something is missing."""
    loaded = session.load_config(arguments)
    try:
        repositories = session.choose(arguments, loaded).shown
    except UsageError as error:
        repositories = ()
        findings = [Finding(_HERE, "repository", FindingState.FAILED, str(error))]
    else:
        findings = []
    findings = [*_of_machine(loaded), *findings, *loop.run(_examine(loaded.config, repositories))]
    if arguments.json:
        print(dumps({**envelope(SystemClock().now()), "findings": [_json(one) for one in findings]}))
    else:
        _print(findings, session.console(loaded.config))
    states = {one.state for one in findings}
    if not getattr(arguments, "exit_status", False):
        return OK
    if FindingState.FAILED in states:
        return REFUSED
    return UNKNOWN if states & {FindingState.MISSING, FindingState.UNKNOWN} else OK


async def _examine(config: Config, repositories: Iterable[RepositoryId]) -> list[Finding]:
    wanted = tuple(repositories)
    hosts = dict.fromkeys([*(one.host for one in wanted), *config.hosts] or [GITHUB_COM])
    found: list[Finding] = []
    for host in hosts:
        found += await _of_host(host, [one for one in wanted if one.host == host], config)
    return [*found, *await _of_jira(config)]


async def _of_host(host: str, repositories: list[RepositoryId], config: Config) -> list[Finding]:
    from cidash.github.client import GitHubClient
    from cidash.github.examination import examine_host, examine_repository
    from cidash.transport.bodies import MemoryBodies

    try:
        token = await asyncio.to_thread(github_token, host, config, os.environ)
    except ConfigError as error:
        return [Finding(host, "token", FindingState.FAILED, str(error))]
    if token is None:
        sentence = "none found: 60 requests an hour, no logs, no private repository, no writes"
        found = [Finding(host, "token", FindingState.MISSING, sentence)]
    else:
        found = [Finding(host, "token", FindingState.OK, f"from {token_origin(host, config, os.environ)}")]
    client = GitHubClient(host, config.host(host).api_url, token, MemoryBodies(), SystemClock())
    try:
        found += await examine_host(client)
        for repository in repositories:
            found += await examine_repository(client, repository)
    finally:
        await client.close()
    return found


async def _of_jira(config: Config) -> list[Finding]:
    try:
        credentials = jira_credentials(config, os.environ)
    except ConfigError as error:
        return [Finding("Jira", "credentials", FindingState.FAILED, str(error))]
    if credentials is None:
        return [Finding("Jira", "site", FindingState.OFF, "not configured: set [jira] url, email and token")]
    from cidash.jira.client import JiraClient
    from cidash.transport.bodies import MemoryBodies

    client = JiraClient(
        credentials.url, credentials.email, credentials.token, MemoryBodies(), SystemClock(), credentials.api_url
    )
    found: list[Finding] = []
    try:
        name = await client.myself()
        found.append(Finding("Jira", "login", FindingState.OK, f"{name} at {credentials.url}"))
        key = config.jira.epic if config.jira is not None else None
        if key is None:
            found.append(Finding("Jira", "epic", FindingState.OFF, "none is configured: set jira.epic"))
            return found
        epic = await client.epic(key)
        found.append(Finding("Jira", "epic", FindingState.OK, f"{key} with {len(epic.children)} tickets"))
        ticket = next((one for one in epic.children if not one.is_done), epic.ticket)
        offered = await client.transitions(ticket.key)
        names = ", ".join(one.to.name for one in offered)
        state = FindingState.OK if offered else FindingState.MISSING
        sentence = f"{ticket.key} may go to {names}" if offered else f"none is offered for {ticket.key}"
        found.append(Finding("Jira", "transitions", state, sentence, "Transition issues", "moving tickets"))
    except SourceError as error:
        found.append(Finding("Jira", "answers", FindingState.FAILED, error.problem.sentence))
    finally:
        await client.close()
    return found


def _of_machine(loaded: Loaded) -> list[Finding]:
    config = loaded.config
    files = ", ".join(str(file) for file in loaded.files) or "none: the defaults are in force"
    found = [Finding(_HERE, "configuration", FindingState.OK, files)]
    path = Path(config.history.path).expanduser() if config.history.path else default_history_path(os.environ)
    found.append(_of_history(path))
    encoding = (sys.stdout.encoding or "").lower()
    term = os.environ.get("TERM", "")
    if term in {"", "dumb"}:
        text = "TERM is not set or dumb: the dashboard can't draw here; the other commands work"
        found.append(Finding(_HERE, "terminal", FindingState.MISSING, text))
    elif "utf" not in encoding:
        text = f'{term}, but the locale is not UTF-8: set screen.glyphs = "ascii"'
        found.append(Finding(_HERE, "terminal", FindingState.MISSING, text))
    else:
        colours = "true colour" if os.environ.get("COLORTERM") in {"truecolor", "24bit"} else "256 colours or fewer"
        found.append(Finding(_HERE, "terminal", FindingState.OK, f"{term}, {colours}, UTF-8"))
    return found


def _of_history(path: Path) -> Finding:
    from cidash.history.store import History, HistoryError

    if not path.exists():
        return Finding(_HERE, "history", FindingState.OK, f"{path} (not there yet: it is made when needed)")
    try:
        History.open(path, SystemClock()).close()
    except HistoryError as error:
        return Finding(_HERE, "history", FindingState.FAILED, str(error))
    return Finding(_HERE, "history", FindingState.OK, f"{path}, {path.stat().st_size / 1e6:.1f} MB")


def _print(findings: list[Finding], console: Console) -> None:
    for area in dict.fromkeys(one.area for one in findings):
        console.heading(area)
        console.table([[_LOOKS[one.state], one.name, one.sentence] for one in findings if one.area == area])
        console.line()


def _json(one: Finding) -> dict[str, str | None]:
    return {
        "area": one.area,
        "name": one.name,
        "state": one.state.value,
        "sentence": one.sentence,
        "right": one.right,
        "shows": one.shows,
    }
