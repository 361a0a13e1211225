"""`cidash artifact`: what a run left behind, listed or unpacked into new folders."""

from pathlib import Path

from cidash.cli import loop, session
from cidash.cli.confirm import check_may_write
from cidash.cli.console import warn
from cidash.cli.encode import dumps, envelope, moment
from cidash.cli.exits import OK, REFUSED, UsageError
from cidash.cli.parser import Arguments
from cidash.cli.progress import Progress
from cidash.cli.run_address import run_address
from cidash.cli.run_place import repository_of_run
from cidash.config.model import Config
from cidash.domain.acting import Artifact
from cidash.domain.clock import SystemClock
from cidash.domain.format import size_text
from cidash.domain.problem import SourceError
from cidash.domain.repository import RepositoryId


def list_artifacts(arguments: Arguments) -> int:
    """Prints the artifacts of a run."""
    address = run_address(arguments.run)
    loaded = session.load_config(arguments)
    repository = repository_of_run(address, arguments, loaded)
    found = loop.run(_read(loaded.config, repository, address.run_id))
    if arguments.json:
        listed = [
            {
                "id": one.id,
                "name": one.name,
                "size_bytes": one.size_bytes,
                "expired": one.expired,
                "created_at": moment(one.created_at),
                "expires_at": moment(one.expires_at),
                "sha256": one.sha256,
            }
            for one in found
        ]
        head = envelope(SystemClock().now())
        print(dumps({**head, "repository": str(repository), "run_id": address.run_id, "artifacts": listed}))
        return OK
    console = session.console(loaded.config)
    console.heading(f"Artifacts of run {address.run_id}", f"{len(found)} in {repository.full_name}")
    console.table(
        [(size_text(one.size_bytes), one.name, "expired" if one.expired else "") for one in found], right=(0,)
    )
    return OK


def download(arguments: Arguments) -> int:
    """Downloads one artifact, or all that are still kept; each goes into a new folder of its name."""
    address = run_address(arguments.run)
    loaded = session.load_config(arguments)
    check_may_write(loaded.config)
    repository = repository_of_run(address, arguments, loaded)
    folder = Path(arguments.dir).expanduser()
    return loop.run(_download(loaded.config, repository, address.run_id, arguments.name, folder))


async def _read(config: Config, repository: RepositoryId, run_id: int) -> tuple[Artifact, ...]:
    async with session.opened(config, (repository,)) as engine:
        return await engine.github.artifacts(repository, run_id)


async def _download(config: Config, repository: RepositoryId, run_id: int, name: str | None, folder: Path) -> int:
    async with session.opened(config, (repository,)) as engine:
        wanted = _wanted(await engine.github.artifacts(repository, run_id), name, run_id)
        failed = 0
        for artifact in wanted:
            progress = Progress(artifact.name, artifact.size_bytes)
            try:
                target = await engine.github.download(repository, artifact, folder, progress)
            except SourceError as error:
                progress.end()
                warn(error.problem.sentence)
                failed += 1
                continue
            progress.end()
            print(f"{artifact.name}: {target}")
    return REFUSED if failed else OK


def _wanted(found: tuple[Artifact, ...], name: str | None, run_id: int) -> list[Artifact]:
    """Returns the named artifact, or all that are still kept.

    Raises:
        UsageError: there is none.
    """
    wanted = (
        [one for one in found if one.name == name] if name is not None else [one for one in found if not one.expired]
    )
    if not wanted:
        what = f'no artifact "{name[:200]}"' if name is not None else "no artifact that is still kept"
        names = ", ".join(one.name for one in found) or "none"
        raise UsageError(f"Run {run_id} has {what}. There are: {names}.")
    return wanted
