"""Carries out one command on Jira: sends it, and says by reading the ticket again what became of it."""

from dataclasses import dataclass

from cidash.domain.command import MoveTicket
from cidash.engine.jira_poll import JiraPoll
from cidash.jira.actions import JiraActions


@dataclass(slots=True)
class MoveWrite:
    """A ticket on its way to another status."""

    poll: JiraPoll
    actions: JiraActions
    command: MoveTicket

    async def send(self) -> None:
        """Sends the transition once."""
        await self.actions.move(self.command)

    async def look(self) -> str | None:
        """Returns that the ticket has the status, once it has."""
        ticket = await self.poll.client.ticket(self.command.key)
        self.poll.note_ticket(ticket)
        if ticket.status.id != self.command.to_status.id:
            return None
        return f"{self.command.key} is {ticket.status.name}."

    def unseen(self) -> str | None:
        """Says the usual."""
        return None
