"""Fitting text into columns: everything is measured in terminal cells, and nothing here reads markup."""

from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size
from textual.content import Content

Piece = str | tuple[str, str] | Content


def fit(text: str, width: int) -> str:
    """Returns the text in exactly `width` cells: padded, or cut with an ellipsis."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, width - 1).rstrip() + "…", width)


def right(text: str, width: int) -> str:
    """Returns the text in exactly `width` cells, pushed to the right; a longer one is cut."""
    length = cell_len(text)
    return fit(text, width) if length > width else " " * (width - length) + text


def widest(texts: Iterable[str], limit: int = 1_000) -> int:
    """Returns the cells of the widest text, at most `limit`; 0 for none."""
    return min(limit, max((cell_len(text) for text in texts), default=0))


def assemble(*pieces: Piece) -> Content:
    """Returns the pieces as one line; texts are literal, never markup."""
    return Content.assemble(*pieces)


def ends(left: Content, far: Content, width: int, filler: Piece = " ") -> Content:
    """Returns a line of `width` cells with one text at each end; the left one gives way when there is no room.

    Args:
        left: what stands at the left.
        far: what stands at the right; left out when it does not fit at all.
        width: cells of the whole line.
        filler: one cell that is repeated in between.
    """
    room = width - far.cell_length
    if room < 1:
        return left.truncate(width, ellipsis=True, pad=True)
    if left.cell_length > room - 1:
        left = left.truncate(max(0, room - 1), ellipsis=True)
    gap = room - left.cell_length
    if isinstance(filler, tuple):
        return assemble(left, (filler[0] * gap, filler[1]), far)
    return assemble(left, str(filler) * gap, far)
