"""What the header says of freshness, limit and Jira, and what gives way when there is little room."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cidash.domain.problem import Problem, ProblemKind
from cidash.domain.snapshot import Budget, SourceState
from cidash.tui import header


def test_freshness_has_a_word_for_every_state(stage: Any) -> None:
    repository = stage.repository()
    now = stage.NOW
    assert header.freshness(repository, now).plain == "● live 2s"
    old = replace(repository.runs, state=SourceState.STORED, fetched_at=now - timedelta(minutes=3))
    assert header.freshness(replace(repository, runs=old), now).plain == "◌ stored 3m"
    assert header.freshness(type(repository)(repository.id), now).plain == "◌ reading"
    problem = Problem(ProblemKind.UNREACHABLE, "no answer", now + timedelta(seconds=12))
    failing = replace(repository.runs, state=SourceState.FAILING, problem=problem)
    assert header.freshness(replace(repository, runs=failing), now).plain == "✗ failing 2s, again in 12s"
    never = type(repository.runs)(None, None, SourceState.FAILING, replace(problem, retry_at=None))
    assert header.freshness(replace(repository, runs=never), now).plain == "✗ failing"


@pytest.mark.parametrize(
    ("budget", "text"),
    [
        (Budget("h", 5_000, 4_912), "API 4,912/5,000"),
        (Budget("h", 5_000, 4_912, slowed_to_seconds=9.4), "API 4,912/5,000 slowed to 9 s"),
        (Budget("h"), "API —"),
    ],
)
def test_the_limit_is_told(stage: Any, budget: Budget, text: str) -> None:
    assert header.limit(budget, stage.NOW).plain == text


def test_a_blocked_limit_counts_down(stage: Any) -> None:
    budget = Budget("h", 5_000, 0, blocked_until=stage.NOW + timedelta(minutes=12, seconds=3))
    assert header.limit(budget, stage.NOW).plain == "limit: resumes in 12:03"
    assert header.limit(budget, stage.NOW + timedelta(minutes=12)).plain == "limit: resumes in 0:03"
    assert header.limit(budget, stage.NOW + timedelta(hours=1)).plain == "API 0/5,000"


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (SourceState.LIVE, "Jira ✓"),
        (SourceState.FAILING, "Jira ✗"),
        (SourceState.OFF, "Jira —"),
        (SourceState.STORED, "Jira ◌"),
        (SourceState.LOADING, "Jira ◌"),
    ],
)
def test_jira_is_told(stage: Any, state: SourceState, text: str) -> None:
    snapshot = stage.engine.snapshot
    assert header.jira(replace(snapshot, epic=replace(snapshot.epic, state=state))).plain == text


async def test_it_fits_every_width_and_the_clock_stays(stage: Any) -> None:
    async with stage.app.run_test(size=(200, 30)) as pilot:
        for width in range(200, 15, -7):
            await pilot.resize_terminal(width, 30)
            await pilot.pause()
            line = stage.lines()[0]
            assert len(line) <= width
            assert "live 2s" in line
            assert "09:41" in line or width < 40


async def test_a_click_on_a_footer_key_does_what_the_key_does(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.click(offset=(stage.lines()[-1].index("? help"), 39))
        await pilot.pause()
        assert type(stage.app.screen).__name__ == "HelpDialog"


async def test_two_repositories_stand_beneath_each_other(stage: Any) -> None:
    from cidash.domain.repository import RepositoryId

    first = stage.repository()
    other_id = RepositoryId("github.com", "tefj-fun", "other")
    pulls = tuple(replace(pull, repository=other_id, number=pull.number + 100) for pull in first.pulls.data)
    second = replace(first, id=other_id, pulls=replace(first.pulls, data=pulls))
    stage.engine.snapshot = replace(stage.engine.snapshot, repositories=(first, second))
    stage.app = type(stage.app)(stage.engine, stage.clock, repository=other_id)
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.2)
        assert "tefj-fun/other" in stage.lines()[0]
        assert "#138" in stage.lines()[0]
        assert stage.engine.selected[-1][0] == other_id
        await pilot.press("g")
        assert "tefj-fun/agent_bus" in stage.lines()[0]
