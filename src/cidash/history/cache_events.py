"""Writing and reading cache events by job, inside a transaction that the caller has begun."""

import sqlite3
from collections.abc import Collection

from cidash.domain.cache import CacheEvent, CacheState, JobCaches
from cidash.history import rows
from cidash.history.attempts import batches, marks

_FIELDS = tuple(CacheEvent.__dataclass_fields__)
_COLUMNS = ", ".join(_FIELDS)
_INSERT = (
    f"INSERT INTO cache_events (repository, job_id, position, at, {_COLUMNS}) VALUES {marks(range(len(_FIELDS) + 4))}"  # noqa: S608 - fixed words only
)


def write_job_caches(
    connection: sqlite3.Connection, repository: int, caches: JobCaches, state: CacheState, read_at: int
) -> None:
    """Writes a job's events and its worst state in place of what was kept of them."""
    key = (repository, caches.job_id)
    connection.execute("DELETE FROM cache_events WHERE repository = ? AND job_id = ?", key)
    connection.execute(
        "INSERT OR REPLACE INTO cache_states (repository, job_id, state, read_at, log) VALUES (?, ?, ?, ?, ?)",
        (*key, state.value, read_at, caches.log),
    )
    times = (*caches.times, *(None,) * len(caches.events))
    connection.executemany(
        _INSERT,
        [
            (*key, position, rows.optional_micros(at), *(getattr(event, name) for name in _FIELDS))
            for position, (event, at) in enumerate(zip(caches.events, times, strict=False))
        ],
    )


def read_job_caches(connection: sqlite3.Connection, repository: int, job_ids: Collection[int]) -> dict[int, JobCaches]:
    """Returns what is kept of those jobs, by job id."""
    found: dict[int, JobCaches] = {}
    for batch in batches(job_ids):
        logs = dict(
            connection.execute(
                "SELECT job_id, log FROM cache_states"  # noqa: S608 - placeholders only
                f" WHERE repository = ? AND log IS NOT NULL AND job_id IN {marks(batch)}",
                (repository, *batch),
            )
        )
        events: dict[int, list[CacheEvent]] = {job_id: [] for job_id in logs}
        times: dict[int, list[int | None]] = {job_id: [] for job_id in logs}
        for job_id, at, *values in connection.execute(
            f"SELECT job_id, at, {_COLUMNS} FROM cache_events"  # noqa: S608 - fixed words and placeholders only
            f" WHERE repository = ? AND job_id IN {marks(batch)} ORDER BY job_id, position",
            (repository, *batch),
        ):
            if job_id in events:
                events[job_id].append(CacheEvent(*values))
                times[job_id].append(at)
        for job_id, log in logs.items():
            moments = tuple(rows.optional_moment(at) for at in times[job_id])
            found[job_id] = JobCaches(job_id, log, tuple(events[job_id]), moments)
    return found
