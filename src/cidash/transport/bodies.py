"""Stored answer bodies: what a 304 stands for, and what a start without network is shown from."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredBody:
    """An answer that was read in full. An ETag is only ever sent together with the credential it was given to."""

    body: bytes
    etag: str | None
    credential: str
    """A fingerprint of the token and the Accept header, never the token."""
    fetched_at: datetime
    next_url: str | None = None
    """The `rel="next"` of its Link header."""


class BodyStore(Protocol):
    """Keeps the newest body for a URL."""

    def load(self, url: str) -> StoredBody | None:
        """Returns the stored answer for the full URL, or None."""
        ...

    def save(self, url: str, stored: StoredBody) -> None:
        """Replaces the stored answer for the full URL."""
        ...

    def touch(self, url: str, fetched_at: datetime) -> None:
        """Notes that the stored answer was still true at that time (a 304)."""
        ...


class MemoryBodies:
    """A bounded store that ends with the process: for headless commands without a history, and for tests."""

    def __init__(self, limit: int = 500) -> None:
        self._limit = limit
        self._bodies: OrderedDict[str, StoredBody] = OrderedDict()

    def load(self, url: str) -> StoredBody | None:
        """Returns the stored answer for the full URL, or None."""
        return self._bodies.get(url)

    def save(self, url: str, stored: StoredBody) -> None:
        """Replaces the stored answer and drops the oldest beyond the limit."""
        self._bodies[url] = stored
        self._bodies.move_to_end(url)
        while len(self._bodies) > self._limit:
            self._bodies.popitem(last=False)

    def touch(self, url: str, fetched_at: datetime) -> None:
        """Notes that the stored answer was still true at that time."""
        stored = self._bodies.get(url)
        if stored is not None:
            self._bodies[url] = StoredBody(stored.body, stored.etag, stored.credential, fetched_at, stored.next_url)
