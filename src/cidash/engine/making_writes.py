"""Carries out one command that makes something in Jira, and finds out by direct reads whether it is there."""

from dataclasses import dataclass, field

from cidash.analysis.guide import LABEL
from cidash.domain.command import Command
from cidash.domain.epic import Ticket
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.ticket_command import CommentTicket, CreateTicket, LinkPage, LinkTickets
from cidash.engine.jira_poll import JiraPoll
from cidash.engine.write import Write
from cidash.jira.actions import JiraActions
from cidash.jira.making import Making


@dataclass(slots=True)
class CreateWrite:
    """A new ticket. What was there before is read first, so that a lost answer can be told from an older ticket."""

    poll: JiraPoll
    actions: JiraActions
    command: CreateTicket
    making: Making = field(init=False)
    key: str | None = None
    _before: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.making = Making(self.poll.client)

    async def send(self) -> None:
        """Creates it, once, unless a ticket with the same guide label is there."""
        family = await self.making.family(self.command.parent_key)
        self._before = frozenset(one.id for one in family)
        guide = [label for label in self.command.labels if label.startswith(LABEL)]
        for one in family:
            if set(guide) & set(one.labels):
                raise SourceError(
                    Problem(ProblemKind.CONFLICT, f"{one.key} was made from {guide[0]} already. Nothing was created.")
                )
        self.key = await self.actions.create(self.command)

    async def look(self) -> str | None:
        """Returns that it is there, with its key, once it can be read."""
        found = await self._found()
        if found is None:
            return None
        self.key = found.key
        self.poll.note_ticket(found)
        return f"{found.key} was created: {found.summary}"

    async def _found(self) -> Ticket | None:
        if self.key is not None:
            return await self.poll.client.ticket(self.key)
        family = await self.making.family(self.command.parent_key)
        new = [one for one in family if one.id not in self._before and one.summary == self.command.summary]
        return max(new, key=lambda one: int(one.id), default=None)

    def unseen(self) -> str | None:
        """Says the usual."""
        return None


@dataclass(slots=True)
class CommentWrite:
    """A new comment."""

    poll: JiraPoll
    actions: JiraActions
    command: CommentTicket
    making: Making = field(init=False)
    _id: str | None = None
    _before: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.making = Making(self.poll.client)

    async def send(self) -> None:
        """Notes which comments are there, and adds this one, once."""
        self._before = frozenset(one.id for one in await self.making.comments(self.command.key))
        self._id = await self.actions.comment(self.command)

    async def look(self) -> str | None:
        """Returns that the comment is there, once it is."""
        for one in await self.making.comments(self.command.key):
            is_new = one.id not in self._before and _words(one.text) == _words(self.command.text)
            if one.id == self._id or (self._id is None and is_new):
                return f"The comment is on {self.command.key}."
        return None

    def unseen(self) -> str | None:
        """Says the usual."""
        return None


@dataclass(slots=True)
class LinkWrite:
    """A link between two tickets."""

    poll: JiraPoll
    actions: JiraActions
    command: LinkTickets

    async def send(self) -> None:
        """Links them, once, unless they are linked."""
        if await self._is_there():
            raise SourceError(
                Problem(
                    ProblemKind.CONFLICT,
                    f"{self.command.blocked_key} is blocked by {self.command.blocker_key} already. Nothing was linked.",
                )
            )
        await self.actions.link(self.command)

    async def look(self) -> str | None:
        """Returns that the link is there, once it is."""
        if not await self._is_there():
            return None
        return f"{self.command.blocked_key} is blocked by {self.command.blocker_key}."

    async def _is_there(self) -> bool:
        ticket = await self.poll.client.ticket(self.command.blocked_key)
        self.poll.note_ticket(ticket)
        return any(link.key == self.command.blocker_key and link.blocks_me for link in ticket.links)

    def unseen(self) -> str | None:
        """Says the usual."""
        return None


@dataclass(slots=True)
class PageWrite:
    """A link to a web page."""

    poll: JiraPoll
    actions: JiraActions
    command: LinkPage

    async def send(self) -> None:
        """Makes or changes the link, once."""
        await self.actions.link_page(self.command)

    async def look(self) -> str | None:
        """Returns that the link is there, once it is."""
        wanted = (self.command.global_id, self.command.url, self.command.title)
        if wanted in await Making(self.poll.client).page_links(self.command.key):
            return f"{self.command.key} links to {self.command.title}."
        return None

    def unseen(self) -> str | None:
        """Says the usual."""
        return None


def making_write_of(poll: JiraPoll, actions: JiraActions, command: Command) -> Write | None:
    """Returns what carries the command out, or None if it makes nothing in Jira."""
    if isinstance(command, CreateTicket):
        return CreateWrite(poll, actions, command)
    if isinstance(command, CommentTicket):
        return CommentWrite(poll, actions, command)
    if isinstance(command, LinkTickets):
        return LinkWrite(poll, actions, command)
    if isinstance(command, LinkPage):
        return PageWrite(poll, actions, command)
    return None


def _words(text: str) -> list[str]:
    return text.split()
