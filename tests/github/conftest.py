"""A small HTTP/1.1 server that does exactly what a test tells it, cut connections included; a clock that tests move."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cidash.domain.repository import RepositoryId
from cidash.domain.secret import Secret
from cidash.github.client import GitHubClient
from cidash.transport.bodies import MemoryBodies

NOON = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


class FakeClock:
    def __init__(self) -> None:
        self.moment = NOON

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return (self.moment - NOON).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    def pass_seconds(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass
class Asked:
    """A request as it came in. Header names are lower-case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass
class Reply:
    """An answer. `announce` is a false Content-Length; with `cut` nothing is sent at all; `hold` waits before it."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    announce: int | None = None
    cut: bool = False
    hold: asyncio.Event | None = None


def reply_json(value: Any, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json; charset=utf-8", **named})


Handler = Callable[[Asked], Reply]


class Server:
    """Serves on loopback. `handler` can be replaced at any time; `reply` and `json` make answers."""

    reply = Reply
    json = staticmethod(reply_json)

    def __init__(self) -> None:
        self.handler: Handler = lambda asked: Reply(404, b'{"message":"Not Found"}')
        self.asked: list[Asked] = []
        self.open_now = 0
        self.open_most = 0
        self._arrival = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def wait_for(self, count: int) -> None:
        """Returns when that many requests have come in."""
        while len(self.asked) < count:
            self._arrival.clear()
            await self._arrival.wait()

    def answers(self, *replies: Reply) -> None:
        """Answers one after the other; the last one again and again."""
        left = list(replies)
        self.handler = lambda asked: left.pop(0) if len(left) > 1 else left[0]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            while await self._serve_one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        asked = Asked(method, target, headers, body)
        self.asked.append(asked)
        self._arrival.set()
        self.open_now += 1
        self.open_most = max(self.open_most, self.open_now)
        try:
            reply = self.handler(asked)
            if reply.hold is not None:
                await reply.hold.wait()
        finally:
            self.open_now -= 1
        if reply.cut:
            return False
        length = len(reply.body) if reply.announce is None else reply.announce
        lines = [f"HTTP/1.1 {reply.status} Said"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        if reply.status not in (204, 304):
            lines.append(f"Content-Length: {length}")
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        if reply.status not in (204, 304):
            writer.write(reply.body)
        await writer.drain()
        return reply.announce is None


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def storage() -> AsyncIterator[Server]:
    """A second host, as the one that keeps the logs."""
    server = Server()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def bodies() -> MemoryBodies:
    return MemoryBodies()


@pytest.fixture
async def client(server: Server, clock: FakeClock, bodies: MemoryBodies) -> AsyncIterator[GitHubClient]:
    client = GitHubClient("github.com", server.url, Secret("token-1"), bodies, clock, timeout_seconds=3.0)
    yield client
    await client.close()


@pytest.fixture
def repository() -> RepositoryId:
    return RepositoryId("github.com", "octo", "hello")


@pytest.fixture
def run_json() -> Callable[..., dict[str, Any]]:
    """Makes the JSON of a run, with what is given laid over it; None removes nothing, it is null."""

    def make(**changes: Any) -> dict[str, Any]:
        return {
            "id": 1001,
            "name": "CI",
            "node_id": "WFR_x",
            "head_branch": "kan-76",
            "head_sha": "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334",
            "path": ".github/workflows/ci.yml",
            "display_title": "KAN-76 Lint",
            "run_number": 38,
            "event": "pull_request",
            "status": "completed",
            "conclusion": "success",
            "workflow_id": 7,
            "check_suite_id": 9,
            "url": "https://api.github.com/x",
            "html_url": "https://github.com/octo/hello/actions/runs/1001",
            "pull_requests": [],
            "created_at": "2026-11-20T09:00:00Z",
            "updated_at": "2026-11-20T09:05:00Z",
            "run_started_at": "2026-11-20T09:01:00Z",
            "run_attempt": 2,
            "actor": {"login": "mona", "id": 1},
            "triggering_actor": {"login": "hubot", "id": 2},
        } | changes

    return make


@pytest.fixture
def job_json() -> Callable[..., dict[str, Any]]:
    """Makes the JSON of a job, with what is given laid over it."""

    def make(**changes: Any) -> dict[str, Any]:
        return {
            "id": 5001,
            "run_id": 1001,
            "run_attempt": 1,
            "name": "test (3.12)",
            "status": "in_progress",
            "conclusion": None,
            "created_at": "2026-11-20T09:01:00Z",
            "started_at": "2026-11-20T09:01:05Z",
            "completed_at": None,
            "labels": ["ubuntu-latest"],
            "runner_name": "GitHub Actions 4",
            "html_url": "https://github.com/octo/hello/actions/runs/1001/job/5001",
            "steps": [
                {
                    "name": "Set up job",
                    "number": 1,
                    "status": "completed",
                    "conclusion": "success",
                    "started_at": "2026-11-20T09:01:05Z",
                    "completed_at": "2026-11-20T09:01:07Z",
                },
                {
                    "name": "Pytest",
                    "number": 4,
                    "status": "pending",
                    "conclusion": None,
                    "started_at": None,
                    "completed_at": None,
                },
            ],
        } | changes

    return make
