"""A list whose cursor sits on a row, not on a row number: it follows its row through every refresh."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from cidash.tui import keys, look

GUTTER = 2
"""Cells at the left of every row for the cursor's mark."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line: who it is, what it shows, and what can be done with it."""

    key: Hashable
    content: Content
    selectable: bool = True
    url: str | None = None
    failed: bool = False
    search: str = ""
    """What the filter looks into; empty rows (captions) stay only while something is shown beneath them."""


def _same(some: tuple[Row, ...], others: tuple[Row, ...]) -> bool:
    """Equal contents with another colour are not the same: Content's own equality looks at the text only."""
    return some == others and all(one.content.is_same(other.content) for one, other in zip(some, others, strict=True))


class KeyedList(ScrollView, can_focus=True):
    """Rows by key. Rows come ready-made; the list keeps cursor, scroll offset and filter."""

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("list")
    COMPONENT_CLASSES: ClassVar[set[str]] = {"keyed-list--cursor", "keyed-list--cursor-blurred", "keyed-list--empty"}

    class Moved(Message):
        """The user moved the cursor to another row."""

        def __init__(self, sender: "KeyedList", row: Row) -> None:
            super().__init__()
            self.keyed_list = sender
            self.row = row

        @property
        def control(self) -> "KeyedList":
            """The list."""
            return self.keyed_list

    class Opened(Message):
        """The user pressed Enter on a row, or clicked the row under the cursor."""

        def __init__(self, sender: "KeyedList", row: Row) -> None:
            super().__init__()
            self.keyed_list = sender
            self.row = row

        @property
        def control(self) -> "KeyedList":
            """The list."""
            return self.keyed_list

    class Resized(Message):
        """The list has another room: whoever fits rows to it has to do so again."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._all: tuple[Row, ...] = ()
        self._rows: tuple[Row, ...] = ()
        self._cursor: Hashable | None = None
        self._empty = Content("")
        self._filter = ""
        self.moved_to: Callable[[Row], None] | None = None
        """Called at once with the row that the user moved to: a key typed right behind the move means that row."""

    # -- what it shows ------------------------------------------------------------------------------------------

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows that the filter lets through."""
        return self._rows

    @property
    def cursor_row(self) -> Row | None:
        """The row under the cursor."""
        return next((row for row in self._rows if row.key == self._cursor), None)

    @property
    def filter_text(self) -> str:
        """What the rows are filtered by; empty shows all."""
        return self._filter

    def show(self, rows: Sequence[Row], empty: Content | None = None) -> None:
        """Replaces the rows; cursor and its place on the screen stay with the row's key.

        When the row is gone, the cursor goes to the nearest row that is still there.

        Args:
            rows: all rows, in order.
            empty: what is shown when there is none.
        """
        fresh = tuple(rows)
        if empty is not None and not empty.is_same(self._empty):
            self._empty = empty
            self.refresh()
        if _same(fresh, self._all):
            return
        before, self._all = self._rows, fresh
        if len(fresh) == len(before) and not self._filter:
            changed = [line for line, (one, other) in enumerate(zip(fresh, before, strict=True)) if one is not other]
            if all(fresh[line].key == before[line].key for line in changed):
                self._rows = fresh
                for line in changed:
                    if not _same((fresh[line],), (before[line],)):
                        self._refresh_line(line)
                return
        self._apply()

    def filter_by(self, text: str) -> None:
        """Shows only rows whose search text contains these words, in any case."""
        if text != self._filter:
            self._filter = text
            self._apply()

    def put_cursor(self, key: Hashable | None) -> None:
        """Moves the cursor without telling anybody; an unknown key is left alone."""
        if key != self._cursor and any(row.key == key and row.selectable for row in self._rows):
            self._cursor = key
            self.refresh()
            self._keep_in_view()

    def _apply(self) -> None:
        before, line_before = self._rows, self._cursor_line()
        offset = None if line_before is None else line_before - round(self.scroll_y)
        self._rows = self._filtered()
        self._cursor = self._follow(before)
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._rows))
        line = self._cursor_line()
        if line is not None and offset is not None and line != line_before:
            self.scroll_to(y=max(0, line - offset), animate=False)
        self._keep_in_view()
        self.refresh()

    def _filtered(self) -> tuple[Row, ...]:
        words = self._filter.casefold().split()
        if not words:
            return self._all
        return tuple(
            row for row in self._all if row.selectable and all(word in row.search.casefold() for word in words)
        )

    def _follow(self, before: tuple[Row, ...]) -> Hashable | None:
        """Returns where the cursor belongs now: its row, else the nearest old neighbour, else the first row."""
        present = {row.key for row in self._rows if row.selectable}
        if self._cursor in present:
            return self._cursor
        old = [row.key for row in before]
        if self._cursor in old:
            at = old.index(self._cursor)
            for key in [*old[at + 1 :], *reversed(old[:at])]:
                if key in present:
                    return key
        return next((row.key for row in self._rows if row.selectable), None)

    def _cursor_line(self) -> int | None:
        return next((line for line, row in enumerate(self._rows) if row.key == self._cursor), None)

    def _keep_in_view(self) -> None:
        line = self._cursor_line()
        height = self.scrollable_content_region.height
        if line is None or height <= 0:
            return
        first = round(self.scroll_y)
        if line < first:
            # A caption above the first row comes into view with it.
            captions = line > 0 and not any(row.selectable for row in self._rows[:line])
            self.scroll_to(y=0 if captions else line, animate=False)
        elif line >= first + height:
            self.scroll_to(y=line - height + 1, animate=False)

    # -- keys and mouse -----------------------------------------------------------------------------------------

    def _step(self, lines: Sequence[int], *, failed: bool = False) -> bool:
        for line in lines:
            row = self._rows[line]
            if row.selectable and (row.failed or not failed):
                if row.key != self._cursor:
                    self._cursor = row.key
                    self.refresh()
                    self._keep_in_view()
                    if self.moved_to is not None:
                        self.moved_to(row)
                    self.post_message(self.Moved(self, row))
                return True
        return False

    def _line(self) -> int:
        line = self._cursor_line()
        return -1 if line is None else line

    def action_down(self) -> None:
        """Moves to the next row."""
        self._step(range(self._line() + 1, len(self._rows)))

    def action_up(self) -> None:
        """Moves to the row above."""
        self._step(range(self._line() - 1, -1, -1))

    def action_first(self) -> None:
        """Moves to the first row."""
        self._step(range(len(self._rows)))

    def action_last(self) -> None:
        """Moves to the last row."""
        self._step(range(len(self._rows) - 1, -1, -1))

    def action_page_down(self) -> None:
        """Moves a screenful down."""
        target = min(len(self._rows) - 1, self._line() + max(1, self.size.height - 1))
        self._step([*range(target, len(self._rows)), *range(target, -1, -1)])

    def action_page_up(self) -> None:
        """Moves a screenful up."""
        target = max(0, self._line() - max(1, self.size.height - 1))
        self._step([*range(target, -1, -1), *range(target, len(self._rows))])

    def action_open(self) -> None:
        """Goes into the row under the cursor."""
        row = self.cursor_row
        if row is not None:
            self.post_message(self.Opened(self, row))

    def next_failure(self, *, backwards: bool = False) -> bool:
        """Moves to the next failed row, starting over at the end; returns whether there is one."""
        count = len(self._rows)
        here = self._line()
        order = [(here + step) % count for step in range(1, count + 1)] if count else []
        if backwards:
            order = [(here - step) % count for step in range(1, count + 1)] if count else []
        return self._step(order, failed=True)

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; a click on the row under the cursor goes into it."""
        line = round(self.scroll_y) + event.y
        if not 0 <= line < len(self._rows) or not self._rows[line].selectable:
            return
        if self._rows[line].key == self._cursor and self.has_focus and event.chain > 1:
            self.action_open()
        else:
            self._step([line])

    def on_resize(self) -> None:
        """Keeps the cursor on screen when the room changes."""
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._rows))
        self._keep_in_view()
        self.post_message(self.Resized())

    def on_focus(self) -> None:
        """The cursor's bar gets its full colour."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor's bar fades."""
        self.refresh()

    # -- drawing ------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Returns one line of the list."""
        width = self.scrollable_content_region.width
        line = y + round(self.scroll_y)
        base = self.visual_style
        if line >= len(self._rows):
            if y == 0 and not self._rows:
                text = Content("Nothing matches the filter.") if self._filter and self._all else self._empty
                style = base + self.get_visual_style("keyed-list--empty", partial=True)
                return self._strip(Content.assemble(" " * GUTTER, text).truncate(width, ellipsis=True), width, style)
            return Strip.blank(width, base.rich_style)
        row = self._rows[line]
        mark, mark_style, style = " ", "", base
        if row.key == self._cursor:
            mark, mark_style = look.CURSOR, "$primary bold" if self.has_focus else look.FAINT
            name = "keyed-list--cursor" if self.has_focus else "keyed-list--cursor-blurred"
            style = base + self.get_visual_style(name, partial=True)
        marked = Content.assemble((mark, mark_style), " ", row.content) if row.selectable else row.content
        return self._strip(marked.truncate(width), width, style)

    def _strip(self, content: Content, width: int, style: object) -> Strip:
        strips = Visual.to_strips(self, content, width, 1, style, apply_selection=False, pad=True)  # type: ignore[arg-type]
        return strips[0] if strips else Strip.blank(width)

    def _refresh_line(self, line: int) -> None:
        """Repaints one row only."""
        self.refresh(Region(0, line - round(self.scroll_y), self.size.width, 1))
