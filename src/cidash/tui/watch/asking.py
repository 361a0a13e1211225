"""From a key to the engine: the menu, the question, and what is armed."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from textual.content import Content

from cidash.domain.armed import Armed, ArmedCommand
from cidash.domain.command import Command
from cidash.domain.github_command import MergePull
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Snapshot
from cidash.tui import look
from cidash.tui.columns import assemble
from cidash.tui.watch.acts import Acts

if TYPE_CHECKING:
    from cidash.tui.dialogs.choice import Menu

T = TypeVar("T")
_MOST_LISTED = 6


class Asking(Acts):
    """Nothing is sent before its sentence was confirmed."""

    def _choose(
        self, heading: str, load: "Callable[[], Awaitable[Menu[T]]]", empty: str, chosen: Callable[[T], None]
    ) -> None:
        """Opens a menu and hands on what was chosen."""
        from cidash.tui.dialogs.choice import ChoiceDialog

        def closed(value: T | None) -> None:
            if value is not None:
                chosen(value)

        self.app.push_screen(ChoiceDialog(heading, load, empty), closed)

    def _question(self, question: str, yes: Callable[[], object]) -> None:
        from cidash.tui.dialogs.confirm import ConfirmDialog

        def answered(answer: bool | None) -> None:
            if answer:
                yes()

        self.app.push_screen(ConfirmDialog(question), answered)

    def _confirm(self, command: Command, on_yes: Callable[[], object] = lambda: None) -> None:
        """Asks, then hands the command to the engine."""

        def yes() -> None:
            on_yes()
            self.app.perform(command)

        self._question(command.sentence + "?", yes)

    def _confirm_all(self, commands: Sequence[Command]) -> None:
        """Asks once about several commands; each has its own outcome."""

        def yes() -> None:
            self.drop_marks()
            for command in commands:
                self.app.perform(command)

        if len(commands) == 1:
            self._question(commands[0].sentence + "?", yes)
        else:
            self._question(f"{listed([one.sentence for one in commands])}\n\nAll {len(commands)}?", yes)

    def _confirm_armed(self, command: ArmedCommand) -> None:
        """Asks, then arms the command."""
        when = "when green" if isinstance(command, MergePull) else "when it can be re-run"
        question = f"{command.sentence}, {when}? It waits in cidash, is shown below, and is gone when cidash ends."
        self._question(question, lambda: self.app.arm(command))

    def _armed_for(self, is_meant: Callable[[ArmedCommand], bool]) -> Armed | None:
        return next((one for one in self.moment.snapshot.armed if is_meant(one.command)), None)

    def _ask_to_disarm(self, armed: Armed) -> None:
        waits = f" It waits: {armed.waits_for}." if armed.waits_for else ""
        self._question(f"Armed: {armed.sentence}.{waits} Disarm it?", lambda: self.app.engine.disarm(armed.id))

    def _repository_here(self) -> RepositoryId | None:
        """The repository of the selected row, else the first."""
        moment = self.moment
        if moment.item is not None:
            return moment.item.key.repository
        return moment.snapshot.repositories[0].id if moment.snapshot.repositories else None

    def drop_marks(self) -> bool:
        """Takes all marks away; returns whether there were any."""
        raise NotImplementedError


def armed_line(snapshot: Snapshot) -> Content:
    """Returns what is armed as one line; empty when nothing is."""
    if not snapshot.armed:
        return Content("")
    first = snapshot.armed[0]
    waits = f"  waits: {first.waits_for}" if first.waits_for else ""
    others = len(snapshot.armed) - 1
    more = f"  +{others} more" if others else ""
    return assemble(("◐ ", look.BUSY), (f"armed: {first.sentence}", look.PLAIN), (waits + more, look.MUTED))


def listed(sentences: Sequence[str]) -> str:
    """Returns the sentences as lines, the first few of them."""
    shown = [f"{one}" for one in sentences[:_MOST_LISTED]]
    rest = len(sentences) - len(shown)
    return "\n".join([*shown, *([f"and {rest} more"] if rest else [])])
