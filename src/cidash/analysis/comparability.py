"""Which runs may stand in one sample: the same workflow file, event, jobs, runners and cache state, and success."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from cidash.analysis.duration import executed_jobs
from cidash.domain.cache import CacheState, worst_cache_state
from cidash.domain.ci import Attempt, Run
from cidash.domain.comparison import Conditions
from cidash.domain.state import State

WINDOW = 20
"""How many of the newest comparable runs make a sample."""

_CHANGE = frozenset({"push", "pull_request", "pull_request_target", "merge_group"})
_REASONS = (
    ("workflow_path", "another workflow"),
    ("event", "another event"),
    ("workflow_blob", "another or unknown workflow file"),
    ("jobs", "other jobs"),
    ("labels", "other runner labels"),
    ("cache", "another or unknown cache state"),
)


def event_class(event: str) -> str:
    """Returns `change` for runs that a change of the code starts (a push, a pull request), else the event itself.

    Where a workflow runs for pushes to the default branch and for pull requests, which is the usual set-up, a branch
    could otherwise never be held against its base.
    """
    return "change" if event in _CHANGE else event


def is_of_workflow(run: Run, workflow: str) -> bool:
    """Returns whether the workflow has that name, path or file name."""
    return workflow in {run.workflow_name, run.workflow_path, run.workflow_path.rpartition("/")[2]}


def is_clean(attempt: Attempt) -> bool:
    """Returns whether it is a successful first attempt."""
    return attempt.run.attempt == 1 and attempt.run.state is State.SUCCESS


def cache_arm(attempt: Attempt, caches: Mapping[int, CacheState]) -> CacheState:
    """Returns the attempt's cache state: the worst among its executed jobs, unknown if that of any is."""
    return worst_cache_state([caches.get(job.id, CacheState.UNKNOWN) for job in executed_jobs(attempt)])


def conditions_of(attempt: Attempt, caches: Mapping[int, CacheState]) -> Conditions:
    """Returns the conditions that the attempt ran under, as far as they are known."""
    jobs = executed_jobs(attempt)
    return Conditions(
        workflow_path=attempt.run.workflow_path,
        event=attempt.run.event,
        workflow_blob=attempt.run.workflow_blob,
        jobs=tuple(sorted({job.name for job in jobs})),
        labels=tuple(sorted({label for job in jobs for label in job.labels})),
        cache=cache_arm(attempt, caches),
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """Attempts that ran under the same conditions, newest first, and how many were left out for which reason."""

    conditions: Conditions | None
    attempts: tuple[Attempt, ...]
    left_out: tuple[tuple[str, int], ...]


def newest_first(attempts: Iterable[Attempt]) -> list[Attempt]:
    """Returns the attempts by their start, newest first."""
    return sorted(attempts, key=lambda one: (one.run.started_at, one.run.id, one.run.attempt), reverse=True)


def choose(
    attempts: Iterable[Attempt],
    caches: Mapping[int, CacheState],
    least: int,
    *,
    like: Conditions | None = None,
    any_cache: bool = False,
    window: int = WINDOW,
) -> Choice:
    """Returns the sample: of the conditions under which at least `least` ran, those of the newest run.

    Where none has as many, the most frequent ones.

    Args:
        attempts: candidates, in any order.
        caches: worst cache state by job id.
        least: how many are wanted for a verdict.
        like: conditions of the other side: those with its event class and runner labels go first, and of several
            with enough runs those with its very event.
        window: at most so many.
        any_cache: whether the cache state is no condition, because the caller has divided by it.
    """
    groups = _groups(newest_first(attempts), caches, any_cache=any_cache)
    if not groups:
        return Choice(None, (), ())
    places = {conditions: place for place, conditions in enumerate(groups)}

    def worth(conditions: Conditions) -> tuple[bool, int, bool, int]:
        same_event = like is None or conditions.event == like.event
        return (agree(conditions, like), min(len(groups[conditions]), least), same_event, -places[conditions])

    best = max(groups, key=worth)
    taken = groups[best][:window]
    left: Counter[str] = Counter()
    for conditions, members in groups.items():
        if conditions != best:
            left[_reason(conditions, best)] += len(members)
    if len(groups[best]) > window:
        left[f"older than the newest {window}"] += len(groups[best]) - window
    return Choice(best, tuple(taken), tuple(left.most_common()))


def _groups(
    ordered: Iterable[Attempt], caches: Mapping[int, CacheState], *, any_cache: bool
) -> dict[Conditions, list[Attempt]]:
    """Returns attempts by conditions, in the order of the newest of each.

    Runs whose workflow file is unknown stand with those of the one known file, which then counts as unknown. Where
    several files are known they stand apart: they could belong to either.
    """
    exact: dict[Conditions, list[Attempt]] = {}
    for attempt in ordered:
        found = conditions_of(attempt, caches)
        exact.setdefault(replace(found, cache=CacheState.UNKNOWN) if any_cache else found, []).append(attempt)
    files: dict[Conditions, set[str | None]] = {}
    for conditions in exact:
        files.setdefault(replace(conditions, workflow_blob=None), set()).add(conditions.workflow_blob)
    groups: dict[Conditions, list[Attempt]] = {}
    for conditions, members in exact.items():
        anonymous = replace(conditions, workflow_blob=None)
        mixed = None in files[anonymous] and len(files[anonymous]) == 2
        groups.setdefault(anonymous if mixed else conditions, []).extend(members)
    return {conditions: newest_first(members) for conditions, members in groups.items()}


def agree(one: Conditions, other: Conditions | None) -> bool:
    """Returns whether two sides may be judged against each other: same event class and runner labels."""
    return other is None or (event_class(one.event) == event_class(other.event) and one.labels == other.labels)


def _reason(conditions: Conditions, best: Conditions) -> str:
    return next(
        (words for name, words in _REASONS if getattr(conditions, name) != getattr(best, name)), "other conditions"
    )


def workflows_of(attempts: Sequence[Attempt]) -> Counter[tuple[str, str]]:
    """Returns how many of the attempts each workflow has, by (path, name)."""
    return Counter((one.run.workflow_path, one.run.workflow_name) for one in attempts)
