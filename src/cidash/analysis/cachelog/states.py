"""The one state of each named cache, from its events (design section 8)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cidash.domain.cache import CacheEvent, CacheState

if TYPE_CHECKING:
    from cidash.analysis.cachelog.reader import LogReading

_RESTORED = {
    "hit": CacheState.HIT,
    "partial": CacheState.PARTIAL,
    "miss": CacheState.MISS,
    "failed": CacheState.BROKEN,
    "hit-or-partial": CacheState.UNKNOWN,
    "unknown": CacheState.UNKNOWN,
}
_WORST_FIRST = (CacheState.BROKEN, CacheState.UNKNOWN, CacheState.MISS, CacheState.PARTIAL, CacheState.HIT)


@dataclass(frozen=True, slots=True)
class NamedCache:
    """A cache of a job and its state in that attempt."""

    cache: str
    family: str
    state: CacheState


def states(reading: "LogReading") -> tuple[NamedCache, ...]:
    """Returns each named cache of a reading with its state, in the order in which the caches appear."""
    return states_of(reading.events)


def states_of(events: Iterable[CacheEvent]) -> tuple[NamedCache, ...]:
    """Returns each named cache of these events with its state, in the order in which the caches appear."""
    groups: dict[tuple[str, str], list[CacheEvent]] = {}
    for event in events:
        groups.setdefault((event.cache, event.family), []).append(event)
    return tuple(NamedCache(cache, family, _state(family, group)) for (cache, family), group in groups.items())


def _state(family: str, events: list[CacheEvent]) -> CacheState:
    if family == "actions":
        return _of_restores(events)
    if family == "docker":
        return _of_builds(events)
    return _of_counts(sum(e.hits or 0 for e in events), sum(e.misses or 0 for e in events))


def _of_restores(events: list[CacheEvent]) -> CacheState:
    found = [_RESTORED[event.outcome] for event in events if event.operation == "restore"]
    saves = {event.outcome for event in events if event.operation == "save"}
    if not found:
        if "failed" in saves:
            return CacheState.BROKEN
        if any(event.restored_key for event in events):
            return CacheState.HIT
        return CacheState.UNUSED if saves == {"skipped"} else CacheState.UNKNOWN
    worst = next(state for state in _WORST_FIRST if state in found)
    if worst is CacheState.MISS and "failed" in saves:
        return CacheState.BROKEN
    return worst


def _of_builds(events: list[CacheEvent]) -> CacheState:
    builds = [event for event in events if event.operation == "build"]
    total = sum(event.steps_total or 0 for event in builds)
    cached = sum(event.steps_cached or 0 for event in builds)
    refused = any(event.operation == "export" and event.outcome == "failed" for event in events)
    if cached == 0 and refused:
        return CacheState.BROKEN
    if total == 0:
        return CacheState.UNUSED if builds else CacheState.UNKNOWN
    return _of_counts(cached, total - cached)


def _of_counts(hits: int, misses: int) -> CacheState:
    if hits == 0 and misses == 0:
        return CacheState.UNUSED
    if misses == 0:
        return CacheState.HIT
    return CacheState.PARTIAL if hits else CacheState.MISS
