"""Questions about what surrounds the tickets, as values: server, fields, create screens, users, what changed."""

from collections.abc import Sequence

from cidash.domain.epic import LinkKind, Person, TicketComment, TicketType, TransitionField
from cidash.jira.making_wire import (
    BulkWire,
    ChangedPageWire,
    CommentsWire,
    CreateFieldsWire,
    CreateTypesWire,
    FieldListWire,
    LinkTypesWire,
    OffsetPageWire,
    PeopleWire,
    RemoteLinksWire,
    ServerInfoWire,
    TenantWire,
)
from cidash.jira.questions import API, PAGE_SIZE, Question
from cidash.jira.wire import SiteFields

TEXT_API = "/rest/api/2"
"""Version 2 gives and takes plain text where version 3 has documents."""
BULK_LIMIT = 100


def server_info() -> Question[ServerInfoWire]:
    """Asks what kind of Jira this is; answered without a login."""
    return Question(
        f"{TEXT_API}/serverInfo", (), ServerInfoWire.model_validate_json, "serverInfo", "what kind of Jira this is"
    )


def tenant_info() -> Question[TenantWire]:
    """Asks for the site's cloud id; answered without a login."""
    return Question(
        "/_edge/tenant_info", (), TenantWire.model_validate_json, "tenant_info", "the cloud id of this site"
    )


def fields() -> Question[SiteFields]:
    """Asks which of the site's own fields hold story points and the epic link."""

    def read(body: bytes) -> SiteFields:
        return FieldListWire.model_validate_json(body).site_fields()

    return Question(f"{API}/field", (), read, "field", "the fields of this site")


def bulk(keys: Sequence[str], wanted: Sequence[str]) -> Question[BulkWire]:
    """Asks for up to 100 tickets themselves: true at once, and keys that don't exist are left out."""
    body = {"issueIdsOrKeys": list(keys[:BULK_LIMIT]), "fields": list(wanted)}
    return Question(
        f"{API}/issue/bulkfetch", (), BulkWire.model_validate_json, "bulkfetch", f"{len(keys)} tickets", body
    )


def changed(jql: str, key: str, *, data_center: bool) -> Question[ChangedPageWire]:
    """Asks what changed lately, with as little as tells it."""
    path = f"{API}/search" if data_center else f"{API}/search/jql"
    params = (("jql", jql), ("fields", "status,assignee,updated"), ("maxResults", str(PAGE_SIZE)))
    return Question(path, params, ChangedPageWire.model_validate_json, "search", f"what changed in {key}")


def offset_page(jql: str, key: str, wanted: Sequence[str], start: int) -> Question[OffsetPageWire]:
    """Asks for one page of Data Center's search, which counts from an offset."""
    params = (
        ("jql", jql),
        ("fields", ",".join(wanted)),
        ("maxResults", str(PAGE_SIZE)),
        ("startAt", str(start)),
    )
    return Question(f"{API}/search", params, OffsetPageWire.model_validate_json, "search", f"the tickets of {key}")


def create_types(project: str) -> Question[tuple[TicketType, ...]]:
    """Asks which types of ticket this user may create in the project."""

    def read(body: bytes) -> tuple[TicketType, ...]:
        return CreateTypesWire.model_validate_json(body).nouns()

    return Question(
        f"{API}/issue/createmeta/{project}/issuetypes",
        (("maxResults", "50"),),
        read,
        "createmeta",
        f"what can be created in {project}",
    )


def create_fields(project: str, type_id: str) -> Question[tuple[TransitionField, ...]]:
    """Asks for the fields of one type's create screen."""

    def read(body: bytes) -> tuple[TransitionField, ...]:
        return CreateFieldsWire.model_validate_json(body).nouns()

    path = f"{API}/issue/createmeta/{project}/issuetypes/{type_id}"
    return Question(path, (("maxResults", "200"),), read, "createmeta", f"the create screen of {project}")


def link_kinds() -> Question[tuple[LinkKind, ...]]:
    """Asks for the types of link."""

    def read(body: bytes) -> tuple[LinkKind, ...]:
        return LinkTypesWire.model_validate_json(body).nouns()

    return Question(f"{API}/issueLinkType", (), read, "issueLinkType", "the types of link")


def people(text: str, *, data_center: bool) -> Question[tuple[Person, ...]]:
    """Asks for users whose name or address holds the text."""

    def read(body: bytes) -> tuple[Person, ...]:
        return PeopleWire.model_validate_json(body).nouns()

    params = (("username" if data_center else "query", text), ("maxResults", "20"))
    return Question(f"{API}/user/search", params, read, "user/search", "users")


def comments(key: str) -> Question[tuple[TicketComment, ...]]:
    """Asks for a ticket's newest comments, as plain text."""

    def read(body: bytes) -> tuple[TicketComment, ...]:
        return tuple(one.noun() for one in CommentsWire.model_validate_json(body).comments)

    params = (("orderBy", "-created"), ("maxResults", "50"))
    return Question(f"{TEXT_API}/issue/{key}/comment", params, read, "comment", f"the comments on {key}")


def page_links(key: str) -> Question[tuple[tuple[str, str, str], ...]]:
    """Asks for a ticket's links to web pages: (global id, URL, title)."""

    def read(body: bytes) -> tuple[tuple[str, str, str], ...]:
        found = RemoteLinksWire.model_validate_json(body).root
        return tuple((one.global_id or "", one.object.url, one.object.title) for one in found)

    return Question(f"{API}/issue/{key}/remotelink", (), read, "remotelink", f"the page links of {key}")
