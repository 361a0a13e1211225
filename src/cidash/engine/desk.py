"""What a form for a ticket has to ask of Jira: transitions, types and their fields, users, comments, link types."""

from cidash.analysis.guide import GuideTicket
from cidash.domain.command import MoveTicket
from cidash.domain.epic import LinkKind, Person, Ticket, TicketComment, TicketType, Transition
from cidash.engine.jira_poll import JiraPoll
from cidash.jira.making import Making


class Desk:
    """Reads for the forms. Everything raises SourceError when Jira does not answer."""

    def __init__(self, poll: JiraPoll) -> None:
        self._poll = poll
        self._making = Making(poll.client)

    @property
    def epic_key(self) -> str:
        """The configured epic."""
        return self._poll.epic_key

    @property
    def project(self) -> str:
        """The epic's project."""
        return self._poll.epic_key.rpartition("-")[0]

    @property
    def guide(self) -> tuple[GuideTicket, ...]:
        """The tickets of the configured guide."""
        return self._poll.guide

    async def ticket(self, key: str) -> Ticket:
        """Returns the ticket as it is now."""
        return await self._poll.client.ticket(key)

    async def family(self, epic_key: str | None = None) -> tuple[Ticket, ...]:
        """Returns the epic's children as they are now, the newest included."""
        return await self._making.family(epic_key or self._poll.epic_key)

    async def transitions(self, key: str) -> tuple[Transition, ...]:
        """Returns the transitions that this user has for the ticket."""
        return await self._poll.client.transitions(key)

    async def people(self, text: str) -> tuple[Person, ...]:
        """Returns users whose name or address holds the text."""
        return await self._making.people(text)

    async def types(self) -> tuple[TicketType, ...]:
        """Returns the types of ticket that can be created below the epic: those of its project, no sub-tasks."""
        found = tuple(one for one in await self._making.types(self.project) if not one.subtask)
        if not self._poll.client.is_data_center:
            return found
        epic = await self.ticket(self.epic_key)  # Data Center does not say of a type that it is one for epics
        return tuple(one for one in found if one.name != epic.type_name)

    async def with_fields(self, kind: TicketType) -> TicketType:
        """Returns the type with the fields of its create screen."""
        return await self._making.with_fields(self.project, kind)

    async def comments(self, key: str) -> tuple[TicketComment, ...]:
        """Returns the ticket's newest comments."""
        return await self._making.comments(key)

    async def blocks(self) -> tuple[LinkKind, bool] | None:
        """Returns the type of link that says "blocks", and whether the blocker is its inward issue."""
        return await self._making.blocks()

    async def undo_of(self, done: MoveTicket) -> MoveTicket | None:
        """Returns the move that takes the ticket back to where it was, if the workflow offers one to this user.

        It is pinned like every move: if somebody has moved the ticket since, nothing is sent.
        """
        offered = await self.transitions(done.key)
        back = next((one for one in offered if one.to.id == done.from_status.id and not one.required_fields), None)
        if back is None:
            back = next((one for one in offered if one.to.id == done.from_status.id), None)
        if back is None:
            return None
        return MoveTicket(done.key, back.id, back.name, done.to_status, back.to)
