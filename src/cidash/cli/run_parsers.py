"""The grammar of the commands that read runs: `runs`, `jobs`, `log`, `watch`."""

import argparse
from collections.abc import Callable

from cidash.domain.state import State

_STATUSES = sorted(
    {state.value for state in State} - {State.UNKNOWN.value} | {"completed"}
)  # fmt: skip
MOST_RUNS = 1_000
_VERDICTS = """\
exit codes:
  0    green: everything passed (skipped and neutral count as passed)
  1    red: something failed, was cancelled, timed out, waits for approval or could not start
  2    could not tell: nothing ran, or it could not be read
  64   the command line or the configuration is wrong
  130  interrupted (Ctrl+C)
"""


def add_run_readers(command: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    """Adds the four commands."""
    _add_runs(command("runs", "Print workflow runs, newest first", "runs:runs"))
    _add_jobs(command("jobs", "Print the jobs and steps of a run", "jobs:jobs"))
    _add_log(command("log", "Print the log of a finished job", "log:log"))
    _add_watch(command("watch", "Print what changes until all is done, then one verdict", "watch:watch"))


def _add_runs(runs: argparse.ArgumentParser) -> None:
    runs.add_argument("-b", "--branch", metavar="B", help="only of this head branch")
    runs.add_argument("-w", "--workflow", metavar="W", help="only of this workflow: its name or file")
    runs.add_argument("-s", "--status", metavar="S", choices=_STATUSES, help=f"one of: {', '.join(_STATUSES)}")
    runs.add_argument("-e", "--event", metavar="E", help="only started by this event, such as push")
    runs.add_argument("--actor", metavar="A", help="only started by this user")
    runs.add_argument("-n", "--limit", type=_limit, default=20, metavar="N", help="at most so many (default: 20)")
    runs.add_argument("--json", action="store_true", help="one JSON object")


def _add_jobs(jobs: argparse.ArgumentParser) -> None:
    jobs.add_argument("run", metavar="RUN", help="id or URL of the run")
    jobs.add_argument("--attempt", type=_attempt, metavar="N", help="an older attempt (default: the newest)")
    jobs.add_argument("--json", action="store_true", help="one JSON object")


def _add_log(log: argparse.ArgumentParser) -> None:
    log.add_argument("job", metavar="JOB", help="id or URL of the job, or its name with --run")
    log.add_argument("--run", metavar="RUN", help="the run whose job is named: its id or URL")
    log.add_argument("--failed", action="store_true", help="only the steps that failed")
    log.add_argument("--grep", metavar="REGEX", help="only lines that match; without a capital letter in any case")
    log.add_argument("--timestamps", action="store_true", help="with the time before each line")
    log.add_argument("--raw", action="store_true", help="the bytes as GitHub has them, escape codes and all")


def _add_watch(watch: argparse.ArgumentParser) -> None:
    watch.epilog = _VERDICTS
    watch.add_argument("pulls", nargs="*", metavar="PR", help="a pull request: 38, '#38' or its URL")
    watch.add_argument("--run", action="append", default=[], metavar="ID", help="a run: its id or URL (repeatable)")
    watch.add_argument(
        "--branch", action="append", default=[], metavar="B", help="a branch's newest commit (repeatable)"
    )
    watch.add_argument("--interval", type=_interval, metavar="SECONDS", help="between two looks (default: 3)")
    watch.add_argument("--json", action="store_true", help="one JSON object at the end; the lines go to standard error")


def _limit(written: str) -> int:
    return _whole(written, MOST_RUNS)


def _attempt(written: str) -> int:
    return _whole(written, 1_000_000)


def _whole(written: str, most: int) -> int:
    number = int(written) if written.isascii() and written.isdigit() and len(written) < 10 else 0
    if not 1 <= number <= most:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {most}")
    return number


def _interval(written: str) -> float:
    try:
        seconds = float(written)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 3_600:
        raise argparse.ArgumentTypeError("must be a number of seconds from 1 to 3600")
    return seconds
