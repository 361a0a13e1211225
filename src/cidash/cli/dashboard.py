"""`cidash`: the dashboard."""

import os
import sys

from cidash.cli import session
from cidash.cli.exits import UsageError
from cidash.cli.parser import Arguments
from cidash.config.model import Config
from cidash.domain.clock import SystemClock


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
    """Runs the dashboard on these repositories until it is left."""
    from cidash.tui.app import CidashApp

    engine = session.build_engine(config, choice.shown)
    app = CidashApp(engine, SystemClock(), config.screen, config.keys, choice.shown[0])
    app.run(mouse=config.screen.mouse)
    return app.return_code or 0
