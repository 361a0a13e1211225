"""A minute without answers, against the demo's servers, by a clock that jumps: what was known stays, with its age."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response
from steered_world import DemoWorld, SteeredClock, demo_world

from cidash.domain.command import ActionState, Rerun, RerunScope
from cidash.domain.problem import ProblemKind
from cidash.domain.snapshot import Part, RepositorySnapshot, SourceState
from cidash.engine.engine import Engine

START = datetime(2026, 11, 23, 9, 41, tzinfo=UTC)
Refusal = Callable[[Request], Response]


@dataclass
class Watch:
    """A running engine on the demo world, everything read once."""

    world: DemoWorld
    clock: SteeredClock
    engine: Engine

    @property
    def repository(self) -> RepositorySnapshot:
        return self.engine.snapshot.repositories[0]

    async def until(self, reached: Callable[[], bool], seconds: float = 120) -> None:
        end = self.clock.monotonic() + seconds
        while not reached():
            assert self.clock.monotonic() < end, "not within the time of the story"
            await self.clock.sleep(0.5)

    def is_live(self) -> bool:
        parts: list[Part[object]] = [self.repository.runs, self.repository.pulls, self.engine.snapshot.epic]
        return all(part.state is SourceState.LIVE for part in parts)


@asynccontextmanager
async def watching(folder: Path) -> AsyncIterator[Watch]:
    clock = SteeredClock(START)
    with demo_world(clock, folder) as world:
        async with clock.running():
            engine = world.engine(folder / "history.sqlite3")
            engine.open()
            polling = asyncio.create_task(engine.run())
            watch = Watch(world, clock, engine)
            try:
                await watch.until(watch.is_live)
                await watch.until(lambda: len(watch.repository.jobs) > 3)
                yield watch
            finally:
                polling.cancel()
                await asyncio.gather(polling, return_exceptions=True)
                await engine.close()


def bad_gateway(_request: Request) -> Response:
    return Response("<html>502 Bad Gateway</html>", 502, media_type="text/html")


def cut_json(_request: Request) -> Response:
    return Response('{"total_count": 2, "workflow_runs": [{"id": 1, "na', media_type="application/json")


def cut_connection(_request: Request) -> Response:
    return Response("[", headers={"content-length": "5000"}, media_type="application/json")


def forbidden(_request: Request) -> Response:
    return Response('{"message": "Resource not accessible by personal access token"}', 403)


def slow_down(_request: Request) -> Response:
    return Response('{"message": "You have exceeded a secondary rate limit"}', 429, {"retry-after": "45"})


@pytest.mark.parametrize("refusal", [bad_gateway, cut_json, cut_connection, slow_down])
async def test_a_minute_without_github(tmp_path: Path, refusal: Refusal) -> None:
    async with watching(tmp_path) as watch:
        runs, pulls, jobs = watch.repository.runs, watch.repository.pulls, dict(watch.repository.jobs)
        down_at = watch.clock.now()
        watch.world.github.world.faults.append(refusal)
        await watch.clock.sleep(60)

        after = watch.repository
        assert after.runs.state is after.pulls.state is SourceState.FAILING
        assert after.runs.problem is not None
        assert after.runs.problem.sentence.endswith(".")
        assert "github.com" in after.runs.problem.sentence
        assert [run.id for run in after.runs.data or ()] == [run.id for run in runs.data or ()]
        assert [pull.number for pull in after.pulls.data or ()] == [pull.number for pull in pulls.data or ()]
        assert after.runs.fetched_at is not None
        assert (after.runs.age_seconds(watch.clock.now()) or 0) >= 55
        assert after.runs.fetched_at <= down_at
        assert set(jobs) <= set(after.jobs)
        assert watch.engine.snapshot.epic.state is SourceState.LIVE, "Jira goes on"

        watch.world.github.world.faults.clear()
        await watch.until(watch.is_live, 31)
        assert watch.repository.runs.problem is None
        assert (watch.repository.runs.age_seconds(watch.clock.now()) or 0) < 4
        assert not watch.world.github.world.writes


async def test_a_missing_right_is_told_and_not_hammered(tmp_path: Path) -> None:
    async with watching(tmp_path) as watch:
        asked = 0

        def count(request: Request) -> Response:
            nonlocal asked
            asked += 1
            return forbidden(request)

        watch.world.github.world.faults.append(count)
        await watch.clock.sleep(120)
        problem = watch.repository.runs.problem
        assert problem is not None
        assert problem.kind is ProblemKind.FORBIDDEN
        assert "Actions: read" in problem.sentence
        assert asked < 25
        watch.world.github.world.faults.clear()
        watch.engine.kick()
        await watch.until(watch.is_live, 5)


async def test_a_minute_without_jira(tmp_path: Path) -> None:
    async with watching(tmp_path) as watch:
        known = watch.engine.snapshot.epic
        watch.world.jira.world.faults = bad_gateway
        await watch.clock.sleep(60)
        epic = watch.engine.snapshot.epic
        assert epic.state is SourceState.FAILING
        assert epic.data == known.data
        assert (epic.age_seconds(watch.clock.now()) or 0) >= 55
        assert watch.repository.runs.state is SourceState.LIVE
        watch.world.jira.world.faults = None
        await watch.until(watch.is_live, 61)


async def test_a_write_whose_answer_is_lost_is_not_repeated(tmp_path: Path) -> None:
    async with watching(tmp_path) as watch:
        failed = next(run for run in watch.repository.runs.data or () if run.conclusion == "failure")
        posts: list[str] = []

        def lose(request: Request) -> Response:
            if request.method == "POST":
                posts.append(request.url.path)
            return bad_gateway(request)

        watch.world.github.world.faults.append(lose)
        watch.clock.under_way += 1  # the packages send from a thread that the clock doesn't see
        command = Rerun(
            watch.world.repository, failed.id, failed.attempt, "CI", "main", failed.head_sha[:7], RerunScope.FAILED
        )
        asked = asyncio.create_task(watch.engine.perform(command))
        while not posts:  # noqa: ASYNC110 - a thread of the server puts them there
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        watch.clock.under_way -= 1
        action = await asked
        assert action.state is ActionState.UNKNOWN
        assert "Look before you ask again" in action.sentence
        watch.world.github.world.faults.clear()
        await watch.clock.sleep(120)
        assert len(posts) == 1
        assert not watch.world.github.world.writes
        assert watch.is_live()
