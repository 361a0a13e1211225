"""Stored cache entries grouped so that they can be read: BuildKit's blobs by scope, others by key without its end."""

import re
from collections.abc import Iterable

from cidash.domain.acting import StoredCache
from cidash.domain.cache_ledger import CacheStorage, StorageGroup

USUAL_QUOTA_BYTES = 10 * 1024**3
_BLOB = re.compile(r"buildkit-blob-\d+-")
_INDEX = re.compile(r"index-(?P<scope>.+?)(?:-\d+)?-[0-9a-f]{6,}.*|index-(?P<plain>.+)")
_PULL = re.compile(r"refs/pull/\d+/")
_HASH = re.compile(r"(?:(?<=[-_.|/ ])|^)(?:[0-9a-f]{40,}|[0-9a-f]{32}|[0-9a-f]{7,16}(?=$))")
_ANY_BLOB = "BuildKit layers"


def storage(
    entries: Iterable[StoredCache],
    usage_bytes: int | None = None,
    quota_bytes: int | None = None,
) -> CacheStorage:
    """Returns the entries in groups, the largest first, and how much of them only a pull request can read.

    BuildKit's blobs do not name their scope: they stand with the scope's index when their ref has one index only, else
    together under their ref.

    Args:
        entries: all entries of a repository.
        usage_bytes: what GitHub counts, if it was asked.
        quota_bytes: what may be stored, if GitHub told.
    """
    entries = tuple(entries)
    scopes: dict[str, set[str]] = {}
    for entry in entries:
        if (scope := _scope(entry.key)) is not None:
            scopes.setdefault(entry.ref, set()).add(scope)
    groups: dict[tuple[str, str], list[StoredCache]] = {}
    for entry in entries:
        groups.setdefault(_group(entry, scopes), []).append(entry)
    built = [_built(kind, name, members) for (kind, name), members in groups.items()]
    size = sum(one.size_bytes for one in entries)
    return CacheStorage(
        tuple(sorted(built, key=lambda one: (-one.size_bytes, one.name))),
        len(entries),
        size,
        sum(one.size_bytes for one in entries if is_pull_only(one)),
        USUAL_QUOTA_BYTES if quota_bytes is None else quota_bytes,
        quota_bytes is not None,
        usage_bytes,
    )


def is_pull_only(entry: StoredCache) -> bool:
    """Returns whether only runs of one pull request can read the entry."""
    return _PULL.match(entry.ref) is not None


def stem(key: str) -> str:
    """Returns the key without what changes in it: `Linux-docker-…` for a key that ends in a hash."""
    return _HASH.sub("…", key)


def _scope(key: str) -> str | None:
    found = _INDEX.fullmatch(key)
    return (found["scope"] or found["plain"]) if found else None


def _group(entry: StoredCache, scopes: dict[str, set[str]]) -> tuple[str, str]:
    scope = _scope(entry.key)
    if scope is not None:
        return ("buildkit", f"BuildKit scope {scope}")
    if _BLOB.match(entry.key):
        own = scopes.get(entry.ref, set())
        if len(own) == 1:
            return ("buildkit", f"BuildKit scope {next(iter(own))}")
        return ("buildkit", f"{_ANY_BLOB} of {entry.ref.removeprefix('refs/heads/')}")
    return ("actions", stem(entry.key))


def _built(kind: str, name: str, members: list[StoredCache]) -> StorageGroup:
    used = [one.last_accessed_at for one in members if one.last_accessed_at is not None]
    return StorageGroup(
        name,
        kind,
        len(members),
        sum(one.size_bytes for one in members),
        max(used, default=None),
        sum(one.size_bytes for one in members if is_pull_only(one)),
        tuple(dict.fromkeys(one.ref for one in members)),
        tuple(sorted(members, key=lambda one: (-one.size_bytes, one.id))),
    )
