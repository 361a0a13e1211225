"""The tables, and the way from every older version to the newest. Times are integer microseconds since 1970, UTC."""

import sqlite3
import time

from cidash.history.database import BUSY_SECONDS, Database
from cidash.history.error import HistoryError

APPLICATION_ID = 0x63694448
"""Marks the file as one of ours, so that another program's database is never written to."""

_FIRST = (
    # A host's API address, not its name, tells two worlds apart: the demo's rows never mix with the real ones.
    """CREATE TABLE repositories (
        id INTEGER PRIMARY KEY,
        api_url TEXT NOT NULL,
        host TEXT NOT NULL,
        owner TEXT NOT NULL COLLATE NOCASE,
        name TEXT NOT NULL COLLATE NOCASE,
        UNIQUE (api_url, owner, name)
    )""",
    """CREATE TABLE workflows (
        id INTEGER PRIMARY KEY,
        repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
        workflow_id INTEGER NOT NULL,
        name TEXT NOT NULL,
        path TEXT NOT NULL,
        UNIQUE (repository, workflow_id, name, path)
    )""",
    """CREATE TABLE attempts (
        id INTEGER PRIMARY KEY,
        repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
        workflow INTEGER NOT NULL REFERENCES workflows,
        run_id INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        number INTEGER NOT NULL,
        title TEXT NOT NULL,
        event TEXT NOT NULL,
        branch TEXT,
        head_sha TEXT NOT NULL,
        status TEXT NOT NULL,
        conclusion TEXT,
        created_at INTEGER NOT NULL,
        started_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        actor TEXT NOT NULL,
        url TEXT NOT NULL,
        pull_requests TEXT,
        UNIQUE (repository, run_id, attempt)
    )""",
    "CREATE INDEX attempts_newest ON attempts (repository, started_at)",
    "CREATE INDEX attempts_of_branch ON attempts (repository, branch, started_at)",
    "CREATE INDEX attempts_of_workflow ON attempts (workflow, started_at)",
    "CREATE INDEX attempts_of_workflow_and_branch ON attempts (workflow, branch, started_at)",
    """CREATE TABLE job_names (
        id INTEGER PRIMARY KEY,
        repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
        workflow_path TEXT NOT NULL,
        name TEXT NOT NULL,
        UNIQUE (repository, workflow_path, name)
    )""",
    # Runs of a workflow list the same steps again and again: their numbers and names are stored once.
    "CREATE TABLE step_lists (id INTEGER PRIMARY KEY, steps TEXT NOT NULL UNIQUE)",
    # `url` is null when it follows from the run's, `steps` when there are none.
    """CREATE TABLE jobs (
        id INTEGER PRIMARY KEY,
        attempt INTEGER NOT NULL REFERENCES attempts ON DELETE CASCADE,
        position INTEGER NOT NULL,
        job_id INTEGER NOT NULL,
        job_name INTEGER NOT NULL REFERENCES job_names,
        status TEXT NOT NULL,
        conclusion TEXT,
        created_at INTEGER,
        started_at INTEGER,
        completed_at INTEGER,
        labels TEXT NOT NULL,
        runner_name TEXT,
        url TEXT,
        is_executed INTEGER NOT NULL,
        step_list INTEGER REFERENCES step_lists,
        step_times TEXT,
        UNIQUE (attempt, position)
    )""",
    """CREATE INDEX jobs_typical ON jobs (job_name, completed_at, started_at)
        WHERE is_executed = 1 AND conclusion = 'success' AND completed_at IS NOT NULL""",
    """CREATE TABLE cache_states (
        repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
        job_id INTEGER NOT NULL,
        state TEXT NOT NULL,
        read_at INTEGER NOT NULL,
        PRIMARY KEY (repository, job_id)
    ) WITHOUT ROWID""",
    # What is small and often written stands apart from what is large: noting a 304 does not rewrite a body.
    """CREATE TABLE bodies (
        id INTEGER PRIMARY KEY,
        url TEXT NOT NULL UNIQUE,
        etag TEXT,
        credential TEXT NOT NULL,
        fetched_at INTEGER NOT NULL,
        used_at INTEGER NOT NULL,
        next_url TEXT,
        size INTEGER NOT NULL
    )""",
    "CREATE INDEX bodies_by_use ON bodies (used_at, size)",
    "CREATE TABLE body_bytes (id INTEGER PRIMARY KEY REFERENCES bodies ON DELETE CASCADE, body BLOB NOT NULL)",
)

