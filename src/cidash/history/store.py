"""The history: finished attempts with their jobs, cache states and answer bodies, by API address and repository."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Self

from cidash.analysis.median import median
from cidash.domain.cache import CacheState, JobCaches
from cidash.domain.ci import Attempt, Job
from cidash.domain.clock import Clock
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Typical
from cidash.history import rows, schema
from cidash.history.attempts import (
    batches,
    job_rows,
    marks,
    newest_ids,
    note_blobs,
    run_rows,
    wall_seconds,
    write_attempt,
)
from cidash.history.bodies import HistoryBodies
from cidash.history.cache_events import read_job_caches, write_job_caches
from cidash.history.database import Database
from cidash.history.error import HistoryError

__all__ = ["History", "HistoryError", "RepositoryHistory"]

LARGEST = 2**31
"""More attempts than any file holds."""

_CACHE_STATES = {state.value: state for state in CacheState}


class History:
    """One SQLite file. Threads may share it; every write is one transaction, whole or not at all."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.bodies = HistoryBodies(database, clock)

    @classmethod
    def open(cls, path: Path | None, clock: Clock) -> Self:
        """Returns the history in that file, made or brought up to date if need be; None gives a temporary one.

        Raises:
            HistoryError: the file can't be opened, is damaged, another program's or one of a newer cidash. Nothing was
                changed in it.
        """
        database = Database(path)
        try:
            schema.prepare(database)
        except BaseException:
            database.close()
            raise
        return cls(database, clock)

    @property
    def path(self) -> Path | None:
        """The file; None for a temporary one."""
        return self._database.path

    def repository(self, api_url: str, repo: RepositoryId) -> "RepositoryHistory":
        """Returns the part of one repository, as seen at that API address."""
        return RepositoryHistory(self._database, self._clock, api_url, repo)

    def close(self) -> None:
        """Closes the file; a second time does nothing."""
        if not self._database.is_closed:
            self.bodies.flush()
            self._database.close()


