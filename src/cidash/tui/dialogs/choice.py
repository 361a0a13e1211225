"""A menu: what can be asked for now, and why the rest can't."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from cidash.domain.problem import SourceError
from cidash.tui import look
from cidash.tui.columns import assemble
from cidash.tui.dialogs.dialog import Dialog
from cidash.tui.keyed_list import KeyedList, Row

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Choice(Generic[T]):
    """One line of the menu."""

    label: str
    value: T | None
    reason: str = ""
    """Why it can't be asked for; empty if it can."""
    sentence: str = ""
    """What stands beneath the menu while the cursor is on it."""


@dataclass(frozen=True, slots=True)
class Menu(Generic[T]):
    """What the menu shows once it is known."""

    choices: Sequence[Choice[T]]
    note: str = ""
    """What has to be known before choosing."""


class ChoiceDialog(Dialog[T], Generic[T]):
    """Gives the value that was chosen, or None. What it offers may have to be asked for first."""

    def __init__(self, heading: str, load: Callable[[], Awaitable[Menu[T]]], empty: str) -> None:
        super().__init__()
        self._heading = heading
        self._load_menu = load
        self._empty = empty
        self._menu: Menu[T] = Menu(())

    def compose(self) -> ComposeResult:
        """Yields heading, note, the choices, and the sentence of the one under the cursor."""
        with Vertical(id="box"):
            yield Static(Content(self._heading), classes="heading", markup=False)
            yield Static(id="note", classes="label", markup=False)
            yield KeyedList(id="choices")
            yield Static(id="what", classes="sentence", markup=False)
            yield Static(id="hint", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Asks for what can be chosen."""
        self.query_one("#note").display = False
        self.query_one(KeyedList).focus()
        self._say(Content.styled("Asking…", look.MUTED))
        self._hint(enter=False)
        self._load()

    @work(exclusive=True, group="menu")
    async def _load(self) -> None:
        try:
            self._menu = await self._load_menu()
        except SourceError as error:
            self._say(assemble(("✗ ", look.BAD), error.problem.sentence))
            return
        if self._menu.note:
            note = self.query_one("#note", Static)
            note.display = True
            note.update(Content(self._menu.note))
        choices = self.query_one(KeyedList)
        choices.show([self._row(number, choice) for number, choice in enumerate(self._menu.choices)])
        self._describe()

    def _row(self, number: int, choice: Choice[T]) -> Row:
        if choice.reason or choice.value is None:
            content = assemble("  ", (choice.label, look.MUTED), (f"  {choice.reason}", look.FAINT))
            return Row(number, content, selectable=False)
        return Row(number, Content.styled(choice.label, look.PLAIN))

    @property
    def _chosen(self) -> Choice[T] | None:
        row = self.query_one(KeyedList).cursor_row
        return self._menu.choices[row.key] if row is not None and isinstance(row.key, int) else None

    @on(KeyedList.Moved)
    def _describe(self) -> None:
        chosen = self._chosen
        self._say(Content(chosen.sentence if chosen is not None else self._empty))
        self._hint(enter=chosen is not None)

    @on(KeyedList.Opened)
    def _open(self) -> None:
        chosen = self._chosen
        if chosen is not None and chosen.value is not None:
            self.dismiss(chosen.value)

    def _say(self, text: Content) -> None:
        self.query_one("#what", Static).update(text)

    def _hint(self, *, enter: bool) -> None:
        pieces: list[str | tuple[str, str]] = [("Esc", "$primary bold"), " leave"]
        if enter:
            pieces = [("Enter", "$primary bold"), (" go on   ", look.MUTED), *pieces]
        self.query_one("#hint", Static).update(assemble(*pieces))
