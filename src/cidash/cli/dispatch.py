"""`cidash dispatch`: a run of a workflow, started by hand, with inputs checked against the workflow's file."""

from cidash.analysis.dispatch_form import InputError, checked_inputs
from cidash.cli import loop, session
from cidash.cli.confirm import carry_out, check_allowed
from cidash.cli.exits import UsageError
from cidash.cli.parser import Arguments
from cidash.cli.workflow import find_workflow
from cidash.config.model import Config
from cidash.domain.github_command import DispatchWorkflow
from cidash.domain.repository import RepositoryId
from cidash.domain.workflow_file import DispatchInput


def dispatch(arguments: Arguments) -> int:
    """Starts a run on the named branch or tag, else on the default branch."""
    given = dict(_pair(written) for written in arguments.field)
    loaded = session.load_config(arguments)
    check_allowed(arguments, loaded.config)
    repository = session.choose(arguments, loaded).only
    return loop.run(_dispatch(arguments, loaded.config, repository, given))


async def _dispatch(arguments: Arguments, config: Config, repository: RepositoryId, given: dict[str, str]) -> int:
    async with session.opened(config, (repository,)) as engine:
        workflow = find_workflow(arguments.workflow, await engine.github.workflows(repository))
        ref = arguments.ref or (await engine.github.merge_settings(repository)).default_branch
        inputs = await engine.github.dispatch_inputs(repository, workflow, ref)
        try:
            values = checked_inputs(inputs, given)
        except InputError as error:
            declared = "; ".join(_described(one) for one in inputs) or "none"
            raise UsageError(f"{error} Inputs of {workflow.name}: {declared}.") from None
        command = DispatchWorkflow(repository, workflow.id, workflow.name, ref, values)
        return await carry_out(command, engine, arguments)


def _described(one: DispatchInput) -> str:
    options = f" ({', '.join(one.options)})" if one.options else ""
    default = f", default {one.default}" if one.default is not None else ", required" if one.required else ""
    return f"{one.name}: {one.type}{options}{default}"


def _pair(written: str) -> tuple[str, str]:
    name, sign, value = written.partition("=")
    if not sign or not name.strip():
        raise UsageError(f'--field must be NAME=VALUE, not "{written[:100]}".')
    return name.strip(), value
