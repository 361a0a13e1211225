"""Index, steps, folding and search of a log, by example."""

from datetime import UTC, datetime

import pytest

from cidash.analysis.log_view.index import LINE_LIMIT, LogIndex
from cidash.analysis.log_view.layout import Layout, Place, unfolding
from cidash.analysis.log_view.line import LineKind, read_line
from cidash.analysis.log_view.search import Pattern, PatternError
from cidash.analysis.log_view.sections import first_failure, section_at, sections_of
from cidash.domain.ci import Step

DAY = "2026-02-01T09:41:"


def step(number: int, name: str, begin: int | None, conclusion: str = "success") -> Step:
    moment = None if begin is None else datetime(2026, 2, 1, 9, 41, begin, tzinfo=UTC)
    return Step(number, name, "completed", conclusion, moment, moment)


def stamped(*lines: tuple[int, str]) -> bytes:
    return b"\xef\xbb\xbf" + "".join(f"{DAY}{second:02}.1234567Z {text}\n" for second, text in lines).encode()


LOG = stamped(
    (0, "Current runner version: '2.331.0'"),
    (1, "##[group]Run actions/checkout@v4"),
    (1, "with:"),
    (1, "##[endgroup]"),
    (2, "Syncing repository"),
    (3, "##[group]Run pytest"),
    (3, "##[endgroup]"),
    (4, "##[group]Run inner/composite@v1"),
    (4, "##[endgroup]"),
    (5, "E   assert 1 == 2"),
    (6, "##[error]Process completed with exit code 1."),
    (7, "Post job cleanup."),
    (8, "Cleaning up orphan processes"),
)
STEPS = (
    step(1, "Set up job", 0),
    step(2, "Checkout", 1),
    step(3, "Tests", 3, "failure"),
    step(4, "Upload", None, "skipped"),
    step(9, "Post Checkout", 7),
    step(10, "Complete job", 8),
)


def indexed(data: bytes, size: int = 1_000_000) -> LogIndex:
    return LogIndex().feed_all(data[at : at + size] for at in range(0, len(data), size))


@pytest.mark.parametrize("size", [1, 7, 64, 1_000_000])
def test_steps_get_their_lines_however_the_log_comes(size: int) -> None:
    index = indexed(LOG, size)
    sections = sections_of(index, STEPS)
    assert [(one.title, one.first, one.end) for one in sections] == [
        ("Set up job", 0, 1),
        ("Checkout", 1, 5),
        ("Tests", 5, 11),
        ("Upload", 11, 11),
        ("Post Checkout", 11, 12),
        ("Complete job", 12, 13),
    ]
    assert list(index.group_starts) == [1, 5, 7]
    assert list(index.group_ends) == [3, 6, 8]
    assert list(index.errors) == [10]
    assert first_failure(index, sections) == 10
    assert section_at(sections, 9) == 2


def test_a_step_in_the_second_of_another_goes_by_its_title() -> None:
    log = stamped(
        (0, "begin"),
        (1, "##[group]Run ./composite"),
        (1, "##[endgroup]"),
        (1, "##[group]Run inner"),
        (1, "##[group]Run make test"),
    )
    steps = (step(1, "Set up job", 0), step(2, "Composite", 1), step(3, "Run make test", 1))
    assert [one.first for one in sections_of(indexed(log), steps)] == [0, 1, 4]


def test_a_step_that_prints_no_title_begins_with_its_time() -> None:
    log = stamped((0, "begin"), (4, "##[command]/usr/bin/docker network create"), (5, "more"))
    steps = (step(1, "Set up job", 0), step(2, "Initialize containers", 4))
    assert [(one.first, one.end) for one in sections_of(indexed(log), steps)] == [(0, 1), (1, 3)]


def test_without_steps_the_log_itself_tells() -> None:
    titles = [one.title for one in sections_of(indexed(LOG), ())]
    assert titles == [
        "Set up job", "Run actions/checkout@v4", "Run pytest", "Run inner/composite@v1", "Post", "Complete job",
    ]  # fmt: skip
    assert sections_of(indexed(b""), ()) == ()
    assert [one.title for one in sections_of(indexed(b"plain\ntext"), ())] == ["Log"]


