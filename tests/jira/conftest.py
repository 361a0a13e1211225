"""A real HTTP server on loopback that plays Jira: pages, lag, refusals, cut connections. And a clock that tests move.

It is made of the standard library's server because a test here must be able to break off an answer at any byte.
"""

import contextlib
import json
import socket
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from cidash.domain.command import MoveTicket
from cidash.domain.epic import Status, StatusCategory
from cidash.domain.secret import Secret
from cidash.jira.client import JiraClient
from cidash.transport.bodies import MemoryBodies

STATUSES = {
    "To Do": {"id": "10000", "name": "To Do", "statusCategory": {"key": "new"}},
    "In Review": {"id": "10002", "name": "In Review", "statusCategory": {"key": "indeterminate"}},
    "Done": {"id": "10003", "name": "Done", "statusCategory": {"key": "done"}},
}
MOVES = {"11": "To Do", "21": "In Review", "31": "Done"}


@dataclass
class Reply:
    """What the server answers; `cut` breaks the connection before the answer or within the body."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: str | None = None
    wait: threading.Event | None = None
    arrived: threading.Event = field(default_factory=threading.Event)


@dataclass
class Seen:
    """One request that arrived."""

    method: str
    path: str
    params: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class FakeJira:
    """Tickets, a search that may lag behind them, and answers to give instead."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.tickets: dict[str, dict[str, Any]] = {}
        self.index: dict[str, dict[str, Any]] | None = None
        """What the search knows while it lags; None when it is up to date."""
        self.page_size = 100
        self.url = ""
        self._instead: list[tuple[str, str, Reply, bool]] = []

    def add(self, number: int, summary: str, parent: int | None = None, status: str = "To Do", **fields: Any) -> None:
        self.tickets[f"KAN-{number}"] = {
            "id": str(10_000 + number),
            "key": f"KAN-{number}",
            "self": f"https://api.atlassian.com/ex/jira/x/rest/api/3/issue/{10_000 + number}",
            "fields": {
                "summary": summary,
                "status": STATUSES[status],
                "issuetype": {"name": "Epic" if parent is None else "Task", "hierarchyLevel": int(parent is None)},
                "assignee": None,
                "updated": "2026-02-01T10:00:00.000+0000",
                "issuelinks": [],
                "timetracking": {},
                **({"parent": {"id": "1", "key": f"KAN-{parent}"}} if parent is not None else {}),
                **fields,
            },
        }

    def instead(
        self, method: str, part: str, reply: Reply | None = None, *, once: bool = False, **values: Any
    ) -> Reply:
        """Answers requests of that method whose path contains that part with this, and returns it."""
        reply = reply or Reply(**values)
        self._instead.insert(0, (method, part, reply, once))
        return reply

    def restore(self) -> None:
        """Answers everything by itself again."""
        self._instead.clear()

    def sent(self, method: str, part: str = "") -> list[Seen]:
        """Returns the requests of that method whose path contains that part."""
        return [one for one in self.seen if one.method == method and part in one.path]

    def answer(self, seen: Seen) -> Reply:
        self.seen.append(seen)
        for entry in self._instead:
            method, part, reply, once = entry
            if method == seen.method and part in seen.path:
                if once:
                    self._instead.remove(entry)
                return reply
        if seen.path.endswith("/search/jql"):
            return self._search(dict(seen.params), [v for k, v in seen.params if k == "reconcileIssues"])
        if seen.path.endswith("/myself"):
            return as_json({"accountId": "5", "displayName": "Ada \x1b[31mLovelace"})
        return self._issue(seen, seen.path.split("/"))

    def _issue(self, seen: Seen, parts: list[str]) -> Reply:
        ticket = self.tickets.get(parts[5]) if len(parts) > 5 else None
        if ticket is None:
            return as_json({"errorMessages": ["Issue does not exist or you do not have permission."]}, 404)
        if parts[-1] != "transitions":
            return as_json(ticket)
        if seen.method == "GET":
            moves = [{"id": one, "name": f"To {to}", "to": STATUSES[to]} for one, to in MOVES.items()]
            return as_json({"transitions": moves})
        ticket["fields"] = {**ticket["fields"], "status": STATUSES[MOVES[seen.json["transition"]["id"]]]}
        return Reply(204, headers={"Content-Type": "text/html;charset=UTF-8"})

    def _search(self, params: dict[str, str], reconcile: list[str]) -> Reply:
        wanted = params["jql"].split()[2]
        known = dict(self.index if self.index is not None else self.tickets)
        known |= {key: ticket for key, ticket in self.tickets.items() if ticket["id"] in reconcile}
        found = [
            ticket
            for key, ticket in sorted(known.items())
            if key == wanted or ticket["fields"].get("parent", {}).get("key") == wanted
        ]
        start = int(params.get("nextPageToken", "0"))
        end = start + self.page_size
        last = end >= len(found)
        page = {"issues": found[start:end], "isLast": last}
        return as_json(page if last else {**page, "nextPageToken": str(end)})


def as_json(data: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status, json.dumps(data).encode(), {"Content-Type": "application/json", **headers})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    jira: FakeJira

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in the standard library
        """Stays silent."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.jira.answer(Seen(self.command, parts.path, parse_qsl(parts.query), headers, body))
        reply.arrived.set()
        if reply.wait is not None:
            reply.wait.wait(20)
        if reply.cut == "before":
            self._abort()
            return
        with contextlib.suppress(ConnectionError):
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != 204:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body[: len(reply.body) // 2] if reply.cut else reply.body)
        if reply.cut:
            self._abort()

    def _abort(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    do_GET = do_POST = _serve  # noqa: N815 - the names that the standard library calls


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that a test broke is no news."""


@pytest.fixture
def jira() -> Iterator[FakeJira]:
    """The epic KAN-40 with two children, served over HTTP."""
    fake = FakeJira()
    fake.add(40, "Make CI fast, cached, scanned, protected")
    fake.add(76, "Lint checks", 40, "In Review")
    fake.add(9, "An old one", 40, "Done")
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"jira": fake}))
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield fake
    server.shutdown()
    server.server_close()
    thread.join()


class SteeredClock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = datetime(2026, 2, 1, 9, 30, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def pass_seconds(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> SteeredClock:
    return SteeredClock()


@pytest.fixture
def bodies() -> MemoryBodies:
    return MemoryBodies()


@pytest.fixture
async def client(jira: FakeJira, clock: SteeredClock, bodies: MemoryBodies) -> AsyncIterator[JiraClient]:
    one = JiraClient(jira.url, "ada@example.com", Secret("s3cret"), bodies, clock)
    yield one
    await one.close()


@pytest.fixture
def reply() -> Callable[..., Reply]:
    """Makes an answer: a JSON value (or raw bytes), a status, headers."""

    def make(body: Any = b"", status: int = 200, **headers: str) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Reply(status, body, named) if isinstance(body, bytes) else as_json(body, status, **named)

    return make


@pytest.fixture
def move() -> Callable[..., MoveTicket]:
    """Makes the command that moves KAN-76 from In Review to Done."""

    def make(**changes: Any) -> MoveTicket:
        review = Status("10002", "In Review", StatusCategory.INDETERMINATE)
        done = Status("10003", "Done", StatusCategory.DONE)
        values: dict[str, Any] = {"key": "KAN-76", "transition_id": "31", "transition_name": "Done"}
        return MoveTicket(**{**values, "from_status": review, "to_status": done, **changes})

    return make
