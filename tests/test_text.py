"""Strangers' text is cleaned of everything that could reach the terminal as more than text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cidash.domain.text import clean, clean_block


@pytest.mark.parametrize(
    ("hostile", "safe"),
    [
        ("plain", "plain"),
        ("[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),
        ("\x1b[2Jwiped", "wiped"),
        ("\x1b]52;c;aGVsbG8=\x07copied", "copied"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP+q544e\x1b\\dcs", "dcs"),
        ("\x9b31mred\x9b0m", "red"),
        ("abc\u202edef\u2066ghi\u2069", "abcdefghi"),
        ("nul\x00bel\x07", "nulbel"),
        ("two\r\nlines\tand  tabs", "two lines and tabs"),
        ("zero\u200bwidth", "zerowidth"),
        ("family 👨\u200d👩\u200d👧", "family 👨\u200d👩\u200d👧"),
        ("lone \x1b", "lone"),
        ("", ""),
        (None, ""),
    ],
)
def test_clean_by_example(hostile: str | None, safe: str) -> None:
    assert clean(hostile) == safe


@given(st.text())
def test_clean_leaves_nothing_that_steers_a_terminal(text: str) -> None:
    line = clean(text)
    assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in line)
    assert clean(line) == line
    assert len(line) <= 500


@given(st.text())
def test_a_block_keeps_only_line_ends(text: str) -> None:
    assert not any(unicodedata.category(char) in {"Cc", "Cs"} for char in clean_block(text).replace("\n", ""))


def test_a_long_line_ends_in_an_ellipsis() -> None:
    assert clean("x" * 50, limit=10) == "x" * 9 + "…"


def test_an_unended_escape_does_not_swallow_the_next_line() -> None:
    assert clean_block("a\x1b]0;title\nb") == "a\nb"
