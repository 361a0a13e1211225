"""Cache events in the history: exact round trips, replacement, and what an older file held."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cidash.domain.cache import CacheEvent, CacheState, JobCaches
from cidash.domain.repository import RepositoryId
from cidash.history import schema
from cidash.history.store import History

REPOSITORY = RepositoryId("github.com", "octo", "hello")
API = "https://api.github.com"
EVENT = CacheEvent(
    "actions/cache", "actions", "restore", "partial", "Run a", "c", "k", "k0", 2**40, 0.5, 7, None, None, 3, 8
)
AT = datetime(2026, 2, 1, 9, 0, 3, tzinfo=UTC)


def test_events_come_back_as_they_were(history: History) -> None:
    part = history.repository(API, REPOSITORY)
    told = JobCaches(1, "cut", (EVENT, EVENT), (AT, None))
    part.save_job_caches(told, CacheState.PARTIAL)
    part.save_job_caches(JobCaches(2, "complete"), CacheState.UNUSED)
    assert part.job_caches([1, 2, 3]) == {1: told, 2: JobCaches(2, "complete")}
    assert part.cache_states([1, 2, 3]) == {1: CacheState.PARTIAL, 2: CacheState.UNUSED}
    assert history.repository(API, RepositoryId("github.com", "octo", "other")).job_caches([1]) == {}


def test_saved_again_the_newer_replaces_the_older(history: History) -> None:
    part = history.repository(API, REPOSITORY)
    part.save_job_caches(JobCaches(1, "complete", (EVENT, EVENT), (AT, AT)), CacheState.PARTIAL)
    part.save_job_caches(JobCaches(1, "gone"), CacheState.UNKNOWN)
    assert part.job_caches([1]) == {1: JobCaches(1, "gone")}


def test_states_of_an_older_version_are_read_again(path: Path, opened: Callable[[], History]) -> None:
    history = opened()
    history.repository(API, REPOSITORY).save_cache_states({1: CacheState.HIT})
    history.close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE cache_events")
        connection.execute("ALTER TABLE cache_states DROP COLUMN log")
        connection.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) - 1}")
    connection.close()
    part = opened().repository(API, REPOSITORY)
    assert part.cache_states([1]) == {}
    part.save_job_caches(JobCaches(1, "complete", (EVENT,), (AT,)), CacheState.PARTIAL)
    assert part.job_caches([1])[1].events == (EVENT,)
