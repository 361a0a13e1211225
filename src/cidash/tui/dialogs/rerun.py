"""The re-run menu: failed jobs, one job, or all; each with or without debug logging."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from cidash.domain.ci import Run
from cidash.domain.command import Rerun
from cidash.tui import keys, look
from cidash.tui.columns import assemble
from cidash.tui.dialogs.dialog import Dialog
from cidash.tui.keyed_list import KeyedList, Row

Choice = tuple[str, Rerun | None, str]
"""Label, the command, and the reason why it can't be asked for (empty if it can)."""


class RerunDialog(Dialog[Rerun]):
    """Gives the chosen command, captured when the menu was opened, or None."""

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("rerun")

    def __init__(self, run: Run, choices: Sequence[Choice], *, when_ready: bool = False) -> None:
        super().__init__()
        self._when_ready = when_ready
        self._run_title = f"Re-run {run.workflow_name}, {run.branch or run.event} at {run.short_sha}"
        self._choices = tuple(choices)
        self._debug = False

    def compose(self) -> ComposeResult:
        """Yields the choices, and the sentence of the one under the cursor."""
        with Vertical(id="box"):
            yield Static(Content(self._run_title), classes="heading", markup=False)
            yield KeyedList(id="choices")
            yield Static(id="debug-line", classes="label", markup=False)
            yield Static(id="what", classes="sentence", markup=False)
            yield Static(id="hint", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Shows the choices with the cursor on the first that can be asked for."""
        choices = self.query_one(KeyedList)
        choices.show([self._row(choice) for choice in self._choices])
        choices.focus()
        self._describe()

    def _row(self, choice: Choice) -> Row:
        label, _, reason = choice
        if reason:
            return Row(label, assemble("  ", (label, look.MUTED), (f"  {reason}", look.FAINT)), selectable=False)
        return Row(label, Content.styled(label, look.PLAIN))

    @property
    def command(self) -> Rerun | None:
        """The command under the cursor."""
        row = self.query_one(KeyedList).cursor_row
        chosen = next((command for label, command, _ in self._choices if row and label == row.key), None)
        return replace(chosen, debug=self._debug) if chosen is not None else None

    @on(KeyedList.Moved)
    def _describe(self) -> None:
        command = self.command
        mark = "✓" if self._debug else "○"
        self.query_one("#debug-line", Static).update(
            assemble("  ", (mark, look.GOOD if self._debug else look.MUTED), " with debug logging")
        )
        sentence = f"{command.sentence}." if command is not None else "Nothing can be re-run now."
        if command is not None and self._when_ready:
            sentence = f"{command.sentence}, when it can be re-run: GitHub re-runs only finished runs."
        self.query_one("#what", Static).update(Content(sentence))
        pieces: list[str | tuple[str, str]] = [
            ("d", "$primary bold"),
            (" debug logging   ", look.MUTED),
            ("Esc", "$primary bold"),
            " leave",
        ]
        if command is not None:
            pieces = [("Enter", "$primary bold"), (" go on   ", look.MUTED), *pieces]
        self.query_one("#hint", Static).update(assemble(*pieces))

    def action_debug(self) -> None:
        """Turns debug logging on or off."""
        self._debug = not self._debug
        self._describe()

    @on(KeyedList.Opened)
    def _chosen(self) -> None:
        command = self.command
        if command is not None:
            self.dismiss(command)
