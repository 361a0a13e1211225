"""Questions about two sides: who stands where, under which conditions, what else differs, and the sentence."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cidash.analysis.compare import compare
from cidash.domain.cache import CacheState
from cidash.domain.ci import Attempt, Job, Run, Step
from cidash.domain.comparison import By, Outcome, Question

MakeAttempt = Callable[..., Attempt]
START = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)
DAY = 86_400.0
HIT, MISS = CacheState.HIT, CacheState.MISS
QUESTION = Question("main", "topic")


@pytest.fixture
def make_attempt(make_run: Callable[..., Run], make_job: Callable[..., Job]) -> MakeAttempt:
    """Run `n` on day `n`: a job `test` with a long and a short step, and a job `lint` of 10 s."""

    def make(n: int, seconds: float = 200, branch: str = "main", *, lint: bool = True, **changes: object) -> Attempt:
        labels = changes.pop("labels", ("ubuntu-latest",))
        start = n * DAY
        run = make_run(start, id=n, branch=branch, head_sha=f"{n:040x}", **changes)

        def moment(offset: float) -> datetime:
            return START + timedelta(seconds=start + offset)

        steps = (
            Step(1, "Build", "completed", "success", moment(0), moment(seconds - 4)),
            Step(2, "Tidy", "completed", "success", moment(seconds - 4), moment(seconds)),
        )
        jobs = [make_job(start, start + seconds, id=n * 10, steps=steps, labels=labels)]
        if lint:
            jobs.append(make_job(start, start + 10, id=n * 10 + 1, name="lint", labels=labels))
        return Attempt(run, tuple(jobs))

    return make


def both(make: MakeAttempt, **of_head: object) -> list[Attempt]:
    base = [make(n, 200 + n) for n in range(1, 9)]
    return [*base, *(make(n, 100 + n, "topic", **of_head) for n in range(11, 17))]


def test_a_branch_against_its_base(make_attempt: MakeAttempt) -> None:
    found = compare(QUESTION, both(make_attempt), {})
    assert (found.whole.base.n, found.whole.head.n, found.whole.verdict) == (8, 6, Outcome.BETTER)
    assert found.workflow_path == ".github/workflows/ci.yml"
    assert [one.job for one in found.jobs] == ["test", "lint"]
    assert [(one.job, one.step) for one in found.steps] == [("test", "Build")]
    assert found.short_steps == 1
    assert [run.run_id for run in found.head.runs] == [16, 15, 14, 13, 12, 11]
    assert found.sentence.startswith("CI: topic is faster than main: −44 % (")
    assert "n = 8 + 6." in found.sentence
    assert {(one.kind, one.known) for one in found.confounders} == {("workflow-file", False), ("cache", False)}


def test_too_few_runs_give_a_fact_and_what_is_lacking(make_attempt: MakeAttempt) -> None:
    found = compare(QUESTION, both(make_attempt)[:10], {})
    assert found.whole.verdict is Outcome.NO_PROOF
    assert found.whole.fact == "all 2 topic runs faster than all 8 main runs"
    assert "no proof that topic and main differ" in found.sentence
    assert "1 more run of topic for a verdict." in found.sentence


def test_nothing_to_compare(make_attempt: MakeAttempt) -> None:
    found = compare(QUESTION, [], {})
    assert (found.whole.ratio, found.workflow_name, found.confounders) == (None, None, ())
    assert "no comparable run of main and topic is kept" in found.sentence
    assert compare(Question("main", "gone"), both(make_attempt), {}).head.runs == ()


def test_what_differs_is_listed(make_attempt: MakeAttempt) -> None:
    base = [make_attempt(n, 200 + n, workflow_blob="a" * 40, event="push") for n in range(1, 9)]
    head = [make_attempt(n, 100 + n, "topic", workflow_blob="b" * 40, lint=False) for n in range(11, 17)]
    caches = {job.id: MISS for one in base for job in one.jobs} | {job.id: HIT for one in head for job in one.jobs}
    found = compare(QUESTION, [*base, *head], caches)
    assert {one.kind for one in found.confounders} == {"event", "workflow-file", "jobs", "cache"}
    assert found.whole.verdict is Outcome.BETTER
    assert found.only_base == ("lint",)
    assert "The workflow file differs: aaaaaaa in base, bbbbbbb in head." in found.sentence


@pytest.mark.parametrize("other", [{"labels": ("big-runner",)}, {"event": "schedule"}])
def test_sides_that_may_not_be_judged(make_attempt: MakeAttempt, other: dict[str, object]) -> None:
    found = compare(QUESTION, both(make_attempt, **other), {})
    assert found.confounders[0].blocks
    assert found.whole.ratio is not None
    assert {one.verdict for one in (found.whole, *found.jobs, *found.steps)} == {Outcome.NO_PROOF}
    assert "may not be judged against each other" in found.sentence


def test_only_clean_runs_count(make_attempt: MakeAttempt) -> None:
    odd = [
        make_attempt(21, 900, "topic", conclusion="failure"),
        make_attempt(22, 900, "topic", attempt=2),
        make_attempt(23, 900, "topic", event="schedule"),
    ]
    found = compare(QUESTION, [*both(make_attempt), *odd], {})
    assert found.whole.head.n == 6
    assert dict(found.head.left_out) == {"not a successful first attempt": 2, "another event": 1}


def test_runs_of_one_day_and_other_weekdays_are_told(make_attempt: MakeAttempt) -> None:
    def at(n: int, day: int, seconds: float, branch: str) -> Attempt:
        one = make_attempt(day, seconds, branch)
        run = one.run
        moved = run.started_at + timedelta(minutes=n)
        return Attempt(replace(run, id=n, started_at=moved), one.jobs)

    base = [at(n, 7 * (n % 3), 200 + n, "main") for n in range(1, 7)]
    head = [at(n, 2, 100 + n, "topic") for n in range(11, 16)]
    kinds = {one.kind: one.sentence for one in compare(QUESTION, [*base, *head], {}).confounders}
    assert kinds["one-day"] == "5 of 5 head runs are from one day (2026-02-03)."
    assert "weekdays" in kinds


def test_before_and_after_a_commit(make_attempt: MakeAttempt) -> None:
    attempts = [make_attempt(n, 200 if n < 8 else 100, workflow_blob="ab"[n >= 8] * 40) for n in range(1, 15)]
    by_sha = compare(Question("main", f"{8:040x}", By.COMMIT), attempts, {})
    assert (by_sha.whole.base.n, by_sha.whole.head.n, by_sha.whole.verdict) == (7, 7, Outcome.BETTER)
    assert by_sha.head.label == "main from 0000000 on"
    by_file = compare(Question("main", "workflow-file", By.COMMIT), attempts, {})
    assert (by_file.base.runs, by_file.head.runs) == (by_sha.base.runs, by_sha.head.runs)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (Question("main", "dead", By.COMMIT), "No kept run of main has the commit dead"),
        (Question("main", "not a sha", By.COMMIT), "4 to 40 digits"),
        (Question("main", "workflow-file", By.COMMIT), "No change of the workflow file is known"),
        (Question("hit", "warm", By.CACHE), "one of hit, partial, miss"),
        (Question("hit", "unknown", By.CACHE), "one of hit, partial, miss"),
        (Question("1", "x", By.ATTEMPT), "an attempt's number"),
        (Question("1", "7/2", By.ATTEMPT), "not one of each"),
    ],
)
def test_a_question_that_cannot_be_asked(make_attempt: MakeAttempt, question: Question, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        compare(question, both(make_attempt), {})


def test_hits_against_misses(make_attempt: MakeAttempt) -> None:
    attempts = [make_attempt(n, 100 if n % 2 else 200) for n in range(1, 17)]
    caches = {job.id: HIT if one.run.id % 2 else MISS for one in attempts[:12] for job in one.jobs}
    found = compare(Question("miss", "hit", By.CACHE), attempts, caches)
    assert (found.whole.base.n, found.whole.head.n, found.whole.verdict) == (6, 6, Outcome.BETTER)
    assert "cache" not in {one.kind for one in found.confounders}
    assert compare(Question("none", "hit", By.CACHE), attempts, caches).base.runs == ()


def test_attempts(make_attempt: MakeAttempt) -> None:
    first = [make_attempt(n, 200) for n in range(1, 6)]
    second = [make_attempt(n, 120, attempt=2) for n in range(1, 5)]
    found = compare(Question("1", "2", By.ATTEMPT), [*first, *second], {})
    assert (found.whole.base.n, found.whole.head.n, found.whole.verdict) == (4, 4, Outcome.BETTER)
    single = compare(Question("3/1", "3/2", By.ATTEMPT), [*first, *second], {})
    assert single.whole.verdict is Outcome.NO_PROOF
    assert single.whole.fact == "the one 3/2 run faster than the one 3/1 run"


def test_one_job_or_step(make_attempt: MakeAttempt) -> None:
    attempts = both(make_attempt)
    job = compare(Question("main", "topic", job="lint"), attempts, {})
    assert (job.whole.measure, job.whole.verdict, job.jobs) == ("job-duration", Outcome.NO_PROOF, ())
    step = compare(Question("main", "topic", job="test", step="Build"), attempts, {})
    assert (step.whole.measure, step.whole.verdict, step.steps) == ("step-duration", Outcome.BETTER, ())
    assert compare(Question("main", "topic", step="gone"), attempts, {}).whole.base.n == 0


def test_the_workflow_that_both_sides_have_is_taken(make_attempt: MakeAttempt) -> None:
    other: Sequence[Attempt] = [
        make_attempt(n, 50, "main", workflow_name="Nightly", workflow_path="nightly.yml") for n in range(30, 60)
    ]
    assert compare(QUESTION, [*both(make_attempt), *other], {}).workflow_name == "CI"
    named = compare(Question("main", "topic", workflow="Nightly"), [*both(make_attempt), *other], {})
    assert (named.workflow_name, named.head.runs) == ("Nightly", ())
