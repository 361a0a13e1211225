"""`cidash demo`: the demo world, with the dashboard on it or only served."""

import os
import signal
import sys
import threading
from types import FrameType

from cidash.cli import session
from cidash.cli.exits import OK
from cidash.cli.parser import Arguments
from cidash.config.load import load_text


def demo(arguments: Arguments) -> int:
    """Starts the demo's servers and opens the dashboard on them; with `--serve` prints their config and waits."""
    from cidash.demo.serve import start

    if arguments.serve:
        return _serve(arguments)
    from cidash.cli.dashboard import check_terminal, show

    check_terminal()
    servers = start(arguments.scenario, arguments.pace, arguments.seed)
    try:
        config = load_text(servers.config_text, "the demo's config")
        repositories = tuple(repository.id for repository in config.repositories)
        return show(config, session.Choice(repositories, repositories[0]))
    finally:
        servers.stop()


def _serve(arguments: Arguments) -> int:
    from cidash.demo.serve import start

    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    servers = start(arguments.scenario, arguments.pace, arguments.seed)
    try:
        os.write(sys.stdout.fileno(), servers.config_text.encode())
        ended.wait()
    finally:
        servers.stop()
    return OK