_COMPARISON = (
    # SHA of the workflow file at the head commit; null as long as nobody has asked for it.
    "ALTER TABLE attempts ADD COLUMN workflow_blob TEXT",
    # Which spans of time `history sync` has listed to the end; `workflow` is empty for all of them.
    """CREATE TABLE synced (
        repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
        workflow TEXT NOT NULL,
        low INTEGER NOT NULL,
        high INTEGER NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (repository, workflow, low, high)
    ) WITHOUT ROWID""",
)

_CACHES = (
    # The states that are there were read without events: their logs are read again.
    "DELETE FROM cache_states",
    "ALTER TABLE cache_states ADD COLUMN log TEXT",
    """CREATE TABLE cache_events (
        repository INTEGER NOT NULL,
        job_id INTEGER NOT NULL,
        position INTEGER NOT NULL,
        at INTEGER,
        tool TEXT NOT NULL,
        family TEXT NOT NULL,
        operation TEXT NOT NULL,
        outcome TEXT NOT NULL,
        step TEXT,
        cache TEXT NOT NULL,
        key TEXT,
        restored_key TEXT,
        size_bytes INTEGER,
        duration_seconds REAL,
        line INTEGER,
        hits INTEGER,
        misses INTEGER,
        steps_cached INTEGER,
        steps_total INTEGER,
        PRIMARY KEY (repository, job_id, position),
        FOREIGN KEY (repository, job_id) REFERENCES cache_states (repository, job_id) ON DELETE CASCADE
    ) WITHOUT ROWID""",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _COMPARISON, _CACHES)
"""Statements that lead from version i to i + 1. Add to the end; never change one that was released."""


def prepare(database: Database) -> None:
    """Checks whose file it is, sets the connection up and brings the tables to the newest version.

    Raises:
        HistoryError: another program's file, one of a newer cidash, or a damaged one. Nothing was written then.
    """
    with database.reading() as connection:
        _check(database, connection)
        _use_write_ahead_log(connection)
        connection.execute("PRAGMA synchronous = NORMAL")  # a power cut may cost the last seconds, never the file
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_size_limit = 8388608")
        connection.execute("PRAGMA cache_size = -8192")
        is_current = _number(connection, "user_version") == len(MIGRATIONS)
    if not is_current:
        _migrate(database)


def _check(database: Database, connection: sqlite3.Connection) -> None:
    version, owner = _number(connection, "user_version"), _number(connection, "application_id")
    is_empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    if owner != APPLICATION_ID and not (is_empty and owner == 0 and version == 0):
        raise HistoryError(
            f"The history {database.path} belongs to another program. Name another file in [history] path."
        )
    if version > len(MIGRATIONS):
        raise HistoryError(
            f"The history {database.path} was written by a newer cidash (version {version}, this one knows "
            f"{len(MIGRATIONS)}). Update cidash, or name another file in [history] path."
        )


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switches once per file. SQLite does not wait by itself while another process does the same."""
    if connection.execute("PRAGMA journal_mode").fetchone() == ("wal",):
        return
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _migrate(database: Database) -> None:
    with database.writing() as connection:
        _check(database, connection)  # another process may have been here first
        for version in range(_number(connection, "user_version"), len(MIGRATIONS)):
            for statement in MIGRATIONS[version]:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    (value,) = connection.execute(f"PRAGMA {pragma}").fetchone()
    return int(value)
