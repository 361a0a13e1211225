"""The question before a write. The answer is no unless it is said otherwise."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from cidash.tui import keys, look
from cidash.tui.dialogs.dialog import Dialog


class ConfirmDialog(Dialog[bool]):
    """Names what is about to be done; `y` does it, everything else does not."""

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("confirm")

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """Yields the question and the two answers."""
        with Vertical(id="box"):
            yield Static(Content(self._question), classes="sentence", markup=False)
            yield Static(
                Content.assemble(
                    ("y", "$primary bold"), (" yes", look.MUTED), "     ", ("n", "$primary bold"), (" no", look.STRONG)
                ),
                classes="hint",
                markup=False,
            )

    def action_yes(self) -> None:
        """Says yes."""
        self.dismiss(True)
