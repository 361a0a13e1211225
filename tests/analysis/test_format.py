"""Durations, ages, shares and counts as text."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cidash.domain.format import age_text, clock, count_text, percent, seconds_text, value_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "—"),
        (float("nan"), "—"),
        (float("inf"), "—"),
        (0, "0s"),
        (0.4, "0s"),
        (-0.4, "0s"),
        (10, "10s"),
        (59.5, "1m00s"),
        (60, "1m00s"),
        (134, "2m14s"),
        (210, "3m30s"),
        (3599.6, "1h00m"),
        (3720, "1h02m"),
        (3 * 3600 + 29.9 * 60, "3h30m"),
        (86_399, "1d00h"),
        (86_400 * 3 + 3600 * 4, "3d04h"),
        (-97, "−1m37s"),
    ],
)
def test_seconds(seconds: float | None, text: str) -> None:
    assert seconds_text(seconds) == text


@given(st.floats(min_value=0, max_value=1e9))
def test_seconds_never_show_sixty_of_a_unit(seconds: float) -> None:
    text = seconds_text(seconds)
    assert re.fullmatch(r"[1-5]?\ds|[1-5]?\dm[0-5]\ds|(1?\d|2[0-3])h[0-5]\dm|\d+d([01]\d|2[0-3])h", text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "—"), (-3, "0s"), (2.9, "2s"), (59.9, "59s"), (60, "1m"), (7199, "1h"), (90_000, "1d"), (900_000, "10d")],
)
def test_age(seconds: float | None, text: str) -> None:
    assert age_text(seconds) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "—"), (0, "0%"), (0.001, "<1%"), (0.64, "64%"), (0.999, "99%"), (1, "100%"), (1.25, "125%")],
)
def test_percent(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_counts() -> None:
    assert [count_text(n) for n in (None, 0, 4912, 2.5)] == ["—", "0", "4,912", "2.5"]


def test_value_follows_the_unit() -> None:
    assert [value_text(1, unit) for unit in ("seconds", "percent", "count")] == ["1s", "100%", "1"]


def test_clock() -> None:
    moment = datetime(2026, 2, 1, 9, 41, 7, tzinfo=UTC)
    assert clock(moment, UTC) == "09:41"
    assert clock(moment, timezone(timedelta(hours=2)), with_seconds=True) == "11:41:07"
    assert clock(None) == "—"
