"""`cidash caches delete`: cache entries by key or id, each with its own outcome."""

from cidash.cli import loop, session
from cidash.cli.confirm import carry_out_all, check_allowed
from cidash.cli.console import warn
from cidash.cli.exits import REFUSED
from cidash.cli.parser import Arguments
from cidash.config.model import Config
from cidash.domain.acting import StoredCache
from cidash.domain.github_command import DeleteCache
from cidash.domain.repository import RepositoryId


def delete(arguments: Arguments) -> int:
    """Deletes the entries with exactly that key, of one ref if one is named, or the entry with that id."""
    loaded = session.load_config(arguments)
    check_allowed(arguments, loaded.config)
    repository = session.choose(arguments, loaded).only
    return loop.run(_delete(arguments, loaded.config, repository))


async def _delete(arguments: Arguments, config: Config, repository: RepositoryId) -> int:
    async with session.opened(config, (repository,)) as engine:
        wanted: str = arguments.key
        found = [one for one in await engine.github.caches(repository, wanted) if one.key == wanted]
        if not found and wanted.isascii() and wanted.isdigit():
            found = [one for one in await engine.github.caches(repository) if one.id == int(wanted)]
        if arguments.ref:
            found = [one for one in found if one.ref == arguments.ref]
        if not found:
            where = f" of {arguments.ref}" if arguments.ref else ""
            warn(f'{repository.full_name} has no cache entry "{wanted[:200]}"{where}.')
            return REFUSED
        return await carry_out_all([_command(repository, one) for one in found], engine, arguments)


def _command(repository: RepositoryId, entry: StoredCache) -> DeleteCache:
    return DeleteCache(repository, entry.id, entry.key, entry.ref)
