"""What GitHub tells before a write: what a merge may be, who waits for whom, what lies there to be taken or deleted."""

from dataclasses import dataclass
from datetime import datetime

from cidash.domain.github_command import Environment, MergeMethod


@dataclass(frozen=True, slots=True)
class MergeSettings:
    """What the repository allows. Only those who may write are told, so `methods` can be None: unknown."""

    methods: tuple[MergeMethod, ...] | None
    auto_merge: bool | None
    default_branch: str


@dataclass(frozen=True, slots=True)
class PendingDeployment:
    """A deployment that waits for somebody's approval."""

    environment: Environment
    may_approve: bool
    """Whether the token's user is one of those who may answer."""
    reviewers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """How somebody answered deployments that waited."""

    environment_ids: tuple[int, ...]
    approved: bool


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file archive that a run left behind."""

    id: int
    name: str
    size_bytes: int
    expired: bool
    created_at: datetime | None
    expires_at: datetime | None
    sha256: str | None
    """The digest of the archive in hexadecimal, where GitHub tells it."""


@dataclass(frozen=True, slots=True)
class StoredCache:
    """A cache entry as GitHub stores it."""

    id: int
    key: str
    ref: str
    size_bytes: int
    created_at: datetime | None
    last_accessed_at: datetime | None
