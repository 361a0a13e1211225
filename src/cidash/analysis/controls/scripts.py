"""Reading `run:` scripts for commands, and for what makes their failure unseen."""

import re
from collections.abc import Iterator

from cidash.domain.workflow_file import JobFile, StepFile, WorkflowFile

_CONTINUED = re.compile(r"\\\n")
_MASK = re.compile(r"\|\|\s*(?:true|:|exit\s+0|echo\b.*)\s*$")
_JOINED = re.compile(r"&&|\|\|?|;")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_PYTHON = re.compile(r"python[\d.]*")
_STARTERS = {
    "python": 1,
    "sudo": 1,
    "time": 1,
    "env": 1,
    "uvx": 1,
    "npx": 1,
    "uv": 2,
    "poetry": 2,
    "pdm": 2,
    "hatch": 2,
}
"""Words before the program itself, and how many of them."""
_SHELL_OFF = re.compile(r"^\s*set\s+\+e\b", re.MULTILINE)


def commands(step: StepFile) -> Iterator[str]:
    """Yields the command lines of a step's script, continued lines joined, comments left out."""
    for line in _CONTINUED.sub(" ", step.run or "").splitlines():
        text = line.strip()
        if text and not text.startswith("#"):
            yield text


def runs_tool(command: str, tool: str) -> bool:
    """Returns whether a command line runs that program, by whatever path, and does not only install or name it."""
    for segment in _JOINED.split(command):
        words = [word for word in segment.split() if not _ASSIGNMENT.match(word)]
        while words and _name(words[0]) in _STARTERS:
            words = words[_STARTERS[_name(words[0])] :]
        if words and words[0] == "-m":
            words = words[1:]
        if words and _name(words[0]) == tool:
            return True
    return False


def _name(word: str) -> str:
    name = word.rpartition("/")[2]
    return "python" if _PYTHON.fullmatch(name) else name


def is_masked(command: str, step: StepFile, job: JobFile) -> bool:
    """Returns whether the failure of that command would not fail the job."""
    if step.continue_on_error or job.continue_on_error or _SHELL_OFF.search(step.run or ""):
        return True
    return bool(_MASK.search(command))


def tool_steps(file: WorkflowFile, tool: str) -> Iterator[tuple[JobFile, StepFile, str]]:
    """Yields (job, step, command) for every command line of the file that runs the tool."""
    for job in file.jobs:
        for step in job.steps:
            for command in commands(step):
                if runs_tool(command, tool):
                    yield job, step, command


def action_steps(file: WorkflowFile, action: str) -> Iterator[tuple[JobFile, StepFile]]:
    """Yields (job, step) for every step that uses that action, at whatever version or sub-path."""
    for job in file.jobs:
        for step in job.steps:
            used = (step.uses or "").partition("@")[0].lower()
            if used == action or used.startswith(action + "/"):
                yield job, step


def enforced(file: WorkflowFile, tool: str, words: tuple[str, ...] = ()) -> list[tuple[JobFile, StepFile, str]]:
    """Returns the uses of a tool that would fail their job, of those whose command has all the words."""
    return [
        (job, step, command)
        for job, step, command in tool_steps(file, tool)
        if not is_masked(command, step, job) and all(word in command.split() for word in words)
    ]
