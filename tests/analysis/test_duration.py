"""Durations come from what the attempt itself executed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cidash.analysis.duration import (
    attempt_seconds,
    elapsed_seconds,
    executed_jobs,
    is_carried_over,
    job_seconds,
    queue_seconds,
    run_elapsed_seconds,
    step_elapsed_seconds,
    step_seconds,
)
from cidash.analysis.median import median
from cidash.domain.ci import Attempt, Job, Run, Step

MakeRun = Callable[..., Run]
MakeJob = Callable[..., Job]
START = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)


def now(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_an_attempt_lasts_from_the_first_start_to_the_last_end(make_run: MakeRun, make_job: MakeJob) -> None:
    jobs = (make_job(5, 20), make_job(3, 90), make_job(40, 60))
    assert attempt_seconds(Attempt(make_run(), jobs)) == 87


def test_skipped_and_never_started_jobs_do_not_count(make_run: MakeRun, make_job: MakeJob) -> None:
    ran = make_job(10, 20)
    jobs = (
        ran,
        make_job(0, -1, conclusion="skipped", runner_name=None),
        make_job(0, 500, conclusion="cancelled", runner_name=None),
        make_job(None, None, status="queued", conclusion=None),
        make_job(0, None, status="queued", conclusion=None),
    )
    assert executed_jobs(Attempt(make_run(), jobs)) == (ran,)
    assert attempt_seconds(Attempt(make_run(), jobs)) == 10


def test_a_cancelled_job_that_ran_counts(make_run: MakeRun, make_job: MakeJob) -> None:
    assert attempt_seconds(Attempt(make_run(), (make_job(0, 30, conclusion="cancelled"),))) == 30


def test_a_partial_rerun_counts_only_what_ran_again(make_run: MakeRun, make_job: MakeJob) -> None:
    carried = make_job(0, 300, created=1_000, name="lint")
    again = make_job(1_004, 1_100, created=1_001)
    attempt = Attempt(make_run(started=1_000, attempt=2), (carried, again))
    assert executed_jobs(attempt) == (again,)
    assert attempt_seconds(attempt) == 96


@pytest.mark.parametrize(
    ("started", "start", "end", "carried"),
    [
        (1000, 1000, 1100, False),
        (1000, 999, 1100, False),  # noted a second early: it ended in this attempt
        (1000, 998, 1100, False),
        (1000, 997, 1100, True),
        (1000, 999, 999, True),  # over before the attempt began, however short it was
        (1000, 999, 1000, True),
        (1000, 999, None, False),
        (1000, None, None, False),
    ],
)
def test_carried_over_at_the_edge(
    make_run: MakeRun, make_job: MakeJob, started: float, start: float | None, end: float | None, carried: bool
) -> None:
    assert is_carried_over(make_run(started, attempt=2), make_job(start, end)) is carried


def test_a_first_attempt_carries_nothing_over(make_run: MakeRun, make_job: MakeJob) -> None:
    assert not is_carried_over(make_run(started=60), make_job(0, 30))


@pytest.mark.parametrize("jobs", [(), ((0, None),), ((None, None),), ((0, 10), (5, None))])
def test_an_attempt_that_cannot_be_read(
    make_run: MakeRun, make_job: MakeJob, jobs: tuple[tuple[float | None, float | None], ...]
) -> None:
    assert attempt_seconds(Attempt(make_run(), tuple(make_job(*times) for times in jobs))) is None


def test_one_job(make_job: MakeJob) -> None:
    assert job_seconds(make_job(0, 10)) == 10
    assert job_seconds(make_job(1, 0)) == 0
    assert job_seconds(make_job(0, 10, conclusion="skipped")) is None
    assert job_seconds(make_job(0, None)) is None


def test_the_queue(make_job: MakeJob) -> None:
    assert queue_seconds(make_job(12, 20, created=2)) == 10
    assert queue_seconds(make_job(1, 20, created=2)) is None
    assert queue_seconds(make_job(12, 20, created=None)) is None
    assert queue_seconds(make_job(12, 20, created=2, conclusion="skipped")) is None
    assert queue_seconds(make_job(2, None, created=2, status="queued", conclusion=None)) is None


def test_what_has_passed(make_job: MakeJob) -> None:
    running = make_job(10, None, status="in_progress", conclusion=None)
    assert elapsed_seconds(running, now(134)) == 124
    assert elapsed_seconds(running, now(9)) == 0
    assert elapsed_seconds(make_job(10, 30), now(134)) == 20
    assert elapsed_seconds(make_job(10, None, status="queued", conclusion=None), now(134)) is None


def test_steps() -> None:
    done = Step(1, "a", "completed", "success", now(1), now(4))
    running = Step(2, "b", "in_progress", None, now(4), None)
    waiting = Step(3, "c", "pending", None, None, None)
    skipped = Step(4, "d", "completed", "skipped", now(4), now(4))
    assert [step_seconds(step) for step in (done, running, waiting, skipped)] == [3, None, None, None]
    assert [step_elapsed_seconds(step, now(10)) for step in (done, running, waiting, skipped)] == [3, 6, None, None]


def test_a_run_grows_into_its_wall_time(make_run: MakeRun, make_job: MakeJob) -> None:
    active = make_run(status="in_progress", conclusion=None)
    running = make_job(5, None, status="in_progress", conclusion=None)
    assert run_elapsed_seconds(active, (running,), now(99)) == 94
    assert run_elapsed_seconds(active, (), now(99)) is None
    assert run_elapsed_seconds(make_run(), (make_job(5, 100),), now(5_000)) == 95


TIMES = st.integers(0, 10_000)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the makers keep nothing
@given(
    spans=st.lists(st.tuples(TIMES, TIMES), min_size=1, max_size=6),
    started=TIMES,
    number=st.integers(1, 3),
)
def test_a_wall_time_is_never_negative_nor_longer_than_all_jobs_span(
    make_run: MakeRun, make_job: MakeJob, spans: list[tuple[int, int]], started: int, number: int
) -> None:
    run = make_run(started, attempt=number)
    jobs = tuple(make_job(start, start + length) for start, length in spans)
    seconds = attempt_seconds(Attempt(run, jobs))
    executed = executed_jobs(Attempt(run, jobs))
    assert (seconds is None) == (not executed)
    if seconds is not None:
        starts = [job.started_at for job in executed if job.started_at]
        ends = [job.completed_at for job in executed if job.completed_at]
        assert seconds == (max(ends) - min(starts)).total_seconds() >= 0
        assert number == 1 or min(starts) >= now(started - 2)


def test_median_by_example() -> None:
    assert median([3]) == 3
    assert median([4, 1, 3]) == 3
    assert median(iter([4, 1, 3, 2])) == 2.5
    with pytest.raises(ValueError, match="no values"):
        median([])


@given(st.lists(st.floats(-1e300, 1e300), min_size=1))
def test_half_of_the_values_lie_on_either_side_of_the_median(values: list[float]) -> None:
    middle = median(values)
    assert sum(value <= middle for value in values) * 2 >= len(values)
    assert sum(value >= middle for value in values) * 2 >= len(values)
