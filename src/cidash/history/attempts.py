"""Writing and reading attempts with their jobs, inside a transaction that the caller has begun."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cidash.analysis.duration import is_executed
from cidash.domain.ci import Attempt, Job, Run
from cidash.history import rows

_BATCH = 500
"""Values in one statement: older SQLite builds take at most 999."""


def write_attempt(connection: sqlite3.Connection, repository: int, attempt: Attempt) -> None:
    """Writes the attempt and its jobs in place of what was kept of it."""
    run = attempt.run
    blob = run.workflow_blob or _known_blob(connection, repository, run)
    connection.execute(
        "DELETE FROM attempts WHERE repository = ? AND run_id = ? AND attempt = ?", (repository, run.id, run.attempt)
    )
    workflow = _id_of(
        connection,
        "workflows",
        {
            "repository": repository,
            "workflow_id": run.workflow_id,
            "name": run.workflow_name,
            "path": run.workflow_path,
        },
    )
    key = _insert(
        connection,
        "attempts",
        {
            "repository": repository,
            "workflow": workflow,
            "run_id": run.id,
            "attempt": run.attempt,
            "number": run.number,
            "title": run.title,
            "event": run.event,
            "branch": run.branch,
            "head_sha": run.head_sha,
            "status": run.status,
            "conclusion": run.conclusion,
            "created_at": rows.micros(run.created_at),
            "started_at": rows.micros(run.started_at),
            "updated_at": rows.micros(run.updated_at),
            "actor": run.actor,
            "url": run.url,
            "pull_requests": rows.compact(run.pull_requests) if run.pull_requests else None,
            "workflow_blob": blob,
        },
    )
    for position, job in enumerate(attempt.jobs):
        name = _id_of(
            connection,
            "job_names",
            {"repository": repository, "workflow_path": run.workflow_path, "name": job.name},
        )
        _write_job(connection, run, job, {"attempt": key, "position": position, "job_name": name})


def _known_blob(connection: sqlite3.Connection, repository: int, run: Run) -> str | None:
    """Returns the workflow file's SHA that was found for this attempt before: a list of runs does not tell it."""
    row = connection.execute(
        "SELECT workflow_blob FROM attempts WHERE repository = ? AND run_id = ? AND attempt = ?",
        (repository, run.id, run.attempt),
    ).fetchone()
    return None if row is None else row[0]


def _write_job(connection: sqlite3.Connection, run: Run, job: Job, place: dict[str, int]) -> None:
    steps, step_times = rows.write_steps(job.steps, job.started_at)
    _insert(
        connection,
        "jobs",
        {
            **place,
            "job_id": job.id,
            "status": job.status,
            "conclusion": job.conclusion,
            "created_at": rows.optional_micros(job.created_at),
            "started_at": rows.optional_micros(job.started_at),
            "completed_at": rows.optional_micros(job.completed_at),
            "labels": rows.compact(job.labels),
            "runner_name": job.runner_name,
            "url": None if job.url == rows.job_url(run.url, job.id) else job.url,
            "is_executed": is_executed(run, job),
            "step_list": None if steps is None else _id_of(connection, "step_lists", {"steps": steps}),
            "step_times": step_times,
        },
    )


def newest_ids(
    connection: sqlite3.Connection, repository: int, workflow: str | None, branch: str | None, limit: int
) -> list[int]:
    """Returns the rows of the newest attempts, newest first.

    Each workflow that has the name, path or file name is asked by itself, so that an index gives the order.
    """
    filters = [("repository", repository)]
    if workflow is not None:
        filters = [
            ("workflow", key)
            for key, name, path in connection.execute(
                "SELECT id, name, path FROM workflows WHERE repository = ?", (repository,)
            )
            if workflow in {name, path, path.rpartition("/")[2]}
        ]
    found: list[tuple[int, int]] = []
    for column, key in filters:
        where, values = f"{column} = ?", [key]
        rest: list[Any] = [max(0, limit)]
        if branch is not None:
            where, rest = f"{where} AND branch = ?", [branch, *rest]
        found += connection.execute(
            f"SELECT started_at, id FROM attempts WHERE {where} ORDER BY started_at DESC, id DESC LIMIT ?",  # noqa: S608 - fixed words only
            (*values, *rest),
        )
    return [key for _, key in sorted(found, reverse=True)[: max(0, limit)]]


