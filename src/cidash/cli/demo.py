"""`cidash demo`: the demo world, with the dashboard on it or only served."""

import sys

from cidash.cli import session
from cidash.cli.exits import OK
from cidash.cli.parser import Arguments
from cidash.config.load import load_text


def demo(arguments: Arguments) -> int:
    """Opens the dashboard on the demo's servers; with `--serve` prints a config for them instead and waits."""
    from cidash.demo.serve import serve_forever, start

    if arguments.serve:
        serve_forever(arguments.scenario, arguments.pace, arguments.seed, sys.stdout.buffer)
        return OK
    from cidash.cli.dashboard import check_terminal, show

    check_terminal()
    with start(arguments.scenario, arguments.pace, arguments.seed) as servers:
        config = load_text(servers.config_text, "the demo's config")
        if arguments.read_only:
            config = config.model_copy(update={"read_only": True})
        repositories = tuple(repository.id for repository in config.repositories)
        return show(config, session.Choice(repositories, repositories[0]))
