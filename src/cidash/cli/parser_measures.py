"""The grammar of the commands that measure: `compare` and `history`."""

import argparse
from typing import TYPE_CHECKING

from cidash.config.duration import seconds_of

if TYPE_CHECKING:
    from cidash.cli.parser import Adder, Parser

_COMPARE = """\
BASE and HEAD are, by what --by says:
  branch   two branches, or pull requests (38, #38, URL)
  commit   BASE is a branch, HEAD the commit to divide its runs at, or workflow-file
  cache    two of hit, partial, miss, broken, unused
  attempt  two attempt numbers (1 2), or two attempts of runs (RUN/1 RUN/2)
"""


def add_measures(command: "Adder", commands: "argparse._SubParsersAction[Parser]", everywhere: "Parser") -> None:
    """Adds the commands."""
    compare = command("compare", "Compare the build times of two sides", "compare:compare")
    compare.epilog = _COMPARE
    compare.add_argument("base", metavar="BASE", help="what it is held against")
    compare.add_argument("head", metavar="HEAD", help="what is judged")
    compare.add_argument("--by", choices=["branch", "commit", "cache", "attempt"], default="branch", help="(branch)")
    compare.add_argument("--workflow", metavar="W", help="name, path or file name (default: the one with most runs)")
    compare.add_argument("--job", metavar="J", help="one job instead of the whole run")
    compare.add_argument("--step", metavar="S", help="one step instead of the whole run")
    compare.add_argument("--json", action="store_true", help="one JSON object")

    history = commands.add_parser("history", help="Fill or export the local store", description="The local store.")
    acts = history.add_subparsers(title="commands", metavar="COMMAND", required=True)
    sync = _act(acts, everywhere, "sync", "Read past runs with their jobs and cache states into the store")
    sync.add_argument("--since", type=_span, default=90 * 86_400.0, metavar="90d", help="how far back (90d)")
    sync.add_argument("--workflow", metavar="W", help="only this one: its name, path or file name")
    sync.add_argument("--json", action="store_true", help="one JSON object in the end")
    export = _act(acts, everywhere, "export", "Print what is stored, one row for each job, newest first")
    export.add_argument("--format", choices=["csv", "jsonl"], default="jsonl", help="(jsonl)")
    export.add_argument("--since", type=_span, default=None, metavar="90d", help="only runs that started since then")
    export.add_argument("--workflow", metavar="W", help="only this one: its name, path or file name")


def _act(acts: "argparse._SubParsersAction[Parser]", everywhere: "Parser", name: str, summary: str) -> "Parser":
    act = acts.add_parser(name, help=summary, description=f"{summary}.", parents=[everywhere])
    act.set_defaults(handler=f"history:{name}")
    return act


def _span(written: str) -> float:
    try:
        seconds = seconds_of(written)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if seconds <= 0:
        raise argparse.ArgumentTypeError("must be longer than nothing")
    return seconds
