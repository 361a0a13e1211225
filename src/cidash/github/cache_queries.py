"""Questions about stored caches, and about what changed between two commits."""

from typing import Annotated

from pydantic import Field

from cidash.domain.repository import RepositoryId
from cidash.domain.text import clean
from cidash.github import wire
from cidash.github.acting_queries import CONTENTS_READ
from cidash.github.queries import ACTIONS_READ, base
from cidash.github.query import Query

_GIB = 1024**3
_PATH = 1_000
_Size = Annotated[int, Field(ge=0, le=wire.LARGEST_ID)]


class _UsageWire(wire.Wire):
    active_caches_size_in_bytes: _Size


class _LimitWire(wire.Wire):
    max_cache_size_gb: Annotated[int, Field(ge=0, le=1_000_000)]


class _FileWire(wire.Wire):
    filename: str
    previous_filename: str | None = None


class _ComparisonWire(wire.Wire):
    files: tuple[_FileWire, ...] | None = None


def usage(repository: RepositoryId) -> Query[int]:
    """Asks how many bytes of caches GitHub counts; it counts anew about every 5 minutes."""
    host, what = repository.host, f"the cache usage of {repository.full_name}"

    def read(body: bytes) -> int:
        return wire.decode(_UsageWire, body, host, what).active_caches_size_in_bytes

    return Query(f"{base(repository)}/actions/cache/usage", (), read, what, right=ACTIONS_READ)


def storage_limit(repository: RepositoryId) -> Query[int]:
    """Asks how many bytes of caches the repository may store; only administrators are told."""
    host, what = repository.host, f"the cache storage limit of {repository.full_name}"

    def read(body: bytes) -> int:
        return wire.decode(_LimitWire, body, host, what).max_cache_size_gb * _GIB

    path = f"{base(repository)}/actions/cache/storage-limit"
    return Query(path, (), read, what, right="Administration: read")


def changed_files(repository: RepositoryId, before: str, after: str) -> Query[tuple[str, ...]]:
    """Asks for the files that differ between two commits, 300 at most; a renamed file counts under both names.

    GitHub compares with the commit at which the two parted.
    """
    host, what = repository.host, f"the changes from {before[:7]} to {after[:7]} in {repository.full_name}"

    def read(body: bytes) -> tuple[str, ...]:
        files = wire.decode(_ComparisonWire, body, host, what).files or ()
        names = (name for one in files for name in (one.filename, one.previous_filename) if name)
        return tuple(dict.fromkeys(clean(name, _PATH) for name in names))

    return Query(f"{base(repository)}/compare/{before}...{after}", (), read, what, right=CONTENTS_READ)
