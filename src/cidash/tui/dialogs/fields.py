"""A field of a form: its name, what is chosen or typed, and what Jira said about it."""

from typing import TYPE_CHECKING, Any

from textual import events, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from cidash.analysis.form import EntryError, FieldKind, json_of, kind_of
from cidash.domain.epic import Person, TransitionField
from cidash.domain.problem import SourceError
from cidash.tui import look
from cidash.tui.columns import assemble
from cidash.tui.keyed_list import KeyedList, Row

if TYPE_CHECKING:
    from cidash.tui.app import CidashApp

_LIST_LINES = 6
_NOTHING = ""
_SEARCH_SECONDS = 0.3


class FieldError(ValueError):
    """The field's value can't be sent; the text is a whole sentence."""


class FieldRow(Vertical):
    """One field: a list where Jira names the allowed values, a text line elsewhere; people are searched for."""

    DEFAULT_CSS = "FieldRow { height: auto; }"

    app: "CidashApp"

    class Done(Message):
        """The user has finished with this field."""

        def __init__(self, row: "FieldRow") -> None:
            super().__init__()
            self.row = row

    def __init__(self, field: TransitionField) -> None:
        super().__init__()
        self.field = field
        self.kind = kind_of(field)
        self.control: KeyedList | Input
        self._marked: dict[str, None] = {}
        self._people: dict[str, Person] = {}
        self._person: Person | None = None
        if self.kind in {FieldKind.SELECT, FieldKind.MULTI_SELECT}:
            self.control = KeyedList()
            optional = self.kind is FieldKind.SELECT and not field.required
            self.control.styles.height = min(_LIST_LINES, len(field.options) + optional)
        else:
            self.control = Input(placeholder=_PLACEHOLDERS.get(self.kind, ""), select_on_focus=False)

    def compose(self) -> ComposeResult:
        """Yields label, control and error line."""
        label = self.field.name if self.field.required else f"{self.field.name} (optional)"
        if self.kind is FieldKind.MULTI_SELECT:
            label += ", Space chooses"
        yield Static(Content(label), classes="label", markup=False)
        yield self.control
        if self.kind is FieldKind.USER:
            found = KeyedList(id="people")
            found.styles.height = 3
            found.can_focus = False
            found.display = False
            yield found
        yield Static(classes="error", markup=False)

    def on_mount(self) -> None:
        """Fills in the allowed values."""
        self._show_options()

    def _show_options(self) -> None:
        if not isinstance(self.control, KeyedList):
            return
        rows = [Row(option.id, self._option(option.id, option.name)) for option in self.field.options]
        if self.kind is FieldKind.SELECT and not self.field.required:
            rows.insert(0, Row(_NOTHING, Content.styled("leave as it is", look.MUTED)))
        self.control.show(rows)

    def _option(self, option_id: str, name: str) -> Content:
        if self.kind is not FieldKind.MULTI_SELECT:
            return Content(name)
        return assemble(("✓ ", look.GOOD) if option_id in self._marked else ("· ", look.FAINT), name)

    def on_key(self, event: events.Key) -> None:
        """Space chooses in a list of several; the arrows choose among the people found."""
        if self.kind is FieldKind.MULTI_SELECT and event.key == "space" and isinstance(self.control, KeyedList):
            row = self.control.cursor_row
            if row is not None and self._marked.pop(str(row.key), "absent") == "absent":
                self._marked[str(row.key)] = None
            self._show_options()
            event.stop()
        elif self.kind is FieldKind.USER and event.key in {"down", "up"} and self._people:
            found = self.query_one("#people", KeyedList)
            found.action_down() if event.key == "down" else found.action_up()
            self._take()
            event.stop()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Searches for people while their name is typed."""
        if self.kind is FieldKind.USER:
            event.stop()
            if self._person is None or event.value != self._person.name:
                self._person = None
                self._search(event.value.strip())

    @work(exclusive=True, group="people")
    async def _search(self, text: str) -> None:
        found = self.query_one("#people", KeyedList)
        desk = self.app.engine.desk
        if not text or desk is None:
            self._people, found.display = {}, False
            return
        await self.app.clock.sleep(_SEARCH_SECONDS)
        try:
            people = await desk.people(text)
        except SourceError as error:
            self.show_error(error.problem.sentence)
            return
        self._people = {one.id: one for one in people}
        found.display = True
        rows = [Row(one.id, assemble(one.name, (f"  {one.email}", look.MUTED))) for one in people]
        found.show(rows, Content("nobody is called that"))
        self._take()

    def _take(self) -> None:
        row = self.query_one("#people", KeyedList).cursor_row
        self._person = self._people.get(str(row.key)) if row is not None else None

    def value(self) -> Any:
        """Returns the value as Jira takes it, or None for an optional field that was left empty.

        Raises:
            FieldError: nothing was entered, or not what the field's type needs.
        """
        entered: Any
        if self.kind is FieldKind.MULTI_SELECT:
            entered = tuple(self._marked)
        elif isinstance(self.control, KeyedList):
            row = self.control.cursor_row
            entered = str(row.key) if row is not None else ""
        elif self.kind is FieldKind.USER and self._person is not None:
            entered = self._person
        else:
            entered = self.control.value
        try:
            return json_of(self.field, entered)
        except EntryError as error:
            raise FieldError(str(error)) from None

    def show_error(self, sentence: str) -> None:
        """Shows the sentence beneath the field; an empty one removes it."""
        line = self.query_one(".error", Static)
        line.update(Content(f"✗ {sentence}" if sentence else ""))
        line.set_class(bool(sentence), "-shown")


_PLACEHOLDERS = {
    FieldKind.DATE: "2026-01-31",
    FieldKind.NUMBER: "a number",
    FieldKind.LABELS: "one, two",
    FieldKind.USER: "a name or an address",
}
