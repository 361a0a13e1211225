"""A required field of a transition: its name, what is chosen or typed, and what Jira said about it."""

import re
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from cidash.domain.epic import TransitionField
from cidash.tui.keyed_list import KeyedList, Row

_LIST_LINES = 6


class FieldError(ValueError):
    """The field's value can't be sent; the text is a whole sentence."""


class FieldRow(Vertical):
    """One field: a list where Jira names the allowed values, a text line elsewhere."""

    DEFAULT_CSS = "FieldRow { height: auto; }"

    def __init__(self, field: TransitionField) -> None:
        super().__init__()
        self.field = field
        self.control: KeyedList | Input
        if field.options:
            self.control = KeyedList()
            self.control.styles.height = min(_LIST_LINES, len(field.options))
        else:
            self.control = Input(placeholder=_PLACEHOLDERS.get(field.type, ""), select_on_focus=False)

    def compose(self) -> ComposeResult:
        """Yields label, control and error line."""
        yield Static(Content(self.field.name), classes="label", markup=False)
        yield self.control
        yield Static(classes="error", markup=False)

    def on_mount(self) -> None:
        """Fills in the allowed values."""
        if isinstance(self.control, KeyedList):
            self.control.show([Row(option.id, Content(option.name)) for option in self.field.options])

    def value(self) -> Any:
        """Returns the value as Jira takes it.

        Raises:
            FieldError: nothing was typed, or not what the field's type needs.
        """
        if isinstance(self.control, KeyedList):
            row = self.control.cursor_row
            if row is None:
                raise FieldError(f"{self.field.name}: choose one.")
            chosen = {"id": str(row.key)}
            return [chosen] if self.field.type == "array" else chosen
        text = self.control.value.strip()
        if not text:
            raise FieldError(f"{self.field.name} is required.")
        return self._typed(text)

    def _typed(self, text: str) -> Any:
        if self.field.type == "number":
            try:
                return float(text)
            except ValueError:
                raise FieldError(f"{self.field.name}: {text} is not a number.") from None
        if self.field.type == "date" and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise FieldError(f"{self.field.name}: a date looks like 2026-01-31.")
        if self.field.type == "array":
            return [part.strip() for part in text.split(",") if part.strip()]
        if self.field.type == "user":
            return {"accountId": text}
        return text

    def show_error(self, sentence: str) -> None:
        """Shows the sentence beneath the field; an empty one removes it."""
        line = self.query_one(".error", Static)
        line.update(Content(f"✗ {sentence}" if sentence else ""))
        line.set_class(bool(sentence), "-shown")


_PLACEHOLDERS = {"date": "2026-01-31", "number": "a number", "array": "one, two", "user": "account id"}
