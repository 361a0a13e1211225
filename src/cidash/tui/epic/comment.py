"""A comment on a ticket: stays open with its text until it was read back."""

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from cidash.domain.command import Action, ActionState
from cidash.domain.epic import Ticket
from cidash.domain.ticket_command import CommentTicket
from cidash.tui import look
from cidash.tui.columns import assemble
from cidash.tui.dialogs.dialog import Dialog

if TYPE_CHECKING:
    from cidash.tui.app import CidashApp


class CommentDialog(Dialog[None]):
    """Enter sends it once; Esc leaves."""

    app: "CidashApp"

    def __init__(self, ticket: Ticket) -> None:
        super().__init__()
        self._ticket = ticket
        self._asked = False

    def compose(self) -> ComposeResult:
        """Yields heading, line and state."""
        heading = assemble(f"Comment on {self._ticket.key} ", (self._ticket.summary, look.PLAIN))
        with Vertical(id="box"):
            yield Static(heading, classes="heading", markup=False)
            yield Input(placeholder="plain text or wiki markup", select_on_focus=False)
            yield Static(id="state", classes="sentence", markup=False)
            yield Static(
                assemble(("Enter", "$primary bold"), (" send   ", look.MUTED), ("Esc", "$primary bold"), " leave"),
                classes="hint",
                markup=False,
            )

    def on_mount(self) -> None:
        """The line has the focus."""
        self.query_one(Input).focus()

    def on_input_submitted(self) -> None:
        """Sends the comment."""
        text = self.query_one(Input).value.strip()
        if not text or self._asked:
            return
        self._asked = True
        self._say(assemble(("◐ ", look.BUSY), "Asked, waiting until Jira shows it…"))
        self.app.perform(CommentTicket(self._ticket.key, text), self._ended)

    def _ended(self, action: Action) -> None:
        if not self.is_attached:
            return
        if action.state is ActionState.DONE:
            self.dismiss(None)
            return
        self._asked = False
        self._say(assemble(("✗ ", look.BAD), action.sentence))

    def _say(self, text: Content) -> None:
        self.query_one("#state", Static).update(text)
