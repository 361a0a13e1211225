"""View 6: filters, marks, forms and undo; nothing typed is lost, nothing is sent without a question."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cidash.analysis.guide import GuideTicket
from cidash.domain.command import Action, ActionState, Command, MoveTicket
from cidash.domain.epic import FieldOption, Person, Status, Ticket, TicketType, Transition, TransitionField
from cidash.domain.problem import Problem, ProblemKind
from cidash.domain.ticket_command import CommentTicket, CreateTicket

DRAFT = GuideTicket("KAN-86", "Security", "Not created in Jira", "", 3600.0, 1, "CI: add security scanning", "text")


def field(key: str, kind: str, items: str | None = None, **changes: Any) -> TransitionField:
    options = tuple(FieldOption(str(at), name) for at, name in enumerate(changes.pop("options", ())))
    values = {"required": True, "has_default": False, "custom": None, **changes}
    return TransitionField(key, key.title(), values["required"], kind, items, options, False, values["custom"])


class FakeDesk:
    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.guide: tuple[GuideTicket, ...] = (DRAFT,)
        self.epic_key = "KAN-40"
        self.fields = tuple(field(one, "string") for one in ("summary", "description"))
        self.fields += (field("labels", "array", "string", required=False), field("timetracking", "timetracking"))
        self.back: MoveTicket | None = None

    async def ticket(self, key: str) -> Ticket:
        epic = self.engine.snapshot.epic.data
        found: Ticket = next(one for one in epic.children if one.key == key)
        return found

    async def transitions(self, key: str) -> tuple[Transition, ...]:
        found: tuple[Transition, ...] = await self.engine.transitions(key)
        return found

    async def people(self, text: str) -> tuple[Person, ...]:
        return (Person("1", "Robin Colleague"), Person("2", f"{text} Other"))

    async def types(self) -> tuple[TicketType, ...]:
        return (TicketType("7", "Task", False, 0),)

    async def with_fields(self, kind: TicketType) -> TicketType:
        return replace(kind, fields=self.fields)

    async def undo_of(self, done: MoveTicket) -> MoveTicket | None:
        return self.back


@pytest.fixture
def desk(stage: Any) -> FakeDesk:
    desk = FakeDesk(stage.engine)
    stage.engine.desk = desk
    return desk


def refusing(stage: Any, sentence: str, kind: ProblemKind = ProblemKind.REFUSED, **fields: str) -> Callable[..., Any]:
    async def refused(command: Command) -> Action:
        now = stage.clock.now()
        problem = Problem(kind, sentence, fields=tuple(fields.items()))
        state = ActionState.UNKNOWN if kind is ProblemKind.OUTCOME_UNKNOWN else ActionState.REFUSED
        return Action(1, command, state, now, sentence, now, problem)

    return refused


async def to_view(pilot: Any) -> None:
    await pilot.press("6")
    await pilot.pause()
    await pilot.pause()


@pytest.mark.parametrize("size", [(40, 10), (80, 24), (120, 40), (200, 60)])
async def test_every_size_shows_tickets_and_one_in_detail(stage: Any, desk: FakeDesk, size: tuple[int, int]) -> None:
    async with stage.app.run_test(size=size) as pilot:
        await to_view(pilot)
        text = stage.text()
        assert "KAN-76" in text
        assert "KAN-40" in text


async def test_filters_show_whose_and_which(stage: Any, desk: FakeDesk) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await to_view(pilot)
        rows = [str(row.key) for row in stage.app.view.tickets.list.rows]
        assert rows == ["KAN-76", "KAN-77", "KAN-78", "KAN-79", "KAN-80", "+"]
        shown = {}
        for _ in range(4):
            await pilot.press("f")
            await pilot.pause()
            only = stage.app.view.tickets.only
            shown[only.value] = [str(row.key) for row in stage.app.view.tickets.list.rows]
        assert shown["mine"] == []
        assert shown["open"] == ["KAN-76", "KAN-77", "KAN-78", "KAN-79", "+"]
        assert shown["unproven"] == ["KAN-80"]
        assert shown["blocked"] == ["KAN-78"]


async def test_a_draft_becomes_a_ticket_and_a_refusal_keeps_the_text(stage: Any, desk: FakeDesk) -> None:
    stage.engine.answer = refusing(stage, "Jira refused it.", summary="zu lang")
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await to_view(pilot)
        await pilot.press("G", "enter")
        await pilot.pause()
        await pilot.press("end", *" now", "enter")
        await pilot.pause()
        await pilot.pause()
        (command,) = stage.engine.performed
        assert isinstance(command, CreateTicket)
        assert command.summary == "CI: add security scanning now"
        assert (command.labels, command.estimate_seconds, command.type_id) == (("guide-KAN-86",), 3600.0, "7")
        text = stage.text()
        assert "CI: add security scanning now" in text
        assert "zu lang" in text


@pytest.mark.parametrize("kind", [ProblemKind.REFUSED, ProblemKind.OUTCOME_UNKNOWN])
async def test_a_comment_that_failed_stays_with_its_text(stage: Any, desk: FakeDesk, kind: ProblemKind) -> None:
    stage.engine.answer = refusing(stage, "It did not work.", kind)
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await to_view(pilot)
        await pilot.press("C")
        await pilot.pause()
        await pilot.press(*"well done", "enter")
        await pilot.pause()
        await pilot.pause()
        assert stage.engine.performed == [CommentTicket("KAN-76", "well done")]
        text = stage.text()
        assert "well done" in text
        assert "It did not work." in text


async def test_several_marked_tickets_have_each_their_result(stage: Any, desk: FakeDesk) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await to_view(pilot)
        await pilot.press("j", "space", "j", "space", "t")
        for _ in range(100):  # until the transitions of all of them are there
            await pilot.pause()
            if stage.app.screen.query("#choices") and stage.app.screen.query_one("#choices").rows:
                break
        await pilot.press("enter")
        await pilot.pause()
        await pilot.pause()
        assert sorted(command.key for command in stage.engine.performed) == ["KAN-77", "KAN-78"]
        text = stage.text()
        assert "KAN-77 " in text
        assert "KAN-78 " in text


async def test_undo_offers_the_captured_way_back(stage: Any, desk: FakeDesk) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await to_view(pilot)
        await pilot.press("u")
        await pilot.pause()
        assert stage.engine.performed == []
        row = stage.app.view.tickets.row
        there = Status("9", "Elsewhere", row.ticket.status.category)
        moved = MoveTicket("KAN-76", "1", "x", there, row.ticket.status)
        stage.app.moves = [moved]
        await pilot.press("u")
        await pilot.pause()
        await pilot.pause()
        said = [one.message for one in stage.app._notifications]
        assert any("offers no way" in sentence for sentence in said)
        desk.back = MoveTicket("KAN-76", "2", "back", row.ticket.status, there)
        await pilot.press("u")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert stage.engine.performed == [desk.back]


async def test_a_transition_asks_for_every_kind_of_field(stage: Any, desk: FakeDesk) -> None:
    done = stage.engine.offered[-1].to
    fields = (
        field("place", "option", options=("Staging", "Production")),
        field("seen", "array", "option", options=("One", "Two")),
        field("who", "user"),
        field("minutes", "number"),
        field("day", "date"),
        field("words", "array", "string"),
        field("strange", "option-with-child", required=False),
    )
    stage.engine.offered = (Transition("5", "Finish", done, fields),)
    async with stage.app.run_test(size=(120, 50)) as pilot:
        await to_view(pilot)
        await pilot.press("t")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert "Strange: only on Jira's page" in stage.text()
        await pilot.press("j", "enter", "space", "j", "space", "enter")
        await pilot.press(*"Rob")
        await pilot.pause(0.1)
        await pilot.pause()
        await pilot.press("enter", *"4.5", "enter", *"2026-02-30", "enter", *"a b", "enter")
        await pilot.pause()
        assert stage.engine.performed == []
        assert "a date looks like" in stage.text()
        await pilot.press("backspace", "backspace", *"28", "enter", "enter")
        await pilot.pause()
        (command,) = stage.engine.performed
        assert command.fields == {
            "place": {"id": "1"},
            "seen": [{"id": "0"}, {"id": "1"}],
            "who": {"accountId": "1"},
            "minutes": 4.5,
            "day": "2026-02-28",
            "words": ["a", "b"],
        }
