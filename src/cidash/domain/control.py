"""Control: one hardening rule with a verdict and the evidence behind it."""

from dataclasses import dataclass
from enum import StrEnum


class ControlVerdict(StrEnum):
    """`unknown` is never pass or fail: something that decides could not be read, or has not happened yet."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"


class EvidenceKind(StrEnum):
    """How strong a proof is: a file says so, a setting says so, it happened."""

    DECLARED = "declared"
    CONFIGURED = "configured"
    OBSERVED = "observed"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was looked at. `holds` is None when it could not be read, and the text says why."""

    kind: EvidenceKind
    holds: bool | None
    text: str
    source: str
    """The file, or the request that was made."""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Control:
    """A rule, its verdict with the reason as one sentence, and all evidence."""

    id: str
    title: str
    verdict: ControlVerdict
    reason: str
    evidence: tuple[Evidence, ...]
    ticket: str | None = None


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """What the rules ask for; the defaults are those of the hardening guide."""

    lint_job: str = "lint"
    test_job: str = "test"
    scan_cron: str = "0 6 * * 1"
    scanners: tuple[tuple[str, ...], ...] = (("bandit",), ("safety", "pip-audit"), ("trivy",))
    """One tool of each group has to run."""
    nightly_cron: str = "17 9 * * *"
    release_tag: str = "v*.*.*"
