"""Answer bodies on disk: what a 304 stands for, and what a start without network is shown from."""

import sqlite3
import zlib
from collections.abc import Callable
from datetime import datetime

from cidash.domain.clock import Clock
from cidash.history.database import Database
from cidash.history.error import HistoryError
from cidash.history.rows import micros, moment
from cidash.transport.bodies import MemoryBodies, StoredBody

LIMIT_BYTES = 50 * 1024 * 1024
_LARGEST_SHARE = 0.2
"""A body of more than this share of the room is not kept: it would push everything else out."""
_ROOM_AFTER = 0.98
"""How full it is after making room: not every save has to make some, and none has to make much."""
_ROW_BYTES = 400
"""What a row costs beside body and URL: ETag, next URL, indexes."""
_LEVEL = 1
"""zlib's fastest level: time matters more than the last third of room."""
_RECOUNT_AFTER = 64
"""After so many saves the total is counted anew: other processes save too."""
_RETRY_SECONDS = 30.0
"""How long a history that could not be written is left alone: it may be another program's lock, which makes us wait."""


class HistoryBodies:
    """The newest body for each URL, compressed, the least recently used out when there is no more room.

    A history that fails never stops a request: what can't be written is kept in memory, and `problem` says why.
    """

    def __init__(self, database: Database, clock: Clock, limit_bytes: int = LIMIT_BYTES) -> None:
        self.problem: HistoryError | None = None
        self._database = database
        self._clock = clock
        self._limit = limit_bytes
        self._spare = MemoryBodies()
        self._retry_at = float("-inf")
        self._uses: dict[str, int] = {}
        self._newest_use = 0
        self._total = 0
        self._saves = 0

    def load(self, url: str) -> StoredBody | None:
        """Returns the stored answer for the full URL, or None."""
        spare = self._spare.load(url)
        if spare is not None:
            return spare
        try:
            with self._database.reading() as connection:
                row = connection.execute(
                    "SELECT body, etag, credential, fetched_at, next_url FROM bodies JOIN body_bytes USING (id)"
                    " WHERE url = ?",
                    (url,),
                ).fetchone()
            if row is None:
                return None
            body = zlib.decompress(row[0])
        except HistoryError as error:
            self.problem = error
            return None
        except zlib.error:
            return None
        self._uses[url] = self._use()
        return StoredBody(body, row[1], row[2], moment(row[3]), row[4])

    def save(self, url: str, stored: StoredBody) -> None:
        """Replaces the stored answer for the full URL; one that is too large only takes the old one away."""
        packed = zlib.compress(stored.body, _LEVEL)
        size = len(packed) + len(url) + _ROW_BYTES
        is_written = self._write(lambda connection: self._replace(connection, url, stored, packed, size))
        if not is_written or self._spare.load(url) is not None:
            self._spare.save(url, stored)

    def touch(self, url: str, fetched_at: datetime) -> None:
        """Notes that the stored answer was still true at that time (a 304)."""
        self._spare.touch(url, fetched_at)
        self._write(
            lambda connection: connection.execute(
                "UPDATE bodies SET fetched_at = ?, used_at = ? WHERE url = ?", (micros(fetched_at), self._use(), url)
            )
        )

    def flush(self) -> None:
        """Writes down what was used since the last save."""
        if self._uses:
            self._write(self._note_uses)

    def _write(self, change: Callable[[sqlite3.Connection], object]) -> bool:
        if self._clock.monotonic() < self._retry_at:
            return False
        try:
            with self._database.writing() as connection:
                change(connection)
        except HistoryError as error:
            self.problem = error
            self._retry_at = self._clock.monotonic() + _RETRY_SECONDS
            return False
        self.problem = None
        return True

    def _replace(self, connection: sqlite3.Connection, url: str, stored: StoredBody, packed: bytes, size: int) -> None:
        self._note_uses(connection)
        if self._saves % _RECOUNT_AFTER == 0:
            (self._total,) = connection.execute("SELECT coalesce(sum(size), 0) FROM bodies").fetchone()
        self._saves += 1
        row = connection.execute("SELECT id, size FROM bodies WHERE url = ?", (url,)).fetchone()
        if row is not None:
            self._delete(connection, [row])
        if size > self._limit * _LARGEST_SHARE:
            return
        if self._total + size > self._limit:
            self._make_room(connection, size)
        cursor = connection.execute(
            "INSERT INTO bodies (url, etag, credential, fetched_at, used_at, next_url, size)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (url, stored.etag, stored.credential, micros(stored.fetched_at), self._use(), stored.next_url, size),
        )
        connection.execute("INSERT INTO body_bytes (id, body) VALUES (?, ?)", (cursor.lastrowid, packed))
        self._total += size

    def _make_room(self, connection: sqlite3.Connection, size: int) -> None:
        surplus = self._total + size - int(self._limit * _ROOM_AFTER)
        leaving: list[tuple[int, int]] = []
        for row in connection.execute("SELECT id, size FROM bodies ORDER BY used_at"):
            if surplus <= 0:
                break
            leaving.append(row)
            surplus -= row[1]
        self._delete(connection, leaving)

    def _delete(self, connection: sqlite3.Connection, rows: list[tuple[int, int]]) -> None:
        connection.executemany("DELETE FROM bodies WHERE id = ?", [(row[0],) for row in rows])
        self._total -= sum(row[1] for row in rows)

    def _note_uses(self, connection: sqlite3.Connection) -> None:
        connection.executemany(
            "UPDATE bodies SET used_at = ? WHERE url = ? AND used_at < ?",
            [(used_at, url, used_at) for url, used_at in self._uses.items()],
        )
        self._uses.clear()

    def _use(self) -> int:
        """Returns the present moment, always later than the last one that was given out."""
        self._newest_use = max(self._newest_use + 1, micros(self._clock.now()))
        return self._newest_use
