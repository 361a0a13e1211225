"""The epic: its tickets, each beside the pull request that does it, and the next step for the selected one."""

from collections import Counter
from collections.abc import Hashable

from textual.app import ComposeResult
from textual.content import Content

from cidash.analysis.epic_rows import epic_rows
from cidash.analysis.links import pulls_of_ticket
from cidash.domain.ci import PullRequest
from cidash.domain.command import Action, ActionState, MoveTicket
from cidash.domain.epic import Epic, StatusCategory, Ticket
from cidash.domain.format import DASH, age_text
from cidash.domain.snapshot import Part, SourceState
from cidash.tui import look
from cidash.tui.columns import assemble, fit, widest
from cidash.tui.keyed_list import Row
from cidash.tui.pane import Line, Pane, as_many_as_fit, with_filter
from cidash.tui.watch.moment import Moment

_EVIDENCE_FROM = 60
_ASSIGNEE_FROM = 84
_EVIDENCE = 8
_BAR_CELLS = 8


class EpicPane(Pane):
    """Rows are the direct children of the epic."""

    def __init__(self) -> None:
        super().__init__(id="epic")
        self.next_line = Line(id="next-line")
        self._moment: Moment | None = None

    def compose(self) -> ComposeResult:
        """Yields the title, the list, and the next step."""
        yield self.title_line
        yield self.list
        yield self.next_line

    def show(self, moment: Moment) -> None:
        """Shows the epic of this moment."""
        self._moment = moment
        self.rebuild()

    @property
    def ticket(self) -> Ticket | None:
        """The ticket under the cursor."""
        epic = self._moment.snapshot.epic.data if self._moment is not None else None
        row = self.list.cursor_row
        if epic is None or row is None:
            return None
        return next((ticket for ticket in epic.children if ticket.key == row.key), None)

    def pull_number_of(self, key: Hashable) -> int | None:
        """Returns the number of the pull request that does that ticket."""
        pulls = pulls_of_ticket(str(key), self._moment.pulls) if self._moment is not None else ()
        return pulls[0].number if pulls else None

    @property
    def wanted_height(self) -> int:
        """Lines that show everything."""
        epic = self._moment.snapshot.epic.data if self._moment is not None else None
        return 2 + max(1, len(epic.children) if epic is not None else 1)

    def rebuild(self) -> None:
        """Builds title, rows and next step to the pane's width."""
        moment = self._moment
        if moment is None or self.row_width <= 0:
            return
        part = moment.snapshot.epic
        left = with_filter(_title(part), self.list)
        room = self.size.width - left.cell_length - 8
        self.title_line.put(left, as_many_as_fit(_summary(part, moment), room))
        children = part.data.children if part.data is not None else ()
        columns = _Columns(moment, children, self.row_width)
        self.show_rows([columns.row(ticket) for ticket in children], _why_empty(part))
        fits = 0 < len(self.list.rows) <= self.size.height - 2
        self.list.styles.height = len(self.list.rows) if fits else "1fr"
        self.show_next()

    def show_next(self) -> None:
        """Shows the next step for the ticket under the cursor."""
        moment, ticket = self._moment, self.ticket
        if moment is None or ticket is None:
            self.next_line.put(Content(""))
            return
        rows = epic_rows(moment.snapshot)
        step = next(row.step.sentence for row in rows if row.ticket.key == ticket.key)
        self.next_line.put(assemble("  ", (f"{ticket.key} next: ", look.MUTED), (step, look.CALM)))


