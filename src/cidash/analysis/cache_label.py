"""The cache state of one job from its log: the two messages of actions/cache, and nothing that a script prints."""

import re
from collections.abc import Iterable

from cidash.domain.cache import CacheState, worst_cache_state

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z ?")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_HEADER = "##[group]Run "
_END = "##[endgroup]"
_POST = "Post job cleanup."
_RESTORED = "Cache restored from key:"
_NOT_FOUND = "Cache not found for input keys:"
_CACHE_ACTION = re.compile(r"actions/cache(?:/restore)?@\S+")
_LINE_LIMIT = 4_096
"""Bytes of a line that are looked at: the messages stand at its beginning, and a key has at most 512 characters."""


def cache_state(lines: Iterable[bytes]) -> CacheState:
    """Returns the worst state among the job's caches, as actions/cache reports them.

    Restored from the key that the step asked for, in any case, is a hit, from another key partial, not found a miss.
    A log without either message gives `unused`, an empty one `unknown`. Only what a step of actions/cache prints
    counts, never the script echoed at a step's beginning nor what a script prints.
    """
    reading = _Reading()
    for line in lines:
        reading.take(line[:_LINE_LIMIT].decode("utf-8", "replace").lstrip("\ufeff").rstrip("\r\n"))
    if not reading.has_text:
        return CacheState.UNKNOWN
    return worst_cache_state(reading.states) if reading.states else CacheState.UNUSED


class _Reading:
    def __init__(self) -> None:
        self.has_text = False
        self.states: list[CacheState] = []
        self._is_cache_step = False
        self._in_header = False
        self._is_header_stamped = False
        self._in_inputs = False
        self._key: str | None = None

    def take(self, line: str) -> None:
        stamp = _TIMESTAMP.match(line)
        text = _COLOUR.sub("", line[stamp.end() :] if stamp else line)
        self.has_text = self.has_text or bool(text.strip())
        if text.startswith(_HEADER):
            self._is_cache_step = _CACHE_ACTION.fullmatch(text[len(_HEADER) :].strip()) is not None
            self._in_header = True
            self._is_header_stamped = stamp is not None
            self._in_inputs = False
            self._key = None
        elif self._in_header:
            if stamp is not None or not self._is_header_stamped:  # else it continues an input of several lines
                self._take_header(text)
        elif text.startswith(_POST):
            self._is_cache_step = False
        elif self._is_cache_step:
            self._take_output(text)

    def _take_header(self, text: str) -> None:
        if text.startswith(_END):
            self._in_header = False
        elif text and not text[0].isspace():
            self._in_inputs = text.rstrip() == "with:"
        elif self._in_inputs and text.startswith("  key:"):
            self._key = text.removeprefix("  key:").strip()

    def _take_output(self, text: str) -> None:
        if text.startswith(_NOT_FOUND):
            self.states.append(CacheState.MISS)
        elif text.startswith(_RESTORED):
            restored = text.removeprefix(_RESTORED).strip()
            if not self._key:
                self.states.append(CacheState.UNKNOWN)
            else:
                same = restored.casefold() == self._key.casefold()
                self.states.append(CacheState.HIT if same else CacheState.PARTIAL)
