"""The Jira demo, read: the story, search and its lag, paging, versions, login, limits."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from cidash.demo.jira import JiraDemo, create_jira

ME = ("demo@example.com", "demo-jira-token")
READER = ("demo@example.com", "demo-jira-readonly")
START = datetime(2026, 2, 6, 9, 41, 30, tzinfo=UTC)
TYPE_JSON = "application/json"


class Clock:
    def __init__(self) -> None:
        self.at = START

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


def client(demo: JiraDemo, auth: tuple[str, str] | None = ME) -> httpx.AsyncClient:
    demo.set_url("http://jira.test/")
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=demo.app), base_url="http://jira.test", auth=auth)


async def search(http: httpx.AsyncClient, jql: str, **more: Any) -> dict[str, Any]:
    answer = await http.post(
        "/rest/api/3/search/jql", json={"jql": jql, "fields": ["summary", "status", "updated"], **more}
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def keys(http: httpx.AsyncClient, jql: str, **more: Any) -> list[str]:
    return [issue["key"] for issue in (await search(http, jql, **more))["issues"]]


async def test_the_epic_has_its_five_children_and_each_stands_where_the_guide_says(http: httpx.AsyncClient) -> None:
    found = (await search(http, "parent = KAN-40 ORDER BY key ASC"))["issues"]
    stands = {issue["key"]: issue["fields"]["status"] for issue in found}
    assert {key: status["name"] for key, status in stands.items()} == {
        "KAN-76": "In Review",
        "KAN-77": "To Do",
        "KAN-78": "To Do",
        "KAN-79": "To Do",
        "KAN-80": "Done",
    }
    assert {status["statusCategory"]["key"] for status in stands.values()} == {"new", "indeterminate", "done"}
    assert (await http.get("/rest/api/3/issue/KAN-86")).status_code == 404


async def test_in_the_closed_scenario_everything_is_done(clock: Clock) -> None:
    async with client(create_jira("closed", 1.0, 40, clock)) as http:
        clock.forward(600)
        found = (await search(http, "parent = KAN-40 OR key = KAN-40"))["issues"]
    assert len(found) == 6
    assert {issue["fields"]["status"]["statusCategory"]["key"] for issue in found} == {"done"}


def test_an_unknown_scenario_is_named() -> None:
    with pytest.raises(ValueError, match="no scenario 'later'"):
        create_jira("later", 1.0, 40, Clock())


async def test_an_issue_carries_what_a_dashboard_needs(http: httpx.AsyncClient) -> None:
    fields = (await http.get("/rest/api/3/issue/KAN-77")).json()["fields"]
    assert fields["parent"]["key"] == "KAN-40"
    assert fields["parent"]["fields"]["issuetype"]["hierarchyLevel"] == 1
    assert fields["project"]["simplified"] is False
    assert fields["timetracking"]["originalEstimateSeconds"] == 45 * 60
    assert fields["timetracking"]["originalEstimate"] == "45m"
    blocker = next(link for link in fields["issuelinks"] if "inwardIssue" in link)
    assert blocker["type"]["inward"] == "is blocked by"
    assert blocker["inwardIssue"]["key"] == "KAN-76"
    assert blocker["inwardIssue"]["fields"]["status"]["statusCategory"]["key"] == "indeterminate"
    assert fields["customfield_10014"] == "KAN-40"


async def test_v3_speaks_documents_and_v2_plain_text(http: httpx.AsyncClient) -> None:
    old = (await http.get("/rest/api/2/issue/KAN-76?fields=description")).json()["fields"]["description"]
    new = (await http.get("/rest/api/3/issue/KAN-76?fields=description")).json()["fields"]["description"]
    assert old.startswith("A lint job")
    assert new["type"] == "doc"
    assert [block["type"] for block in new["content"]] == ["paragraph", "paragraph"]


async def test_the_old_search_is_gone_with_a_body_that_says_where_to(http: httpx.AsyncClient) -> None:
    for answer in (await http.get("/rest/api/2/search?jql=x"), await http.post("/rest/api/3/search", json={})):
        assert answer.status_code == 410
        assert "CHANGE-2046" in answer.json()["errorMessages"][0]


async def test_a_search_pages_by_token_and_knows_no_total(http: httpx.AsyncClient, demo: JiraDemo) -> None:
    demo.world.page_cap = 2
    first = await search(http, "parent = KAN-40 ORDER BY key")
    assert set(first) == {"issues", "isLast", "nextPageToken"}
    found, token = first["issues"], first["nextPageToken"]
    while token:
        page = await search(http, "parent = KAN-40 ORDER BY key", nextPageToken=token)
        found += page["issues"]
        token = page.get("nextPageToken")
        assert page["isLast"] is (token is None)
    assert [issue["key"] for issue in found] == ["KAN-76", "KAN-77", "KAN-78", "KAN-79", "KAN-80"]
    wrong = await http.post("/rest/api/3/search/jql", json={"jql": "project = KAN", "nextPageToken": "abc"})
    assert wrong.status_code == 400


async def test_fields_are_id_only_unless_asked_for(http: httpx.AsyncClient) -> None:
    answer = await http.get("/rest/api/3/search/jql", params={"jql": "key = KAN-76"})
    assert answer.json() == {"issues": [{"id": "10076"}], "isLast": True}
    chosen = await http.get("/rest/api/3/search/jql", params={"jql": "key = KAN-76", "fields": "summary,labels"})
    assert set(chosen.json()["issues"][0]["fields"]) == {"summary", "labels"}


@pytest.mark.parametrize(
    ("jql", "expected"),
    [
        ("parent in (KAN-40, KAN-77) AND status = 'In Review'", ["KAN-76"]),
        ("key in (kan-76, 10080) order by key desc", ["KAN-80", "KAN-76"]),
        ("project = KAN AND statusCategory = done", ["KAN-80"]),
        ('parent = KAN-40 AND updated >= "-60m"', ["KAN-76"]),
        ("parent = KAN-40 AND assignee is EMPTY", ["KAN-79"]),
        ("parent = KAN-40 AND assignee = currentUser() AND NOT status = 'To Do'", ["KAN-76"]),
        ("labels = hardening AND statusCategory != new AND issuetype = Task ORDER BY key", ["KAN-76", "KAN-80"]),
        ("status not in ('To Do', Done) AND issuetype = Epic", ["KAN-40"]),
    ],
)
async def test_the_jql_that_readers_of_epics_use(http: httpx.AsyncClient, jql: str, expected: list[str]) -> None:
    assert await keys(http, jql) == expected


@pytest.mark.parametrize(
    ("jql", "words"),
    [
        ("", "Unbounded"),
        ("ORDER BY key", "Unbounded"),
        ("parent = KAN-86", "An issue with key 'KAN-86' does not exist for field 'parent'."),
        ("colour = red", "Field 'colour' does not exist"),
        ("parent =", "the end of the query"),
        ("parent = KAN-40 AND", "the end of the query"),
        ("parent ~ KAN-40", "was not expected"),
        ("updated > soon", "Date value 'soon' is invalid"),
        ('key = "', "not understood"),
    ],
)
async def test_bad_jql_is_400_with_a_sentence(http: httpx.AsyncClient, jql: str, words: str) -> None:
    answer = await http.post("/rest/api/3/search/jql", json={"jql": jql})
    assert answer.status_code == 400
    assert words in answer.json()["errorMessages"][0]


async def test_unknown_keys_in_a_search_body_and_too_many_reconciled_are_refused(http: httpx.AsyncClient) -> None:
    for body in ({"startAt": 0}, {"reconcileIssues": list(range(51))}, {"reconcileIssues": ["KAN-1"]}, {"fields": "a"}):
        answer = await http.post("/rest/api/3/search/jql", json={"jql": "key = KAN-76", **body})
        assert answer.status_code == 400, body


async def test_search_lags_behind_a_write_unless_the_issue_is_reconciled(http: httpx.AsyncClient, clock: Clock) -> None:
    await http.put("/rest/api/3/issue/KAN-76", json={"fields": {"summary": "new words"}})

    async def found(**more: Any) -> str:
        page = await search(http, "key = KAN-76", **more)
        return str(page["issues"][0]["fields"]["summary"])

    assert (await http.get("/rest/api/3/issue/KAN-76")).json()["fields"]["summary"] == "new words"
    assert await found() == "CI: lint/format checks (ruff + black)"
    assert await found(reconcileIssues=[10076]) == "new words"
    clock.forward(3.9)
    assert await found() != "new words"
    clock.forward(0.2)
    assert await found() == "new words"


async def test_a_colleague_takes_a_ticket_after_45_seconds_whoever_looks(http: httpx.AsyncClient, clock: Clock) -> None:
    async def status() -> str:
        return str((await http.get("/rest/api/3/issue/KAN-78")).json()["fields"]["status"]["name"])

    clock.forward(44)
    assert await status() == "To Do"
    clock.forward(2)
    assert await status() == "In Progress"
    fields = (await http.get("/rest/api/3/issue/KAN-78")).json()["fields"]
    assert fields["updated"] == fields["statuscategorychangedate"] == "2026-02-06T09:42:15.000+0000"


async def test_the_pace_moves_the_colleague_and_leaves_a_ticket_that_has_moved_on(clock: Clock) -> None:
    demo = create_jira("review", 0.1, 40, clock)
    async with client(demo) as http:
        clock.forward(1)
        for transition in ("21", "31"):
            answer = await http.post("/rest/api/2/issue/KAN-78/transitions", json={"transition": {"id": transition}})
            assert answer.status_code == 204
            clock.forward(1)
        clock.forward(10)
        status = (await http.get("/rest/api/2/issue/KAN-78")).json()["fields"]["status"]["name"]
    assert status == "In Review"
    assert demo.world.colleague_moves == []


async def test_count_bulk_fetch_and_the_reads_around_the_issues(http: httpx.AsyncClient) -> None:
    count = await http.post("/rest/api/3/search/approximate-count", json={"jql": "parent = KAN-40"})
    assert count.json() == {"count": 5}
    bulk = await http.post(
        "/rest/api/3/issue/bulkfetch",
        json={"issueIdsOrKeys": ["KAN-80", "10076", "KAN-86"], "fields": ["status"]},
    )
    assert [issue["key"] for issue in bulk.json()["issues"]] == ["KAN-76", "KAN-80"]
    assert bulk.json()["issueErrors"][0]["id"] == "KAN-86"
    assert (await http.get("/rest/api/2/serverInfo")).json()["deploymentType"] == "Cloud"
    assert (await http.get("/rest/api/3/myself")).json()["displayName"] == "Dana Engineer"
    kinds = (await http.get("/rest/api/3/issue/createmeta/KAN/issuetypes")).json()["issueTypes"]
    assert {"Epic": 1, "Task": 0, "Sub-task": -1}.items() <= {
        each["name"]: each["hierarchyLevel"] for each in kinds
    }.items()
    task = (await http.get("/rest/api/3/issue/createmeta/KAN/issuetypes/10002")).json()["fields"]
    assert {"summary", "issuetype", "project"} == {each["fieldId"] for each in task if each["required"]}
    fields = {each["id"]: each for each in (await http.get("/rest/api/3/field")).json()}
    assert fields["customfield_10026"]["schema"]["custom"].endswith(":float")
    assert len((await http.get("/rest/api/3/status")).json()) == 4
    assert [each["name"] for each in (await http.get("/rest/api/3/resolution")).json()] == [
        "Done",
        "Won't Do",
        "Duplicate",
    ]
    assert [each["displayName"] for each in (await http.get("/rest/api/3/user/search?query=robin")).json()] == [
        "Robin Colleague"
    ]
    assert (await http.get("/rest/api/3/project/KAN")).json()["style"] == "classic"
    assert (await http.get("/rest/api/3/project/XXX")).status_code == 404
    assert "Blocks" in (await http.get("/rest/api/3/issueLinkType")).text
    assert (await http.get("/rest/api/3/nowhere")).json()["errorMessages"]


async def test_permissions_are_told_ahead_of_time(http: httpx.AsyncClient, demo: JiraDemo) -> None:
    asked = "/rest/api/3/mypermissions?issueKey=KAN-76&permissions=TRANSITION_ISSUES,BROWSE_PROJECTS"
    assert (await http.get(asked)).json()["permissions"]["TRANSITION_ISSUES"]["havePermission"] is True
    async with client(demo, READER) as reader:
        given = (await reader.get(asked)).json()["permissions"]
    assert (given["TRANSITION_ISSUES"]["havePermission"], given["BROWSE_PROJECTS"]["havePermission"]) == (False, True)
    assert (await http.get("/rest/api/3/mypermissions")).status_code == 400


async def test_a_wrong_login_is_401_and_some_pages_need_none(demo: JiraDemo) -> None:
    for wrong in (None, ("demo@example.com", "wrong"), ("", "")):
        async with client(demo, wrong) as http:
            assert (await http.get("/rest/api/3/myself")).status_code == 401
            assert (await http.get("/rest/api/3/issue/KAN-76")).status_code == 401
            assert (await http.get("/rest/api/3/serverInfo")).status_code == 200
            assert "cloudId" in (await http.get("/_edge/tenant_info")).json()
            page = await http.get("/browse/KAN-36")
            assert page.status_code == 200
            assert "KAN-36" in page.text
    async with client(demo, None) as http:
        answer = await http.get("/rest/api/3/myself", headers={"Authorization": "Bearer demo-jira-token"})
        assert answer.status_code == 401


async def test_answers_carry_no_etag_but_limits_that_count(http: httpx.AsyncClient, demo: JiraDemo) -> None:
    first = await http.get("/rest/api/3/issue/KAN-76")
    second = await http.get("/rest/api/3/issue/KAN-77")
    assert "etag" not in first.headers
    assert first.headers["cache-control"].startswith("no-cache")
    assert first.headers["x-ratelimit-limit"] == "100"
    assert int(second.headers["x-ratelimit-remaining"]) == int(first.headers["x-ratelimit-remaining"]) - 1


async def test_a_burst_is_429_with_its_reason_and_passes(http: httpx.AsyncClient, demo: JiraDemo, clock: Clock) -> None:
    demo.world.burst_limit = 1
    assert (await http.get("/rest/api/3/issue/KAN-76")).status_code == 200
    refused = await http.get("/rest/api/3/issue/KAN-76")
    assert refused.status_code == 429
    assert refused.headers["ratelimit-reason"] == "jira-burst-based"
    assert refused.headers["retry-after"] == "5"
    assert refused.headers["x-ratelimit-remaining"] == "0"
    clock.forward(1.1)
    assert (await http.get("/rest/api/3/issue/KAN-76")).status_code == 200
    demo.world.burst_limit = 0
    page = await http.post("/rest/api/3/search/jql", json={"jql": "key = KAN-76"})
    assert page.status_code == 429
    assert page.headers["content-type"].startswith("text/html")


async def test_the_world_counts_requests_and_can_be_made_to_fail(http: httpx.AsyncClient, demo: JiraDemo) -> None:
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, Response

    def down(request: Request) -> Response | None:
        return PlainTextResponse("upstream", 502) if request.url.path.endswith("KAN-76") else None

    demo.world.faults = down
    assert (await http.get("/rest/api/3/issue/KAN-76")).status_code == 502
    assert (await http.get("/rest/api/3/issue/KAN-77")).status_code == 200
    assert demo.world.requests["GET /rest/api/3/issue/KAN-76"] == 1
    assert demo.world.writes == []


async def test_summaries_hold_what_strangers_write(http: httpx.AsyncClient) -> None:
    texts = [issue["fields"]["summary"] for issue in (await search(http, "project = KAN"))["issues"]]
    assert any("\x1b" in text for text in texts)
    assert any("\u202e" in text for text in texts)
    assert any("[@click=app.quit]x[/]" in text for text in texts)
