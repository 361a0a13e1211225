"""A run of 250 jobs: one page for each refresh, and pages on which all is over are not asked for again."""

from collections.abc import Callable
from typing import Any

from cidash.domain.repository import RepositoryId
from cidash.github import queries
from cidash.github.client import GitHubClient

Make = Callable[..., dict[str, Any]]


class Jobs:
    """Serves a list of job statuses, a hundred on a page."""

    def __init__(self, server: Any, make: Make, statuses: list[str]) -> None:
        self.server, self.make, self.statuses = server, make, statuses
        server.handler = self.answer

    def answer(self, asked: Any) -> Any:
        page = int(asked.target.partition("&page=")[2] or "1")
        shown = self.statuses[(page - 1) * 100 : page * 100]
        jobs = [
            self.make(id=(page - 1) * 100 + at, status=status, conclusion="success" if status == "completed" else None)
            for at, status in enumerate(shown)
        ]
        etag = f'W/"{page}-{hash(tuple(shown))}-{len(self.statuses) > page * 100}"'
        if asked.headers.get("if-none-match") == etag:
            return self.server.reply(304)
        following = f'<{self.server.url}{asked.path}?per_page=100&page={page + 1}>; rel="next"'
        link = {"Link": following} if len(self.statuses) > page * 100 else {}
        return self.server.json({"total_count": len(self.statuses), "jobs": jobs}, ETag=etag, **link)


async def test_two_hundred_and_fifty_jobs(
    server: Any, client: GitHubClient, repository: RepositoryId, job_json: Make
) -> None:
    world = Jobs(server, job_json, ["completed"] * 100 + ["in_progress"] * 150)
    query = queries.jobs(repository, 1001, 1)
    assert len((await client.fetch(query)).data) == 250
    assert len(server.asked) == 3

    server.asked.clear()
    for _ in range(6):
        assert len((await client.fetch(query)).data) == 250
    assert len(server.asked) == 6  # one request for each refresh
    assert {asked.target.partition("&page=")[2] for asked in server.asked} == {"2", "3"}

    world.statuses[100:] = ["completed"] * 150
    for _ in range(2):
        reading = await client.fetch(query)
    assert all(job.status == "completed" for job in reading.data)


async def test_a_list_that_grows_over_its_last_page(
    server: Any, client: GitHubClient, repository: RepositoryId, job_json: Make
) -> None:
    world = Jobs(server, job_json, ["completed"] * 200)
    query = queries.jobs(repository, 1001, 1)
    await client.fetch(query)
    world.statuses += ["queued"] * 20
    server.asked.clear()
    assert len((await client.fetch(query)).data) == 220
    assert len(server.asked) == 2  # the page that was the last, and the new one behind it


async def test_a_list_that_shrinks(server: Any, client: GitHubClient, repository: RepositoryId, job_json: Make) -> None:
    world = Jobs(server, job_json, ["in_progress"] * 300)
    query = queries.jobs(repository, 1001, 1)
    await client.fetch(query)
    del world.statuses[150:]
    for _ in range(3):
        reading = await client.fetch(query)
    assert len(reading.data) == 150
