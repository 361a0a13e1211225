"""Durations as people write them: `3m30s`, `2m`, `90s`, `1h`, or a number of seconds."""

import re

LONGEST_SECONDS = 366 * 86_400.0

_FORM = re.compile(
    r"(?:(?P<d>[0-9]{1,9})d)?(?:(?P<h>[0-9]{1,9})h)?(?:(?P<m>[0-9]{1,9})m)?(?:(?P<s>[0-9]{1,9}(?:\.[0-9]{1,6})?)s)?"
)
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


def seconds_of(written: object) -> float:
    """Returns the seconds that a text such as `3m30s`, or a number, stands for.

    Raises:
        ValueError: it is neither, or it is negative or longer than a year; the sentence does not repeat the value.
    """
    match = _FORM.fullmatch(written.strip().replace(" ", "")) if isinstance(written, str) else None
    if match is not None and any(match.groups()):
        seconds = sum(float(count) * _SECONDS[unit] for unit, count in match.groupdict().items() if count)
    elif isinstance(written, int | float) and not isinstance(written, bool) and written >= 0:
        seconds = float(min(written, LONGEST_SECONDS * 2))
    else:
        raise ValueError('is not a duration: write it like "3m30s", "2m", "90s", "1h", or as a number of seconds')
    if seconds > LONGEST_SECONDS:
        raise ValueError("is longer than a year")
    return seconds
