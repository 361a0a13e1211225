"""Whether a commit is green: from the runs that are pinned to it."""

from collections.abc import Iterable

from cidash.domain.ci import Run
from cidash.domain.state import State, worst_state


def event_class(event: str) -> str:
    """Returns the event's class: both pull request events are one, every other event is its own."""
    return "pull_request" if event in {"pull_request", "pull_request_target"} else event


def newest_runs(head_sha: str, runs: Iterable[Run]) -> tuple[Run, ...]:
    """Returns the runs that decide about that commit, newest first: of each workflow and event class the newest one.

    Newest is what started last: an older run that was re-run later counts before a younger one.
    """
    newest: dict[tuple[str, str], Run] = {}
    for run in runs:
        if run.head_sha != head_sha:
            continue
        key = (run.workflow_path or run.workflow_name, event_class(run.event))
        known = newest.get(key)
        if known is None or _order(run) > _order(known):
            newest[key] = run
    return tuple(sorted(newest.values(), key=_order, reverse=True))


def checks_of(head_sha: str, runs: Iterable[Run], expected: Iterable[str] = ()) -> State | None:
    """Returns the worst state of the runs that decide about that commit, or None when there is none.

    Args:
        head_sha: the commit.
        runs: any runs; those of other commits are passed over.
        expected: names or paths of workflows that have to report; one that has not counts as pending.
    """
    deciding = newest_runs(head_sha, runs)
    reported = {name for run in deciding for name in (run.workflow_name, run.workflow_path)}
    missing = [State.PENDING for name in expected if name not in reported]
    return worst_state([*(run.state for run in deciding), *missing])


def _order(run: Run) -> tuple[object, int, int]:
    return (run.started_at, run.id, run.attempt)
