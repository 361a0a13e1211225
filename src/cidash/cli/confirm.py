"""The way of every write: name it, ask, send it once, tell what became of it."""

from typing import TYPE_CHECKING

from cidash.cli.console import ask, can_ask
from cidash.cli.exits import OK, REFUSED, UNKNOWN, UsageError
from cidash.cli.parser import Arguments
from cidash.config.model import Config
from cidash.domain.command import ActionState, Command

if TYPE_CHECKING:
    from cidash.engine.engine import Engine


def check_allowed(arguments: Arguments, config: Config) -> None:
    """Makes sure, before anything is asked of a server, that this write may happen and can be confirmed.

    Raises:
        UsageError: the configuration says read_only, or nobody can be asked and `--yes` was not said.
    """
    if config.read_only:
        raise UsageError("The configuration says read_only = true, so nothing is written.")
    if not arguments.yes and not can_ask():
        raise UsageError("This writes, and here is no terminal to ask on. Say --yes to go ahead without a question.")


async def carry_out(command: Command, engine: "Engine", arguments: Arguments) -> int:
    """Names the command, asks unless `--yes` was said, performs it, prints the outcome and returns the exit code."""
    if not arguments.yes and not ask(f"{command.sentence}?"):
        print("Nothing was done.")
        return REFUSED
    if arguments.yes:
        print(f"{command.sentence} …", flush=True)
    action = await engine.perform(command)
    print(action.sentence)
    for field, sentence in action.problem.fields if action.problem is not None else ():
        print(f"  {field}: {sentence}")
    if action.state is ActionState.DONE:
        return OK
    return REFUSED if action.state is ActionState.REFUSED else UNKNOWN