def test_a_failed_step_without_an_error_line_is_read_from_its_end() -> None:
    index = indexed(stamped((0, "begin"), (1, "##[group]Run x"), (2, "killed")))
    sections = sections_of(index, (step(1, "Set up job", 0), step(2, "Run x", 1, "failure")))
    assert first_failure(index, sections) == 2


def test_marks_count_only_at_the_beginning_of_a_line() -> None:
    index = indexed(stamped((0, "echo ##[error]no"), (0, "##[error]yes")) + b"##[warning]bare\n")
    assert (list(index.errors), list(index.warnings)) == ([1], [2])


def test_folded_rows() -> None:
    index = indexed(LOG)
    sections = sections_of(index, STEPS)
    closed = Layout(index, sections, set(), set())
    assert closed.rows == 6
    assert closed.row_of(10) is None
    layout = Layout(index, sections, {2}, set())
    places = [layout.at(row) for row in range(layout.rows)]
    assert places[2:7] == [
        Place(2, None), Place(2, 5, 1), Place(2, 7, 2), Place(2, 9), Place(2, 10),
    ]  # fmt: skip
    assert layout.row_of(10) == 6
    assert layout.row_of(8) is None
    assert layout.heading_row(3) == 7
    unfolded = Layout(index, sections, {2}, {1, 2})
    assert unfolded.row_of(8) is not None
    assert unfolding(index, sections, 8) == (2, 2)
    failed = Layout(index, sections, {2}, {1, 2}, only_failed=True)
    assert {place.section for row in range(failed.rows) if (place := failed.at(row))} == {2}
    assert failed.at(failed.rows) is None


def test_a_line_shows_clean_text_and_safe_colours() -> None:
    text = "\x1b[36;1mmake\x1b[0m \x1b]0;owned\x07\x1b[31mred\x1b[8;48;5;16m x\x1b[2J\x9b5n\u202e!\r\n"
    line = read_line(f"{DAY}00.5Z {text}".encode())
    assert line.text == "make red x!"
    assert line.stamp == f"{DAY}00.5Z"
    assert [(line.text[span.start : span.end], span.pen.colour) for span in line.spans] == [
        ("make", "cyan"), ("red", "red"), (" x!", "red"),
    ]  # fmt: skip
    assert line.spans[0].pen.bold


@pytest.mark.parametrize(
    ("raw", "text", "kind"),
    [
        (b"##[error]no", "error: no", LineKind.ERROR),
        (b"[command]/usr/bin/git", "$ /usr/bin/git", LineKind.COMMAND),
        (b"##[group]Run x", "Run x", LineKind.GROUP),
        (b"\xff\xfe", "\ufffd\ufffd", LineKind.PLAIN),
        (b"a\tb\r50%\r100%", "a    b 50% 100%", LineKind.PLAIN),
    ],
)
def test_kinds_of_lines(raw: bytes, text: str, kind: LineKind) -> None:
    line = read_line(raw)
    assert (line.text, line.kind) == (text, kind)


def test_a_monstrous_line_is_cut() -> None:
    index = indexed(b"x" * 300_000 + b"\nnext\n", 1_000)
    assert index.lines == 2
    start, end = index.span(0)
    line = read_line(b"x" * LINE_LIMIT, end - start)
    assert (len(line.text), line.cut_bytes) == (LINE_LIMIT, 300_001 - LINE_LIMIT)


def test_search_sees_what_is_shown() -> None:
    assert list(Pattern("ERROR: process", ignore_case=True).lines(LOG, 0)) == [10]
    assert list(Pattern("assert \\d == \\d", regex=True).lines(LOG, 100)) == [109]
    assert list(Pattern("09:41").lines(LOG, 0)) == []
    assert list(Pattern("Sync").lines(LOG, 0)) == [4]
    assert list(Pattern("SYNC").lines(LOG, 0)) == []
    assert list(Pattern("sync").lines(LOG, 0)) == [4]
    assert list(Pattern("redgreen").lines(b"a\n\x1b[31mred\x1b[32mgreen\x1b[0m\n", 5)) == [6]
    assert Pattern("a+", regex=True).spans("xaay a") == [(1, 3), (5, 6)]


@pytest.mark.parametrize("text", ["(", "(a+)+$", "(a|b*)*c", "(?:x*)*"])
def test_what_can_not_be_searched_for(text: str) -> None:
    with pytest.raises(PatternError):
        Pattern(text, regex=True)
    assert not Pattern(text).is_in("nothing")
