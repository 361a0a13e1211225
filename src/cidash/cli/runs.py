"""`cidash runs`: workflow runs, newest first."""

from cidash.cli import loop, session
from cidash.cli.console import Cell, Console
from cidash.cli.encode import dumps, envelope
from cidash.cli.encode import run as encoded_run
from cidash.cli.exits import OK, REFUSED
from cidash.cli.parser import Arguments
from cidash.cli.told import source, tell_source
from cidash.cli.words import DIM, STATES
from cidash.config.model import Config
from cidash.domain.ci import Run
from cidash.domain.clock import SystemClock
from cidash.domain.format import age_text
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Part, RepositorySnapshot


def runs(arguments: Arguments) -> int:
    """Prints the runs that the options let through; 1 when none could be read, not even stored ones."""
    loaded = session.load_config(arguments)
    repository = session.choose(arguments, loaded).shown[0]
    part = loop.run(_read(arguments, loaded.config, repository))
    now = SystemClock().now()
    tell_source(part, now)
    if arguments.json:
        where = RepositorySnapshot(repository)
        items = None if part.data is None else [encoded_run(one, where, now) for one in part.data]
        print(dumps({**envelope(now), "repository": str(repository), "runs": {**source(part, now), "items": items}}))
    elif part.data is not None:
        _print(part.data, session.console(loaded.config))
    return OK if part.data is not None else REFUSED


async def _read(arguments: Arguments, config: Config, repository: RepositoryId) -> Part[tuple[Run, ...]]:
    from cidash.engine.reader import RunFilter

    wanted = RunFilter(arguments.branch, arguments.workflow, arguments.status, arguments.event, arguments.actor)
    async with session.opened(config, (repository,)) as engine:
        return await engine.reader.runs(repository, wanted, arguments.limit)


def _print(found: tuple[Run, ...], console: Console) -> None:
    if not found:
        console.line("No such runs.")
        return
    now = SystemClock().now()
    rows: list[list[Cell]] = [[(word, DIM) for word in ("state", "run", "workflow", "branch", "event", "age", "title")]]
    rows += [
        [
            STATES[one.state],
            f"{one.id}" + (f" ({one.attempt})" if one.attempt > 1 else ""),
            one.workflow_name,
            f"{one.branch or '-'} {one.short_sha}",
            one.event,
            age_text((now - one.started_at).total_seconds()),
            one.title,
        ]
        for one in found
    ]
    console.table(rows, indent=0, right=(5,))
