"""The one key table: every action with its id, default keys, label, help and the places where it works.

Bindings, footer, help screen, palette and the user's own keys all come from here.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from textual.binding import Binding, BindingType
from textual.keys import Keys

from cidash.tui.settings import SettingError

_MOVE, _LOOK, _ACT, _APP, _DIALOG, _LOG = "Move", "Look", "Act", "Program", "Dialogs", "Log"


@dataclass(frozen=True, slots=True)
class KeyDef:
    """One action and the keys that perform it."""

    id: str
    """What the user's config calls it."""
    keys: str
    """Default keys, apart by commas, in Textual's names."""
    label: str
    """A word or two for the footer."""
    help: str
    """What it does, for help and palette."""
    group: str
    place: str
    """Where it works: `app` everywhere, `list` in every list, else one view or dialog."""
    own_action: str = ""
    """Set where the action is not called like the id."""
    priority: bool = False

    @property
    def action(self) -> str:
        """The name of the action, without a namespace for what belongs to the view, list or dialog."""
        return self.own_action or self.id.partition(".")[2]

    @property
    def in_palette(self) -> bool:
        """Whether the palette offers it: moving around and the keys of dialogs are no use there."""
        return self.place in {"view", *VIEW_PLACES} and self.group != _MOVE


VIEW_PLACES = frozenset({"watch", "caches", "epic"})
"""The places of single views; what works in all of them has the place `view`."""

