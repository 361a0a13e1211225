"""What `cidash doctor` finds: one thing that was looked at, how it stands, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class FindingState(StrEnum):
    """How it stands."""

    OK = "ok"
    MISSING = "missing"
    """A right or a part is not there; the rest works without it."""
    FAILED = "failed"
    """Something that is needed does not work."""
    UNKNOWN = "unknown"
    """It could not be found out."""
    OFF = "off"
    """Not configured, and nothing is wrong with that."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination."""

    area: str
    """The host, `Jira`, or `this machine`."""
    name: str
    state: FindingState
    sentence: str
    right: str | None = None
    """The right that a fine-grained token needs."""
    shows: str | None = None
    """What that right would show."""
