"""Answers that are not what was asked for: redirects, refusals, broken connections, and the sentences for them."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.domain.secret import Secret
from cidash.github import queries
from cidash.github.client import GitHubClient
from cidash.transport.bodies import MemoryBodies


async def problem_of(question: Any) -> Problem:
    with pytest.raises(SourceError) as caught:
        await question
    return caught.value.problem


async def test_a_renamed_repository_is_followed_once_and_remembered(
    server: Any, client: GitHubClient, repository: RepositoryId
) -> None:
    def handler(asked: Any) -> Any:
        if asked.path == "/repos/octo/hello":
            return server.json({"message": "Moved Permanently"}, 301, Location="/repositories/5")
        return server.json({"default_branch": "main"}, ETag='"1"')

    server.handler = handler
    query = queries.repository(repository)
    assert (await client.fetch(query)).data == "main"
    assert (await client.fetch(query)).data == "main"
    assert [asked.path for asked in server.asked] == ["/repos/octo/hello", "/repositories/5", "/repositories/5"]
    assert client.recall(query) is not None


@pytest.mark.parametrize(
    "location", ["", "https://evil.example/x", "/repos/octo/hello", "http://user@127.0.0.1/", "//["]
)
async def test_a_redirect_that_leads_nowhere_good(
    server: Any, client: GitHubClient, repository: RepositoryId, location: str
) -> None:
    server.answers(server.reply(301, b"", {"Location": location}))
    problem = await problem_of(client.fetch(queries.repository(repository)))

    assert (problem.kind, problem.status, len(server.asked)) == (ProblemKind.BAD_ANSWER, 301, 1)
    assert "repository octo/hello has moved" in problem.sentence


async def test_a_redirect_loop_ends(server: Any, client: GitHubClient, repository: RepositoryId) -> None:
    server.handler = lambda asked: server.reply(307, b"", {"Location": f"/loop/{len(server.asked)}"})

    assert (await problem_of(client.fetch(queries.repository(repository)))).kind is ProblemKind.BAD_ANSWER
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "words"),
    [
        (401, b'{"message": "Bad credentials"}', {}, ProblemKind.UNAUTHORIZED, "did not accept the token"),
        (403, b'{"message": "Must have admin rights to Repository."}', {}, ProblemKind.FORBIDDEN, "Actions: read"),
        (
            403,
            b'{"message": "Resource not accessible by personal access token"}',
            {"X-Accepted-GitHub-Permissions": "actions=read"},
            ProblemKind.FORBIDDEN,
            "needs the right actions: read",
        ),
        (
            403,
            b'{"message": "Resource protected by organization SAML enforcement."}',
            {"X-GitHub-SSO": "required; url=https://github.com/orgs/o/sso?authorization_request=A1"},
            ProblemKind.FORBIDDEN,
            "single sign-on at https://github.com/orgs/o/sso?authorization_request=A1",
        ),
        (404, b'{"message": "Not Found"}', {}, ProblemKind.NOT_FOUND, "did not find the workflows of octo/hello"),
        (404, b"<xml/>", {}, ProblemKind.NOT_FOUND, "the token may not see it (Actions: read)"),
        (410, b'{"message": "Gone"}', {}, ProblemKind.NOT_FOUND, "does not keep"),
        (422, b'{"message": "Validation \\u001b[31mFailed"}', {}, ProblemKind.BAD_ANSWER, "Validation Failed"),
        (451, b"", {}, ProblemKind.FORBIDDEN, "451"),
        (500, b'{"message": "Server Error"}', {}, ProblemKind.SERVER_ERROR, "500: Server Error"),
        (502, b"<html>unicorn</html>", {}, ProblemKind.SERVER_ERROR, "(502). It is asked again."),
        (204, b"", {}, ProblemKind.BAD_ANSWER, "204"),
        (202, b"{}", {}, ProblemKind.BAD_ANSWER, "202"),
    ],
)
async def test_refusals_name_the_thing_and_what_to_do(
    server: Any,
    client: GitHubClient,
    repository: RepositoryId,
    status: int,
    body: bytes,
    headers: dict[str, str],
    kind: ProblemKind,
    words: str,
) -> None:
    server.answers(server.reply(status, body, headers))
    problem = await problem_of(client.fetch(queries.workflows(repository)))

    assert (problem.kind, problem.status) == (kind, status)
    assert words in problem.sentence
    assert "github.com" in problem.sentence
    assert "the workflows of octo/hello" in problem.sentence
    assert "token-1" not in problem.sentence


async def test_without_a_token(server: Any, clock: Any, bodies: MemoryBodies, repository: RepositoryId) -> None:
    client = GitHubClient("ghe.example.com", server.url, None, bodies, clock)
    server.answers(server.reply(401), server.reply(404))
    wanted = await problem_of(client.fetch(queries.repository(repository)))
    hidden = await problem_of(client.fetch(queries.repository(repository)))
    await client.close()

    assert "authorization" not in server.asked[0].headers
    assert "wants a token when asked for repository octo/hello" in wanted.sentence
    assert "`gh auth login --hostname ghe.example.com`" in wanted.sentence
    assert "only a token can see it" in hidden.sentence


async def test_a_token_that_no_header_can_hold_is_neither_sent_nor_shown(
    server: Any, clock: Any, bodies: MemoryBodies, repository: RepositoryId
) -> None:
    client = GitHubClient("github.com", server.url, Secret("sec\nret"), bodies, clock)
    problem = await problem_of(client.fetch(queries.repository(repository)))
    await client.close()

    assert (problem.kind, server.asked) == (ProblemKind.UNAUTHORIZED, [])
    assert "sec" not in problem.sentence


async def test_a_cut_connection_a_cut_body_and_nobody_there(
    server: Any, client: GitHubClient, clock: Any, bodies: MemoryBodies, repository: RepositoryId
) -> None:
    query = queries.repository(repository)
    server.answers(server.reply(cut=True), server.reply(200, b'{"default_br', announce=500))
    cut = await problem_of(client.fetch(query))
    half = await problem_of(client.fetch(query))
    nobody = GitHubClient("github.com", "http://127.0.0.1:1", Secret("t"), bodies, clock)
    none = await problem_of(nobody.fetch(query))
    await nobody.close()

    assert [cut.kind, half.kind, none.kind] == [ProblemKind.UNREACHABLE] * 3
    assert cut.sentence.endswith("cut the connection when asked for repository octo/hello.")
    assert none.sentence == "github.com (127.0.0.1:1) could not be reached when asked for repository octo/hello."
    assert len(server.asked) == 2


async def test_a_server_that_does_not_answer_in_time(
    server: Any, clock: Any, bodies: MemoryBodies, repository: RepositoryId
) -> None:
    gate = asyncio.Event()
    server.handler = lambda asked: server.reply(200, b"{}", hold=gate)
    client = GitHubClient("github.com", server.url, Secret("t"), bodies, clock, timeout_seconds=0.05)
    problem = await problem_of(client.fetch(queries.repository(repository)))
    gate.set()
    await client.close()

    assert problem.kind is ProblemKind.UNREACHABLE
    assert "did not answer in time when asked for repository octo/hello" in problem.sentence


async def test_a_server_in_need_of_rest_says_until_when(
    server: Any, client: GitHubClient, clock: Any, repository: RepositoryId
) -> None:
    server.answers(server.reply(503, b"", {"Retry-After": "20"}))
    problem = await problem_of(client.fetch(queries.repository(repository)))

    assert (problem.kind, problem.retry_at) == (ProblemKind.SERVER_ERROR, clock.now() + timedelta(seconds=20))