TABLE: tuple[KeyDef, ...] = (
    KeyDef("list.down", "down,j", "down", "Next row", _MOVE, "list"),
    KeyDef("list.up", "up,k", "up", "Row above", _MOVE, "list"),
    KeyDef("list.first", "home,g", "first", "First row", _MOVE, "list"),
    KeyDef("list.last", "end,G", "last", "Last row", _MOVE, "list"),
    KeyDef("list.page_down", "pagedown,ctrl+d", "page down", "A screenful down", _MOVE, "list"),
    KeyDef("list.page_up", "pageup,ctrl+u", "page up", "A screenful up", _MOVE, "list"),
    KeyDef("list.open", "enter", "open", "Go into the row", _MOVE, "list"),
    KeyDef("watch.back", "escape", "back", "Back, or clear the filter", _MOVE, "watch"),
    KeyDef("watch.next_pane", "tab", "pane", "Next pane", _MOVE, "watch"),
    KeyDef("watch.previous_pane", "shift+tab", "pane", "Pane before", _MOVE, "watch"),
    KeyDef("watch.next_failure", "n", "next failure", "Next failure", _LOOK, "watch"),
    KeyDef("watch.previous_failure", "N", "failure before", "Failure before", _LOOK, "watch"),
    KeyDef("watch.previous_run", "left,h", "run before", "Run before, same commit", _LOOK, "watch"),
    KeyDef("watch.next_run", "right,l", "next run", "Next run, same commit", _LOOK, "watch"),
    KeyDef("watch.older_attempt", "left_square_bracket", "older attempt", "Older attempt", _LOOK, "watch"),
    KeyDef("watch.newer_attempt", "right_square_bracket", "newer attempt", "Newer attempt", _LOOK, "watch"),
    KeyDef("watch.filter", "slash", "filter", "Filter the list", _LOOK, "watch"),
    KeyDef("watch.browser", "o", "browser", "Open in the browser", _LOOK, "watch"),
    KeyDef("watch.copy", "y", "copy URL", "Copy the URL", _LOOK, "watch"),
    KeyDef("watch.tell_end", "b", "tell end", "Tell when the run ends", _LOOK, "watch"),
    KeyDef("watch.refresh", "r", "refresh", "Ask the servers now", _LOOK, "watch"),
    KeyDef("watch.rerun", "R", "re-run", "Re-run failed jobs, one, or all", _ACT, "watch"),
    KeyDef("watch.cancel", "X", "cancel", "Cancel the run, or what is marked", _ACT, "watch"),
    KeyDef("watch.mark", "space", "mark", "Mark the row for re-run or cancel", _ACT, "watch"),
    KeyDef("watch.merge", "M", "merge", "Merge now or when green; disarm", _ACT, "watch"),
    KeyDef("watch.dispatch", "D", "dispatch", "Run a workflow by hand", _ACT, "watch"),
    KeyDef("watch.approve", "A", "approve", "Approve a run or its deployments", _ACT, "watch"),
    KeyDef("watch.workflows", "w", "workflows", "Enable or disable a workflow", _ACT, "watch"),
    KeyDef("watch.artifacts", "d", "artifacts", "Download artifacts of the run", _ACT, "watch"),
    KeyDef("watch.transition", "t", "transition", "Move the ticket to another status", _ACT, "watch"),
    KeyDef("watch.log", "L", "log", "The log of the job", _LOOK, "watch"),
    KeyDef("caches.back", "escape", "back", "Back to the ledger", _MOVE, "caches"),
    KeyDef("caches.next_pane", "tab", "pane", "Next pane", _MOVE, "caches"),
    KeyDef("caches.previous_pane", "shift+tab", "pane", "Pane before", _MOVE, "caches"),
    KeyDef("caches.browser", "o", "browser", "Open the job of the last miss", _LOOK, "caches"),
    KeyDef("caches.copy_sentence", "Y", "copy", "Copy what the cache is worth", _LOOK, "caches"),
    KeyDef("caches.refresh", "r", "refresh", "Ask GitHub now", _LOOK, "caches"),
    KeyDef("caches.delete", "X", "delete", "Delete the stored entry", _ACT, "caches"),
    KeyDef("epic.back", "escape", "back", "Back; clear filter and marks", _MOVE, "epic"),
    KeyDef("epic.next_pane", "tab,shift+tab", "pane", "The other pane", _MOVE, "epic"),
    KeyDef("epic.filter", "slash", "filter", "Filter the tickets", _LOOK, "epic"),
    KeyDef("epic.only", "f", "only", "Mine, open, unproven, blocked, all", _LOOK, "epic"),
    KeyDef("epic.browser", "o", "browser", "Open in the browser", _LOOK, "epic"),
    KeyDef("epic.copy_sentence", "Y", "copy", "Copy ticket and next step", _LOOK, "epic"),
    KeyDef("epic.refresh", "r", "refresh", "Ask the servers now", _LOOK, "epic"),
    KeyDef("epic.transition", "t", "transition", "Move the ticket, or all marked", _ACT, "epic"),
    KeyDef("epic.new", "plus", "new", "New ticket; on a draft, that one", _ACT, "epic"),
    KeyDef("epic.comment", "C", "comment", "Comment on the ticket", _ACT, "epic"),
    KeyDef("epic.undo", "u", "undo", "Take the ticket's last move back", _ACT, "epic"),
    KeyDef("epic.mark", "space", "mark", "Mark the ticket", _ACT, "epic"),
    KeyDef("view.1", "1", "watch", "Watch: runs, epic, targets", _MOVE, "app", "app.view(1)"),
    KeyDef("view.3", "3", "caches", "Caches: what they are worth", _MOVE, "app", "app.view(3)"),
    KeyDef("view.6", "6", "epic", "Epic: tickets and next steps", _MOVE, "app", "app.view(6)"),
    KeyDef("app.help", "question_mark,f1", "help", "All keys", _APP, "view", "app.help"),
    KeyDef("app.palette", "ctrl+p", "palette", "Find an action by name", _APP, "app", "app.command_palette"),
    KeyDef("app.quit", "q", "quit", "Quit", _APP, "view", "app.quit"),
    KeyDef("app.suspend", "ctrl+z", "suspend", "Back to the shell; fg returns", _APP, "app", "app.suspend_process"),
    KeyDef("app.interrupt", "ctrl+c,ctrl+q", "quit", "Quit, from anywhere", _APP, "app", "app.quit", priority=True),
    KeyDef("log.down", "down,j", "down", "next row", _LOG, "log"),
    KeyDef("log.up", "up,k", "up", "row above", _LOG, "log"),
    KeyDef("log.first", "home,g", "first", "first row", _LOG, "log"),
    KeyDef("log.last", "end,G", "last", "last row", _LOG, "log"),
    KeyDef("log.page_down", "pagedown,ctrl+d", "page down", "a screenful down", _LOG, "log"),
    KeyDef("log.page_up", "pageup,ctrl+u", "page up", "a screenful up", _LOG, "log"),
    KeyDef("log.left", "left,h", "left", "back to the left", _LOG, "log"),
    KeyDef("log.right", "right,l", "right", "the rest of long lines", _LOG, "log"),
    KeyDef("log.fold", "enter,space", "fold", "fold or unfold", _LOG, "log"),
    KeyDef("log.search", "slash", "search", "search", _LOG, "log"),
    KeyDef("log.next_match", "n", "next", "next match or error", _LOG, "log"),
    KeyDef("log.previous_match", "N", "before", "match or error before", _LOG, "log"),
    KeyDef("log.failed", "f", "failed only", "failed steps only", _LOG, "log"),
    KeyDef("log.stamps", "T", "times", "times on or off", _LOG, "log"),
    KeyDef("log.select", "v", "select", "begin or end a selection", _LOG, "log"),
    KeyDef("log.copy", "y", "copy line", "copy the line", _LOG, "log"),
    KeyDef("log.copy_selection", "Y", "copy", "copy selection or step", _LOG, "log"),
    KeyDef("log.save", "s", "save", "save to a file", _LOG, "log"),
    KeyDef("log.browser", "o", "browser", "open in the browser", _LOG, "log"),
    KeyDef("log.back", "escape", "back", "back", _LOG, "log"),
    KeyDef("log.help", "question_mark,f1", "help", "all keys", _LOG, "log", "app.help"),
    KeyDef("log.quit", "q", "quit", "quit", _LOG, "log", "app.quit"),
    KeyDef("dialog.leave", "escape", "leave", "Leave without doing anything", _DIALOG, "dialog"),
    KeyDef("rerun.debug", "d", "debug logging", "Debug logging on or off", _DIALOG, "rerun"),
    KeyDef("confirm.yes", "y", "yes", "Yes, do it", _DIALOG, "confirm"),
    KeyDef("confirm.no", "n,enter", "no", "No", _DIALOG, "confirm", "leave"),
)  # fmt: skip

