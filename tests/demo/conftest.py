"""The demo's GitHub with a clock that only the test moves, asked without a socket."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from cidash.demo.github import ADMIN_TOKEN, GitHubDemo, World, create_github

START = datetime(2026, 2, 4, 13, 41, 7, 420_000, tzinfo=UTC)
REPO = "/repos/tefj-fun/agent_bus"


@dataclass
class Hub:
    """A world, its two hosts, and the hand on its clock."""

    demo: GitHubDemo
    moment: list[datetime]
    api: httpx.AsyncClient
    storage: httpx.AsyncClient

    @property
    def world(self) -> World:
        return self.demo.world

    @property
    def now(self) -> datetime:
        return self.moment[0]

    def pass_time(self, seconds: float) -> None:
        self.moment[0] += timedelta(seconds=seconds)

    async def get(self, path: str, token: str | None = ADMIN_TOKEN, **headers: str) -> httpx.Response:
        """Asks for a path below the repository; header names are written with underscores."""
        return await self.send("GET", path, None, token, **headers)

    async def json(self, path: str) -> Any:
        answer = await self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None, token: str | None = ADMIN_TOKEN) -> httpx.Response:
        return await self.send("POST", path, body, token)

    async def send(
        self, method: str, path: str, body: Any = None, token: str | None = ADMIN_TOKEN, **headers: str
    ) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        url = path if path.startswith("//") else f"{REPO}{path}"
        return await self.api.request(method, url.replace("//", "/", 1), json=body, headers=sent)

    async def run_of(self, pull: int) -> Any:
        """The CI run of a pull request's head commit, as the API shows it."""
        sha = self.world.pulls[pull].head_sha
        rows = (await self.json(f"/actions/runs?head_sha={sha}"))["workflow_runs"]
        return next(row for row in rows if row["name"] == "CI")

    async def jobs(self, run_id: int, attempt: int | None = None) -> Any:
        part = "" if attempt is None else f"/attempts/{attempt}"
        return (await self.json(f"/actions/runs/{run_id}{part}/jobs?per_page=100"))["jobs"]


@pytest.fixture
def pace() -> float:
    return 1.0


@pytest.fixture
def scenario() -> str:
    return "review"


@pytest.fixture
async def hub(scenario: str, pace: float) -> AsyncIterator[Hub]:
    moment = [START]
    demo = create_github(scenario, pace, 40, lambda: moment[0])
    demo.set_urls("http://api.test", "http://blobs.test", "http://web.test")
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(demo.api), base_url="http://api.test", trust_env=False) as api,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(demo.storage), base_url="http://blobs.test", trust_env=False
        ) as storage,
    ):
        yield Hub(demo, moment, api, storage)
