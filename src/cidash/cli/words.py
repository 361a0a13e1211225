"""How states look in plain text: one glyph, one word, one colour for each. Colour never carries a meaning alone."""

from dataclasses import dataclass
from typing import Final

from cidash.domain.epic import StatusCategory
from cidash.domain.state import State
from cidash.domain.target import Verdict

GREEN: Final = "32"
RED: Final = "31"
YELLOW: Final = "33"
DIM: Final = "2"
BOLD: Final = "1"


@dataclass(frozen=True, slots=True)
class Word:
    """A glyph, a word, and the parameter of the SGR sequence that colours them."""

    glyph: str
    word: str
    colour: str


STATES: Final = {
    State.REQUESTED: Word("·", "requested", DIM),
    State.QUEUED: Word("·", "queued", DIM),
    State.PENDING: Word("·", "pending", DIM),
    State.WAITING: Word("◷", "waiting", YELLOW),
    State.IN_PROGRESS: Word("◐", "running", YELLOW),
    State.SUCCESS: Word("✓", "passed", GREEN),
    State.FAILURE: Word("✗", "failed", RED),
    State.CANCELLED: Word("⊘", "cancelled", RED),
    State.SKIPPED: Word("»", "skipped", DIM),
    State.NEUTRAL: Word("◇", "neutral", DIM),
    State.TIMED_OUT: Word("✗", "timed out", RED),
    State.ACTION_REQUIRED: Word("!", "action required", RED),
    State.STARTUP_FAILURE: Word("✗", "startup failure", RED),
    State.STALE: Word("✗", "stale", RED),
    State.UNKNOWN: Word("?", "unknown", DIM),
}
NO_RUNS: Final = Word("·", "no runs", DIM)

VERDICTS: Final = {
    Verdict.MET: Word("✓", "MET", GREEN),
    Verdict.MISSED: Word("✗", "MISSED", RED),
    Verdict.NOT_PROVEN: Word("~", "not proven", YELLOW),
    Verdict.UNKNOWN: Word("?", "unknown", DIM),
}

CATEGORIES: Final = {
    StatusCategory.NEW: Word("○", "to do", DIM),
    StatusCategory.INDETERMINATE: Word("◐", "in progress", YELLOW),
    StatusCategory.DONE: Word("✓", "done", GREEN),
    StatusCategory.UNDEFINED: Word("?", "unknown", DIM),
}

ASCII: Final = str.maketrans(
    {
        "✓": "+", "✗": "x", "⊘": "x", "◐": "*", "○": "o", "◷": "w", "◇": "=", "»": ">", "·": ".", "→": ">",
        "≤": "<", "…": "~", "—": "-", "−": "-",
        "–": "-", "├": "[", "┤": "]", "┃": "|", "─": "-",
    }
)  # fmt: skip
"""The program's own signs, one for one, for terminals and fonts that lack them."""
