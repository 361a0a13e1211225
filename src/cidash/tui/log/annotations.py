"""The annotations of a job, one line each."""

from typing import TYPE_CHECKING

from textual.content import Content

from cidash.tui import look
from cidash.tui.columns import assemble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cidash.github.log_queries import Annotation

_AT_MOST = 5
_LEVELS = {"failure": ("✗", look.BAD), "warning": ("!", look.BUSY), "notice": ("·", look.CALM)}


def annotation_lines(found: "Sequence[Annotation]") -> Content:
    """Returns a line for each of the first annotations, and how many more there are."""
    lines = []
    for one in found[:_AT_MOST]:
        glyph, style = _LEVELS.get(one.level, _LEVELS["notice"])
        where = f"{one.path}:{one.line}  " if one.path and one.path != ".github" and one.line else ""
        text = " ".join((f"{one.title}: " if one.title else "").split() + one.message.split())
        lines.append(assemble(" ", (glyph, style), " ", (where, look.CALM), (text[:500], look.PLAIN)))
    if len(found) > _AT_MOST:
        lines.append(Content.styled(f"   and {len(found) - _AT_MOST} more annotations", look.MUTED))
    return Content("\n").join(lines)
