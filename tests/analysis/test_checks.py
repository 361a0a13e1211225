"""A commit is as good as the newest run of each workflow on it."""

from collections.abc import Callable

from cidash.analysis.checks import checks_of, event_class, newest_runs
from cidash.domain.ci import Run
from cidash.domain.state import State

MakeRun = Callable[..., Run]
HEAD = "a" * 40


def test_nothing_ran(make_run: MakeRun) -> None:
    assert checks_of(HEAD, []) is None
    assert checks_of(HEAD, [make_run(head_sha="b" * 40)]) is None


def test_the_worst_workflow_decides(make_run: MakeRun) -> None:
    runs = [make_run(id=1), make_run(id=2, workflow_path="smoke.yml", conclusion="failure")]
    assert checks_of(HEAD, runs) is State.FAILURE
    runs[1] = make_run(id=2, workflow_path="smoke.yml", conclusion=None, status="in_progress")
    assert checks_of(HEAD, runs) is State.IN_PROGRESS
    runs[1] = make_run(id=2, workflow_path="smoke.yml", conclusion="skipped")
    assert checks_of(HEAD, runs) is State.SUCCESS


def test_an_older_run_of_the_same_workflow_is_past(make_run: MakeRun) -> None:
    old, new = make_run(0, id=1, conclusion="failure"), make_run(60, id=2)
    assert checks_of(HEAD, [old, new]) is checks_of(HEAD, [new, old]) is State.SUCCESS
    again = make_run(120, id=1, attempt=2, conclusion="failure")
    assert newest_runs(HEAD, [again, new]) == (again,)


def test_each_event_class_is_by_itself(make_run: MakeRun) -> None:
    push = make_run(0, id=1, event="push", conclusion="failure")
    pull = make_run(60, id=2, event="pull_request")
    assert checks_of(HEAD, [push, pull]) is State.FAILURE
    target = make_run(90, id=3, event="pull_request_target")
    assert newest_runs(HEAD, [push, pull, target]) == (target, push)
    assert event_class("schedule") == "schedule"


def test_an_expected_workflow_that_is_silent_is_pending(make_run: MakeRun) -> None:
    runs = [make_run()]
    assert checks_of(HEAD, runs, expected=["CI", ".github/workflows/ci.yml"]) is State.SUCCESS
    assert checks_of(HEAD, runs, expected=["CI", "Security"]) is State.PENDING
    assert checks_of(HEAD, [], expected=["Security"]) is State.PENDING
    assert checks_of(HEAD, [make_run(conclusion="failure")], expected=["Security"]) is State.FAILURE


def test_a_word_that_github_adds_is_unknown(make_run: MakeRun) -> None:
    assert checks_of(HEAD, [make_run(conclusion="exploded")]) is State.UNKNOWN
