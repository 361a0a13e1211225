"""`cidash status`: pull requests, runs, epic and targets once."""

from collections.abc import Iterable
from datetime import datetime

from cidash.analysis.checks import checks_of, newest_runs
from cidash.analysis.duration import elapsed_seconds, run_elapsed_seconds
from cidash.analysis.eta import typical_of_workflow
from cidash.analysis.links import pulls_of_ticket
from cidash.analysis.merge_blockers import merge_blockers, merge_sentence
from cidash.analysis.path_left import path_left
from cidash.cli import loop, session
from cidash.cli.console import Cell, Console, warn
from cidash.cli.exits import OK, REFUSED
from cidash.cli.parser import Arguments
from cidash.cli.targets import rows_of_targets
from cidash.cli.words import CATEGORIES, DIM, NO_RUNS, RED, STATES, YELLOW, Word
from cidash.config.model import Config
from cidash.domain.ci import Job, PullRequest, Run
from cidash.domain.format import age_text, count_text, seconds_text
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Part, RepositorySnapshot, Snapshot, SourceState
from cidash.domain.state import State, worst_state

COLLECT = 20
"""Requests that may go into filling the history, so that typical times and targets are known sooner."""
MERGES = 10
"""Open pull requests of each repository of which it is asked what blocks their merge."""


def status(arguments: Arguments) -> int:
    """Prints the newest state of everything, and returns 1 when nothing at all could be read, not even stored."""
    loaded = session.load_config(arguments)
    choice = session.choose(arguments, loaded)
    snapshot = loop.run(read(loaded.config, choice.shown, COLLECT, MERGES))
    if arguments.json:
        from cidash.cli.encode import dumps, status_document

        print(dumps(status_document(snapshot, snapshot.at)))
    else:
        print_status(snapshot, session.console(loaded.config))
    return OK if has_answer(snapshot) else REFUSED


async def read(config: Config, repositories: tuple[RepositoryId, ...], collect: int, merges: int = 0) -> Snapshot:
    """Returns the snapshot after one round of questions."""
    async with session.opened(config, repositories) as engine:
        return await engine.refresh(collect=collect, merges=merges)


def has_answer(snapshot: Snapshot) -> bool:
    """Returns whether any part holds data; tells on standard error what could not be read."""
    parts: list[Part[object]] = [part for one in snapshot.repositories for part in (one.pulls, one.runs)]
    parts.append(snapshot.epic)
    told = set()
    if snapshot.history_problem is not None:
        warn(f"{snapshot.history_problem.sentence} Nothing is kept meanwhile.")
    for part in parts:
        if part.problem is not None and part.problem.sentence not in told:
            told.add(part.problem.sentence)
            age = part.age_seconds(snapshot.at)
            kept = "Nothing is known of it." if age is None else f"What is shown is {age_text(age)} old."
            warn(f"{part.problem.sentence} {kept}")
    return any(part.data is not None for part in parts)


def print_status(snapshot: Snapshot, console: Console) -> None:
    """Prints the snapshot as plain text."""
    now = snapshot.at
    for repository in snapshot.repositories:
        _print_repository(repository, console, now)
    _print_epic(snapshot, console)
    if snapshot.targets:
        console.heading("Targets")
        console.table(rows_of_targets(snapshot.targets), right=(5,))
        console.line()
    for budget in snapshot.budgets:
        if budget.limit is not None:
            left = f"{count_text(budget.remaining)} of {count_text(budget.limit)} requests left"
            console.note(f"{budget.host}: {left}; {budget.total} made now, {budget.charged} of them charged")


def _print_repository(repository: RepositorySnapshot, console: Console, now: datetime) -> None:
    console.heading(str(repository.id), _age(repository.pulls, now) or _age(repository.runs, now))
    runs = repository.runs.data
    branch = repository.default_branch
    heads = [run for run in runs or () if run.branch == branch and run.event != "pull_request"] if branch else []
    if heads:
        newest = _newest_per_workflow(heads)
        console.entry(_look(worst_state([run.state for run in newest])), str(branch), "default branch")
        _print_runs(newest, repository, console, now)
    if repository.pulls.data is None:
        console.line("  pull requests: unknown")
    elif not repository.pulls.data:
        console.line("  no open pull requests")
    for pull in repository.pulls.data or ():
        look = STATES[State.UNKNOWN] if runs is None else _look(checks_of(pull.head_sha, runs))
        draft = ", draft" if pull.draft else ""
        console.entry(look, f"#{pull.number} {pull.title}", f"{pull.branch} at {pull.short_sha}{draft}")
        _print_runs(newest_runs(pull.head_sha, runs or ()), repository, console, now)
        _print_merge(pull, repository, console)
    console.line()


