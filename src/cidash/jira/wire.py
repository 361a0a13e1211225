"""Jira's JSON as it comes over the wire: exactly the fields that are read, straight from bytes, turned into nouns.

Every text is cleaned here. Statuses are told apart by their category key, since names are translated; a key that is
not known is `undefined`. Ids are strings, as Jira writes them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from cidash.domain.epic import (
    FieldOption,
    Person,
    Status,
    StatusCategory,
    Ticket,
    TicketLink,
    Transition,
    TransitionField,
)
from cidash.domain.text import clean
from cidash.jira.keys import browse_url

TICKET_FIELDS = (
    "summary",
    "status",
    "issuetype",
    "assignee",
    "updated",
    "parent",
    "issuelinks",
    "timetracking",
    "timeoriginalestimate",
    "timeestimate",
    "statuscategorychangedate",
    "labels",
    "subtasks",
)
"""What is asked of a ticket, and nothing more: an unasked search answers with ids only, `*all` with 8 KB a ticket."""

UNSEEN = "unknown"
"""Stands for a name that Jira did not give."""


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a date out of range") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
FieldId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,99}\z")]
Seconds = Annotated[float, Field(ge=0)]


class _Wire(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        strict=True,
        alias_generator=to_camel,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        defer_build=True,  # a start without a stored epic builds none of them
    )


class StatusCategoryWire(_Wire):
    """`statusCategory`."""

    key: str | None = None


class StatusWire(_Wire):
    """`status`, or the `to` of a transition."""

    id: str
    name: str
    status_category: StatusCategoryWire | None = None

    def noun(self) -> Status:
        """Returns the status; an unknown or absent category key is `undefined`."""
        key = self.status_category.key if self.status_category else None
        category = StatusCategory(key) if key in _CATEGORIES else StatusCategory.UNDEFINED
        return Status(clean(self.id), clean(self.name), category)


_CATEGORIES = frozenset(category.value for category in StatusCategory)
_UNSEEN_STATUS = Status("", UNSEEN, StatusCategory.UNDEFINED)


class TypeWire(_Wire):
    """`issuetype`. Data Center has no `hierarchyLevel`, but says what a sub-task is."""

    name: str
    hierarchy_level: int | None = None
    subtask: bool = False


class UserWire(_Wire):
    """A user; Data Center always has `name`, Cloud only `displayName`."""

    display_name: str | None = None
    name: str | None = None
    account_id: str | None = None
    email_address: str | None = None

    @property
    def identity(self) -> str | None:
        """What tells this user from others: the account id on Cloud, the user name on Data Center."""
        return clean(self.account_id) or clean(self.name) or None

    def person(self) -> Person | None:
        """Returns the user as one that can be put into a field; None without an identity."""
        if self.identity is None:
            return None
        return Person(self.identity, self.noun(), "accountId" if self.account_id else "name", clean(self.email_address))

    def noun(self) -> str:
        """Returns the name to show."""
        return clean(self.display_name) or clean(self.name) or UNSEEN


class ParentWire(_Wire):
    """`parent`."""

    key: str


class LinkTypeWire(_Wire):
    """A link type: configurable, so its directions' texts count for more than its name."""

    name: str = ""
    inward: str = ""
    outward: str = ""


class LinkedFieldsWire(_Wire):
    """The few fields that Jira embeds of a linked ticket."""

    summary: str | None = None
    status: StatusWire | None = None


class LinkedWire(_Wire):
    """The other end of a link."""

    key: str
    fields: LinkedFieldsWire | None = None


class LinkWire(_Wire):
    """One of `issuelinks`: it has `inwardIssue` or `outwardIssue`, seen from the ticket that was read."""

    type: LinkTypeWire
    inward_issue: LinkedWire | None = None
    outward_issue: LinkedWire | None = None

    def nouns(self) -> list[TicketLink]:
        """Returns the link, or nothing if the other end can't be seen."""
        ends = ((self.inward_issue, self.type.inward, True), (self.outward_issue, self.type.outward, False))
        return [self._noun(other, clean(phrase), inward) for other, phrase, inward in ends if other is not None]

    def _noun(self, other: LinkedWire, phrase: str, inward: bool) -> TicketLink:
        fields = other.fields or LinkedFieldsWire()
        return TicketLink(
            phrase=phrase or clean(self.type.name),
            key=clean(other.key),
            summary=clean(fields.summary),
            status=fields.status.noun() if fields.status else _UNSEEN_STATUS,
            blocks_me=_waits(phrase, self.type.name, inward),
        )


def _waits(phrase: str, type_name: str, inward: bool) -> bool:
    """Tells whether the direction's text says that this ticket waits for the other.

    A translated text says nothing here; then the inward end of a type that kept its name `Blocks` does. Any other
    link is no blocker: a false "blocked" would stop people who could work.
    """
    words = phrase.casefold()
    if "blocked by" in words or "depends on" in words:
        return True
    return inward and words != "blocks" and type_name.strip().casefold() == "blocks"


class TimeTrackingWire(_Wire):
    """`timetracking`; `{}` when the feature is off."""

    original_estimate_seconds: Seconds | None = None
    remaining_estimate_seconds: Seconds | None = None


class SubtaskWire(_Wire):
    """One of `subtasks`; only that there are any is read from here, the rest of it is too little."""

    key: str


@dataclass(frozen=True, slots=True)
class SiteFields:
    """The site's own fields, whose ids differ from site to site."""

    points: tuple[str, ...] = ()
    """Fields that hold story points; a ticket has its number in one of them."""
    epic_link: str | None = None

    @property
    def asked(self) -> tuple[str, ...]:
        """What is asked of a ticket on this site."""
        return (*TICKET_FIELDS, *self.points, *((self.epic_link,) if self.epic_link else ()))


