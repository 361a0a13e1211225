"""What all dialogs share: a box in the middle, and Esc that leaves without doing anything."""

from typing import ClassVar, Generic, TypeVar

from textual.binding import BindingType
from textual.screen import ModalScreen

from cidash.tui import keys

T = TypeVar("T")


class Dialog(ModalScreen[T], Generic[T]):
    """A modal screen with the box `#box`; dismissed with None when it is left."""

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("dialog")

    def action_leave(self) -> None:
        """Leaves without doing anything."""
        self.dismiss(None)
