"""The folded log: draws the lines that are seen, straight from the file, whatever its size."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from cidash.analysis.duration import step_seconds
from cidash.analysis.log_view.layout import Layout, Place, group_of, unfolding
from cidash.analysis.log_view.line import LineKind, LogLine, read_line
from cidash.analysis.log_view.sections import Section, first_failure, sections_of
from cidash.domain.ci import Job
from cidash.domain.format import count_text, seconds_text
from cidash.tui import look
from cidash.tui.columns import assemble

if TYPE_CHECKING:
    from cidash.analysis.log_view.search import Pattern
    from cidash.github.log_file import LogFile

_SIDE_STEP = 16
_COPY_LIMIT = 1_000_000
_COLOURS = {
    "black": look.FAINT, "red": look.BAD, "green": look.GOOD, "yellow": look.BUSY, "blue": "$text-primary",
    "magenta": "$secondary", "cyan": look.CALM, "white": look.PLAIN,
}  # fmt: skip
_KINDS = {
    LineKind.ERROR: f"{look.BAD} bold", LineKind.WARNING: look.BUSY, LineKind.NOTICE: look.CALM,
    LineKind.DEBUG: look.FAINT, LineKind.GROUP: look.STRONG, LineKind.COMMAND: look.CALM, LineKind.SECTION: look.CALM,
}  # fmt: skip


class LogView(ScrollView, can_focus=True):
    """Steps as headings that fold; the cursor stays on its line when something folds above it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"log--cursor", "log--selected"}

    class Moved(Message):
        """The cursor is somewhere else."""

    def __init__(self) -> None:
        super().__init__(id="log")
        self.file: LogFile | None = None
        self.sections: tuple[Section, ...] = ()
        self.stamps = False
        self.only_failed = False
        self.pattern: Pattern | None = None
        self._layout: Layout | None = None
        self._open_sections: set[int] = set()
        self._open_groups: set[int] = set()
        self._cursor = 0
        self._mark: int | None = None
        self._left = 0

    # -- what it shows ------------------------------------------------------------------------------------------

    def open(self, file: "LogFile", job: Job) -> None:
        """Shows a log: steps folded except the failed one, the cursor at the first failing place."""
        self.file = file
        self.sections = sections_of(file.index, job.steps)
        failing = first_failure(file.index, self.sections)
        if failing is None and len(self.sections) == 1:
            self._open_sections.add(0)
        self._build()
        if failing is not None:
            self.show_line(failing)
        self.refresh()

    @property
    def line(self) -> int:
        """The line under the cursor, or the one that would follow its heading."""
        place = self.place
        if place is None:
            return 0
        return self.sections[place.section].first if place.line is None else place.line

    @property
    def place(self) -> Place | None:
        """What is under the cursor."""
        return None if self._layout is None else self._layout.at(self._cursor)

    @property
    def selected_rows(self) -> int:
        """How many rows are selected."""
        return 0 if self._mark is None else abs(self._cursor - self._mark) + 1

    def show_line(self, line: int) -> None:
        """Unfolds whatever hides the line, and puts the cursor on it, with what led to it above."""
        if self.file is None:
            return
        section, group = unfolding(self.file.index, self.sections, line)
        if section is not None:
            self._open_sections.add(section)
        if group is not None:
            self._open_groups.add(group)
        self._build()
        assert self._layout is not None
        row = self._layout.row_of(line)
        if row is not None:
            self._cursor = row
            height = max(1, self.scrollable_content_region.height or self.size.height)
            if not round(self.scroll_y) <= row < round(self.scroll_y) + height:
                self.scroll_to(y=max(0, row - height * 2 // 3), animate=False)
        self._moved()

    def is_searched(self, line: int) -> bool:
        """Returns whether the line can be shown now."""
        if not self.only_failed:
            return True
        return any(one.is_failed and one.first <= line < one.end for one in self.sections)

    def toggle(self) -> None:
        """Folds or unfolds what is under the cursor: the group if it is on its first line, else the step."""
        place = self.place
        if place is None:
            return
        line = place.line
        if line is not None and place.group is not None:
            self._open_groups ^= {place.group}
        else:
            self._open_sections ^= {place.section}
        self._build()
        assert self._layout is not None
        row = None
        if line is not None:
            row = self._layout.row_of(line)
        if row is None:
            row = self._layout.heading_row(place.section)
        self._go(row or 0)

    def toggle_failed(self) -> bool:
        """Shows failed steps only, or all again; returns whether there is one."""
        if not any(section.is_failed for section in self.sections):
            return False
        line = self.line
        self.only_failed = not self.only_failed
        self._build()
        if self.is_searched(line) and self._layout is not None:
            self._go(self._layout.row_of(line) or 0)
        else:
            self._go(0)
        return True

    def toggle_stamps(self) -> None:
        """Shows or hides the time before each line."""
        self.stamps = not self.stamps
        self.refresh()

    def toggle_mark(self) -> None:
        """Begins or ends a selection at the cursor."""
        self._mark = self._cursor if self._mark is None else None
        self.refresh()
        self._moved()

    def drop_mark(self) -> bool:
        """Ends a selection; returns whether there was one."""
        had, self._mark = self._mark is not None, None
        self.refresh()
        self._moved()
        return had

    def cursor_text(self) -> str:
        """Returns the text of the row under the cursor."""
        return self._text_of(self._cursor)

    def selected_text(self) -> str:
        """Returns the selected rows, else the lines of the cursor's step that are seen; cut at a million characters."""
        layout = self._layout
        if layout is None:
            return ""
        if self._mark is not None:
            rows = range(min(self._mark, self._cursor), max(self._mark, self._cursor) + 1)
        else:
            place = self.place
            begin = end = self._cursor
            while place is not None and (at := layout.at(begin - 1)) is not None and at.section == place.section:
                begin -= 1
            while place is not None and (at := layout.at(end + 1)) is not None and at.section == place.section:
                end += 1
                if end - begin > _COPY_LIMIT // 8:
                    break
            rows = range(begin, end + 1)
        pieces: list[str] = []
        length = 0
        for row in rows:
            pieces.append(self._text_of(row))
            length += len(pieces[-1]) + 1
            if length > _COPY_LIMIT:
                break
        return "\n".join(pieces)[:_COPY_LIMIT]

    async def search(self, *, backwards: bool) -> bool:
        """Goes to the next line that shows the pattern, starting over at the end; returns whether there is one."""
        file, pattern = self.file, self.pattern
        if file is None or pattern is None:
            return False
        here, count = self.line, file.index.lines
        spans = [(0, here), (here, count)] if backwards else [(here + 1, count), (0, here + 1)]
        for first, end in spans:
            for start, block in self._blocks(first, end, backwards=backwards):
                found = [line for line in pattern.lines(block, start) if first <= line < end and self.is_searched(line)]
                if found:
                    self.show_line(found[-1] if backwards else found[0])
                    return True
                await asyncio.sleep(0)
        return False

    def next_error(self, *, backwards: bool) -> bool:
        """Goes to the next error or warning line; returns whether there is one."""
        if self.file is None:
            return False
        index, here = self.file.index, self.line
        marks = sorted(line for line in {*index.errors, *index.warnings} if self.is_searched(line))
        if not marks:
            return False
        if backwards:
            self.show_line(next((line for line in reversed(marks) if line < here), marks[-1]))
        else:
            self.show_line(next((line for line in marks if line > here), marks[0]))
        return True

    def _blocks(self, first: int, end: int, *, backwards: bool) -> Iterator[tuple[int, bytes]]:
        assert self.file is not None
        if not backwards:
            yield from self.file.blocks(first, end)
            return
        index = self.file.index
        while end > first:
            start = index.line_of(max(0, index.span(end - 1)[0] - 256 * 1024))
            start = max(first, min(start, end - 1))
            yield from reversed(list(self.file.blocks(start, end)))
            end = start

    def _build(self) -> None:
        if self.file is None:
            return
        self._layout = Layout(
            self.file.index, self.sections, self._open_sections, self._open_groups, only_failed=self.only_failed
        )
        self._mark = None
        self.virtual_size = Size(self.size.width, self._layout.rows)
        self.refresh()

    # -- moving -------------------------------------------------------------------------------------------------

    def _go(self, row: int) -> None:
        rows = self._layout.rows if self._layout is not None else 0
        self._cursor = max(0, min(row, rows - 1))
        first, height = round(self.scroll_y), max(1, self.scrollable_content_region.height)
        if self._cursor < first:
            self.scroll_to(y=self._cursor, animate=False)
        elif self._cursor >= first + height:
            self.scroll_to(y=self._cursor - height + 1, animate=False)
        self.refresh()
        self._moved()

    def step(self, rows: int) -> None:
        """Moves the cursor by that many rows."""
        self._go(self._cursor + rows)

    def page(self, direction: int) -> None:
        """Moves the cursor by a screenful."""
        self._go(self._cursor + direction * max(1, self.size.height - 1))

    def go_first(self) -> None:
        """Moves the cursor to the first row."""
        self._go(0)

    def go_last(self) -> None:
        """Moves the cursor to the last row."""
        self._go(self._layout.rows - 1 if self._layout is not None else 0)

    def side_step(self, direction: int) -> None:
        """Shows what long lines have further to the right, or back."""
        self._left = max(0, min(65_536, self._left + direction * _SIDE_STEP))
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a second one folds or unfolds."""
        row = round(self.scroll_y) + event.y
        if self._layout is not None and self._layout.at(row) is not None:
            self._go(row)
            if event.chain > 1:
                self.toggle()

    def on_resize(self) -> None:
        """Keeps the cursor on screen."""
        if self._layout is not None:
            self.virtual_size = Size(self.size.width, self._layout.rows)
            self._go(self._cursor)

    def _moved(self) -> None:
        self.post_message(self.Moved())

    # -- drawing ------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Returns one line of the screen."""
        width, row = self.size.width, y + round(self.scroll_y)
        base = self.visual_style
        place = self._layout.at(row) if self._layout is not None else None
        if place is None:
            return Strip.blank(width, base.rich_style)
        mark, style = " ", base
        is_marked = self._mark is not None and min(self._mark, self._cursor) <= row <= max(self._mark, self._cursor)
        if row == self._cursor or is_marked:
            name = "log--cursor" if row == self._cursor else "log--selected"
            style = base + self.get_visual_style(name, partial=True)
        if row == self._cursor:
            mark = look.CURSOR
        text = self._heading(place.section) if place.line is None else self._shown(place)
        content = assemble((mark, "$primary bold"), " ", text).truncate(width)
        strips = Visual.to_strips(self, content, width, 1, style, apply_selection=False, pad=True)
        return strips[0] if strips else Strip.blank(width)

    def _heading(self, number: int) -> Content:
        section = self.sections[number]
        is_open = number in self._open_sections and section.lines > 0
        fold = "▼ " if is_open else "  " if not section.lines else "▸ "
        pieces: list[str | tuple[str, str]] = [(fold, look.MUTED)]
        if section.step is not None:
            state = look.of_state(section.step.state)
            pieces.append((f"{state.glyph} ", state.style))
        pieces.append((section.title, look.STRONG if section.lines else look.MUTED))
        notes = []
        if section.step is not None and (seconds := step_seconds(section.step)) is not None:
            notes.append(seconds_text(seconds))
        notes.append(f"{count_text(section.lines)} line{'' if section.lines == 1 else 's'}")
        pieces.append((f"  {', '.join(notes)}", look.FAINT))
        return assemble(*pieces)

    def _shown(self, place: Place) -> Content:
        assert place.line is not None
        line = self._read(place.line)
        indent: list[str | Content | tuple[str, str]] = ["    "]
        if place.group is not None:
            indent = [("  ▼ " if place.group in self._open_groups else "  ▸ ", look.MUTED)]
        elif line.kind is not LineKind.GROUP and self._in_open_group(place.line):
            indent = ["      "]
        if self.stamps:
            indent.append((f"{line.stamp or '':<28} ", look.FAINT))
        return assemble(*indent, self._coloured(line))

    def _in_open_group(self, line: int) -> bool:
        assert self.file is not None
        return group_of(self.file.index, line) in self._open_groups

    def _coloured(self, line: LogLine) -> Content:
        """Returns the part of the line that is in view, with its colours and what was searched for."""
        begin, end = self._left, self._left + max(1, self.size.width)
        shown = line.text[begin:end]
        if line.cut_bytes and end >= len(line.text):
            shown += f" … {count_text(line.cut_bytes)} bytes more"
        content = Content.styled(shown, _KINDS.get(line.kind, look.PLAIN))
        for span in line.spans:
            pen = span.pen
            words = [_COLOURS.get(pen.colour or "", "")]
            words += [word for word in ("bold", "dim", "italic", "underline") if getattr(pen, word)]
            style = " ".join(filter(None, words))
            if style and span.end > begin and span.start < end:
                content = content.stylize(style, max(0, span.start - begin), min(end, span.end) - begin)
        if self.pattern is not None:
            for start, stop in self.pattern.spans(line.text):
                if stop > begin and start < end:
                    content = content.stylize("reverse", max(0, start - begin), min(end, stop) - begin)
        return content

    def _read(self, number: int) -> LogLine:
        assert self.file is not None
        raw, size = self.file.raw(number)
        return read_line(raw, size)

    def _text_of(self, row: int) -> str:
        place = self._layout.at(row) if self._layout is not None else None
        if place is None:
            return ""
        if place.line is None:
            return self.sections[place.section].title
        line = self._read(place.line)
        return f"{line.stamp} {line.text}" if self.stamps and line.stamp else line.text
