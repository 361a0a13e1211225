"""The tickets of the epic in dependency order, sub-tasks below theirs, and what a guide or draft adds."""

from enum import StrEnum

from textual.content import Content

from cidash.analysis.epic_rows import TicketRow, remaining
from cidash.analysis.next_step import NOT_CREATED, Proof
from cidash.domain.command import Action, ActionState, MoveTicket
from cidash.domain.epic import Epic
from cidash.domain.format import DASH, age_text, seconds_text
from cidash.domain.snapshot import Part, Snapshot, SourceState
from cidash.tui import look
from cidash.tui.columns import assemble, fit, right, widest
from cidash.tui.keyed_list import Row
from cidash.tui.pane import Pane, as_many_as_fit, with_filter

_STEP_FROM, _ESTIMATE_FROM, _CONTROLS_FROM = 100, 74, 86


class Only(StrEnum):
    """Which tickets are shown."""

    ALL = "all"
    MINE = "mine"
    OPEN = "open"
    UNPROVEN = "unproven"
    BLOCKED = "blocked"

    @property
    def next(self) -> "Only":
        """The filter after this one."""
        every = list(Only)
        return every[(every.index(self) + 1) % len(every)]


def lets_through(only: Only, row: TicketRow, me_id: str | None) -> bool:
    """Returns whether the filter shows the ticket. Unproven is what Jira calls done and no control proves."""
    ticket = row.ticket
    return {
        Only.ALL: True,
        Only.MINE: me_id is not None and ticket.assignee_id == me_id,
        Only.OPEN: not ticket.is_done,
        Only.UNPROVEN: ticket.is_done and row.evidence.proof is not Proof.PROVEN,
        Only.BLOCKED: bool(row.blocked_by) and not ticket.is_done,
    }[only]


class TicketsPane(Pane):
    """Rows are tickets; a draft that is not in Jira yet has the key `+`."""

    def __init__(self) -> None:
        super().__init__(id="tickets")
        self.only = Only.ALL
        self.marked: dict[str, None] = {}
        self._snapshot: Snapshot | None = None
        self._rows: tuple[TicketRow, ...] = ()
        self._draft: str | None = None

    def show(self, snapshot: Snapshot, rows: tuple[TicketRow, ...], draft: str | None) -> None:
        """Shows the tickets of this moment; `draft` is the summary of a recommended ticket that Jira does not have."""
        self._snapshot, self._rows, self._draft = snapshot, rows, draft
        known = {row.ticket.key for row in rows}
        self.marked = {key: None for key in self.marked if key in known}
        self.rebuild()

    @property
    def row(self) -> TicketRow | None:
        """The ticket under the cursor."""
        cursor = self.list.cursor_row
        return next((one for one in self._rows if cursor is not None and one.ticket.key == cursor.key), None)

    @property
    def on_draft(self) -> bool:
        """Whether the cursor is on the draft."""
        cursor = self.list.cursor_row
        return cursor is not None and cursor.key == "+"

    def toggle_mark(self) -> None:
        """Marks the ticket under the cursor, or no longer."""
        row = self.row
        if row is not None and self.marked.pop(row.ticket.key, "absent") == "absent":
            self.marked[row.ticket.key] = None
        self.rebuild()

    def rebuild(self) -> None:
        """Builds title and rows to the pane's width."""
        snapshot = self._snapshot
        if snapshot is None or self.row_width <= 0:
            return
        part = snapshot.epic
        me_id = part.data.me_id if part.data is not None else None
        shown = [row for row in self._rows if lets_through(self.only, row, me_id)]
        left = Content(part.data.ticket.key if part.data is not None else "Epic")
        if self.only is not Only.ALL:
            left = assemble(left, (f"  only {self.only.value}", look.BUSY))
        left = with_filter(left, self.list)
        room = self.size.width - left.cell_length - 8
        self.title_line.put(left, as_many_as_fit(_summary(part, self.marked), room))
        columns = _Columns(snapshot, shown, self.marked, self.row_width)
        rows = [columns.row(row) for row in shown]
        if self._draft is not None and self.only in {Only.ALL, Only.OPEN}:
            rows.append(columns.draft(self._draft))
        self.show_rows(rows, _why_empty(part, self.only))


