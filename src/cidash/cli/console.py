"""The plain terminal: colours where they help, columns that fit, questions where somebody can answer."""

import os
import shutil
import signal
import sys
import textwrap
import unicodedata
from collections.abc import Sequence
from itertools import zip_longest

from cidash.cli.words import ASCII, BOLD, DIM, Word

Cell = str | Word | tuple[str, str]
"""A text, a state's glyph and word, or a text with its colour."""


class Console:
    """Writes to this process's standard output. Texts of strangers are clean by the time they come here."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        self.is_terminal = sys.stdout.isatty()
        self.colours = self.is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self._ascii = ascii_only or not _can_draw(sys.stdout.encoding)
        self.width = max(40, shutil.get_terminal_size((80, 24)).columns) if self.is_terminal else None
        """Cells of a line on a terminal; None elsewhere, where nothing is cut."""

    def line(self, text: str = "") -> None:
        """Writes a line."""
        print(self.own(text))

    def heading(self, text: str, note: str = "") -> None:
        """Writes a heading, with a fainter note behind it."""
        line = self.paint(self._fit(text), BOLD)
        print(line + (self.paint(self.own(f" · {note}"), DIM) if note else ""))

    def entry(self, look: Word, text: str, note: str) -> None:
        """Writes a line with a state before it and a fainter note behind it; the note gives way first."""
        state = self.own(f"  {look.glyph} {look.word}  ")
        text, note = self.own(text), self.own(f"  {note}")
        if self.width is not None:
            text = self.own(cut(text, self.width - cells(state)))
            note = self.own(cut(note, max(0, self.width - cells(state) - cells(text))))
        print(self.paint(state, look.colour) + text + self.paint(note, DIM))

    def note(self, text: str) -> None:
        """Writes a fainter line."""
        print(self.paint(self._fit(text), DIM))

    def paragraph(self, text: str) -> None:
        """Writes a text, on a terminal in lines that fit."""
        for line in textwrap.wrap(self.own(text), self.width) if self.width is not None else [self.own(text)]:
            print(line)

    def table(
        self,
        rows: Sequence[Sequence[Cell]],
        *,
        indent: int = 2,
        right: Sequence[int] = (),
        notes: Sequence[str] = (),
    ) -> None:
        """Writes rows as columns; on a terminal the last column gives way when a line would be too long.

        Args:
            rows: rows of the same number of cells.
            indent: spaces before each line.
            right: the columns that are pushed to the right.
            notes: for each row a fainter text below it, broken into lines that fit.
        """
        if not rows:
            return
        texts = [[self.own(_text(cell)) for cell in row] for row in rows]
        last = len(texts[0]) - 1
        widths = [max(cells(row[column]) for row in texts) for column in range(last + 1)]
        if self.width is not None:
            room = self.width - indent - sum(widths[:last]) - 2 * last
            widths[last] = min(widths[last], max(8, room))
        for row, shown, note in zip_longest(rows, texts, notes, fillvalue=""):
            pieces = []
            for column, text in enumerate(shown):
                fitted = self.own(cut(text, widths[column])) if column == last else text
                gap = " " * (widths[column] - cells(fitted))
                painted = self.paint(fitted, _colour(row[column]))
                pieces.append(gap + painted if column in right else painted + gap)
            print(" " * indent + "  ".join(pieces).rstrip())
            for line in textwrap.wrap(self.own(str(note)), (self.width or 100) - indent - 4):
                print(" " * (indent + 4) + self.paint(line, DIM))

    def own(self, text: str) -> str:
        """Returns the text with the program's signs in ASCII where that is wanted."""
        return text.translate(ASCII) if self._ascii else text

    def paint(self, text: str, colour: str | None) -> str:
        """Returns the text in that colour (an SGR parameter), or as it is without colours."""
        return f"\x1b[{colour}m{text}\x1b[0m" if self.colours and colour and text else text

    def _fit(self, text: str) -> str:
        text = self.own(text)
        return text if self.width is None else self.own(cut(text, self.width))


def warn(text: str) -> None:
    """Writes a line to standard error."""
    print(f"cidash: {text}", file=sys.stderr)


def can_ask() -> bool:
    """Returns whether somebody sits at both ends of this process."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str) -> bool:
    """Returns whether the question was answered with yes. Anything else, the end of input too, is no."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # asyncio's own would wait for the answer
    try:
        print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip().lower() in {"y", "yes"}
    finally:
        signal.signal(signal.SIGINT, before)


def cells(text: str) -> int:
    """Returns how many terminal cells the text takes."""
    if text.isascii():
        return len(text)
    return sum(_cells_of(char) for char in text)


def cut(text: str, width: int) -> str:
    """Returns the text in at most `width` cells, with an ellipsis where something is missing."""
    if cells(text) <= width:
        return text
    if width < 1:
        return ""
    taken, used = [], 0
    for char in text:
        used += _cells_of(char)
        if used > width - 1:
            break
        taken.append(char)
    return "".join(taken).rstrip() + "…"


def _cells_of(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _text(cell: Cell) -> str:
    if isinstance(cell, Word):
        return f"{cell.glyph} {cell.word}"
    return cell if isinstance(cell, str) else cell[0]


def _colour(cell: Cell) -> str | None:
    if isinstance(cell, Word):
        return cell.colour
    return None if isinstance(cell, str) else cell[1]


def _can_draw(encoding: str | None) -> bool:
    try:
        "✓◐…→".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
