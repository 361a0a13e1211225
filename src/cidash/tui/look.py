"""How a state looks: one glyph, one word and one colour for each. Colour never carries a meaning alone.

Styles are names of theme colours, so that every theme works. Every glyph is one cell wide.
"""

from dataclasses import dataclass

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from cidash.domain.cache import CacheState
from cidash.domain.epic import StatusCategory
from cidash.domain.state import State
from cidash.domain.target import Verdict

GOOD = "$text-success"
BAD = "$text-error"
BUSY = "$text-warning"
CALM = "$text-accent"
MUTED = "$text-muted"
FAINT = "$foreground 42%"
LINE = "$foreground 18%"
STRONG = "$foreground bold"
PLAIN = "$foreground"

CURSOR = "▸"
BAR = "▇"
WAIT = "░"
EXPECTED = "╌"
MARK = "▏"
STEP_BAR = "━"
STEP_HEAD = "╸"
RULE = "─"
DIVIDER = "│"


@dataclass(frozen=True, slots=True)
class Look:
    """A glyph, a word, and the name of a theme colour."""

    glyph: str
    word: str
    style: str


_QUEUED = Look("·", "queued", MUTED)
_STATES = {
    State.REQUESTED: Look("·", "requested", MUTED),
    State.QUEUED: _QUEUED,
    State.PENDING: Look("·", "pending", MUTED),
    State.WAITING: Look("◷", "waiting", BUSY),
    State.IN_PROGRESS: Look("◐", "running", BUSY),
    State.SUCCESS: Look("✓", "passed", GOOD),
    State.FAILURE: Look("✗", "failed", BAD),
    State.CANCELLED: Look("⊘", "cancelled", BAD),
    State.SKIPPED: Look("»", "skipped", MUTED),
    State.NEUTRAL: Look("◇", "neutral", MUTED),
    State.TIMED_OUT: Look("✗", "timed out", BAD),
    State.ACTION_REQUIRED: Look("!", "action required", BAD),
    State.STARTUP_FAILURE: Look("✗", "startup failure", BAD),
    State.STALE: Look("✗", "stale", BAD),
    State.UNKNOWN: Look("?", "unknown", MUTED),
}
NO_CHECKS = Look("·", "no runs", MUTED)

_VERDICTS = {
    Verdict.MET: Look("✓", "MET", GOOD),
    Verdict.MISSED: Look("✗", "MISSED", BAD),
    Verdict.NOT_PROVEN: Look("~", "not proven", BUSY),
    Verdict.UNKNOWN: Look("?", "unknown", MUTED),
}

_CATEGORIES = {
    StatusCategory.NEW: Look("○", "to do", MUTED),
    StatusCategory.INDETERMINATE: Look("◐", "in progress", BUSY),
    StatusCategory.DONE: Look("✓", "done", GOOD),
    StatusCategory.UNDEFINED: Look("?", "unknown", MUTED),
}

_CACHES = {
    CacheState.HIT: Look("●", "hit", GOOD),
    CacheState.PARTIAL: Look("◐", "partial", BUSY),
    CacheState.MISS: Look("○", "miss", BAD),
    CacheState.BROKEN: Look("✗", "broken", BAD),
    CacheState.UNUSED: Look("·", "unused", MUTED),
    CacheState.UNKNOWN: Look("?", "—", FAINT),
}


def of_state(state: State | None) -> Look:
    """Returns the look of a run, job or step; None stands for a commit without any run."""
    return NO_CHECKS if state is None else _STATES[state]


def of_verdict(verdict: Verdict) -> Look:
    """Returns the look of a target's verdict."""
    return _VERDICTS[verdict]


def of_category(category: StatusCategory) -> Look:
    """Returns the look of a ticket's status category."""
    return _CATEGORIES[category]


def of_cache(state: CacheState | None) -> Look:
    """Returns the look of a cache state; None stands for a job whose log has not been read."""
    return _CACHES[CacheState.UNKNOWN if state is None else state]


_ASCII = str.maketrans(
    {
        "✓": "+", "✗": "x", "⊘": "x", "◐": "*", "○": "o", "●": "@", "◌": "o", "◷": "w", "◇": "=", "»": ">",
        "·": ".", "▸": ">", "▇": "#", "▆": "#", "█": "#", "░": ":", "╌": "-", "▏": "|", "━": "=", "╸": "=", "╺": "=",
        "─": "-", "│": "|", "┃": "|", "├": "|", "┤": "|", "┼": "+", "┬": "-", "┴": "-", "▲": "^", "▼": "v",
        "⎇": "@", "→": ">", "←": "<", "↑": "^", "↓": "v", "≤": "<", "≥": ">", "…": "~", "—": "-", "−": "-",
        "╭": "+", "╮": "+", "╰": "+", "╯": "+", "▁": "_", "▔": "-", "▊": "|", "▎": "|", "▍": "|", "▌": "|",
        "▐": "|", "▕": "|", "◆": "*", "↻": "%", "⏎": "<",
    }
)  # fmt: skip


class AsciiGlyphs(LineFilter):
    """Replaces the program's own glyphs, one for one, on terminals and fonts that lack them."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's signature
        """Returns the segments with every glyph of ours in ASCII; the width of a line does not change."""
        return [Segment(text.translate(_ASCII), style, control) for text, style, control in segments]
