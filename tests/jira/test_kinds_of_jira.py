"""Data Center, the gateway for scoped tokens, team-managed projects: found out by asking, against the demo."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import uvicorn

from cidash.demo.jira import JiraDemo, create_jira
from cidash.demo.jira.workflow import SUBTASK
from cidash.domain.command import MoveTicket
from cidash.domain.epic import StatusCategory
from cidash.domain.problem import ProblemKind, SourceError
from cidash.domain.secret import Secret
from cidash.domain.ticket_command import CreateTicket
from cidash.jira.actions import JiraActions
from cidash.jira.client import JiraClient
from cidash.jira.making import Making
from cidash.transport.bodies import MemoryBodies


class _Server(uvicorn.Server):
    started_event: threading.Event

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.started_event.set()


@pytest.fixture
def demo(clock: Any) -> Iterator[JiraDemo]:
    world = create_jira("review", 1.0, 40, clock.now)
    listening = socket.create_server(("127.0.0.1", 0))
    world.set_url(f"http://127.0.0.1:{listening.getsockname()[1]}")
    server = _Server(uvicorn.Config(world.app, log_level="warning", lifespan="off", ws="none"))
    server.started_event = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
    thread.start()
    assert server.started_event.wait(20)
    yield world
    server.should_exit = True
    thread.join(10)
    listening.close()


@pytest.fixture
async def connect(demo: JiraDemo, clock: Any) -> AsyncIterator[Callable[..., JiraClient]]:
    made: list[JiraClient] = []

    def make(email: str | None = "demo@example.com", bodies: MemoryBodies | None = None) -> JiraClient:
        url = demo.world.url
        token = Secret("demo-jira-token")
        made.append(JiraClient(url, email, token, bodies or MemoryBodies(), clock, gateway=url))
        return made[-1]

    yield make
    for client in made:
        await client.close()


def subtask(demo: JiraDemo, key: str, parent: str) -> None:
    above = demo.world.issue(parent)
    assert above is not None
    demo.world.put(
        replace(above, key=key, summary="A part", type_id=SUBTASK, parent=parent, points=None), above.updated
    )


async def test_sub_tasks_points_and_who_asks(demo: JiraDemo, connect: Callable[..., JiraClient]) -> None:
    subtask(demo, "KAN-85", "KAN-77")
    bodies = MemoryBodies()
    client = connect(bodies=bodies)
    await client.learn_site()
    epic = await client.epic("KAN-40")
    points = {child.key: child.points for child in epic.children}
    assert points == {"KAN-76": 3.0, "KAN-77": 2.0, "KAN-78": None, "KAN-79": 5.0, "KAN-80": None}
    assert [(one.key, one.parent_key, one.hierarchy_level) for one in epic.subtasks] == [("KAN-85", "KAN-77", -1)]
    assert epic.subtasks_of("KAN-77") == epic.subtasks
    mine = [child.key for child in epic.children if child.assignee_id == epic.me_id]
    assert mine == ["KAN-76", "KAN-77"]
    recalled = connect(bodies=bodies).recall_epic("KAN-40")
    assert recalled is not None
    assert replace(recalled[0], me_id=epic.me_id) == epic


async def test_a_team_managed_project(demo: JiraDemo, connect: Callable[..., JiraClient]) -> None:
    demo.world.team_managed = True
    client = connect()
    await client.learn_site()
    epic = await client.epic("KAN-40")
    assert next(child.points for child in epic.children if child.key == "KAN-76") == 3.0
    assert len(await client.transitions("KAN-77")) == 4


async def test_what_changed_is_a_small_question(demo: JiraDemo, clock: Any, connect: Callable[..., JiraClient]) -> None:
    client = connect()
    demo.world.colleague_moves.clear()
    assert await client.changes("KAN-40") == {}
    issue = demo.world.issue("KAN-77")
    assert issue is not None
    demo.world.change(issue, summary="changed")
    clock.pass_seconds(10)
    assert list(await client.changes("KAN-40")) == ["KAN-77"]
    clock.pass_seconds(600)
    assert await client.changes("KAN-40") == {}
    assert list(await client.changes("KAN-40", 15)) == ["KAN-77"]


@pytest.mark.parametrize("page_cap", [100, 2])
async def test_data_center_is_found_out_and_read_in_its_own_way(
    demo: JiraDemo, connect: Callable[..., JiraClient], page_cap: int
) -> None:
    demo.world.data_center = True
    demo.world.page_cap = page_cap
    subtask(demo, "KAN-85", "KAN-77")
    client = connect(None)
    epic = await client.epic("KAN-40")
    assert client.is_data_center
    assert [child.key for child in epic.children] == ["KAN-76", "KAN-77", "KAN-78", "KAN-79", "KAN-80"]
    assert [one.key for one in epic.subtasks] == ["KAN-85"]
    assert epic.me_id == "demo@example.com"
    assert (await client.ticket("KAN-76")).parent_key == "KAN-40"
    assert [one.key for one in await client.tickets(["KAN-76", "KAN-99"])] == ["KAN-76"]
    infos = sum(count for path, count in demo.world.requests.items() if "serverInfo" in path)
    assert infos == 1
    (person,) = await Making(client).people("Robin")
    assert (person.id_name, person.name) == ("name", "Robin Colleague")


async def test_a_child_is_made_and_moved_on_data_center(demo: JiraDemo, connect: Callable[..., JiraClient]) -> None:
    demo.world.data_center = True
    client = connect(None)
    await client.learn_site()
    making, actions = Making(client), JiraActions(client)
    kinds = await making.types("KAN")
    kind = await making.with_fields("KAN", next(one for one in kinds if one.name == "Task"))
    assert (kind.name, "labels" in kind.field_keys) == ("Task", True)
    command = CreateTicket("KAN-40", kind.id, kind.name, "Made", "text", ("guide-KAN-86",), 2700.0)
    key = await actions.create(command)
    assert key == "KAN-86"
    assert demo.world.writes[-1].body["fields"]["customfield_10014"] == "KAN-40"
    made = next(one for one in await making.family("KAN-40") if one.key == key)
    assert (made.labels, made.estimate_seconds) == (("guide-KAN-86",), 2700)
    (start,) = await client.transitions(key)
    await actions.move(MoveTicket(key, start.id, start.name, made.status, start.to))
    assert (await client.ticket(key)).status.category is StatusCategory.INDETERMINATE


async def test_a_captcha_is_told_and_the_gateway_is_not_asked(
    demo: JiraDemo, connect: Callable[..., JiraClient]
) -> None:
    demo.world.data_center = demo.world.captcha = True
    client = connect(None)
    with pytest.raises(SourceError) as caught:
        await client.epic("KAN-40")
    assert caught.value.problem.kind is ProblemKind.UNAUTHORIZED
    assert "captcha" in caught.value.problem.sentence
    assert not any("tenant_info" in path for path in demo.world.requests)


@pytest.mark.parametrize("bearer_only", [False, True])
async def test_a_scoped_token_finds_the_gateway_and_stays_there(
    demo: JiraDemo, connect: Callable[..., JiraClient], bearer_only: bool
) -> None:
    demo.world.scoped_tokens = True
    demo.world.gateway_bearer_only = bearer_only
    client = connect()
    epic = await client.epic("KAN-40")
    assert len(epic.children) == 5
    assert "/ex/jira/" in client.base_url
    assert epic.ticket.url == f"{demo.world.url}/browse/KAN-40"
    before = sum(demo.world.requests.values())
    await client.epic("KAN-40")
    assert sum(demo.world.requests.values()) == before + 1
    ticket = await client.ticket("KAN-77")
    (start,) = await client.transitions("KAN-77")
    await JiraActions(client).move(MoveTicket("KAN-77", start.id, start.name, ticket.status, start.to))
    assert demo.world.writes[-1].path.startswith("/ex/jira/")


async def test_a_wrong_token_is_told_and_the_gateway_asked_once(
    demo: JiraDemo, connect: Callable[..., JiraClient]
) -> None:
    client = connect("nobody@example.com")
    for _ in range(3):
        with pytest.raises(SourceError) as caught:
            await client.epic("KAN-40")
        assert caught.value.problem.kind is ProblemKind.UNAUTHORIZED
    assert demo.world.requests["GET /_edge/tenant_info"] == 1
    assert client.base_url == demo.world.url


def test_a_token_goes_to_no_gateway_but_atlassians() -> None:
    from cidash.jira.route import GATEWAY, may_use_gateway

    assert may_use_gateway("https://example.atlassian.net", GATEWAY)
    assert not may_use_gateway("https://jira.example.com", GATEWAY)
    assert not may_use_gateway("http://example.atlassian.net", GATEWAY)
    assert not may_use_gateway("https://atlassian.net.example.com", GATEWAY)
    assert not may_use_gateway("https://example.atlassian.net", "https://gateway.example.com")
    assert not may_use_gateway("http://127.0.0.1:1", GATEWAY)
