"""The messages of messages.toml, compiled: which tool prints what, and what it means."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TOOLKIT = "toolkit"
COMMON = "common"


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its meaning, the tools that print it, the pattern of the whole line, a sample and its source."""

    means: str
    tools: tuple[str, ...]
    source: str
    text: re.Pattern[str]
    sample: str

    def fits(self, tool: str) -> bool:
        """Returns whether `tool` prints this message."""
        return TOOLKIT in self.tools or tool in self.tools


@dataclass(frozen=True, slots=True)
class Heard:
    """A message found in a log line, with what its groups say."""

    means: str
    message: Message
    groups: dict[str, str | None]

    def number(self, name: str) -> int | None:
        """Returns the group as a whole number; None if it is absent or absurdly long."""
        text = self.groups.get(name)
        return int(text) if text and len(text) <= 18 else None


class Phrasebook:
    """Messages of some tools with one pattern that says quickly whether any of them fits."""

    def __init__(self, messages: tuple[Message, ...]) -> None:
        self.messages = messages
        self._known = frozenset(map(id, messages))
        self._any = re.compile(
            "|".join(f"(?P<m{place}>{_ungrouped(m.text.pattern)})" for place, m in enumerate(messages)) or "(?!)"
        )

    def holds(self, message: Message) -> bool:
        """Returns whether this very message is one of these."""
        return id(message) in self._known

    def hear(self, text: str) -> Heard | None:
        """Returns the first message that the whole of `text` is, or None."""
        found = self._any.fullmatch(text)
        if found is None or found.lastgroup is None:
            return None
        message = self.messages[int(found.lastgroup[1:])]
        match = message.text.fullmatch(text)
        return Heard(message.means, message, match.groupdict()) if match else None

    def hear_all(self, text: str) -> list[Heard]:
        """Returns every message that the whole of `text` is: the same words belong to several tools."""
        if self._any.fullmatch(text) is None:
            return []
        found = ((message, message.text.fullmatch(text)) for message in self.messages)
        return [Heard(message.means, message, match.groupdict()) for message, match in found if match]


def _ungrouped(pattern: str) -> str:
    return re.sub(r"\(\?P<\w+>", "(?:", pattern)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything in messages.toml."""

    messages: tuple[Message, ...]
    actions: dict[str, str]
    script_actions: frozenset[str]

    def tool_of(self, action: str) -> str:
        """Returns the tool that an action ("owner/name/path", no ref) is; "owner/name" for one that is not listed."""
        parts = action.casefold().split("/")
        for size in range(len(parts), 0, -1):
            if tool := self.actions.get("/".join(parts[:size])):
                return tool
        return "/".join(action.split("/")[:2])


@cache
def catalogue() -> Catalogue:
    """Returns the messages, read and compiled once."""
    data = tomllib.loads(Path(__file__).with_name("messages.toml").read_text(encoding="utf-8"))
    messages = tuple(
        Message(means, tuple(tools.split()), source, re.compile(text), sample)
        for means, tools, source, text, sample in data["messages"]
    )
    return Catalogue(messages, dict(data["actions"]), frozenset(data["script_actions"]))


_STATISTICS = frozenset({"buildkit", "sccache", "ccache", "turborepo", "nx"})
_STATISTICS_MEANS = frozenset({"statistics"})


def _belongs_to_actions(message: Message) -> bool:
    return _STATISTICS.isdisjoint(message.tools) and message.means not in _STATISTICS_MEANS


@cache
def phrases_of(tool: str) -> Phrasebook:
    """Returns the messages of family `actions` that `tool` prints; an unlisted tool uses the common words."""
    known = set(catalogue().actions.values())
    name = tool if tool in known else COMMON
    return Phrasebook(tuple(m for m in catalogue().messages if _belongs_to_actions(m) and m.fits(name)))


@cache
def all_phrases() -> Phrasebook:
    """Returns every message of family `actions`, for lines whose tool is not known yet."""
    return Phrasebook(tuple(m for m in catalogue().messages if _belongs_to_actions(m)))


@cache
def phrases_only(*tools: str) -> Phrasebook:
    """Returns the messages of BuildKit, of the compiler caches or of the task runners: exactly those of `tools`."""
    wanted = set(tools)
    return Phrasebook(
        tuple(m for m in catalogue().messages if not _belongs_to_actions(m) and not wanted.isdisjoint(m.tools))
    )
