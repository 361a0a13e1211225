"""What forms for tickets ask of the engine, so that tests can put a fake in its place. All raise SourceError."""

from typing import Protocol

from cidash.analysis.guide import GuideTicket
from cidash.domain.command import MoveTicket
from cidash.domain.epic import Person, Ticket, TicketType, Transition


class DeskPort(Protocol):
    """Reads for forms."""

    @property
    def epic_key(self) -> str:
        """The configured epic."""
        ...

    @property
    def guide(self) -> tuple[GuideTicket, ...]:
        """The tickets of the configured guide."""
        ...

    async def ticket(self, key: str) -> Ticket:
        """Returns the ticket as it is now."""
        ...

    async def transitions(self, key: str) -> tuple[Transition, ...]:
        """Returns the transitions that this user has for the ticket."""
        ...

    async def people(self, text: str) -> tuple[Person, ...]:
        """Returns users whose name or address holds the text."""
        ...

    async def types(self) -> tuple[TicketType, ...]:
        """Returns the types of ticket that can be created below the epic."""
        ...

    async def with_fields(self, kind: TicketType) -> TicketType:
        """Returns the type with the fields of its create screen."""
        ...

    async def undo_of(self, done: MoveTicket) -> MoveTicket | None:
        """Returns the move that takes the ticket back, if the workflow offers one."""
        ...
