"""Reading: the epic with its children, paging, lag, tickets, transitions, and a start without network."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from cidash.domain.epic import StatusCategory
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.secret import Secret
from cidash.jira.client import JiraClient
from cidash.jira.wire import TICKET_FIELDS
from cidash.transport.bodies import MemoryBodies, StoredBody


async def problem_of(question: Any) -> Problem:
    with pytest.raises(SourceError) as caught:
        await question
    return caught.value.problem


async def test_an_epic_and_its_children_come_with_one_request(jira: Any, client: JiraClient) -> None:
    epic = await client.epic("kan-40")
    assert epic.ticket.key == "KAN-40"
    assert epic.ticket.hierarchy_level == 1
    assert [child.key for child in epic.children] == ["KAN-9", "KAN-76"]
    assert [child.status.category for child in epic.children] == [StatusCategory.DONE, StatusCategory.INDETERMINATE]
    assert epic.children[0].parent_key == "KAN-40"
    assert epic.children[0].updated_at == datetime(2026, 2, 1, 10, tzinfo=UTC)
    (request,) = jira.seen
    params = dict(request.params)
    assert request.path == "/rest/api/3/search/jql"
    assert params["jql"] == "key = KAN-40 OR parent = KAN-40 ORDER BY key"
    assert params["fields"] == ",".join(TICKET_FIELDS)
    assert "reconcileIssues" not in params


async def test_children_stand_in_natural_order_over_all_pages(jira: Any, client: JiraClient) -> None:
    jira.page_size = 2
    for number in (100, 10, 77):
        jira.add(number, "one more", 40)
    epic = await client.epic("KAN-40")
    assert [child.key for child in epic.children] == ["KAN-9", "KAN-10", "KAN-76", "KAN-77", "KAN-100"]
    assert [dict(one.params).get("nextPageToken") for one in jira.seen] == [None, "2", "4"]


async def test_a_ticket_that_slides_to_the_next_page_is_listed_once(
    jira: Any, client: JiraClient, reply: Callable[..., Any]
) -> None:
    first, second = jira.tickets["KAN-40"], jira.tickets["KAN-76"]
    jira.instead("GET", "/search/jql", reply({"issues": [second], "isLast": True}))
    jira.instead("GET", "/search/jql", reply({"issues": [first, second], "nextPageToken": "a"}), once=True)
    assert [child.key for child in (await client.epic("KAN-40")).children] == ["KAN-76"]


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ({"issues": [], "nextPageToken": "again"}, "already read"),
        ({"issues": [], "isLast": False}, "no way to the next page"),
    ],
)
async def test_paging_that_does_not_end_well_is_no_list(
    jira: Any, client: JiraClient, reply: Callable[..., Any], page: Any, words: str
) -> None:
    jira.instead("GET", "/search/jql", reply(page))
    problem = await problem_of(client.epic("KAN-40"))
    assert problem.kind is ProblemKind.BAD_ANSWER
    assert words in problem.sentence
    assert client.recall_epic("KAN-40") is None


async def test_paging_is_bounded(
    jira: Any, client: JiraClient, reply: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cidash.jira.client.PAGE_LIMIT", 3)
    for token in "abcd":
        jira.instead("GET", "/search/jql", reply({"issues": [], "nextPageToken": token}), once=True)
    assert (await problem_of(client.epic("KAN-40"))).kind is ProblemKind.BAD_ANSWER
    assert len(jira.seen) == 3


async def test_reconciled_tickets_are_read_past_the_lag_of_the_search(jira: Any, client: JiraClient) -> None:
    jira.index = dict(jira.tickets)
    jira.add(76, "Lint checks", 40, "Done")
    lagging = await client.epic("KAN-40")
    assert lagging.children[1].status.name == "In Review"
    fresh = await client.epic("KAN-40", reconcile=["10076", "10009", "10076"])
    assert fresh.children[1].status.name == "Done"
    assert [value for name, value in jira.seen[-1].params if name == "reconcileIssues"] == ["10076", "10009"]
    assert (await client.ticket("KAN-76")).status.name == "Done"


async def test_no_more_ids_are_reconciled_than_jira_takes(jira: Any, client: JiraClient) -> None:
    await client.epic("KAN-40", reconcile=[str(number) for number in range(60)])
    sent = [value for name, value in jira.seen[-1].params if name == "reconcileIssues"]
    assert sent == [str(number) for number in range(10, 60)]


@pytest.mark.parametrize(
    "key",
    ["", "KAN", "40", "K-1", "KAN-40 OR key > 0", 'KAN-40"', "KAN-40\n", "KAN-４０", "../x", "KAN-1/../2", "a" * 500],
)
async def test_nothing_but_a_key_goes_into_jql_or_a_path(jira: Any, client: JiraClient, key: str) -> None:
    if key.strip() == "KAN-40":
        assert (await client.epic(key)).ticket.key == "KAN-40"
        return
    for question in (client.epic(key), client.ticket(key), client.transitions(key)):
        problem = await problem_of(question)
        assert problem.kind is ProblemKind.REFUSED
        assert "KAN-40" in problem.sentence
    assert (await problem_of(client.epic("KAN-40", reconcile=["1) OR (1"]))).kind is ProblemKind.REFUSED
    assert client.recall_epic(key) is None
    assert jira.seen == []


async def test_an_epic_that_is_not_there_says_which_where_and_why(jira: Any, client: JiraClient) -> None:
    problem = await problem_of(client.epic("KAN-86"))
    assert problem.kind is ProblemKind.NOT_FOUND
    for word in ("KAN-86", "127.0.0.1", "token"):
        assert word in problem.sentence


async def test_a_search_that_refuses_an_unknown_key_ends_in_the_same_sentence(
    jira: Any, client: JiraClient, reply: Callable[..., Any]
) -> None:
    refusal = {"errorMessages": ["An issue with key 'KAN-86' does not exist for field 'key'."], "errors": {}}
    jira.instead("GET", "/search/jql", reply(refusal, 400))
    assert (await problem_of(client.epic("KAN-86"))).kind is ProblemKind.NOT_FOUND
    problem = await problem_of(client.epic("KAN-40"))
    assert problem.kind is ProblemKind.REFUSED
    assert "KAN-86' does not exist" in problem.sentence


async def test_an_epic_that_the_search_does_not_know_yet_is_read_directly(
    jira: Any, client: JiraClient, clock: Any
) -> None:
    jira.index = {}
    epic = await client.epic("KAN-40")
    assert epic.ticket.summary.startswith("Make CI fast")
    assert epic.children == ()
    assert client.recall_epic("KAN-40") == (epic, clock.now())


async def test_an_epic_that_moved_to_another_project_keeps_its_children(
    jira: Any, client: JiraClient, reply: Callable[..., Any]
) -> None:
    moved = {**jira.tickets["KAN-40"], "key": "OPS-7"}
    jira.tickets["KAN-76"]["fields"]["parent"] = {"key": "OPS-7"}
    jira.instead("GET", "/search/jql", reply({"issues": [moved, jira.tickets["KAN-76"]], "isLast": True}))
    jira.instead("GET", "/issue/KAN-40", reply(moved))
    epic = await client.epic("KAN-40")
    assert epic.ticket.key == "OPS-7"
    assert [child.key for child in epic.children] == ["KAN-76"]
    recalled = client.recall_epic("KAN-40")
    assert recalled is not None
    assert recalled[0] == epic


async def test_a_ticket_with_another_parent_is_no_child(
    jira: Any, client: JiraClient, reply: Callable[..., Any]
) -> None:
    jira.add(50, "of another epic", 41)
    jira.instead("GET", "/search/jql", reply({"issues": list(jira.tickets.values()), "isLast": True}))
    assert [child.key for child in (await client.epic("KAN-40")).children] == ["KAN-9", "KAN-76"]


async def test_basic_with_an_email_and_bearer_without(jira: Any, clock: Any, bodies: MemoryBodies) -> None:
    for email, wanted in (
        ("ädä@example.com", "Basic " + base64.b64encode("ädä@example.com:t0k".encode()).decode()),
        (None, "Bearer t0k"),
    ):
        client = JiraClient(jira.url + "/", email, Secret("t0k\n"), bodies, clock)
        assert await client.myself() == "Ada Lovelace"
        await client.close()
        assert jira.seen[-1].headers["authorization"] == wanted
        assert jira.seen[-1].path == "/rest/api/3/myself"


@pytest.mark.parametrize("token", ["", " ", "two\r\nX-Evil: lines", "tök"])
async def test_a_token_that_is_none_is_not_sent(jira: Any, clock: Any, bodies: MemoryBodies, token: str) -> None:
    client = JiraClient(jira.url, None, Secret(token), bodies, clock)
    problem = await problem_of(client.myself())
    await client.close()
    assert problem.kind is ProblemKind.UNAUTHORIZED
    assert jira.seen == []


async def test_through_a_gateway_links_still_lead_to_the_site(jira: Any, clock: Any, bodies: MemoryBodies) -> None:
    gateway = JiraClient("https://example.atlassian.net", "a@b.c", Secret("t"), bodies, clock, jira.url + "/ex/jira/c1")
    body = json.dumps(jira.tickets["KAN-76"]).encode()
    jira.instead("GET", "/ex/jira/c1/rest/api/3/issue/KAN-76", body=body)
    ticket = await gateway.ticket("KAN-76")
    await gateway.close()
    assert ticket.url == "https://example.atlassian.net/browse/KAN-76"


async def test_transitions_tell_what_they_ask_for(jira: Any, client: JiraClient, reply: Callable[..., Any]) -> None:
    resolution = {
        "required": True,
        "name": "Resolution",
        "key": "resolution",
        "schema": {"type": "resolution", "system": "resolution"},
        "operations": ["set"],
        "hasDefaultValue": False,
        "allowedValues": [{"id": "10000", "name": "Done"}, {"id": "10001", "name": "Won't \x1b]0;x\x07do"}],
    }
    choice = {
        "required": True,
        "name": "Team",
        "schema": {"type": "array", "items": "option", "custom": "x"},
        "hasDefaultValue": True,
        "allowedValues": [
            {"id": "1", "value": "CI"},
            {"id": "2", "value": "old", "disabled": True},
            {"value": "?"},
            "x",
        ],
    }
    done = {"id": "10003", "name": "Done", "statusCategory": {"key": "done"}}
    moves = [
        {
            "id": "41",
            "name": "Done…",
            "to": done,
            "isAvailable": True,
            "fields": {"resolution": resolution, "cf_1": choice},
        },
        {"id": "51", "name": "Hidden", "to": done, "isAvailable": False},
    ]
    jira.instead("GET", "/transitions", reply({"expand": "transitions", "transitions": moves}))
    (transition,) = await client.transitions("KAN-76")
    assert dict(jira.seen[-1].params) == {"expand": "transitions.fields"}
    assert transition.to.category is StatusCategory.DONE
    assert [one.key for one in transition.required_fields] == ["resolution"]
    first, second = transition.fields
    assert [(one.id, one.name) for one in first.options] == [("10000", "Done"), ("10001", "Won't do")]
    assert (second.type, second.items, second.has_default) == ("array", "option", True)
    assert [(one.id, one.name) for one in second.options] == [("1", "CI")]


async def test_no_right_to_move_looks_like_no_transition(
    jira: Any, client: JiraClient, reply: Callable[..., Any]
) -> None:
    jira.instead("GET", "/transitions", reply({"transitions": []}))
    assert await client.transitions("KAN-76") == ()


async def test_the_last_good_epic_is_recalled_whatever_came_after(
    jira: Any, client: JiraClient, clock: Any, bodies: MemoryBodies
) -> None:
    jira.page_size = 1
    read_at = clock.now()
    epic = await client.epic("KAN-40")
    clock.pass_seconds(20)
    jira.instead("GET", "/search/jql", status=502)
    await problem_of(client.epic("KAN-40"))
    other = JiraClient(jira.url, None, Secret("another"), bodies, clock)
    assert other.recall_epic("KAN-40") == (epic, read_at)
    assert other.recall_epic("KAN-41") is None
    jira.restore()
    await client.epic("KAN-40")
    assert other.recall_epic("KAN-40") == (epic, read_at.replace(second=20))
    await other.close()


async def test_an_unchanged_epic_is_not_written_again(
    jira: Any, client: JiraClient, bodies: MemoryBodies, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[StoredBody] = []
    monkeypatch.setattr(bodies, "save", lambda _url, stored: saved.append(stored))
    for _ in range(3):
        await client.epic("KAN-40")
    assert len(saved) == 1
    assert "s3cret" not in repr(saved)


async def test_a_broken_stored_epic_is_none(jira: Any, client: JiraClient, bodies: MemoryBodies, clock: Any) -> None:
    await client.epic("KAN-40")
    (address,) = bodies._bodies
    for body in (b"", b"{", b'{"root":"1","pages":[]}', b'{"root":1}'):
        bodies.save(address, StoredBody(body, None, "", clock.now()))
        assert client.recall_epic("KAN-40") is None


def test_a_start_from_the_store_imports_no_http_and_no_jira() -> None:
    program = (
        "import sys\n"
        "from cidash.domain.clock import SystemClock\n"
        "from cidash.domain.secret import Secret\n"
        "from cidash.jira.actions import JiraActions\n"
        "from cidash.jira.client import JiraClient\n"
        "from cidash.transport.bodies import MemoryBodies\n"
        "client = JiraClient('https://x.atlassian.net', 'a@b.c', Secret('t'), MemoryBodies(), SystemClock())\n"
        "JiraActions(client)\n"
        "assert client.recall_epic('KAN-40') is None\n"
        "print(sorted({'httpx', 'jira', 'requests', 'textual', 'github'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