def run_rows(connection: sqlite3.Connection, ids: Iterable[int]) -> Iterator[Sequence[Any]]:
    """Gives the rows for `rows.read_run`, in no order."""
    for batch in batches(ids):
        yield from connection.execute(
            f"SELECT {rows.RUN_COLUMNS} FROM attempts JOIN workflows ON workflows.id = attempts.workflow"  # noqa: S608 - fixed words only
            f" WHERE attempts.id IN {marks(batch)}",
            batch,
        )


def job_rows(connection: sqlite3.Connection, ids: Iterable[int], *, steps: bool = True) -> Iterator[Sequence[Any]]:
    """Gives the rows for `rows.read_job` of those attempts, each attempt's in their order."""
    columns = rows.JOB_COLUMNS if steps else rows.JOB_COLUMNS_WITHOUT_STEPS
    for batch in batches(ids):
        yield from connection.execute(
            f"SELECT {columns} FROM jobs JOIN job_names ON job_names.id = jobs.job_name"  # noqa: S608 - fixed words only
            f" LEFT JOIN step_lists ON step_lists.id = jobs.step_list WHERE jobs.attempt IN {marks(batch)}"
            " ORDER BY jobs.attempt, jobs.position",
            batch,
        )


def note_blobs(connection: sqlite3.Connection, repository: int, blobs: Mapping[tuple[str, str], str]) -> None:
    """Writes the workflow file's SHA to the attempts of that head commit and workflow path."""
    connection.executemany(
        "UPDATE attempts SET workflow_blob = ? WHERE id IN (SELECT attempts.id FROM workflows"
        " JOIN attempts ON attempts.workflow = workflows.id"
        " WHERE workflows.repository = ? AND workflows.path = ? AND attempts.head_sha = ?)",
        [(blob, repository, path, head) for (head, path), blob in blobs.items()],
    )


def wall_seconds(connection: sqlite3.Connection, repository: int, path: str, limit: int) -> list[float]:
    """Returns the wall times in seconds of the workflow's newest successful first attempts, newest first."""
    found: list[tuple[int, int]] = []
    for (workflow,) in connection.execute(
        "SELECT id FROM workflows WHERE repository = ? AND path = ?", (repository, path)
    ).fetchall():
        found += connection.execute(
            "SELECT started_at, id FROM attempts WHERE workflow = ? AND attempt = 1 AND conclusion = 'success'"
            " ORDER BY started_at DESC LIMIT ?",
            (workflow, limit),
        )
    seconds = []
    for _, key in sorted(found, reverse=True)[:limit]:
        (length,) = connection.execute(
            "SELECT MAX(completed_at) - MIN(started_at) FROM jobs WHERE attempt = ? AND is_executed = 1", (key,)
        ).fetchone()
        if length is not None:
            seconds.append(max(0, length) / 1_000_000)
    return seconds


def batches(values: Iterable[int]) -> Iterator[tuple[int, ...]]:
    """Gives the values in pieces that fit into one statement."""
    every = tuple(values)
    for start in range(0, len(every), _BATCH):
        yield every[start : start + _BATCH]


def marks(batch: Sequence[int]) -> str:
    """Returns the placeholders of an IN list for that piece."""
    return f"({','.join('?' * len(batch))})"


def _id_of(connection: sqlite3.Connection, table: str, values: dict[str, Any]) -> int:
    """Returns the row that holds exactly these values, made if there is none."""
    where = " AND ".join(f"{column} = ?" for column in values)
    row = connection.execute(f"SELECT id FROM {table} WHERE {where}", tuple(values.values())).fetchone()  # noqa: S608 - fixed words only
    return int(row[0]) if row is not None else _insert(connection, table, values)


def _insert(connection: sqlite3.Connection, table: str, values: dict[str, Any]) -> int:
    cursor = connection.execute(
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",  # noqa: S608 - fixed words only
        tuple(values.values()),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid
