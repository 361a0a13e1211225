"""Target: a measure with a baseline, a limit and a verdict."""

from dataclasses import dataclass
from enum import StrEnum

from cidash.domain.cache import CacheState


class Verdict(StrEnum):
    """`not-proven`: measured, but the data does not decide. `unknown`: too little or nothing could be read."""

    MET = "met"
    MISSED = "missed"
    NOT_PROVEN = "not-proven"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Target:
    """What is measured and how good it has to be. Durations are seconds, shares are 0 to 1, counts are numbers."""

    id: str
    title: str
    measure: str
    """`run-duration`; `cache-saving` (how much faster a run is on a hit than without); or `control`."""
    workflow: str | None = None
    job: str | None = None
    step: str | None = None
    cache: CacheState | None = None
    """Only attempts whose cache is in this state count."""
    cache_name: str | None = None
    baseline: float | None = None
    limit: float | None = None
    unit: str = "seconds"
    """`seconds`, `percent` or `count`: how baseline, limit and value are shown."""
    baseline_text: str | None = None
    limit_text: str | None = None
    ticket: str | None = None
    percentile: int | None = None
    """Instead of the median: at least that share (in percent) of the runs has to be within the limit."""
    window: int = 20
    """How many of the newest comparable runs count."""


@dataclass(frozen=True, slots=True)
class TargetResult:
    """A target, what was measured for it now, and the verdict with its reason as one sentence."""

    target: Target
    verdict: Verdict
    reason: str
    n: int = 0
    value: float | None = None
    """The median of the n attempts (of a saving: the estimate), in the target's unit."""
    interval: tuple[float, float] | None = None
    within: int | None = None
    """How many of the n are within the limit."""
    share_interval: tuple[float, float] | None = None
    """Wilson interval of the share within the limit."""
    more_runs: int | None = None
    """About so many more runs of the same kind for a verdict; None when it is there, or runs alone won't bring it."""
    data: str | None = None
    """What was measured: which runs, of when, and what was left out."""
    runs: tuple[tuple[int, int], ...] = ()
    """(run id, attempt) of the n, newest first: the rows behind the number."""
