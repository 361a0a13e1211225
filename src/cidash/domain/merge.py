"""What a branch demands of a merge and what a pull request has of it; every field keeps who said so."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from cidash.domain.state import State, state_of

T_co = TypeVar("T_co", covariant=True)


class DemandSource(StrEnum):
    """Who tells what a branch demands. Rulesets and classic protection both apply, and the stricter one wins."""

    RULES = "rules"
    """The active rules of all rulesets: readable with plain read rights."""
    BRANCH = "branch"
    """The summary of classic protection that every reader gets: required checks and nothing else."""
    CLASSIC = "classic"
    """Classic protection itself: only for administrators."""


@dataclass(frozen=True, slots=True)
class DemandedCheck:
    """A check that has to report before a merge. Without an app any app or user may report it."""

    name: str
    app_id: int | None = None


@dataclass(frozen=True, slots=True)
class Demands:
    """What one source demands of a branch. None: this source does not tell."""

    source: DemandSource
    checks: tuple[DemandedCheck, ...] | None = None
    """Empty: no check is required."""
    strict: bool | None = None
    """Whether the head must be up to date with the base."""
    approvals: int | None = None
    """How many approving reviews; 0: none."""
    pull_request: bool | None = None
    """Whether a change must come as a pull request."""
    code_owners: bool | None = None
    last_push_approval: bool | None = None
    dismiss_stale: bool | None = None
    conversations: bool | None = None
    """Whether every conversation must be resolved."""
    merge_queue: bool | None = None
    enforce_admins: bool | None = None
    restricts_pushes: bool | None = None


@dataclass(frozen=True, slots=True)
class Sourced(Generic[T_co]):
    """The strictest value that could be read, who said so, and who could not be read and might say more."""

    value: T_co
    sources: tuple[DemandSource, ...] = ()
    unread: tuple[DemandSource, ...] = ()

    @property
    def is_certain(self) -> bool:
        """Whether nothing stricter can hide behind what was not readable."""
        return not self.unread


@dataclass(frozen=True, slots=True)
class RequiredCheck:
    """A required check with everybody who requires it."""

    check: DemandedCheck
    sources: tuple[DemandSource, ...]


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a branch demands, all sources put together."""

    checks: Sourced[tuple[RequiredCheck, ...]]
    strict: Sourced[bool]
    approvals: Sourced[int]
    code_owners: Sourced[bool]
    last_push_approval: Sourced[bool]
    conversations: Sourced[bool]
    merge_queue: Sourced[bool]


@dataclass(frozen=True, slots=True)
class ReportedCheck:
    """A check as it stands on a commit: a check run, a job of the commit's runs, or an old-style status."""

    name: str
    status: str
    conclusion: str | None
    id: int = 0
    """Of the check run, which is the job's as well; 0 for a status."""
    app_id: int | None = None
    started_at: datetime | None = None

    @property
    def state(self) -> State:
        """Status while it goes on, then the conclusion."""
        return state_of(self.status, self.conclusion)


@dataclass(frozen=True, slots=True)
class Review:
    """A review of a pull request. `counts`: the reviewer belongs to the repository, so that an approval can count."""

    author: str
    state: str
    submitted_at: datetime | None
    counts: bool


@dataclass(frozen=True, slots=True)
class Unread:
    """A question about the merge that was not answered, and what to do about it."""

    what: str
    sentence: str


@dataclass(frozen=True, slots=True)
class MergeState:
    """What stands between one head commit and its base branch. None: not readable, which is never a good sign."""

    number: int
    head_sha: str
    base_branch: str
    draft: bool
    mergeable_state: str | None
    """GitHub's own word for that head commit; None and `unknown` while GitHub works it out."""
    requirements: Requirements
    reported: tuple[ReportedCheck, ...]
    reported_all: bool
    """Whether all checks of the commit could be read; else `reported` holds what its runs' jobs tell."""
    approvals_given: int | None = None
    changes_requested_by: tuple[str, ...] | None = None
    behind_by: int | None = None
    """Commits of the base branch that the head lacks; asked for only where it matters."""
    open: bool = True
    unread: tuple[Unread, ...] = ()


class BlockerKind(StrEnum):
    """What a blocker is about."""

    CLOSED = "closed"
    DRAFT = "draft"
    CONFLICTS = "conflicts"
    CHECK_FAILED = "check_failed"
    CHECK_RUNNING = "check_running"
    CHECK_MISSING = "check_missing"
    APPROVALS = "approvals"
    CHANGES_REQUESTED = "changes_requested"
    BEHIND = "behind"
    QUEUE = "queue"
    OTHER = "other"
    UNKNOWN = "unknown"


class Weight(StrEnum):
    """How a blocker weighs."""

    BLOCKS = "blocks"
    """Somebody has to do something."""
    WAITS = "waits"
    """It may go away by itself."""
    UNKNOWN = "unknown"
    """It could not be read, so it may block."""


@dataclass(frozen=True, slots=True)
class Blocker:
    """One thing that blocks a merge, or may, as a short sentence without a full stop."""

    kind: BlockerKind
    weight: Weight
    sentence: str
    check: str | None = None


class MergeVerdict(StrEnum):
    """What all blockers come to. `clear` only when everything was read and nothing blocks."""

    CLEAR = "clear"
    BLOCKED = "blocked"
    WAITING = "waiting"
    UNKNOWN = "unknown"
