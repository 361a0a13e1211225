"""Reads a guide like "KAN-40 Implementation Guide": which tickets it describes. Pure; no line of it is trusted.

A ticket is a heading that holds `KAN-nn: title`, whatever stands before the key (a tick, an emoji, the bytes of one
that was decoded wrongly). Its body runs to the next heading of the same or a higher level.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cidash.analysis.duration_words import seconds_in
from cidash.domain.text import clean, clean_block

LABEL = "guide-"
_SUMMARY_LIMIT = 250
"""Jira takes 255 characters."""
_DESCRIPTION_LIMIT = 8_000
_LINES = 20_000

_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r"^ *(`{3,}|~{3,})")
_KEYED = re.compile(r"(?<![A-Za-z0-9_])([A-Z][A-Z0-9]{1,20})-([1-9][0-9]{0,9}): +(\S.*)$")
_LABELLED = re.compile(r"^\s*(?:[-*]\s+)?\*{0,2}([A-Za-z ]{3,30}?):\*{0,2}:?\s*(.*)$")
_DRAFT = re.compile(r"^\s*Summary:\s*(.+)$")
_RECOMMENDED = re.compile(r"\s*\((?:recommended|optional)\)\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GuideTicket:
    """One ticket of a guide. `key` is the guide's own; Jira assigns another one when it is created."""

    key: str
    title: str
    status: str
    goal: str
    estimate_seconds: float | None
    """The upper end, where the guide names a span."""
    line: int
    summary: str
    """What the guide wants as the summary, else its title."""
    description: str

    @property
    def label(self) -> str:
        """The label that a ticket made from this carries: `guide-KAN-86`."""
        return LABEL + self.key

    @property
    def is_missing(self) -> bool:
        """Whether the guide itself says that Jira does not have it."""
        return "not created" in self.status.casefold()


def read_guide(text: str) -> tuple[GuideTicket, ...]:
    """Returns the tickets of the guide in its order, each key once (the first heading counts)."""
    found: dict[str, GuideTicket] = {}
    for level, line, title, body in _sections(clean_block(text).split("\n")[:_LINES]):
        keyed = _KEYED.search(title)
        if keyed is None or level == 1:
            continue
        key = f"{keyed[1]}-{keyed[2]}"
        if key not in found:
            found[key] = _ticket(key, clean(keyed[3], _SUMMARY_LIMIT), line, body)
    return tuple(found.values())


def epic_of(text: str) -> str | None:
    """Returns the key in the guide's main heading or its `Epic:` line, or None."""
    for line in clean_block(text).split("\n")[:50]:
        heading = _HEADING.match(line)
        labelled = _LABELLED.match(line)
        where = heading[2] if heading and len(heading[1]) == 1 else ""
        if labelled and labelled[1].casefold() == "epic":
            where = labelled[2]
        key = re.search(r"(?<![A-Za-z0-9_])[A-Z][A-Z0-9]{1,20}-[1-9][0-9]{0,9}(?![0-9A-Za-z_])", where)
        if key:
            return key[0]
    return None


def _sections(lines: list[str]) -> Iterator[tuple[int, int, str, list[str]]]:
    """Yields level, line number (from 1), title and body of every heading; a heading inside a code block is none."""
    heads: list[tuple[int, int, str]] = []
    fences: list[str] = []  # guides put code blocks into code blocks
    for number, line in enumerate(lines, 1):
        heading = _HEADING.match(line)
        if heading and line.startswith("##") and _KEYED.search(heading[2]):
            fences.clear()  # a ticket's heading counts even if a code block before it was never closed
        mark = _FENCE.match(line)
        if mark and (not fences or line.strip().strip(mark[1][0])):
            fences.append(mark[1])
        elif mark:
            fences.pop()
        elif heading and not fences:
            heads.append((len(heading[1]), number, heading[2]))
    for at, (level, number, title) in enumerate(heads):
        end = next((other for lower, other, _ in heads[at + 1 :] if lower <= level), len(lines) + 1)
        yield level, number, title, lines[number : end - 1]


def _ticket(key: str, title: str, line: int, body: list[str]) -> GuideTicket:
    said = dict(_labelled(body))
    title = _RECOMMENDED.sub("", title) or title
    goal = said.get("goal", "")
    summary, draft = _draft(body)
    estimate = seconds_in(said.get("estimated time", "") or said.get("estimate", ""))
    return GuideTicket(
        key=key,
        title=title,
        status=said.get("status", ""),
        goal=goal,
        estimate_seconds=estimate,
        line=line,
        summary=summary or title,
        description=_description(key, goal, draft or _plan(body)),
    )


def _labelled(body: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yields the `**Goal:** text` lines, the last first, so that in a dict the first one stays."""
    found = [(one[1].strip().casefold(), clean(one[2])) for line in body if (one := _LABELLED.match(line)) and one[2]]
    yield from reversed(found)


def _draft(body: list[str]) -> tuple[str, str]:
    """Returns summary and description that the guide words itself (a block with `Summary:`), or two empty texts."""
    for at, line in enumerate(body):
        summary = _DRAFT.match(line)
        if summary is None:
            continue
        text: list[str] = []
        for later in body[at + 1 :]:
            if _FENCE.match(later):
                break
            text.append(later.strip())
        joined = "\n".join(text).strip()
        return clean(summary[1], _SUMMARY_LIMIT), joined.removeprefix("Description:").strip()
    return "", ""


def _plan(body: list[str]) -> str:
    """Returns the numbered steps' headlines."""
    steps = (re.match(r"^\d{1,3}\.\s+(.+)$", line) for line in body)
    return "\n".join(f"# {clean(step[1].replace('**', ''), 200).rstrip(':')}" for step in steps if step)


def _description(key: str, goal: str, text: str) -> str:
    parts = (goal, text, f"From the guide's {key}.")
    return "\n\n".join(part for part in parts if part)[:_DESCRIPTION_LIMIT]
