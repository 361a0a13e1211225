"""Which lines belong to which step, and where the log first goes wrong."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cidash.analysis.log_view.index import LogIndex, Opener, OpenerKind
from cidash.domain.ci import Step
from cidash.domain.state import State
from cidash.domain.text import clean

_LATE = timedelta(seconds=2)
"""How much later than the API's whole second a step's first line may come."""


@dataclass(frozen=True, slots=True)
class Section:
    """A step's lines, from `first` up to `end`; a step that printed nothing has none."""

    title: str
    first: int
    end: int
    step: Step | None = None
    """None where the steps are not known: then the sections go by what the log itself says."""

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return self.end - self.first

    @property
    def is_failed(self) -> bool:
        """Whether the step went wrong."""
        return self.step is not None and self.step.state.is_red


def sections_of(index: LogIndex, steps: Sequence[Step]) -> tuple[Section, ...]:
    """Returns the log cut into steps, in order. Every line belongs to exactly one section.

    The API knows a step's begin to the second; the log has a line where the runner begins one, but also where a
    composite action begins a step of its own. Both together tell: of the lines that could open a step, the one in
    its second whose title agrees, else the first one. Without any, the time alone decides.
    """
    executed = [one for one in steps if one.started_at is not None and one.state is not State.SKIPPED]
    if not executed:
        return _by_openers(index) if index.lines else ()
    begins = _begins(index, executed)
    first_lines = {step.number: begin for step, begin in zip(executed, begins, strict=True) if begin is not None}
    ends = [*sorted(first_lines.values()), index.lines]
    sections: list[Section] = []
    here = 0
    for step in steps:
        begin = first_lines.get(step.number)
        if begin is None:
            sections.append(Section(step.name, here, here, step))
        else:
            here = ends[bisect_left(ends, begin) + 1] if begin < index.lines else index.lines
            sections.append(Section(step.name, begin, here, step))
    return tuple(sections)


def first_failure(index: LogIndex, sections: Sequence[Section]) -> int | None:
    """Returns the line where the reader should begin: the first error of the first failed step.

    A failed step without an error line gives its last line; without a failed step it is the first error anywhere,
    and None when there is none.
    """
    for section in sections:
        if section.is_failed and section.lines:
            at = bisect_left(index.errors, section.first)
            if at < len(index.errors) and index.errors[at] < section.end:
                return index.errors[at]
            return section.end - 1
    return index.errors[0] if index.errors else None


def section_at(sections: Sequence[Section], line: int) -> int | None:
    """Returns the number of the section that the line belongs to."""
    return next((at for at, one in enumerate(sections) if one.first <= line < one.end), None)


def _begins(index: LogIndex, executed: Sequence[Step]) -> list[int | None]:
    begins: list[int | None] = [0 if index.lines else None]
    openers = {kind: [one for one in index.openers if one.kind is kind] for kind in OpenerKind}
    here = 0
    for step in executed[1:]:
        assert step.started_at is not None
        begin = _begin(index, step, openers, here)
        begins.append(begin)
        here = here if begin is None else begin
    return begins


def _begin(index: LogIndex, step: Step, openers: dict[OpenerKind, list[Opener]], here: int) -> int | None:
    assert step.started_at is not None
    if step.name == "Complete job":
        ends = [one.line for one in openers[OpenerKind.END] if one.line > here]
        if ends:
            return ends[-1]
    elif step.name.startswith("Post "):
        opener = _next(openers[OpenerKind.POST], here)
        if opener is not None:
            return opener.line
    else:
        found = _run_opener(step, openers[OpenerKind.RUN], here)
        if found is not None:
            return found
    line = index.line_at(_second(step.started_at))
    return line if line is not None and line > here else None


def _run_opener(step: Step, openers: list[Opener], here: int) -> int | None:
    assert step.started_at is not None
    earliest, latest = _second(step.started_at), _second(step.started_at + _LATE)
    first: int | None = None
    for opener in openers[bisect_left(openers, here + 1, key=lambda one: one.line) :]:
        if opener.second > latest:
            break
        if opener.second >= earliest:
            if step.name == f"Run {clean(opener.title, 300)}":
                return opener.line
            first = opener.line if first is None else first
    return first


def _next(openers: list[Opener], here: int) -> Opener | None:
    at = bisect_left(openers, here + 1, key=lambda one: one.line)
    return openers[at] if at < len(openers) else None


def _second(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _by_openers(index: LogIndex) -> tuple[Section, ...]:
    """The steps are not known: every line that opens one begins a section."""
    titles = {OpenerKind.POST: "Post", OpenerKind.END: "Complete job"}
    starts = [(0, "Set up job" if index.openers else "Log")]
    starts += [(one.line, titles.get(one.kind) or f"Run {clean(one.title)}") for one in index.openers if one.line > 0]
    ends = [line for line, _ in starts[1:]] + [index.lines]
    return tuple(Section(title, line, end) for (line, title), end in zip(starts, ends, strict=True))
