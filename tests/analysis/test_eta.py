"""How long still, from the median of earlier runs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cidash.analysis.eta import is_slow, run_time_left, time_left, typical_of_workflow
from cidash.domain.ci import Job
from cidash.domain.snapshot import Typical

MakeJob = Callable[..., Job]
START = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)
NOW = START + timedelta(seconds=134)
USUAL = Typical(199, 20)
RUNNING = {"end": None, "status": "in_progress", "conclusion": None}
QUEUED = {"start": None, "end": None, "status": "queued", "conclusion": None}


def test_a_running_job(make_job: MakeJob) -> None:
    job = make_job(**RUNNING)
    assert time_left(job, USUAL, NOW) == 65
    assert not is_slow(job, USUAL, NOW)
    assert time_left(job, None, NOW) is None
    assert not is_slow(job, None, NOW)


def test_a_slow_job_has_nothing_left_and_says_so(make_job: MakeJob) -> None:
    job = make_job(**RUNNING)
    assert time_left(job, Typical(100, 3), NOW) == 0
    assert is_slow(job, Typical(100, 3), NOW)
    assert not is_slow(make_job(0, 200), Typical(100, 3), NOW)


def test_jobs_that_wait_or_are_done(make_job: MakeJob) -> None:
    assert time_left(make_job(**QUEUED), USUAL, NOW) == 199
    assert time_left(make_job(**QUEUED | {"start": 0}), USUAL, NOW) == 199
    assert time_left(make_job(), None, NOW) == 0


def test_a_run_ends_with_its_last_job(make_job: MakeJob) -> None:
    jobs = [make_job(name="lint"), make_job(name="test", **RUNNING), make_job(name="deploy", **QUEUED)]
    assert run_time_left(jobs, {"test": USUAL}, NOW) == 65
    assert run_time_left(jobs, {"test": USUAL, "deploy": Typical(90, 4)}, NOW) == 90
    assert run_time_left(jobs, {"lint": USUAL}, NOW) is None
    assert run_time_left(jobs[:1], {"lint": USUAL}, NOW) is None
    assert run_time_left([], {}, NOW) is None


def test_one_workflows_part() -> None:
    typical = {("ci.yml", "test"): USUAL, ("smoke.yml", "test"): Typical(1, 1)}
    assert typical_of_workflow(typical, "ci.yml") == {"test": USUAL}
