"""When a watched commit is done: red, green, not known, or not yet."""

from datetime import UTC, datetime, timedelta

import pytest

from cidash.analysis.watching import Outcome, decide, expected_workflows, worst_outcome
from cidash.domain.ci import Run
from cidash.domain.repository import RepositoryId

NOW = datetime(2026, 2, 1, 9, 41, tzinfo=UTC)
HEAD, BEFORE = "a" * 40, "b" * 40


def run(workflow: str, conclusion: str | None, sha: str = HEAD, age: float = 600, event: str = "pull_request") -> Run:
    moment = NOW - timedelta(seconds=age)
    status = "completed" if conclusion else "in_progress"
    return Run(
        RepositoryId("github.com", "o", "r"), abs(hash((workflow, sha, age))), 1, 1, 1, workflow, f"{workflow}.yml",
        "t", event, "b", sha, status, conclusion, moment, moment, moment, "ada", "",
    )  # fmt: skip


def outcome(runs: list[Run], expected: set[str] | None = None, seen: float = 600) -> Outcome | None:
    return decide(HEAD, runs, frozenset(expected or ()), NOW - timedelta(seconds=seen), NOW).outcome


@pytest.mark.parametrize("word", ["failure", "cancelled", "timed_out", "action_required", "startup_failure"])
def test_red(word: str) -> None:
    assert outcome([run("CI", word), run("Docs", "success")]) is Outcome.RED


@pytest.mark.parametrize("word", ["success", "skipped", "neutral"])
def test_green(word: str) -> None:
    assert outcome([run("CI", word)]) is Outcome.GREEN


def test_not_before_all_have_ended() -> None:
    assert outcome([run("CI", "failure"), run("Docs", None)]) is None


def test_no_false_green_right_after_a_push() -> None:
    fast = [run("Lint", "success", age=10)]
    assert outcome(fast, {"Lint.yml", "CI.yml"}) is None
    assert outcome([run("Lint", "success", age=600)], {"Lint.yml", "CI.yml"}) is Outcome.UNKNOWN
    assert outcome(fast) is None, "nothing tells what to expect, so further runs are waited for a while"
    assert outcome([*fast, run("CI", "success", age=5)], {"Lint.yml", "CI.yml"}) is Outcome.GREEN


def test_nothing_ran() -> None:
    assert outcome([], seen=5) is None
    assert outcome([], seen=500) is Outcome.UNKNOWN
    assert outcome([run("CI", "success", BEFORE)], seen=500) is Outcome.UNKNOWN


def test_a_word_that_is_not_known_is_neither() -> None:
    assert outcome([run("CI", "splendid")]) is Outcome.UNKNOWN


def test_what_is_expected_ran_on_the_commit_before_for_the_same_event() -> None:
    older = "c" * 40
    runs = [
        run("CI", "success", BEFORE, 900), run("Nightly", "success", BEFORE, 900, "schedule"),
        run("Lint", "success", BEFORE, 899), run("Gone", "success", older, 2_000), run("New", None, HEAD, 3),
    ]  # fmt: skip
    assert expected_workflows(HEAD, ("pull_request",), runs) == {"CI.yml", "Lint.yml"}
    assert expected_workflows(HEAD, ("push",), runs) == frozenset()


def test_the_worst_decides() -> None:
    assert worst_outcome([Outcome.GREEN, Outcome.UNKNOWN, Outcome.RED]) is Outcome.RED
    assert worst_outcome([Outcome.GREEN, Outcome.UNKNOWN]) is Outcome.UNKNOWN
    assert worst_outcome([Outcome.GREEN]) is Outcome.GREEN
    assert worst_outcome([]) is Outcome.UNKNOWN
