"""What is left of a run along its `needs`."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cidash.analysis.attempts import before_by_name, carried_from
from cidash.analysis.path_left import TimeLeft, path_left
from cidash.analysis.workflow_file.parse import parse_workflow
from cidash.domain.ci import Job, Run
from cidash.domain.snapshot import Typical

START = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)
NOW = START + timedelta(seconds=100)
RUNNING = {"end": None, "status": "in_progress", "conclusion": None}
FILE = parse_workflow("""
on: push
jobs:
  lint: {runs-on: u, steps: []}
  test: {runs-on: u, strategy: {matrix: {python: [3.11, 3.12]}}, steps: []}
  build: {runs-on: u, needs: [lint, test], steps: []}
  deploy: {runs-on: u, needs: build, steps: []}
  clean: {runs-on: u, needs: build, if: always(), steps: []}
  rare: {runs-on: u, needs: build, if: github.event_name == 'push', steps: []}
""")
USUAL = {
    "lint": Typical(10, 30), "test (3.11)": Typical(120, 20), "test (3.12)": Typical(160, 18),
    "build": Typical(60, 9), "deploy": Typical(30, 7), "clean": Typical(5, 7),
}  # fmt: skip


def test_jobs_that_do_not_exist_yet_count(make_job: Callable[..., Job]) -> None:
    jobs = [
        make_job(0, 10, name="lint"), make_job(name="test (3.11)", **RUNNING), make_job(name="test (3.12)", **RUNNING)
    ]  # fmt: skip
    assert path_left(jobs, FILE, USUAL, NOW) == TimeLeft(60 + 60 + 30, 7, is_least=False)


def test_without_a_file_it_is_the_least(make_job: Callable[..., Job]) -> None:
    jobs = [make_job(name="test (3.12)", **RUNNING)]
    assert path_left(jobs, None, USUAL, NOW) == TimeLeft(60, 18, is_least=True)
    assert path_left(jobs, None, {}, NOW) is None
    assert path_left(jobs, FILE, {}, NOW) is None


def test_behind_a_failure_only_what_runs_anyway_is_left(make_job: Callable[..., Job]) -> None:
    jobs = [
        make_job(0, 10, name="lint"), make_job(0, 90, name="test (3.11)"), make_job(0, 90, name="test (3.12)"),
        make_job(90, 99, name="build", conclusion="failure"),
    ]  # fmt: skip
    assert path_left(jobs, FILE, USUAL, NOW) == TimeLeft(5, 7, is_least=False)


def test_a_job_without_usual_time_makes_it_the_least(make_job: Callable[..., Job]) -> None:
    known = {name: usual for name, usual in USUAL.items() if name != "build"}
    left = path_left([make_job(name="lint", **RUNNING)], FILE, known, NOW)
    assert left is not None
    assert left.is_least


def test_a_name_that_fits_no_job_and_a_circle(make_job: Callable[..., Job]) -> None:
    circle = parse_workflow("on: push\njobs:\n  a: {needs: b, steps: []}\n  b: {needs: a, steps: []}\n")
    left = path_left([make_job(name="stranger", **RUNNING)], circle, {"stranger": Typical(130, 3)}, NOW)
    assert left == TimeLeft(30, 3, is_least=True)


def test_where_a_carried_over_job_comes_from(make_job: Callable[..., Job], make_run: Callable[..., Run]) -> None:
    run = make_run(attempt=3)
    old = make_job(-900, -800, name="lint")
    assert carried_from(run, old, {1: [old]}) == 1
    assert carried_from(run, old, {}) == 2
    assert carried_from(run, make_job(5, 20, name="lint"), {1: [old]}) is None
    assert before_by_name(run, [old, make_job(name="test"), make_job(name="test")]) == {"lint": old}
