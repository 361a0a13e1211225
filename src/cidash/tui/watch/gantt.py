"""The Gantt chart of a run: seconds to cells. Pure; every function returns exactly the cells it was asked for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from textual.content import Content

from cidash.analysis.duration import is_carried_over
from cidash.domain.ci import Job, Run, Step
from cidash.domain.format import seconds_text
from cidash.domain.snapshot import Typical
from cidash.domain.state import State
from cidash.tui import look

_NICE = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400)
_TICK_CELLS = 8
_LABEL_FROM = 34
_LABEL_CELLS = 11


@dataclass(frozen=True, slots=True)
class Axis:
    """The time that the chart spans, and the cells it has for it."""

    start: datetime
    seconds: float
    width: int
    margin: int = 0
    """Cells behind the axis, where labels may still stand."""

    def cell(self, moment: datetime) -> int:
        """Returns the cell of that moment, within the chart."""
        return self.cell_at((moment - self.start).total_seconds())

    def cell_at(self, seconds: float) -> int:
        """Returns the cell that many seconds after the start, within the chart."""
        if self.seconds <= 0:
            return 0
        return max(0, min(self.width - 1, int(seconds / self.seconds * self.width)))


def axis_of(run: Run, jobs: tuple[Job, ...], typical: dict[str, Typical], now: datetime, width: int) -> Axis:
    """Returns the axis for these jobs: from the attempt's start to the last end, seen or expected.

    While the run goes on, a wide chart keeps room at its end for the label of the mark.
    """
    moments = [run.started_at]
    ends = [run.started_at]
    for job in jobs:
        if job.started_at is None or job.state is State.SKIPPED or is_carried_over(run, job):
            continue
        moments.append(min(job.started_at, job.created_at or job.started_at))
        ends.append(job.completed_at or now)
        usual = typical.get(job.name)
        if usual is not None:
            ends.append(job.started_at + timedelta(seconds=usual.median_seconds))
    start = max(min(moments), run.started_at - timedelta(seconds=2))
    seconds = (max(ends) - start).total_seconds()
    # A running chart grows in steps, so that its bars do not creep sideways with every second.
    if run.state.is_active:
        step = next((nice for nice in _NICE if nice * 12 >= seconds), _NICE[-1])
        seconds = (int(seconds / step) + 1) * step
    margin = _LABEL_CELLS if run.state.is_active and typical and width >= _LABEL_FROM else 0
    return Axis(start, max(seconds, 1.0), width - margin, margin)


def ruler(axis: Axis) -> Content:
    """Returns the scale: round times at their cells."""
    step = next((nice for nice in _NICE if axis.width * nice / axis.seconds >= _TICK_CELLS), _NICE[-1])
    cells = [" "] * (axis.width + axis.margin)
    moment = 0.0
    while moment < axis.seconds:
        text = seconds_text(moment).replace("m00s", "m").replace("h00m", "h") if moment else "0"
        at = axis.cell_at(moment)
        if at + len(text) <= len(cells):
            cells[at : at + len(text)] = text
        moment += step
    return Content.styled("".join(cells), look.FAINT)


def job_bar(run: Run, job: Job, usual: Typical | None, axis: Axis, now: datetime) -> Content:
    """Returns the job's bar: waiting, running, what is expected still, and the mark of how long it usually takes."""
    cells = _Cells(axis.width + axis.margin)
    if is_carried_over(run, job):
        return cells.text(0, "from an earlier attempt", look.FAINT).content()
    state = job.state
    if state is State.SKIPPED or job.started_at is None or not _has_started(state):
        if state.is_active and job.created_at is not None:
            cells.fill(axis.cell(job.created_at), axis.cell(now) + 1, look.WAIT, look.FAINT)
        return cells.content()
    first = axis.cell(job.started_at)
    end = job.completed_at or now
    last = max(first, axis.cell(end))
    if job.created_at is not None and job.created_at >= axis.start:
        cells.fill(axis.cell(job.created_at), first, look.WAIT, look.FAINT)
    style = look.of_state(state).style
    cells.fill(first, last + 1, look.BAR, style)
    if usual is not None:
        mark = axis.cell(job.started_at + timedelta(seconds=usual.median_seconds))
        if mark > last:
            if state.is_active:
                cells.fill(last + 1, mark, look.EXPECTED, look.FAINT)
            cells.fill(mark, mark + 1, look.MARK, look.MUTED)
        if state.is_active:
            cells.text(max(mark, last) + 1, f"usual {seconds_text(usual.median_seconds)}", look.FAINT)
    return cells.content()


def step_bar(step: Step, axis: Axis, now: datetime) -> Content:
    """Returns the step's bar, thinner than a job's."""
    cells = _Cells(axis.width + axis.margin)
    if step.started_at is None or step.state is State.SKIPPED or not _has_started(step.state):
        return cells.content()
    first = axis.cell(step.started_at)
    last = max(first, axis.cell(step.completed_at or now))
    style = look.of_state(step.state).style
    cells.fill(first, last + 1, look.STEP_BAR, style + " 70%" if step.state is State.SUCCESS else style)
    return cells.content()


def length_bar(seconds: float, state: State, axis: Axis) -> Content:
    """Returns another run's duration at this chart's scale; an arrow says that it went on beyond the chart."""
    cells = _Cells(axis.width + axis.margin)
    style = f"{look.of_state(state).style} 60%"
    cells.fill(0, axis.cell_at(seconds) + 1, look.STEP_BAR, style)
    if seconds > axis.seconds:
        cells.fill(axis.width - 1, axis.width, "→", style)
    return cells.content()


def _has_started(state: State) -> bool:
    return state is State.IN_PROGRESS or not state.is_active


class _Cells:
    """A line of single-cell characters, each with its style."""

    def __init__(self, width: int) -> None:
        self._cells = [(" ", "")] * width

    def fill(self, first: int, end: int, char: str, style: str) -> "_Cells":
        for at in range(max(0, first), min(end, len(self._cells))):
            self._cells[at] = (char, style)
        return self

    def text(self, at: int, text: str, style: str) -> "_Cells":
        """Writes a text if it fits as a whole."""
        if at + len(text) <= len(self._cells):
            for offset, char in enumerate(text):
                self._cells[at + offset] = (char, style)
        return self

    def content(self) -> Content:
        groups = groupby(self._cells, key=lambda cell: cell[1])
        return Content.assemble(*(("".join(char for char, _ in group), style) for style, group in groups))
