"""Moving a ticket: its transitions, then the fields of the chosen one's screen and a comment, then the sentence."""

from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from cidash.analysis.form import in_form_order, only_in_browser
from cidash.domain.command import Action, ActionState, MoveTicket
from cidash.domain.epic import Ticket, Transition
from cidash.domain.problem import ProblemKind, SourceError
from cidash.tui import look
from cidash.tui.columns import assemble, fit, widest
from cidash.tui.dialogs.dialog import Dialog
from cidash.tui.dialogs.fields import FieldError, FieldRow
from cidash.tui.keyed_list import KeyedList, Row
from cidash.tui.opening import open_page

if TYPE_CHECKING:
    from cidash.tui.app import CidashApp


class TransitionDialog(Dialog[None]):
    """Stays open, with everything typed, until the move was read back; Esc leaves it at any time."""

    app: "CidashApp"

    def __init__(self, ticket: Ticket) -> None:
        super().__init__()
        self._ticket = ticket
        self._transitions: tuple[Transition, ...] = ()
        self._chosen: Transition | None = None
        self._fields: list[FieldRow] = []
        self._asked = False
        self._in_browser = False
        self._comment: Input | None = None

    def compose(self) -> ComposeResult:
        """Yields the heading and a state line; list and form come when they are known."""
        heading = Content.assemble(f"{self._ticket.key} ", (self._ticket.summary, look.PLAIN))
        with Vertical(id="box"):
            yield Static(heading, classes="heading", markup=False)
            yield VerticalScroll(id="stage", can_focus=False)
            yield Static(id="state", classes="sentence", markup=False)
            yield Static(id="hint", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Asks for the transitions."""
        stage = self.query_one("#stage")
        stage.styles.height = "auto"
        stage.styles.max_height = max(4, self.app.size.height - 10)
        self._say(Content.styled(f"Asking Jira what {self._ticket.key} can do…", look.MUTED))
        self._hint(enter=None)
        self._load()

    @work(exclusive=True, group="transitions")
    async def _load(self) -> None:
        try:
            self._transitions = await self.app.engine.transitions(self._ticket.key)
        except SourceError as error:
            self._say(assemble(("✗ ", look.BAD), error.problem.sentence))
            return
        if not self._transitions:
            self._say(
                Content(
                    f"Jira offers no transition of {self._ticket.key} to you: the workflow has none from "
                    f"{self._ticket.status.name}, or you lack the right to move tickets (Transition Issues)."
                )
            )
            return
        await self._show_list()

    async def _show_list(self) -> None:
        """The first stage: which transition."""
        self._chosen, self._fields, self._comment, self._in_browser = None, [], None, False
        choices = KeyedList(id="choices")
        await self._put(choices)
        width = widest((one.name for one in self._transitions), 30)
        choices.show([self._row(one, width) for one in self._transitions])
        choices.focus()
        self._say(assemble("Now ", (self._ticket.status.name, look.of_category(self._ticket.status.category).style)))
        self._hint(enter="choose")

    def _row(self, transition: Transition, width: int) -> Row:
        to = look.of_category(transition.to.category)
        required = transition.required_fields
        needs = f"  needs {', '.join(field.name for field in required)}" if required else ""
        content = assemble(
            (fit(transition.name, width), look.PLAIN),
            (" → ", look.FAINT),
            (f"{to.glyph} {transition.to.name}", to.style),
            (needs, look.MUTED),
        )
        return Row(transition.id, content)

    async def _show_form(self, transition: Transition) -> None:
        """The second stage: the fields of its screen, a comment, and the sentence that Enter confirms."""
        self._chosen = transition
        hidden, needs_browser = only_in_browser(transition.fields)
        if needs_browser:
            self._in_browser = True
            names = ", ".join(field.name for field in hidden)
            self._say(Content(f"{transition.name} asks for {names}, which can only be entered on Jira's own page."))
            self._hint(enter="open it in the browser")
            await self._put()
            return
        self._fields = [FieldRow(field) for field in in_form_order(transition.fields)]
        self._comment = Input(placeholder="a comment (optional)", select_on_focus=False, id="comment")
        label = Static(Content("Comment"), classes="label", markup=False)
        notes = [Static(Content(f"{one.name}: only on Jira's page"), classes="label", markup=False) for one in hidden]
        await self._put(*self._fields, *notes, label, self._comment)
        (self._fields[0].control if self._fields else self._comment).focus()
        self._say(self._sentence(transition))
        self._hint(enter="next, then do it" if self._fields else "do it")

    def _sentence(self, transition: Transition) -> Content:
        return assemble((self._command(transition, {}).sentence + "?", look.STRONG))

    def _command(self, transition: Transition, values: dict[str, Any]) -> MoveTicket:
        return MoveTicket(
            key=self._ticket.key,
            transition_id=transition.id,
            transition_name=transition.name,
            from_status=self._ticket.status,
            to_status=transition.to,
            fields=values,
            comment=(self._comment.value.strip() or None) if self._comment is not None else None,
        )

    @on(KeyedList.Opened, "#choices")
    async def _transition_chosen(self, event: KeyedList.Opened) -> None:
        chosen = next((one for one in self._transitions if one.id == event.row.key), None)
        if chosen is not None:
            await self._show_form(chosen)

    @on(KeyedList.Opened, "FieldRow KeyedList")
    @on(Input.Submitted)
    def _field_done(self, event: KeyedList.Opened | Input.Submitted) -> None:
        """Goes to the next field; from the last one the move is asked for."""
        event.stop()
        places = [field.control for field in self._fields]
        here = next((at for at, control in enumerate(places) if control.has_focus), None)
        if here is not None and here + 1 < len(places):
            places[here + 1].focus()
        else:
            self._confirm()

    def key_enter(self) -> None:
        """Opens Jira's own page where the form can't be drawn here."""
        if self._in_browser:
            open_page(self.app, self._ticket.url)
            self.dismiss(None)

    def _confirm(self) -> None:
        if self._chosen is None or self._asked:
            return
        values: dict[str, Any] = {}
        first_wrong: FieldRow | None = None
        for field in self._fields:
            try:
                value = field.value()
                if value is not None:
                    values[field.field.key] = value
                field.show_error("")
            except FieldError as problem:
                field.show_error(str(problem))
                first_wrong = first_wrong or field
        if first_wrong is not None:
            first_wrong.control.focus()
            return
        command = self._command(self._chosen, values)
        self._asked = True
        self._say(assemble(("◐ ", look.BUSY), f"{command.sentence}: asked, waiting until Jira shows it…"))
        self._hint(enter=None)
        self.app.perform(command, self._ended)

    def _ended(self, action: Action) -> None:
        """Closes when the move was read back; else says next to the fields what was wrong, and keeps the text."""
        if not self.is_attached:
            return
        if action.state is ActionState.DONE:
            self.dismiss(None)
            return
        self._asked = False
        errors = dict(action.problem.fields) if action.problem is not None else {}
        for field in self._fields:
            field.show_error(errors.get(field.field.key, ""))
        shown = {field.field.key for field in self._fields}
        others = "".join(f" {key}: {sentence}" for key, sentence in errors.items() if key not in shown)
        self._say(assemble(("✗ ", look.BAD), action.sentence, others))
        if action.problem is not None and action.problem.kind is ProblemKind.CONFLICT and action.problem.status is None:
            self._look_again()
        self._hint(enter="ask again" if action.state is ActionState.REFUSED else None)
        wrong = next((field for field in self._fields if field.field.key in errors), None)
        if wrong is not None:
            wrong.control.focus()

    @work(exclusive=True, group="transitions")
    async def _look_again(self) -> None:
        """Somebody moved the ticket: the next Enter is about where it is now, if the same transition still exists."""
        desk = self.app.engine.desk
        if desk is None:
            return
        try:
            ticket = await desk.ticket(self._ticket.key)
            offered = await desk.transitions(self._ticket.key)
        except SourceError:
            return
        same = next((one for one in offered if self._chosen is not None and one.id == self._chosen.id), None)
        self._ticket, self._transitions = ticket, offered
        if same is None:
            await self._show_list()
        else:
            self._chosen = same

    async def _put(self, *widgets: Widget) -> None:
        stage = self.query_one("#stage")
        await stage.remove_children()
        await stage.mount(*widgets)

    def _say(self, text: Content) -> None:
        self.query_one("#state", Static).update(text)

    def _hint(self, *, enter: str | None) -> None:
        pieces: list[str | tuple[str, str]] = [("Esc", "$primary bold"), (" leave", look.MUTED)]
        if enter is not None:
            pieces = [("Enter", "$primary bold"), (f" {enter}   ", look.MUTED), *pieces]
        self.query_one("#hint", Static).update(assemble(*pieces))
