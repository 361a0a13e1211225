"""A question about two sides answered from attempts: samples, contrasts, ranked jobs and steps, one sentence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from cidash.analysis import comparability
from cidash.analysis.comparability import Choice, choose, is_clean, is_of_workflow, newest_first
from cidash.analysis.comparison_text import sentence_of
from cidash.analysis.confounders import confounders
from cidash.analysis.contrast import contrast, together
from cidash.analysis.duration import attempt_seconds, executed_jobs, job_seconds, step_seconds
from cidash.analysis.median import median
from cidash.analysis.sides import Candidates, candidates
from cidash.domain.cache import CacheState
from cidash.domain.ci import Attempt
from cidash.domain.comparison import (
    By,
    ComparedRun,
    Comparison,
    Conditions,
    Contrast,
    Outcome,
    Question,
    Side,
)
from cidash.domain.state import State

LEAST = 4
"""Runs a side that a verdict wants (3 will do beside 5)."""
LEAST_STEP_SECONDS = 5.0
"""GitHub tells step times in whole seconds: shorter steps are never compared."""

JobOrStep = TypeVar("JobOrStep", str, tuple[str, str])
JobTimes = dict[str, float]
StepTimes = dict[tuple[str, str], float]


def compare(question: Question, attempts: Iterable[Attempt], caches: Mapping[int, CacheState]) -> Comparison:
    """Returns the comparison that these attempts give.

    Args:
        question: what to compare.
        attempts: finished attempts of the repository, in any order, the more the better.
        caches: worst cache state by job id; a job that is missing has not been read.

    Raises:
        ValueError: base or head can't be what the question says; the text is a sentence.
    """
    ordered = newest_first(attempts)
    if question.workflow is not None:
        ordered = [one for one in ordered if is_of_workflow(one.run, question.workflow)]
    sides = candidates(question, ordered, caches)
    path, name = _workflow(question, sides)
    if path is not None:
        sides = sides.of_workflow(path)
    base, head = _choices(question, sides, caches)
    return _compared(question, (path, name), sides, base, head)


def _workflow(question: Question, sides: Candidates) -> tuple[str | None, str | None]:
    """Returns path and name of the workflow with most runs on the side that has fewer."""
    base = comparability.workflows_of(_countable(question, sides.base))
    head = comparability.workflows_of(_countable(question, sides.head))
    known = dict([*base, *head])
    in_base, in_head = _by_path(base), _by_path(head)
    best = max(
        known,
        key=lambda path: (min(in_base.get(path, 0), in_head.get(path, 0)), in_head.get(path, 0), in_base.get(path, 0)),
        default=None,
    )
    return best, None if best is None else known[best]


def _by_path(counts: Mapping[tuple[str, str], int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for (path, _), count in counts.items():
        found[path] = found.get(path, 0) + count
    return found


def _countable(question: Question, attempts: Sequence[Attempt]) -> list[Attempt]:
    return [one for one in attempts if question.by is By.ATTEMPT or is_clean(one)]


def _choices(question: Question, sides: Candidates, caches: Mapping[int, CacheState]) -> tuple[Choice, Choice]:
    """Returns both samples. Head is chosen first: what it is now decides what it is held against."""
    if question.by is By.ATTEMPT:
        wanted = [[one for one in side if one.run.state is State.SUCCESS] for side in (sides.base, sides.head)]
        chosen = [choose(side, caches, LEAST, any_cache=True) for side in wanted]
        return chosen[0], chosen[1]
    by_cache = question.by is By.CACHE
    head_runs = [one for one in sides.head if is_clean(one) and _seconds(question, one) is not None]
    base_runs = [one for one in sides.base if is_clean(one) and _seconds(question, one) is not None]
    head = choose(head_runs, caches, LEAST, any_cache=by_cache)
    base = choose(base_runs, caches, LEAST, like=head.conditions, any_cache=by_cache)
    return _with_unusable(base, sides.base, base_runs), _with_unusable(head, sides.head, head_runs)


def _with_unusable(choice: Choice, before: Sequence[Attempt], after: Sequence[Attempt]) -> Choice:
    lost = len(before) - len(after)
    return replace(choice, left_out=(*choice.left_out, ("not a successful first attempt", lost))) if lost else choice


def _compared(
    question: Question, workflow: tuple[str | None, str | None], sides: Candidates, base: Choice, head: Choice
) -> Comparison:
    names = (sides.base_label, sides.head_label)
    base_runs, head_runs = _runs(question, base.attempts), _runs(question, head.attempts)
    whole = contrast(
        [one.seconds for one in base_runs],
        [one.seconds for one in head_runs],
        measure=_measure(question),
        job=question.job,
        step=question.step,
        names=names,
    )
    against = confounders(
        base.conditions, head.conditions, base.attempts, head.attempts, divided_by_cache=question.by is By.CACHE
    )
    jobs, steps, short = _parts(question, base.attempts, head.attempts)
    if any(one.blocks for one in against):
        whole = replace(whole, verdict=Outcome.NO_PROOF)
        jobs = tuple(replace(one, verdict=Outcome.NO_PROOF) for one in jobs)
        steps = tuple(replace(one, verdict=Outcome.NO_PROOF) for one in steps)
    return Comparison(
        question=question,
        workflow_name=workflow[1],
        workflow_path=workflow[0],
        base=Side(names[0], base.conditions, base_runs, base.left_out),
        head=Side(names[1], head.conditions, head_runs, head.left_out),
        whole=whole,
        jobs=jobs,
        steps=steps,
        only_base=_only(base.conditions, head.conditions),
        only_head=_only(head.conditions, base.conditions),
        short_steps=short,
        confounders=against,
        sentence=sentence_of(_subject(question, workflow[1]), names, whole, against),
    )


def _only(one: Conditions | None, other: Conditions | None) -> tuple[str, ...]:
    if one is None or other is None:
        return ()
    return tuple(name for name in one.jobs if name not in other.jobs)


def _measure(question: Question) -> str:
    if question.step is not None:
        return "step-duration"
    return "job-duration" if question.job is not None else "run-duration"


def _subject(question: Question, workflow: str | None) -> str:
    parts = (workflow, question.job and f"job {question.job}", question.step and f"step {question.step}")
    return ", ".join(part for part in parts if part) or "A run"


def _runs(question: Question, attempts: Sequence[Attempt]) -> tuple[ComparedRun, ...]:
    found = []
    for attempt in attempts:
        seconds = _seconds(question, attempt)
        if seconds is not None:
            run = attempt.run
            found.append(
                ComparedRun(run.id, run.attempt, run.number, run.branch, run.head_sha, run.started_at, seconds, run.url)
            )
    return tuple(found)


def _seconds(question: Question, attempt: Attempt) -> float | None:
    if question.step is not None:
        times = [
            seconds
            for (job, step), seconds in step_times(attempt).items()
            if step == question.step and question.job in (None, job)
        ]
        return max(times) if times else None
    return attempt_seconds(attempt) if question.job is None else job_times(attempt).get(question.job)


def job_times(attempt: Attempt) -> JobTimes:
    """Returns the seconds of each successful executed job by name; the longest where a name stands twice."""
    found: JobTimes = {}
    for job in executed_jobs(attempt):
        seconds = job_seconds(job)
        if job.state is State.SUCCESS and seconds is not None:
            found[job.name] = max(seconds, found.get(job.name, 0.0))
    return found


def step_times(attempt: Attempt) -> StepTimes:
    """Returns the seconds of each successful step by (job, step); steps of one name in a job are added up."""
    found: StepTimes = {}
    for job in executed_jobs(attempt):
        for step in job.steps:
            seconds = step_seconds(step)
            if step.state is State.SUCCESS and seconds is not None:
                found[job.name, step.name] = found.get((job.name, step.name), 0.0) + seconds
    return found


def _parts(
    question: Question, base: Sequence[Attempt], head: Sequence[Attempt]
) -> tuple[tuple[Contrast, ...], tuple[Contrast, ...], int]:
    """Returns the contrasts of jobs and of steps, and how many steps were too short for one."""
    if question.step is not None:
        return (), (), 0
    jobs: list[Contrast] = []
    if question.job is None:
        for name, (of_base, of_head) in _paired([job_times(one) for one in base], [job_times(one) for one in head]):
            jobs.append(contrast(of_base, of_head, measure="job-duration", job=name))
    steps: list[Contrast] = []
    short = 0
    for (job, step), (of_base, of_head) in _paired(
        [step_times(one) for one in base], [step_times(one) for one in head]
    ):
        if question.job is not None and job != question.job:
            continue
        if min(median(of_base), median(of_head)) < LEAST_STEP_SECONDS:
            short += 1
        else:
            steps.append(contrast(of_base, of_head, measure="step-duration", job=job, step=step))
    return together(jobs), together(steps), short


def _paired(
    base: Sequence[Mapping[JobOrStep, float]], head: Sequence[Mapping[JobOrStep, float]]
) -> list[tuple[JobOrStep, tuple[list[float], list[float]]]]:
    """Returns the times of everything that both sides have, in the order of its first appearance."""
    keys = dict.fromkeys(key for times in head for key in times)
    both = [key for key in keys if any(key in times for times in base)]
    return [
        (key, ([times[key] for times in base if key in times], [times[key] for times in head if key in times]))
        for key in both
    ]
