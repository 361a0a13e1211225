"""Durations as people write them in plans: `45 minutes`, `30-45 minutes`, `1-2 hours`, `1h 30m`, `2 days`."""

import re

_UNITS = {"m": 60.0, "h": 3_600.0, "d": 8 * 3_600.0, "w": 5 * 8 * 3_600.0}
"""A working day has 8 hours, a week 5 days, as in Jira."""
_PART = re.compile(
    r"(?<![\w.])(?P<low>\d{1,6}(?:\.\d{1,3})?)"
    r"(?:\s*(?:-|–|—|to)\s*(?P<high>\d{1,6}(?:\.\d{1,3})?))?\s*"
    r"(?P<unit>minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w)(?![A-Za-z])",
    re.IGNORECASE,
)


def seconds_in(text: str) -> float | None:
    """Returns the seconds of the first duration in the text, of a span the upper end; None when there is none.

    Parts that follow each other add up: `1h 30m` is 5,400.
    """
    total: float | None = None
    end = -1
    for part in _PART.finditer(text[:2_000]):
        if total is not None and text[end : part.start()].strip(" ,"):
            break
        number = float(part["high"] or part["low"])
        total = (total or 0.0) + number * _UNITS[part["unit"][0].lower()]
        end = part.end()
    return total


def jira_duration(seconds: float) -> str:
    """Returns whole minutes as Jira takes them in time tracking: `45m`. At least one minute."""
    return f"{max(1, round(seconds / 60))}m"
