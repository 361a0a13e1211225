"""`cidash rerun`: a run again, whole, its failed jobs, or one job."""

from cidash.cli import loop, session
from cidash.cli.armed import carry_out_armed
from cidash.cli.confirm import carry_out, check_allowed
from cidash.cli.console import warn
from cidash.cli.exits import REFUSED, UsageError
from cidash.cli.parser import Arguments
from cidash.cli.run_address import RunAddress, run_address
from cidash.cli.run_place import repository_of_run
from cidash.config.model import Config
from cidash.domain.ci import Job, Run
from cidash.domain.command import Rerun, RerunScope
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import RepositorySnapshot


def rerun(arguments: Arguments) -> int:
    """Re-runs what was named, at the attempt that GitHub shows now."""
    address = run_address(arguments.run)
    loaded = session.load_config(arguments)
    check_allowed(arguments, loaded.config)
    repository = repository_of_run(address, arguments, loaded)
    return loop.run(_rerun(arguments, loaded.config, repository, address))


async def _rerun(arguments: Arguments, config: Config, repository: RepositoryId, address: RunAddress) -> int:
    async with session.opened(config, (repository,)) as engine:
        engine.select(repository, address.run_id)
        snapshot = (await engine.refresh()).repository(repository)
        run = snapshot.run(address.run_id) if snapshot is not None else None
        if snapshot is None or run is None:
            problem = snapshot.runs.problem if snapshot is not None else None
            warn(problem.sentence if problem else f"{repository} has no run {address.run_id} that can be seen here.")
            return REFUSED
        command = _command(arguments, run, address, snapshot)
        if arguments.when_ready:
            return await carry_out_armed(command, engine, arguments)
        return await carry_out(command, engine, arguments)


def _command(arguments: Arguments, run: Run, address: RunAddress, snapshot: RepositorySnapshot) -> Rerun:
    job: Job | None = None
    if arguments.job is not None or (address.job_id is not None and not arguments.failed):
        part = snapshot.jobs.get(run.key)
        job = _job(arguments.job or str(address.job_id), part.data if part is not None else None, run)
    scope = RerunScope.JOB if job is not None else RerunScope.FAILED if arguments.failed else RerunScope.ALL
    return Rerun(
        run.repository,
        run.id,
        run.attempt,
        run.workflow_name,
        run.branch or "(no branch)",
        run.short_sha,
        scope,
        arguments.debug,
        job.id if job is not None else None,
        job.name if job is not None else None,
    )


def _job(wanted: str, jobs: tuple[Job, ...] | None, run: Run) -> Job:
    """Returns the job of the run's newest attempt by id, URL or name.

    Raises:
        UsageError: there is none, or several have that name.
    """
    if jobs is None:
        raise UsageError(f"The jobs of run {run.id} could not be read, so no single job can be re-run now.")
    job_id = (
        run_address(wanted).job_id
        if "://" in wanted
        else int(wanted)
        if wanted.isascii() and wanted.isdigit()
        else None
    )
    found = [job for job in jobs if job.id == job_id] or [job for job in jobs if job.name == wanted]
    found = found or [job for job in jobs if job.name.lower() == wanted.lower()]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{job.name} ({job.id})" for job in found or jobs)
    what = "has several jobs" if found else "has no job"
    raise UsageError(f'Attempt {run.attempt} of run {run.id} {what} "{wanted[:200]}". There are: {names or "none"}.')
