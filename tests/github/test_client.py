"""Reading: conditional requests, pages, shared requests, recalling without network."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.domain.secret import Secret
from cidash.github import queries
from cidash.github.client import GitHubClient
from cidash.transport.bodies import MemoryBodies, StoredBody

Make = Callable[..., dict[str, Any]]


async def problem_of(question: Any) -> Problem:
    with pytest.raises(SourceError) as caught:
        await question
    return caught.value.problem


async def test_a_question_says_who_asks_and_in_which_version(
    server: Any, client: GitHubClient, repository: RepositoryId
) -> None:
    server.answers(server.json({"default_branch": "main"}))

    reading = await client.fetch(queries.repository(repository))

    (asked,) = server.asked
    assert (asked.method, asked.target) == ("GET", "/repos/octo/hello")
    assert asked.headers["authorization"] == "Bearer token-1"
    assert asked.headers["accept"] == "application/vnd.github+json"
    assert asked.headers["x-github-api-version"] == "2022-11-28"
    assert asked.headers["user-agent"].startswith("cidash/")
    assert "if-none-match" not in asked.headers
    assert (reading.data, reading.changed) == ("main", True)


async def test_an_unchanged_answer_is_free_and_not_parsed_again(
    server: Any, client: GitHubClient, clock: Any, bodies: MemoryBodies, repository: RepositoryId, run_json: Make
) -> None:
    server.answers(
        server.json(
            {"workflow_runs": [run_json()]}, ETag='W/"abc"', x_ratelimit_limit="5000", x_ratelimit_remaining="9"
        ),
        server.reply(304),
    )
    query = queries.recent_runs(repository)
    first = await client.fetch(query)
    clock.pass_seconds(10)
    second = await client.fetch(query)

    assert server.asked[1].headers["if-none-match"] == 'W/"abc"'
    assert (first.changed, second.changed) == (True, False)
    assert second.data is first.data
    assert second.fetched_at - first.fetched_at == timedelta(seconds=10)
    assert (client.budget.charged, client.budget.total, client.budget.remaining) == (1, 2, 9)
    stored = bodies.load(query.url(client.api_url))
    assert stored is not None
    assert stored.fetched_at == second.fetched_at


async def test_a_new_session_uses_the_stored_body(
    server: Any, clock: Any, bodies: MemoryBodies, repository: RepositoryId
) -> None:
    query = queries.repository(repository)
    server.answers(server.json({"default_branch": "main"}, ETag='"1"'), server.reply(304))
    for _ in range(2):
        client = GitHubClient("github.com", server.url, Secret("token-1"), bodies, clock)
        reading = await client.fetch(query)
        await client.close()

    assert (reading.data, reading.changed) == ("main", False)
    assert server.asked[1].headers["if-none-match"] == '"1"'


async def test_an_etag_is_not_shown_with_another_token(
    server: Any, client: GitHubClient, clock: Any, bodies: MemoryBodies, repository: RepositoryId
) -> None:
    query = queries.repository(repository)
    server.answers(server.json({"default_branch": "main"}, ETag='"1"'))
    await client.fetch(query)
    other = GitHubClient("github.com", server.url, Secret("token-2"), bodies, clock)
    recalled = other.recall(query)
    reading = await other.fetch(query)
    await other.close()

    assert "if-none-match" not in server.asked[1].headers
    assert recalled is not None
    assert (recalled.data, reading.changed) == ("main", False)


async def test_a_304_that_was_not_asked_for_is_asked_once_more(
    server: Any, client: GitHubClient, repository: RepositoryId
) -> None:
    server.answers(server.reply(304), server.json({"default_branch": "main"}))
    assert (await client.fetch(queries.repository(repository))).data == "main"

    server.asked.clear()
    server.answers(server.reply(304))
    problem = await problem_of(client.fetch(queries.workflows(repository)))

    assert (problem.kind, len(server.asked)) == (ProblemKind.BAD_ANSWER, 2)
    assert all("if-none-match" not in asked.headers for asked in server.asked)


async def test_a_stored_body_that_cannot_be_read_is_as_if_it_were_not_there(
    server: Any, client: GitHubClient, clock: Any, bodies: MemoryBodies, repository: RepositoryId
) -> None:
    query = queries.repository(repository)
    mine = client.gate.fingerprint()
    bodies.save(query.url(client.api_url), StoredBody(b"{}", '"1"', mine, clock.now()))
    server.answers(server.json({"default_branch": "main"}))

    assert client.recall(query) is None
    assert (await client.fetch(query)).data == "main"
    assert "if-none-match" not in server.asked[0].headers


async def test_an_unreadable_answer_leaves_what_was_stored(
    server: Any, client: GitHubClient, bodies: MemoryBodies, repository: RepositoryId
) -> None:
    query = queries.repository(repository)
    server.answers(
        server.json({"default_branch": "main"}, ETag='"1"'),
        server.reply(200, b'{"default_branch": 7}', {"ETag": '"1"'}),
        server.reply(200, b"<html>hotel</html>", {"ETag": '"2"'}),
        server.reply(304),
    )
    await client.fetch(query)
    wrong_type = await problem_of(client.fetch(query))
    no_json = await problem_of(client.fetch(query))
    recalled = client.recall(query)
    reading = await client.fetch(query)

    assert (wrong_type.kind, no_json.kind) == (ProblemKind.BAD_ANSWER, ProblemKind.BAD_ANSWER)
    assert wrong_type.sentence.endswith("for repository octo/hello: default_branch is not a text.")
    assert recalled is not None
    assert (recalled.data, reading.data, reading.changed) == ("main", "main", False)
    assert [asked.headers.get("if-none-match") for asked in server.asked] == [None, '"1"', '"1"', '"1"']


async def test_a_changed_answer_and_one_that_only_looks_changed(
    server: Any, client: GitHubClient, repository: RepositoryId
) -> None:
    query = queries.repository(repository)
    server.answers(
        server.json({"default_branch": "main"}, ETag='"1"'),
        server.json({"default_branch": "main", "stars": 2}, ETag='"2"'),
        server.json({"default_branch": "trunk"}, ETag='"3"'),
    )

    assert [(await client.fetch(query)).changed for _ in range(3)] == [True, False, True]


@pytest.mark.parametrize("etag", ["", '"' + "x" * 300 + '"', '"a b"', '"ä"'])
async def test_an_odd_etag_is_not_sent_back(
    server: Any, client: GitHubClient, repository: RepositoryId, etag: str
) -> None:
    server.answers(server.json({"default_branch": "main"}, ETag=etag))
    for _ in range(2):
        await client.fetch(queries.repository(repository))

    assert "if-none-match" not in server.asked[1].headers


def pages_of_jobs(server: Any, job_json: Make, **headers: str) -> None:
    """Three pages; page two repeats a job, because the list grew while it was read. Pages have ETags of their own."""
    ids = {"1": (1, 2), "2": (2, 3), "3": (4,)}

    def handler(asked: Any) -> Any:
        page = asked.target.partition("&page=")[2] or "1"
        if asked.headers.get("if-none-match") == f'W/"{page}"':
            return server.reply(304)
        following = f'<{server.url}{asked.path}?per_page=100&page={int(page) + 1}>; rel="next", <http://x/>; rel="last"'
        link = {"Link": following} if page != "3" else {}
        jobs = [job_json(id=number) for number in ids[page]]
        return server.json({"total_count": 4, "jobs": jobs}, ETag=f'W/"{page}"', **link)

    server.handler = handler


async def test_pages_are_followed_and_joined(
    server: Any, client: GitHubClient, repository: RepositoryId, job_json: Make
) -> None:
    pages_of_jobs(server, job_json)
    query = queries.jobs(repository, 1001, 2)
    first = await client.fetch(query)
    second = await client.fetch(query)
    recalled = client.recall(query)

    assert [job.id for job in first.data] == [1, 2, 3, 4]
    assert len(server.asked) == 4  # of pages on which all is over only the last is asked for again
    assert (second.data, second.changed) == (first.data, False)
    assert (client.budget.charged, client.budget.total) == (3, 4)
    assert recalled is not None
    assert recalled.data == first.data


async def test_a_half_stored_list_is_not_recalled(
    server: Any, client: GitHubClient, repository: RepositoryId, job_json: Make
) -> None:
    pages_of_jobs(server, job_json)
    query = queries.jobs(repository, 1001, 2)
    whole = server.handler
    server.handler = lambda asked: server.reply(502) if "page=3" in asked.target else whole(asked)

    assert (await problem_of(client.fetch(query))).kind is ProblemKind.SERVER_ERROR
    assert client.recall(query) is None


@pytest.mark.parametrize(
    "following",
    [
        "<https://evil.example/jobs?page=2>; rel=next",
        "<http://127.0.0.1:1/jobs?page=2>; rel=next",
        "<http://[broken>; rel=next",
        "nonsense",
    ],
)
async def test_a_next_page_elsewhere_is_not_asked_for(
    server: Any, client: GitHubClient, repository: RepositoryId, job_json: Make, following: str
) -> None:
    server.answers(server.json({"jobs": [job_json()]}, Link=following))

    assert len((await client.fetch(queries.jobs(repository, 1001, 2))).data) == 1
    assert len(server.asked) == 1


async def test_paging_ends_where_it_began_and_after_ten_pages(
    server: Any, client: GitHubClient, repository: RepositoryId, job_json: Make
) -> None:
    query = queries.jobs(repository, 1001, 2)
    server.answers(server.json({"jobs": [job_json()]}, Link=f"<{query.url(server.url)}>; rel=next"))
    await client.fetch(query)
    assert len(server.asked) == 1

    server.asked.clear()
    server.handler = lambda asked: server.json(
        {"jobs": [job_json(id=len(server.asked))]}, Link=f"<{server.url}/more?page={len(server.asked)}>; rel=next"
    )
    assert len((await client.fetch(query)).data) == 10


async def test_those_who_ask_the_same_share_one_request(
    server: Any, client: GitHubClient, repository: RepositoryId
) -> None:
    gate = asyncio.Event()
    server.handler = lambda asked: server.reply(200, b'{"default_branch": "main"}', hold=gate)
    query = queries.repository(repository)
    impatient = asyncio.create_task(client.fetch(query))
    others = [asyncio.create_task(client.fetch(queries.repository(repository))) for _ in range(3)]
    await server.wait_for(1)
    impatient.cancel()
    gate.set()
    readings = await asyncio.gather(*others)

    assert len(server.asked) == 1
    assert [reading.data for reading in readings] == ["main"] * 3
    assert impatient.cancelled()
    server.answers(server.json({"default_branch": "trunk"}))
    assert (await client.fetch(query)).data == "trunk"


async def test_a_question_that_nobody_waits_for_is_given_up(
    server: Any, client: GitHubClient, repository: RepositoryId
) -> None:
    gate = asyncio.Event()
    server.handler = lambda asked: server.reply(200, b'{"default_branch": "old"}', hold=gate)
    query = queries.repository(repository)
    lonely = asyncio.create_task(client.fetch(query))
    await server.wait_for(1)
    lonely.cancel()
    with pytest.raises(asyncio.CancelledError):
        await lonely
    server.answers(server.json({"default_branch": "new"}))

    assert (await client.fetch(query)).data == "new"
    gate.set()


async def test_a_failure_is_told_to_all_who_wait_and_is_over_then(
    server: Any, client: GitHubClient, repository: RepositoryId
) -> None:
    server.answers(server.reply(500), server.json({"default_branch": "main"}))
    query = queries.repository(repository)
    failures = await asyncio.gather(client.fetch(query), client.fetch(query), return_exceptions=True)

    assert [type(failure) for failure in failures] == [SourceError, SourceError]
    assert (await client.fetch(query)).data == "main"


async def test_at_most_six_at_once(server: Any, client: GitHubClient, repository: RepositoryId, run_json: Make) -> None:
    gate = asyncio.Event()
    server.handler = lambda asked: server.reply(200, json.dumps(run_json()).encode(), hold=gate)
    asking = [asyncio.create_task(client.fetch(queries.run(repository, number))) for number in range(20)]
    await server.wait_for(6)
    for _ in range(50):
        await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*asking)

    assert (len(server.asked), server.open_most) == (20, 6)


async def test_closing_stops_what_is_being_asked(server: Any, client: GitHubClient, repository: RepositoryId) -> None:
    gate = asyncio.Event()
    server.handler = lambda asked: server.reply(200, b"{}", hold=gate)
    asking = asyncio.create_task(client.fetch(queries.repository(repository)))
    await server.wait_for(1)
    await client.close()
    results = await asyncio.gather(asking, return_exceptions=True)
    gate.set()

    assert isinstance(results[0], asyncio.CancelledError)


def test_recalling_imports_no_http_package() -> None:
    script = """
