"""C10 formatting is enforced, and the linter's paths cover every tracked Python file."""

import fnmatch
import shlex
import tomllib
from collections.abc import Iterable
from pathlib import PurePosixPath

from cidash.analysis.controls.facts import Facts, Unread
from cidash.analysis.controls.scripts import enforced
from cidash.domain.control import Evidence, EvidenceKind

_DECLARED = EvidenceKind.DECLARED
_FORMATTERS = (("ruff", ("format", "--check")), ("black", ("--check",)))
_LINTERS = (("ruff", ("check",)), ("flake8", ()), ("pylint", ()))
_SHOWN = 5


def formatting(facts: Facts) -> tuple[Evidence, ...]:
    """Returns whether a formatter's check can fail a job, and what share of the Python files is linted."""
    return (_formatter(facts), coverage(facts))


def _formatter(facts: Facts) -> Evidence:
    for path, file in facts.readable().items():
        for tool, words in _FORMATTERS:
            if enforced(file, tool, words):
                return Evidence(_DECLARED, True, f"{path} enforces the format with {tool}.", path)
    unread = facts.unread_workflows()
    text = unread[0] if unread else "No workflow has a format check that can fail."
    return Evidence(_DECLARED, None if unread else False, text, ".github/workflows")


def coverage(facts: Facts) -> Evidence:
    """Returns whether every tracked Python file lies under the paths that an enforced linter is given."""
    if isinstance(facts.tracked, Unread):
        return Evidence(_DECLARED, None, facts.tracked.reason, "git")
    python = [path for path in facts.tracked if path.endswith(".py")]
    if not python:
        return Evidence(_DECLARED, None, "There are no Python files to lint.", "git")
    paths, source = _linted_paths(facts)
    excludes = _excludes(facts)
    covered = [path for path in python if _under(path, paths) and not _matches(path, excludes)]
    share = f"{len(covered)} of {len(python)} Python files are linted"
    if len(covered) == len(python):
        return Evidence(_DECLARED, True, f"{share}.", source)
    if not paths and (unread := facts.unread_workflows()):
        return Evidence(_DECLARED, None, unread[0], ".github/workflows")
    left = sorted(set(python) - set(covered))
    more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
    return Evidence(_DECLARED, False, f"{share}; not: {', '.join(left[:_SHOWN])}{more}.", source)


def _linted_paths(facts: Facts) -> tuple[set[str], str]:
    paths: set[str] = set()
    source = ".github/workflows"
    for path, file in facts.readable().items():
        for tool, words in _LINTERS:
            for _, _, command in enforced(file, tool, words):
                paths |= _arguments(command, tool, words)
                source = path
    return paths, source


def _arguments(command: str, tool: str, words: tuple[str, ...]) -> set[str]:
    """Returns the paths that a linter's command line names; the current folder when it names none."""
    try:
        parts = shlex.split(command, comments=True)
    except ValueError:
        return set()
    start = next((at for at, part in enumerate(parts) if PurePosixPath(part).name == tool), len(parts))
    found = set()
    for part in parts[start + 1 :]:
        if part in {"&&", "||", ";", "|"}:
            break
        if not part.startswith("-") and part not in words:
            found.add(part.removeprefix("./").rstrip("/") or ".")
    return found or {"."}


def _excludes(facts: Facts) -> tuple[str, ...]:
    text = facts.text("pyproject.toml")
    if not isinstance(text, str):
        return ()
    try:
        ruff = tomllib.loads(text).get("tool", {}).get("ruff", {})
    except tomllib.TOMLDecodeError:
        return ()
    found = [*ruff.get("exclude", []), *ruff.get("extend-exclude", [])] if isinstance(ruff, dict) else []
    return tuple(one for one in found if isinstance(one, str))


def _under(path: str, folders: Iterable[str]) -> bool:
    return any(
        folder in (".", path) or path.startswith(folder + "/") or fnmatch.fnmatch(path, folder) for folder in folders
    )


def _matches(path: str, patterns: Iterable[str]) -> bool:
    parts = path.split("/")
    return any(
        fnmatch.fnmatch(path, pattern) or path.startswith(pattern.rstrip("/") + "/") or pattern in parts
        for pattern in patterns
    )
