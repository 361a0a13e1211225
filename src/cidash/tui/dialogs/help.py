"""All keys, from the one key table, the user's own included."""

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from cidash.tui import keys, look
from cidash.tui.columns import assemble, fit, widest
from cidash.tui.dialogs.dialog import Dialog

_BESIDE_FROM = 112


class HelpDialog(Dialog[None]):
    """Two columns where there is room, one elsewhere."""

    def __init__(self, overrides: Mapping[str, str], *, read_only: bool) -> None:
        super().__init__()
        self._overrides = overrides
        self._read_only = read_only

    def compose(self) -> ComposeResult:
        """Yields the table."""
        with Vertical(id="box"):
            yield Static(Content("Keys"), classes="heading", markup=False)
            with VerticalScroll(id="table"):
                yield Static(self._table(), markup=False)
            yield Static(assemble(("Esc", "$primary bold"), " leave"), classes="hint", markup=False)

    def on_mount(self) -> None:
        """Gives the table the focus, so that the arrows scroll it."""
        self.query_one("#table").focus()

    def _table(self) -> Content:
        groups: dict[str, list[Content]] = {}
        others = keys.VIEW_PLACES - {self.app.current_mode}
        shown = [
            one for one in keys.TABLE if one.place not in others and not (self._read_only and one.id in keys.WRITES)
        ]
        names = {one.id: " ".join(keys.keys_of(one.id, self._overrides)) for one in shown}
        width = widest(names.values())
        for one in shown:
            line = assemble((fit(names[one.id], width), "$primary bold"), "  ", (one.help, look.PLAIN))
            groups.setdefault(one.group, [Content.styled(one.group, look.MUTED)]).append(line)
        blocks = list(groups.values())
        if self.app.size.width < _BESIDE_FROM:
            return Content("\n").join(line for block in blocks for line in (*block, Content("")))
        left: list[Content] = []
        right: list[Content] = []
        for block in blocks:
            side = left if len(left) <= len(right) else right
            side += [*block, Content("")]
        column = max(line.cell_length for line in left) + 4
        rows = max(len(left), len(right))
        left += [Content("")] * (rows - len(left))
        right += [Content("")] * (rows - len(right))
        return Content("\n").join(
            assemble(one, " " * (column - one.cell_length), other) for one, other in zip(left, right, strict=True)
        )
