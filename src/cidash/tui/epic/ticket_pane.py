"""One ticket in detail with its next step, and the burn-up of the epic."""

from datetime import datetime

from textual.content import Content

from cidash.analysis.epic_rows import TicketRow, burn_up
from cidash.domain.epic import Epic
from cidash.domain.format import DASH, age_text, seconds_text
from cidash.tui import keys, look
from cidash.tui.columns import assemble, fit
from cidash.tui.keyed_list import Row
from cidash.tui.pane import Pane

_ACTIONS = {"R": "watch.rerun", "L": "watch.log", "M": "watch.merge", "t": "epic.transition", "+": "epic.new",
            "o": "epic.browser"}  # fmt: skip
_LABEL = 11


class TicketPane(Pane):
    """What is known of the ticket under the cursor."""

    def __init__(self, overrides: "dict[str, str]") -> None:
        super().__init__(id="ticket")
        self._overrides = overrides
        self._row: TicketRow | None = None
        self._epic: Epic | None = None
        self._now: datetime | None = None

    def show(self, row: TicketRow | None, epic: Epic | None, now: datetime) -> None:
        """Shows that ticket."""
        self._row, self._epic, self._now = row, epic, now
        self.rebuild()

    @property
    def sentence(self) -> str | None:
        """The ticket and its next step as one sentence."""
        if self._row is None:
            return None
        ticket = self._row.ticket
        return f"{ticket.key} ({ticket.status.name}): {ticket.summary}. Next: {self._row.step.sentence}."

    def rebuild(self) -> None:
        """Builds the lines to the pane's width."""
        if self._now is None or self.row_width <= 0:
            return
        row = self._row
        self.title_line.put(Content(row.ticket.key if row is not None else "Ticket"), Content(""))
        lines = [] if row is None else self._lines(row, self._now)
        lines += self._burn_up()
        self.show_rows(lines, Content("No ticket is selected."))

    def _lines(self, row: TicketRow, now: datetime) -> list[Row]:
        ticket = row.ticket
        category = look.of_category(ticket.status.category)
        since = ticket.status_since
        there = f" for {age_text((now - since).total_seconds())}" if since is not None else ""
        by = row.step.by.value
        key = f"  [{keys.keys_of(_ACTIONS[by], self._overrides)[0]}]" if by in _ACTIONS else ""
        lines = [
            Row("summary", assemble((ticket.summary, look.STRONG)), url=ticket.url),
            self._line("next", assemble((row.step.sentence, look.CALM), (key, "$primary bold"))),
            self._line("status", assemble((f"{category.glyph} {ticket.status.name}", category.style), there)),
            self._line("assignee", Content(ticket.assignee or DASH)),
        ]
        estimate = f"{seconds_text(ticket.remaining_seconds)} of {seconds_text(ticket.estimate_seconds)} left"
        points = f", {ticket.points:g} points" if ticket.points is not None else ""
        has_time = ticket.estimate_seconds is not None or ticket.remaining_seconds is not None
        lines.append(self._line("estimate", Content((estimate if has_time else DASH) + points)))
        lines.append(self._line("controls", Content(row.evidence.sentence or row.evidence.proof.value)))
        for number, pull in enumerate(row.pulls):
            state = "merged" if pull.merged else pull.state
            text = assemble(f"#{pull.number} {state}  ", (pull.title, look.MUTED))
            lines.append(
                self._line("PR" if number == 0 else "", text, f"pull {pull.repository} {pull.number}", pull.url)
            )
        for number, link in enumerate(ticket.links):
            look_ = look.of_category(link.status.category)
            text = assemble((f"{look_.glyph} ", look_.style), f"{link.phrase} {link.key}  ", (link.summary, look.MUTED))
            lines.append(self._line("links" if number == 0 else "", text, f"link {number} {link.key}"))
        if ticket.labels:
            lines.append(self._line("labels", Content(", ".join(ticket.labels))))
        return lines

    def _line(self, label: str, text: Content, key: str = "", url: str | None = None) -> Row:
        return Row(key or label, assemble((fit(label, _LABEL), look.MUTED), text), url=url)

    def _burn_up(self) -> list[Row]:
        """Draws the number of done tickets over time as columns of one to eight eighths."""
        epic = self._epic
        if epic is None or self._now is None or not epic.children:
            return []
        points = burn_up(epic.children)
        total = len(epic.children)
        title = Row("burn-up", assemble((f"Done over time: {len(points)} of {total}", look.MUTED)), selectable=False)
        if not points:
            return [title]
        width = max(8, min(48, self.row_width - 4))
        start, end = points[0].at, self._now
        span = max(1.0, (end - start).total_seconds())
        drawn = []
        for column in range(width):
            moment = span * (column + 1) / width
            done = sum(1 for point in points if (point.at - start).total_seconds() <= moment)
            drawn.append(_BLOCKS[max(1, round(done / total * (len(_BLOCKS) - 1))) if done else 0])
        from_to = f"{start:%Y-%m-%d} to now, {age_text(span)}"
        return [
            Row("gap", Content(""), selectable=False),
            title,
            Row("chart", assemble(("".join(drawn), look.GOOD)), selectable=False),
            Row("axis", assemble((from_to, look.FAINT)), selectable=False),
        ]


_BLOCKS = " ▁▂▃▄▅▆▇█"
