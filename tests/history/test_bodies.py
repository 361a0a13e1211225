"""Stored answers: exact, bounded by least recent use, and never in the way of a request."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cidash.domain.clock import Clock
from cidash.history.bodies import HistoryBodies
from cidash.history.database import Database
from cidash.history.schema import prepare
from cidash.history.store import History
from cidash.transport.bodies import BodyStore, StoredBody

NOW = datetime(2026, 2, 1, 9, 41, 0, 123456, tzinfo=UTC)
STORED = StoredBody(b'{"total_count": 0}', 'W/"1"', "0123456789abcdef", NOW, "https://api.github.com/next")


def noise(size: int, seed: int = 1) -> bytes:
    """Bytes that do not get smaller."""
    return random.Random(seed).randbytes(size)


def problem(history: History) -> str:
    return str(history.bodies.problem or "")


@pytest.fixture
def small(clock: Clock) -> Iterator[Callable[[int], HistoryBodies]]:
    def make(limit_bytes: int) -> HistoryBodies:
        database = Database(None)
        prepare(database)
        made.append(database)
        return HistoryBodies(database, clock, limit_bytes)

    made: list[Database] = []
    yield make
    for database in made:
        database.close()


def test_a_body_comes_back_from_the_file(opened: Callable[[], History]) -> None:
    first = opened()
    bodies: BodyStore = first.bodies
    assert bodies.load("u") is None
    bodies.save("u", STORED)
    first.close()
    assert opened().bodies.load("u") == STORED


def test_saving_replaces_and_a_304_only_moves_the_time(history: History) -> None:
    history.bodies.save("u", STORED)
    plain = StoredBody(b"", None, "other", NOW)
    history.bodies.save("u", plain)
    assert history.bodies.load("u") == plain
    later = NOW + timedelta(seconds=3)
    history.bodies.touch("u", later)
    assert history.bodies.load("u") == replace(plain, fetched_at=later)
    history.bodies.touch("never saved", later)
    assert history.bodies.load("never saved") is None


def test_the_least_recently_used_goes_first(small: Callable[[int], HistoryBodies]) -> None:
    bodies = small(100_000)
    for name in "abcdefgh":
        bodies.save(name, replace(STORED, body=noise(10_000)))
    assert bodies.load("a") is not None
    bodies.touch("b", NOW)
    for name in "ijkl":
        bodies.save(name, replace(STORED, body=noise(10_000)))
    kept = {name for name in "abcdefghijkl" if bodies.load(name)}
    assert {"a", "b", "i", "j", "k", "l"} <= kept
    assert not {"c", "d"} & kept


def test_the_room_is_bounded(small: Callable[[int], HistoryBodies]) -> None:
    bodies = small(200_000)
    for number in range(300):
        bodies.save(f"https://api.github.com/{number}", replace(STORED, body=noise(3_000, number)))
    with bodies._database.reading() as connection:
        (total, count) = connection.execute("SELECT sum(length(body)), count(*) FROM body_bytes").fetchone()
        assert connection.execute("SELECT count(*) FROM bodies").fetchone() == (count,)
    assert total <= 200_000
    assert count > 40


def test_one_huge_body_pushes_nothing_out(small: Callable[[int], HistoryBodies]) -> None:
    bodies = small(100_000)
    for name in "abcdefgh":
        bodies.save(name, replace(STORED, body=noise(10_000)))
    bodies.save("huge", replace(STORED, body=noise(5_000)))
    bodies.save("huge", replace(STORED, body=noise(90_000)))
    assert all(bodies.load(name) for name in "abcdefgh")
    assert bodies.load("huge") is None  # the older answer would pass for the newest


def test_another_process_fills_the_same_room(opened: Callable[[], History], clock: Clock) -> None:
    ours, theirs = opened(), opened()
    one, other = HistoryBodies(ours._database, clock, 200_000), HistoryBodies(theirs._database, clock, 200_000)
    for number in range(400):
        store = one if number % 2 else other
        store.save(f"u{number}", replace(STORED, body=noise(2_000, number)))
    with ours._database.reading() as connection:
        (total,) = connection.execute("SELECT sum(length(body)) FROM body_bytes").fetchone()
    assert total <= 400_000


def test_a_damaged_body_is_none(history: History) -> None:
    history.bodies.save("u", STORED)
    with history._database.writing() as connection:
        connection.execute("UPDATE body_bytes SET body = x'00'")
    assert history.bodies.load("u") is None


def test_a_failing_file_does_not_stop_the_requests(path: Path, history: History, clock: Clock) -> None:
    history.bodies.save("old", STORED)
    blocker = sqlite3.connect(path, isolation_level=None)
    try:
        history._database._connection.execute("PRAGMA busy_timeout = 1")
        blocker.execute("BEGIN IMMEDIATE")
        history.bodies.save("u", STORED)
        history.bodies.touch("old", NOW + timedelta(seconds=1))
        assert "in use by another program" in problem(history)
        assert history.bodies.load("u") == STORED
        assert history.bodies.load("old") == STORED
        blocker.execute("ROLLBACK")
    finally:
        blocker.close()
    changed = replace(STORED, body=b"changed")
    history.bodies.save("u", changed)  # still left alone
    assert problem(history)
    assert history.bodies.load("u") == changed
    clock.pass_time(31)  # type: ignore[attr-defined]
    history.bodies.save("u", STORED)
    assert not problem(history)
    assert history.bodies.load("u") == STORED


def test_closing_writes_the_uses_down(opened: Callable[[], History]) -> None:
    first = opened()
    for name in "ab":
        first.bodies.save(name, STORED)
    first.bodies.load("a")
    first.close()
    with opened()._database.reading() as connection:
        assert connection.execute("SELECT url FROM bodies ORDER BY used_at").fetchall() == [("b",), ("a",)]
