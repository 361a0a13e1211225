"""One SQLite connection that several threads may share, with whole transactions and errors as sentences."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cidash.history.error import HistoryError

BUSY_SECONDS = 2.0
"""How long a write waits for one of another process; theirs are short."""

_ADVICE = {
    sqlite3.SQLITE_BUSY: "is in use by another program and did not become free. Try again, or close the other one.",
    sqlite3.SQLITE_LOCKED: "is in use by another program and did not become free. Try again, or close the other one.",
    sqlite3.SQLITE_READONLY: "may not be written. Give yourself the right to, or name another file in [history] path.",
    sqlite3.SQLITE_CORRUPT: "is damaged. Move it away to begin a new one, or name another file in [history] path.",
    sqlite3.SQLITE_FULL: "has no room left on its disk. Make some, or name a file elsewhere in [history] path.",
    sqlite3.SQLITE_CANTOPEN: "can't be opened. Check its folder, or name another file in [history] path.",
    sqlite3.SQLITE_NOTADB: "is not a SQLite file. Move it away, or name another file in [history] path.",
}


class Database:
    """A connection with a lock. Statements run inside `reading()` or `writing()` and nowhere else."""

    def __init__(self, path: Path | None) -> None:
        """Opens the file, or for None a temporary one that vanishes with the process, however that ends.

        Raises:
            HistoryError: the file or its folder can't be made or opened.
        """
        self.path = path
        self.is_closed = False
        self._lock = threading.RLock()
        with _errors_as_sentences(path):
            if path is not None:
                _create_private(path)
            self._connection = sqlite3.connect(
                "" if path is None else os.path.abspath(path),  # noqa: PTH100 - resolving links would move the file
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=256,
            )

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Gives the connection for reading; nobody else uses it meanwhile.

        Raises:
            HistoryError: SQLite could not do what was asked.
        """
        with self._lock, _errors_as_sentences(self.path):
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Gives the connection inside one transaction, which is committed at the end and undone by any exception.

        Raises:
            HistoryError: SQLite could not do what was asked; nothing of it was written.
        """
        with self._lock, _errors_as_sentences(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Closes the connection; a second time does nothing."""
        with self._lock:
            self.is_closed = True
            self._connection.close()


@contextmanager
def _errors_as_sentences(path: Path | None) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError, OverflowError, UnicodeEncodeError) as error:
        raise HistoryError(f"The history {path or '(temporary)'} {_advice(error)}") from error


def _advice(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"can't be opened ({error.strerror or error}). Name another file in [history] path."
    if isinstance(error, OverflowError | UnicodeEncodeError):
        return f"can't hold a value that a server sent ({error})."
    code = getattr(error, "sqlite_errorcode", None)
    known = _ADVICE.get(code & 0xFF) if isinstance(code, int) else None
    return known or f"could not be read or written ({error})."


def _create_private(path: Path) -> None:
    """Makes the file, and the folders that are missing, so that only this user can read them."""
    missing = []
    folder = path.absolute().parent
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
