"""Making things in Jira through the engine, against the demo, with everything that can go wrong on the way."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from cidash.demo.jira import JiraDemo, create_jira
from cidash.domain.command import Action, ActionState, Command, MoveTicket
from cidash.domain.problem import ProblemKind
from cidash.domain.secret import Secret
from cidash.domain.ticket_command import CommentTicket, CreateTicket, LinkPage, LinkTickets
from cidash.engine.board import Board
from cidash.engine.commands import Commands
from cidash.engine.desk import Desk
from cidash.engine.jira_poll import JiraPoll
from cidash.jira.actions import JiraActions
from cidash.jira.client import JiraClient
from cidash.transport.bodies import MemoryBodies

TASK = "10002"


class _Server(uvicorn.Server):
    started_event: threading.Event

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.started_event.set()


@pytest.fixture
def demo(clock: Any) -> Iterator[JiraDemo]:
    world = create_jira("review", 1.0, 40, clock.now)
    world.world.colleague_moves.clear()
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


class Rig:
    def __init__(self, demo: JiraDemo, clock: Any) -> None:
        self.board = Board(clock, (), has_jira=True)
        url = demo.world.url
        client = JiraClient(url, "demo@example.com", Secret("demo-jira-token"), MemoryBodies(), clock)
        self.poll = JiraPoll(client, "KAN-40", self.board, clock)
        self.desk = Desk(self.poll)
        self.commands = Commands(self.board, clock, {}, {}, (self.poll, JiraActions(client)))

    async def perform(self, command: Command) -> Action:
        return await self.commands.perform(command)

    @property
    def keys(self) -> list[str]:
        epic = self.board.snapshot.epic.data
        assert epic is not None
        return [child.key for child in epic.children]


@pytest.fixture
async def rig(demo: JiraDemo, clock: Any) -> AsyncIterator[Rig]:
    one = Rig(demo, clock)
    await one.poll.round()
    yield one
    await one.poll.client.close()


def new(**changes: Any) -> CreateTicket:
    values: dict[str, Any] = {"labels": ("guide-KAN-86",), "estimate_seconds": 3600.0, "description": "text"}
    return CreateTicket("KAN-40", TASK, "Task", "CI: add security scanning", **{**values, **changes})


def made(demo: JiraDemo) -> list[str]:
    return [issue.key for issue in demo.world.issues() if issue.summary == "CI: add security scanning"]


def posts(demo: JiraDemo, path: str) -> int:
    return sum(1 for write in demo.world.writes if write.path.endswith(path) and write.method == "POST")


def lose(answer: Response | None) -> Any:
    """Loses the answer to every write after its work is done."""

    def fault(request: Request, _true: Response) -> Response | None:
        reads = request.method == "GET" or request.url.path.endswith("bulkfetch")
        return None if reads else answer or HTMLResponse("<html>Bad gateway</html>", 502)

    return fault


async def test_a_new_ticket_is_read_back_and_shown_although_search_lags(demo: JiraDemo, rig: Rig, clock: Any) -> None:
    demo.world.search_lag_seconds = 3_600
    action = await rig.perform(new())
    assert action.state is ActionState.DONE
    assert action.sentence == "KAN-86 was created: CI: add security scanning"
    assert rig.keys[-1] == "KAN-86"
    clock.time = clock.time.replace(minute=clock.time.minute + 1)
    await rig.poll.round()
    assert rig.keys[-1] == "KAN-86"
    issue = demo.world.issue("KAN-86")
    assert issue is not None
    assert (issue.parent, issue.labels, issue.estimate) == ("KAN-40", ("guide-KAN-86",), 3600)


async def test_a_guides_ticket_is_not_made_twice_while_search_lags(demo: JiraDemo, rig: Rig) -> None:
    demo.world.search_lag_seconds = 3_600
    await rig.perform(new())
    again = await rig.perform(new())
    assert again.state is ActionState.REFUSED
    assert again.problem is not None
    assert again.problem.kind is ProblemKind.CONFLICT
    assert "KAN-86 was made from guide-KAN-86 already" in again.sentence
    assert made(demo) == ["KAN-86"]


@pytest.mark.parametrize("labels", [("guide-KAN-86",), ()])
async def test_a_lost_answer_is_read_back_and_nothing_is_sent_twice(
    demo: JiraDemo, rig: Rig, labels: tuple[str, ...]
) -> None:
    demo.world.search_lag_seconds = 3_600
    demo.world.answer_faults = lose(None)
    action = await rig.perform(new(labels=labels))
    assert action.state is ActionState.DONE
    assert made(demo) == ["KAN-86"]
    assert posts(demo, "/issue") == 1


async def test_a_write_that_never_arrived_stays_unknown_and_is_not_repeated(demo: JiraDemo, rig: Rig) -> None:
    def fault(request: Request) -> Response | None:
        lost = request.method == "POST" and request.url.path.endswith("/issue")
        return HTMLResponse("<html>Bad gateway</html>", 502) if lost else None

    demo.world.faults = fault
    action = await rig.perform(new())
    assert action.state is ActionState.UNKNOWN
    assert made(demo) == []
    assert posts(demo, "/issue") == 1
    demo.world.faults = None
    assert (await rig.perform(new())).state is ActionState.DONE
    assert made(demo) == ["KAN-86"]


async def test_an_older_ticket_of_the_same_name_is_not_taken_for_the_new_one(demo: JiraDemo, rig: Rig) -> None:
    await rig.perform(new(labels=()))

    def fault(request: Request) -> Response | None:
        lost = request.method == "POST" and request.url.path.endswith("/issue")
        return HTMLResponse("<html>Bad gateway</html>", 502) if lost else None

    demo.world.faults = fault
    assert (await rig.perform(new(labels=()))).state is ActionState.UNKNOWN


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 422, 429])
@pytest.mark.parametrize("command", ["create", "comment", "link", "page"])
async def test_a_refusal_is_told_and_nothing_is_made(demo: JiraDemo, rig: Rig, status: int, command: str) -> None:
    def fault(request: Request) -> Response | None:
        if request.method == "GET" or request.url.path.endswith("bulkfetch"):
            return None
        return JSONResponse({"errorMessages": ["Nein"], "errors": {"summary": "zu lang"}}, status)

    demo.world.faults = fault
    wanted: dict[str, Command] = {
        "create": new(),
        "comment": CommentTicket("KAN-76", "hello"),
        "link": LinkTickets("KAN-76", "KAN-78", "10000"),
        "page": LinkPage("KAN-76", "https://example.com/1", "run 1", "run/1"),
    }
    action = await rig.perform(wanted[command])
    assert action.state is ActionState.REFUSED
    assert action.problem is not None
    if status == 400:
        assert action.problem.fields == (("summary", "zu lang"),)
    assert len(demo.world.writes) == 1


async def test_comments_and_links_are_read_back_also_when_the_answer_is_lost(demo: JiraDemo, rig: Rig) -> None:
    demo.world.answer_faults = lose(None)
    assert (await rig.perform(CommentTicket("KAN-76", "same words"))).state is ActionState.DONE
    assert (await rig.perform(CommentTicket("KAN-76", "same words"))).state is ActionState.DONE
    assert [one.body for one in demo.world.comments["KAN-76"]].count("same words") == 2
    blocks = await rig.desk.blocks()
    assert blocks is not None
    kind, inward = blocks
    link = LinkTickets("KAN-76", "KAN-78", kind.id, inward)
    assert (await rig.perform(link)).state is ActionState.DONE
    assert [one.blocks_me for one in (await rig.desk.ticket("KAN-78")).links] == [True]
    again = await rig.perform(link)
    assert again.state is ActionState.REFUSED
    assert posts(demo, "/issueLink") == 1
    page = LinkPage("KAN-76", "https://example.com/1", "run 1", "run/1")
    assert (await rig.perform(page)).state is ActionState.DONE
    assert (await rig.perform(page)).state is ActionState.DONE
    assert len(demo.world.remote_links["KAN-76"]) == 1


async def test_the_way_back_is_a_captured_move(demo: JiraDemo, rig: Rig, clock: Any) -> None:
    ticket = await rig.desk.ticket("KAN-77")
    (start,) = await rig.desk.transitions("KAN-77")
    move = MoveTicket("KAN-77", start.id, start.name, ticket.status, start.to)
    assert (await rig.perform(move)).state is ActionState.DONE
    clock.time = clock.time.replace(second=clock.time.second + 1)
    back = await rig.desk.undo_of(move)
    assert back is not None
    assert back.sentence == "Move KAN-77 from In Progress to To Do"
    assert (await rig.perform(back)).state is ActionState.DONE
    review = await rig.desk.ticket("KAN-76")
    gone = MoveTicket("KAN-80", "41", "Done", review.status, (await rig.desk.ticket("KAN-80")).status)
    assert await rig.desk.undo_of(gone) is None


async def test_between_full_readings_only_what_changed_is_asked(demo: JiraDemo, rig: Rig, clock: Any) -> None:
    def reads() -> int:
        return sum(demo.world.requests.values())

    clock.time = clock.time.replace(minute=clock.time.minute + 1)
    before = reads()
    await rig.poll.round()
    assert reads() == before + 1
    issue = demo.world.issue("KAN-79")
    assert issue is not None
    demo.world.change(issue, summary="Another summary")
    clock.time = clock.time.replace(second=clock.time.second + 20)
    await rig.poll.round()
    epic = rig.board.snapshot.epic.data
    assert epic is not None
    assert "Another summary" in [child.summary for child in epic.children]
