"""How long a server asks us to wait."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Returns the moment that `Retry-After` names, given as seconds or as a date (RFC 9110, 10.2.3), or None.

    A value that is neither, or that lies more than a day ahead, is treated as absent.
    """
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except (TypeError, ValueError):
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (moment - now).total_seconds()
    if not math.isfinite(seconds) or seconds > 86_400:
        return None
    return now + timedelta(seconds=max(0.0, seconds))
