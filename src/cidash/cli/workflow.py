"""`cidash workflow`: which workflows there are, and whether they may start runs."""

from cidash.cli import loop, session
from cidash.cli.confirm import carry_out, check_allowed
from cidash.cli.encode import dumps, envelope
from cidash.cli.exits import OK, UsageError
from cidash.cli.parser import Arguments
from cidash.config.model import Config
from cidash.domain.ci import Workflow
from cidash.domain.clock import SystemClock
from cidash.domain.github_command import SetWorkflow
from cidash.domain.repository import RepositoryId


def list_workflows(arguments: Arguments) -> int:
    """Prints the workflows with their states."""
    loaded = session.load_config(arguments)
    repository = session.choose(arguments, loaded).only
    found = loop.run(_read(loaded.config, repository))
    if arguments.json:
        rows = [{"id": one.id, "name": one.name, "path": one.path, "state": one.state, "url": one.url} for one in found]
        print(dumps({**envelope(SystemClock().now()), "repository": str(repository), "workflows": rows}))
        return OK
    console = session.console(loaded.config)
    console.heading(f"Workflows of {repository.full_name}")
    console.table([(one.state.replace("_", " "), one.name, one.path) for one in found])
    return OK


def enable(arguments: Arguments) -> int:
    """Enables the workflow."""
    return _set(arguments, enabled=True)


def disable(arguments: Arguments) -> int:
    """Disables the workflow."""
    return _set(arguments, enabled=False)


def find_workflow(written: str, workflows: tuple[Workflow, ...]) -> Workflow:
    """Returns the workflow with that name, file name, path or id.

    Raises:
        UsageError: there is none, or several have that name.
    """
    found = [one for one in workflows if written in {str(one.id), one.path, one.path.rpartition("/")[2]}]
    found = found or [one for one in workflows if one.name == written]
    found = found or [one for one in workflows if one.name.casefold() == written.casefold()]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{one.name} ({one.path.rpartition('/')[2]})" for one in found or workflows)
    what = "Several workflows have" if found else "No workflow has"
    raise UsageError(f'{what} the name "{written[:200]}". There are: {names or "none"}.')


def _set(arguments: Arguments, *, enabled: bool) -> int:
    loaded = session.load_config(arguments)
    check_allowed(arguments, loaded.config)
    repository = session.choose(arguments, loaded).only
    return loop.run(_carry_out(arguments, loaded.config, repository, enabled=enabled))


async def _carry_out(arguments: Arguments, config: Config, repository: RepositoryId, *, enabled: bool) -> int:
    async with session.opened(config, (repository,)) as engine:
        workflow = find_workflow(arguments.workflow, await engine.github.workflows(repository))
        if (workflow.state == "active") is enabled:
            print(f"Workflow {workflow.name} is {workflow.state.replace('_', ' ')} already.")
            return OK
        return await carry_out(SetWorkflow(repository, workflow.id, workflow.name, enabled), engine, arguments)


async def _read(config: Config, repository: RepositoryId) -> tuple[Workflow, ...]:
    async with session.opened(config, (repository,)) as engine:
        return await engine.github.workflows(repository)