class _Columns:
    """Common widths for the tickets."""

    def __init__(self, moment: Moment, tickets: tuple[Ticket, ...], width: int) -> None:
        self._moment = moment
        self._key = widest(ticket.key for ticket in tickets)
        self._status = max(9, widest((ticket.status.name for ticket in tickets), 14))
        self._pulls = {ticket.key: pulls_of_ticket(ticket.key, moment.pulls) for ticket in tickets}
        self._state = max(6, widest((self._standing(ticket)[0] for ticket in tickets), 16))
        self._evidence = _EVIDENCE if width >= _EVIDENCE_FROM else 0
        self._assignee = widest((ticket.assignee or DASH for ticket in tickets), 14) if width >= _ASSIGNEE_FROM else 0
        fixed = 2 + self._key + 1 + 1 + self._status + 1 + self._state
        fixed += (self._evidence + 1 if self._evidence else 0) + (self._assignee + 1 if self._assignee else 0)
        self._summary = max(4, width - fixed)

    def row(self, ticket: Ticket) -> Row:
        mark = look.of_category(ticket.status.category)
        done = ticket.is_done
        status, status_style = ticket.status.name, mark.style
        asked = _asked(self._moment.snapshot.actions, ticket)
        standing, standing_style = self._standing(ticket)
        if asked is not None:
            status = f"asked {age_text((self._moment.now - asked.asked_at).total_seconds())}"
            status_style = look.BUSY
        cells: list[str | tuple[str, str] | Content] = [
            (mark.glyph, mark.style),
            " ",
            (fit(ticket.key, self._key), look.CALM),
            " ",
            (fit(ticket.summary, self._summary), look.MUTED if done else look.PLAIN),
            " ",
        ]
        if self._assignee:
            cells += [(fit(ticket.assignee or DASH, self._assignee), look.MUTED), " "]
        cells += [(fit(status, self._status), status_style), " ", (fit(standing, self._state), standing_style)]
        if self._evidence:
            cells += [" ", (fit("unknown", self._evidence), look.FAINT)]
        search = f"{ticket.key} {ticket.summary} {ticket.status.name} {ticket.assignee or ''} {standing}"
        return Row(ticket.key, assemble(*cells), url=ticket.url, failed=self._is_red(ticket), search=search)

    def _pull(self, ticket: Ticket) -> PullRequest | None:
        return next(iter(self._pulls[ticket.key]), None)

    def _is_red(self, ticket: Ticket) -> bool:
        pull = self._pull(ticket)
        state = self._moment.state_of(pull) if pull is not None else None
        return state is not None and state.is_red and not ticket.is_done

    def _standing(self, ticket: Ticket) -> tuple[str, str]:
        """Returns the pull request with the state of its checks, or what blocks the ticket."""
        blockers = [link.key for link in ticket.links if link.blocks_me and link.status.category is not _DONE]
        pull = self._pull(ticket)
        if pull is not None:
            state = look.of_state(self._moment.state_of(pull))
            return f"#{pull.number} {state.glyph}", state.style
        if blockers and not ticket.is_done:
            project = ticket.key.rpartition("-")[0] + "-"
            return "blocked " + ",".join(key.removeprefix(project) for key in blockers), look.BUSY
        return DASH, look.FAINT


_DONE = StatusCategory.DONE


def _asked(actions: tuple[Action, ...], ticket: Ticket) -> Action | None:
    for action in actions:
        command = action.command
        if action.state is ActionState.ASKED and isinstance(command, MoveTicket) and command.key == ticket.key:
            return action
    return None


def _title(part: Part[Epic]) -> Content:
    if part.data is None:
        return Content("Epic")
    children = part.data.children
    pieces: list[str | tuple[str, str]] = [part.data.ticket.key, " "]
    if children:
        counts = Counter(ticket.status.category for ticket in children)
        done, busy = counts[StatusCategory.DONE], counts[StatusCategory.INDETERMINATE]
        full = done * _BAR_CELLS // len(children) or min(done, 1)
        half = min(_BAR_CELLS - full, max(busy * _BAR_CELLS // len(children), min(busy, 1)))
        pieces += [
            (look.BAR * full, look.GOOD),
            (look.BAR * half, look.BUSY),
            (look.WAIT * (_BAR_CELLS - full - half), look.FAINT),
        ]
    return assemble(*pieces)


def _summary(part: Part[Epic], moment: Moment) -> list[Content]:
    pieces: list[Content] = []
    if part.state is SourceState.FAILING:
        pieces.append(Content.styled(f"✗ {age_text(part.age_seconds(moment.now))} old", look.BAD))
    elif part.state is SourceState.STORED:
        pieces.append(Content.styled(f"◌ stored {age_text(part.age_seconds(moment.now))}", look.MUTED))
    if part.data is not None:
        children = part.data.children
        done = sum(1 for ticket in children if ticket.is_done)
        pieces.append(Content.styled(f"{done}/{len(children)} done", look.GOOD if done else look.MUTED))
        moving = [ticket.status for ticket in children if ticket.status.category is StatusCategory.INDETERMINATE]
        names = Counter(status.name for status in moving)
        pieces += [Content.styled(f"{count} {name.lower()}", look.BUSY) for name, count in names.most_common(2)]
    return pieces


def _why_empty(part: Part[Epic]) -> Content:
    if part.state is SourceState.OFF:
        return Content("Jira is off. Set JIRA_URL, JIRA_EMAIL and JIRA_API_TOKEN, and the epic in the configuration.")
    if part.problem is not None:
        return Content(part.problem.sentence)
    return Content("The epic has no tickets." if part.data is not None else "Reading the epic…")
