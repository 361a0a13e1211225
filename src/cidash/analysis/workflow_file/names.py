"""Which job of the file a job of the API is: the API tells the display name alone, never the id."""

import re
from collections.abc import Iterable, Mapping

from cidash.domain.workflow_file import JobFile, WorkflowFile

_EXPRESSION = re.compile(r"\$\{\{.*?\}\}")
_MATRIX_VALUES = re.compile(r" \(.*\)$", re.DOTALL)


def job_ids(file: WorkflowFile, names: Iterable[str]) -> Mapping[str, str]:
    """Returns job id by display name; a name that fits no job of the file is left out, never guessed.

    Tried in this order: the whole name; the name without matrix values; the part before ` / ` (a reusable
    workflow's jobs), with and without matrix values; the file's own name with its expressions as wildcards.
    """
    exact: dict[str, str] = {}
    for job in file.jobs:
        exact.setdefault(job.name or job.id, job.id)
    patterns = [(_pattern(job.name), job) for job in file.jobs if job.name and _EXPRESSION.search(job.name)]
    found: dict[str, str] = {}
    for name in names:
        job_id = _match(name, exact, patterns, file)
        if job_id is not None:
            found[name] = job_id
    return found


def _match(
    name: str, exact: Mapping[str, str], patterns: Iterable[tuple[re.Pattern[str], JobFile]], file: WorkflowFile
) -> str | None:
    caller = name.split(" / ", 1)[0]
    for candidate in dict.fromkeys((name, _MATRIX_VALUES.sub("", name), caller, _MATRIX_VALUES.sub("", caller))):
        job_id = exact.get(candidate)
        if job_id is None or not _may_be(name, candidate, file.job(job_id)):
            continue
        return job_id
    fitting = {job.id for pattern, job in patterns if pattern.fullmatch(name) or pattern.fullmatch(caller)}
    return fitting.pop() if len(fitting) == 1 else None


def _may_be(name: str, candidate: str, job: JobFile | None) -> bool:
    """Whether a shortened name may stand for the job: only a caller has parts after ` / `, only a matrix has values."""
    if job is None:
        return False
    if name != candidate and " / " in name and " / " not in candidate:
        return job.uses is not None
    return name == candidate or job.has_matrix


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in _EXPRESSION.split(name)), re.DOTALL)
