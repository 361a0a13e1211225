"""Time as an argument: whatever needs "now" is given a clock, so that tests and the demo are exact."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time for ages and dates, monotonic seconds for waiting, and a sleep that tests can steer."""

    def now(self) -> datetime:
        """Returns the present moment, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Returns seconds that never run backwards."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Waits that many seconds."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """Returns the present moment, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Returns seconds that never run backwards."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Waits that many seconds."""
        await asyncio.sleep(seconds)
