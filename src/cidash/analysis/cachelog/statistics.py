"""Families `compiler` and `task`: the totals that sccache, ccache, Turborepo, Nx and Gradle print.

A total counts only inside the block of lines that the tool prints around it, so that a single echoed line, or one
found by grep, is nothing.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from cidash.analysis.cachelog.line import Line, parse
from cidash.analysis.cachelog.messages import Phrasebook, phrases_only

_FAMILIES = {"sccache": "compiler", "ccache": "compiler", "turborepo": "task", "nx": "task", "gradle": "task"}
_BLOCK_LINES = 40
_IN_BUILD = re.compile(r"#\d+ \d+\.\d+ ")


@dataclass(frozen=True, slots=True)
class Total:
    """What one tool counted, once."""

    tool: str
    family: str
    hits: int
    misses: int
    line: int


class Totals:
    """Collects the totals of one step."""

    def __init__(self) -> None:
        self.totals: list[Total] = []
        self._hits: dict[str, int] = {}
        self._left = 0
        self._notice: Total | None = None
        self._single = phrases_only("turborepo", "nx", "gradle", "sccache-action")
        self._sccache = phrases_only("sccache")
        self._ccache = phrases_only("ccache")

    def leave_step(self) -> list[Total]:
        """Returns what was counted since the last call: a step has ended."""
        if self._notice is not None and not any(total.tool == "sccache" for total in self.totals):
            self.totals.append(self._notice)
        totals, self.totals = self.totals, []
        self._hits.clear()
        self._notice = None
        self._left = 0
        return totals

    def takes(self, line: Line, previous: Callable[[], list[bytes]], columns: bool) -> bool:
        """Takes a line; returns whether every next line is wanted for now.

        `previous` gives the lines before it, the nearest first.
        """
        text = _IN_BUILD.sub("", line.text, count=1)
        if self._left > 0:
            self._left -= 1
            if self._in_block(text, line):
                return self._left > 0

        def before() -> Iterator[str]:
            return (_IN_BUILD.sub("", parse(raw, 0, columns).text, count=1) for raw in previous())

        self._read_one(text, line, before)
        if (heard := self._ccache.hear(text)) and heard.means == "block":
            self._left = _BLOCK_LINES
            self._hits.pop("ccache", None)
        elif heard and heard.means == "block-end":
            self._look_back(before(), line)
        return self._left > 0

    def _in_block(self, text: str, line: Line) -> bool:
        """Reads a line of ccache's block, which ends where its storage is described."""
        heard = self._ccache.hear(text)
        if heard is None and text == "Local storage:":
            self._left = 0
            return True
        if heard is None:
            return text.startswith(" ") or ":" in text
        if heard.means == "hits":
            self._hits.setdefault("ccache", heard.number("hits") or 0)
        elif heard.means == "misses" and "ccache" in self._hits:
            self._add("ccache", self._hits.pop("ccache"), heard.number("misses") or 0, line)
            self._left = 0
        return heard.means in {"hits", "misses"}

    def _look_back(self, before: Iterable[str], line: Line) -> None:
        """Reads the summary that ccache 4.2 to 4.5 prints above the description of its storage."""
        counted: dict[str, int] = {}
        for text in before:
            heard = self._ccache.hear(text)
            if heard and heard.means in {"hits", "misses"}:
                counted[heard.means] = heard.number(heard.means) or 0
            elif text == "Summary:" and len(counted) == 2:
                self._add("ccache", counted["hits"], counted["misses"], line)
            elif not text.startswith(" "):
                return

    def _read_one(self, text: str, line: Line, before: Callable[[], Iterable[str]]) -> None:
        if heard := self._sccache.hear(text):
            if heard.means == "hits" and _any_is(self._sccache, "block", before()):
                self._hits["sccache"] = heard.number("hits") or 0
            elif heard.means == "misses" and "sccache" in self._hits:
                self._add("sccache", self._hits.pop("sccache"), heard.number("misses") or 0, line)
        elif heard := self._ccache.hear(text):
            self._read_old_ccache(heard.means, heard.number("hits"), heard.number("misses"), line)
        elif (heard := self._single.hear(line.body if "% - " in text else text)) and heard.means == "statistics":
            tool = heard.message.tools[0]
            hits = heard.number("hits") or 0
            total = heard.number("total")
            misses = heard.number("misses") or 0 if total is None else max(0, total - hits)
            if tool == "sccache-action":
                self._notice = Total("sccache", "compiler", hits, misses, line.number)
            elif tool != "turborepo" or _any_is(self._single, "block", before()):
                self._add(tool, hits, misses, line)

    def _read_old_ccache(self, means: str, hits: int | None, misses: int | None, line: Line) -> None:
        if means == "old-direct":
            self._hits["old"] = hits or 0
        elif means == "old-preprocessed" and "old" in self._hits:
            self._hits["old"] += hits or 0
        elif means == "old-misses" and "old" in self._hits:
            self._add("ccache", self._hits.pop("old"), misses or 0, line)

    def _add(self, tool: str, hits: int, misses: int, line: Line) -> None:
        if len(self.totals) < 1000:
            self.totals.append(Total(tool, _FAMILIES[tool], hits, misses, line.number))


def _any_is(phrases: Phrasebook, means: str, texts: Iterable[str]) -> bool:
    return any((heard := phrases.hear(text)) is not None and heard.means == means for text in texts)
