"""`cidash merge`: a pull request into its base, now or when everything is green."""

from cidash.cli import loop, session
from cidash.cli.armed import carry_out_armed
from cidash.cli.confirm import carry_out, check_allowed
from cidash.cli.console import warn
from cidash.cli.exits import OK, REFUSED, UsageError
from cidash.cli.parser import Arguments
from cidash.cli.pull_place import pull_place
from cidash.config.model import Config
from cidash.domain.acting import MergeSettings
from cidash.domain.github_command import MergeMethod, merge_of
from cidash.domain.repository import RepositoryId


def merge(arguments: Arguments) -> int:
    """Merges the pull request, pinned to the head commit that it has now."""
    loaded = session.load_config(arguments)
    repository, number = pull_place(arguments.pull, arguments, loaded)
    check_allowed(arguments, loaded.config)
    return loop.run(_merge(arguments, loaded.config, repository, number))


async def _merge(arguments: Arguments, config: Config, repository: RepositoryId, number: int) -> int:
    async with session.opened(config, (repository,)) as engine:
        pull = await engine.github.pull(repository, number)
        if pull.merged:
            print(f"#{number} is merged already.")
            return OK
        if pull.state != "open":
            warn(f"#{number} is {pull.state}: it can't be merged.")
            return REFUSED
        settings = await engine.github.merge_settings(repository)
        command = merge_of(pull, method_of(arguments.method, settings, repository))
        if not arguments.when_green:
            return await carry_out(command, engine, arguments)
        if settings.auto_merge:
            warn(
                f"{repository.full_name} allows GitHub's own auto-merge, which goes on when cidash has ended: "
                f"`gh pr merge {number} --auto`, or the button on {pull.url or 'its page'}."
            )
        return await carry_out_armed(command, engine, arguments)


def method_of(wanted: str | None, settings: MergeSettings, repository: RepositoryId) -> MergeMethod:
    """Returns the wanted method, or the first one that the repository allows.

    Raises:
        UsageError: the repository does not allow it. Where GitHub does not tell, it decides when it is asked.
    """
    allowed = settings.methods
    if allowed is None:
        return MergeMethod(wanted or MergeMethod.MERGE)
    names = ", ".join(allowed) or "none"
    if wanted is None:
        if not allowed:
            raise UsageError(f"{repository.full_name} allows no way of merging.")
        return allowed[0]
    if MergeMethod(wanted) not in allowed:
        raise UsageError(f"{repository.full_name} does not allow the method {wanted}. It allows: {names}.")
    return MergeMethod(wanted)
