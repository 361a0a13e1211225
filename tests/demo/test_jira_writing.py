"""The Jira demo, written to: transitions, edits, new issues, comments, links, and every way they are refused."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from cidash.demo.jira import JiraDemo, create_jira

ME = ("demo@example.com", "demo-jira-token")
READER = ("demo@example.com", "demo-jira-readonly")
DONE = {"transition": {"id": "41"}, "fields": {"resolution": {"id": "10000"}}}


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 2, 6, 9, 41, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def demo(clock: Clock) -> JiraDemo:
    return create_jira("review", 1.0, 40, clock)


@pytest.fixture
async def http(demo: JiraDemo) -> AsyncIterator[httpx.AsyncClient]:
    async with client(demo) as session:
        yield session


def client(demo: JiraDemo, auth: tuple[str, str] = ME) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=demo.app), base_url="http://jira.test", auth=auth)


async def move(http: httpx.AsyncClient, key: str, body: dict[str, Any], version: int = 3) -> httpx.Response:
    return await http.post(f"/rest/api/{version}/issue/{key}/transitions", json=body)


async def status(http: httpx.AsyncClient, key: str) -> str:
    return str((await http.get(f"/rest/api/3/issue/{key}")).json()["fields"]["status"]["name"])


async def offered(http: httpx.AsyncClient, key: str, query: str = "") -> list[dict[str, Any]]:
    body = (await http.get(f"/rest/api/3/issue/{key}/transitions{query}")).json()
    transitions: list[dict[str, Any]] = body["transitions"]
    return transitions


async def test_a_transition_says_what_its_screen_asks_for(http: httpx.AsyncClient) -> None:
    plain = await offered(http, "KAN-76")
    assert {each["id"]: each["to"]["name"] for each in plain} == {"41": "Done", "51": "In Progress"}
    assert all("fields" not in each for each in plain)
    done = next(each for each in await offered(http, "KAN-76", "?expand=transitions.fields") if each["id"] == "41")
    resolution = done["fields"]["resolution"]
    assert done["hasScreen"] is True
    assert resolution["required"] is True
    assert resolution["hasDefaultValue"] is False
    assert {each["name"] for each in resolution["allowedValues"]} == {"Done", "Won't Do", "Duplicate"}
    assert await offered(http, "KAN-76", "?transitionId=11") == []
    riding = (await http.get("/rest/api/3/issue/KAN-76?fields=status&expand=transitions")).json()["transitions"]
    assert [each["id"] for each in riding] == ["41", "51"]


async def test_a_move_is_204_empty_and_called_html_and_the_direct_read_shows_it(http: httpx.AsyncClient) -> None:
    answer = await move(http, "KAN-76", DONE)
    assert answer.status_code == 204
    assert answer.content == b""
    assert answer.headers["content-type"].startswith("text/html")
    fields = (await http.get("/rest/api/3/issue/KAN-76")).json()["fields"]
    assert fields["status"]["name"] == "Done"
    assert fields["resolution"]["name"] == "Done"


async def test_the_whole_way_there_and_back(http: httpx.AsyncClient, clock: Clock) -> None:
    way = [
        ("21", "In Progress"),
        ("31", "In Review"),
        ("51", "In Progress"),
        ("11", "To Do"),
        ("21", "In Progress"),
        ("31", "In Review"),
    ]
    for transition, expected in way:
        assert (await move(http, "KAN-77", {"transition": {"id": transition}})).status_code == 204
        assert await status(http, "KAN-77") == expected
        clock.forward(1)
    assert (await move(http, "KAN-77", DONE)).status_code == 204
    clock.forward(1)
    assert (await move(http, "KAN-77", {"transition": {"id": "61"}})).status_code == 204
    fields = (await http.get("/rest/api/3/issue/KAN-77")).json()["fields"]
    assert fields["status"]["name"] == "In Progress"
    assert fields["resolution"] is None


@pytest.mark.parametrize(
    ("body", "code", "errors", "messages"),
    [
        ({"transition": {"id": "41"}}, 400, {"resolution": "Resolution is required."}, []),
        (
            {"transition": {"id": "41"}, "fields": {"resolution": {"id": "7"}}},
            400,
            {"resolution": "The resolution you have selected is not valid."},
            [],
        ),
        ({"transition": {"id": "31"}}, 400, {}, ["Transition id '31' is not valid for this issue."]),
        ({"transition": {"id": "999"}}, 400, {}, ["Transition id '999' is not valid for this issue."]),
        ({"fields": {}}, 400, {}, ["Missing 'transition' identifier"]),
        (
            {"transition": {"id": "51"}, "fields": {"resolution": {"id": "10000"}}},
            400,
            {"resolution": "Field 'resolution' cannot be set. It is not on the appropriate screen, or unknown."},
            [],
        ),
    ],
)
async def test_a_move_that_cannot_be_is_refused_in_jiras_words_and_changes_nothing(
    http: httpx.AsyncClient, body: dict[str, Any], code: int, errors: dict[str, str], messages: list[str]
) -> None:
    answer = await move(http, "KAN-76", body)
    assert answer.status_code == code
    assert answer.json() == {"errorMessages": messages, "errors": errors}
    assert await status(http, "KAN-76") == "In Review"


async def test_two_moves_at_once_collide(http: httpx.AsyncClient, clock: Clock) -> None:
    assert (await move(http, "KAN-77", {"transition": {"id": 21}})).status_code == 204
    clock.forward(0.1)
    assert (await move(http, "KAN-77", {"transition": {"id": "31"}})).status_code == 409
    clock.forward(0.3)
    assert (await move(http, "KAN-77", {"transition": {"id": "31"}})).status_code == 204


async def test_without_the_permission_the_list_is_empty_with_200_and_writes_are_refused(demo: JiraDemo) -> None:
    async with client(demo, READER) as http:
        assert await offered(http, "KAN-76") == []
        assert (await move(http, "KAN-76", DONE)).status_code == 400
        assert (await http.post("/rest/api/2/issue/KAN-76/comment", json={"body": "x"})).status_code == 403
        assert (await http.put("/rest/api/2/issue/KAN-76", json={"fields": {"labels": []}})).status_code == 403
        assert (await http.post("/rest/api/2/issue", json={"fields": {}})).status_code == 403
        assert await status(http, "KAN-76") == "In Review"
    assert [write.status for write in demo.world.writes] == [400, 403, 403, 403]


async def test_a_comment_can_ride_on_a_move(http: httpx.AsyncClient) -> None:
    comment = {"update": {"comment": [{"add": {"body": "CI is green."}}]}}
    assert (await move(http, "KAN-76", {**DONE, **comment}, version=3)).status_code == 400
    assert await status(http, "KAN-76") == "In Review"
    assert (await move(http, "KAN-76", {**DONE, **comment}, version=2)).status_code == 204
    said = (await http.get("/rest/api/2/issue/KAN-76/comment")).json()["comments"]
    assert said[-1]["body"] == "CI is green."


async def test_comments_are_text_in_v2_and_documents_in_v3(http: httpx.AsyncClient) -> None:
    document = {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": "one"}, {"type": "hardBreak"}]}],
    }
    assert (await http.post("/rest/api/2/issue/KAN-76/comment", json={"body": "one"})).status_code == 201
    assert (await http.post("/rest/api/3/issue/KAN-76/comment", json={"body": document})).status_code == 201
    for version, body in ((3, "one"), (2, document), (2, ""), (3, None)):
        answer = await http.post(f"/rest/api/{version}/issue/KAN-76/comment", json={"body": body})
        assert answer.status_code == 400
        assert "comment" in answer.json()["errors"]


async def test_an_issue_is_made_under_the_epic_and_search_finds_it_after_the_lag(
    http: httpx.AsyncClient, clock: Clock
) -> None:
    fields = {
        "project": {"key": "KAN"},
        "issuetype": {"name": "Task"},
        "summary": "CI: add security scanning (bandit, safety, trivy)",
        "description": "Keep CI fast.",
        "parent": {"key": "KAN-40"},
        "labels": ["guide-KAN-86"],
        "timetracking": {"originalEstimate": "1h"},
    }
    made = await http.post("/rest/api/2/issue", json={"fields": fields})
    assert made.status_code == 201
    assert made.json()["key"] == "KAN-86"

    async def children(**more: Any) -> int:
        asked = {"jql": "parent = KAN-40 AND labels = guide-KAN-86", **more}
        return len((await http.post("/rest/api/3/search/jql", json=asked)).json()["issues"])

    assert await children() == 0
    assert await children(reconcileIssues=[10086]) == 1
    clock.forward(4.1)
    assert await children() == 1
    read = (await http.get("/rest/api/3/issue/KAN-86")).json()["fields"]
    assert read["timetracking"]["remainingEstimateSeconds"] == 3600
    assert read["status"]["name"] == "To Do"


async def test_an_issue_that_lacks_fields_is_refused_by_field(http: httpx.AsyncClient) -> None:
    answer = await http.post("/rest/api/2/issue", json={"fields": {"issuetype": {"name": "Sub-task"}}})
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"project", "summary", "parent"}
    known = {"project": {"id": "10001"}, "issuetype": {"id": "10002"}, "summary": "x"}
    for extra, named in (
        ({"resolution": {"id": "10000"}}, "resolution"),
        ({"labels": ["two words"]}, "labels"),
        ({"parent": {"key": "KAN-999"}}, "parent"),
        ({"assignee": {"accountId": "nobody"}}, "assignee"),
        ({"priority": {"id": "99"}}, "priority"),
        ({"timetracking": {"originalEstimate": "soon"}}, "timetracking"),
        ({"customfield_10026": "many"}, "customfield_10026"),
        ({"description": {"type": "doc"}}, "description"),
    ):
        answer = await http.post("/rest/api/2/issue", json={"fields": {**known, **extra}})
        assert answer.status_code == 400
        assert set(answer.json()["errors"]) == {named}


async def test_an_edit_changes_fields_and_labels(http: httpx.AsyncClient) -> None:
    answer = await http.put(
        "/rest/api/2/issue/KAN-79",
        json={"fields": {"customfield_10026": 8}, "update": {"labels": [{"add": "release"}, {"remove": "ci"}]}},
    )
    assert answer.status_code == 204
    fields = (await http.get("/rest/api/2/issue/KAN-79")).json()["fields"]
    assert fields["labels"] == ["hardening", "release"]
    assert fields["customfield_10026"] == 8
    both = await http.put(
        "/rest/api/2/issue/KAN-79", json={"fields": {"labels": []}, "update": {"labels": [{"add": "x"}]}}
    )
    assert both.status_code == 400


async def test_links_between_issues_and_out_of_jira(http: httpx.AsyncClient) -> None:
    link = {"type": {"name": "Blocks"}, "inwardIssue": {"key": "KAN-77"}, "outwardIssue": {"key": "KAN-78"}}
    made = await http.post("/rest/api/3/issueLink", json=link)
    assert (made.status_code, made.content) == (201, b"")
    seen = (await http.get("/rest/api/3/issue/KAN-78?fields=issuelinks")).json()["fields"]["issuelinks"]
    assert [each["inwardIssue"]["key"] for each in seen] == ["KAN-77"]
    assert (await http.post("/rest/api/3/issueLink", json={**link, "type": {"name": "Eats"}})).status_code == 404
    remote = {"globalId": "cidash=run-1", "object": {"url": "http://x.test/1", "title": "CI run"}}
    first = await http.post("/rest/api/3/issue/KAN-76/remotelink", json=remote)
    again = await http.post("/rest/api/3/issue/KAN-76/remotelink", json=remote)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert len((await http.get("/rest/api/3/issue/KAN-76/remotelink")).json()) == 1
    one = await http.get("/rest/api/3/issue/KAN-76/remotelink", params={"globalId": "cidash=run-1"})
    assert one.json()["object"]["title"] == "CI run"
    assert (await http.post("/rest/api/3/issue/KAN-76/remotelink", json={})).status_code == 400


async def test_more_than_20_writes_in_2_seconds_on_one_issue_are_refused(
    http: httpx.AsyncClient, demo: JiraDemo, clock: Clock
) -> None:
    codes = [
        (await http.post("/rest/api/2/issue/KAN-76/comment", json={"body": str(number)})).status_code
        for number in range(21)
    ]
    assert codes == [201] * 20 + [429]
    refused = await http.post("/rest/api/2/issue/kan-76/comment", json={"body": "x"})
    assert refused.headers["ratelimit-reason"] == "jira-per-issue-on-write"
    assert refused.headers["retry-after"] == "2"
    assert (await http.post("/rest/api/2/issue/KAN-77/comment", json={"body": "x"})).status_code == 201
    clock.forward(2.1)
    assert (await http.post("/rest/api/2/issue/KAN-76/comment", json={"body": "x"})).status_code == 201
    assert demo.world.writes[-1].body == {"body": "x"}


async def test_an_answer_can_be_lost_after_the_work_is_done(http: httpx.AsyncClient, demo: JiraDemo) -> None:
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, Response

    def lost(request: Request, answer: Response) -> Response | None:
        return PlainTextResponse("gateway timeout", 504) if request.method == "POST" else None

    demo.world.answer_faults = lost
    assert (await move(http, "KAN-76", DONE)).status_code == 504
    assert await status(http, "KAN-76") == "Done"


async def test_bodies_that_are_no_json_are_400(http: httpx.AsyncClient) -> None:
    for content in (b"{", b"[]", b'"x"'):
        answer = await http.post("/rest/api/3/issue/KAN-76/transitions", content=content)
        assert answer.status_code == 400
    assert (await http.post("/rest/api/3/issue/KAN-86/transitions", json=DONE)).status_code == 404
