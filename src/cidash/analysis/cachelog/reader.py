"""Reads a job log: bytes in, cache events out."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from cidash.analysis.cachelog.job import Job, Naming
from cidash.analysis.cachelog.line import JOB_END, Line, has_columns, has_stamp, parse
from cidash.analysis.cachelog.scanner import Scanner
from cidash.domain.cache import CacheEvent
from cidash.domain.text import clean

Completeness = Literal["complete", "cut", "empty"]
_AFTER_END = re.compile(
    r"(?:Terminate orphan process: .*|##\[(?:warning|error|notice|debug)\].*|(?:Warning|Error): .*|)"
)
_MOST_EVENTS = 10_000
_TAIL = 32 * 1024
_MOST_TIMES = 50_000


@dataclass(frozen=True, slots=True)
class LogReading:
    """What a log told. `complete`: it reaches the end of its job; `cut`: it does not; `empty`: it holds no text."""

    events: tuple[CacheEvent, ...]
    completeness: Completeness
    times: tuple[float | None, ...] = ()
    """When each event was written, in whole seconds since 1970; None where the log has no time stamps."""


def read_events(chunks: Iterable[bytes], names: Mapping[str, str] | None = None) -> LogReading:
    """Returns the cache events of a job log, in the order of their lines, in one pass and bounded memory.

    Args:
        chunks: the log's bytes in pieces of any size, as they come from a file or a download.
        names: names for caches, by a pattern (`*`, `?`) of the default name ("tool: step title"), of the step title
            or of the key; a cache that none fits is named after its tool and step.

    A log in the form of `gh run view --log` may hold several jobs; it is complete if each of them is.
    """
    reader = EventReader(names)
    for chunk in chunks:
        reader.feed(chunk)
    return reader.finish()


class EventReader:
    """Reads a log as it arrives, for those who get its pieces one at a time."""

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        """`names` as for `read_events`."""
        self._reader = _Reader(names)
        self._scanner = Scanner(self._reader, lambda: self._reader.plain)
        self._reader.scanner = self._scanner

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes, in pieces of any size."""
        self._scanner.feed(chunk)
        self._reader.keep(chunk)

    def finish(self) -> LogReading:
        """Returns what the log told; call it once, at its end."""
        self._scanner.close()
        return self._reader.reading()


class _Reader:
    """Splits a log into jobs and collects their events."""

    def __init__(self, names: Mapping[str, str] | None) -> None:
        self.plain = False
        self.scanner: Scanner | None = None
        self._columns = False
        self._undecided = 2
        self._empty = True
        self._job: Job | None = None
        self._name: str | None = None
        self._naming = Naming(names)
        self._events: list[CacheEvent] = []
        self._all_ended = True
        self._tail = b""
        self._numbers: list[int] = []
        self._times: list[float] = []

    def keep(self, chunk: bytes) -> None:
        self._tail = chunk[-_TAIL:] if len(chunk) >= _TAIL else (self._tail + chunk)[-_TAIL:]

    def line(self, raw: bytes, number: int) -> bool:
        if self._undecided:
            if not raw.strip(b"\xef\xbb\xbf \t\r\n"):
                return True
            # A log without its beginning may start in the middle of a line: then the second shows its form.
            self._columns, self.plain = has_columns(raw), not has_stamp(raw)
            self._undecided = 1 if self._undecided == 2 and self.plain else 0
            self._empty = False
        line = parse(raw, number, self._columns)
        self._note_time(line)
        if self._job is None or (self._columns and not self._job.columns):
            self._open(line)
        elif (self._columns and line.job is not None and line.job != self._name) or (self._job.is_over(line)):
            self._close()
            self._open(line)
        assert self._job is not None
        assert self.scanner is not None
        if self._columns and line.job is None:
            line = Line(number, line.text, line.time, self._name, self._job.column, line.script)
        return self._job.line(line, self.scanner.before) or self._undecided > 0

    def _note_time(self, line: Line) -> None:
        """Remembers from which line on it was which second: enough to say when any line was written."""
        if line.time is None or len(self._times) >= _MOST_TIMES:
            return
        second = float(int(line.time))
        if not self._times or self._times[-1] != second:
            self._numbers.append(line.number)
            self._times.append(second)

    def _time_of(self, event: CacheEvent) -> float | None:
        place = bisect_right(self._numbers, event.line or 0)
        return self._times[place - 1] if place else None

    def _open(self, line: Line) -> None:
        self._name = line.job
        self._job = Job(self.plain, self._columns)

    def _close(self) -> None:
        if self._job is not None:
            self._job.finish()
            self._all_ended = self._all_ended and self._job.ended
            room = _MOST_EVENTS - len(self._events)
            self._events += [_cleaned(event) for event in islice(self._job.events(self._naming), max(0, room))]
            self._job = None

    def reading(self) -> LogReading:
        self._close()
        self._events.sort(key=lambda event: event.line or 0)
        if self._empty:
            return LogReading((), "empty")
        completeness: Completeness = "complete" if self._all_ended and self._tail_ends() else "cut"
        return LogReading(tuple(self._events), completeness, tuple(map(self._time_of, self._events)))

    def _tail_ends(self) -> bool:
        """Whether the last lines are those that the runner prints when it has finished a job."""
        for raw in reversed(self._tail.split(b"\n")):
            text = parse(raw, 0, self._columns).text
            if text == JOB_END:
                return True
            if _AFTER_END.fullmatch(text) is None:
                return False
        return False


def _cleaned(event: CacheEvent) -> CacheEvent:
    return replace(event, step=clean(event.step) or None, tool=clean(event.tool, 200))