def _print_merge(pull: PullRequest, repository: RepositorySnapshot, console: Console) -> None:
    part = repository.merge.get(pull.number)
    if part is None or part.data is None or part.data.head_sha != pull.head_sha:
        return
    blockers = merge_blockers(part.data)
    sentence = merge_sentence(part.data, blockers, checks_of(pull.head_sha, repository.runs.data or ()))
    console.line(f"      merge: {sentence}")


def _print_runs(runs: Iterable[Run], repository: RepositorySnapshot, console: Console, now: datetime) -> None:
    console.table([row for run in runs for row in _run_rows(run, repository, now)], indent=6, right=(2,))


def _newest_per_workflow(runs: list[Run]) -> tuple[Run, ...]:
    newest: dict[str, Run] = {}
    for run in sorted(runs, key=lambda one: (one.started_at, one.id), reverse=True):
        newest.setdefault(run.workflow_path or run.workflow_name, run)
    return tuple(newest.values())


def _look(state: State | None) -> Word:
    return NO_RUNS if state is None else STATES[state]


def _run_rows(run: Run, repository: RepositorySnapshot, now: datetime) -> list[list[Cell]]:
    part = repository.jobs.get(run.key)
    jobs = part.data if part is not None else None
    seconds = run_elapsed_seconds(run, jobs, now) if jobs is not None else None
    attempt = f"attempt {run.attempt}" if run.attempt > 1 else ""
    notes = [f"run {run.id}", attempt, _left(run, jobs, repository, now), run.event]
    rows: list[list[Cell]] = [
        [STATES[run.state], run.workflow_name, seconds_text(seconds), (", ".join(filter(None, notes)), DIM)]
    ]
    if run.state.is_active or run.state.is_red:
        shown = [job for job in jobs or () if job.state is not State.SKIPPED]
        rows += [
            [STATES[job.state], f"  {job.name}", seconds_text(elapsed_seconds(job, now)), _step(job)] for job in shown
        ]
    return rows


def _left(run: Run, jobs: tuple[Job, ...] | None, repository: RepositorySnapshot, now: datetime) -> str:
    if jobs is None or not run.state.is_active:
        return ""
    typical = typical_of_workflow(repository.typical, run.workflow_path)
    left = path_left(jobs, repository.files.get((run.workflow_path, run.head_sha)), typical, now)
    return "" if left is None else f"about {seconds_text(left.seconds)} left"


def _step(job: Job) -> Cell:
    """Returns the step that the job is at, or that broke it."""
    for step in job.steps:
        if step.state.is_red or step.state is State.IN_PROGRESS:
            return (step.name, RED if step.state.is_red else YELLOW)
    return ""


def _print_epic(snapshot: Snapshot, console: Console) -> None:
    part = snapshot.epic
    if part.state is SourceState.OFF:
        return
    epic = part.data
    if epic is None:
        console.heading("Epic", "unknown")
        console.line()
        return
    done = sum(child.is_done for child in epic.children)
    console.heading(
        f"{epic.ticket.key} {epic.ticket.summary}",
        ", ".join(filter(None, [f"{done}/{len(epic.children)} done", _age(part, snapshot.at)])),
    )
    rows: list[list[Cell]] = []
    for child in epic.children:
        category = CATEGORIES[child.status.category]
        pulls = [
            f"#{pull.number}"
            for one in snapshot.repositories
            for pull in pulls_of_ticket(child.key, one.pulls.data or ())
        ]
        status_cell = (f"{category.glyph} {child.status.name}", category.colour)
        rows.append([child.key, status_cell, " ".join(pulls[:3]), child.summary])
    console.table(rows)
    console.line()


def _age(part: Part[object], now: datetime) -> str:
    age = part.age_seconds(now)
    if part.state is SourceState.LIVE or age is None:
        return ""
    return f"{age_text(age)} old"
