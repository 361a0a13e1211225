"""What can be selected in the Watch view, and which run is shown for it. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cidash.analysis.checks import event_class, newest_runs
from cidash.analysis.duration import run_elapsed_seconds
from cidash.analysis.links import tickets_of_pull
from cidash.domain.ci import Job, PullRequest, Run
from cidash.domain.command import Action, ActionState, Rerun
from cidash.domain.format import seconds_text
from cidash.domain.github_command import RunCommand
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import RepositorySnapshot, Snapshot
from cidash.domain.state import State, worst_state

Flow = tuple[str, str]
"""Workflow path and event class: what stays the same from one run to the next."""


class Kind(StrEnum):
    """What an item is."""

    PULL = "pull"
    BRANCH = "branch"
    """The default branch as a whole, where there is room for one line only."""
    WORKFLOW = "workflow"
    """One workflow on the default branch."""


@dataclass(frozen=True, slots=True)
class ItemKey:
    """Identity of an item; survives every refresh."""

    repository: RepositoryId
    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """Something with runs: a pull request's head commit, or the newest runs of the default branch."""

    key: ItemKey
    repository: RepositorySnapshot
    pull: PullRequest | None
    runs: tuple[Run, ...]
    """The runs that decide, by workflow name, so that a re-run does not shuffle them."""

    @property
    def state(self) -> State | None:
        """The state that sums up its runs; None without any, unknown while the runs have not been read."""
        if not self.are_runs_read:
            return State.UNKNOWN
        return worst_state([run.state for run in self.runs])

    @property
    def are_runs_read(self) -> bool:
        """Whether it is known which runs there are."""
        return self.repository.runs.data is not None

    @property
    def branch(self) -> str | None:
        """The branch it stands for."""
        return self.pull.branch if self.pull is not None else self.repository.default_branch

    def run_of(self, flow: Flow | None) -> Run | None:
        """Returns the run of that flow, else the one that matters most: going on, then red, then the newest."""
        for run in self.runs:
            if flow_of(run) == flow:
                return run
        newest_first = sorted(self.runs, key=lambda run: run.started_at, reverse=True)
        by_urgency = sorted(newest_first, key=lambda run: (not run.state.is_active, not run.state.is_red))
        return by_urgency[0] if by_urgency else None


def flow_of(run: Run) -> Flow:
    """Returns what the run has in common with its successors."""
    return (run.workflow_path or run.workflow_name, event_class(run.event))


def items_of(snapshot: Snapshot) -> tuple[Item, ...]:
    """Returns every item: of each repository the open pull requests, then the default branch and its workflows."""
    return tuple(item for repository in snapshot.repositories for item in _items(repository))


def _items(repository: RepositorySnapshot) -> Iterable[Item]:
    runs = repository.runs.data or ()
    for pull in repository.pulls.data or ():
        key = ItemKey(repository.id, Kind.PULL, str(pull.number))
        deciding = sorted(newest_runs(pull.head_sha, runs), key=lambda run: (run.workflow_name, run.event))
        yield Item(key, repository, pull, tuple(deciding))
    on_branch = default_branch_runs(repository)
    if on_branch and repository.default_branch is not None:
        yield Item(ItemKey(repository.id, Kind.BRANCH, repository.default_branch), repository, None, on_branch)
        for run in on_branch:
            name = run.workflow_path or run.workflow_name
            yield Item(ItemKey(repository.id, Kind.WORKFLOW, name), repository, None, (run,))


def default_branch_runs(repository: RepositorySnapshot) -> tuple[Run, ...]:
    """Returns the newest run of each workflow on the default branch, schedules included, by workflow name.

    A pull request from a fork's branch of the same name is not on it.
    """
    newest: dict[str, Run] = {}
    for run in repository.runs.data or ():
        if run.branch == repository.default_branch and event_class(run.event) != "pull_request":
            newest.setdefault(run.workflow_path or run.workflow_name, run)
    return tuple(sorted(newest.values(), key=lambda run: (run.event == "schedule", run.workflow_name)))


def jobs_of(repository: RepositorySnapshot, run: Run) -> tuple[Job, ...]:
    """Returns the jobs that are known of the run's attempt."""
    part = repository.jobs.get(run.key)
    return () if part is None or part.data is None else part.data


def jobs_of_attempt(repository: RepositorySnapshot | None, run_id: int, attempt: int) -> tuple[Job, ...]:
    """Returns the jobs that are known of an attempt of a run."""
    part = repository.jobs.get((run_id, attempt)) if repository is not None else None
    return () if part is None or part.data is None else part.data


def waiting_text(job: Job, now: datetime) -> str:
    """Returns what a job that has not started waits for, and how long it has: `ubuntu-latest 12s`."""
    if job.state is State.WAITING:
        what = "for approval"
    elif job.state is State.PENDING:
        what = "concurrency"
    else:
        what = " ".join(job.labels) or "a runner"
    seconds = None if job.created_at is None else max(0.0, (now - job.created_at).total_seconds())
    return what if seconds is None else f"{what} {seconds_text(seconds)}"


def item_seconds(item: Item, now: datetime) -> float | None:
    """Returns how long the longest of its runs takes or took, from executed jobs; None when that is not known."""
    known = [run_seconds(item.repository, run, now) for run in item.runs]
    return max((seconds for seconds in known if seconds is not None), default=None)


def run_seconds(repository: RepositorySnapshot, run: Run, now: datetime) -> float | None:
    """Returns how long the run's attempt takes or took; None when its jobs are not known."""
    jobs = jobs_of(repository, run)
    return run_elapsed_seconds(run, jobs, now) if jobs else None


def ticket_of(pull: PullRequest, projects: Iterable[str] | None) -> str | None:
    """Returns the first ticket that the pull request names."""
    return next(iter(tickets_of_pull(pull, projects)), None)


def title_of(pull: PullRequest, ticket: str | None) -> str:
    """Returns the pull request's title without the ticket key at its start, which has its own column."""
    if ticket is None:
        return pull.title
    short = re.sub(rf"^[\[(]?{re.escape(ticket)}[\])]?\s*[:\-–—]?\s*", "", pull.title, flags=re.IGNORECASE)
    return short or pull.title


def asked_about(actions: Iterable[Action], repository: RepositoryId, run_ids: Iterable[int]) -> Action | None:
    """Returns what was asked for one of these runs and has not been seen yet."""
    wanted = set(run_ids)
    for action in actions:
        command = action.command
        if action.state is not ActionState.ASKED or not isinstance(command, Rerun | RunCommand):
            continue
        run_id = command.run_id if isinstance(command, Rerun) else command.run.id
        if command.repository == repository and run_id in wanted:
            return action
    return None


def asked_rerun(actions: Iterable[Action], repository: RepositoryId, run_ids: Iterable[int]) -> Action | None:
    """Returns the re-run that was asked for one of these runs and has not been seen yet."""
    wanted = set(run_ids)
    for action in actions:
        command = action.command
        if action.state is not ActionState.ASKED or not isinstance(command, Rerun):
            continue
        if command.repository == repository and command.run_id in wanted:
            return action
    return None
