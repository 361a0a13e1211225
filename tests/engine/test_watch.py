"""The watch: pinned to the head, through outages, one verdict, with a clock that only the test moves."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cidash.analysis.watching import Outcome
from cidash.domain.ci import Job, PullRequest, Run
from cidash.domain.merge import DemandedCheck, ReportedCheck
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Budget
from cidash.engine.watch import Ended, Event, Wanted, Watcher

HERE = RepositoryId("github.com", "octo", "hello")
START = datetime(2026, 2, 1, 9, 41, tzinfo=UTC)
OLD, NEW = "a" * 40, "b" * 40
DOWN = SourceError(Problem(ProblemKind.UNREACHABLE, "github.com could not be reached."))


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        assert self.seconds < 2_000, "the watch does not end"


class World:
    """Answers as a reader does; `at` gives what is true from a second on."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.heads = {0: OLD}
        self.runs: list[tuple[float, Run]] = []
        self.down = (0.0, 0.0)
        self.required: tuple[DemandedCheck, ...] = ()
        self.reported: tuple[ReportedCheck, ...] | None = ()

    def run(self, workflow: str, sha: str, begin: float, end: float, word: str = "success") -> None:
        begun = START + timedelta(seconds=begin)
        run = Run(
            HERE, len(self.runs) + 1, 1, 1, 1, workflow, f"{workflow}.yml", "t", "pull_request", "topic", sha,
            "in_progress", None, begun, begun, begun, "ada", "",
        )  # fmt: skip
        self.runs.append((begin, run))
        self.runs.append((end, replace(run, id=run.id, status="completed", conclusion=word)))

    def _look(self) -> None:
        if self.down[0] <= self.clock.seconds < self.down[1]:
            raise DOWN

    def _now(self) -> list[Run]:
        known: dict[int, Run] = {}
        for moment, run in self.runs:
            if moment <= self.clock.seconds:
                known[run.id] = run
        return list(known.values())

    async def ask_pull(self, repository: RepositoryId, number: int) -> PullRequest:
        self._look()
        head = self.heads[max(second for second in self.heads if second <= self.clock.seconds)]
        return PullRequest(
            HERE, number, "t", "open", False, False, "topic", head, "main", "ada", START, ""
        )  # fmt: skip

    async def ask_runs(self, repository: RepositoryId, filters: Sequence[tuple[str, str]]) -> tuple[Run, ...]:
        self._look()
        wanted = dict(filters).get("head_sha")
        return tuple(run for run in self._now() if wanted in (None, run.head_sha))

    async def ask_run(self, repository: RepositoryId, run_id: int) -> Run:
        self._look()
        return next(run for run in self._now() if run.id == run_id)

    async def ask_jobs(self, run: Run) -> tuple[Job, ...]:
        return ()

    async def required_checks(self, repository: RepositoryId, branch: str) -> tuple[DemandedCheck, ...]:
        return self.required

    async def reported_checks(self, repository: RepositoryId, head_sha: str) -> tuple[ReportedCheck, ...] | None:
        return self.reported

    def budget(self, repository: RepositoryId) -> Budget:
        return Budget("github.com")


async def watched(world: World, wanted: Wanted | None = None) -> tuple[Ended, list[str]]:
    told: list[Event] = []
    reader: Any = world
    watcher = Watcher(reader, world.clock, told.append, 3.0, 0.25)
    (ended,) = await watcher.watch([wanted or Wanted(HERE, pull=38)])
    lines = [f"{one.run.workflow_name} {one.run.state}" if one.run else one.text for one in told]
    return ended, lines


async def test_it_ends_when_all_have_ended() -> None:
    world = World(Clock())
    world.run("CI", OLD, 0, 60)
    world.run("Lint", OLD, 0, 10, "failure")
    ended, lines = await watched(world)
    assert (ended.outcome, ended.reason) == (Outcome.RED, "Lint did not pass")
    assert world.clock.seconds >= 60
    assert lines.count("CI success") == 1


async def test_no_false_green_right_after_a_push() -> None:
    world = World(Clock())
    world.run("CI", OLD, -600, -500)
    world.run("Lint", OLD, -600, -590)
    world.heads = {-1_000: OLD, 0: NEW}
    world.run("Lint", NEW, 2, 8)
    world.run("CI", NEW, 40, 90, "failure")
    ended, lines = await watched(world)
    assert ended.outcome is Outcome.RED
    assert ended.head_sha == NEW
    assert "waiting for CI.yml to report" in lines


async def test_a_push_moves_the_watch_even_at_the_last_moment() -> None:
    world = World(Clock())
    world.heads = {0: OLD, 29: NEW}
    world.run("CI", OLD, 0, 30)
    world.run("CI", NEW, 45, 100)
    ended, lines = await watched(world)
    assert (ended.outcome, ended.head_sha) == (Outcome.GREEN, NEW)
    assert [line for line in lines if "push" in line] == [
        f"a push moved the head from {OLD[:7]} to {NEW[:7]}: the watch goes on there"
    ]


async def test_an_outage_is_told_once_and_survived() -> None:
    world = World(Clock())
    world.run("CI", OLD, 0, 50)
    world.down = (10, 130)
    ended, lines = await watched(world)
    assert ended.outcome is Outcome.GREEN
    assert [line for line in lines if "github.com" in line] == [
        "github.com could not be reached. The watch goes on.", "github.com answers again.",
    ]  # fmt: skip


async def test_a_required_check_of_another_app_decides_as_well() -> None:
    world = World(Clock())
    world.run("CI", OLD, -600, -500)
    world.required = (DemandedCheck("CI"), DemandedCheck("sonar"))
    ended, _ = await watched(world)
    assert (ended.outcome, ended.reason) == (Outcome.UNKNOWN, "required, but never reported: CI, sonar")
    world.reported = None
    assert (await watched(world))[0].outcome is Outcome.GREEN, "what this token may not see does not stand in the way"


async def test_what_can_not_be_read_can_not_be_told() -> None:
    world = World(Clock())

    async def gone(*_: object) -> Run:
        raise SourceError(Problem(ProblemKind.NOT_FOUND, "There is no such run."))

    world.ask_run = gone  # type: ignore[method-assign, assignment]
    ended, _ = await watched(world, Wanted(HERE, run=7))
    assert (ended.outcome, ended.reason) == (Outcome.UNKNOWN, "There is no such run.")
