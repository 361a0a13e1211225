"""What the logs tell of caches: events seen, and the one state that a named cache has in an attempt."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CacheState(StrEnum):
    """State of a named cache in one attempt; `unknown` means that there was no log to read."""

    HIT = "hit"
    PARTIAL = "partial"
    MISS = "miss"
    BROKEN = "broken"
    UNUSED = "unused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CacheEvent:
    """One restore or save seen in a job log. Absent things are None; `line` counts from 1."""

    tool: str
    family: str
    """`actions`, `docker`, `compiler` or `task`: never mixed in one rate."""
    operation: str
    outcome: str
    step: str | None
    cache: str
    key: str | None = None
    restored_key: str | None = None
    size_bytes: int | None = None
    duration_seconds: float | None = None
    line: int | None = None
    hits: int | None = None
    misses: int | None = None
    steps_cached: int | None = None
    steps_total: int | None = None


@dataclass(frozen=True, slots=True)
class JobCaches:
    """What is known of the caches of one job."""

    job_id: int
    log: str
    """`complete`, `cut` or `empty`; `gone` when it can't be had any more."""
    events: tuple[CacheEvent, ...] = ()
    times: tuple[datetime | None, ...] = ()
    """When each event was written, to the second."""

    @property
    def inferred(self) -> bool:
        """Whether the events come from entries and step times, because the log is gone."""
        return self.log == "gone" and bool(self.events)


_WORST_FIRST = (CacheState.BROKEN, CacheState.MISS, CacheState.PARTIAL, CacheState.HIT, CacheState.UNUSED)


def worst_cache_state(states: "list[CacheState] | tuple[CacheState, ...]") -> CacheState:
    """Returns the arm of an attempt: unknown if any state is unknown or there is none, else the worst of them."""
    if not states or CacheState.UNKNOWN in states:
        return CacheState.UNKNOWN
    return next(state for state in _WORST_FIRST if state in states)
