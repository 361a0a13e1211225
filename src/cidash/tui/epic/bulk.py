"""Moving several tickets at once: one status, each ticket by its own transition and with its own result."""

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from cidash.domain.command import Action, ActionState, MoveTicket
from cidash.domain.epic import Status, Ticket, Transition
from cidash.domain.problem import SourceError
from cidash.tui import look
from cidash.tui.columns import assemble
from cidash.tui.dialogs.dialog import Dialog
from cidash.tui.keyed_list import KeyedList, Row

if TYPE_CHECKING:
    from cidash.tui.app import CidashApp


class BulkDialog(Dialog[None]):
    """First the status, then the result of every ticket."""

    app: "CidashApp"

    def __init__(self, tickets: tuple[Ticket, ...]) -> None:
        super().__init__()
        self._tickets = tickets
        self._offers: dict[str, tuple[Transition, ...]] = {}
        self._results: dict[str, Content] = {}
        self._sent = False

    def compose(self) -> ComposeResult:
        """Yields heading, list and state."""
        with Vertical(id="box"):
            yield Static(Content(f"Move {len(self._tickets)} tickets"), classes="heading", markup=False)
            yield KeyedList(id="choices")
            yield Static(id="state", classes="sentence", markup=False)
            yield Static(
                assemble(("Enter", "$primary bold"), (" move all   ", look.MUTED), ("Esc", "$primary bold"), " leave"),
                classes="hint",
                markup=False,
            )

    def on_mount(self) -> None:
        """Asks for the transitions of every ticket."""
        self.query_one("#choices").styles.height = min(12, max(4, len(self._tickets)))
        self.query_one(KeyedList).focus()
        self._say(Content.styled("Asking Jira what they can do…", look.MUTED))
        self._load()

    @work(exclusive=True, group="transitions")
    async def _load(self) -> None:
        asked = await asyncio.gather(
            *(self.app.engine.transitions(one.key) for one in self._tickets), return_exceptions=True
        )
        for ticket, offered in zip(self._tickets, asked, strict=True):
            if isinstance(offered, SourceError):
                self._say(assemble(("✗ ", look.BAD), offered.problem.sentence))
                return
            if isinstance(offered, BaseException):
                raise offered
            self._offers[ticket.key] = offered
        counts = Counter(status for one in self._offers.values() for status in dict.fromkeys(map(_status, one)))
        rows = []
        for (status_id, name), count in counts.most_common():
            share = "all" if count == len(self._tickets) else f"{count} of {len(self._tickets)}"
            rows.append(Row(status_id, assemble(f"to {name}", (f"  {share} can go there", look.MUTED))))
        self.query_one(KeyedList).show(rows, Content("Jira offers no transition of these tickets to you."))
        self._say(Content("Those that ask for fields, or can't go there, are left where they are."))

    @on(KeyedList.Opened, "#choices")
    def _chosen(self, event: KeyedList.Opened) -> None:
        if self._sent:
            return
        self._sent = True
        for ticket in self._tickets:
            way = next((one for one in self._offers[ticket.key] if one.to.id == event.row.key), None)
            if way is None:
                self._note(ticket.key, assemble(("· ", look.MUTED), "no transition leads there"))
            elif way.required_fields:
                names = ", ".join(field.name for field in way.required_fields)
                self._note(ticket.key, assemble(("· ", look.MUTED), f"asks for {names}: move it by itself"))
            else:
                command = MoveTicket(ticket.key, way.id, way.name, ticket.status, way.to)
                self._note(ticket.key, assemble(("◐ ", look.BUSY), f"{command.sentence}: asked"))
                self.app.perform(command, self._ended)
        self._say(Content(""))

    def _ended(self, action: Action) -> None:
        if not self.is_attached or not isinstance(action.command, MoveTicket):
            return
        good = action.state is ActionState.DONE
        mark = ("✓ ", look.GOOD) if good else ("✗ ", look.BAD)
        self._note(action.command.key, assemble(mark, action.sentence))

    def _note(self, key: str, text: Content) -> None:
        self._results[key] = assemble((f"{key} ", look.CALM), text)
        self.query_one(KeyedList).show([Row(one, content) for one, content in self._results.items()])

    def _say(self, text: Content) -> None:
        self.query_one("#state", Static).update(text)


def _status(way: Transition) -> tuple[str, str]:
    to: Status = way.to
    return to.id, to.name
