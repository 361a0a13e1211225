"""Every bad answer is one sentence of the right kind, and limits are obeyed before anything is sent."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.secret import Secret
from cidash.jira.client import JiraClient
from cidash.transport.bodies import MemoryBodies

HTML = b"<!DOCTYPE html><html><body>Sorry</body></html>"
LOGIN = b"\n<html><form action='/login.jsp'><input name='os_username'><input type=\"password\"></form></html>"


async def problem_of(question: Any) -> Problem:
    with pytest.raises(SourceError) as caught:
        await question
    problem = caught.value.problem
    assert "s3cret" not in problem.sentence
    assert "\x1b" not in problem.sentence
    assert problem.sentence.endswith(".")
    return problem


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "word"),
    [
        (401, HTML, {}, ProblemKind.UNAUTHORIZED, "token"),
        (
            401,
            b"",
            {"X_Authentication_Denied_Reason": "CAPTCHA_CHALLENGE; login-url=x"},
            ProblemKind.UNAUTHORIZED,
            "captcha",
        ),
        (403, HTML, {"X_Authentication_Denied_Reason": "CAPTCHA_CHALLENGE"}, ProblemKind.UNAUTHORIZED, "captcha"),
        (403, b'{"errorMessages":["Nein \\u001b[31m!"]}', {}, ProblemKind.FORBIDDEN, "“Nein !”"),
        (404, b"{}", {}, ProblemKind.NOT_FOUND, "KAN-76"),
        (410, b'{"errorMessages":["Use /rest/api/3/search/jql"]}', {}, ProblemKind.NOT_FOUND, "search/jql"),
        (400, b'{"errorMessages":[],"errors":{"jql":"bad"}}', {}, ProblemKind.REFUSED, "“bad”"),
        (418, b'["odd", {"errors": 5}]', {}, ProblemKind.REFUSED, "418"),
        (500, HTML, {}, ProblemKind.SERVER_ERROR, "500"),
        (502, b"", {}, ProblemKind.SERVER_ERROR, "502"),
        (503, b"[" * 100_000, {}, ProblemKind.SERVER_ERROR, "503"),
        (302, b"", {"Location": "https://id.atlassian.com/login?x"}, ProblemKind.UNAUTHORIZED, "id.atlassian.com"),
        (302, b"", {"Location": "http://[broken"}, ProblemKind.BAD_ANSWER, "another page"),
        (307, b"", {"Location": "https://other.example/rest"}, ProblemKind.BAD_ANSWER, "other.example"),
        (204, b"", {}, ProblemKind.REFUSED, "204"),
        (200, HTML, {}, ProblemKind.BAD_ANSWER, "web page"),
        (200, LOGIN, {}, ProblemKind.UNAUTHORIZED, "login page"),
        (200, b"", {}, ProblemKind.BAD_ANSWER, "no JSON"),
        (200, b'{"id":"1","key":"KAN-76","fields":{"sum', {}, ProblemKind.BAD_ANSWER, "cut off"),
        (200, b"[]", {}, ProblemKind.BAD_ANSWER, "wrong shape"),
        (200, b'{"id":1,"key":"KAN-76","fields":{}}', {}, ProblemKind.BAD_ANSWER, "read: id: input should be"),
        (
            200,
            b'{"id":"1","key":"K-1","fields":{"status":{"id":"1"}}}',
            {},
            ProblemKind.BAD_ANSWER,
            "fields.status.name",
        ),
    ],
)
async def test_a_bad_answer_is_a_sentence(
    jira: Any,
    client: JiraClient,
    reply: Callable[..., Any],
    status: int,
    body: bytes,
    headers: Any,
    kind: Any,
    word: str,
) -> None:
    jira.instead("GET", "/issue/KAN-76", reply(body, status, **headers))
    problem = await problem_of(client.ticket("KAN-76"))
    assert problem.kind is kind
    assert word in problem.sentence
    assert "127.0.0.1" in problem.sentence
    assert problem.status == status
    assert len(jira.sent("GET", "KAN-76")) == 1


async def test_a_field_deep_in_a_page_is_named(jira: Any, client: JiraClient) -> None:
    jira.tickets["KAN-9"]["fields"]["status"] = {"id": 7, "name": "x"}
    problem = await problem_of(client.epic("KAN-40"))
    assert "issues[2].fields.status.id" in problem.sentence


async def test_a_cut_connection_is_unreachable(jira: Any, client: JiraClient, reply: Callable[..., Any]) -> None:
    jira.instead("GET", "/issue/KAN-76", body=b'{"id": "1"}', cut="body")
    assert (await problem_of(client.ticket("KAN-76"))).kind is ProblemKind.UNREACHABLE
    jira.restore()
    jira.instead("GET", "/issue/KAN-76", cut="before")
    assert (await problem_of(client.ticket("KAN-76"))).kind is ProblemKind.UNREACHABLE
    jira.restore()
    assert (await client.ticket("KAN-76")).key == "KAN-76"


async def test_nobody_there(clock: Any, bodies: MemoryBodies) -> None:
    client = JiraClient("http://127.0.0.1:1", "a@b.c", Secret("s3cret"), bodies, clock)
    assert (await problem_of(client.epic("KAN-40"))).kind is ProblemKind.UNREACHABLE
    await client.close()


async def test_a_site_without_the_new_search_says_so(jira: Any, client: JiraClient) -> None:
    jira.instead("GET", "/search/jql", status=404)
    problem = await problem_of(client.epic("KAN-40"))
    assert problem.kind is ProblemKind.NOT_FOUND
    assert "url" in problem.sentence


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"RateLimit_Reason": "jira-burst-based"}, 4),
        ({"RateLimit_Reason": "jira-burst-based", "Retry_After": "17"}, 17),
        ({"RateLimit_Reason": "jira-burst-based", "Retry_After": "0"}, 4),
        ({"RateLimit_Reason": "jira-burst-based", "Retry_After": "Sun, 01 Feb 2026 09:30:50 GMT"}, 50),
        ({"RateLimit_Reason": "jira-burst-based", "X_RateLimit_Reset": "2026-02-01T09:31:00Z"}, 60),
        ({"RateLimit_Reason": "jira-burst-based", "X_RateLimit_Reset": "soon"}, 4),
        ({"RateLimit_Reason": "jira-quota-tenant-based"}, 1800),
        ({"RateLimit_Reason": "jira-quota-global-based", "Retry_After": "60"}, 1800),
        ({"RateLimit_Reason": "jira-quota-global-based", "Retry_After": "2000"}, 2000),
        ({"RateLimit_Reason": "\x1b[2Jnew", "Retry_After": "nonsense"}, 4),
        ({}, 4),
    ],
)
async def test_how_long_a_limit_is_obeyed(
    jira: Any, client: JiraClient, clock: Any, reply: Callable[..., Any], headers: Any, seconds: int
) -> None:
    jira.instead("GET", "/search/jql", reply(HTML, 429, **headers))
    problem = await problem_of(client.epic("KAN-40"))
    assert problem.kind is ProblemKind.RATE_LIMITED
    assert problem.status == 429
    assert problem.retry_at == clock.now() + timedelta(seconds=seconds)
    jira.restore()
    clock.pass_seconds(seconds - 0.5)
    assert await problem_of(client.epic("KAN-40")) == problem
    assert len(jira.seen) == 1
    clock.pass_seconds(0.5)
    assert (await client.epic("KAN-40")).ticket.key == "KAN-40"
    assert client.blocked_until is None


async def test_a_burst_limit_blocks_that_call_only(jira: Any, client: JiraClient, reply: Callable[..., Any]) -> None:
    jira.instead("GET", "/search/jql", reply({}, 429, RateLimit_Reason="jira-burst-based"))
    await problem_of(client.epic("KAN-40"))
    assert client.blocked_until is None
    assert (await client.ticket("KAN-76")).key == "KAN-76"
    assert len(await client.transitions("KAN-76")) == 3
    await problem_of(client.epic("KAN-40"))
    assert len(jira.sent("GET", "search")) == 1


@pytest.mark.parametrize("reason", ["jira-quota-tenant-based", "jira-quota-global-based", "from-tomorrow", None])
async def test_a_quota_blocks_everything(
    jira: Any, client: JiraClient, reply: Callable[..., Any], reason: str | None
) -> None:
    headers = {"RateLimit_Reason": reason} if reason else {}
    jira.instead("GET", "/search/jql", reply({}, 429, **headers))
    problem = await problem_of(client.epic("KAN-40"))
    for question in (client.ticket("KAN-76"), client.transitions("KAN-76"), client.myself()):
        assert await problem_of(question) == problem
    assert client.blocked_until == problem.retry_at
    if reason and reason.startswith("jira-quota"):
        assert problem.retry_at == datetime(2026, 2, 1, 10, tzinfo=UTC)
    assert len(jira.seen) == 1


async def test_waits_double_up_to_half_a_minute_and_start_anew(
    jira: Any, client: JiraClient, clock: Any, reply: Callable[..., Any]
) -> None:
    async def waits(count: int) -> list[float]:
        found = []
        for _ in range(count):
            problem = await problem_of(client.ticket("KAN-76"))
            assert problem.retry_at is not None
            found.append((problem.retry_at - clock.now()).total_seconds())
            clock.pass_seconds(found[-1])
        return found

    jira.instead("GET", "/issue/", reply({}, 429, RateLimit_Reason="jira-burst-based"))
    assert await waits(5) == [4, 8, 16, 30, 30]
    jira.restore()
    await client.ticket("KAN-76")
    jira.instead("GET", "/issue/", reply({}, 429, RateLimit_Reason="jira-burst-based"))
    assert await waits(1) == [4]


async def test_retry_after_with_503_is_obeyed(
    jira: Any, client: JiraClient, clock: Any, reply: Callable[..., Any]
) -> None:
    jira.instead("GET", "/search/jql", reply(HTML, 503, Retry_After="45"), once=True)
    problem = await problem_of(client.epic("KAN-40"))
    assert problem.kind is ProblemKind.SERVER_ERROR
    assert problem.retry_at == clock.now() + timedelta(seconds=45)
    assert await problem_of(client.ticket("KAN-76")) == problem
    clock.pass_seconds(45)
    assert (await client.epic("KAN-40")).ticket.key == "KAN-40"
