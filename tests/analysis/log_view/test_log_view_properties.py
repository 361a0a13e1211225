"""Whatever bytes come, the index is about all of them, and nothing dangerous is shown."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from cidash.analysis.log_view.index import LogIndex
from cidash.analysis.log_view.layout import Layout
from cidash.analysis.log_view.line import read_line
from cidash.analysis.log_view.search import shown_block
from cidash.analysis.log_view.sections import sections_of

PIECES = st.sampled_from(
    [
        b"\n", b"\r\n", b"##[group]", b"##[group]Run x", b"##[endgroup]", b"##[error]", b"Post job cleanup.",
        b"2026-02-01T09:41:00.1Z ", b"2026-02-01T09:41:07Z ", b"\x1b[31m", b"\x1b]0;x\x07", b"\xef\xbb\xbf", b"text",
        b"Cleaning up orphan processes", b"\x9b", "\u202e".encode(), b"\xff", b"\x00",
    ]
)  # fmt: skip
LOGS = st.lists(PIECES | st.binary(max_size=6), max_size=60).map(b"".join)


@given(LOGS, st.integers(1, 40))
def test_the_index_does_not_depend_on_how_the_bytes_come(log: bytes, size: int) -> None:
    whole = LogIndex().feed_all([log])
    pieces = LogIndex().feed_all(log[at : at + size] for at in range(0, len(log), size))
    for index in (whole, pieces):
        assert index.size == len(log)
        assert index.lines == len(log.split(b"\n")) - log.endswith(b"\n") - (not log)
        assert [index.span(line)[0] for line in range(1, index.lines)] == [
            index.span(line)[1] for line in range(index.lines - 1)
        ]
    assert whole.group_starts == pieces.group_starts
    assert whole.group_ends == pieces.group_ends
    assert whole.errors == pieces.errors
    assert whole.openers == pieces.openers


@given(LOGS)
def test_every_line_has_one_section_and_one_row(log: bytes) -> None:
    index = LogIndex().feed_all([log])
    sections = sections_of(index, ())
    assert [line for one in sections for line in range(one.first, one.end)] == list(range(index.lines))
    groups = range(len(index.group_starts))
    layout = Layout(index, sections, set(range(len(sections))), set(groups))
    shown = [place.line for row in range(layout.rows) if (place := layout.at(row)) and place.line is not None]
    assert shown == list(range(index.lines))
    found = [layout.at(layout.row_of(line) or 0) for line in shown]
    assert [place.line for place in found if place is not None] == shown


@given(st.binary(max_size=200))
def test_nothing_dangerous_is_shown(raw: bytes) -> None:
    line = read_line(raw)
    assert not [char for char in line.text if unicodedata.category(char) in {"Cc", "Cs"}]
    assert all(0 <= span.start < span.end <= len(line.text) for span in line.spans)
    assert shown_block(raw).count("\n") == raw.count(b"\n")
