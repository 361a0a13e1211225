"""JSON of what surrounds the tickets: fields, create screens, link types, users, comments, links to pages."""

from typing import Any

from pydantic import Field, RootModel

from cidash.domain.epic import LinkKind, Person, TicketComment, TicketType
from cidash.domain.text import clean, clean_block
from cidash.jira.wire import (
    FieldId,
    SchemaWire,
    SiteFields,
    TicketWire,
    TransitionFieldWire,
    UserWire,
    _Wire,
)

_POINTS = "com.pyxis.greenhopper.jira:jsw-story-points"
_NUMBER = "com.atlassian.jira.plugin.system.customfieldtypes:float"
_EPIC_LINK = "com.pyxis.greenhopper.jira:gh-epic-link"
_POINT_NAMES = frozenset({"story points", "story point estimate"})


class ServerInfoWire(_Wire):
    """`serverInfo`: `Cloud`, `Server` or `DataCenter`; old servers don't say."""

    deployment_type: str | None = None


class TenantWire(_Wire):
    """`_edge/tenant_info`."""

    cloud_id: str = Field(pattern=r"^[0-9a-zA-Z-]{1,80}\z")


class FieldWire(_Wire):
    """One of the site's fields."""

    id: str
    name: str = ""
    schema_: SchemaWire | None = Field(default=None, alias="schema")


class FieldListWire(RootModel[list[FieldWire]]):
    """The answer of `/field`."""

    def site_fields(self) -> SiteFields:
        """Returns the ids that this site uses: story points by schema, then by name; the epic link by schema."""
        by_schema: list[str] = []
        by_name: list[str] = []
        epic_link: str | None = None
        for one in self.root:
            custom = one.schema_.custom if one.schema_ else None
            if not _is_id(one.id):
                continue
            if custom == _POINTS:
                by_schema.append(one.id)
            elif custom == _NUMBER and one.name.strip().casefold() in _POINT_NAMES:
                by_name.append(one.id)
            elif custom == _EPIC_LINK:
                epic_link = one.id
        return SiteFields((*by_schema[:3], *by_name[:3]), epic_link)


def _is_id(text: str) -> bool:
    return text.startswith("customfield_") and text.removeprefix("customfield_").isdigit()


class BulkWire(_Wire):
    """The answer of `issue/bulkfetch`; keys that are not there are in `issueErrors`, which is not needed."""

    issues: list[TicketWire]


class OffsetPageWire(_Wire):
    """A page of Data Center's search."""

    issues: list[TicketWire]
    start_at: int = 0
    total: int = 0


class ChangedFieldsWire(_Wire):
    """What the small question asks for."""

    updated: Any = None


class ChangedWire(_Wire):
    """One ticket that changed."""

    id: str
    key: str
    fields: ChangedFieldsWire | None = None


class ChangedPageWire(_Wire):
    """The answer of the small question: what changed lately."""

    issues: list[ChangedWire]

    def marks(self) -> dict[str, str]:
        """Returns a mark of its newest change by ticket key."""
        return {clean(one.key): str(one.fields.updated if one.fields else "")[:60] for one in self.issues}


class TypeEntryWire(_Wire):
    """A type of ticket that can be created."""

    id: str
    name: str
    subtask: bool = False
    hierarchy_level: int | None = None

    def noun(self) -> TicketType:
        """Returns the type, its fields not yet read."""
        level = self.hierarchy_level if self.hierarchy_level is not None else (-1 if self.subtask else 0)
        return TicketType(clean(self.id), clean(self.name), self.subtask, level)


class CreateTypesWire(_Wire):
    """`createmeta/KAN/issuetypes`: Cloud calls the list `issueTypes`, Data Center `values`."""

    issue_types: list[TypeEntryWire] | None = None
    values: list[TypeEntryWire] | None = None

    def nouns(self) -> tuple[TicketType, ...]:
        """Returns the types."""
        return tuple(one.noun() for one in self.issue_types or self.values or ())


class CreateFieldWire(TransitionFieldWire):
    """A field of a create screen."""

    field_id: FieldId | None = None
    key: FieldId | None = None


class CreateFieldsWire(_Wire):
    """`createmeta/KAN/issuetypes/10002`: Cloud calls the list `fields`, Data Center `values`."""

    fields: list[CreateFieldWire] | None = None
    values: list[CreateFieldWire] | None = None

    def nouns(self) -> tuple[Any, ...]:
        """Returns the fields."""
        known = ((one.field_id or one.key, one) for one in self.fields or self.values or ())
        return tuple(one.noun(key) for key, one in known if key)


class LinkEntryWire(_Wire):
    """A type of link."""

    id: str
    name: str = ""
    inward: str = ""
    outward: str = ""


class LinkTypesWire(_Wire):
    """The answer of `/issueLinkType`."""

    issue_link_types: list[LinkEntryWire]

    def nouns(self) -> tuple[LinkKind, ...]:
        """Returns the types of link."""
        return tuple(
            LinkKind(clean(one.id), clean(one.name), clean(one.inward), clean(one.outward))
            for one in self.issue_link_types
        )


class PeopleWire(RootModel[list[UserWire]]):
    """The answer of `/user/search`."""

    def nouns(self) -> tuple[Person, ...]:
        """Returns those that can be put into a field."""
        return tuple(person for one in self.root if (person := one.person()) is not None)


class CommentWire(_Wire):
    """A comment as API v2 gives it: plain text."""

    id: str
    author: UserWire | None = None
    body: str | None = None

    def noun(self) -> TicketComment:
        """Returns the comment."""
        author = self.author.noun() if self.author else ""
        return TicketComment(clean(self.id), author, clean_block(self.body, 100_000))


class CommentsWire(_Wire):
    """A ticket's comments."""

    comments: list[CommentWire]


class RemoteObjectWire(_Wire):
    """Where a link to a page leads."""

    url: str = ""
    title: str = ""


class RemoteLinkWire(_Wire):
    """A link to a page."""

    global_id: str | None = None
    object: RemoteObjectWire = RemoteObjectWire()


class RemoteLinksWire(RootModel[list[RemoteLinkWire]]):
    """The answer of `/issue/KAN-76/remotelink`."""


class CreatedWire(_Wire):
    """The answer to a new ticket."""

    id: str
    key: str
