"""`cidash log`: the log of a finished job, whole or in parts, cleaned or as it is."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cidash.analysis.log_view.line import LineKind, LogLine, read_line
from cidash.analysis.log_view.search import Pattern, PatternError
from cidash.analysis.log_view.sections import Section, sections_of
from cidash.cli import loop, session
from cidash.cli.console import Console, warn
from cidash.cli.exits import OK, REFUSED, UsageError
from cidash.cli.parser import Arguments
from cidash.cli.run_address import RunAddress, run_address
from cidash.cli.run_place import repository_of_run
from cidash.cli.told import tell_source
from cidash.cli.words import BOLD, DIM, RED, STATES, YELLOW
from cidash.config.load import Loaded
from cidash.config.model import Config
from cidash.domain.ci import Job
from cidash.domain.clock import SystemClock
from cidash.domain.repository import RepositoryId

if TYPE_CHECKING:
    from cidash.engine.engine import Engine
    from cidash.github.log_file import LogFile

_COLOURS = {
    LineKind.ERROR: RED,
    LineKind.WARNING: YELLOW,
    LineKind.DEBUG: DIM,
    LineKind.GROUP: BOLD,
    LineKind.COMMAND: DIM,
}


def log(arguments: Arguments) -> int:
    """Prints the log; 1 when there is none, or when `--failed` or `--grep` leaves nothing of it."""
    if arguments.raw and (arguments.failed or arguments.grep or arguments.timestamps):
        raise UsageError("--raw prints the log as it is: it goes with no other option.")
    try:
        pattern = Pattern(arguments.grep, regex=True) if arguments.grep is not None else None
    except PatternError as error:
        raise UsageError(str(error)) from None
    loaded = session.load_config(arguments)
    repository, wanted = _wanted(arguments, loaded)
    return loop.run(_log(arguments, loaded.config, repository, wanted, pattern))


def _wanted(arguments: Arguments, loaded: Loaded) -> tuple[RepositoryId, int | RunAddress]:
    """Returns the repository, and the job's id or the run that holds a job of that name."""
    if arguments.run is not None:
        address = run_address(arguments.run)
        return repository_of_run(address, arguments, loaded), address
    if arguments.job.isascii() and arguments.job.isdigit() and len(arguments.job) <= 19:
        return session.choose(arguments, loaded).only, int(arguments.job)
    if "://" not in arguments.job:
        raise UsageError(f'"{arguments.job[:100]}" is a name: say with --run RUN which run\'s job it is.')
    address = run_address(arguments.job)
    if address.job_id is None:
        raise UsageError("This is a run's address. Name its job: `cidash log NAME --run URL`, or use the job's URL.")
    return repository_of_run(address, arguments, loaded), address.job_id


async def _log(
    arguments: Arguments, config: Config, repository: RepositoryId, wanted: int | RunAddress, pattern: Pattern | None
) -> int:
    async with session.opened(config, (repository,)) as engine:
        job = await _job(arguments.job, engine, repository, wanted)
        job_id = wanted if isinstance(wanted, int) else job.id if job is not None else None
        if job_id is None:
            return REFUSED
        if job is not None and job.state.is_active:
            done = [step.name for step in job.steps if step.status == "completed"]
            at = next((step.name for step in job.steps if step.status == "in_progress"), None)
            warn(
                f"{job.name} is still {job.state.value}, and GitHub has no public log of a job before it ends. "
                f"{len(done)} of {len(job.steps)} steps are done" + (f", now: {at}." if at else ".")
            )
            return REFUSED
        with await engine.logs.open(repository, job_id) as file:
            return _print(arguments, file, job, pattern, session.console(config))


async def _job(written: str, engine: "Engine", repository: RepositoryId, wanted: int | RunAddress) -> Job | None:
    """Returns the job, or None when it can't be read: a kept log is printed even so."""
    now = SystemClock().now()
    if isinstance(wanted, int):
        found = await engine.reader.job(repository, wanted)
        tell_source(found, now)
        return found.data
    run = await engine.reader.run(repository, wanted.run_id)
    if run.data is None:
        tell_source(run, now)
        return None
    part = await engine.reader.jobs(run.data)
    tell_source(part, now)
    if part.data is None:
        return None
    return _named(written, part.data, f"Attempt {run.data.attempt} of run {run.data.id}")


def _named(written: str, jobs: Sequence[Job], where: str) -> Job:
    found = [job for job in jobs if job.name == written or str(job.id) == written]
    found = found or [job for job in jobs if job.name.casefold() == written.casefold()]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{job.name} ({job.id})" for job in found or jobs)
    what = "has several jobs" if found else "has no job"
    raise UsageError(f'{where} {what} "{written[:200]}". There are: {names or "none"}.')


def _print(arguments: Arguments, file: "LogFile", job: Job | None, pattern: Pattern | None, console: Console) -> int:
    if file.problem is not None:
        warn(f"{file.problem.sentence} What came before is printed.")
    if arguments.raw:
        for chunk in file.bytes():
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
        return OK
    sections = sections_of(file.index, job.steps if job is not None else ())
    if arguments.failed:
        sections = tuple(one for one in sections if one.is_failed)
        if not sections:
            known = job is not None and bool(job.steps)
            warn("No step failed." if known else "The job's steps are not known, so neither is which of them failed.")
            return REFUSED
    printed = 0
    for section in sections:
        printed += _print_section(section, file, pattern, console, stamps=arguments.timestamps)
    if pattern is not None and not printed:
        warn("No line matches.")
        return REFUSED
    return OK


def _print_section(
    section: Section, file: "LogFile", pattern: Pattern | None, console: Console, *, stamps: bool
) -> int:
    """Prints a step's heading and lines, and returns how many lines it printed."""
    printed = 0
    for line in _lines(section, file, pattern):
        if not printed:
            look = STATES[section.step.state] if section.step is not None else None
            glyph = f"{look.glyph} " if look is not None else ""
            console.line(console.paint(console.own(f"{glyph}{section.title}"), look.colour if look else BOLD))
        printed += 1
        text = _shown(line, console)
        stamp = console.paint(f"{line.stamp or '':<28} ", DIM) if stamps else ""
        print(f"  {stamp}{text}")
    return printed


def _lines(section: Section, file: "LogFile", pattern: Pattern | None) -> Iterator[LogLine]:
    for first, block in file.blocks(section.first, section.end):
        if pattern is not None:
            numbers: Iterator[int] = pattern.lines(block, first)
            wanted = set(numbers)
            if not wanted:
                continue
        pieces = block.split(b"\n")
        for number, raw in enumerate(pieces if pieces[-1] else pieces[:-1], first):
            if pattern is not None and number not in wanted:
                continue
            start, end = file.index.span(number)
            line = read_line(raw, end - start)
            if line.kind is not LineKind.END_GROUP:
                yield line


def _shown(line: LogLine, console: Console) -> str:
    cut = f" … {line.cut_bytes} bytes more" if line.cut_bytes else ""
    return console.paint(f"{line.text}{cut}", _COLOURS.get(line.kind))
