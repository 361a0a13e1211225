"""Which step is running: the header that the runner prints before each, and what it says of the step.

A cache message counts only in a step that can print it, so the reader must know the step. A header is believed only if
what follows is what the runner prints after one; `echo "##[group]Run actions/cache@v4"` is not followed by it.
"""

import re
from dataclasses import dataclass, field

from cidash.analysis.cachelog.line import END, HEADER, Line
from cidash.analysis.cachelog.messages import catalogue

_ACTION = re.compile(r"(?P<path>[\w.-]+/[\w./-]+)@(?P<ref>\S+)")
_LOCAL = re.compile(r"(?:\.{1,2}/|docker://)\S*")
_INPUT = re.compile(r"  (?P<name>[A-Za-z][\w-]*): ?(?P<value>.*)")
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")
_SEPARATOR = re.compile(r"&&|\|\||[;|&\n]")
_ASSIGNMENT = re.compile(r"(?:\w+=(?:\"[^\"]*\"|'[^']*'|\S*)\s+)*")
_SCRIPT_LIMIT = 64 * 1024
_HEADER_LINES = 5000
_TITLE_LIMIT = 500
_INPUTS = frozenset({"key", "cache-to"})

# Commands that only show text: what a script made of nothing else prints is a copy, never an event.
_VIEWERS = frozenset(
    re.findall(
        r"\S+",
        "echo printf cat grep egrep fgrep rg ag awk gawk sed head tail less more tee sort uniq wc cut tr jq diff nl tac"
        " column ls find true false set cd export exit fi for done test [ [[ : pytest git gh local return sleep date"
        " mkdir touch rm cp mv case esac",
    )
)
_KEYWORDS = frozenset({"if", "then", "else", "elif", "do", "while", "until", "!", "{", "(", "time"})
_VIEWER_MODULES = re.compile(r"(?:uv run |poetry run |python3? -m )+(?:pytest|unittest)\b|(?:uv|poetry) run pytest\b")


@dataclass(slots=True)
class Step:
    """A step of a job: what runs in it, its title, its inputs and the script it echoes."""

    title: str | None
    action: str | None = None
    ref: str = ""
    tool: str | None = None
    """The tool of an action that may print cache messages; None for a script."""
    inputs: dict[str, str] = field(default_factory=dict)
    script: str = ""
    began: float | None = None
    """When the header ended: the action itself started about then."""
    composite: str | None = None
    """The action whose inner step this is, when that changes the tool."""
    testing: bool = False
    """Whether a test session has started in it, whose output is copies."""
    _shows: bool | None = None

    @property
    def is_script(self) -> bool:
        """Whether the step runs commands of the user, so that what it prints may be anything."""
        return self.tool is None

    def only_shows(self) -> bool:
        """Returns whether the script does nothing but show text, or run tests."""
        if self._shows is None:
            self._shows = bool(self.script) and all(_shows(command) for command in _commands(self.script))
        return self._shows

    def echoes(self, text: str) -> bool:
        """Returns whether the script itself holds `text`."""
        wanted = text.strip()
        return bool(wanted) and wanted in self.script


def _commands(script: str) -> list[str]:
    lines: list[str] = []
    ends: str | None = None
    for line in script.split("\n"):
        if ends is not None:
            if line.strip() == ends:
                ends = None
            continue
        lines.append(line)
        if found := _HEREDOC.search(line):
            ends = found[2]
    text = re.sub(r"\\\n", " ", "\n".join(lines))
    text = re.sub(r"\"[^\"\n]*\"|'[^'\n]*'", "''", text)
    return [command for part in _SEPARATOR.split(text) if (command := part.strip())]


def _shows(command: str) -> bool:
    if command.startswith("#") or _VIEWER_MODULES.match(command):
        return True
    assignment = _ASSIGNMENT.match(command)
    words = command[assignment.end() if assignment else 0 :].split()
    while words and words[0] in _KEYWORDS:
        del words[0]
    return not words or words[0] in {")", "}"} or words[0].lstrip("({").rsplit("/", 1)[-1] in _VIEWERS


class Header:
    """Takes the lines of a step's header, from the line that opens it."""

    def __init__(self, line: Line, plain: bool) -> None:
        """`plain`: the log is a copy of the web page, whose headers have no marks and end with their indentation."""
        self._plain = plain
        self._what = line.text[len("Run ") if plain else len(HEADER) :].strip()
        self._believed = False
        self._lines = 0
        self._part = "script"
        self._shell = False
        self._input = ""
        self._script: list[str] = []
        self._size = 0
        self._stamped = line.time is not None
        self.step = Step(title=(line.step or f"Run {self._what}")[:_TITLE_LIMIT])
        if found := _ACTION.fullmatch(self._what):
            self.step.action, self.step.ref = found["path"][:200], found["ref"][:100]
            if self.step.action.casefold() not in catalogue().script_actions:
                self.step.tool = catalogue().tool_of(self.step.action)
        elif _LOCAL.fullmatch(self._what) and not self._what.startswith("docker:"):
            self.step.action = self.step.tool = self._what[:200]

    @property
    def believed(self) -> bool:
        """Whether the line after the first showed that this is a header."""
        return self._believed

    def takes(self, line: Line) -> bool:
        """Takes the next line; False says that it is not part of the header (which has ended, or never was one)."""
        self._lines += 1
        text = line.text
        if not self._believed:
            self._believed = self._is_second(line)
            if not self._believed:
                return False
        if self._lines > _HEADER_LINES or (self._plain and text and not text.startswith("  ")):
            self._end(line)
            return False
        if self._plain:
            text = text[2:]
        self._read(text, line.script)
        return True

    def ends_with(self, line: Line) -> bool:
        """Returns whether this line is the header's last; then the step is ready."""
        last = not self._plain and line.text == END and not line.script and (line.time is not None or not self._stamped)
        if last:
            self._believed = self._believed or self._needs_nothing()
            self._end(line)
        return last

    def _needs_nothing(self) -> bool:
        """Whether this action may have neither inputs nor environment to show; those that cache always have."""
        return self.step.action is not None and self.step.tool not in catalogue().actions.values()

    def _end(self, line: Line) -> None:
        if self._script or self._shell:
            self.step.action = self.step.tool = None
        self.step.script = "\n".join(self._script)
        self.step.began = line.time

    def _is_second(self, line: Line) -> bool:
        if self._plain:
            return line.text.startswith("  ")
        text = line.text
        if line.script or text in {"with:", "env:"} or text.startswith("shell: "):
            return True
        return self.step.action is None and text.strip() == self._what

    def _read(self, text: str, script: bool) -> None:
        if script:
            self._add(text)
        elif text in {"with:", "env:"}:
            self._part = text
        elif text.startswith("shell: "):
            self._part, self._shell = "shell", True
        elif self._part == "with:":
            if found := _INPUT.fullmatch(text):
                self._input = found["name"].lower()
                if self._input in _INPUTS:
                    self.step.inputs[self._input] = found["value"][:1024]
            elif self._input in self.step.inputs and text.strip() and len(self.step.inputs[self._input]) < 1024:
                self.step.inputs[self._input] += "\n" + text.strip()[:1024]
        elif self._part == "script":
            self._add(text)

    def _add(self, text: str) -> None:
        self._size += len(text) + 1
        if self._size <= _SCRIPT_LIMIT:
            self._script.append(text)
