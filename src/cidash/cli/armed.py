"""The way of a write that waits for its moment: named, asked, waited for, told. Ctrl+C takes it back."""

import asyncio
from typing import TYPE_CHECKING

from cidash.cli.confirm import tell
from cidash.cli.console import ask, warn
from cidash.cli.exits import REFUSED
from cidash.cli.parser import Arguments
from cidash.domain.armed import Armed, ArmedCommand
from cidash.domain.github_command import MergePull
from cidash.domain.snapshot import Snapshot

if TYPE_CHECKING:
    from cidash.engine.engine import Engine


async def carry_out_armed(command: ArmedCommand, engine: "Engine", arguments: Arguments) -> int:
    """Asks unless `--yes` was said, waits for the moment, and returns the exit code."""
    when = "when green" if isinstance(command, MergePull) else "when it can be re-run"
    if not arguments.yes and not ask(f"{command.sentence}, {when}?"):
        print("Nothing was done.")
        return REFUSED
    armed = engine.arm(command)
    print(f"{armed.sentence}: armed as long as this runs. Ctrl+C takes it back.", flush=True)
    unsubscribe = engine.subscribe(_Teller(armed))
    polling = asyncio.ensure_future(engine.run())
    outcome = asyncio.ensure_future(engine.outcome(armed.id))
    try:
        await asyncio.wait({polling, outcome}, return_when=asyncio.FIRST_COMPLETED)
        if not outcome.done():
            polling.result()  # raises what ended it
        action = await outcome
    finally:
        unsubscribe()
        engine.disarm(armed.id)
        for task in (polling, outcome):
            task.cancel()
        await asyncio.gather(polling, outcome, return_exceptions=True)
    if action is None:
        print("It was disarmed: nothing was done.")
        return REFUSED
    return tell(action)


class _Teller:
    """Says on standard error what is being waited for, when it changes."""

    def __init__(self, armed: Armed) -> None:
        self._id = armed.id
        self._told = ""

    def __call__(self, snapshot: Snapshot) -> None:
        now = next((one.waits_for for one in snapshot.armed if one.id == self._id), "")
        if now and now != self._told:
            self._told = now
            warn(f"waiting: {now}")
