"""The grammar of `cidash caches`."""

import argparse
from typing import Any

from cidash.cli.write_parsers import add_cache_delete


def add_caches(commands: Any, everywhere: argparse.ArgumentParser) -> None:
    """Adds `caches` with its readings and `delete`; alone it prints the ledger."""
    summary = "Print what caches are worth, what is stored, and what logs tell of them"
    caches = commands.add_parser("caches", help=summary, description=f"{summary}.", parents=[everywhere])
    caches.set_defaults(handler="cache_reports:ledger")
    caches.add_argument("--json", action="store_true", help="one JSON object")
    acts = caches.add_subparsers(title="commands", metavar="COMMAND")

    def act(name: str, what: str, handler: str) -> argparse.ArgumentParser:
        one: argparse.ArgumentParser = acts.add_parser(name, help=what, description=f"{what}.", parents=[everywhere])
        one.set_defaults(handler=handler)
        one.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="one JSON object")
        return one

    act("ledger", "Print each cache by arm, with hit rate, minutes and the last miss", "cache_reports:ledger")
    act("entries", "Print the stored entries in groups, and the use against the quota", "cache_reports:entries")
    scan = act("scan", "Print the cache events of log files on disk; no network", "cache_reports:scan_files")
    scan.add_argument("files", nargs="+", metavar="FILE", help="a job log, a .zip of a run's logs, or - for stdin")
    add_cache_delete(acts, everywhere)