class RepositoryHistory:
    """What is kept of one repository. Every method raises HistoryError when the file fails."""

    def __init__(self, database: Database, clock: Clock, api_url: str, repo: RepositoryId) -> None:
        self.repository = repo
        self._database = database
        self._clock = clock
        self._api_url = api_url.rstrip("/")
        self._id: int | None = None

    def save(self, attempt: Attempt) -> None:
        """Keeps a finished attempt with its jobs; saved again, the newer reading replaces the older."""
        self.save_all((attempt,))

    def save_all(self, attempts: Iterable[Attempt]) -> None:
        """Keeps several finished attempts in one transaction."""
        with self._database.writing() as connection:
            repository = self._made_id(connection)
            for attempt in attempts:
                write_attempt(connection, repository, attempt)

    def known(self, keys: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
        """Returns those of the (run id, attempt) pairs that are kept."""
        wanted = set(keys)
        found: set[tuple[int, int]] = set()
        with self._database.reading() as connection:
            for batch in batches({run_id for run_id, _ in wanted}):
                found.update(
                    connection.execute(
                        f"SELECT run_id, attempt FROM attempts WHERE repository = ? AND run_id IN {marks(batch)}",  # noqa: S608 - placeholders only
                        (self._known_id(connection), *batch),
                    )
                )
        return found & wanted

    def jobs(self, run_id: int, attempt: int) -> tuple[Job, ...] | None:
        """Returns the jobs of that attempt, or None when it is not kept."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT id, url FROM attempts WHERE repository = ? AND run_id = ? AND attempt = ?",
                (self._known_id(connection), run_id, attempt),
            ).fetchone()
            if row is None:
                return None
            return tuple(rows.read_job(run_id, attempt, row[1], job) for job in job_rows(connection, (row[0],)))

    def attempts(
        self, *, workflow: str | None = None, branch: str | None = None, limit: int = 100, steps: bool = True
    ) -> list[Attempt]:
        """Returns the newest attempts by their start, newest first.

        Args:
            workflow: only those of the workflows with that name, path or file name.
            branch: only those of that branch.
            limit: at most so many.
            steps: whether the jobs come with their steps, which take most of the time.
        """
        with self._database.reading() as connection:
            ids = newest_ids(connection, self._known_id(connection), workflow, branch, limit)
        return self._attempts_of(ids, steps=steps)

    def find(self, keys: Iterable[tuple[int, int]]) -> list[Attempt]:
        """Returns those of the (run id, attempt) pairs that are kept, newest first."""
        wanted = set(keys)
        found: list[int] = []
        with self._database.reading() as connection:
            for batch in batches({run_id for run_id, _ in wanted}):
                of_runs = connection.execute(
                    f"SELECT id, run_id, attempt FROM attempts WHERE repository = ? AND run_id IN {marks(batch)}",  # noqa: S608 - placeholders only
                    (self._known_id(connection), *batch),
                )
                found += [key for key, run_id, attempt in of_runs if (run_id, attempt) in wanted]
        return self._attempts_of(found, steps=True)

    def save_cache_states(self, states: Mapping[int, CacheState | None]) -> None:
        """Remembers the worst cache state of jobs by job id; None, for a log that is gone, counts as unknown."""
        read_at = rows.micros(self._clock.now())
        with self._database.writing() as connection:
            repository = self._made_id(connection)
            connection.executemany(
                "INSERT OR REPLACE INTO cache_states (repository, job_id, state, read_at) VALUES (?, ?, ?, ?)",
                [
                    (repository, job_id, (state or CacheState.UNKNOWN).value, read_at)
                    for job_id, state in states.items()
                ],
            )

    def cache_states(self, job_ids: Iterable[int]) -> dict[int, CacheState]:
        """Returns what is remembered of those jobs; one whose log was never read is not in it."""
        found: dict[int, CacheState] = {}
        with self._database.reading() as connection:
            for batch in batches(set(job_ids)):
                for job_id, state in connection.execute(
                    f"SELECT job_id, state FROM cache_states WHERE repository = ? AND job_id IN {marks(batch)}",  # noqa: S608 - placeholders only
                    (self._known_id(connection), *batch),
                ):
                    found[job_id] = _CACHE_STATES.get(state, CacheState.UNKNOWN)
        return found

    def save_job_caches(self, caches: JobCaches, state: CacheState) -> None:
        """Keeps what a job's log told of caches, and the worst state; saved again, the newer replaces the older."""
        read_at = rows.micros(self._clock.now())
        with self._database.writing() as connection:
            write_job_caches(connection, self._made_id(connection), caches, state, read_at)

    def job_caches(self, job_ids: Iterable[int]) -> dict[int, JobCaches]:
        """Returns what is kept of those jobs' caches; a job whose log was never asked for is not in it."""
        with self._database.reading() as connection:
            return read_job_caches(connection, self._known_id(connection), set(job_ids))

    def typical(self, workflow_paths: Iterable[str], limit: int = 20) -> dict[tuple[str, str], Typical]:
        """Returns how long each job of those workflows usually takes, by (workflow path, job name).

        It is the median, in seconds, of the last `limit` times that the job was executed and succeeded.
        """
        found: dict[tuple[str, str], Typical] = {}
        with self._database.reading() as connection:
            for path in set(workflow_paths):
                names = connection.execute(
                    "SELECT id, name FROM job_names WHERE repository = ? AND workflow_path = ?",
                    (self._known_id(connection), path),
                ).fetchall()
                for key, name in names:
                    times = connection.execute(
                        "SELECT completed_at - started_at FROM jobs WHERE job_name = ? AND is_executed = 1"
                        " AND conclusion = 'success' AND completed_at IS NOT NULL ORDER BY completed_at DESC LIMIT ?",
                        (key, max(0, limit)),
                    ).fetchall()
                    if times:
                        seconds = [max(0, duration) / 1_000_000 for (duration,) in times]
                        found[path, name] = Typical(median(seconds), len(seconds), tuple(sorted(seconds)))
        return found

    def save_workflow_blobs(self, blobs: Mapping[tuple[str, str], str]) -> None:
        """Notes the SHA of workflow files, by (head commit, workflow path), beside the attempts that ran them."""
        with self._database.writing() as connection:
            repository = self._made_id(connection)
            note_blobs(connection, repository, blobs)

    def typical_runs(self, workflow_paths: Iterable[str], limit: int = 20) -> dict[str, Typical]:
        """Returns how long whole runs of those workflows usually take, by workflow path.

        It is the wall time of the last `limit` successful first attempts, from their executed jobs.
        """
        found: dict[str, Typical] = {}
        with self._database.reading() as connection:
            for path in set(workflow_paths):
                seconds = wall_seconds(connection, self._known_id(connection), path, max(0, limit))
                if seconds:
                    found[path] = Typical(median(seconds), len(seconds), tuple(sorted(seconds)))
        return found

    def every(
        self, *, workflow: str | None = None, since: datetime | None = None, size: int = 200
    ) -> Iterator[list[Attempt]]:
        """Gives all attempts, newest first, in pieces of `size`, so that none of 100,000 has to wait for the last."""
        with self._database.reading() as connection:
            ids = newest_ids(connection, self._known_id(connection), workflow, None, LARGEST)
        for start in range(0, len(ids), size):
            piece = self._attempts_of(ids[start : start + size], steps=True)
            wanted = [one for one in piece if since is None or one.run.started_at >= since]
            if wanted:
                yield wanted
            if len(wanted) < len(piece):
                return

    def synced(self, workflow: str = "") -> list[tuple[datetime, datetime, datetime]]:
        """Returns the spans that `history sync` has listed to their end: from, to, and when that was."""
        with self._database.reading() as connection:
            return [
                (rows.moment(low), rows.moment(high), rows.moment(at))
                for low, high, at in connection.execute(
                    "SELECT low, high, at FROM synced WHERE repository = ? AND workflow = ? ORDER BY low",
                    (self._known_id(connection), workflow),
                )
            ]

    def save_synced(self, low: datetime, high: datetime, workflow: str = "") -> None:
        """Notes that everything that was created from `low` to `high` is kept; spans inside of it are forgotten."""
        start, end = rows.micros(low), rows.micros(high)
        with self._database.writing() as connection:
            repository = self._made_id(connection)
            connection.execute(
                "DELETE FROM synced WHERE repository = ? AND workflow = ? AND low >= ? AND high <= ?",
                (repository, workflow, start, end),
            )
            connection.execute(
                "INSERT INTO synced (repository, workflow, low, high, at) VALUES (?, ?, ?, ?, ?)",
                (repository, workflow, start, end, rows.micros(self._clock.now())),
            )

    def _attempts_of(self, ids: list[int], *, steps: bool) -> list[Attempt]:
        with self._database.reading() as connection:
            runs = {row[0]: rows.read_run(self.repository, row) for row in run_rows(connection, ids)}
            jobs: dict[int, list[Job]] = {key: [] for key in runs}
            for row in job_rows(connection, ids, steps=steps):
                run = runs[row[0]]
                jobs[row[0]].append(rows.read_job(run.id, run.attempt, run.url, row))
        found = [Attempt(run, tuple(jobs[key])) for key, run in runs.items()]
        return sorted(found, key=lambda attempt: (attempt.run.started_at, *attempt.run.key), reverse=True)

    def _known_id(self, connection: sqlite3.Connection) -> int:
        """Returns the row of this repository; 0, which no row has, as long as nothing was saved."""
        if self._id is None:
            row = connection.execute(
                "SELECT id FROM repositories WHERE api_url = ? AND owner = ? AND name = ?",
                (self._api_url, self.repository.owner, self.repository.name),
            ).fetchone()
            if row is None:
                return 0
            self._id = int(row[0])
        return self._id

    def _made_id(self, connection: sqlite3.Connection) -> int:
        known = self._known_id(connection)
        if known:
            return known
        cursor = connection.execute(
            "INSERT INTO repositories (api_url, host, owner, name) VALUES (?, ?, ?, ?)",
            (self._api_url, self.repository.host, self.repository.owner, self.repository.name),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid  # not remembered here: this transaction may still be undone
