"""What can be told of a job's caches when its log is gone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cidash.analysis.cache_inference import inferred_events
from cidash.analysis.cache_states import job_state
from cidash.domain.acting import StoredCache
from cidash.domain.cache import CacheState, JobCaches
from cidash.domain.ci import Job, Run, Step
from cidash.domain.repository import RepositoryId

START = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def step(number: int, name: str, start: int, end: int) -> Step:
    return Step(number, name, "completed", "success", at(start), at(end))


RUN = Run(
    RepositoryId("github.com", "octo", "hello"), 1, 1, 1, 1, "CI", "ci.yml", "t", "push", "main", "a" * 40,
    "completed", "success", START, START, START, "ada", "",
)  # fmt: skip
JOB = Job(
    10, 1, 1, "test", "completed", "success", START, START, at(100), (), None, "",
    (step(1, "Cache layers", 0, 3), step(2, "Build", 3, 60), step(3, "Post Cache layers", 60, 62)),
)  # fmt: skip


def entry(created: float, used: float, ref: str = "refs/heads/main") -> StoredCache:
    return StoredCache(1, "Linux-1", ref, 5, at(created), at(used))


def test_an_entry_made_during_the_job_is_a_miss_and_a_save() -> None:
    events = inferred_events(RUN, JOB, [entry(70, 70)])
    assert [(one.operation, one.outcome, one.key) for one in events] == [
        ("restore", "miss", "Linux-1"), ("save", "saved", "Linux-1"),
    ]  # fmt: skip
    caches = JobCaches(10, "gone", events)
    assert caches.inferred
    assert job_state(caches) is CacheState.MISS


def test_an_older_entry_used_during_the_job_was_restored_exactly_or_not() -> None:
    events = inferred_events(RUN, JOB, [entry(-900, 2)])
    assert [(one.outcome, one.restored_key) for one in events] == [("hit-or-partial", "Linux-1")]
    assert job_state(JobCaches(10, "gone", events)) is CacheState.UNKNOWN


def test_entries_of_other_refs_and_times_tell_nothing() -> None:
    assert inferred_events(RUN, JOB, [entry(70, 70, "refs/heads/other"), entry(-900, 900), entry(500, 500)]) == ()
    assert job_state(JobCaches(10, "gone")) is CacheState.UNKNOWN


def test_a_long_post_step_is_a_save() -> None:
    slow = replace(JOB, steps=(*JOB.steps[:2], step(3, "Post Cache layers", 60, 90)))
    (event,) = inferred_events(RUN, slow, [])
    assert (event.operation, event.outcome, event.duration_seconds) == ("save", "saved", 30)
    assert job_state(JobCaches(10, "gone", (event,))) is CacheState.UNKNOWN
