"""The way of every write: name it, ask, send it once, tell what became of it."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cidash.cli.console import ask, can_ask
from cidash.cli.exits import OK, REFUSED, UNKNOWN, UsageError
from cidash.cli.parser import Arguments
from cidash.config.model import Config
from cidash.domain.command import Action, ActionState, Command

if TYPE_CHECKING:
    from cidash.engine.engine import Engine


def check_allowed(arguments: Arguments, config: Config) -> None:
    """Makes sure, before anything is asked of a server, that this write may happen and can be confirmed.

    Raises:
        UsageError: the configuration says read_only, or nobody can be asked and `--yes` was not said.
    """
    check_may_write(config)
    if not arguments.yes and not can_ask():
        raise UsageError("This writes, and here is no terminal to ask on. Say --yes to go ahead without a question.")


def check_may_write(config: Config) -> None:
    """Makes sure that anything may be changed.

    Raises:
        UsageError: `--read-only` was said, or the configuration says read_only.
    """
    if config.read_only:
        raise UsageError("Read-only (--read-only, or read_only = true in the configuration): nothing is changed.")


async def carry_out(command: Command, engine: "Engine", arguments: Arguments) -> int:
    """Names the command, asks unless `--yes` was said, performs it, prints the outcome and returns the exit code."""
    if not arguments.yes and not ask(f"{command.sentence}?"):
        print("Nothing was done.")
        return REFUSED
    if arguments.yes:
        print(f"{command.sentence} …", flush=True)
    return tell(await engine.perform(command))


async def carry_out_all(commands: Sequence[Command], engine: "Engine", arguments: Arguments) -> int:
    """As `carry_out` for several commands: one question, each with its own outcome; returns the worst exit code."""
    if len(commands) == 1:
        return await carry_out(commands[0], engine, arguments)
    for command in commands:
        print(f"{command.sentence} …" if arguments.yes else f"{command.sentence}", flush=True)
    if not arguments.yes and not ask(f"All {len(commands)}?"):
        print("Nothing was done.")
        return REFUSED
    codes = [tell(action) for action in await asyncio.gather(*(engine.perform(command) for command in commands))]
    return REFUSED if REFUSED in codes else max(codes)


def tell(action: Action) -> int:
    """Prints what became of a command and returns the exit code."""
    print(action.sentence)
    for field, sentence in action.problem.fields if action.problem is not None else ():
        print(f"  {field}: {sentence}")
    if action.state is ActionState.DONE:
        return OK
    return REFUSED if action.state is ActionState.REFUSED else UNKNOWN
