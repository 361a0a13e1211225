"""Finds the few lines of a log that can matter, in one pass over its bytes.

Python is slow per line and fast per megabyte: the bytes are searched for a handful of words by the regular expression
engine and `bytes.find`, and only lines that hold one are looked at. A reader that must see every line for a while
(the header of a step, a block of statistics) says so, and gets them one by one.
"""

import re
from collections.abc import Callable, Iterator
from typing import Protocol

from cidash.analysis.cachelog.line import LIMIT

_WINDOW = 256 * 1024
_KEPT = 8192
"""Bytes of lines already read that are kept for `before`."""

# What follows "#" in a step header or a BuildKit vertex, and "ache" in a message that counts. Each pattern begins with
# literal bytes, which the engine looks for fast.
_HASH = re.compile(
    rb"#(?:#\[(?:group\]Run |notice\]\d+% - \d)|"
    rb"\d+ (?:\[|CACHED|DONE|ERROR: |CANCELED|importing cache|exporting |building with ))"
)
_CACHE = re.compile(
    rb"ache(?: (?:restored |restore skipped|not found[ .]|is not found|hit (?:for|occ|\()|save(?:d | failed| skipped)|"
    rb"found(?: and| for|\.)|is being|is false|key[: ]|Size: ~|entry with|for key|with (?:the )?key|using key|"
    rb"import at|export (?:is|feature)|instead of|was not|saving is|folders? (?:on|path)|paths were|because no|"
    rb"write denied|hits {2}|miss(?:es)? {2}|\.\.\.)|able calls:| up-to-date|d: {2,}\d|, \d+ up-to|"
    rb"(?:(?<=Cache)|(?<=Python cache)) path |(?<=restoring the cache) |"
    rb"(?:(?<=Actions cache)|(?<=Saving cache)|(?<=from cache))(?=\r?\n|\x1b|\^\[))[^\n]*"
)
_NEEDLES = (
    b"Post job cleanup.",
    b"Current runner version: ",
    b"Cleaning up orphan processes",
    b" test session starts =",
    b"Primary storage:",
    b"Key Validation Error: ",
    b"(100.0%), ",
)
_FAILED = b"ailed to "
_FAILURE = re.compile(rb"ailed to (?:re(?:store|ceive)|save|solve|build)")
_PLAIN_HEADER = re.compile(rb"^(?:\xef\xbb\xbf)?Run [^\n]", re.MULTILINE)


class Consumer(Protocol):
    """Takes the lines that the scanner finds."""

    def line(self, raw: bytes, number: int) -> bool:
        """Takes one line; returns whether the next line is wanted whatever it holds."""


class Scanner:
    """Cuts chunks of bytes into lines and hands on those that can matter. Memory is bounded whatever comes."""

    def __init__(self, consumer: Consumer, plain: Callable[[], bool]) -> None:
        """`plain` says whether the log has no time stamps: then a step may start with a bare "Run "."""
        self._consumer = consumer
        self._plain = plain
        self._parts: list[bytes] = []
        self._size = 0
        self._skipping = False
        self._every = True
        self._lines = 0
        self._passed = b""
        self._window = b""
        self._start = 0

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes, in pieces of any size."""
        for offset in range(0, len(chunk), _WINDOW):
            piece = chunk[offset : offset + _WINDOW] if len(chunk) > _WINDOW else bytes(chunk)
            if self._skipping:
                end = piece.find(b"\n")
                if end < 0:
                    continue
                piece = piece[end:]
                self._skipping = False
            self._parts.append(piece)
            self._size += len(piece)
            if self._size >= _WINDOW:
                self._flush()

    def close(self) -> None:
        """Reads what is left; a last line without a line end counts as a line."""
        self._flush()
        rest = b"".join(self._parts)
        self._parts = []
        if rest:
            self._scan(rest + b"\n")

    def before(self, count: int) -> list[bytes]:
        """Returns up to `count` lines before the one being handed on, the nearest first, as far as they are kept."""
        start = max(0, self._start - _KEPT)
        text = self._window[start : self._start]
        if start == 0:
            text = (self._passed + text)[-_KEPT:]
        if not text:
            return []
        lines = text[:-1].rsplit(b"\n", count)
        if len(lines) > count or len(text) == _KEPT:
            del lines[:1]
        return lines[::-1]

    def _flush(self) -> None:
        data = b"".join(self._parts)
        end = data.rfind(b"\n") + 1
        rest = data[end:]
        if len(rest) > LIMIT:
            rest = rest[:LIMIT]
            self._skipping = True
        self._parts = [rest] if rest else []
        self._size = len(rest)
        if end:
            self._scan(data[:end])

    def _scan(self, data: bytes) -> None:
        self._window = data
        found: Iterator[int] | None = None
        place: int | None = -1
        at = counted = 0
        line = self._consumer.line
        while at < len(data):
            if not self._every:
                found = found or self._positions(data, at)
                while place is not None and place < at:
                    place = next(found, None)
                if place is None:
                    break
                at = data.rfind(b"\n", at, place) + 1 or at
            end = data.find(b"\n", at)
            raw = data[at:end]
            if not self._every and end - at > LIMIT and next(self._positions(raw[:LIMIT] + b"\n", 0), None) is None:
                at = end + 1
                continue
            self._lines += data.count(b"\n", counted, at)
            counted = at
            self._start = at
            self._every = line(raw[:LIMIT], self._lines + 1)
            at = end + 1
        self._lines += data.count(b"\n", counted)
        self._passed = (self._passed + data[-_KEPT:])[-_KEPT:]

    def _positions(self, data: bytes, start: int) -> Iterator[int]:
        """Returns where, from `start` on, there is something that can matter, in order."""
        places = [match.start() for match in _HASH.finditer(data, start)]
        places += [match.start() for match in _CACHE.finditer(data, start)]
        for needle in _NEEDLES:
            places += _found(data, needle, start)
        places += [at for at in _found(data, _FAILED, start) if _FAILURE.match(data, at)]
        if self._plain():
            places += [match.start() for match in _PLAIN_HEADER.finditer(data, start)]
        places.sort()
        return iter(places)


def _found(data: bytes, needle: bytes, start: int) -> Iterator[int]:
    at = data.find(needle, start)
    while at >= 0:
        yield at
        at = data.find(needle, at + 1)
