"""Jira's nouns: ticket (a Jira issue), epic (the parent ticket), status, transition. Texts in them are clean."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class StatusCategory(StrEnum):
    """Jira's status category keys: never translated, unlike the names. `undefined` also takes unknown keys."""

    NEW = "new"
    INDETERMINATE = "indeterminate"
    DONE = "done"
    UNDEFINED = "undefined"


@dataclass(frozen=True, slots=True)
class Status:
    """A status and its category. The name may be in any language; decide by the category."""

    id: str
    name: str
    category: StatusCategory


@dataclass(frozen=True, slots=True)
class TicketLink:
    """A link seen from the ticket that holds it, such as "is blocked by KAN-76"."""

    phrase: str
    key: str
    summary: str
    status: Status
    blocks_me: bool
    """Whether the other ticket has to be done before this one."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A Jira issue. `url` is the browse page at the site, never built from `self`."""

    key: str
    id: str
    summary: str
    type_name: str
    hierarchy_level: int
    """1 epic, 0 standard, -1 sub-task."""
    status: Status
    assignee: str | None
    updated_at: datetime | None
    parent_key: str | None
    links: tuple[TicketLink, ...]
    estimate_seconds: float | None
    remaining_seconds: float | None
    url: str
    status_since: datetime | None = None
    points: float | None = None
    """Story points, where the site has such a field."""
    labels: tuple[str, ...] = ()
    assignee_id: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether its status category is done."""
        return self.status.category is StatusCategory.DONE


@dataclass(frozen=True, slots=True)
class Epic:
    """A parent ticket and its direct children, in key order."""

    ticket: Ticket
    children: tuple[Ticket, ...]
    subtasks: tuple[Ticket, ...] = ()
    """Sub-tasks of the children, one level down; `parent_key` says of which."""
    me_id: str | None = None
    """Who asks, as in `Ticket.assignee_id`; None when that could not be read."""

    def subtasks_of(self, key: str) -> tuple[Ticket, ...]:
        """Returns the sub-tasks of that child."""
        return tuple(one for one in self.subtasks if one.parent_key == key)


@dataclass(frozen=True, slots=True)
class FieldOption:
    """One allowed value of a transition's field."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class TransitionField:
    """A field on a transition's screen, from `transitions.fields`: a hint for the form, not a validator."""

    key: str
    name: str
    required: bool
    type: str
    """Jira's schema type: string, number, date, option, resolution, user, array and so on."""
    items: str | None
    """For an array: the type of its members."""
    options: tuple[FieldOption, ...]
    has_default: bool
    custom: str | None = None
    """For a custom field: what kind it is, such as `...:textarea`."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A move that this user may make from the ticket's present status."""

    id: str
    name: str
    to: Status
    fields: tuple[TransitionField, ...]

    @property
    def required_fields(self) -> tuple[TransitionField, ...]:
        """The fields that must be given and have no default."""
        return tuple(field for field in self.fields if field.required and not field.has_default)


@dataclass(frozen=True, slots=True)
class Person:
    """A user that can be put into a field: `{id_name: id}` is what Jira takes."""

    id: str
    name: str
    id_name: str = "accountId"
    """`accountId` on Cloud, `name` on Data Center."""
    email: str = ""


@dataclass(frozen=True, slots=True)
class TicketType:
    """A type of ticket that this user may create in the project, and the fields of its create screen."""

    id: str
    name: str
    subtask: bool
    hierarchy_level: int
    fields: tuple[TransitionField, ...] = ()

    @property
    def field_keys(self) -> frozenset[str]:
        """Ids of the fields on the create screen."""
        return frozenset(one.key for one in self.fields)


@dataclass(frozen=True, slots=True)
class LinkKind:
    """A type of link and its two texts; names and texts can be configured."""

    id: str
    name: str
    inward: str
    outward: str


@dataclass(frozen=True, slots=True)
class TicketComment:
    """A comment on a ticket."""

    id: str
    author: str
    text: str
