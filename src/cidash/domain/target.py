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
    """`run-duration`; the measures fed by controls are `unknown` until those exist."""
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


@dataclass(frozen=True, slots=True)
class TargetResult:
    """A target, what was measured for it now, and the verdict with its reason as one sentence."""

    target: Target
    verdict: Verdict
    reason: str
    n: int = 0
    value: float | None = None
    """The median of the n attempts, in the target's unit."""
    interval: tuple[float, float] | None = None
    within: int | None = None
    """How many of the n are within the limit."""
