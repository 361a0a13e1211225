"""What went wrong with a source, as one sentence that says what, where and what to do."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ProblemKind(StrEnum):
    """Split by what the reader or the poll loop would do about it."""

    UNREACHABLE = "unreachable"
    """No connection, no name, a time-out, a cut connection: ask again later."""
    SERVER_ERROR = "server_error"
    """A 5xx: ask again later."""
    BAD_ANSWER = "bad_answer"
    """A cut body, no JSON, a wrong type: ask again later; nothing of it is shown."""
    RATE_LIMITED = "rate_limited"
    """Wait until `retry_at`."""
    UNAUTHORIZED = "unauthorized"
    """No token, or a wrong or expired one: asking again is no use until it is changed."""
    FORBIDDEN = "forbidden"
    """The token lacks a right."""
    NOT_FOUND = "not_found"
    """Not there, or not visible to this token."""
    REFUSED = "refused"
    """The server understood a write and said no."""
    CONFLICT = "conflict"
    """The world has moved since the command was made."""
    OUTCOME_UNKNOWN = "outcome_unknown"
    """A write was sent and its answer was lost: it is never sent again by itself."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem with its sentence. `status` is the HTTP status if there was an answer."""

    kind: ProblemKind
    sentence: str
    retry_at: datetime | None = None
    status: int | None = None
    fields: tuple[tuple[str, str], ...] = ()
    """For a refused write: (field id, sentence) pairs to show next to the fields."""


class SourceError(Exception):
    """Raised by the clients for everything that a server or the network can do wrong; carries the `problem`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem
