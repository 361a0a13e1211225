"""Nouns as rows and back, exactly: times as microseconds, steps as a shared list of names and short numbers."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from cidash.domain.ci import Job, Run, Step
from cidash.domain.repository import RepositoryId

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000

# The usual pairs of status and conclusion are stored as their place here. Add to the end.
_WORDS: tuple[tuple[str, str | None], ...] = (
    ("completed", "success"),
    ("completed", "skipped"),
    ("completed", "failure"),
    ("completed", "cancelled"),
    ("completed", "neutral"),
    ("completed", "timed_out"),
    ("queued", None),
    ("in_progress", None),
    ("pending", None),
)
_PLACES = {words: place for place, words in enumerate(_WORDS)}


def micros(moment: datetime) -> int:
    """Returns the microseconds since 1970 of an aware moment."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * _SECOND + since.microseconds


def moment(microseconds: int) -> datetime:
    """Returns the moment, in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def optional_micros(when: datetime | None) -> int | None:
    """Returns `micros`, or None for None."""
    return None if when is None else micros(when)


def optional_moment(microseconds: int | None) -> datetime | None:
    """Returns `moment`, or None for None."""
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


def compact(value: object) -> str:
    """Returns the value as JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def job_url(run_url: str, job_id: int) -> str:
    """Returns the address that GitHub gives a job of that run."""
    return f"{run_url}/job/{job_id}"


def write_steps(steps: Sequence[Step], started_at: datetime | None) -> tuple[str, str] | tuple[None, None]:
    """Returns (numbers and names, words and times) as two JSON texts, or two Nones for no steps.

    The second holds a scale (1 whole seconds, 0 microseconds), then for each step the words and the distances of
    start and end, each from the time before it; the first distance counts from the job's start.
    """
    if not steps:
        return None, None
    before = _base(started_at)
    distances: list[int | None] = []
    for step in steps:
        for when in (step.started_at, step.completed_at):
            now = optional_micros(when)
            distances.append(None if now is None else now - before)
            before = before if now is None else now
    scale = 1 if all(distance is None or distance % _SECOND == 0 for distance in distances) else 0
    unit = _SECOND if scale else 1
    numbers: list[object] = [scale]
    for step, start, end in zip(steps, distances[::2], distances[1::2], strict=True):
        words = (step.status, step.conclusion)
        numbers.append(_PLACES.get(words, words))
        numbers += (None if start is None else start // unit, None if end is None else end // unit)
    return compact([[step.number, step.name] for step in steps]), compact(numbers)


@lru_cache(maxsize=2048)  # steps never change, the same newest jobs are read again and again, and making them is slow
def read_steps(names: str | None, numbers: str | None, started_at: datetime | None) -> tuple[Step, ...]:
    """Returns the steps that `write_steps` was given."""
    if names is None or numbers is None:
        return ()
    scale, *rest = json.loads(numbers)
    unit = _SECOND if scale else 1
    before = _base(started_at)
    now = moment(before)
    steps = []
    for (number, name), words, start, end in zip(_names(names), rest[::3], rest[1::3], rest[2::3], strict=True):
        status, conclusion = _WORDS[words] if isinstance(words, int) else words
        if start:  # most steps begin when the one before them ends: its moment serves again
            before += start * unit
            now = moment(before)
        begun = None if start is None else now
        if end:
            before += end * unit
            now = moment(before)
        steps.append(Step(number, name, status, conclusion, begun, None if end is None else now))
    return tuple(steps)


@lru_cache(maxsize=256)
def _names(text: str) -> tuple[tuple[int, str], ...]:
    return tuple((number, name) for number, name in json.loads(text))


@lru_cache(maxsize=256)
def read_labels(text: str) -> tuple[str, ...]:
    """Returns a job's runner labels from their JSON text."""
    return tuple(json.loads(text))


def _base(started_at: datetime | None) -> int:
    """Returns the job's start in whole seconds, so that distances stay whole when only the job has fractions."""
    return 0 if started_at is None else micros(started_at) // _SECOND * _SECOND


RUN_COLUMNS = (
    "attempts.id, attempts.run_id, attempts.attempt, attempts.number, workflows.workflow_id, workflows.name, "
    "workflows.path, attempts.title, attempts.event, attempts.branch, attempts.head_sha, attempts.status, "
    "attempts.conclusion, attempts.created_at, attempts.started_at, attempts.updated_at, attempts.actor, "
    "attempts.url, attempts.pull_requests, attempts.workflow_blob"
)
"""What `read_run` takes, from attempts joined with workflows."""

_JOB_ITSELF = (
    "jobs.attempt, jobs.job_id, job_names.name, jobs.status, jobs.conclusion, jobs.created_at, jobs.started_at, "
    "jobs.completed_at, jobs.labels, jobs.runner_name, jobs.url"
)
JOB_COLUMNS_WITHOUT_STEPS = f"{_JOB_ITSELF}, NULL, NULL"
JOB_COLUMNS = f"{_JOB_ITSELF}, step_lists.steps, jobs.step_times"
"""What `read_job` takes, from jobs joined with job_names and, where there is one, step_lists."""


def read_run(repository: RepositoryId, row: Sequence[Any]) -> Run:
    """Returns the run of a row of `RUN_COLUMNS`."""
    return Run(
        repository=repository,
        id=row[1],
        attempt=row[2],
        number=row[3],
        workflow_id=row[4],
        workflow_name=row[5],
        workflow_path=row[6],
        title=row[7],
        event=row[8],
        branch=row[9],
        head_sha=row[10],
        status=row[11],
        conclusion=row[12],
        created_at=moment(row[13]),
        started_at=moment(row[14]),
        updated_at=moment(row[15]),
        actor=row[16],
        url=row[17],
        pull_requests=tuple(json.loads(row[18])) if row[18] else (),
        workflow_blob=row[19],
    )


def read_job(run_id: int, attempt: int, run_url: str, row: Sequence[Any]) -> Job:
    """Returns the job of a row of `JOB_COLUMNS`."""
    started_at = optional_moment(row[6])
    return Job(
        id=row[1],
        run_id=run_id,
        attempt=attempt,
        name=row[2],
        status=row[3],
        conclusion=row[4],
        created_at=optional_moment(row[5]),
        started_at=started_at,
        completed_at=optional_moment(row[7]),
        labels=read_labels(row[8]),
        runner_name=row[9],
        url=job_url(run_url, row[1]) if row[10] is None else row[10],
        steps=read_steps(row[11], row[12], started_at),
    )
