"""Lists of runs: merged by attempt, jobs wanted only where the screen shows them."""

from collections.abc import Callable
from datetime import timedelta

from cidash.domain.ci import PullRequest, Run
from cidash.domain.snapshot import Part, RepositorySnapshot
from cidash.engine.shown_runs import merged_runs, missing_heads, shown_runs


def test_a_lagging_list_does_not_undo_a_newer_attempt(run: Callable[..., Run]) -> None:
    lagging, fresh = run(attempt=2), run(attempt=3)
    assert merged_runs([lagging], [fresh]) == (fresh,)
    assert merged_runs([fresh], [lagging]) == (fresh,)


def test_runs_are_newest_first(run: Callable[..., Run]) -> None:
    old = run(id=1)
    new = run(id=2, created_at=old.created_at + timedelta(minutes=1))
    assert merged_runs([old, new], []) == (new, old)


def test_shown_are_heads_the_default_branch_and_whatever_runs(
    run: Callable[..., Run], pull: Callable[..., PullRequest]
) -> None:
    minute = timedelta(minutes=1)
    head = run(id=1)
    head_before = run(id=2, created_at=head.created_at - minute)
    main = run(id=3, branch="main", event="push", head_sha="b" * 40)
    fork_named_main = run(id=4, branch="main", event="pull_request", head_sha="c" * 40)
    elsewhere = run(id=5, branch="other", head_sha="d" * 40)
    running = run(id=6, branch="other", head_sha="d" * 40, status="in_progress", conclusion=None)
    snapshot = RepositorySnapshot(
        pull().repository,
        default_branch="main",
        pulls=Part((pull(),)),
        runs=Part((head, head_before, main, fork_named_main, elsewhere, running)),
    )
    assert [one.id for one in shown_runs(snapshot, None)] == [1, 3, 6]
    assert [one.id for one in shown_runs(snapshot, elsewhere)] == [5, 1, 3, 6]


def test_heads_without_a_known_run(run: Callable[..., Run], pull: Callable[..., PullRequest]) -> None:
    snapshot = RepositorySnapshot(
        pull().repository, pulls=Part((pull(), pull(number=43, head_sha="e" * 40))), runs=Part((run(),))
    )
    assert missing_heads(snapshot) == ("e" * 40,)
