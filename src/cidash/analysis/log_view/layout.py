"""Which rows a folded log has: steps as headings, the lines of open ones, groups as one line each."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cidash.analysis.log_view.index import LogIndex
from cidash.analysis.log_view.sections import Section, section_at


@dataclass(frozen=True, slots=True)
class Place:
    """What a row is: the heading of a section, or a line of it."""

    section: int
    line: int | None
    """None for the heading."""
    group: int | None = None
    """For the first line of a group: the group's number."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Rows one after the other that are lines one after the other; a heading is a run of one row."""

    row: int
    section: int
    line: int | None
    group: int | None = None


class Layout:
    """From rows to lines and back, without a list of all lines."""

    def __init__(
        self,
        index: LogIndex,
        sections: Sequence[Section],
        open_sections: Collection[int],
        open_groups: Collection[int],
        *,
        only_failed: bool = False,
    ) -> None:
        self._index = index
        self._runs: list[_Run] = []
        self.rows = 0
        """How many rows there are."""
        for number, section in enumerate(sections):
            if only_failed and not section.is_failed:
                continue
            self._add(number, None, 1)
            if number in open_sections and section.lines:
                self._add_lines(number, section, open_groups)
        self._starts = [one.row for one in self._runs]
        self._by_line = [(one.line, one) for one in self._runs if one.line is not None]
        self._lines = [line for line, _ in self._by_line]

    def at(self, row: int) -> Place | None:
        """Returns what the row is, or None beyond the end."""
        if not 0 <= row < self.rows:
            return None
        run = self._runs[bisect_right(self._starts, row) - 1]
        if run.line is None:
            return Place(run.section, None)
        line = run.line + row - run.row
        return Place(run.section, line, run.group if row == run.row else None)

    def row_of(self, line: int) -> int | None:
        """Returns the row that shows the line, or None when it is folded away."""
        at = bisect_right(self._lines, line) - 1
        if at < 0:
            return None
        run = self._by_line[at][1]
        assert run.line is not None
        row = run.row + line - run.line
        following = bisect_right(self._starts, run.row)
        end = self._starts[following] if following < len(self._starts) else self.rows
        return row if row < end else None

    def heading_row(self, section: int) -> int | None:
        """Returns the row of a section's heading."""
        return next((one.row for one in self._runs if one.section == section and one.line is None), None)

    def _add(self, section: int, line: int | None, rows: int, group: int | None = None) -> None:
        if rows > 0:
            self._runs.append(_Run(self.rows, section, line, group))
            self.rows += rows

    def _add_lines(self, number: int, section: Section, open_groups: Collection[int]) -> None:
        starts, ends = self._index.group_starts, self._index.group_ends
        line = section.first
        group = bisect_left(starts, section.first)
        while group < len(starts) and starts[group] < section.end:
            self._add(number, line, starts[group] - line)
            line = min(section.end, max(ends[group] + 1, starts[group] + 1))
            if group in open_groups:
                self._add(number, starts[group], line - starts[group], group)
            else:
                self._add(number, starts[group], 1, group)
            group += 1
        self._add(number, line, section.end - line)


def group_of(index: LogIndex, line: int) -> int | None:
    """Returns the group that the line lies in, its first and last line included."""
    group = bisect_right(index.group_starts, line) - 1
    return group if group >= 0 and line <= index.group_ends[group] else None


def unfolding(index: LogIndex, sections: Sequence[Section], line: int) -> tuple[int | None, int | None]:
    """Returns the section and the group that have to be open for the line to be seen."""
    return section_at(sections, line), group_of(index, line)
