"""What besides the code differs between the two sides of a comparison, or is not known."""

from collections import Counter
from collections.abc import Iterable, Sequence

from cidash.analysis.comparability import event_class
from cidash.domain.cache import CacheState
from cidash.domain.ci import Attempt
from cidash.domain.comparison import Conditions, Confounder

_MOST_OF = 2 / 3
_WEEKDAY_GAP = 0.5
_LEAST_FOR_DAYS = 4


def confounders(
    base: Conditions | None,
    head: Conditions | None,
    base_runs: Sequence[Attempt],
    head_runs: Sequence[Attempt],
    *,
    divided_by_cache: bool = False,
) -> tuple[Confounder, ...]:
    """Returns the confounders, those first that forbid a verdict; none when a side has no runs."""
    if base is None or head is None:
        return ()
    found = [*_forbidding(base, head), *_file(base, head), *_jobs(base, head)]
    if not divided_by_cache:
        found += _cache(base, head)
    found += _days(base_runs, head_runs)
    return tuple(sorted(found, key=lambda one: not one.blocks))


def _forbidding(base: Conditions, head: Conditions) -> Iterable[Confounder]:
    if base.event != head.event:
        other = event_class(base.event) != event_class(head.event)
        sentence = f"The events differ: {base.event} in base, {head.event} in head."
        yield Confounder("event", sentence, blocks=other)
    if base.labels != head.labels:
        sentence = f"The runner labels differ: {_list(base.labels)} in base, {_list(head.labels)} in head."
        yield Confounder("runner-labels", sentence, blocks=True)


def _file(base: Conditions, head: Conditions) -> Iterable[Confounder]:
    if base.workflow_blob is None or head.workflow_blob is None:
        yield Confounder("workflow-file", "Whether the workflow file differs is unknown.", known=False)
    elif base.workflow_blob != head.workflow_blob:
        change = f"{base.workflow_blob[:7]} in base, {head.workflow_blob[:7]} in head"
        yield Confounder("workflow-file", f"The workflow file differs: {change}.")


def _jobs(base: Conditions, head: Conditions) -> Iterable[Confounder]:
    if base.jobs != head.jobs:
        more, fewer = set(head.jobs) - set(base.jobs), set(base.jobs) - set(head.jobs)
        parts = [f"only head runs {_list(sorted(more))}"] if more else []
        parts += [f"only base runs {_list(sorted(fewer))}"] if fewer else []
        yield Confounder("jobs", f"The jobs differ: {', '.join(parts)}.")


def _cache(base: Conditions, head: Conditions) -> Iterable[Confounder]:
    if CacheState.UNKNOWN in (base.cache, head.cache):
        yield Confounder("cache", "Whether the cache state differs is unknown: logs were not read.", known=False)
    elif base.cache is not head.cache:
        yield Confounder("cache", f"The cache state differs: {base.cache} in base, {head.cache} in head.")


def _days(base: Sequence[Attempt], head: Sequence[Attempt]) -> Iterable[Confounder]:
    for name, runs in (("base", base), ("head", head)):
        if len(runs) >= _LEAST_FOR_DAYS:
            day, most = Counter(one.run.started_at.date() for one in runs).most_common(1)[0]
            if most / len(runs) >= _MOST_OF:
                sentence = f"{most} of {len(runs)} {name} runs are from one day ({day.isoformat()})."
                yield Confounder("one-day", sentence)
    if min(len(base), len(head)) >= _LEAST_FOR_DAYS and _gap(base, head) >= _WEEKDAY_GAP:
        yield Confounder("weekdays", "The weekdays differ: the sides ran on other days of the week.")


def _gap(base: Sequence[Attempt], head: Sequence[Attempt]) -> float:
    """Returns the share of runs that would have to move to other weekdays for both sides to have the same mix."""
    shares = [Counter(one.run.started_at.weekday() for one in runs) for runs in (base, head)]
    return sum(abs(shares[0][day] / len(base) - shares[1][day] / len(head)) for day in range(7)) / 2


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(names[:4]) or "none"
    return f"{shown} and {len(names) - 4} more" if len(names) > 4 else shown
