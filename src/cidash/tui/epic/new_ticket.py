"""A new ticket below the epic: type, summary, description, labels, estimate, and what the create screen requires."""

from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static, TextArea

from cidash.analysis.duration_words import seconds_in
from cidash.analysis.form import FieldKind, kind_of
from cidash.analysis.guide import GuideTicket
from cidash.analysis.new_ticket import (
    DESCRIPTION_TEMPLATE,
    CannotCreateError,
    fitted,
    missing_fields,
    pick_type,
)
from cidash.domain.command import Action, ActionState
from cidash.domain.epic import Epic, TicketType
from cidash.domain.problem import SourceError
from cidash.domain.ticket_command import CreateTicket
from cidash.tui import look
from cidash.tui.columns import assemble
from cidash.tui.dialogs.dialog import Dialog
from cidash.tui.dialogs.fields import FieldError, FieldRow

if TYPE_CHECKING:
    from cidash.tui.app import CidashApp

_OWN = {"summary": True, "description": True, "labels": True, "timetracking": True}


class NewTicketDialog(Dialog[None]):
    """Stays open with everything typed until the ticket was read back. Ctrl+S or Enter in a line creates it."""

    app: "CidashApp"

    def __init__(self, epic: Epic, draft: GuideTicket | None) -> None:
        super().__init__()
        self._epic = epic
        self._draft = draft
        self._kind: TicketType | None = None
        self._extra: list[FieldRow] = []
        self._asked = False

    def compose(self) -> ComposeResult:
        """Yields the form; what the create screen requires beyond it comes when it is known."""
        draft = self._draft
        minutes = f"{draft.estimate_seconds / 60:.0f}m" if draft is not None and draft.estimate_seconds else ""
        with Vertical(id="box"):
            yield Static(Content(f"New ticket in {self._epic.ticket.key}"), classes="heading", markup=False)
            with VerticalScroll(id="form", can_focus=False):
                yield Static("Summary", classes="label", markup=False)
                yield Input(draft.summary if draft else "", id="summary", select_on_focus=False, max_length=250)
                yield Static("Description", classes="label", markup=False)
                yield TextArea(draft.description if draft else DESCRIPTION_TEMPLATE, id="description")
                yield Static("Labels, apart by spaces", classes="label", markup=False)
                yield Input(draft.label if draft else "", id="labels", select_on_focus=False)
                yield Static("Estimate", classes="label", markup=False)
                yield Input(minutes, placeholder="45m, 2h, 1d", id="estimate", select_on_focus=False)
                yield Vertical(id="extra")
            yield Static(id="state", classes="sentence", markup=False)
            yield Static(
                assemble(
                    ("Enter", "$primary bold"), (" create   ", look.MUTED), ("Tab", "$primary bold"),
                    (" next   ", look.MUTED), ("Esc", "$primary bold"), (" leave", look.MUTED),
                ),
                classes="hint",
                markup=False,
            )  # fmt: skip

    def on_mount(self) -> None:
        """Asks what the project lets this user create."""
        form = self.query_one("#form")
        form.styles.height = "auto"
        form.styles.max_height = max(6, self.app.size.height - 12)
        text = self.query_one("#description", TextArea)
        text.styles.height = 7 if self.app.size.height >= 36 else 4
        text.tab_behavior = "focus"
        self.query_one("#extra").styles.height = "auto"
        self.query_one("#summary", Input).focus(scroll_visible=False)
        self._say(Content.styled("Asking Jira what can be created…", look.MUTED))
        self._load()

    @work(exclusive=True, group="create")
    async def _load(self) -> None:
        desk = self.app.engine.desk
        if desk is None:
            self._say(Content("Jira is not configured."))
            return
        try:
            kind = await desk.with_fields(pick_type(await desk.types(), self._epic.children))
        except (SourceError, CannotCreateError) as error:
            self._say(assemble(("✗ ", look.BAD), str(error)))
            return
        needed = missing_fields(kind, _OWN)
        hidden = [one.name for one in needed if kind_of(one) is FieldKind.BROWSER]
        if hidden:
            self._say(Content(f"Creating a {kind.name} asks for {', '.join(hidden)}: only Jira's own page has that."))
            return
        self._kind = kind
        self._extra = [FieldRow(one) for one in needed]
        await self.query_one("#extra").mount(*self._extra)
        if self.query_one("#summary", Input).has_focus:
            self.query_one("#form").scroll_home(animate=False)
        self._say(assemble((f"Create a {kind.name} in {self._epic.ticket.key}?", look.STRONG)))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._create()

    def _create(self) -> None:
        kind = self._kind
        if kind is None or self._asked:
            return
        try:
            command = self._command(kind)
        except (FieldError, CannotCreateError) as error:
            self._say(assemble(("✗ ", look.BAD), str(error)))
            return
        self._asked = True
        self._say(assemble(("◐ ", look.BUSY), f"{command.sentence}: asked, waiting until Jira shows it…"))
        self.app.perform(command, self._ended)

    def _command(self, kind: TicketType) -> CreateTicket:
        summary = " ".join(self._text("summary").split())
        if not summary:
            raise FieldError("Summary is required.")
        written = self._text("estimate").strip()
        estimate = seconds_in(written)
        if written and estimate is None:
            raise FieldError("Estimate: write it as 45m, 2h or 1d.")
        fields: dict[str, Any] = {}
        for row in self._extra:
            value = row.value()
            if value is not None:
                fields[row.field.key] = value
        description = self.query_one("#description", TextArea).text.strip()
        if description == DESCRIPTION_TEMPLATE.strip():
            description = ""
        labels = tuple(dict.fromkeys(self._text("labels").replace(",", " ").split()))
        command = CreateTicket(
            self._epic.ticket.key, kind.id, kind.name, summary, description, labels, estimate, fields
        )
        return fitted(kind, command)[0]

    def _text(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value

    def _ended(self, action: Action) -> None:
        if not self.is_attached:
            return
        if action.state is ActionState.DONE:
            self.dismiss(None)
            return
        self._asked = False
        errors = dict(action.problem.fields) if action.problem is not None else {}
        shown = {row.field.key for row in self._extra}
        for row in self._extra:
            row.show_error(errors.get(row.field.key, ""))
        others = "".join(f"\n{key}: {sentence}" for key, sentence in errors.items() if key not in shown)
        self._say(assemble(("✗ ", look.BAD), action.sentence, others))

    def _say(self, text: Content) -> None:
        self.query_one("#state", Static).update(text)
