"""One log line, freed of what the runner, a terminal or a copying program put around its text."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

LIMIT = 64 * 1024
"""Bytes of a line that are read; the rest is cut."""

_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?Z(?: |$)")
_COLOUR = re.compile(r"(?:\x1b|\^\[)\[[0-?]*[ -/]*[@-~]")
_SCRIPT = re.compile(r"(?:\x1b|\^\[)?\[36;1m")
_TAG = re.compile(r"(?:##\[(?:warning|error|notice)\]|\[(?:warning|error)\] ?|(?:Warning|Error|Notice): )+")
_GH = re.compile(r"[^\t]+\t[^\t]+\t\ufeff?\d{4}-\d\d-\d\dT")
_UNTITLED = "UNKNOWN STEP"
HEADER = "##[group]Run "
END = "##[endgroup]"
POST = "Post job cleanup."
JOB_START = "Current runner version: "
JOB_END = "Cleaning up orphan processes"


class Line(NamedTuple):
    """A log line: its number from 1, its plain text, and what stood before the text."""

    number: int
    text: str
    time: float | None
    """Seconds since 1970; None without a time stamp."""
    job: str | None
    step: str | None
    """The step's title, known only in the form that `gh run view --log` prints."""
    script: bool
    """Whether the runner printed it in the colour of an echoed script."""

    @property
    def body(self) -> str:
        """The text without the tag of a warning or an error."""
        tag = _TAG.match(self.text)
        return self.text[tag.end() :] if tag else self.text


def has_columns(first: bytes) -> bool:
    """Returns whether this first line of a log has the form `job TAB step TAB line`."""
    return _GH.match(first[:LIMIT].decode("utf-8", "replace").lstrip("\ufeff")) is not None


def has_stamp(first: bytes) -> bool:
    """Returns whether this line has a time stamp, after the columns if it has them."""
    text = first[:LIMIT].decode("utf-8", "replace").lstrip("\ufeff")
    return _STAMP.match(text) is not None or _GH.match(text) is not None


def parse(raw: bytes, number: int, columns: bool) -> Line:
    """Returns the line that `raw` is; `columns` says that the log has the form `job TAB step TAB line`."""
    text = raw[:LIMIT].decode("utf-8", "replace").rstrip("\r\n")
    job = step = None
    if columns:
        parts = text.split("\t", 2)
        if len(parts) == 3:
            job, step, text = parts[0].lstrip("\ufeff"), parts[1], parts[2]
            if step == _UNTITLED:
                step = None
    text = text.lstrip("\ufeff")
    time = None
    if stamp := _STAMP.match(text):
        whole = _seconds(stamp[1])
        time = whole + float(stamp[2] or 0) if whole is not None else None
        text = text[stamp.end() :].lstrip("\ufeff")
    script = _SCRIPT.match(text) is not None
    if "[" in text and ("\x1b" in text or "^[" in text):
        text = _COLOUR.sub("", text)
    return Line(number, text.rstrip(), time, job, step, script)


@lru_cache(maxsize=64)
def _seconds(whole: str) -> float | None:
    try:
        return datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