NO_SITE_FIELDS = SiteFields()


class FieldsWire(_Wire):
    """`fields` of a ticket, as asked for with `TICKET_FIELDS` and the site's own fields, which are extras here."""

    model_config = ConfigDict(extra="allow")

    summary: str | None = None
    status: StatusWire
    issuetype: TypeWire
    assignee: UserWire | None = None
    updated: Moment | None = None
    parent: ParentWire | None = None
    issuelinks: list[LinkWire] | None = None
    timetracking: TimeTrackingWire | None = None
    timeoriginalestimate: Seconds | None = None
    timeestimate: Seconds | None = None
    statuscategorychangedate: Moment | None = None
    labels: list[str] | None = None
    subtasks: list[SubtaskWire] | None = None

    def number(self, field_ids: Iterable[str]) -> float | None:
        """Returns the first of these fields that holds a number."""
        values = ((self.model_extra or {}).get(one) for one in field_ids)
        numbers = (value for value in values if isinstance(value, int | float) and not isinstance(value, bool))
        return next((float(value) for value in numbers if value >= 0), None)

    def text(self, field_id: str | None) -> str | None:
        """Returns the text that this field holds."""
        value = (self.model_extra or {}).get(field_id or "")
        return clean(value) or None if isinstance(value, str) else None


class TicketWire(_Wire):
    """One Jira issue."""

    id: str
    key: str
    fields: FieldsWire

    def noun(self, site_url: str, site: SiteFields = NO_SITE_FIELDS) -> Ticket:
        """Returns the ticket, with its browse page at the site."""
        fields = self.fields
        time = fields.timetracking or TimeTrackingWire()
        key = clean(self.key)
        return Ticket(
            key=key,
            id=clean(self.id),
            summary=clean(fields.summary),
            type_name=clean(fields.issuetype.name),
            hierarchy_level=_level(fields.issuetype),
            status=fields.status.noun(),
            assignee=fields.assignee.noun() if fields.assignee else None,
            updated_at=fields.updated,
            parent_key=clean(fields.parent.key) if fields.parent else fields.text(site.epic_link),
            links=tuple(link for wire in fields.issuelinks or () for link in wire.nouns()),
            estimate_seconds=_first(time.original_estimate_seconds, fields.timeoriginalestimate),
            remaining_seconds=_first(time.remaining_estimate_seconds, fields.timeestimate),
            url=browse_url(site_url, key),
            status_since=fields.statuscategorychangedate,
            points=fields.number(site.points),
            labels=tuple(clean(label, 255) for label in fields.labels or ()),
            assignee_id=fields.assignee.identity if fields.assignee else None,
        )


def _level(issue_type: TypeWire) -> int:
    if issue_type.hierarchy_level is not None:
        return issue_type.hierarchy_level
    return -1 if issue_type.subtask else 0


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


class SearchPageWire(_Wire):
    """One page of `search/jql`: no total, no offset, only a token for the next page."""

    issues: list[TicketWire]
    next_page_token: str | None = None
    is_last: bool | None = None


class StoredEpicWire(_Wire):
    """The last good reading of an epic, as it is kept for a start without network."""

    root: str
    """Numeric id of the epic ticket."""
    pages: list[SearchPageWire]
    subtasks: list[SearchPageWire] = []
    points: list[FieldId] = []
    epic_link: FieldId | None = None


class SchemaWire(_Wire):
    """The type of a field."""

    type: str = ""
    items: str | None = None
    custom: str | None = None


class TransitionFieldWire(_Wire):
    """One of `transitions[].fields`. Allowed values have as many shapes as Jira has fields."""

    required: bool = False
    name: str | None = None
    schema_: SchemaWire | None = Field(default=None, alias="schema")
    has_default_value: bool = False
    allowed_values: list[Any] | None = None

    def noun(self, key: str) -> TransitionField:
        """Returns the field with those options that can be chosen by id."""
        schema = self.schema_ or SchemaWire()
        return TransitionField(
            key=key,
            name=clean(self.name) or key,
            required=self.required,
            type=clean(schema.type),
            items=clean(schema.items) or None,
            options=tuple(_options(self.allowed_values or ())),
            has_default=self.has_default_value,
            custom=clean(schema.custom) or None,
        )


def _options(values: Iterable[Any]) -> Iterable[FieldOption]:
    for value in values:
        if not isinstance(value, dict) or value.get("disabled") is True:
            continue
        identity = value.get("id")
        texts = (value.get(name) for name in ("name", "value", "displayName"))
        name = next((cleaned for text in texts if isinstance(text, str) and (cleaned := clean(text))), None)
        if isinstance(identity, str) and identity:
            yield FieldOption(clean(identity), name or clean(identity))


class TransitionWire(_Wire):
    """One transition; without the flag it is available, which is how Data Center says it."""

    id: str
    name: str
    to: StatusWire
    is_available: bool | None = None
    fields: dict[FieldId, TransitionFieldWire] | None = None

    def noun(self) -> Transition:
        """Returns the transition."""
        fields = self.fields or {}
        return Transition(
            clean(self.id), clean(self.name), self.to.noun(), tuple(wire.noun(key) for key, wire in fields.items())
        )


class TransitionsWire(_Wire):
    """The answer of `issue/KEY/transitions`."""

    transitions: list[TransitionWire]

    def nouns(self) -> tuple[Transition, ...]:
        """Returns what this user may do now; the empty tuple also stands for a missing right."""
        return tuple(wire.noun() for wire in self.transitions if wire.is_available is not False)
