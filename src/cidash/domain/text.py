"""Cleaning strangers' text: branch names, commit titles, log lines and summaries are never trusted.

Textual does not filter escape sequences out of what it displays, so everything that comes from a server passes
through here once, where JSON becomes a noun.
"""

import re

ELLIPSIS = "…"

# String controls (OSC, DCS, SOS, PM, APC) up to their end; then CSI; then two-character escapes.
_SEQUENCE = re.compile(
    r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|\x1b[ -/]*[0-~]?"
)
# What is left of C0, DEL and C1; zero-width space, bidi marks, embeddings, isolates, line separators, BOM,
# interlinear marks and lone surrogates. ZWJ (U+200D) stays: emoji are made with it.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_SPACE = re.compile(r"[\t\n ]+")


def clean(text: str | None, limit: int = 500) -> str:
    """Returns one safe line: no control or escape sequence, no bidi mark, white space folded.

    None becomes the empty string. A text of more than `limit` characters ends in an ellipsis.
    """
    if not text:
        return ""
    line = _SPACE.sub(" ", _HIDDEN.sub("", _SEQUENCE.sub("", text.replace("\r", "\n")))).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + ELLIPSIS


def clean_block(text: str | None, limit: int = 1_000_000) -> str:
    """Returns safe text of several lines: as `clean`, but line ends and indentation stay; a tab is four spaces."""
    if not text:
        return ""
    block = text[:limit].replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    return _HIDDEN.sub("", _SEQUENCE.sub("", block))
