"""`cidash`: the dashboard."""

import asyncio
import gc
import os
import sys
from contextlib import suppress

from cidash.cli import loop, session
from cidash.cli.exits import UsageError
from cidash.cli.parser import Arguments
from cidash.config.model import Config
from cidash.domain.clock import SystemClock

CLOSING_SECONDS = 0.5


def dashboard(arguments: Arguments) -> int:
    """Opens the dashboard and returns its exit code."""
    check_terminal()
    loaded = session.load_config(arguments)
    return show(loaded.config, session.choose(arguments, loaded))


def check_terminal() -> None:
    """Makes sure that there is a terminal to draw on.

    Raises:
        UsageError: there is none, or a dumb one.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("The dashboard needs a terminal. Without one, `cidash status` prints the same once.")
    if os.environ.get("TERM", "") in {"dumb", ""} and sys.platform != "win32":
        raise UsageError("This terminal can't draw (TERM says so). `cidash status` prints the same once.")


def show(config: Config, choice: session.Choice) -> int:
    """Runs the dashboard on these repositories until it is left.

    Raises:
        UsageError: a setting of the screen can't be used.
    """
    from cidash.tui.settings import SettingError

    gc.disable()  # until the app has drawn its first frame: what is made before then stays
    try:
        return loop.run(_run(config, choice))
    except SettingError as error:
        raise UsageError(str(error)) from None
    finally:
        gc.enable()


async def _run(config: Config, choice: session.Choice) -> int:
    from cidash.tui.app import CidashApp

    engine = session.build_engine(config, choice.shown)
    try:
        app = CidashApp(
            engine,
            SystemClock(),
            theme=config.screen.theme,
            mouse=config.screen.mouse,
            ascii_glyphs=config.screen.glyphs == "ascii",
            keys=config.keys,
            read_only=config.read_only,
            repository=choice.shown[0],
        )
        engine.open()
        result = await app.run_async(mouse=config.screen.mouse)
    finally:
        with suppress(TimeoutError):  # leaving does not wait for a server that doesn't hang up
            await asyncio.wait_for(engine.close(), CLOSING_SECONDS)
    return result or app.return_code or 0
