"""The client against the demo's Jira, which shares no line with it: two readings of the same API that must agree."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from cidash.demo.jira import JiraDemo, create_jira
from cidash.domain.command import MoveTicket
from cidash.domain.epic import StatusCategory, Ticket, Transition
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.secret import Secret
from cidash.jira.actions import JiraActions
from cidash.jira.client import JiraClient
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
async def client(demo: JiraDemo, clock: Any, bodies: MemoryBodies) -> AsyncIterator[JiraClient]:
    one = JiraClient(demo.world.url, "demo@example.com", Secret("demo-jira-token"), bodies, clock)
    yield one
    await one.close()


async def problem_of(doing: Any) -> Problem:
    with pytest.raises(SourceError) as caught:
        await doing
    return caught.value.problem


def command(ticket: Ticket, transition: Transition, **changes: Any) -> MoveTicket:
    made = MoveTicket(ticket.key, transition.id, transition.name, ticket.status, transition.to)
    return replace(made, **changes)


async def to_category(client: JiraClient, key: str, category: StatusCategory) -> tuple[Ticket, Transition]:
    ticket = await client.ticket(key)
    return ticket, next(one for one in await client.transitions(key) if one.to.category is category)


@pytest.mark.parametrize("page_cap", [100, 2])
async def test_the_epic_of_the_guide(demo: JiraDemo, client: JiraClient, page_cap: int) -> None:
    demo.world.page_cap = page_cap
    epic = await client.epic("KAN-40")
    assert (epic.ticket.summary, epic.ticket.hierarchy_level) == ("CI/CD Hardening", 1)
    assert [child.key for child in epic.children] == ["KAN-76", "KAN-77", "KAN-78", "KAN-79", "KAN-80"]
    by_key = {child.key: child for child in epic.children}
    assert by_key["KAN-80"].is_done
    assert by_key["KAN-76"].status.name == "In Review"
    assert by_key["KAN-77"].estimate_seconds == 45 * 60
    assert [(link.key, link.blocks_me) for link in by_key["KAN-77"].links] == [("KAN-76", True)]
    assert [(link.key, link.blocks_me) for link in by_key["KAN-76"].links] == [("KAN-77", False)]
    assert by_key["KAN-79"].links[0].key == "KAN-36"
    assert "\x1b" not in repr(epic)
    assert epic.ticket.url == f"{demo.world.url}/browse/KAN-40"
    recalled = client.recall_epic("KAN-40")
    assert recalled is not None
    assert recalled[0] == epic


async def test_what_the_guide_says_is_not_there_is_not_there(client: JiraClient) -> None:
    for question in (client.epic("KAN-86"), client.ticket("KAN-86"), client.transitions("KAN-86")):
        problem = await problem_of(question)
        assert problem.kind is ProblemKind.NOT_FOUND
        assert "KAN-86" in problem.sentence


async def test_wrong_credentials(demo: JiraDemo, clock: Any, bodies: MemoryBodies) -> None:
    client = JiraClient(demo.world.url, "demo@example.com", Secret("old"), bodies, clock)
    assert (await problem_of(client.epic("KAN-40"))).kind is ProblemKind.UNAUTHORIZED
    await client.close()


async def test_a_move_asks_for_its_field_and_the_search_lags_behind_it(
    demo: JiraDemo, client: JiraClient, clock: Any
) -> None:
    actions = JiraActions(client)
    ticket, done = await to_category(client, "KAN-76", StatusCategory.DONE)
    (field,) = done.required_fields
    problem = await problem_of(actions.move(command(ticket, done)))
    assert problem.kind is ProblemKind.REFUSED
    assert [name for name, _ in problem.fields] == [field.key] == ["resolution"]
    chosen = {field.key: {"id": field.options[0].id}}
    await actions.move(command(ticket, done, fields=chosen, comment="Merged, main is green."))
    assert (await client.ticket("KAN-76")).is_done

    async def listed(*reconcile: str) -> Ticket:
        return (await client.epic("KAN-40", reconcile)).children[0]

    assert not (await listed()).is_done
    assert (await listed(ticket.id)).is_done
    clock.pass_seconds(demo.world.search_lag_seconds + 1)
    assert (await listed()).is_done
    again = await problem_of(actions.move(command(ticket, done, fields=chosen)))
    assert again.kind is ProblemKind.CONFLICT


async def test_a_colleague_was_quicker(demo: JiraDemo, client: JiraClient, clock: Any) -> None:
    ticket, start = await to_category(client, "KAN-78", StatusCategory.INDETERMINATE)
    clock.pass_seconds(60)
    problem = await problem_of(JiraActions(client).move(command(ticket, start)))
    assert problem.kind is ProblemKind.CONFLICT
    assert "In Progress" in problem.sentence
    assert not [write for write in demo.world.writes if "KAN-78" in write.path]


@pytest.mark.parametrize("status", [502, 504])
async def test_a_move_that_was_done_although_the_gateway_gave_up(
    demo: JiraDemo, client: JiraClient, status: int
) -> None:
    def lose(request: Request, answer: Response) -> Response | None:
        return HTMLResponse("<html>Bad gateway</html>", status) if request.method == "POST" else None

    demo.world.answer_faults = lose
    ticket, start = await to_category(client, "KAN-77", StatusCategory.INDETERMINATE)
    problem = await problem_of(JiraActions(client).move(command(ticket, start)))
    assert problem.kind is ProblemKind.OUTCOME_UNKNOWN
    assert (await client.ticket("KAN-77")).status == start.to
    assert len(demo.world.writes) == 1


async def test_limits_of_the_site(demo: JiraDemo, client: JiraClient, clock: Any) -> None:
    demo.world.burst_limit = 0
    problem = await problem_of(client.epic("KAN-40"))
    assert problem.kind is ProblemKind.RATE_LIMITED
    demo.world.burst_limit = 100
    assert (await client.ticket("KAN-76")).key == "KAN-76"
    assert (await problem_of(client.epic("KAN-40"))) == problem
    assert problem.retry_at is not None
    clock.pass_seconds((problem.retry_at - clock.now()).total_seconds())
    assert len((await client.epic("KAN-40")).children) == 5
