"""The one word that a run, job or step can be summed up in: GitHub's status while it goes on, then its conclusion."""

from enum import StrEnum


class State(StrEnum):
    """GitHub's own words; `unknown` stands for a word that GitHub has added since."""

    REQUESTED = "requested"
    QUEUED = "queued"
    PENDING = "pending"
    WAITING = "waiting"
    IN_PROGRESS = "in_progress"
    SUCCESS = "success"
    FAILURE = "failure"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    NEUTRAL = "neutral"
    TIMED_OUT = "timed_out"
    ACTION_REQUIRED = "action_required"
    STARTUP_FAILURE = "startup_failure"
    STALE = "stale"
    UNKNOWN = "unknown"

    @property
    def is_active(self) -> bool:
        """Whether it can still change by itself."""
        return self in _ACTIVE

    @property
    def is_red(self) -> bool:
        """Whether it stops a merge and ends `cidash watch` with 1."""
        return self in _RED

    @property
    def is_green(self) -> bool:
        """Whether it satisfies a required check: GitHub counts skipped and neutral as such."""
        return self in _GREEN


_ACTIVE = frozenset({State.REQUESTED, State.QUEUED, State.PENDING, State.WAITING, State.IN_PROGRESS})
_GREEN = frozenset({State.SUCCESS, State.SKIPPED, State.NEUTRAL})
_RED = frozenset(
    {State.FAILURE, State.CANCELLED, State.TIMED_OUT, State.ACTION_REQUIRED, State.STARTUP_FAILURE, State.STALE}
)


def state_of(status: str | None, conclusion: str | None) -> State:
    """Returns the state for GitHub's pair of words; a word that is not known gives `unknown`, never an error."""
    word = conclusion if status == "completed" else status
    try:
        return State(word or "unknown")
    except ValueError:
        return State.UNKNOWN


def worst_state(states: "list[State] | tuple[State, ...]") -> State | None:
    """Returns the state that sums up several: red before active before unknown before green; None for none."""
    for group in (_RED, _ACTIVE, frozenset({State.UNKNOWN}), frozenset({State.SUCCESS}), _GREEN):
        for state in states:
            if state in group:
                return state
    return None
