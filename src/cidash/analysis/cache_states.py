"""From a job's cache events to states: the worst of the job, that of each named cache, that of each step."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from fnmatch import fnmatchcase

from cidash.analysis.cachelog import NamedCache, states_of
from cidash.domain.cache import CacheEvent, CacheState, JobCaches, worst_cache_state
from cidash.domain.ci import Job

_SECOND = timedelta(seconds=1)


def job_state(caches: JobCaches) -> CacheState:
    """Returns the worst state among the job's caches.

    A log that was read to its end without an event gives `unused`; one that is empty, gone or cut before any event
    gives `unknown`.
    """
    if caches.events:
        return worst_cache_state([one.state for one in states_of(caches.events)])
    return CacheState.UNUSED if caches.log == "complete" else CacheState.UNKNOWN


def named(caches: JobCaches, names: Mapping[str, str]) -> JobCaches:
    """Returns the job's events with the names that the configuration gives, by a pattern of name, step or key."""
    if not names or not caches.events:
        return caches
    groups: dict[tuple[str, str], list[CacheEvent]] = {}
    for event in caches.events:
        groups.setdefault((event.cache, event.family), []).append(event)
    new = {group: _name_of(events, names) for group, events in groups.items()}
    events = tuple(replace(one, cache=new[one.cache, one.family] or one.cache) for one in caches.events)
    return replace(caches, events=events)


def _name_of(events: Iterable[CacheEvent], names: Mapping[str, str]) -> str | None:
    texts = {text for event in events for text in (event.cache, event.step, event.key) if text}
    return next((new for pattern, new in names.items() if any(fnmatchcase(text, pattern) for text in texts)), None)


def cache_states(caches: JobCaches) -> tuple[NamedCache, ...]:
    """Returns each named cache of the job with its state; a docker build without any cache is none.

    A build that neither imports nor exports and finds nothing cached has no cache that could hit or miss.
    """
    wired = {event.cache for event in caches.events if event.operation in {"import", "export"}}
    return tuple(
        one
        for one in states_of(caches.events)
        if one.family != "docker" or one.cache in wired or one.state in {CacheState.HIT, CacheState.PARTIAL}
    )


def step_states(job: Job, caches: JobCaches) -> dict[int, CacheState]:
    """Returns by step number the worst state of the caches that the step restored, built with or counted.

    The log does not know the names that the API gives steps: an event belongs to the step during which it was written,
    and where seconds leave two, to the one with its title, else to the later one. A save alone marks no step, unless
    it failed.
    """
    found: dict[int, list[CacheEvent]] = {}
    for event, at in zip(caches.events, caches.times, strict=False):
        if at is None or (event.operation == "save" and event.outcome != "failed"):
            continue
        able = [
            step
            for step in job.steps
            if step.started_at is not None
            and step.completed_at is not None
            and step.started_at <= at <= step.completed_at + _SECOND
        ]
        titled = [step for step in able if step.name == event.step]
        inside = [step for step in able if step.completed_at is not None and at <= step.completed_at]
        chosen = titled or inside or able
        if chosen:
            found.setdefault(chosen[-1].number, []).append(event)
    return {number: worst_cache_state([one.state for one in states_of(events)]) for number, events in found.items()}
