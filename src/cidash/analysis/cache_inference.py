"""What can be inferred of a job's caches when its log is gone: from the stored entries and the times of its steps.

This is weaker evidence than a log, and marked so wherever it is shown: another run may have used the entry meanwhile.
"""

import re
from collections.abc import Iterable
from datetime import timedelta

from cidash.analysis.duration import step_seconds
from cidash.domain.acting import StoredCache
from cidash.domain.cache import CacheEvent
from cidash.domain.ci import Job, Run, Step

_CACHE_STEP = re.compile(r"\bcache\b", re.IGNORECASE)
_SAVES = re.compile(r"Post (?P<title>.+)")
_LATE = timedelta(seconds=10)
"""An entry is listed a moment after its upload ended."""
LONG_POST_SECONDS = 5.0
"""A post step of a cache that takes longer than this has uploaded something."""
TOOL = "actions/cache"


def inferred_events(run: Run, job: Job, entries: Iterable[StoredCache]) -> tuple[CacheEvent, ...]:
    """Returns the events that the job's log would probably have told.

    An entry of the run's own ref that was created while the job ran: a miss and a save. An older one that was last used
    while the job ran: restored, exact or not. Neither, but a cache step whose post step took long: a save.
    """
    if job.started_at is None or job.completed_at is None:
        return ()
    pairs = _cache_steps(job.steps)
    title = pairs[0][0].name if len(pairs) == 1 else None
    name = f"{TOOL}: {title}" if title else TOOL
    refs = _refs_of(run)
    end = job.completed_at + _LATE
    found: list[CacheEvent] = []
    for entry in entries:
        if entry.key.startswith(("buildkit-blob-", "index-")) or entry.created_at is None:
            continue
        if entry.ref in refs and job.started_at <= entry.created_at <= end:
            post = f"Post {title}" if title else None
            found.append(CacheEvent(TOOL, "actions", "restore", "miss", title, name, key=entry.key))
            found.append(CacheEvent(TOOL, "actions", "save", "saved", post, name, entry.key, None, entry.size_bytes))
        elif (
            pairs
            and entry.last_accessed_at is not None
            and entry.created_at < job.started_at <= entry.last_accessed_at <= job.completed_at
        ):
            found.append(
                CacheEvent(TOOL, "actions", "restore", "hit-or-partial", title, name, None, entry.key, entry.size_bytes)
            )
    if not found:
        found = [
            CacheEvent(TOOL, "actions", "save", "saved", post.name, f"{TOOL}: {step.name}", duration_seconds=seconds)
            for step, post in pairs
            if (seconds := step_seconds(post)) is not None and seconds >= LONG_POST_SECONDS
        ]
    return tuple(found)


def _cache_steps(steps: Iterable[Step]) -> list[tuple[Step, Step]]:
    """Returns the steps that cache, by their names, each with its post step."""
    by_name = {step.name: step for step in steps}
    found = []
    for name, post in by_name.items():
        match = _SAVES.fullmatch(name)
        step = by_name.get(match["title"]) if match else None
        if step is not None and _CACHE_STEP.search(step.name):
            found.append((step, post))
    return found


def _refs_of(run: Run) -> frozenset[str]:
    """Returns the refs under which the run may have stored entries."""
    refs = {f"refs/pull/{number}/merge" for number in run.pull_requests}
    if run.branch:
        refs |= {f"refs/heads/{run.branch}", f"refs/tags/{run.branch}"}
    return frozenset(refs)
