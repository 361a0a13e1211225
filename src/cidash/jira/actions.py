"""Writes to Jira: a move, a new ticket, a comment, links. Each is sent once; reading back is the caller's part."""

import contextlib
from typing import Any

from pydantic import ValidationError

from cidash.analysis.duration_words import jira_duration
from cidash.domain.command import MoveTicket
from cidash.domain.epic import Status, Ticket
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.text import clean
from cidash.domain.ticket_command import CommentTicket, CreateTicket, LinkPage, LinkTickets
from cidash.jira import problems
from cidash.jira.client import JiraClient
from cidash.jira.keys import checked_key
from cidash.jira.making_wire import CommentWire, CreatedWire
from cidash.jira.sender import Sender, as_json

_CALL = "transition"
_NOTHING = "Nothing was written."


class JiraActions:
    """Acts on the site that the client reads."""

    def __init__(self, client: JiraClient, *, deadline_seconds: float = 30.0) -> None:
        """Sends nothing and imports nothing yet.

        Args:
            client: For its address and credentials, and to look before each write.
            deadline_seconds: After that long a write without an answer counts as lost.
        """
        self._client = client
        self.sender = Sender(client, deadline_seconds)

    async def move(self, command: MoveTicket) -> None:
        """Moves a ticket by one transition. Reading back whether the world agrees is the caller's part.

        The status is read just before: where every status leads to every other, a stale move would succeed and
        undo a colleague's.

        Raises:
            SourceError: nothing was changed, unless the kind is `outcome_unknown`. `conflict` when the ticket is no
                longer where it was; `refused` with `problem.fields` when fields are missing or wrong.
        """
        key = checked_key(command.key)
        doing = _doing(command.sentence)
        not_moved = f"{key} was not moved."
        content = _content(command)
        as_json(content, key)  # before anybody is asked anything
        try:
            self._client.limits.check(_CALL, key)
            ticket = await self._client.ticket(key)
        except SourceError as error:
            raise SourceError(problems.with_sentence(error.problem, not_moved)) from error
        await self._compare(ticket, command)
        await self.sender.write(f"issue/{key}/transitions", content, doing, key, _CALL, not_moved)

    async def create(self, command: CreateTicket) -> str | None:
        """Creates a ticket below its parent and returns its key, or None when it was made but its key can't be read.

        Raises:
            SourceError: nothing was made, unless the kind is `outcome_unknown`; `refused` with `problem.fields`.
        """
        parent = checked_key(command.parent_key)
        content = {"fields": self._new_fields(command, parent)}
        answer = await self.sender.write("issue", content, _doing(command.sentence), parent, "create", _NOTHING)
        try:
            return checked_key(clean(CreatedWire.model_validate_json(answer.body).key))
        except (ValidationError, SourceError):
            return None

    def _new_fields(self, command: CreateTicket, parent: str) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "project": {"key": command.project},
            "issuetype": {"id": command.type_id},
            "summary": command.summary,
            **command.fields,
        }
        epic_link = self._client.epic_link_field
        if self._client.is_data_center and epic_link is not None:
            fields[epic_link] = parent
        else:
            fields["parent"] = {"key": parent}
        if command.description:
            fields["description"] = command.description
        if command.labels:
            fields["labels"] = list(command.labels)
        if command.estimate_seconds:
            fields["timetracking"] = {"originalEstimate": jira_duration(command.estimate_seconds)}
        return fields

    async def comment(self, command: CommentTicket) -> str | None:
        """Adds a comment and returns its id, or None when that can't be read.

        Raises:
            SourceError: as for `create`.
        """
        key = checked_key(command.key)
        content = {"body": command.text}
        answer = await self.sender.write(
            f"issue/{key}/comment", content, _doing(command.sentence), key, "comment", _NOTHING
        )
        try:
            return CommentWire.model_validate_json(answer.body).id
        except ValidationError:
            return None

    async def link(self, command: LinkTickets) -> None:
        """Links two tickets.

        Raises:
            SourceError: as for `create`.
        """
        blocker, blocked = checked_key(command.blocker_key), checked_key(command.blocked_key)
        inward, outward = (blocker, blocked) if command.blocker_is_inward else (blocked, blocker)
        content = {
            "type": {"id": command.type_id},
            "inwardIssue": {"key": inward},
            "outwardIssue": {"key": outward},
        }
        await self.sender.write("issueLink", content, _doing(command.sentence), blocker, "issueLink", _NOTHING)

    async def link_page(self, command: LinkPage) -> None:
        """Links a ticket to a web page; the same global id again changes the link that is there.

        Raises:
            SourceError: as for `create`.
        """
        key = checked_key(command.key)
        content = {"globalId": command.global_id, "object": {"url": command.url, "title": command.title}}
        await self.sender.write(
            f"issue/{key}/remotelink", content, _doing(command.sentence), key, "remotelink", _NOTHING
        )

    async def _compare(self, ticket: Ticket, command: MoveTicket) -> None:
        if _same(ticket.status, command.from_status):
            return
        mover = await self._mover(ticket)
        who = f": {mover} moved it" if mover else ""
        raise SourceError(
            Problem(
                ProblemKind.CONFLICT,
                f"{command.key} is {ticket.status.name} now, no longer {command.from_status.name}{who}. "
                "Nothing was sent; press again if it should still be moved.",
            )
        )

    async def _mover(self, ticket: Ticket) -> str | None:
        with contextlib.suppress(SourceError):  # a courtesy: the conflict is told without a name, too
            return await self._client.last_mover(ticket)
        return None


def _same(now: Status, seen: Status) -> bool:
    if now.id and seen.id:
        return now.id == seen.id
    return now.name == seen.name


def _content(command: MoveTicket) -> dict[str, Any]:
    """Returns the documented JSON: the id as a string, plain text for the comment (which is what v2 takes)."""
    content: dict[str, Any] = {"transition": {"id": command.transition_id}}
    if command.fields:
        content["fields"] = dict(command.fields)
    if command.comment:
        content["update"] = {"comment": [{"add": {"body": command.comment}}]}
    return content


def _doing(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
