"""What can be added to Jira: a new child of the epic, a comment, a link between tickets, a link to a web page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class CreateTicket:
    """Create a ticket below `parent_key`. `summary` with the parent tells it from others when the answer is lost."""

    parent_key: str
    type_id: str
    type_name: str
    summary: str
    description: str = ""
    """Plain text (wiki markup, as API v2 takes it)."""
    labels: tuple[str, ...] = ()
    estimate_seconds: float | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Further fields: field id to JSON value, as Jira takes it."""

    @property
    def project(self) -> str:
        """The project's key."""
        return self.parent_key.rpartition("-")[0]

    @property
    def sentence(self) -> str:
        """Names what is done: `Create Task “CI: add security scanning” in KAN-40`."""
        return f"Create {self.type_name} “{self.summary}” in {self.parent_key}"


@dataclass(frozen=True, slots=True)
class CommentTicket:
    """Comment on a ticket, in plain text."""

    key: str
    text: str

    @property
    def sentence(self) -> str:
        """Names what is done to what."""
        return f"Comment on {self.key}"


@dataclass(frozen=True, slots=True)
class LinkTickets:
    """Say that one ticket blocks another. `type_id` is the link type whose texts say so, which differs per site."""

    blocker_key: str
    blocked_key: str
    type_id: str
    blocker_is_inward: bool = True
    """Whether the blocker goes in as `inwardIssue`, which is how the type Blocks has it."""

    @property
    def sentence(self) -> str:
        """Names what is done to what."""
        return f"Link {self.blocker_key} blocks {self.blocked_key}"


@dataclass(frozen=True, slots=True)
class LinkPage:
    """Link a ticket to a web page. The same `global_id` again changes the link instead of making a second one."""

    key: str
    url: str
    title: str
    global_id: str

    @property
    def sentence(self) -> str:
        """Names what is done to what."""
        return f"Link {self.key} to {self.title}"


TicketCommand = CreateTicket | CommentTicket | LinkTickets | LinkPage
