"""The run strip: what counts, where the level changed and what to call it, outliers, slow drift."""

import random
from collections.abc import Callable

import pytest

from cidash.analysis.trend import pull_of_title, trend
from cidash.domain.ci import Attempt, Job, Run
from cidash.domain.state import State

MakeAttempt = Callable[..., Attempt]


@pytest.fixture
def make_attempt(make_run: Callable[..., Run], make_job: Callable[..., Job]) -> MakeAttempt:
    def make(n: int, seconds: float = 100, **changes: object) -> Attempt:
        run = make_run(1_000.0 * n, id=n, head_sha=f"{n:040d}", **changes)
        return Attempt(run, (make_job(1_000.0 * n, 1_000.0 * n + seconds, id=n * 10, conclusion=run.conclusion),))

    return make


def noisy(count: int, level: float) -> list[float]:
    dice = random.Random(7)
    return [level * dice.lognormvariate(0, 0.05) for _ in range(count)]


def test_a_step_is_named_by_its_commit_and_pull_request(make_attempt: MakeAttempt) -> None:
    times = [*noisy(15, 200), *noisy(15, 100)]
    attempts = [
        make_attempt(n, seconds, title="KAN-77: cache (#43)" if n == 15 else "work", workflow_blob="ab"[n >= 15] * 40)
        for n, seconds in enumerate(times)
    ]
    found = trend(attempts)
    (change,) = found.changes
    assert (change.place, change.pull, change.head_sha, change.workflow_file_changed) == (15, 43, f"{15:040d}", True)
    assert change.ratio == pytest.approx(0.5, abs=0.05)
    assert [(level.start, level.end, level.n) for level in found.levels] == [(0, 15, 15), (15, 30, 15)]
    assert [bar.segment for bar in found.bars] == [0] * 15 + [1] * 15
    assert (found.file_changes, found.n, found.drift_per_run) == ((15,), 30, None)


def test_every_run_is_a_bar_but_only_comparable_successes_count(make_attempt: MakeAttempt) -> None:
    attempts = [make_attempt(n, seconds) for n, seconds in enumerate(noisy(10, 100))]
    attempts += [make_attempt(10, 5, conclusion="failure"), make_attempt(11, 900, event="schedule")]
    attempts += [make_attempt(3, 77, attempt=2)]
    found = trend(attempts)
    assert sorted(bar.run_id for bar in found.bars) == list(range(12))
    assert found.n == 9
    assert {bar.state for bar in found.bars} == {State.SUCCESS, State.FAILURE}
    assert all(bar.segment is None for bar in found.bars if bar.run_id in {3, 10, 11})
    assert found.changes == ()


def test_an_outlier_is_marked_and_changes_nothing(make_attempt: MakeAttempt) -> None:
    times = noisy(20, 100)
    times[12] = 900
    found = trend([make_attempt(n, seconds) for n, seconds in enumerate(times)])
    assert [place for place, bar in enumerate(found.bars) if bar.outlier] == [12]
    assert found.changes == ()


def test_slow_drift(make_attempt: MakeAttempt) -> None:
    found = trend([make_attempt(n, 100 * 1.004**n) for n in range(24)])
    if not found.changes:
        assert found.drift_per_run == pytest.approx(0.004, rel=0.2)
    assert trend([make_attempt(n, 100 * 1.004**n) for n in range(10)]).drift_per_run is None


def test_the_newest_sixty(make_attempt: MakeAttempt) -> None:
    found = trend([make_attempt(n) for n in range(80)])
    assert [bar.run_id for bar in found.bars] == list(range(20, 80))
    assert trend([]).bars == ()


@pytest.mark.parametrize(
    ("title", "pull"),
    [("KAN-77: cache (#43)", 43), ("Merge pull request #7 from octo/x", 7), ("Fixes #12", None), ("", None)],
)
def test_the_pull_request_of_a_title(title: str, pull: int | None) -> None:
    assert pull_of_title(title) == pull
