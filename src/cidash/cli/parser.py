"""The grammar of the command line. Each command names the function that carries it out, as `module:function`."""

import argparse
import sys
from collections.abc import Callable
from typing import NoReturn

from cidash import __version__
from cidash.cli.cache_parser import add_caches
from cidash.cli.exits import USAGE
from cidash.cli.parser_measures import add_measures
from cidash.cli.run_parsers import add_run_readers
from cidash.cli.setup_parsers import add_setup
from cidash.cli.ticket_parsers import add_tickets
from cidash.cli.write_parsers import add_writes
from cidash.domain.text import clean

_EXITS = """\
exit codes:
  0   an answer was printed, or a write was read back
  1   no answer, or a write was refused; with --exit-status: something is missed
  2   a write was sent, but its outcome is unknown; with --exit-status: something is not proven or unknown
  64  the command line or the configuration is wrong
"""


class Arguments(argparse.Namespace):
    """What the command line said. Only the fields of the chosen command are set beyond the common ones."""

    handler: str = "dashboard:dashboard"
    repo: str | None = None
    config: str | None = None
    json: bool = False
    yes: bool = False
    read_only: bool = False


class Parser(argparse.ArgumentParser):
    """argparse with this program's exit code for usage errors, and without guessing at shortened options."""

    def __init__(self, **settings: object) -> None:
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **settings)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        """Prints the usage and the message, and ends with 64."""
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {clean(message, 1000)}\n")


def parser() -> Parser:
    """Returns the parser of all commands."""
    everywhere = _everywhere()
    top = Parser(
        prog="cidash",
        description="A CI/CD dashboard in the terminal: pull request runs, caches, targets, the tickets of an epic.\n"
        "Without a command it opens the dashboard.",
        epilog=_EXITS,
        parents=[everywhere],
    )
    top.add_argument("--version", action="version", version=f"cidash {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND")

    def command(name: str, summary: str, handler: str) -> Parser:
        one: Parser = commands.add_parser(name, help=summary, description=f"{summary}.", parents=[everywhere])
        one.set_defaults(handler=handler)
        return one

    _add_demo(command)
    _add_reading(command)
    add_run_readers(command)
    _add_writing(command)
    add_tickets(command, commands, everywhere)
    add_writes(command, commands, everywhere)
    add_measures(command, commands, everywhere)
    add_caches(commands, everywhere)
    _add_config(commands, everywhere)
    add_setup(command)
    return top


Adder = Callable[[str, str, str], Parser]


def _everywhere() -> Parser:
    """Options that stand before or after the command; unset, they leave alone what the other place said."""
    common = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument(
        "-R", "--repo", metavar="[HOST/]OWNER/REPO", help="the repository (also GH_REPO; else git remote or config)"
    )
    common.add_argument("--config", metavar="FILE", help="the configuration file (also CIDASH_CONFIG)")
    common.add_argument("--read-only", action="store_true", help="hide and refuse everything that changes something")
    return common


def _add_demo(command: Adder) -> None:
    demo = command("demo", "Show the KAN-40 story: offline, no account, every key works", "demo:demo")
    demo.add_argument("--pace", type=_pace, default=1.0, metavar="X", help="multiply all durations (0.1: a tenth)")
    demo.add_argument("--scenario", choices=["review", "closed"], default="review", help="the day (default: review)")
    demo.add_argument("--seed", type=int, default=40, metavar="N", help="another roll of the story's dice")
    demo.add_argument("--serve", action="store_true", help="only serve; print a configuration for it on stdout")


def _add_reading(command: Adder) -> None:
    status = command("status", "Print pull requests, runs, epic and targets once", "status:status")
    status.add_argument("--json", action="store_true", help="one JSON object")
    targets = command("targets", "Print the targets with what was measured and the verdicts", "targets:targets")
    form = targets.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object")
    form.add_argument("--markdown", action="store_true", help="a Markdown table")
    targets.add_argument(
        "--exit-status", action="store_true", help="1 if anything is missed, else 2 if anything is not known, else 0"
    )

    controls = command("controls", "Judge the hardening controls by the files of a checkout", "controls:controls")
    controls.add_argument("--path", metavar="DIR", help="the checkout; no network is used")
    shape = controls.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="one JSON object")
    shape.add_argument("--markdown", action="store_true", help="a Markdown table")
    controls.add_argument(
        "--exit-status", action="store_true", help="1 if a declared item does not hold, 2 if one is unread, else 0"
    )


def _add_writing(command: Adder) -> None:
    rerun = command("rerun", "Re-run a workflow run, its failed jobs, or one job", "rerun:rerun")
    rerun.add_argument("run", metavar="RUN", help="id or URL of the run")
    scope = rerun.add_mutually_exclusive_group()
    scope.add_argument("--failed", action="store_true", help="only the failed jobs and what depends on them")
    scope.add_argument("--job", metavar="J", help="only this job and what depends on it: its id, URL or name")
    rerun.add_argument("--debug", action="store_true", help="with debug logging")
    rerun.add_argument("--when-ready", action="store_true", help="wait until GitHub can re-run it")
    _add_yes(rerun)


def _add_config(commands: "argparse._SubParsersAction[Parser]", everywhere: Parser) -> None:
    config = commands.add_parser("config", help="Look at the configuration", description="Look at the configuration.")
    acts = config.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary in {
        "path": "Print which files the configuration was read from",
        "show": "Print the configuration in force as TOML, without tokens",
        "schema": "Print the JSON schema of the configuration",
    }.items():
        act = acts.add_parser(name, help=summary, description=f"{summary}.", parents=[everywhere])
        act.set_defaults(handler=f"configuration:{name}")


def _add_yes(command: Parser) -> None:
    command.add_argument("-y", "--yes", action="store_true", help="don't ask; needed where nobody can be asked")


def _pace(written: str) -> float:
    try:
        pace = float(written)
    except ValueError:
        pace = 0.0
    if not 0.001 <= pace <= 100:
        raise argparse.ArgumentTypeError("must be a number from 0.001 to 100")
    return pace
