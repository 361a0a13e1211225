"""What became of writes to Jira, as text or as one JSON object."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cidash.cli.confirm import tell
from cidash.cli.console import ask
from cidash.cli.exits import OK, REFUSED, UNKNOWN
from cidash.cli.parser import Arguments
from cidash.domain.command import Action, ActionState, Command

if TYPE_CHECKING:
    from cidash.engine.engine import Engine


async def carry_out_ticket(command: Command, engine: "Engine", arguments: Arguments, **more: Any) -> int:
    """As `confirm.carry_out`; with `--json` one object on stdout and all talk on stderr."""
    if not arguments.yes and not ask(f"{command.sentence}?"):
        print("Nothing was done.", file=sys.stderr if arguments.json else sys.stdout)
        return REFUSED
    if arguments.yes and not arguments.json:
        print(f"{command.sentence} …", flush=True)
    action = await engine.perform(command)
    if not arguments.json:
        return tell(action)
    print_document({"actions": [{**more, **action_document(action)}]}, action)
    return code_of(action)


def print_document(content: Mapping[str, Any], action: Action | None = None) -> None:
    """Prints one JSON object in the envelope."""
    from cidash.cli.encode import dumps, envelope
    from cidash.domain.clock import SystemClock

    now = SystemClock().now() if action is None or action.finished_at is None else action.finished_at
    print(dumps({**envelope(now), **content}))


def action_document(action: Action) -> dict[str, Any]:
    """Returns an action as JSON."""
    problem = action.problem
    return {
        "command": action.command.sentence,
        "state": action.state.value,
        "sentence": action.sentence,
        "problem": None if problem is None else problem.kind.value,
        "fields": {} if problem is None else dict(problem.fields),
    }


def code_of(action: Action) -> int:
    """Returns the exit code that an action stands for."""
    return {ActionState.DONE: OK, ActionState.REFUSED: REFUSED}.get(action.state, UNKNOWN)