WRITES = frozenset(
    {
        "watch.rerun",
        "watch.cancel",
        "watch.mark",
        "watch.merge",
        "watch.dispatch",
        "watch.approve",
        "watch.workflows",
        "watch.artifacts",
        "watch.transition",
        "caches.delete",
        "epic.transition",
        "epic.new",
        "epic.comment",
        "epic.undo",
        "epic.mark",
    }
)
"""What `read_only` hides and refuses."""

TOGETHER: Mapping[str, tuple[str, ...]] = {
    "watch": ("app", "view", "list", "watch"),
    "caches": ("app", "view", "list", "caches"),
    "epic": ("app", "view", "list", "epic"),
    "log": ("app", "log"),
    "confirm": ("app", "dialog", "confirm"),
    "rerun": ("app", "list", "dialog", "rerun"),
    "transition": ("app", "list", "dialog"),
    "help": ("app", "dialog"),
}
"""The places whose keys work at the same time, by view or dialog."""

_BY_ID = {one.id: one for one in TABLE}


def definition(key_id: str) -> KeyDef:
    """Returns the action with that id; raises KeyError."""
    return _BY_ID[key_id]


def bindings(place: str) -> list[BindingType]:
    """Returns Textual bindings for one place, each with its id, so that the user's keys can replace the keys."""
    return [
        Binding(one.keys, one.action, one.label, show=False, id=one.id, priority=one.priority)
        for one in TABLE
        if one.place == place
    ]


