"""The key of a cache as the workflow file writes it: which expression, which files it hashes, what makes it useless."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from cidash.domain.cache import CacheEvent
from cidash.domain.workflow_file import JobFile, StepFile, WorkflowFile

_EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
_HASHED = re.compile(r"hashFiles\s*\((?P<list>[^)]*)\)", re.IGNORECASE)
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_ONE_COMMIT = re.compile(r"github\s*\.\s*(?:sha|run_id|run_number|run_attempt|event\.(?:after|head_commit\.id))\b")
_PATTERN_LIMIT = 300
_MOST_STARS = 8
"""More make matching slow, and nobody writes them."""
_NOTHING = re.compile(r"(?!)")


def key_expression(
    workflow: WorkflowFile | None, job_name: str, events: Iterable[CacheEvent], key: str | None
) -> str | None:
    """Returns the `key:` of the step that the events come from, as it is written; None when it can't be told.

    Steps with the action that the log names are candidates; the key that was asked for has to fit the expression.
    """
    if workflow is None:
        return None
    titles = {one.step.removeprefix("Post ") for one in events if one.step}
    found = [
        step.arguments["key"]
        for job in sorted(workflow.jobs, key=lambda job: not _is_named(job, job_name))
        for step in job.steps
        if step.arguments.get("key") and _is_step(step, titles) and (key is None or _fits(step.arguments["key"], key))
    ]
    return found[0].strip() if found else None


def _is_named(job: JobFile, name: str) -> bool:
    return name in {job.id, job.name} or name.split(" (", maxsplit=1)[0] in {job.id, job.name}


def _is_step(step: StepFile, titles: set[str]) -> bool:
    return step.uses is not None and (f"Run {step.uses}" in titles or step.name in titles)


def _fits(expression: str, key: str) -> bool:
    """Returns whether the key can come from the expression: what stands outside of `${{ }}` is there, in order."""
    first, *rest = [part.casefold() for part in _EXPRESSION.split(expression.strip())]
    key = key.casefold()
    if not rest:
        return key == first
    if not key.startswith(first):
        return False
    *middle, last = rest
    at = len(first)
    for part in middle:
        place = key.find(part, at)
        if place < 0:
            return False
        at = place + len(part)
    return len(key) - len(last) >= at and key.endswith(last)


def hashed_patterns(expression: str) -> tuple[str, ...]:
    """Returns the file patterns that the expression hashes, in their order."""
    return tuple(
        text.replace("''", "'")
        for found in _HASHED.finditer(expression)
        for text in _QUOTED.findall(found["list"])
        if len(text) <= _PATTERN_LIMIT
    )


def is_of_one_commit(expression: str) -> bool:
    """Returns whether the key holds the commit or the run itself, so that no other run can have the same."""
    return _ONE_COMMIT.search(expression) is not None


def changed_by(patterns: Sequence[str], paths: Iterable[str]) -> tuple[str, ...]:
    """Returns those of the paths that the patterns take in; a later `!pattern` takes them out again."""
    found = []
    for path in paths:
        taken = False
        for pattern in patterns:
            if _as_regex(pattern.removeprefix("!")).fullmatch(path):
                taken = not pattern.startswith("!")
        if taken:
            found.append(path)
    return tuple(found)


@lru_cache(maxsize=256)
def _as_regex(pattern: str) -> re.Pattern[str]:
    """Returns GitHub's glob as a regular expression: `**` crosses folders, `*` and `?` do not."""
    text = ""
    if pattern.count("*") > _MOST_STARS:
        return _NOTHING
    pattern = pattern.removeprefix("./").lstrip("/")
    for piece in re.findall(r"\*\*/|\*\*|\*+|\?|[^*?]+", pattern):
        text += {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(piece, re.escape(piece))
    return re.compile(text)
