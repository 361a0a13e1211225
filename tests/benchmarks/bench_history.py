# ruff: noqa: T201 - a benchmark prints
"""How big and how fast the history is with many runs. Run it as a script: `python tests/benchmarks/bench_history.py`.

Prints the bytes per job (indexes included), and the slowest and middle time of each question that the dashboard asks.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cidash.analysis.compare import compare
from cidash.analysis.targets import judge
from cidash.analysis.trend import trend
from cidash.config.load import default_targets
from cidash.domain.cache import CacheState
from cidash.domain.ci import Attempt, Job, Run, Step
from cidash.domain.clock import SystemClock
from cidash.domain.comparison import Question
from cidash.domain.repository import RepositoryId
from cidash.history.store import History, RepositoryHistory
from cidash.transport.bodies import StoredBody

API = "https://api.github.com"
REPOSITORY = RepositoryId("github.com", "octo", "engine")
END = datetime(2026, 6, 1, tzinfo=UTC)
# Workflow, its job names, the steps of a job, how many of a hundred runs are its.
WORKFLOWS = (
    ("CI", ("lint", "test", *(f"build ({system}, 3.{minor})" for system in "abc" for minor in (11, 12))), 14, 60),
    ("Smoke test", ("smoke",), 9, 20),
    ("Security", ("trivy", "bandit", "codeql"), 11, 15),
    ("Nightly", ("real",), 9, 4),
    ("Release", ("release",), 12, 1),
)
PLACES = [index for index, workflow in enumerate(WORKFLOWS) for _ in range(workflow[3])]
SHOWN_ROUNDS = 20


def attempts(count: int, dice: random.Random) -> Iterator[Attempt]:
    """Gives so many attempts, oldest first, a minute apart, a third of them on the default branch."""
    for number in range(count):
        place = dice.choice(PLACES)
        name, job_names, step_count, _ = WORKFLOWS[place]
        start = END - timedelta(minutes=count - number)
        run_id = 20_000_000_000 + number * 977
        url = f"https://github.com/octo/engine/actions/runs/{run_id}"
        conclusion = dice.choices(("success", "failure", "cancelled"), (85, 12, 3))[0]
        branch = "main" if number % 3 == 0 else f"kan-{dice.randrange(900)}-some-branch-name"
        run = Run(
            repository=REPOSITORY,
            id=run_id,
            attempt=1,
            number=number,
            workflow_id=1_000 + place,
            workflow_name=name,
            workflow_path=f".github/workflows/{name.lower().replace(' ', '-')}.yml",
            title=f"KAN-{dice.randrange(900)}: change the thing that was changed before",
            event="push" if branch == "main" else "pull_request",
            branch=branch,
            head_sha=f"{dice.getrandbits(160):040x}",
            status="completed",
            conclusion=conclusion,
            created_at=start,
            started_at=start,
            updated_at=start + timedelta(minutes=5),
            actor="octocat",
            url=url,
            pull_requests=() if branch == "main" else (dice.randrange(9_000),),
        )
        jobs = (
            job(run, url, 50_000_000_000 + number * 5_003 + index, job_name, step_count, dice)
            for index, job_name in enumerate(job_names)
        )
        yield Attempt(run, tuple(jobs))


def job(run: Run, url: str, job_id: int, name: str, step_count: int, dice: random.Random) -> Job:
    """Returns a job of that run with so many steps."""
    created = run.started_at + timedelta(seconds=1)
    start = now = created + timedelta(seconds=dice.randrange(2, 40))
    steps = []
    for number in range(1, step_count + 1):
        end = now + timedelta(seconds=int(dice.lognormvariate(1.5, 1.2)))
        steps.append(Step(number, f"Step {number} of {name}: run the script", "completed", "success", now, end))
        now = end
    return Job(
        id=job_id,
        run_id=run.id,
        attempt=run.attempt,
        name=name,
        status="completed",
        conclusion=run.conclusion,
        created_at=created,
        started_at=start,
        completed_at=now,
        labels=("ubuntu-latest",),
        runner_name=f"GitHub Actions 1{dice.randrange(10**9):09d}",
        url=f"{url}/job/{job_id}",
        steps=tuple(steps),
    )


def fill(history: RepositoryHistory, count: int) -> int:
    """Writes so many attempts and the cache states of their jobs; returns the number of jobs."""
    dice = random.Random(40)
    batch: list[Attempt] = []
    jobs = 0
    for attempt in attempts(count, dice):
        batch.append(attempt)
        jobs += len(attempt.jobs)
        if len(batch) == 1_000:
            history.save_all(batch)
            batch.clear()
        history_states = {one.id: dice.choice(list(CacheState)) for one in attempt.jobs}
        if attempt.run.number % 50 == 0:
            history.save_cache_states(history_states)
    history.save_all(batch)
    return jobs


def timed(what: str, call: Callable[[], object]) -> None:
    """Prints the middle and the slowest time of a call."""
    times = []
    for _ in range(SHOWN_ROUNDS):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1_000)
    first = times[0]
    times.sort()
    print(f"{what:<52} {times[len(times) // 2]:8.2f} ms  first {first:8.2f} ms  slowest {times[-1]:8.2f} ms")


def body_of(size: int) -> bytes:
    """Returns a JSON list like GitHub's lists of runs, of about that size."""
    dice = random.Random(5)
    rows: list[dict[str, object]] = []
    while len(rows) * 460 < size:
        number = dice.getrandbits(34)
        url = f"https://api.github.com/repos/octo/engine/actions/runs/{number}"
        urls = {word: f"{url}/{word}" for word in ("jobs", "logs", "artifacts", "cancel")}
        rows.append({"id": number, "head_sha": f"{dice.getrandbits(160):040x}", "status": "completed", **urls})
    return json.dumps({"total_count": len(rows), "workflow_runs": rows}).encode()[:size]