def keymap(overrides: Mapping[str, str]) -> dict[str, str]:
    """Returns the user's keys as Textual takes them, checked.

    Args:
        overrides: action id to keys, apart by commas.

    Raises:
        SettingError: an id is unknown, a key is no key, or two actions would share a key in one place.
    """
    for key_id, wanted in overrides.items():
        if key_id not in _BY_ID:
            near = get_close_matches(key_id, _BY_ID, 1)
            hint = f" Did you mean {near[0]}?" if near else f" There are: {', '.join(sorted(_BY_ID))}."
            raise SettingError(f"keys: there is no action called {key_id}.{hint}")
        for key in _split(wanted):
            if not _is_key(key):
                raise SettingError(
                    f"keys.{key_id}: {key} is not a key. Use one character, or a name such as f5 or ctrl+r."
                )
        if not _split(wanted):
            raise SettingError(f"keys.{key_id}: needs at least one key.")
    clash = next(iter(clashes(overrides)), None)
    if clash is not None:
        raise SettingError(clash)
    return {key_id: ",".join(_split(wanted)) for key_id, wanted in overrides.items()}


def clashes(overrides: Mapping[str, str]) -> list[str]:
    """Returns a sentence for every key that would perform two actions in one place."""
    found: dict[str, None] = {}
    for places in TOGETHER.values():
        taken: dict[str, KeyDef] = {}
        for one in TABLE:
            if one.place not in places:
                continue
            for key in {_canonical(key) for key in _split(overrides.get(one.id, one.keys))}:
                other = taken.setdefault(key, one)
                if other is not one:
                    both = f"both {other.id} and {one.id}"
                    found[f"keys: {shown_key(key)} is bound to {both}. Give one of them another key."] = None
    return list(found)


def keys_of(key_id: str, overrides: Mapping[str, str]) -> tuple[str, ...]:
    """Returns the keys of an action as they are shown, the user's own if there are any."""
    return tuple(shown_key(_canonical(key)) for key in _split(overrides.get(key_id, _BY_ID[key_id].keys)))


_SHOWN = {
    "down": "↓", "up": "↑", "left": "←", "right": "→", "enter": "Enter", "escape": "Esc", "tab": "Tab",
    "shift+tab": "Shift+Tab", "pagedown": "PgDn", "pageup": "PgUp", "home": "Home", "end": "End", "space": "Space",
}  # fmt: skip


def shown_key(key: str) -> str:
    """Returns a key as a reader knows it: `Ctrl+P`, `Esc`, `?`."""
    if key in _SHOWN:
        return _SHOWN[key]
    if key.startswith("ctrl+"):
        return "Ctrl+" + key.removeprefix("ctrl+").upper()
    return key.upper() if len(key) > 1 and key[0] == "f" and key[1:].isdigit() else key


def _split(text: str) -> list[str]:
    """Apart by commas; a comma itself is written `comma`."""
    return [key.strip() for key in text.split(",") if key.strip()]


_NAMED = {
    unicodedata.name(char).lower().replace(" ", "_").replace("-", "_"): char
    for char in "!\"#$%&'()*+,./:;<=>?@[\\]^_`{|}~"
} | {"minus": "-", "plus": "+", "slash": "/", "backslash": "\\", "underscore": "_", "at": "@", "less_than_sign": "<"}


def _canonical(key: str) -> str:
    return _NAMED.get(key, key)


_KEY_NAMES = frozenset(key.value for key in Keys)


def _is_key(key: str) -> bool:
    if len(key) == 1:
        return key.isprintable() and not key.isspace()
    *modifiers, last = key.split("+")
    known = _canonical(last)
    return set(modifiers) <= {"ctrl", "shift", "alt"} and (len(known) == 1 or last in _KEY_NAMES) and bool(last)
