"""Where everything is in a log, learned in one pass over its bytes, however large it is.

A line takes eight bytes here; groups, errors and steps take a few more each. Nothing of the text is kept.
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate

LINE_LIMIT = 64 * 1024
"""Bytes of a line that are looked at; the rest is cut."""
MOST_LINES = 5_000_000
"""What follows the last of them belongs to it, so that a file of line ends alone stays bounded."""
_MOST_GROUPS = 100_000
_MOST_OPENERS = 20_000
_MOST_SECONDS = 200_000
_TITLE = 200

_STAMP = rb"(?:\xef\xbb\xbf)?(?:(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z )?"
_HEAD = re.compile(_STAMP + rb"(?:\xef\xbb\xbf)?")
_SECOND = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_TAG = re.compile(rb"##\[(group|endgroup|error|warning)\]")
_POST = re.compile(rb"Post job cleanup\.")
_END = re.compile(rb"Cleaning up orphan processes")
_RUN = b"Run "


class OpenerKind(Enum):
    """What kind of step a line opens."""

    RUN = "run"
    POST = "post"
    END = "end"


@dataclass(frozen=True, slots=True)
class Opener:
    """A line that the runner prints where a step begins (or a step inside a composite action)."""

    line: int
    kind: OpenerKind
    second: str
    """Its time stamp to the second, as `2026-02-01T09:41:00`; empty without one."""
    title: str
    """What follows `Run `; not cleaned."""


class LogIndex:
    """Fed with the log piece by piece, then asked. Lines count from 0."""

    def __init__(self) -> None:
        self.size = 0
        """Bytes so far."""
        self.group_starts = array("I")
        self.group_ends = array("I")
        """The line of each group's end (its `##[endgroup]`, or the line before whatever ended it)."""
        self.errors = array("I")
        self.warnings = array("I")
        self.openers: list[Opener] = []
        self._ends = array("Q")
        self._pending = b""
        self._pending_size = 0
        self._seconds: list[bytes] = []
        self._second_lines = array("I")
        self._last_second = b""
        self._group_open = False

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return len(self._ends)

    def span(self, line: int) -> tuple[int, int]:
        """Returns the byte offsets of a line's beginning and of what follows it."""
        return (self._ends[line - 1] if line else 0, self._ends[line])

    def line_of(self, offset: int) -> int:
        """Returns the line that the byte at that offset belongs to."""
        return bisect_right(self._ends, offset)

    def line_at(self, second: str) -> int | None:
        """Returns the first line that was printed in that second (`2026-02-01T09:41:00`) or later, or None."""
        at = bisect_left(self._seconds, second.encode())
        return self._second_lines[at] if at < len(self._seconds) else None

    def feed(self, chunk: bytes) -> None:
        """Takes the next piece, of any length."""
        first = chunk.find(b"\n")
        if first < 0:
            self._hold(chunk)
            return
        begin = 0
        if self._pending_size:
            self._hold(chunk[: first + 1])
            self._end_pending()
            begin = first + 1
        end = chunk.rfind(b"\n") + 1
        if end > begin:
            self._take(chunk[begin:end] if begin or end < len(chunk) else chunk)
        if end < len(chunk):
            self._hold(chunk[end:])

    def finish(self) -> None:
        """Says that the log has ended: a last line without a line end counts, an open group ends."""
        if self._pending_size:
            self._end_pending()
        self._close_group(self.lines - 1)

    def feed_all(self, chunks: Iterable[bytes]) -> "LogIndex":
        """Takes all pieces and finishes; returns itself."""
        for chunk in chunks:
            self.feed(chunk)
        self.finish()
        return self

    # -- lines --------------------------------------------------------------------------------------------------

    def _hold(self, piece: bytes) -> None:
        """Keeps the beginning of a line whose end has not come; a monstrous one costs no more than the limit."""
        room = LINE_LIMIT - len(self._pending)
        if room > 0:
            self._pending += piece[:room]
        self._pending_size += len(piece)
        self.size += len(piece)

    def _end_pending(self) -> None:
        text, self._pending = self._pending, b""
        self._pending_size = 0
        before = self.lines
        self._add_ends([self.size])
        if self.lines > before:
            self._note_second(text[:19], before)
            self._note_marks(text, before, lambda _: before)

    def _take(self, block: bytes) -> None:
        """Takes whole lines."""
        lines = block.split(b"\n")
        lines.pop()
        before, start = self.lines, self.size
        self.size += len(block)
        ends = list(accumulate(map((1).__add__, map(len, lines)), initial=start))
        del ends[0]
        self._add_ends(ends)
        count = self.lines - before
        last = self._last_second
        for at, line in enumerate(lines[:count] if count < len(lines) else lines):
            if line[:19] > last:
                self._note_second(line[:19], before + at)
                last = self._last_second

        def line_of(offset: int) -> int:
            return bisect_right(self._ends, start + offset, before)

        self._note_marks(block, before, line_of)

    def _add_ends(self, ends: list[int]) -> None:
        room = MOST_LINES - self.lines
        if room >= len(ends):
            self._ends.extend(ends)
            return
        self._ends.extend(ends[: max(0, room)])
        self._ends[-1] = ends[-1]

    def _note_second(self, second: bytes, line: int) -> None:
        if second > self._last_second and _SECOND.fullmatch(second) and len(self._seconds) < _MOST_SECONDS:
            self._last_second = second
            self._seconds.append(second)
            self._second_lines.append(line)

    # -- marks --------------------------------------------------------------------------------------------------

    def _note_marks(self, block: bytes, first_line: int, line_of: Callable[[int], int]) -> None:
        found = [(one.start(), one.group(1), one.end()) for one in _TAG.finditer(block)]
        for pattern in (_POST, _END):
            found += [(one.start(), pattern.pattern, one.end()) for one in pattern.finditer(block)]
        if not found:
            return
        if len(found) > 1:
            found.sort()
        for start, word, end in found:
            begin = block.rfind(b"\n", 0, start) + 1
            if start - begin > 64:
                continue
            head = _HEAD.fullmatch(block, begin, start)
            line = line_of(start)
            if head is None or not first_line <= line < self.lines:
                continue
            self._note(word, line, (head[1] or b"").decode(), block, end)

    def _note(self, word: bytes, line: int, second: str, block: bytes, end: int) -> None:
        if word == b"error":
            _append(self.errors, line)
        elif word == b"warning":
            _append(self.warnings, line)
        elif word == b"group":
            self._close_group(line - 1)
            if len(self.group_starts) < _MOST_GROUPS:
                self.group_starts.append(line)
                self.group_ends.append(line)
                self._group_open = True
            if block.startswith(_RUN, end):
                stop = block.find(b"\n", end)
                stop = len(block) if stop < 0 else stop
                title = block[end + len(_RUN) : min(stop, end + _TITLE)].decode("utf-8", "replace").rstrip("\r")
                self._open(Opener(line, OpenerKind.RUN, second, title))
        elif word == b"endgroup":
            self._close_group(line)
        elif word == _POST.pattern:
            self._close_group(line - 1)
            self._open(Opener(line, OpenerKind.POST, second, ""))
        else:
            self._open(Opener(line, OpenerKind.END, second, ""))

    def _open(self, opener: Opener) -> None:
        if len(self.openers) < _MOST_OPENERS:
            self.openers.append(opener)

    def _close_group(self, line: int) -> None:
        if self._group_open:
            self.group_ends[-1] = max(line, self.group_starts[-1])
            self._group_open = False


def _append(lines: "array[int]", line: int) -> None:
    if len(lines) < _MOST_GROUPS and (not lines or lines[-1] != line):
        lines.append(line)