import sys
from datetime import UTC, datetime
from cidash.domain.clock import SystemClock
from cidash.domain.repository import RepositoryId
from cidash.github import actions, client, queries
from cidash.transport.bodies import MemoryBodies, StoredBody
bodies = MemoryBodies()
api = "https://api.github.com"
query = queries.repository(RepositoryId("github.com", "octo", "hello"))
bodies.save(query.url(api), StoredBody(b'{"default_branch": "main"}', None, "x", datetime.now(UTC)))
github = client.GitHubClient("github.com", api, None, bodies, SystemClock())
writes = actions.GitHubActions(github)
reading = github.recall(query)
assert reading is not None and reading.data == "main" and not reading.changed
assert github.recall(queries.user("github.com")) is None
print([name for name in ("httpx", "github", "requests", "urllib3", "jira", "textual") if name in sys.modules])
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert (result.stdout.strip(), result.stderr) == ("[]", "")


async def test_a_list_that_lost_its_last_page_has_changed(
    server: Any, client: GitHubClient, repository: RepositoryId, job_json: Make
) -> None:
    first = {"jobs": [job_json(id=1)]}
    server.answers(
        server.json(first, Link=f"<{server.url}/two>; rel=next"),
        server.json({"jobs": [job_json(id=2)]}),
        server.json(first),
    )
    query = queries.jobs(repository, 1001, 2)
    before, after = await client.fetch(query), await client.fetch(query)

    assert (len(before.data), len(after.data), after.changed) == (2, 1, True)


async def test_the_servers_clock_is_compared_with_ours(
    server: Any, client: GitHubClient, repository: RepositoryId
) -> None:
    assert client.server_offset_seconds is None
    server.answers(server.json({"default_branch": "main"}, Date="Fri, 20 Nov 2026 12:05:00 GMT"))
    await client.fetch(queries.repository(repository))

    assert client.server_offset_seconds == 300.5


async def test_recall_is_as_old_as_its_oldest_page(
    server: Any, client: GitHubClient, clock: Any, bodies: MemoryBodies, repository: RepositoryId, job_json: Make
) -> None:
    pages_of_jobs(server, job_json)
    query = queries.jobs(repository, 1001, 2)
    await client.fetch(query)
    clock.pass_seconds(60)
    bodies.touch(query.url(client.api_url), clock.now())
    recalled = client.recall(query)

    assert recalled is not None
    assert recalled.fetched_at == datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