def compared(kept: RepositoryHistory) -> object:
    """Returns a comparison of the default branch with itself, as a view asks for it."""
    attempts = kept.attempts(workflow="CI", branch="main", limit=40)
    attempts += kept.attempts(workflow="CI", branch="kan-7-some-branch-name", limit=40)
    caches = kept.cache_states([one.id for attempt in attempts for one in attempt.jobs])
    return compare(Question("main", "kan-7-some-branch-name"), attempts, caches)


def judged(kept: RepositoryHistory) -> object:
    """Returns the targets of the guide, judged as the engine does."""
    attempts = kept.attempts(workflow="CI", limit=200)
    caches = kept.cache_states([one.id for attempt in attempts for one in attempt.jobs])
    return judge(default_targets(), attempts, caches, END)


def main() -> None:
    """Fills a temporary history and prints the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--attempts", type=int, default=100_000)
    count = options.parse_args().attempts
    with tempfile.TemporaryDirectory(prefix="cidash-bench-") as folder:
        path = Path(folder) / "history.db"
        history = History.open(path, SystemClock())
        kept = history.repository(API, REPOSITORY)
        start = time.perf_counter()
        jobs = fill(kept, count)
        seconds = time.perf_counter() - start
        history.close()
        size = path.stat().st_size
        print(f"{count} attempts, {jobs} jobs: {size / 2**20:.0f} MiB, {size / jobs:.0f} bytes per job")
        print(f"written in {seconds:.1f} s, {seconds / jobs * 1e6:.0f} µs per job")

        timed("open and close", lambda: History.open(path, SystemClock()).close())
        history = History.open(path, SystemClock())
        kept = history.repository(API, REPOSITORY)
        questions(history, kept, count)
        history.close()


def questions(history: History, kept: RepositoryHistory, count: int) -> None:
    """Prints how long each question takes."""
    paths = [f".github/workflows/{name.lower().replace(' ', '-')}.yml" for name, *_ in WORKFLOWS]
    timed("attempts(limit=100)", lambda: kept.attempts(limit=100))
    timed("attempts(workflow=CI, limit=100)", lambda: kept.attempts(workflow="CI", limit=100))
    timed("attempts(workflow=CI, limit=100, steps=False)", lambda: kept.attempts(workflow="CI", limit=100, steps=False))
    timed("attempts(workflow=Release, branch=main)", lambda: kept.attempts(workflow="Release", branch="main"))
    timed("attempts(branch=kan-7-some-branch-name)", lambda: kept.attempts(branch="kan-7-some-branch-name"))
    timed("typical(all workflows)", lambda: kept.typical(paths))
    timed("typical_runs(all workflows)", lambda: kept.typical_runs(paths))
    timed("compare two branches (40 + 40 attempts)", lambda: compared(kept))
    timed("trend of CI (80 attempts)", lambda: trend(kept.attempts(workflow="CI", limit=80, steps=False)))
    timed("targets of CI (200 attempts with steps)", lambda: judged(kept))
    timed("the first piece of an export", lambda: next(kept.every()))
    newest = kept.attempts(limit=100)
    keys = [attempt.run.key for attempt in newest]
    ids = [one.id for attempt in newest for one in attempt.jobs]
    timed("known(100)", lambda: kept.known(keys))
    timed("jobs(newest)", lambda: kept.jobs(*keys[0]))
    timed(f"cache_states({len(ids)})", lambda: kept.cache_states(ids))
    timed("save(one attempt)", lambda: kept.save(newest[0]))
    body = body_of(200_000)
    stored = StoredBody(body, 'W/"etag"', "credential", END)
    history.bodies.save(f"{API}/warm", stored)
    timed("bodies.save(200 KB)", lambda: history.bodies.save(f"{API}/runs", stored))
    timed("bodies.load(200 KB)", lambda: history.bodies.load(f"{API}/runs"))
    timed("bodies.touch", lambda: history.bodies.touch(f"{API}/runs", END))


if __name__ == "__main__":
    main()
