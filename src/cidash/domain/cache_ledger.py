"""What caches are worth: the ledger by cache and arm, why the last miss missed, and what is stored."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cidash.domain.acting import StoredCache
from cidash.domain.cache import CacheState
from cidash.domain.problem import Problem
from cidash.domain.repository import RepositoryId


class Arm(StrEnum):
    """What a run met: no such cache, nothing in it (and saved it), a part, all of it; or it can never work."""

    NONE = "none"
    MISS = "miss"
    PARTIAL = "partial"
    HIT = "hit"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class ArmResult:
    """The successful first attempts of one arm. Seconds are those of the jobs that use the cache."""

    arm: Arm
    n: int = 0
    median_seconds: float | None = None
    interval_seconds: tuple[float, float] | None = None
    """Exact 95 % interval of the median; None below 6."""
    shift_seconds: float | None = None
    """Hodges-Lehmann shift against the arm `none`; None without it."""
    shift_interval_seconds: tuple[float, float] | None = None
    run_ids: tuple[int, ...] = ()
    """Newest first."""


@dataclass(frozen=True, slots=True)
class CacheAccount:
    """One named cache of one workflow, weighed."""

    repository: RepositoryId
    workflow_path: str
    workflow_name: str
    cache: str
    family: str
    jobs: tuple[str, ...]
    """The jobs whose time is measured."""
    arms: tuple[ArmResult, ...]
    """None, miss, partial, hit, in this order; `broken` behind them if there is any."""
    hits: int
    partials: int
    misses: int
    broken: int
    unknown: int
    """Attempts whose state is not known; they count in no rate."""
    hit_rate: float | None
    hit_rate_interval: tuple[float, float] | None
    """Wilson, 95 %."""
    weeks: float
    """From the oldest counted use to now, at least one."""
    gross_per_hit_seconds: float | None
    """Median of a miss less that of a hit."""
    net_per_hit_seconds: float | None
    """Median without the cache less that of a hit."""
    tax_per_miss_seconds: float | None
    """Median of a miss less that without the cache."""
    gross_minutes_per_week: float | None
    net_minutes_per_week: float | None
    note: str
    """Where the baseline comes from, or why there is none."""
    left_out: int = 0
    """Attempts with other jobs or runners than the newest."""
    inferred: int = 0
    """Attempts whose state was inferred because the log is gone."""
    last_used_at: datetime | None = None
    newest_state: CacheState | None = None
    saved_bytes: int | None = None
    """Size of the newest save."""

    def arm(self, wanted: Arm) -> ArmResult:
        """Returns that arm, empty if nothing is in it."""
        return next((one for one in self.arms if one.arm is wanted), ArmResult(wanted))


class MissCause(StrEnum):
    """Why a cache was not hit."""

    FIRST_RUN = "first-run"
    KEY_CHANGED = "key-changed"
    OTHER_SCOPE = "other-scope"
    EVICTED = "evicted"
    NEVER_SAVED = "never-saved"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Autopsy:
    """Why the newest miss of a cache missed, and what proves it."""

    workflow_path: str
    cache: str
    state: CacheState
    """`miss`, `partial` or `broken`."""
    run_id: int
    attempt: int
    run_number: int
    branch: str | None
    head_sha: str
    at: datetime
    url: str
    """Of the job."""
    cause: MissCause
    sentence: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StorageGroup:
    """Entries that belong together: those of one key without its changing end, or the blobs of one BuildKit scope."""

    name: str
    kind: str
    """`actions` or `buildkit`."""
    count: int
    size_bytes: int
    last_accessed_at: datetime | None
    pull_bytes: int
    """Bytes that only re-runs of a pull request can read."""
    refs: tuple[str, ...]
    entries: tuple[StoredCache, ...]
    """Largest first."""


@dataclass(frozen=True, slots=True)
class CacheStorage:
    """What a repository stores."""

    groups: tuple[StorageGroup, ...]
    """Largest first."""
    count: int
    size_bytes: int
    pull_bytes: int
    quota_bytes: int
    quota_is_told: bool
    """Whether GitHub told the quota; else it is the usual one."""
    usage_bytes: int | None = None
    """What GitHub counts; it is refreshed about every 5 minutes."""


@dataclass(frozen=True, slots=True)
class CacheReport:
    """Everything about the caches of one repository at one moment."""

    repository: RepositoryId
    at: datetime
    accounts: tuple[CacheAccount, ...] = ()
    autopsies: tuple[Autopsy, ...] = ()
    storage: CacheStorage | None = None
    stored_at: datetime | None = None
    """When the entries were read."""
    problems: tuple[Problem, ...] = field(default=())
    """What could not be read now."""

    def autopsy(self, account: CacheAccount) -> Autopsy | None:
        """Returns why that cache's last miss missed, if it ever missed."""
        return next(
            (
                one
                for one in self.autopsies
                if one.cache == account.cache and one.workflow_path == account.workflow_path
            ),
            None,
        )
