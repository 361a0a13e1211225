"""`cidash watch`: plain lines as things change, until all is done, then one verdict."""

import sys
from typing import TYPE_CHECKING, TextIO

from cidash.analysis.duration import job_seconds
from cidash.analysis.watching import Outcome, worst_outcome
from cidash.cli import loop, session
from cidash.cli.encode import Json, dumps, envelope
from cidash.cli.encode import run as encoded_run
from cidash.cli.exits import OK, REFUSED, UNKNOWN, UsageError
from cidash.cli.parser import Arguments
from cidash.cli.pull_place import pull_place
from cidash.cli.run_address import run_address
from cidash.cli.run_place import repository_of_run
from cidash.cli.words import STATES
from cidash.config.load import Loaded
from cidash.config.model import Config
from cidash.domain.clock import SystemClock
from cidash.domain.format import clock, seconds_text
from cidash.domain.snapshot import RepositorySnapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cidash.engine.watch import Ended, Event, Wanted

CODES = {Outcome.GREEN: OK, Outcome.RED: REFUSED, Outcome.UNKNOWN: UNKNOWN}
_WORDS = {Outcome.GREEN: "green", Outcome.RED: "red", Outcome.UNKNOWN: "could not tell"}


def watch(arguments: Arguments) -> int:
    """Watches what was named and returns the verdict's code."""
    loaded = session.load_config(arguments)
    return loop.run(_watch(arguments, loaded.config, _wanted(arguments, loaded)))


def _wanted(arguments: Arguments, loaded: Loaded) -> "tuple[Wanted, ...]":
    from cidash.engine.watch import Wanted

    found: list[Wanted] = []
    for written in arguments.pulls:
        repository, number = pull_place(written, arguments, loaded)
        found.append(Wanted(repository, pull=number))
    for written in arguments.run:
        address = run_address(written)
        found.append(Wanted(repository_of_run(address, arguments, loaded), run=address.run_id))
    for branch in arguments.branch:
        if not branch.strip():
            raise UsageError("--branch needs the name of a branch.")
        found.append(Wanted(session.choose(arguments, loaded).only, branch=branch))
    if not found:
        raise UsageError("Watch what? Name pull requests, --run ID or --branch B.")
    return tuple(dict.fromkeys(found))


async def _watch(arguments: Arguments, config: Config, wanted: "Sequence[Wanted]") -> int:
    from cidash.engine.watch import Watcher

    out = sys.stderr if arguments.json else sys.stdout
    repositories = tuple(dict.fromkeys(one.repository for one in wanted))
    interval = arguments.interval or config.polling.active_seconds
    async with session.opened(config, repositories) as engine:
        teller = _Teller(config, out, several=len(repositories) > 1)
        watcher = Watcher(engine.reader, SystemClock(), teller.tell, interval, config.polling.budget)
        ended = await watcher.watch(wanted)
    verdict = worst_outcome(one.outcome for one in ended)
    for one in ended:
        teller.line(one.wanted, f"{_WORDS[one.outcome]}: {one.reason}")
    if len(ended) > 1:
        print(f"verdict: {_WORDS[verdict]}", file=out, flush=True)
    if arguments.json:
        print(dumps(_document(verdict, ended)))
    return CODES[verdict]


class _Teller:
    """Writes one line for each change, at once: somebody may be reading the other end of a pipe."""

    def __init__(self, config: Config, out: TextIO, *, several: bool) -> None:
        self._console = session.console(config)
        self._out = out
        self._several = several

    def tell(self, event: "Event") -> None:
        """Writes the event's line."""
        run, job = event.run, event.job
        if run is None:
            self.line(event.wanted, event.text)
            return
        look = STATES[run.state if job is None else job.state]
        what = run.workflow_name if job is None else f"{run.workflow_name} / {job.name}"
        notes = []
        if job is not None and not job.state.is_active and (seconds := job_seconds(job)) is not None:
            notes.append(seconds_text(seconds))
        if job is not None and job.state.is_red:
            notes += [f"at {step.name}" for step in job.steps if step.state.is_red][:1]
            notes.append(f"job {job.id}")
        if job is None:
            notes.append(f"run {run.id}" + (f", attempt {run.attempt}" if run.attempt > 1 else ""))
        note = f" ({', '.join(notes)})" if notes else ""
        self.line(event.wanted, f"{run.short_sha} {look.glyph} {what} {look.word}{note}", look.colour)

    def line(self, wanted: "Wanted", text: str, colour: str | None = None) -> None:
        """Writes a line about one watched thing."""
        where = f"{wanted.repository} " if self._several else ""
        now = clock(SystemClock().now(), with_seconds=True)
        line = self._console.own(f"{now} {where}{wanted.name} {text}")
        painted = self._console.paint(line, colour) if self._out is sys.stdout else line
        print(painted, file=self._out, flush=True)


def _document(verdict: Outcome, ended: "Sequence[Ended]") -> Json:
    now = SystemClock().now()
    return {
        **envelope(now),
        "verdict": verdict.value,
        "watched": [
            {
                "repository": str(one.wanted.repository),
                "pull": one.wanted.pull,
                "run": one.wanted.run,
                "branch": one.wanted.branch,
                "head_sha": one.head_sha,
                "verdict": one.outcome.value,
                "reason": one.reason,
                "runs": [encoded_run(run, RepositorySnapshot(one.wanted.repository), now) for run in one.runs],
            }
            for one in ended
        ],
    }
