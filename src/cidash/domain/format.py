"""Numbers and moments as short text, the same on screen and on the command line. What is not known is a dash."""

import math
from datetime import datetime, tzinfo

DASH = "—"
MINUS = "−"

_MINUTE = 60
_HOUR = 3_600
_DAY = 86_400


def seconds_text(seconds: float | None) -> str:
    """Returns a duration in at most two units: `10s`, `2m14s`, `1h02m`, `3d04h`; a dash for None, NaN and infinity.

    Rounded to the nearest whole second, and to whole minutes and hours from an hour and a day on; a shift to less
    has a minus sign.
    """
    if seconds is None or not math.isfinite(seconds):
        return DASH
    whole = math.floor(abs(seconds) + 0.5)
    sign = MINUS if seconds < 0 and whole else ""
    if whole < _MINUTE:
        return f"{sign}{whole}s"
    if whole < _HOUR:
        return f"{sign}{whole // _MINUTE}m{whole % _MINUTE:02d}s"
    if whole < _DAY:
        minutes = (whole + 30) // _MINUTE
        if minutes < _DAY // _MINUTE:
            return f"{sign}{minutes // 60}h{minutes % 60:02d}m"
    hours = (whole + _HOUR // 2) // _HOUR
    return f"{sign}{hours // 24}d{hours % 24:02d}h"


def age_text(seconds: float | None) -> str:
    """Returns an age in one unit, rounded down: `2s`, `5m`, `3h`, `2d`; a dash for None. Never negative."""
    if seconds is None or not math.isfinite(seconds):
        return DASH
    whole = max(0, int(seconds))
    for size, unit in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m")):
        if whole >= size:
            return f"{whole // size}{unit}"
    return f"{whole}s"


def percent(share: float | None) -> str:
    """Returns a share of 0 to 1 as whole percent. Only a full share is `100%` and only an empty one is `0%`."""
    if share is None or not math.isfinite(share):
        return DASH
    whole = math.floor(share * 100 + 0.5)
    if whole >= 100 and share < 1:
        return "99%"
    if whole <= 0 and share > 0:
        return "<1%"
    return f"{whole}%"


def count_text(count: float | None) -> str:
    """Returns a number with thousands apart: `4,912`; a dash for None."""
    if count is None or not math.isfinite(count):
        return DASH
    return f"{count:,.0f}" if count == int(count) else f"{count:,.1f}"


def value_text(value: float | None, unit: str) -> str:
    """Returns a measured value in a target's unit: `seconds`, `percent` (a share of 0 to 1) or `count`."""
    if unit == "seconds":
        return seconds_text(value)
    if unit == "percent":
        return percent(value)
    return count_text(value)


def clock(moment: datetime | None, zone: tzinfo | None = None, *, with_seconds: bool = False) -> str:
    """Returns the time of day as `09:41` in that zone (default: this machine's); a dash for None."""
    if moment is None:
        return DASH
    return moment.astimezone(zone).strftime("%H:%M:%S" if with_seconds else "%H:%M")


def size_text(size_bytes: int | None) -> str:
    """Returns a size in three digits at most: `0 B`, `12 KB`, `1.9 GB` (of 1,024 each); a dash for None."""
    if size_bytes is None:
        return DASH
    size, unit = float(size_bytes), "B"
    for larger in ("KB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1024, larger
    return f"{size:.1f} {unit}" if unit != "B" and size < 9.95 else f"{size:.0f} {unit}"
