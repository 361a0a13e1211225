"""A history on a temporary file, and a clock that stands still until it is told to move."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cidash.history.store import History


@dataclass
class StillClock:
    """Wall time and monotonic seconds that only `pass_time` moves."""

    moment: datetime = datetime(2026, 2, 1, 9, 41, tzinfo=UTC)
    seconds: float = 0.0

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.pass_time(seconds)

    def pass_time(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
        self.seconds += seconds


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "history.db"


@pytest.fixture
def opened(path: Path, clock: StillClock) -> Iterator[Callable[[], History]]:
    """Opens the file, as often as wanted; all are closed at the end."""
    histories: list[History] = []

    def open_again() -> History:
        histories.append(History.open(path, clock))
        return histories[-1]

    yield open_again
    for history in histories:
        history.close()


@pytest.fixture
def history(opened: Callable[[], History]) -> History:
    return opened()
