"""The ledger, the autopsy and the storage, by example."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cidash.analysis.cache_autopsy import Clues, autopsy, last_misses, reference
from cidash.analysis.cache_key import changed_by, hashed_patterns, is_of_one_commit
from cidash.analysis.cache_ledger import ledger
from cidash.analysis.cache_states import cache_states, job_state, named, step_states
from cidash.analysis.cache_storage import USUAL_QUOTA_BYTES, is_pull_only, stem, storage
from cidash.analysis.workflow_file.parse import parse_workflow
from cidash.domain.acting import StoredCache
from cidash.domain.cache import CacheEvent, CacheState, JobCaches
from cidash.domain.cache_ledger import Arm, MissCause
from cidash.domain.ci import Attempt, Job, Run, Step
from cidash.domain.repository import RepositoryId

NOW = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)
REPOSITORY = RepositoryId("github.com", "octo", "hello")
OLD, NEW = "a" * 40, "b" * 40
STEP = "Run actions/cache@v4"
CACHE = f"actions/cache: {STEP}"
WORKFLOW = b"""
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/cache@v4
        with:
          path: x
          key: Linux-${{ hashFiles('**/uv.lock', '!docs/**') }}
"""


def attempt(
    number: int, seconds: float, *, days: float = 1, branch: str = "main", blob: str | None = NEW, **changes: Any
) -> Attempt:
    started = NOW - timedelta(days=days)
    run = Run(
        REPOSITORY, number, 1, number, 1, "CI", ".github/workflows/ci.yml", "t", "push", branch, f"{number:040x}",
        "completed", "success", started, started, started, "ada", f"https://github.com/octo/hello/actions/runs/{number}",
        workflow_blob=blob,
    )  # fmt: skip
    run = replace(run, **changes)
    job = Job(
        number * 10, number, 1, "test", "completed", run.conclusion, started, started,
        started + timedelta(seconds=seconds), ("ubuntu-latest",), "r", f"{run.url}/job/{number * 10}",
    )  # fmt: skip
    return Attempt(run, (job,))


def restore(outcome: str, key: str = "Linux-1", restored: str | None = None) -> CacheEvent:
    return CacheEvent("actions/cache", "actions", "restore", outcome, STEP, CACHE, key, restored, line=7)


def save(outcome: str, key: str = "Linux-1") -> CacheEvent:
    return CacheEvent("actions/cache", "actions", "save", outcome, f"Post {STEP}", CACHE, key, size_bytes=5, line=9)


def told(attempts: Iterable[tuple[Attempt, tuple[CacheEvent, ...]]]) -> dict[int, JobCaches]:
    return {one.jobs[0].id: JobCaches(one.jobs[0].id, "complete", events) for one, events in attempts}


def world(none: int = 6, miss: int = 6, hit: int = 6) -> list[tuple[Attempt, tuple[CacheEvent, ...]]]:
    """Returns runs of 200 s without the cache, 240 s with a miss, 100 s with a hit, each with a little spread."""
    runs: list[tuple[Attempt, tuple[CacheEvent, ...]]] = [
        (attempt(100 + n, 200 + n, days=20 - n, blob=OLD), ()) for n in range(none)
    ]
    runs += [(attempt(200 + n, 240 + n, days=10 - n), (restore("miss"), save("saved"))) for n in range(miss)]
    runs += [(attempt(300 + n, 100 + n, days=4 - n / 2), (restore("hit", restored="Linux-1"),)) for n in range(hit)]
    return runs


def test_four_arms_with_net_and_gross() -> None:
    runs = world()
    (account,) = ledger([one for one, _ in runs], told(runs), NOW)
    assert [(one.arm, one.n, one.median_seconds) for one in account.arms] == [
        (Arm.NONE, 6, 202.5), (Arm.MISS, 6, 242.5), (Arm.PARTIAL, 0, None), (Arm.HIT, 6, 102.5),
    ]  # fmt: skip
    assert account.arm(Arm.HIT).interval_seconds == (100, 105)
    assert account.arm(Arm.HIT).shift_seconds == -100
    assert (account.net_per_hit_seconds, account.gross_per_hit_seconds, account.tax_per_miss_seconds) == (100, 140, 40)
    weeks = 10 / 7
    assert account.weeks == pytest.approx(weeks)
    assert account.net_minutes_per_week == pytest.approx((6 * 100 - 6 * 40) / 60 / weeks)
    assert account.gross_minutes_per_week == pytest.approx(6 * 140 / 60 / weeks)
    assert account.hit_rate == 0.5
    assert account.note == "none: 6 runs of CI with the workflow file aaaaaaa, without this cache"
    assert account.saved_bytes == 5


def test_without_a_baseline_only_gross() -> None:
    runs = world(none=0)
    (account,) = ledger([one for one, _ in runs], told(runs), NOW)
    assert account.net_minutes_per_week is None
    assert account.gross_minutes_per_week is not None
    assert account.note == "gross only: no run of CI without this cache is in the history"


def test_an_unknown_workflow_file_is_no_baseline() -> None:
    runs = [(replace(one, run=replace(one.run, workflow_blob=None)), events) for one, events in world()]
    (account,) = ledger([one for one, _ in runs], told(runs), NOW)
    assert account.arm(Arm.NONE).n == 0
    assert "unknown" in account.note


def test_a_later_workflow_file_is_no_baseline() -> None:
    later = [(attempt(400 + n, 500, days=1, blob="c" * 40), ()) for n in range(6)]
    runs = [*world(none=0), *later]
    (account,) = ledger([one for one, _ in runs], told(runs), NOW)
    assert account.arm(Arm.NONE).n == 0


def test_failures_and_second_attempts_count_in_rates_and_not_in_times() -> None:
    runs = [
        (attempt(1, 100, conclusion="failure"), (restore("hit", restored="Linux-1"),)),
        (attempt(2, 100), (restore("hit-or-partial", restored="Linux-0"),)),
        (attempt(3, 100), (restore("miss"), save("failed"))),
    ]
    (account,) = ledger([one for one, _ in runs], told(runs), NOW)
    assert (account.hits, account.unknown, account.broken) == (1, 1, 1)
    assert account.arm(Arm.HIT).n == 0
    assert account.arm(Arm.BROKEN).n == 1
    assert account.weeks == 1.0


def test_a_docker_build_without_a_cache_is_none() -> None:
    build = CacheEvent("buildkit", "docker", "build", "ok", "b", "b", steps_cached=0, steps_total=8)
    export = CacheEvent("buildkit", "docker", "export", "ok", "b", "b")
    assert cache_states(JobCaches(1, "complete", (build,))) == ()
    assert [one.state for one in cache_states(JobCaches(1, "complete", (build, export)))] == [CacheState.MISS]
    assert job_state(JobCaches(1, "complete", (build,))) is CacheState.MISS


@pytest.mark.parametrize(
    ("log", "state"), [("complete", CacheState.UNUSED), ("cut", "unknown"), ("empty", "unknown"), ("gone", "unknown")]
)
def test_a_log_without_events(log: str, state: str) -> None:
    assert job_state(JobCaches(1, log)) == state


def test_names_from_the_configuration() -> None:
    caches = JobCaches(1, "complete", (restore("miss"), save("saved")))
    assert {one.cache for one in named(caches, {"*cache@v4": "layers"}).events} == {"layers"}
    assert {one.cache for one in named(caches, {"Linux-*": "layers"}).events} == {"layers"}
    assert named(caches, {"nothing": "layers"}) == caches


def test_the_step_is_found_by_its_time() -> None:
    def step(number: int, name: str, start: int, end: int) -> Step:
        begun = NOW + timedelta(seconds=start)
        return Step(number, name, "completed", "success", begun, NOW + timedelta(seconds=end))

    job = replace(attempt(1, 60).jobs[0], steps=(step(1, "Cache layers", 0, 4), step(2, "Build", 4, 50)))
    events = (restore("partial", restored="x"), save("saved"))
    at = (NOW + timedelta(seconds=2), NOW + timedelta(seconds=51))
    assert step_states(job, JobCaches(10, "complete", events, at)) == {1: CacheState.PARTIAL}
    assert step_states(job, JobCaches(10, "complete", events, (None, None))) == {}


# -- autopsy ------------------------------------------------------------------------------------------------------


def examine(runs: Sequence[tuple[Attempt, tuple[CacheEvent, ...]]], clues: Clues = Clues()) -> tuple[MissCause, str]:  # noqa: B008
    (miss,) = last_misses([one for one, _ in runs], told(runs))
    found = autopsy(miss, clues)
    return found.cause, found.sentence


def test_the_key_changed_with_a_hashed_file() -> None:
    runs = [
        (attempt(1, 100, days=3), (restore("miss", "Linux-1"), save("saved", "Linux-1"))),
        (attempt(2, 100, days=2), (restore("miss", "Linux-2"), save("saved", "Linux-2"))),
    ]
    clues = Clues(parse_workflow(WORKFLOW), ("src/a.py", "sub/uv.lock", "docs/uv.lock"))
    assert examine(runs, clues) == (MissCause.KEY_CHANGED, "The key changed, because sub/uv.lock did.")
    (miss,) = last_misses([one for one, _ in runs], told(runs))
    assert reference(miss) == runs[0][0].run


def test_the_key_changed_but_nobody_tells_which_files() -> None:
    runs = [
        (attempt(1, 100, days=3), (restore("hit", "Linux-1", "Linux-1"),)),
        (attempt(2, 100, days=2), (restore("miss", "Linux-2"),)),
    ]
    assert examine(runs)[0] is MissCause.KEY_CHANGED


def test_first_run_needs_older_runs_without_the_cache() -> None:
    miss = (attempt(2, 100, days=2), (restore("miss"), save("saved")))
    assert examine([miss])[0] is MissCause.UNKNOWN
    assert examine([(attempt(1, 100, days=3, blob=OLD), ()), miss])[0] is MissCause.FIRST_RUN


def test_another_branch_saved_it() -> None:
    runs = [
        (attempt(1, 100, days=3, branch="one"), (restore("miss"), save("saved"))),
        (attempt(2, 100, days=2, branch="two"), (restore("miss"), save("saved"))),
    ]
    cause, sentence = examine(runs, Clues(default_branch="main"))
    assert cause is MissCause.OTHER_SCOPE
    assert "one" in sentence
    assert examine(runs, Clues(base_branch="one"))[0] is not MissCause.OTHER_SCOPE


def test_evicted_by_age_or_quota() -> None:
    runs = [
        (attempt(1, 100, days=12), (restore("miss"), save("saved"))),
        (attempt(2, 100, days=2), (restore("miss"), save("saved"))),
    ]
    assert examine(runs, Clues(entries=()))[0] is MissCause.EVICTED
    soon = [runs[0], (attempt(2, 100, days=10), runs[1][1])]
    assert examine(soon, Clues(entries=(), storage=storage([], 10 * 1024**3)))[0] is MissCause.EVICTED
    assert examine(soon, Clues(entries=(), storage=storage([], 0)))[0] is MissCause.UNKNOWN


def test_never_saved_with_the_line_that_says_why() -> None:
    runs = [(attempt(2, 100), (restore("miss"), save("failed")))]
    clues = Clues(lines={9: "##[warning]Path Validation Error: Path(s) specified do(es) not exist"})
    (miss,) = last_misses([one for one, _ in runs], told(runs))
    found = autopsy(miss, clues)
    assert found.cause is MissCause.NEVER_SAVED
    assert found.state is CacheState.BROKEN
    assert found.sentence == "Never saved: there was nothing at its path when the job ended."
    assert found.evidence[-1].startswith("log line 9: ##[warning]Path Validation Error")


def test_a_key_on_the_commit_can_never_hit() -> None:
    runs = [(attempt(2, 100), (restore("partial", "Linux-2", "Linux-1"), save("saved", "Linux-2")))]
    file = WORKFLOW.replace(b"hashFiles('**/uv.lock', '!docs/**')", b"github.sha")
    assert examine(runs, Clues(parse_workflow(file)))[0] is MissCause.NEVER_SAVED


def test_hashed_files() -> None:
    expression = "a-${{ hashFiles('**/uv.lock', 'x/*.py') }}-${{ hashFiles('Dockerfile') }}"
    assert hashed_patterns(expression) == ("**/uv.lock", "x/*.py", "Dockerfile")
    assert changed_by(("**/uv.lock", "x/*.py"), ("uv.lock", "a/uv.lock", "x/a.py", "x/y/a.py")) == (
        "uv.lock", "a/uv.lock", "x/a.py",
    )  # fmt: skip
    assert is_of_one_commit("x-${{ github.sha }}")
    assert not is_of_one_commit(expression)


@given(st.lists(st.text(max_size=40), max_size=3), st.lists(st.text(max_size=60), max_size=5))
def test_any_pattern_and_path(patterns: list[str], paths: list[str]) -> None:
    assert set(changed_by(patterns, paths)) <= set(paths)


# -- storage ------------------------------------------------------------------------------------------------------


def entry(number: int, key: str, ref: str = "refs/heads/main", size: int = 10) -> StoredCache:
    return StoredCache(number, key, ref, size, NOW, NOW - timedelta(hours=number))


def test_blobs_stand_with_their_scope() -> None:
    found = storage(
        [
            entry(1, "index-ci-1-abcdef0123", size=1),
            entry(2, "buildkit-blob-1-sha256:aaaa"),
            entry(3, "buildkit-blob-1-sha256:bbbb", "refs/pull/3/merge", 30),
            entry(4, f"Linux-pip-{'c' * 64}"),
            entry(5, f"Linux-pip-{'d' * 64}"),
        ],
        quota_bytes=100,
    )
    assert [(one.name, one.count, one.size_bytes, one.pull_bytes) for one in found.groups] == [
        ("BuildKit layers of refs/pull/3/merge", 1, 30, 30), ("Linux-pip-…", 2, 20, 0), ("BuildKit scope ci", 2, 11, 0),
    ]  # fmt: skip
    assert (found.size_bytes, found.pull_bytes, found.quota_bytes, found.quota_is_told) == (61, 30, 100, True)


def test_the_usual_quota() -> None:
    assert storage([]).quota_bytes == USUAL_QUOTA_BYTES
    assert not storage([]).quota_is_told


@given(st.lists(st.tuples(st.text(max_size=80), st.sampled_from(["refs/heads/main", "refs/pull/1/merge"]))))
def test_groups_hold_every_entry_once(keys: list[tuple[str, str]]) -> None:
    entries = [entry(number, key, ref) for number, (key, ref) in enumerate(keys)]
    found = storage(entries)
    assert sorted(one.id for group in found.groups for one in group.entries) == list(range(len(keys)))
    assert found.pull_bytes == sum(one.size_bytes for one in entries if is_pull_only(one))
    assert all(stem(key) is not None for key, _ in keys)
