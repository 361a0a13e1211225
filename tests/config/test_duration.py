"""Durations as people write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cidash.config.duration import LONGEST_SECONDS, seconds_of


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("3m30s", 210),
        ("2m", 120),
        ("90s", 90),
        ("1h", 3600),
        ("1d2h3m4.5s", 93784.5),
        (" 2m 30s ", 150),
        (0, 0),
        (12.5, 12.5),
        ("0s", 0),
    ],
)
def test_by_example(written: str | float, seconds: float) -> None:
    assert seconds_of(written) == seconds


@pytest.mark.parametrize(
    "written",
    [
        "", " ", "3", "m", "3x", "30s3m", "-3m", "3m-1s", "1.5m", "٣m", "3M", "1e3s", "inf", "nan", -1, -0.5,
        float("nan"), float("inf"), True, None, [3], "400d", 10**400, "9999999999s", "3m\n\n3m",
    ],
)  # fmt: skip
def test_refused_without_repeating_the_value(written: object) -> None:
    with pytest.raises(ValueError, match=r"is not a duration|longer than a year") as caught:
        seconds_of(written)
    if isinstance(written, str) and len(written) > 3:
        assert written not in str(caught.value)


@settings(deadline=None)
@given(hours=st.integers(0, 8000), minutes=st.integers(0, 59), seconds=st.integers(0, 59))
def test_what_is_written_in_parts_is_their_sum(hours: int, minutes: int, seconds: int) -> None:
    assert seconds_of(f"{hours}h{minutes}m{seconds}s") == hours * 3600 + minutes * 60 + seconds


@settings(deadline=None)
@given(st.floats(0, LONGEST_SECONDS))
def test_a_number_is_itself(number: float) -> None:
    assert seconds_of(number) == number


@settings(deadline=None)
@given(st.one_of(st.text(), st.text(alphabet="0123456789dhms. -"), st.floats(), st.integers()))
def test_anything_gives_sensible_seconds_or_a_value_error(written: object) -> None:
    try:
        seconds = seconds_of(written)
    except ValueError:
        return
    assert 0 <= seconds <= LONGEST_SECONDS
