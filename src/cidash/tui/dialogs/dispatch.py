"""Starting a workflow by hand: on which branch or tag, then a form of the inputs that its file declares there."""

from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from cidash.analysis.dispatch_form import InputError, checked_inputs
from cidash.domain.ci import Workflow
from cidash.domain.github_command import DispatchWorkflow
from cidash.domain.problem import SourceError
from cidash.domain.repository import RepositoryId
from cidash.domain.workflow_file import DispatchInput
from cidash.tui import look
from cidash.tui.columns import assemble
from cidash.tui.dialogs.dialog import Dialog
from cidash.tui.keyed_list import KeyedList, Row

if TYPE_CHECKING:
    from cidash.tui.app import CidashApp

_LIST_LINES = 4


class InputRow(Vertical):
    """One input: a list where the file names the values, a text line elsewhere."""

    DEFAULT_CSS = "InputRow { height: auto; margin-bottom: 1; }"

    def __init__(self, declared: DispatchInput) -> None:
        super().__init__()
        self.declared = declared
        self._values = ("true", "false") if declared.type == "boolean" else declared.options
        self.control: KeyedList | Input
        if self._values:
            self.control = KeyedList()
            self.control.styles.height = min(_LIST_LINES, len(self._values))
        else:
            self.control = Input(declared.default or "", placeholder=declared.type, select_on_focus=False)

    def compose(self) -> ComposeResult:
        """Yields label, control and error line."""
        one = self.declared
        needed = " (required)" if one.required else ""
        yield Static(Content(f"{one.name}{needed}  {one.description}".rstrip()), classes="label", markup=False)
        yield self.control
        yield Static(classes="error", markup=False)

    def on_mount(self) -> None:
        """Fills in the values; the cursor is on the default."""
        if isinstance(self.control, KeyedList):
            self.control.show([Row(value, Content(value)) for value in self._values])
            default = self.declared.default or ("false" if self.declared.type == "boolean" else None)
            if default in self._values:
                self.control.put_cursor(default)

    @property
    def value(self) -> str:
        """What was chosen or typed."""
        if isinstance(self.control, KeyedList):
            row = self.control.cursor_row
            return str(row.key) if row is not None else ""
        return self.control.value.strip()

    def show_error(self, sentence: str) -> None:
        """Shows the sentence beneath the field; an empty one removes it."""
        line = self.query_one(".error", Static)
        line.update(Content(f"✗ {sentence}" if sentence else ""))
        line.set_class(bool(sentence), "-shown")


class DispatchDialog(Dialog[DispatchWorkflow]):
    """Gives the command that was filled in, or None."""

    app: "CidashApp"

    def __init__(self, repository: RepositoryId, workflow: Workflow, ref: str) -> None:
        super().__init__()
        self._repository = repository
        self._workflow = workflow
        self._ref = ref
        self._inputs: tuple[DispatchInput, ...] | None = None
        self._rows: list[InputRow] = []

    def compose(self) -> ComposeResult:
        """Yields the line for branch or tag; the form comes when the file was read."""
        with Vertical(id="box"):
            yield Static(Content(f"Run workflow {self._workflow.name}"), classes="heading", markup=False)
            yield Static(Content("on branch or tag"), classes="label", markup=False)
            yield Input(self._ref, id="ref", select_on_focus=False)
            yield VerticalScroll(id="form")
            yield Static(id="state", classes="sentence", markup=False)
            yield Static(assemble(("Enter", "$primary bold"), (" go on   ", look.MUTED), ("Esc", "$primary bold"),
                                  " leave"), classes="hint", markup=False)  # fmt: skip

    def on_mount(self) -> None:
        """Starts with the branch."""
        form = self.query_one("#form")
        form.styles.height = "auto"
        form.styles.max_height = "60vh"
        self.query_one("#ref", Input).focus()
        self._say("Enter reads the workflow's file there.")

    @on(Input.Submitted, "#ref")
    def _ref_chosen(self, event: Input.Submitted) -> None:
        event.stop()
        self._ref = event.value.strip()
        if self._ref:
            self._say(f"Reading {self._workflow.path} on {self._ref}…")
            self._load(self._ref)

    @work(exclusive=True, group="inputs")
    async def _load(self, ref: str) -> None:
        try:
            inputs = await self.app.engine.github.dispatch_inputs(self._repository, self._workflow, ref)
        except SourceError as error:
            self._say(error.problem.sentence, bad=True)
            return
        self._inputs = inputs
        self._rows = [InputRow(one) for one in inputs]
        form = self.query_one("#form")
        await form.remove_children()
        await form.mount(*self._rows)
        if self._rows:
            self._rows[0].control.focus()
            self._say(f"{self._workflow.name} on {ref}: Enter goes to the next input, from the last one on.")
        else:
            self._finish()

    @on(KeyedList.Opened)
    @on(Input.Submitted, "InputRow Input")
    def _input_done(self, event: KeyedList.Opened | Input.Submitted) -> None:
        event.stop()
        here = next((at for at, row in enumerate(self._rows) if row.control.has_focus), len(self._rows) - 1)
        following = self._rows[here + 1].control if here + 1 < len(self._rows) else None
        if following is not None:
            following.focus()
        else:
            self._finish()

    def _finish(self) -> None:
        if self._inputs is None:
            return
        for row in self._rows:
            row.show_error("")
        given = {row.declared.name: row.value for row in self._rows if row.value or row.declared.default is not None}
        try:
            values = checked_inputs(self._inputs, given)
        except InputError as error:
            wrong = next((row for row in self._rows if row.declared.name == error.name), None)
            if wrong is not None:
                wrong.show_error(str(error))
                wrong.control.focus()
            return
        self.dismiss(DispatchWorkflow(self._repository, self._workflow.id, self._workflow.name, self._ref, values))

    def _say(self, text: str, *, bad: bool = False) -> None:
        content = assemble(("✗ ", look.BAD), text) if bad else Content.styled(text, look.MUTED)
        self.query_one("#state", Static).update(content)
