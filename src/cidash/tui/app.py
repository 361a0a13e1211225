"""The Textual app: wiring, themes, crash report, and the one place where commands are handed to the engine."""

import gc
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from rich.segment import Segments
from textual import work
from textual.app import App
from textual.binding import BindingType
from textual.command import Provider
from textual.driver import Driver
from textual.filter import LineFilter
from textual.message import Message

from cidash.domain.armed import ArmedCommand
from cidash.domain.ci import Run
from cidash.domain.clock import Clock
from cidash.domain.command import Action, ActionState, Command, MoveTicket
from cidash.domain.problem import SourceError
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Snapshot
from cidash.tui import keys
from cidash.tui.bells import Bells, desktop_notice, sentence
from cidash.tui.engine_port import EnginePort
from cidash.tui.hangup import outliving, terminal_is_gone
from cidash.tui.look import AsciiGlyphs
from cidash.tui.settings import SettingError
from cidash.tui.themes import DARK, THEMES
from cidash.tui.view import VIEWS, View

_HANGUP_CODE = 129


class SnapshotChanged(Message):
    """The engine has a newer snapshot; waiting ones are replaced, for only the newest is worth drawing."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def can_replace(self, message: Message) -> bool:
        """Returns whether this message makes the waiting one superfluous."""
        return isinstance(message, SnapshotChanged)


def _actions() -> type[Provider]:
    from cidash.tui.palette import ActionProvider

    return ActionProvider


class CidashApp(App[int]):
    """The dashboard. The engine was opened before; the app shows its snapshot at once, then lets it run."""

    TITLE = "cidash"
    CSS_PATH = "cidash.tcss"
    DEFAULT_MODE = VIEWS[0].mode
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("app")
    COMMANDS = App.COMMANDS | {_actions}
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        engine: EnginePort,
        clock: Clock,
        *,
        theme: str | None = None,
        mouse: bool = True,
        ascii_glyphs: bool = False,
        keys: Mapping[str, str] | None = None,
        read_only: bool = False,
        repository: RepositoryId | None = None,
    ) -> None:
        """Raises SettingError when the theme is unknown or the keys can't be used.

        Args:
            engine: opened, not yet running.
            clock: gives the present moment.
            theme: name of a theme; ours by night if None.
            mouse: whether the terminal reports the mouse to us.
            ascii_glyphs: whether glyphs are replaced by ASCII characters.
            keys: the user's own keys by action id.
            read_only: hides and refuses everything that writes.
            repository: the one to start on; the first if None.
        """
        overrides = dict(keys or {})
        keymap = _checked(overrides)
        super().__init__()
        self.engine = engine
        self.bells = Bells()
        self.clock = clock
        self.read_only = read_only
        self.key_overrides: Mapping[str, str] = overrides
        self._use_mouse = mouse
        self.first_repository = repository
        self._glyphs = AsciiGlyphs(enabled=ascii_glyphs)
        self._unsubscribe: Callable[[], None] | None = None
        self._asks_to_quit = False
        self.moves: list[MoveTicket] = []
        """Moves of this session that were read back and not taken back, the newest last."""
        for one in THEMES:
            self.register_theme(one)
        wanted = theme or DARK
        if wanted not in self.available_themes:
            names = ", ".join(sorted(self.available_themes))
            raise SettingError(f"screen.theme: there is no theme called {wanted}. There are: {names}.")
        self.theme = wanted
        for view in VIEWS:
            self.add_mode(view.mode, partial(view.make, self))
        self.set_keymap(keymap)

    def start(self) -> int:
        """Runs until the user quits; returns the exit code."""
        return self.run(mouse=self._use_mouse) or self.return_code or 0

    def get_driver_class(self) -> type[Driver]:
        """Returns the platform's driver, made to outlive its terminal for the moment that leaving takes."""
        return outliving(super().get_driver_class())

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Returns the filters that every drawn line passes."""
        return [*super().get_line_filters(), *([self._glyphs] if self._glyphs.enabled else [])]

    def on_mount(self) -> None:
        """Listens to the engine, and lets it run once the first frame is out."""
        self._unsubscribe = self.engine.subscribe(self._on_snapshot)
        self.set_interval(1.0, self._tick)
        self.call_after_refresh(self._run_engine)

    def on_unmount(self) -> None:
        """Stops listening."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    @property
    def view(self) -> View | None:
        """The view that is seen, also while a dialog lies over it."""
        return next((screen for screen in self.screen_stack if isinstance(screen, View)), None)

    async def action_view(self, number: int) -> None:
        """Shows the view with that number; what was selected in the one before stays selected there."""
        mode = next((view.mode for view in VIEWS if view.number == number), None)
        if mode is not None and mode != self.current_mode and isinstance(self.screen, View):
            await self.switch_mode(mode)

    def _on_snapshot(self, snapshot: Snapshot) -> None:
        self.post_message(SnapshotChanged(snapshot))

    def on_snapshot_changed(self, message: SnapshotChanged) -> None:
        """Shows the newest snapshot, and tells of the chosen runs that have ended."""
        for run in self.bells.ended(message.snapshot):
            self._tell_end(run)
        if self.view is not None:
            self.view.show(message.snapshot)

    def _tell_end(self, run: Run) -> None:
        text = sentence(run)
        self.bell()
        if self._driver is not None:
            self._driver.write(desktop_notice(f"cidash: {text}", os.environ))
        self.say(text)

    def _tick(self) -> None:
        if not self.is_headless and terminal_is_gone():
            self.exit(return_code=_HANGUP_CODE)
            return
        if self.view is not None:
            self.view.tick()

    @work(group="engine")
    async def _run_engine(self) -> None:
        """A bad answer never raises in there; whatever does is a bug, and is loud."""
        if not self.is_headless:
            gc.freeze()  # the program itself is never garbage: it is not looked through again
            gc.enable()
        await self.engine.run()

    def on_app_focus(self) -> None:
        """The terminal is looked at again."""
        self.engine.set_focus(True)

    def on_app_blur(self) -> None:
        """Nobody is looking."""
        self.engine.set_focus(False)

    # -- writes -------------------------------------------------------------------------------------------------

    def perform(self, command: Command, on_end: Callable[[Action], None] | None = None) -> None:
        """Hands a confirmed command to the engine and says what became of it; quitting never waits for it."""
        if self.read_only:
            self.say("This is a read-only session: nothing can be changed from here.")
            return
        self._perform(command, on_end)

    @work(group="writes")
    async def _perform(self, command: Command, on_end: Callable[[Action], None] | None) -> None:
        asked_at = self.clock.now()
        try:
            action = await self.engine.perform(command)
        except SourceError as error:
            problem = error.problem
            action = Action(0, command, ActionState.REFUSED, asked_at, problem.sentence, self.clock.now(), problem)
        severities: dict[ActionState, Any] = {ActionState.REFUSED: "error", ActionState.UNKNOWN: "warning"}
        self.notify(action.sentence, severity=severities.get(action.state, "information"), markup=False)
        if action.state is ActionState.DONE and isinstance(command, MoveTicket):
            self.moves = [*self.moves[-50:], command]
        if on_end is not None:
            on_end(action)

    def forget_move(self, move: MoveTicket) -> None:
        """Notes that a move was taken back."""
        self.moves = [one for one in self.moves if one is not move]

    def arm(self, command: ArmedCommand) -> None:
        """Arms a confirmed command in the engine."""
        if self.read_only:
            self.say("This is a read-only session: nothing can be changed from here.")
            return
        armed = self.engine.arm(command)
        self.say(f"Armed: {armed.sentence}.")

    def say(self, sentence: str) -> None:
        """Shows the outcome of a key press for a moment; strangers' text in it is never markup."""
        self.notify(sentence, markup=False)

    # -- keys ---------------------------------------------------------------------------------------------------

    def action_help(self) -> None:
        """Shows all keys."""
        from cidash.tui.dialogs.help import HelpDialog

        self.push_screen(HelpDialog(self.key_overrides, read_only=self.read_only))

    async def action_quit(self) -> None:
        """Leaves at once, whatever is still being waited for; asks first when something is armed.

        A second time, with the question open, leaves without it.
        """
        armed = self.engine.snapshot.armed
        if not armed or self._asks_to_quit:
            self.exit(0)
            return
        self._asks_to_quit = True
        from cidash.tui.dialogs.confirm import ConfirmDialog

        names = "\n".join(one.sentence for one in armed[:6])

        def answered(yes: bool | None) -> None:
            self._asks_to_quit = False
            if yes:
                self.exit(0)

        await self.push_screen(ConfirmDialog(f"{names}\n\nWhat is armed is dropped when cidash ends. Quit?"), answered)

    # -- crash report -------------------------------------------------------------------------------------------

    def _fatal_error(self) -> None:
        """Textual's crash report shows local variables, and with them whatever secret a frame holds; ours does not.

        A private method of Textual: a test holds it in place.
        """
        from rich.traceback import Traceback

        self.bell()
        traceback = Traceback(show_locals=False, width=None)
        self._exit_renderables.append(Segments(self.console.render(traceback, self.console.options)))
        self._close_messages_no_wait()


def _checked(overrides: Mapping[str, str]) -> dict[str, str]:
    return keys.keymap(overrides)
