"""Job logs: a link from the API, text from storage, and the token stays at home."""

from contextlib import aclosing
from typing import Any

import pytest

from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.domain.secret import Secret
from cidash.github.client import GitHubClient
from cidash.github.logs import job_log

XML = b'<?xml version="1.0"?><Error><Code>BlobNotFound</Code></Error>'


async def read(client: GitHubClient, repository: RepositoryId, job_id: int = 5001) -> bytes:
    return b"".join([chunk async for chunk in client.job_log(repository, job_id)])


async def problem_of(client: GitHubClient, repository: RepositoryId) -> Problem:
    with pytest.raises(SourceError) as caught:
        await read(client, repository)
    return caught.value.problem


def link(server: Any, location: str) -> None:
    server.answers(server.reply(302, b"", {"Location": location, "x-ratelimit-limit": "5000"}))


async def test_the_token_stays_at_home(
    server: Any, storage: Any, client: GitHubClient, repository: RepositoryId
) -> None:
    link(server, f"{storage.url}/logs/5001?sig=abc%2F")
    storage.answers(storage.reply(200, b"line 1\nline 2\n"))

    assert await read(client, repository) == b"line 1\nline 2\n"
    (asked,), (stored,) = server.asked, storage.asked
    assert asked.target == "/repos/octo/hello/actions/jobs/5001/logs"
    assert asked.headers["authorization"] == "Bearer token-1"
    assert stored.target == "/logs/5001?sig=abc%2F"
    assert "authorization" not in stored.headers
    assert b"token-1" not in b"".join(f"{name}{value}".encode() for name, value in stored.headers.items())
    assert (client.budget.total, client.budget.charged) == (1, 1)


async def test_the_link_is_asked_for_anew_each_time(
    server: Any, storage: Any, client: GitHubClient, repository: RepositoryId
) -> None:
    link(server, f"{storage.url}/x")
    storage.answers(storage.reply(200, b"text"))
    await read(client, repository)
    await read(client, repository)

    assert (len(server.asked), len(storage.asked)) == (2, 2)


async def test_a_big_log_comes_in_pieces_and_reading_can_stop(
    server: Any, storage: Any, client: GitHubClient, repository: RepositoryId
) -> None:
    link(server, f"{storage.url}/x")
    storage.answers(storage.reply(200, b"0123456789abcdef" * 65_536))
    async with aclosing(client.job_log(repository, 5001)) as log:
        first = await anext(log)

    assert 0 < len(first) < 1_048_576
    assert len(await read(client, repository)) == 1_048_576


async def test_a_log_beyond_the_bound_ends_with_a_sentence(
    server: Any, storage: Any, client: GitHubClient, repository: RepositoryId
) -> None:
    link(server, f"{storage.url}/x")
    storage.answers(storage.reply(200, b"x" * 3_000_000))
    size = 0

    async def read_all() -> None:
        nonlocal size
        async for chunk in job_log(client.gate, repository, 5001, limit=2 * 2**20):
            size += len(chunk)

    with pytest.raises(SourceError, match=r"^The log of job 5001 of octo/hello is larger than 2 MB"):
        await read_all()
    assert size <= 2 * 2**20


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (404, ProblemKind.NOT_FOUND, "github.com did not find the log of job 5001 of octo/hello"),
        (410, ProblemKind.NOT_FOUND, "logs are kept for a time only"),
        (403, ProblemKind.FORBIDDEN, "github.com refused to show the log of job 5001"),
        (401, ProblemKind.UNAUTHORIZED, "did not accept the token"),
        (500, ProblemKind.SERVER_ERROR, "failed to answer for the log of job 5001"),
        (200, ProblemKind.BAD_ANSWER, "can't answer for the log of job 5001"),
    ],
)
async def test_the_api_says_no(
    server: Any, client: GitHubClient, repository: RepositoryId, status: int, kind: ProblemKind, words: str
) -> None:
    server.answers(server.json({"message": "Server Error"}, status))
    problem = await problem_of(client, repository)

    assert (problem.kind, problem.status) == (kind, status)
    assert words in problem.sentence


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (404, ProblemKind.NOT_FOUND, "can be read once the job is completed"),
        (403, ProblemKind.BAD_ANSWER, "lives a minute. Ask again"),
        (503, ProblemKind.SERVER_ERROR, "The storage host of github.com failed"),
        (302, ProblemKind.BAD_ANSWER, "did not hand out the log of job 5001 of octo/hello (302)"),
        (206, ProblemKind.BAD_ANSWER, "(206)"),
    ],
)
async def test_the_storage_says_no(
    server: Any,
    storage: Any,
    client: GitHubClient,
    repository: RepositoryId,
    status: int,
    kind: ProblemKind,
    words: str,
) -> None:
    link(server, f"{storage.url}/x")
    storage.answers(storage.reply(status, XML, {"Location": f"{storage.url}/x", "Content-Type": "application/xml"}))
    problem = await problem_of(client, repository)

    assert (problem.kind, problem.status, len(storage.asked)) == (kind, status, 1)
    assert words in problem.sentence
    assert "BlobNotFound" not in problem.sentence


@pytest.mark.parametrize(
    "location",
    [
        "",
        "http://logs.example/x",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "//[",
        "http://user:word@127.0.0.1/x",
        "http://127.0.0.1:0/x",
        "http://127.0.0.1:99999/x",
        "/repos/octo/hello/actions/jobs/5001/logs",
    ],
)
async def test_a_link_that_is_not_followed(
    server: Any, client: GitHubClient, repository: RepositoryId, location: str
) -> None:
    link(server, location)
    problem = await problem_of(client, repository)

    assert (problem.kind, len(server.asked)) == (ProblemKind.BAD_ANSWER, 1)
    assert "not safe to read from" in problem.sentence


async def test_a_log_that_breaks_off_and_storage_that_is_not_there(
    server: Any, storage: Any, client: GitHubClient, repository: RepositoryId
) -> None:
    link(server, f"{storage.url}/x")
    storage.answers(storage.reply(200, b"half", announce=1000))
    broken = await problem_of(client, repository)
    link(server, "http://127.0.0.1:1/x")
    absent = await problem_of(client, repository)

    assert broken.kind is absent.kind is ProblemKind.UNREACHABLE
    assert "The storage host of github.com did not hand out all of the log" in broken.sentence


async def test_a_log_is_not_asked_for_while_the_host_wants_us_to_wait(
    server: Any, client: GitHubClient, repository: RepositoryId
) -> None:
    server.answers(server.reply(429, b"", {"Retry-After": "30"}))
    for _ in range(2):
        assert (await problem_of(client, repository)).kind is ProblemKind.RATE_LIMITED
    assert len(server.asked) == 1


async def test_the_token_stands_in_no_traceback(server: Any, client: GitHubClient, repository: RepositoryId) -> None:
    server.answers(server.reply(cut=True))
    with pytest.raises(SourceError) as caught:
        await read(client, repository)
    error: BaseException | None = caught.value
    while error is not None:
        assert "token-1" not in repr(error)
        error = error.__cause__ or error.__context__
    assert "token-1" not in repr(client.gate.token)
    assert isinstance(client.gate.token, Secret)
