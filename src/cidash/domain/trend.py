"""Trend: the last runs of a workflow as bars, the levels they lie on, and the commits where the level changed."""

from dataclasses import dataclass
from datetime import datetime

from cidash.domain.state import State


@dataclass(frozen=True, slots=True)
class Bar:
    """One run of the strip. `segment` is None for runs that don't count (not a comparable success)."""

    run_id: int
    attempt: int
    number: int
    started_at: datetime
    seconds: float | None
    state: State
    head_sha: str
    title: str
    url: str
    segment: int | None = None
    outlier: bool = False
    """Far from its level's median. It is marked, never called a regression."""


@dataclass(frozen=True, slots=True)
class Level:
    """A stretch of runs between two changes; `start` and `end` are places in the strip, `end` not included."""

    start: int
    end: int
    n: int
    median_seconds: float
    interval_seconds: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class LevelChange:
    """Where the level changed, named by the first run on the new one."""

    place: int
    """Of the bar in the strip."""
    before_seconds: float
    after_seconds: float
    ratio: float
    p_value: float
    head_sha: str
    pull: int | None
    """The pull request that the commit's title names."""
    title: str
    workflow_file_changed: bool | None
    """None when it is not known."""


@dataclass(frozen=True, slots=True)
class Trend:
    """The strip, oldest first."""

    bars: tuple[Bar, ...]
    levels: tuple[Level, ...]
    changes: tuple[LevelChange, ...]
    file_changes: tuple[int, ...]
    """Places of the first runs with another workflow file."""
    drift_per_run: float | None = None
    """Relative change per run (Theil-Sen), when its interval excludes 0 and there is no change of level."""
    drift_interval: tuple[float, float] | None = None
    n: int = 0
    """Runs that count."""
