"""Sync, comparison and trend of a whole engine against the demo's GitHub, over real HTTP."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from cidash.config.load import load_text
from cidash.demo.serve import DemoServers, start
from cidash.domain.clock import SystemClock
from cidash.domain.comparison import By, Outcome, Question
from cidash.domain.problem import SourceError
from cidash.domain.repository import RepositoryId
from cidash.engine.assembly import build
from cidash.engine.engine import Engine
from cidash.engine.sync import Progress

REPOSITORY = RepositoryId("github.com", "tefj-fun", "agent_bus")
SINCE = timedelta(days=8)


@pytest.fixture(scope="module")
def servers() -> Iterator[DemoServers]:
    with start(pace=1.0) as running:
        yield running


@dataclass
class Opened:
    engine: Engine
    told: list[Progress]

    async def sync(self, since: timedelta = SINCE, workflow: str | None = None) -> Progress:
        return await self.engine.sync(REPOSITORY, since, workflow, self.told.append)


@pytest.fixture
async def opened(servers: DemoServers, tmp_path: Path) -> AsyncIterator[Opened]:
    text = servers.config_text
    config = load_text(text, "the demo's config")
    engine = build(config, (REPOSITORY,), {}, SystemClock(), tmp_path / "history.db")
    engine.open()
    yield Opened(engine, [])
    await engine.close()


async def test_a_second_sync_asks_hardly_anything(opened: Opened) -> None:
    first = await opened.sync()
    assert first.runs > 30
    assert first.kept >= first.runs - 10
    assert first.logs > 0
    assert (first.listed_share, first.waiting_until) == (1.0, None)
    shares = [progress.listed_share for progress in opened.told]
    assert shares == sorted(shares)
    again = await opened.sync()
    assert (again.kept, again.logs) == (0, 0)
    assert again.requests <= 3


async def test_one_workflow_alone(opened: Opened) -> None:
    await opened.sync(workflow="ci.yml")
    found = opened.engine.comparer(REPOSITORY).trend("ci.yml")
    assert found.n > 5
    assert opened.engine.comparer(REPOSITORY).trend("Nightly Real Claude Smoke").bars == ()
    with pytest.raises(SourceError, match="has no workflow nothing"):
        await opened.sync(workflow="nothing")


async def test_older_attempts_are_kept_too(opened: Opened) -> None:
    await opened.sync(timedelta(days=60))
    comparer = opened.engine.comparer(REPOSITORY)
    found = comparer.answer(Question("1", "2", By.ATTEMPT, "CI"))
    assert isinstance(found.sentence, str)
    assert len(comparer.trend("CI").bars) == 60


async def test_a_branch_against_main(opened: Opened) -> None:
    comparer = opened.engine.comparer(REPOSITORY)
    question = Question("main", await comparer.branch_of_pull(43))
    assert question.head == "kan-77-build-cache"
    assert comparer.answer(question).head.runs == ()
    made = await comparer.fill(question, 150)
    assert 10 < made <= 150
    await opened.engine.collect(60)
    found = comparer.answer(question)
    assert found.workflow_name == "CI"
    assert found.whole.verdict is Outcome.BETTER
    assert {run.branch for run in found.head.runs} == {"kan-77-build-cache"}
    files = next(one for one in found.confounders if one.kind == "workflow-file")
    assert files.known
    assert found.steps[0].step == "Build + start services"
    assert await comparer.fill(question, 5) <= 5