class _Columns:
    def __init__(self, snapshot: Snapshot, rows: list[TicketRow], marked: dict[str, None], width: int) -> None:
        self._snapshot = snapshot
        self._marked = marked
        self._key = 2 + max(6, widest(("  " * row.depth + row.ticket.key for row in rows), 14))
        self._status = max(9, widest((row.ticket.status.name for row in rows), 14))
        self._pull = max(6, widest((_pull_text(row) for row in rows), 12))
        self._controls = 8 if width >= _CONTROLS_FROM else 0
        self._estimate = 6 if width >= _ESTIMATE_FROM else 0
        extras = (self._controls, self._estimate)
        fixed = 2 + self._key + 1 + self._status + 1 + self._pull + sum(one + 1 for one in extras if one)
        self._step = min(40, (width - fixed) // 2) if width >= _STEP_FROM else 0
        self._summary = max(4, width - fixed - (self._step + 1 if self._step else 0) - 1)

    def row(self, row: TicketRow) -> Row:
        ticket = row.ticket
        mark = look.of_category(ticket.status.category)
        status, style = ticket.status.name, mark.style
        asked = _asked(self._snapshot.actions, ticket.key)
        if asked is not None:
            status = f"asked {age_text((self._snapshot.at - asked.asked_at).total_seconds())}"
            style = look.BUSY
        key = "  " * row.depth + ticket.key
        chosen = ("◆ ", look.CALM) if ticket.key in self._marked else "  "
        text = look.MUTED if ticket.is_done else look.PLAIN
        pull, pull_style = _pull_text(row), look.of_state(row.checks).style if row.pulls else look.FAINT
        if row.blocked_by and not row.pulls and not ticket.is_done:
            pull_style = look.BUSY
        pieces: list[str | tuple[str, str] | Content] = [
            (mark.glyph, mark.style), " ", chosen, (fit(key, self._key - 2), look.CALM), " ",
            (fit(ticket.summary, self._summary), text), " ", (fit(status, self._status), style), " ",
            (fit(pull, self._pull), pull_style),
        ]  # fmt: skip
        if self._controls:
            pieces += [" ", (fit(row.evidence.proof.value, self._controls), look.FAINT)]
        if self._estimate:
            left = ticket.remaining_seconds if ticket.remaining_seconds is not None else ticket.estimate_seconds
            pieces += [" ", (right(DASH if left is None else _short(left), self._estimate), look.MUTED)]
        if self._step:
            pieces += [" ", (fit(row.step.sentence, self._step), look.MUTED if ticket.is_done else look.CALM)]
        failed = row.checks is not None and row.checks.is_red and not ticket.is_done
        search = f"{ticket.key} {ticket.summary} {ticket.status.name} {ticket.assignee or ''} {row.step.sentence}"
        return Row(ticket.key, assemble(*pieces), url=ticket.url, failed=failed, search=search)

    def draft(self, summary: str) -> Row:
        """Returns the row of a ticket that is recommended and not in Jira."""
        room = self._summary + self._status + 1
        content = assemble(
            ("+", look.FAINT), "   ", (fit("new", self._key - 2), look.FAINT), " ",
            (fit(summary, room), look.MUTED), " ", (NOT_CREATED.sentence, look.CALM),
        )  # fmt: skip
        return Row("+", content, search=summary)


def _short(seconds: float) -> str:
    return seconds_text(seconds).removesuffix("00s") if seconds >= 60 else seconds_text(seconds)


def _pull_text(row: TicketRow) -> str:
    if row.pulls:
        pull = row.pulls[0]
        more = f"+{len(row.pulls) - 1}" if len(row.pulls) > 1 else ""
        glyph = "merged" if pull.merged else look.of_state(row.checks).glyph
        return f"#{pull.number} {glyph}{more}"
    if row.blocked_by and not row.ticket.is_done:
        project = row.ticket.key.rpartition("-")[0] + "-"
        return "waits " + ",".join(link.key.removeprefix(project) for link in row.blocked_by)
    return DASH


def _asked(actions: tuple[Action, ...], key: str) -> Action | None:
    for action in actions:
        command = action.command
        if action.state is ActionState.ASKED and isinstance(command, MoveTicket) and command.key == key:
            return action
    return None


def _summary(part: Part[Epic], marked: dict[str, None]) -> list[Content]:
    pieces: list[Content] = []
    if marked:
        pieces.append(Content.styled(f"{len(marked)} marked", look.CALM))
    if part.data is None:
        return pieces
    done = sum(1 for one in part.data.children if one.is_done)
    pieces.append(Content.styled(f"{done}/{len(part.data.children)} done", look.GOOD if done else look.MUTED))
    left = remaining(part.data)
    if left.tickets:
        pieces.append(Content.styled(f"{seconds_text(left.seconds)} left", look.PLAIN))
    if left.points is not None:
        pieces.append(Content.styled(f"{left.points:g} points left", look.MUTED))
    if left.unestimated:
        pieces.append(Content.styled(f"{left.unestimated} without estimate", look.BUSY))
    return pieces


def _why_empty(part: Part[Epic], only: Only) -> Content:
    if part.state is SourceState.OFF:
        return Content("Jira is off. Set JIRA_URL, JIRA_EMAIL and JIRA_API_TOKEN, and the epic in the configuration.")
    if part.data is None:
        return Content(part.problem.sentence if part.problem is not None else "Asking Jira…")
    return Content("The epic has no tickets; + creates one." if only is Only.ALL else f"No ticket is {only.value}.")
