"""`cidash jobs`: the jobs and steps of a run, at its newest or at an older attempt."""

from cidash.analysis.duration import elapsed_seconds, run_elapsed_seconds, step_elapsed_seconds
from cidash.cli import loop, session
from cidash.cli.console import Cell, Console, warn
from cidash.cli.encode import dumps, envelope
from cidash.cli.encode import run as encoded_run
from cidash.cli.exits import OK, REFUSED
from cidash.cli.parser import Arguments
from cidash.cli.run_address import run_address
from cidash.cli.run_place import repository_of_run
from cidash.cli.told import source, tell_source
from cidash.cli.words import DIM, STATES
from cidash.config.model import Config
from cidash.domain.ci import Job, Run
from cidash.domain.clock import SystemClock
from cidash.domain.format import seconds_text
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Part, RepositorySnapshot


def jobs(arguments: Arguments) -> int:
    """Prints the jobs; 1 when they could not be read, not even stored ones."""
    address = run_address(arguments.run)
    loaded = session.load_config(arguments)
    repository = repository_of_run(address, arguments, loaded)
    run_part, jobs_part = loop.run(_read(arguments, loaded.config, repository, address.run_id))
    now = SystemClock().now()
    tell_source(run_part if jobs_part.problem is None else jobs_part, now)
    run = run_part.data
    if run is None or jobs_part.data is None:
        return REFUSED
    if arguments.json:
        where = RepositorySnapshot(repository, jobs={run.key: jobs_part})
        document = {"repository": str(repository), "source": source(jobs_part, now)}
        print(dumps({**envelope(now), **document, "run": encoded_run(run, where, now)}))
    else:
        _print(run, jobs_part.data, session.console(loaded.config))
    return OK


async def _read(
    arguments: Arguments, config: Config, repository: RepositoryId, run_id: int
) -> tuple[Part[Run], Part[tuple[Job, ...]]]:
    async with session.opened(config, (repository,)) as engine:
        run = await engine.reader.run(repository, run_id, arguments.attempt)
        jobs = Part[tuple[Job, ...]]() if run.data is None else await engine.reader.jobs(run.data)
        return run, jobs


def _print(run: Run, found: tuple[Job, ...], console: Console) -> None:
    now = SystemClock().now()
    seconds = seconds_text(run_elapsed_seconds(run, found, now))
    note = f"run {run.id}, attempt {run.attempt}, {run.branch or run.event} at {run.short_sha}, {seconds}"
    console.entry(STATES[run.state], run.workflow_name, note)
    if not found:
        warn("The run has no jobs.")
    rows: list[list[Cell]] = []
    for job in found:
        rows.append([STATES[job.state], job.name, seconds_text(elapsed_seconds(job, now)), (f"job {job.id}", DIM)])
        rows += [
            [STATES[step.state], f"  {step.number} {step.name}", seconds_text(step_elapsed_seconds(step, now)), ""]
            for step in job.steps
        ]
    console.table(rows, right=(2,))
