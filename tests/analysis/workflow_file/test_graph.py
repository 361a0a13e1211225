"""Names to ids, edges through `needs`, and the critical path with and without a file."""

from datetime import UTC, datetime, timedelta

import pytest

from cidash.analysis.workflow_file.graph import critical_path
from cidash.analysis.workflow_file.names import job_ids
from cidash.analysis.workflow_file.parse import parse_workflow
from cidash.domain.ci import Job

START = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)
FILE = parse_workflow(
    """
on: push
jobs:
  lint: {runs-on: x}
  build: {runs-on: x, strategy: {matrix: {python: [a]}}}
  test: {name: "Tests on ${{ matrix.os }}", needs: build, runs-on: x, strategy: {matrix: {os: [a]}}}
  release: {needs: [lint, test], uses: ./x.yml}
"""
)


def job(job_id: int, name: str, created: float, started: float, ended: float) -> Job:
    return Job(
        id=job_id,
        run_id=1,
        attempt=1,
        name=name,
        status="completed",
        conclusion="success",
        created_at=START + timedelta(seconds=created),
        started_at=START + timedelta(seconds=started),
        completed_at=START + timedelta(seconds=ended),
        labels=(),
        runner_name="r",
        url="",
    )


@pytest.mark.parametrize(
    ("name", "job_id"),
    [
        ("lint", "lint"),
        ("build (3.11, ubuntu)", "build"),
        ("build", "build"),
        ("lint (3.11)", None),
        ("Tests on ubuntu", "test"),
        ("release / push", "release"),
        ("release / a / b (x)", "release"),
        ("lint / push", None),
        ("unknown", None),
    ],
)
def test_names_find_their_job_or_none(name: str, job_id: str | None) -> None:
    assert job_ids(FILE, [name]).get(name) == job_id


JOBS = [
    job(1, "lint", 0, 2, 12),
    job(2, "build (a)", 0, 3, 63),
    job(3, "Tests on a", 64, 70, 130),
    job(4, "release / push", 131, 133, 143),
]


@pytest.mark.parametrize(("file", "inferred"), [(FILE, False), (None, True)])
def test_the_critical_path(file: object, inferred: bool) -> None:
    path = critical_path(JOBS, FILE if file else None)
    assert path is not None
    assert [hop.job.id for hop in path.hops] == [2, 3, 4]
    assert [hop.queue_seconds for hop in path.hops] == [3, 7, 3]
    assert [hop.run_seconds for hop in path.hops] == [60, 60, 10]
    assert path.hops[0].exclusive_seconds == 51, "lint overlaps nine seconds of it"
    assert path.inferred is inferred


def test_clock_skew_gives_no_negative_queue() -> None:
    path = critical_path([job(1, "lint", 10, 5, 20)], None)
    assert path is not None
    assert path.hops[0].queue_seconds is None


def test_a_ring_of_needs_ends() -> None:
    ring = parse_workflow("jobs: {a: {needs: b}, b: {needs: a}}")
    path = critical_path([job(1, "a", 0, 1, 5), job(2, "b", 0, 1, 6)], ring)
    assert path is not None
    assert len(path.hops) == 2


def test_without_times_there_is_no_path() -> None:
    assert critical_path([]) is None
