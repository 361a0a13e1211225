"""View 6, Epic: the tickets in dependency order, one of them in detail, and the keys that act on them."""

from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from cidash.analysis.epic_rows import epic_rows
from cidash.analysis.guide import GuideTicket
from cidash.analysis.guide_match import match_guide
from cidash.domain.command import Action, ActionState, MoveTicket
from cidash.domain.epic import Epic, Ticket
from cidash.domain.problem import SourceError
from cidash.domain.snapshot import Snapshot
from cidash.tui import keys
from cidash.tui.epic.ticket_pane import TicketPane
from cidash.tui.epic.tickets_pane import TicketsPane
from cidash.tui.footer import FooterLine
from cidash.tui.header import HeaderLine
from cidash.tui.keyed_list import KeyedList
from cidash.tui.opening import open_page
from cidash.tui.pane import Line, Pane
from cidash.tui.problems import Problems
from cidash.tui.view import View

if TYPE_CHECKING:
    from cidash.tui.app import CidashApp

WIDE, HIGH = 110, 20
_KEYS = ("epic.transition", "epic.new", "epic.comment", "epic.undo", "epic.only", "app.help")
_IDLE_TICKS = 5


class EpicScreen(View):
    """Draws the epic of the newest snapshot; every write asks first."""

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("epic")

    app: "CidashApp"

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot
        self._problems = Problems()
        self._ticks = 0

    def compose(self) -> ComposeResult:
        """Yields header, panes, the problem line and the footer."""
        yield HeaderLine()
        with Container(id="epic-body"):
            yield TicketsPane()
            yield TicketPane(dict(self.app.key_overrides))
        yield Line(id="problem")
        yield FooterLine(self.app.key_overrides)

    def on_mount(self) -> None:
        """Shows what is known at once."""
        self.header = self.query_one(HeaderLine)
        self.footer = self.query_one(FooterLine)
        self.tickets = self.query_one(TicketsPane)
        self.details = self.query_one(TicketPane)
        self.panes: tuple[Pane, ...] = (self.tickets, self.details)
        self.set_focus(self.tickets.list)
        self.show(self.snapshot)

    # -- drawing ------------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Shows a snapshot; selection, focus and cursors stay where they are."""
        self.snapshot = snapshot
        self.draw()

    def tick(self) -> None:
        """Called once a second: draws again when something changes by itself."""
        self._ticks += 1
        asked = any(action.state is ActionState.ASKED for action in self.snapshot.actions)
        if asked or self._ticks % _IDLE_TICKS == 0:
            self.draw()

    def draw(self) -> None:
        """Draws the newest snapshot at this moment."""
        if not self.is_mounted or not hasattr(self, "panes"):
            return
        now = self.app.clock.now()
        self._fit()
        drafts = self.drafts
        self.tickets.show(self.snapshot, epic_rows(self.snapshot), drafts[0].summary if drafts else None)
        self._show_ticket()
        repository = self.snapshot.repositories[0].id if self.snapshot.repositories else None
        self.header.show(self.snapshot, repository, None, None, now)
        problem = self.query_one("#problem", Line)
        line = self._problems.line(self.snapshot, now)
        problem.put(line)
        problem.set_class(bool(line), "-shown")
        self._show_footer()

    def _show_ticket(self) -> None:
        self.details.show(self.tickets.row, self._epic, self.app.clock.now())

    def _fit(self) -> None:
        single = self.size.width < WIDE or self.size.height < HIGH
        self.set_class(single, "-single")
        rows = len(self._epic.children) + len(self._epic.subtasks) + 3 if self._epic is not None else 3
        self.tickets.styles.height = max(3, min(rows, self.size.height * 3 // 5))

    def on_resize(self) -> None:
        """Fits everything."""
        self.draw()

    def _show_footer(self) -> None:
        self.footer.show([one for one in _KEYS if not (one in keys.WRITES and self.app.read_only)])

    @property
    def _epic(self) -> Epic | None:
        return self.snapshot.epic.data

    @property
    def drafts(self) -> tuple[GuideTicket, ...]:
        """Tickets that the configured guide says are missing in Jira, and that Jira does not have."""
        desk = self.app.engine.desk
        if desk is None or self._epic is None:
            return ()
        matches = match_guide(desk.guide, self._epic.children, self._epic.ticket.key)
        return tuple(one.guide for one in matches if one.ticket is None)

    # -- moving around ------------------------------------------------------------------------------------------

    @property
    def pane(self) -> Pane:
        """The pane that has the focus."""
        return next((pane for pane in self.panes if self.focused is pane.list), self.tickets)

    def on_descendant_focus(self, _: events.DescendantFocus) -> None:
        """The footer follows the focus."""
        if hasattr(self, "panes"):
            self._show_footer()

    def action_next_pane(self) -> None:
        """Gives the focus to the other pane."""
        self.set_focus(self.panes[(self.panes.index(self.pane) + 1) % len(self.panes)].list)

    def action_back(self) -> None:
        """Clears filter and marks, else goes back to the tickets."""
        if self._close_filter(clear=True):
            return
        if self.tickets.marked:
            self.tickets.marked.clear()
            self.draw()
        elif self.tickets.list.filter_text:
            self.tickets.list.filter_by("")
            self.draw()
        self.set_focus(self.tickets.list)

    @on(KeyedList.Moved, "#tickets-list")
    def _ticket_chosen(self) -> None:
        self._show_ticket()

    @on(KeyedList.Opened, "#tickets-list")
    def _ticket_opened(self) -> None:
        if self.tickets.on_draft:
            self.action_new()
        else:
            self.set_focus(self.details.list)

    def action_only(self) -> None:
        """Shows only mine, open, unproven or blocked tickets, or all again."""
        self.tickets.only = self.tickets.only.next
        self.draw()

    def action_filter(self) -> None:
        """Opens the line that filters the tickets."""
        if self.query("#filter"):
            return
        from textual.widgets import Input

        line = Input(self.tickets.list.filter_text, placeholder="filter", id="filter", select_on_focus=False)
        self.mount(line, before="#problem")
        line.focus()

    def on_input_changed(self, event: events.Event) -> None:
        """Filters while the user types."""
        self.tickets.list.filter_by(str(getattr(event, "value", "")))
        self.tickets.rebuild()

    def on_input_submitted(self) -> None:
        """Keeps the filter and goes back to the list."""
        self._close_filter(clear=False)

    def _close_filter(self, *, clear: bool) -> bool:
        lines = self.query("#filter")
        if not lines:
            return False
        if clear:
            self.tickets.list.filter_by("")
        self.set_focus(self.tickets.list)
        lines.remove()
        self.call_after_refresh(self.draw)
        return True

    def action_refresh(self) -> None:
        """Asks Jira and GitHub now."""
        self.app.engine.kick()

    def action_browser(self) -> None:
        """Opens the page of what is under the cursor."""
        row = self.pane.list.cursor_row
        url = row.url if row is not None else None
        open_page(self.app, url or (self.tickets.row.ticket.url if self.tickets.row is not None else None))

    def action_copy_sentence(self) -> None:
        """Copies the ticket and its next step as one sentence."""
        sentence = self.details.sentence
        if sentence is None:
            self.app.say("No ticket is selected.")
            return
        self.app.copy_to_clipboard(sentence)
        self.app.say(f"Copied: {sentence}")

    # -- writes -------------------------------------------------------------------------------------------------

    def action_mark(self) -> None:
        """Marks the ticket for a move of several."""
        self.tickets.toggle_mark()

    def action_transition(self) -> None:
        """Opens the transitions of the ticket, or of all that are marked."""
        if self._may_not_write():
            return
        marked = [one for one in self._all() if one.key in self.tickets.marked]
        if len(marked) > 1:
            from cidash.tui.epic.bulk import BulkDialog

            self.app.push_screen(BulkDialog(tuple(marked)))
            return
        ticket = marked[0] if marked else (self.tickets.row.ticket if self.tickets.row is not None else None)
        if ticket is None:
            self.app.say("No ticket is selected.")
            return
        from cidash.tui.dialogs.transition import TransitionDialog

        self.app.push_screen(TransitionDialog(ticket))

    def action_new(self) -> None:
        """Opens the form for a new ticket; on a draft it is filled in."""
        if self._may_not_write():
            return
        desk, epic = self.app.engine.desk, self._epic
        if desk is None or epic is None:
            self.app.say("Without an epic there is nothing to create a ticket in.")
            return
        from cidash.tui.epic.new_ticket import NewTicketDialog

        draft = self.drafts[0] if self.tickets.on_draft and self.drafts else None
        self.app.push_screen(NewTicketDialog(epic, draft))

    def action_comment(self) -> None:
        """Opens the line for a comment on the ticket."""
        if self._may_not_write():
            return
        row = self.tickets.row
        if row is None:
            self.app.say("No ticket is selected.")
            return
        from cidash.tui.epic.comment import CommentDialog

        self.app.push_screen(CommentDialog(row.ticket))

    def action_undo(self) -> None:
        """Offers the way back of the newest move in this session, of the ticket under the cursor if it has one."""
        if self._may_not_write():
            return
        key = self.tickets.row.ticket.key if self.tickets.row is not None else None
        moves = self.app.moves
        move = next((one for one in reversed(moves) if one.key == key), None)
        if move is None:
            self.app.say(f"{key or 'Nothing'} was not moved from here in this session, so there is nothing to undo.")
            return
        self._offer_undo(move)

    @work(exclusive=True, group="undo")
    async def _offer_undo(self, move: MoveTicket) -> None:
        desk = self.app.engine.desk
        if desk is None:
            return
        try:
            back = await desk.undo_of(move)
        except SourceError as error:
            self.app.say(error.problem.sentence)
            return
        if back is None:
            self.app.say(f"The workflow offers no way from {move.to_status.name} back to {move.from_status.name}.")
            return
        from cidash.tui.dialogs.confirm import ConfirmDialog

        def ended(action: Action) -> None:
            if action.state is ActionState.DONE:
                self.app.forget_move(move)

        def answered(yes: bool | None) -> None:
            if yes:
                self.app.perform(back, ended)

        self.app.push_screen(ConfirmDialog(f"Undo: {back.sentence}?"), answered)

    def _all(self) -> tuple[Ticket, ...]:
        epic = self._epic
        return () if epic is None else (*epic.children, *epic.subtasks)

    def _may_not_write(self) -> bool:
        if self.app.read_only:
            self.app.say("This is a read-only session: nothing can be changed from here.")
        return self.app.read_only
