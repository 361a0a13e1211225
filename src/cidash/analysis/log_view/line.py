"""What one line of a log shows: clean text, its colours as spans, its time stamp, and what kind of line it is."""

import re
from dataclasses import dataclass
from enum import StrEnum

from cidash.analysis.log_view.index import LINE_LIMIT
from cidash.domain.text import clean_block

_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)(?: |$)")
_TAG = re.compile(r"##\[(group|endgroup|error|warning|notice|debug|section|command)\]|\[(command)\](?=\S)")
_COLOUR = re.compile(r"\x1b\[([0-9;:]{0,60})m")
_BOM = "\ufeff"
_BASIC = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


class LineKind(StrEnum):
    """What the runner says that a line is."""

    PLAIN = "plain"
    GROUP = "group"
    END_GROUP = "endgroup"
    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"
    DEBUG = "debug"
    SECTION = "section"
    COMMAND = "command"


PREFIXES = {
    LineKind.ERROR: "error: ",
    LineKind.WARNING: "warning: ",
    LineKind.NOTICE: "notice: ",
    LineKind.DEBUG: "debug: ",
    LineKind.COMMAND: "$ ",
}
"""What is shown in place of the runner's own tags."""


@dataclass(frozen=True, slots=True)
class Pen:
    """How a piece of text was coloured. Nothing in it can hide text: no background, no concealing, no blinking."""

    colour: str | None = None
    """One of eight names: black, red, green, yellow, blue, magenta, cyan, white."""
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the text from `start` up to `end` that has colours."""

    start: int
    end: int
    pen: Pen


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line, ready to be shown: no control character is left in it."""

    text: str
    kind: LineKind
    stamp: str | None
    spans: tuple[Span, ...] = ()
    cut_bytes: int = 0
    """Bytes that the line has beyond what is shown."""


def read_line(raw: bytes, size: int | None = None) -> LogLine:
    """Returns the line that these bytes show.

    Args:
        raw: the line, or its beginning, with or without its line end.
        size: the whole line's bytes where `raw` is only its beginning.
    """
    cut = max(0, (len(raw) if size is None else size) - LINE_LIMIT)
    text = raw[:LINE_LIMIT].rstrip(b"\r\n").decode("utf-8", "replace").lstrip(_BOM)
    stamp: str | None = None
    if found := _STAMP.match(text):
        stamp = found[1]
        text = text[found.end() :].lstrip(_BOM)
    kind = LineKind.PLAIN
    if found := _TAG.match(text):
        kind = LineKind(found[1] or found[2])
        text = PREFIXES.get(kind, "") + text[found.end() :]
    if text.isascii() and text.isprintable():
        return LogLine(text, kind, stamp, (), cut)
    clean, spans = _coloured(text.replace("\r", " ").replace("\n", " "))
    return LogLine(clean, kind, stamp, spans, cut)


def _coloured(text: str) -> tuple[str, tuple[Span, ...]]:
    """Returns the text without any control sequence, and the colours that its SGR sequences asked for."""
    if "\x1b" not in text:
        return clean_block(text), ()
    pieces: list[str] = []
    spans: list[Span] = []
    length, start, pen = 0, 0, Pen()
    for found in _COLOUR.finditer(text):
        length = _add(clean_block(text[start : found.start()]), length, pen, pieces, spans)
        pen = _changed(pen, found[1])
        start = found.end()
    _add(clean_block(text[start:]), length, pen, pieces, spans)
    return "".join(pieces), tuple(spans)


def _add(piece: str, length: int, pen: Pen, pieces: list[str], spans: list[Span]) -> int:
    if piece:
        pieces.append(piece)
        if pen != Pen():
            spans.append(Span(length, length + len(piece), pen))
    return length + len(piece)


_PLAIN = Pen()
_SWITCHES: dict[int, tuple[str, bool]] = {
    1: ("bold", True), 2: ("dim", True), 3: ("italic", True), 4: ("underline", True),
    23: ("italic", False), 24: ("underline", False),
}  # fmt: skip


def _changed(pen: Pen, parameters: str) -> Pen:
    """Returns the pen after one SGR sequence; what is not known or could hide text is passed over."""
    numbers = [int(one) if one and len(one) < 4 else 0 for one in re.split("[;:]", parameters)]
    colour = pen.colour
    flags = {"bold": pen.bold, "dim": pen.dim, "italic": pen.italic, "underline": pen.underline}
    at = 0
    while at < len(numbers):
        number = numbers[at]
        at += 1
        if number == 0:
            colour, flags = None, dict.fromkeys(flags, False)
        elif number == 22:
            flags["bold"] = flags["dim"] = False
        elif number in _SWITCHES:
            name, on = _SWITCHES[number]
            flags[name] = on
        elif 30 <= number <= 37:
            colour = _BASIC[number - 30]
        elif 90 <= number <= 97:
            colour = _BASIC[number - 90]
        elif number == 39:
            colour = None
        elif number in (38, 48):
            named, used = _extended(numbers[at:])
            at += used
            colour = named if number == 38 and named is not None else colour
    return Pen(colour, **flags)


def _extended(rest: list[int]) -> tuple[str | None, int]:
    """Returns the nearest of the eight names for a colour of 256 or of 16 million, and how many numbers it took."""
    if len(rest) >= 2 and rest[0] == 5:
        return _of_256(rest[1]), 2
    if len(rest) >= 4 and rest[0] == 2:
        return _nearest(*rest[1:4]), 4
    return None, len(rest)


def _of_256(number: int) -> str:
    if number < 16:
        return _BASIC[number % 8]
    if number < 232:
        cube = number - 16
        return _nearest(cube // 36 % 6 * 51, cube // 6 % 6 * 51, cube % 6 * 51)
    return "black" if number < 244 else "white"


def _nearest(red: int, green: int, blue: int) -> str:
    brightest = max(red, green, blue, 1)
    if brightest < 60:
        return "black"
    bits = sum(bit for bit, part in ((1, red), (2, green), (4, blue)) if part * 3 > brightest * 2)
    return _BASIC[bits]
