"""A pane: one title line with a rule, and a list beneath. No box around it: rules and gaps are enough."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from cidash.tui import look
from cidash.tui.columns import assemble, ends
from cidash.tui.keyed_list import GUTTER, KeyedList, Row


class Line(Widget):
    """One line of text that is drawn to the width it gets."""

    DEFAULT_CSS = "Line { height: 1; width: 1fr; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._text = Content("")

    def put(self, text: Content) -> None:
        """Shows another text; nothing is repainted when it is the same."""
        if not text.is_same(self._text):
            self._text = text
            self.refresh()

    def render(self) -> Content:
        """Returns the line, cut to its width."""
        return self._text.truncate(self.size.width, ellipsis=True)


class PaneTitle(Widget):
    """What the pane shows, at the left, and how it stands, at the right, with a rule in between."""

    DEFAULT_CSS = "PaneTitle { height: 1; width: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._left = Content("")
        self._right = Content("")

    def put(self, left: Content, far: Content) -> None:
        """Shows other texts; nothing is repainted when they are the same."""
        if not (left.is_same(self._left) and far.is_same(self._right)):
            self._left, self._right = left, far
            self.refresh()

    def render(self) -> Content:
        """Returns the title line."""
        active = isinstance(self.parent, Pane) and self.parent.has_focus_within
        rule = "$primary 55%" if active else look.LINE
        left = self._left.stylize_before("$primary bold" if active else look.PLAIN)
        title = assemble((look.RULE, rule), " ", left, " ")
        far = assemble(" ", self._right, " ", (look.RULE, rule)) if self._right else Content("")
        return ends(title, far, self.size.width, (look.RULE, rule))


class Pane(Vertical):
    """A title, a list, and whatever a pane adds; it builds its rows to the width that it has."""

    LIST_ID = ""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.title_line = PaneTitle()
        self.list = KeyedList(id=f"{id}-list")

    def compose(self) -> ComposeResult:
        """Yields the title and the list."""
        yield self.title_line
        yield self.list

    @property
    def row_width(self) -> int:
        """Cells that a row has for its content."""
        return max(0, self.list.scrollable_content_region.width - GUTTER - 1)

    def rebuild(self) -> None:
        """Builds title and rows anew from what was shown last; the panes fill this in."""

    def show_rows(self, rows: Sequence[Row], empty: Content) -> None:
        """Hands the rows to the list."""
        self.list.show(rows, empty)

    def on_resize(self) -> None:
        """Fits the rows to the pane's new room."""
        self.rebuild()

    def on_keyed_list_resized(self) -> None:
        """Fits the rows to the list's new room, which may change although the pane's does not."""
        self.rebuild()

    def on_descendant_focus(self) -> None:
        """The title lights up."""
        self.title_line.refresh()

    def on_descendant_blur(self) -> None:
        """The title goes back to quiet."""
        self.title_line.refresh()


def as_many_as_fit(pieces: Sequence[Content], width: int) -> Content:
    """Returns the first pieces, apart by dots, that fit into the width together."""
    dot = Content.styled(" · ", look.FAINT)
    shown = list(pieces)
    while shown and dot.join(shown).cell_length > width:
        shown.pop()
    return dot.join(shown)


def with_filter(left: Content, keyed_list: KeyedList) -> Content:
    """Returns the title with the list's filter behind it, if there is one."""
    text = keyed_list.filter_text
    return assemble(left, ("  /", look.MUTED), (text, look.BUSY)) if text else left
