"""A sync against a GitHub of its own making: the cap of 1,000 runs, the budget, interruptions, what is gone."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cidash.domain.ci import Job, Run
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Budget
from cidash.engine.spending import Spending
from cidash.engine.sync import Progress, Sync
from cidash.github.client import Reading
from cidash.github.past_queries import CountedRuns
from cidash.github.query import Query
from cidash.history.store import History

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
REPOSITORY = RepositoryId("github.com", "octo", "hello")
RUN = Run(
    REPOSITORY, 1, 1, 1, 5, "CI", ".github/workflows/ci.yml", "work", "push", "main", "a" * 40, "completed", "success",
    NOW, NOW, NOW, "octocat", "",
)  # fmt: skip


@dataclass
class SteeredClock:
    moment: datetime = NOW
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += timedelta(seconds=seconds)


@dataclass
class Server:
    """Answers like GitHub: at most 1,000 runs of a filter."""

    runs: list[Run]
    clock: SteeredClock
    budget: Budget = field(default_factory=lambda: Budget("github.com"))
    asked: list[str] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)
    breaks_after: int | None = None

    async def fetch(self, query: Query[Any]) -> Reading[Any]:
        self.asked.append(query.path)
        if self.breaks_after is not None and len(self.asked) > self.breaks_after:
            raise SourceError(Problem(ProblemKind.UNREACHABLE, "github.com can't be reached."))
        return Reading(self._answer(query), self.clock.now(), changed=True)

    def _answer(self, query: Query[Any]) -> object:
        parts = query.path.split("/")
        if parts[-1] == "jobs":
            if int(parts[-4]) in self.gone:
                raise SourceError(Problem(ProblemKind.NOT_FOUND, "gone"))
            return (Job(int(parts[-4]) * 10, int(parts[-4]), int(parts[-2]), "test", "completed", "success",
                        NOW, NOW, NOW + timedelta(seconds=60), ("x",), "r", ""),)  # fmt: skip
        if "attempts" in parts:
            run = next(one for one in self.runs if one.id == int(parts[-3]))
            return replace(run, attempt=int(parts[-1]))
        low, high = (datetime.fromisoformat(one) for one in str(dict(query.params)["created"]).split(".."))
        inside = [one for one in self.runs if low <= one.created_at <= high]
        inside.sort(key=lambda one: one.created_at, reverse=True)
        if query.paged:
            return tuple(inside[:1_000])
        return CountedRuns(tuple(inside[:100]), len(inside))


@dataclass
class Poll:
    client: Server
    history: Any
    repository: RepositoryId = REPOSITORY

    def keep(self, attempt: Any) -> None:
        self.history.save(attempt)


Make = Callable[..., tuple[Sync, Server]]


@pytest.fixture
def make(tmp_path: Path) -> Any:
    histories: list[History] = []
    clock = SteeredClock()

    def build(runs: list[Run], **server: Any) -> tuple[Sync, Server]:
        if not histories:
            histories.append(History.open(tmp_path / "h.db", clock))
        asked = Server(runs, clock, **server)
        poll = Poll(asked, histories[0].repository("https://api.github.com", REPOSITORY))

        async def collect(requests: int) -> int:
            return 0

        told: list[Progress] = []
        return Sync(poll, collect, Spending(0.25), clock, told.append), asked  # type: ignore[arg-type]

    yield build
    for history in histories:
        history.close()


def runs_of(count: int, days: float) -> list[Run]:
    step = timedelta(days=days) / max(1, count)
    return [replace(RUN, id=n + 1, created_at=(NOW - step * n).replace(microsecond=0)) for n in range(count)]


async def test_more_runs_than_github_lists_are_all_found(make: Make) -> None:
    sync, server = make(runs_of(2_500, 2))
    done = await sync.run(timedelta(days=3))
    assert (done.kept, done.listed_share) == (2_500, 1.0)
    assert sum(path.endswith("/jobs") for path in server.asked) == 2_500


async def test_what_stopped_goes_on_where_it_was(make: Make) -> None:
    runs = runs_of(60, 50)
    sync, _ = make(runs, breaks_after=30)
    with pytest.raises(SourceError):
        await sync.run(timedelta(days=60))
    sync, server = make(runs)
    done = await sync.run(timedelta(days=60))
    assert 0 < done.kept < 60
    assert sum(path.endswith("/jobs") for path in server.asked) == done.kept
    sync, server = make(runs)
    assert (await sync.run(timedelta(days=60))).kept == 0
    assert server.asked == []


async def test_old_spans_are_final_but_a_run_can_be_re_run_for_thirty_days(make: Make) -> None:
    runs = runs_of(60, 50)
    sync, server = make(runs)
    await sync.run(timedelta(days=60))
    server.clock.moment += timedelta(days=1)
    again = [replace(one, attempt=2) if one.id == 5 else one for one in runs]
    sync, server = make(again)
    done = await sync.run(timedelta(days=61))
    assert (done.kept, sum(path.endswith("/jobs") for path in server.asked)) == (1, 1)
    assert len(server.asked) <= 8


async def test_every_attempt_is_kept(make: Make) -> None:
    sync, server = make([replace(RUN, attempt=3)])
    done = await sync.run(timedelta(days=1))
    assert done.kept == 3
    assert sum("attempts/" in path and not path.endswith("/jobs") for path in server.asked) == 2


async def test_what_is_active_or_gone_is_passed_over(make: Make) -> None:
    runs = [replace(RUN, id=1, status="in_progress", conclusion=None), replace(RUN, id=2), replace(RUN, id=3)]
    sync, _ = make(runs, gone={2})
    done = await sync.run(timedelta(days=1))
    assert (done.runs, done.kept, done.gone) == (3, 1, 1)


async def test_a_spent_share_is_waited_for(make: Make) -> None:
    budget = Budget("github.com", 100, 40, NOW + timedelta(minutes=10), charged=0)
    sync, server = make(runs_of(8, 1), budget=budget)
    server.budget = replace(budget, charged=30)
    done = await sync.run(timedelta(days=1))
    assert done.kept == 8
    assert server.clock.slept == [pytest.approx(601, abs=2)]
