"""The footer: at most six keys, those that make sense where the focus is."""

from collections.abc import Mapping, Sequence

from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from cidash.tui import keys, look
from cidash.tui.columns import assemble

AT_MOST = 6


class FooterLine(Widget):
    """Keys come from the one key table, the user's own keys included; a click does what the key does."""

    DEFAULT_CSS = "FooterLine { height: 1; width: 1fr; }"

    def __init__(self, overrides: Mapping[str, str]) -> None:
        super().__init__(id="footer")
        self.auto_links = False  # keys look like keys, not like links
        self._overrides = overrides
        self._ids: tuple[str, ...] = ()

    def show(self, key_ids: Sequence[str]) -> None:
        """Shows these actions, the first six at most."""
        wanted = tuple(key_ids[:AT_MOST])
        if wanted != self._ids:
            self._ids = wanted
            self.refresh()

    def render(self) -> Content:
        """Returns the line; what does not fit is left out as a whole, the last key never."""
        entries = [self._entry(keys.definition(key_id)) for key_id in self._ids]
        if not entries:
            return Content("")
        while len(entries) > 1 and sum(entry.cell_length + 3 for entry in entries) - 2 > self.size.width:
            entries.pop(-2)
        return assemble(" ", Content("   ").join(entries)).truncate(self.size.width)

    def _entry(self, one: keys.KeyDef) -> Content:
        shown = keys.keys_of(one.id, self._overrides)[0]
        action = one.action if one.action.startswith("app.") else f"screen.{one.action}"
        entry = assemble((shown, "$primary bold"), (f" {one.label}", look.MUTED))
        return entry if one.place == "list" else entry.stylize(Style.from_meta({"@click": action}))
