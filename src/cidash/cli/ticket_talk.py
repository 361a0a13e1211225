"""`cidash ticket comment` and `cidash ticket link`."""

import sys

from cidash.cli import loop, session
from cidash.cli.confirm import check_allowed
from cidash.cli.exits import UsageError
from cidash.cli.parser import Arguments
from cidash.cli.ticket import keyed
from cidash.cli.ticket_outcome import carry_out_ticket
from cidash.config.model import Config
from cidash.domain.repository import RepositoryId
from cidash.domain.text import clean
from cidash.domain.ticket_command import CommentTicket, LinkPage, LinkTickets, TicketCommand
from cidash.engine.desk import Desk

_TEXT_LIMIT = 30_000
"""Jira takes 32,767 characters."""


def comment(arguments: Arguments) -> int:
    """Adds a comment to a ticket."""
    key = keyed(arguments.key)
    text = given_text(arguments.text).strip()
    if not text:
        raise UsageError("A comment needs a text.")
    loaded = session.load_config(arguments)
    check_allowed(arguments, loaded.config)
    return loop.run(_perform(CommentTicket(key, text), loaded.config, arguments))


def link(arguments: Arguments) -> int:
    """Links a ticket to another ticket or to a web page."""
    key = keyed(arguments.key)
    loaded = session.load_config(arguments)
    check_allowed(arguments, loaded.config)
    if arguments.blocks or arguments.blocked_by:
        other = keyed(arguments.blocks or arguments.blocked_by)
        if other == key:
            raise UsageError(f"{key} can't block itself.")
        pair = (key, other) if arguments.blocks else (other, key)
        return loop.run(_link(pair, loaded.config, arguments))
    if arguments.url:
        title = arguments.title or arguments.url
        return loop.run(_perform(page_link(key, arguments.url, title, arguments.url), loaded.config, arguments))
    repository = session.choose(arguments, loaded).only
    kind, number = ("pull", arguments.pull) if arguments.pull else ("run", arguments.run)
    command = github_link(key, repository, kind, _number(number), arguments.title)
    return loop.run(_perform(command, loaded.config, arguments))


def page_link(key: str, url: str, title: str, global_id: str) -> LinkPage:
    """Returns the command that links a ticket to a page.

    Raises:
        UsageError: the URL is none that a browser could open.
    """
    if not url.startswith(("https://", "http://")) or clean(url, 2000) != url or " " in url:
        raise UsageError(f'"{clean(url, 200)}" is not the URL of a web page.')
    return LinkPage(key, url, clean(title, 250), global_id[:255])


def github_link(key: str, repository: RepositoryId, kind: str, number: int, title: str | None) -> LinkPage:
    """Returns the command that links a ticket to a pull request or a run; repeated it changes that same link."""
    path, name = ("pull", "PR #") if kind == "pull" else ("actions/runs", "run ")
    url = f"https://{repository.host}/{repository.full_name}/{path}/{number}"
    global_id = f"cidash:{repository.host}/{repository.full_name}/{kind}/{number}"
    return page_link(key, url, title or f"{repository.full_name} {name}{number}", global_id)


async def _perform(command: TicketCommand, config: Config, arguments: Arguments) -> int:
    async with session.opened(config, ()) as engine:
        desk_of(engine.desk)
        return await carry_out_ticket(command, engine, arguments)


async def _link(pair: tuple[str, str], config: Config, arguments: Arguments) -> int:
    async with session.opened(config, ()) as engine:
        blocks = await desk_of(engine.desk).blocks()
        if blocks is None:
            raise UsageError('This Jira has no type of link that says "blocks".')
        kind, blocker_is_inward = blocks
        command = LinkTickets(pair[0], pair[1], kind.id, blocker_is_inward)
        return await carry_out_ticket(command, engine, arguments)


def desk_of(desk: Desk | None) -> Desk:
    """Returns the desk.

    Raises:
        UsageError: Jira is not configured.
    """
    if desk is None:
        raise UsageError(
            "Jira is not configured: it needs jira.epic, the site's URL, a token, and for Jira Cloud an e-mail address "
            "(JIRA_URL, JIRA_API_TOKEN, JIRA_EMAIL)."
        )
    return desk


def given_text(text: str) -> str:
    """Returns the text, or standard input for `-`.

    Raises:
        UsageError: it is longer than Jira takes.
    """
    if text == "-":
        text = sys.stdin.read(_TEXT_LIMIT + 1)
    if len(text) > _TEXT_LIMIT:
        raise UsageError(f"The text has more than {_TEXT_LIMIT:,} characters, which Jira does not take.")
    return text


def _number(written: str) -> int:
    digits = written.lstrip("#").rstrip("/").rpartition("/")[2]
    if not digits.isdigit():
        raise UsageError(f'"{clean(written, 100)}" is neither a number nor a URL that ends in one.')
    return int(digits)
