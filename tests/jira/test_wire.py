"""From JSON to nouns: odd shapes, wrong types with their path, hostile text, who waits for whom."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cidash.domain.epic import StatusCategory, TicketLink
from cidash.domain.text import clean
from cidash.jira.history_wire import TicketHistoryWire
from cidash.jira.keys import key_order
from cidash.jira.wire import SearchPageWire, TicketWire, TransitionsWire

NAMES = (
    *("id", "key", "name", "value", "type", "inward", "outward", "inwardIssue", "outwardIssue", "fields", "summary"),
    *("status", "statusCategory", "issuelinks", "timetracking", "parent", "assignee", "displayName", "issuetype"),
)
STATUS = {"id": "3", "name": "In Arbeit", "statusCategory": {"id": 4, "key": "indeterminate", "name": "In Arbeit"}}


def fields(**changes: Any) -> dict[str, Any]:
    return {"summary": "Build", "status": STATUS, "issuetype": {"name": "Aufgabe", "hierarchyLevel": 0}, **changes}


def noun(**changes: Any) -> Any:
    body = json.dumps({"id": "10077", "key": "KAN-77", "fields": fields(**changes)})
    return TicketWire.model_validate_json(body).noun("https://example.atlassian.net")


def links(**link: Any) -> tuple[TicketLink, ...]:
    found: tuple[TicketLink, ...] = noun(issuelinks=[link]).links
    return found


def other(key: str = "KAN-76") -> dict[str, Any]:
    return {"id": "1", "key": key, "fields": {"summary": "Lint", "status": STATUS, "priority": None}}


def test_what_jira_left_out_is_none() -> None:
    ticket = noun(assignee=None, timetracking=None, issuelinks=None, parent=None)
    assert (ticket.assignee, ticket.parent_key, ticket.updated_at, ticket.status_since) == (None, None, None, None)
    assert (ticket.estimate_seconds, ticket.remaining_seconds, ticket.links) == (None, None, ())


def test_jiras_own_times_are_read() -> None:
    ticket = noun(updated="2026-02-01T10:00:00.000+0100", statuscategorychangedate="2026-01-31T23:59:59.123+0000")
    assert ticket.updated_at == datetime(2026, 2, 1, 9, tzinfo=UTC)
    assert ticket.status_since == datetime(2026, 1, 31, 23, 59, 59, 123_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given_fields", "estimate", "remaining"),
    [
        ({"timetracking": {"originalEstimateSeconds": 7200, "remainingEstimateSeconds": 0}}, 7200, 0),
        ({"timetracking": {}, "timeoriginalestimate": 3600, "timeestimate": 1800}, 3600, 1800),
        ({"timetracking": {"originalEstimate": "2h"}, "timeestimate": None}, None, None),
    ],
)
def test_estimates_are_seconds(given_fields: Any, estimate: float | None, remaining: float | None) -> None:
    ticket = noun(**given_fields)
    assert (ticket.estimate_seconds, ticket.remaining_seconds) == (estimate, remaining)


@pytest.mark.parametrize("category", [None, {}, {"key": None}, {"key": "in-flight"}, {"key": "Done"}])
def test_an_unknown_category_is_undefined(category: Any) -> None:
    status = {"id": "1", "name": "Done", "statusCategory": category}
    assert noun(status=status).status.category is StatusCategory.UNDEFINED


@pytest.mark.parametrize(
    ("issue_type", "level"),
    [
        ({"name": "Sub", "subtask": True}, -1),
        ({"name": "Task", "subtask": False}, 0),
        ({"name": "X", "hierarchyLevel": 1}, 1),
    ],
)
def test_the_level_comes_from_the_type(issue_type: Any, level: int) -> None:
    assert noun(issuetype=issue_type).hierarchy_level == level


@pytest.mark.parametrize(
    ("link_type", "end", "phrase", "blocks_me"),
    [
        (("Blocks", "is blocked by", "blocks"), "inwardIssue", "is blocked by", True),
        (("Blocks", "is blocked by", "blocks"), "outwardIssue", "blocks", False),
        (("Blocks", "wird blockiert von", "blockiert"), "inwardIssue", "wird blockiert von", True),
        (("Blocks", "wird blockiert von", "blockiert"), "outwardIssue", "blockiert", False),
        (("Hindernis", "is blocked by", "blocks"), "inwardIssue", "is blocked by", True),
        (("Blocks", "blocks", "is blocked by"), "inwardIssue", "blocks", False),
        (("Blocks", "blocks", "is blocked by"), "outwardIssue", "is blocked by", True),
        (("Dependency", "is depended on by", "depends on"), "outwardIssue", "depends on", True),
        (("Dependency", "is depended on by", "depends on"), "inwardIssue", "is depended on by", False),
        (("Relates", "relates to", "relates to"), "inwardIssue", "relates to", False),
        (("Blocks", "", ""), "inwardIssue", "Blocks", True),
        (("", "", ""), "inwardIssue", "", False),
    ],
)
def test_who_waits_for_whom(link_type: tuple[str, str, str], end: str, phrase: str, blocks_me: bool) -> None:
    name, inward, outward = link_type
    (link,) = links(id="1", type={"name": name, "inward": inward, "outward": outward}, **{end: other()})
    assert (link.phrase, link.key, link.blocks_me) == (phrase, "KAN-76", blocks_me)
    assert link.status.category is StatusCategory.INDETERMINATE


def test_a_link_whose_other_end_is_hidden_is_left_out_or_unknown() -> None:
    assert links(type={"name": "Blocks"}) == ()
    (link,) = links(type={"name": "Blocks", "inward": "is blocked by"}, inwardIssue={"key": "OPS-1"})
    assert (link.key, link.summary, link.status.category) == ("OPS-1", "", StatusCategory.UNDEFINED)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"summary": 5}, "fields.summary"),
        ({"status": None}, "fields.status"),
        ({"status": {"id": 3, "name": "x"}}, "fields.status.id"),
        ({"updated": 1_770_000_000}, "fields.updated"),
        ({"updated": "yesterday"}, "fields.updated"),
        ({"updated": "2026-02-01T10:00:00"}, "fields.updated"),
        ({"statuscategorychangedate": "0001-01-01T00:00:00.000+1400"}, "fields.statuscategorychangedate"),
        ({"issuelinks": {}}, "fields.issuelinks"),
        ({"issuelinks": [{"type": "Blocks"}]}, "fields.issuelinks.0.type"),
        ({"timetracking": {"remainingEstimateSeconds": "2h"}}, "fields.timetracking.remainingEstimateSeconds"),
        ({"timeestimate": -5}, "fields.timeestimate"),
        ({"issuetype": {"name": "Epic", "hierarchyLevel": "1"}}, "fields.issuetype.hierarchyLevel"),
        ({"assignee": "ada"}, "fields.assignee"),
    ],
)
def test_a_wrong_type_is_named_by_its_path(changes: Any, path: str) -> None:
    with pytest.raises(ValidationError) as caught:
        noun(**changes)
    assert ".".join(str(part) for part in caught.value.errors()[0]["loc"]) == path


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{}", b'{"issues":[', b"\xff\xfe", b'{"issues":' + b"[" * 100_000]
)
def test_no_body_breaks_more_than_the_reading(body: bytes) -> None:
    with pytest.raises(ValidationError):
        SearchPageWire.model_validate_json(body)


def test_hostile_text_is_cleaned_everywhere() -> None:
    evil = "\x1b]0;owned\x07a\x9b31m\u202eb\n[@click=app.quit]x[/]"
    status = {"id": evil, "name": evil, "statusCategory": {"key": evil}}
    ticket = noun(
        summary=evil,
        status=status,
        issuetype={"name": evil},
        assignee={"displayName": evil},
        parent={"key": evil},
        issuelinks=[
            {"type": {"name": evil, "inward": evil}, "inwardIssue": {"key": evil, "fields": {"summary": evil}}}
        ],
    )
    body = {
        "transitions": [
            {"id": evil, "name": evil, "to": status, "fields": {"f": {"name": evil, "schema": {"type": evil}}}}
        ]
    }
    moves = TransitionsWire.model_validate_json(json.dumps(body)).nouns()
    for text in (repr(ticket), repr(moves)):
        assert "\\x1b" not in text
        assert "\\x9b" not in text
        assert "\\u202e" not in text
        assert "\\n" not in text
    assert ticket.summary == "ab [@click=app.quit]x[/]"


def test_a_key_can_not_lead_the_browse_link_astray() -> None:
    body = json.dumps({"id": "1", "key": "../../evil?x=#", "fields": fields()})
    url = TicketWire.model_validate_json(body).noun("https://example.atlassian.net").url
    assert url == "https://example.atlassian.net/browse/..%2F..%2Fevil%3Fx%3D%23"


@pytest.mark.parametrize("key", ["", "1", "a b", "x\x1b[2J", "y" * 200, "resolution\n"])
def test_a_field_id_that_is_none_is_a_wrong_type(key: str) -> None:
    body = {"transitions": [{"id": "1", "name": "x", "to": STATUS, "fields": {key: {"required": True}}}]}
    with pytest.raises(ValidationError):
        TransitionsWire.model_validate_json(json.dumps(body))


def test_the_mover_is_read_from_the_newest_change_of_status() -> None:
    def entry(hour: int, who: str | None, field: str, to: str) -> dict[str, Any]:
        author = {"displayName": who} if who else None
        return {"created": f"2026-02-01T{hour}:00:00.000+0000", "author": author, "items": [{"field": field, "to": to}]}

    def mover(status_id: str, *entries: Any) -> str | None:
        body = json.dumps({"id": "1", "changelog": {"histories": entries}})
        return TicketHistoryWire.model_validate_json(body).mover_to(status_id)

    entries = [
        entry(10, "Ada", "status", "2"),
        entry(12, "Bob \x1b[1m", "status", "3"),
        entry(13, "Cy", "summary", "3"),
    ]
    assert mover("3", *entries) == mover("3", *reversed(entries)) == "Bob"
    assert mover("2", *entries) is None
    assert mover("3") is None
    assert mover("3", entry(14, None, "status", "3")) is None


@given(st.lists(st.integers(0, 10**18 - 1)))
def test_keys_sort_by_number(numbers: list[int]) -> None:
    keys = sorted((f"KAN-{number}" for number in numbers), key=key_order)
    assert keys == [f"KAN-{number}" for number in sorted(numbers)]


def test_odd_keys_sort_too() -> None:
    assert sorted(["b", "KAN-2", "A-1", ""], key=key_order) == ["", "A-1", "KAN-2", "b"]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(NAMES), ANYTHING, max_size=4))
def test_whatever_json_comes_it_is_a_ticket_or_a_wrong_type(changes: dict[str, Any]) -> None:
    try:
        ticket = noun(**changes)
    except ValidationError:
        return
    assert all(clean(link.summary) == link.summary for link in ticket.links)
    assert clean(ticket.summary) == ticket.summary


@given(ANYTHING)
def test_whatever_values_a_field_allows_the_options_are_text(values: Any) -> None:
    field = {"required": True, "allowedValues": [values, {"id": "1", "name": values}]}
    body = {"transitions": [{"id": "1", "name": "x", "to": STATUS, "fields": {"f": field}}]}
    (move,) = TransitionsWire.model_validate_json(json.dumps(body)).nouns()
    assert all(clean(one.id + one.name) == one.id + one.name for one in move.fields[0].options)
