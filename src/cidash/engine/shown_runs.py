"""Which runs the screen needs jobs of, and how lists of runs are merged. Pure."""

from collections.abc import Iterable

from cidash.domain.ci import Run
from cidash.domain.snapshot import RepositorySnapshot

HEADS_AT_ONCE = 10


def merged_runs(listed: Iterable[Run], others: Iterable[Run]) -> tuple[Run, ...]:
    """Returns the runs of both, each once, newest first.

    A list may lag behind a run that was read by itself: the higher attempt wins, then the later change.
    """
    newest: dict[int, Run] = {}
    for run in (*listed, *others):
        known = newest.get(run.id)
        if known is None or (run.attempt, run.updated_at) > (known.attempt, known.updated_at):
            newest[run.id] = run
    return tuple(sorted(newest.values(), key=lambda run: (run.created_at, run.id), reverse=True))


def shown_runs(repository: RepositorySnapshot, selected: Run | None) -> tuple[Run, ...]:
    """Returns the runs whose jobs are wanted, the selected one first.

    These are the newest run of each workflow on every pull request head and on the default branch, and whatever
    still goes on.
    """
    wanted: dict[int, Run] = {selected.id: selected} if selected else {}
    heads = {pull.head_sha for pull in repository.pulls.data or ()}
    seen: set[tuple[str, str, str]] = set()
    for run in repository.runs.data or ():
        place: tuple[str, str] | None = None
        if run.head_sha in heads:
            place = ("head", run.head_sha)
        elif run.branch == repository.default_branch and run.event != "pull_request":
            place = ("branch", run.branch or "")
        is_newest = place is not None and (*place, run.workflow_path) not in seen
        if place is not None:
            seen.add((*place, run.workflow_path))
        if is_newest or run.state.is_active:
            wanted.setdefault(run.id, run)
    return tuple(wanted.values())


def missing_heads(repository: RepositorySnapshot) -> tuple[str, ...]:
    """Returns the head commits of open pull requests that no known run belongs to, newest pull request first."""
    known = {run.head_sha for run in repository.runs.data or ()}
    heads = dict.fromkeys(pull.head_sha for pull in repository.pulls.data or () if pull.head_sha not in known)
    return tuple(heads)[:HEADS_AT_ONCE]
