# ruff: noqa: T201 - a benchmark prints
"""What watching one run to its end costs: `PYTHONPATH=tests python tests/benchmarks/bench_requests.py`.

Starts the demo's Benchmark matrix (8 jobs, 10 minutes at pace 1), selects it as the dashboard would, and counts by
the demo world's own counters until the history holds the finished attempt. The clock jumps from one awaited moment to
the next, so that the 10 minutes take seconds; `--real` waits for them. The history is warm; what filling it costs is
told apart. Exits with 1 if a promise is broken: 150 charged requests for run and job lists, 60 for everything else.
"""

import argparse
import asyncio
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import httpx
from steered_world import DemoWorld, SteeredClock, demo_world

from cidash.demo.github.limits import Seen
from cidash.domain.clock import Clock, SystemClock
from cidash.engine.engine import Engine

LISTS_LIMIT, REST_LIMIT = 150, 60
WORKFLOW = "bench.yml"
_KINDS = (
    (r"/actions/runs$", "run list"),
    (r"/actions/runs/\d+/attempts/\d+/jobs$", "jobs"),
    (r"/actions/jobs/\d+/logs$", "logs"),
    (r"/actions/runs/\d+", "single runs"),
    (r"/actions/workflows/", "runs of a workflow"),
    (r"/pulls", "pull requests"),
)


async def until(reached: Callable[[], bool], clock: Clock, seconds: float, what: str) -> None:
    """Waits, by the story's clock, until something is so."""
    end = clock.monotonic() + seconds
    while not reached():
        if clock.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        await clock.sleep(0.5)


async def while_running(engine: Engine, work: Callable[[], Awaitable[None]]) -> None:
    """Runs the engine, opened, as long as the work takes."""
    engine.open()
    task = asyncio.create_task(engine.run())
    try:
        await work()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await engine.close()


def kind_of(seen: Seen, run_id: int) -> str:
    """Returns the line of the table that a request belongs to."""
    for pattern, name in _KINDS:
        if re.search(pattern, seen.path):
            if name == "jobs":
                return "jobs of the run" if f"/runs/{run_id}/" in seen.path else "jobs of other runs"
            return name
    return "names"


async def measure(world: DemoWorld, clock: Clock, folder: Path) -> int:
    """Prints the table; returns 1 if a promise is broken."""
    history = folder / "history.sqlite3"
    requests = world.github.world.requests

    async def fill() -> None:
        quiet_since, before = clock.monotonic(), requests.by_route.copy()

        def settled() -> bool:
            nonlocal quiet_since, before
            filling = [one for one in requests.by_route if "/jobs" in one]
            now = Counter({one: requests.by_route[one] for one in filling})
            if now != before:
                quiet_since, before = clock.monotonic(), now
            return clock.monotonic() - quiet_since > 20

        await until(settled, clock, 900, "filling the history")

    # -- the first fill: everything that happened before -------------------------------------------------------
    await while_running(world.engine(history), fill)
    print(f"first fill of the history: {requests.charged} charged of {requests.total} requests, once")

    async with httpx.AsyncClient() as client:
        answer = await client.post(
            f"{world.github_url}/repos/{world.repository.full_name}/actions/workflows/{WORKFLOW}/dispatches",
            json={"ref": "main", "inputs": {"reason": "measured"}},
            headers={"Authorization": "Bearer demo-github-token", "User-Agent": "bench"},
        )
        answer.raise_for_status()
    engine = world.engine(history)
    begun, run_id, jobs = clock.monotonic(), 0, 0
    requests.clear()
    jira_before = world.jira.world.requests.total()

    async def watch() -> None:
        nonlocal run_id, jobs

        def find() -> bool:
            nonlocal run_id
            runs = engine.snapshot.repositories[0].runs.data or ()
            run_id = next((run.id for run in runs if run.workflow_path.endswith(WORKFLOW) and run.state.is_active), 0)
            return run_id > 0

        await until(find, clock, 60, "the dispatched run")
        engine.select(world.repository, run_id)

        def ended() -> bool:
            nonlocal jobs
            repository = engine.snapshot.repositories[0]
            run = repository.run(run_id)
            part = repository.jobs.get((run_id, 1))
            jobs = len(part.data) if part is not None and part.data else 0
            return (
                run is not None
                and run.status == "completed"
                and part is not None
                and all(job.status == "completed" for job in part.data or ())
            )

        await until(ended, clock, 1200, "the end of the run")
        await clock.sleep(5)  # the logs of its last jobs

    await while_running(engine, watch)
    seconds = clock.monotonic() - begun
    table(list(requests.recent), run_id)
    charged: Counter[str] = Counter(kind_of(seen, run_id) for seen in requests.recent if seen.charged)
    lists = charged["run list"] + charged["jobs of the run"]
    rest = charged.total() - lists
    print(f"watched {jobs} jobs for {seconds / 60:.1f} min; {requests.total / seconds:.2f} requests/s")
    print(f"run and job lists: {lists} charged (promise <= {LISTS_LIMIT})")
    print(f"everything else:   {rest} charged (promise <= {REST_LIMIT})")
    print(f"Jira: {world.jira.world.requests.total() - jira_before} requests")
    return int(lists > LISTS_LIMIT or rest > REST_LIMIT)


def table(recent: list[Seen], run_id: int) -> None:
    """Prints charged and total requests by kind."""
    total = Counter(kind_of(seen, run_id) for seen in recent)
    charged = Counter(kind_of(seen, run_id) for seen in recent if seen.charged)
    for name, count in total.most_common():
        print(f"  {name:<20} {charged[name]:>4} charged of {count:>4}")
    print(f"  {'sum':<20} {charged.total():>4} charged of {total.total():>4}")


async def main_async(options: argparse.Namespace) -> int:
    """Chooses the clock and measures."""
    clock: Clock
    steering: AbstractAsyncContextManager[None] = nullcontext()
    if options.real:
        clock = SystemClock()
    else:
        clock = steered = SteeredClock(datetime.now(UTC))
        steering = steered.running()
    with tempfile.TemporaryDirectory() as name, demo_world(clock, Path(name), options.pace) as world:
        async with steering:
            return await measure(world, clock, Path(name))


def main() -> int:
    """Prints the figures; returns 1 if a promise is broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pace", type=float, default=1.0, help="length of the runs; the intervals stay as they are")
    parser.add_argument("--real", action="store_true", help="by the real clock, as long as that takes")
    options = parser.parse_args()
    begun = time.perf_counter()
    code = asyncio.run(main_async(options))
    print(f"({time.perf_counter() - begun:.0f} s)")
    return code


if __name__ == "__main__":
    sys.exit(main())
