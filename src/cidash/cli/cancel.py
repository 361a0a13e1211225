"""`cidash cancel`: a run that is not wanted any more."""

from cidash.cli import loop, session
from cidash.cli.confirm import carry_out, check_allowed
from cidash.cli.console import warn
from cidash.cli.exits import REFUSED
from cidash.cli.parser import Arguments
from cidash.cli.run_address import run_address
from cidash.cli.run_place import repository_of_run
from cidash.config.model import Config
from cidash.domain.github_command import CancelRun, run_at
from cidash.domain.repository import RepositoryId


def cancel(arguments: Arguments) -> int:
    """Cancels the run at the attempt that GitHub shows now."""
    address = run_address(arguments.run)
    loaded = session.load_config(arguments)
    check_allowed(arguments, loaded.config)
    repository = repository_of_run(address, arguments, loaded)
    return loop.run(_cancel(arguments, loaded.config, repository, address.run_id))


async def _cancel(arguments: Arguments, config: Config, repository: RepositoryId, run_id: int) -> int:
    async with session.opened(config, (repository,)) as engine:
        run = await engine.github.run(repository, run_id)
        at = run_at(run)
        if run.status == "completed":
            warn(f"{at.name} has ended ({run.conclusion or 'unknown'}): there is nothing to cancel.")
            return REFUSED
        return await carry_out(CancelRun(at, arguments.force), engine, arguments)
