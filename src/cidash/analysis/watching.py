"""When a watched commit is done, and whether it is green: never before everything expected has reported."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cidash.analysis.checks import event_class, newest_runs
from cidash.domain.ci import Run
from cidash.domain.state import State

REPORT_WITHIN = timedelta(seconds=120)
"""How long after a commit's first run (or after the commit was first seen) an expected workflow may begin."""
SETTLE = timedelta(seconds=20)
"""How long after its first run a commit is waited for where nothing tells what to expect."""


class Outcome(StrEnum):
    """What a watch ends with."""

    GREEN = "green"
    RED = "red"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Decision:
    """An outcome, or None while it is too early, and why."""

    outcome: Outcome | None
    reason: str


def expected_workflows(head_sha: str, events: Iterable[str], runs: Iterable[Run]) -> frozenset[str]:
    """Returns the paths of the workflows that ran on the commit before, for these classes of events.

    Args:
        head_sha: the commit that is watched.
        events: such as `pull_request` or `push`.
        runs: runs of the same branch, in any order.
    """
    classes = {event_class(event) for event in events}
    others = [run for run in runs if run.head_sha != head_sha and event_class(run.event) in classes]
    if not others:
        return frozenset()
    before = max(others, key=lambda run: (run.created_at, run.id)).head_sha
    return frozenset(run.workflow_path or run.workflow_name for run in others if run.head_sha == before)


def decide(head_sha: str, runs: Sequence[Run], expected: frozenset[str], seen_at: datetime, now: datetime) -> Decision:
    """Returns whether the commit's runs are done and how they ended.

    Args:
        head_sha: the commit that is watched.
        runs: runs of it, and any others.
        expected: paths of workflows that have to report.
        seen_at: when the commit was first seen.
        now: the present moment.
    """
    deciding = newest_runs(head_sha, runs)
    since = min([run.created_at for run in deciding], default=seen_at)
    missing = sorted(expected - {run.workflow_path or run.workflow_name for run in deciding})
    age = now - since
    active = [run.workflow_name for run in deciding if run.state.is_active]
    if active:
        return Decision(None, f"{_listed(active)} still going on")
    if missing and age < REPORT_WITHIN:
        return Decision(None, f"waiting for {_listed(missing)} to report")
    if not deciding:
        early = age < REPORT_WITHIN
        return Decision(None if early else Outcome.UNKNOWN, "no run of this commit" + (" yet" if early else ""))
    ending = _ending(deciding, missing)
    if ending.outcome is Outcome.GREEN and not expected and age < SETTLE:
        return Decision(None, "waiting for further runs")
    return ending


def _ending(runs: Sequence[Run], missing: Sequence[str]) -> Decision:
    red = [run.workflow_name for run in runs if run.state.is_red]
    if red:
        return Decision(Outcome.RED, f"{_listed(red)} did not pass")
    if missing:
        return Decision(Outcome.UNKNOWN, f"{_listed(missing)} ran on the commit before, but not on this one")
    strange = [run.workflow_name for run in runs if run.state is State.UNKNOWN]
    if strange:
        return Decision(Outcome.UNKNOWN, f"{_listed(strange)} ended in a way that is not known")
    return Decision(Outcome.GREEN, f"{len(runs)} workflow{'' if len(runs) == 1 else 's'} passed")


def worst_outcome(outcomes: Iterable[Outcome]) -> Outcome:
    """Returns red before unknown before green; unknown for none."""
    found = set(outcomes)
    return next((one for one in (Outcome.RED, Outcome.UNKNOWN, Outcome.GREEN) if one in found), Outcome.UNKNOWN)


def _listed(names: Sequence[str]) -> str:
    shown = [name.rpartition("/")[2] for name in dict.fromkeys(names)]
    return ", ".join(shown[:5]) + (f" and {len(shown) - 5} more" if len(shown) > 5 else "")
