"""`cidash approve`: a fork's run that waits to be let in, or deployments that wait for an answer."""

from cidash.cli import loop, session
from cidash.cli.confirm import carry_out, check_allowed
from cidash.cli.console import warn
from cidash.cli.exits import REFUSED, UsageError
from cidash.cli.parser import Arguments
from cidash.cli.run_address import run_address
from cidash.cli.run_place import repository_of_run
from cidash.config.model import Config
from cidash.domain.acting import PendingDeployment
from cidash.domain.github_command import ApproveRun, Environment, ReviewDeployment, run_at
from cidash.domain.repository import RepositoryId


def approve(arguments: Arguments) -> int:
    """Answers what the run waits for."""
    address = run_address(arguments.run)
    loaded = session.load_config(arguments)
    check_allowed(arguments, loaded.config)
    repository = repository_of_run(address, arguments, loaded)
    return loop.run(_approve(arguments, loaded.config, repository, address.run_id))


async def _approve(arguments: Arguments, config: Config, repository: RepositoryId, run_id: int) -> int:
    async with session.opened(config, (repository,)) as engine:
        run = await engine.github.run(repository, run_id)
        at = run_at(run)
        if run.conclusion == "action_required":
            if arguments.reject or arguments.environment:
                raise UsageError(f"{at.name} waits to be let in, with no deployment: it can only be approved.")
            return await carry_out(ApproveRun(at), engine, arguments)
        pending = await engine.github.pending_deployments(repository, run_id)
        if not pending:
            warn(f"{at.name} waits for no approval: it is {run.state.value.replace('_', ' ')}.")
            return REFUSED
        environments = chosen(pending, tuple(arguments.environment))
        command = ReviewDeployment(at, environments, not arguments.reject, arguments.comment)
        return await carry_out(command, engine, arguments)


def chosen(pending: tuple[PendingDeployment, ...], named: tuple[str, ...]) -> tuple[Environment, ...]:
    """Returns the environments to answer for: those named, else all that this user may answer for.

    Raises:
        UsageError: none is left.
    """
    waiting = ", ".join(one.environment.name for one in pending)
    for name in named:
        if name not in {one.environment.name for one in pending}:
            raise UsageError(f'The run does not wait with the environment "{name[:100]}", but with: {waiting}.')
    wanted = [one for one in pending if (one.environment.name in named if named else one.may_approve)]
    if not wanted:
        who = ", ".join(dict.fromkeys(name for one in pending for name in one.reviewers)) or "others"
        raise UsageError(f"You are not among those who may answer for {waiting}: ask {who}.")
    return tuple(one.environment for one in wanted)
