"""More about the selected item, where there is room: what it is, what it waits for, what comes next."""

from textual.content import Content
from textual.widget import Widget

from cidash.analysis.next_step import next_step
from cidash.domain.ci import PullRequest, Run
from cidash.domain.epic import Ticket
from cidash.domain.format import DASH, age_text, seconds_text
from cidash.tui import look
from cidash.tui.columns import Piece, assemble, fit
from cidash.tui.watch import items
from cidash.tui.watch.items import Item
from cidash.tui.watch.merge_lines import merge_lines
from cidash.tui.watch.moment import Moment

_LABEL = 8


class Details(Widget):
    """A few lines beneath the list; without lines it takes no room."""

    DEFAULT_CSS = "Details { height: 0; width: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Content] = []

    def put(self, lines: list[Content]) -> None:
        """Shows other lines; nothing is repainted when they are the same."""
        if len(lines) != len(self._lines):
            self._lines = lines
            self.styles.height = len(lines)
            self.refresh(layout=True)
        elif not all(one.is_same(other) for one, other in zip(lines, self._lines, strict=True)):
            self._lines = lines
            self.refresh()

    def render(self) -> Content:
        """Returns the lines, cut to the width."""
        return Content("\n").join(line.truncate(self.size.width, ellipsis=True) for line in self._lines)


def details_of(moment: Moment, width: int) -> list[Content]:
    """Returns the lines about the selected item."""
    item = moment.item
    if item is None:
        return []
    if item.pull is not None:
        return _of_pull(moment, item, item.pull, width)
    return _of_run(moment, moment.run, width) if moment.run is not None else []


def _of_pull(moment: Moment, item: Item, pull: PullRequest, width: int) -> list[Content]:
    age = age_text((moment.now - pull.updated_at).total_seconds())
    lines = [
        _heading(f"#{pull.number}", width),
        _line("title", (pull.title, look.PLAIN)),
        _line(
            "branch",
            (pull.branch, look.PLAIN),
            (" → ", look.FAINT),
            (pull.base_branch, look.PLAIN),
            (" · ", look.FAINT),
            (pull.short_sha, look.CALM),
        ),
        _line("author", (pull.author or DASH, look.PLAIN), (f" · updated {age} ago", look.MUTED)),
        _line("checks", *_checks(moment, item)),
        *merge_lines(moment, item, pull, width),
    ]
    ticket = _ticket(moment, pull)
    if ticket is not None:
        status = look.of_category(ticket.status.category)
        step = next_step(ticket, [pull], {pull.number: item.state})
        lines.append(
            _line(
                "ticket",
                (f"{ticket.key} ", look.CALM),
                (f"{status.glyph} {ticket.status.name}", status.style),
                (" · next: ", look.FAINT),
                (step, look.PLAIN),
            )
        )
    return lines


def _of_run(moment: Moment, run: Run, width: int) -> list[Content]:
    age = age_text((moment.now - run.started_at).total_seconds())
    state = look.of_state(run.state)
    return [
        _heading(run.workflow_name, width),
        _line("title", (run.title, look.PLAIN)),
        _line("branch", (run.branch or DASH, look.PLAIN), (" · ", look.FAINT), (run.short_sha, look.CALM)),
        _line("by", (run.actor or DASH, look.PLAIN), (f" · {run.event} · {age} ago", look.MUTED)),
        _line("state", (f"{state.glyph} {state.word}", state.style)),
    ]


def _heading(text: str, width: int) -> Content:
    rule = look.RULE * max(0, width - len(text) - 5)
    return assemble("  ", (text, look.MUTED), " ", (rule, look.LINE))


def _line(label: str, *pieces: Piece) -> Content:
    return assemble("  ", (fit(label, _LABEL), look.FAINT), *pieces)


def _checks(moment: Moment, item: Item) -> list[Piece]:
    pieces: list[Piece] = []
    for run in item.runs:
        state = look.of_state(run.state)
        seconds = items.run_seconds(item.repository, run, moment.now)
        time = f" {seconds_text(seconds)}" if seconds is not None else ""
        pieces += [(f"{state.glyph} ", state.style), (run.workflow_name, look.PLAIN), (f"{time}   ", look.MUTED)]
    return pieces or [("no run for this commit yet", look.MUTED)]


def _ticket(moment: Moment, pull: PullRequest) -> Ticket | None:
    epic = moment.snapshot.epic.data
    key = items.ticket_of(pull, moment.projects)
    return next((ticket for ticket in epic.children if ticket.key == key), None) if epic is not None else None
