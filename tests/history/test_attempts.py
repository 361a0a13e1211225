"""Attempts, jobs and steps come back exactly as they were saved, and the newest first."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cidash.domain.cache import CacheState
from cidash.domain.ci import Attempt, Job, Run, Step
from cidash.domain.clock import SystemClock
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Typical
from cidash.history.store import History, HistoryError, RepositoryHistory

API = "https://api.github.com"
REPOSITORY = RepositoryId("github.com", "tefj-fun", "agent_bus")
START = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)
RUN = Run(
    repository=REPOSITORY,
    id=101,
    attempt=1,
    number=7,
    workflow_id=5,
    workflow_name="CI",
    workflow_path=".github/workflows/ci.yml",
    title="KAN-76: lint",
    event="pull_request",
    branch="kan-76-lint",
    head_sha="a" * 40,
    status="completed",
    conclusion="success",
    created_at=START,
    started_at=START,
    updated_at=START + timedelta(minutes=4),
    actor="octocat",
    url="https://github.com/tefj-fun/agent_bus/actions/runs/101",
    pull_requests=(38,),
)
JOB = Job(
    id=9001,
    run_id=101,
    attempt=1,
    name="test",
    status="completed",
    conclusion="success",
    created_at=START + timedelta(seconds=1),
    started_at=START + timedelta(seconds=4),
    completed_at=START + timedelta(seconds=104),
    labels=("ubuntu-latest",),
    runner_name="GitHub Actions 3",
    url="https://github.com/tefj-fun/agent_bus/actions/runs/101/job/9001",
    steps=(
        Step(1, "Set up job", "completed", "success", START + timedelta(seconds=4), START + timedelta(seconds=6)),
        Step(2, "Build", "completed", "skipped", None, None),
        Step(10, "Complete job", "completed", "success", START + timedelta(seconds=104), None),
    ),
)


@pytest.fixture
def kept(history: History) -> RepositoryHistory:
    return history.repository(API, REPOSITORY)


def attempt(run_id: int, seconds: float = 100, **changes: object) -> Attempt:
    """An attempt with one job `test` that ran so long, started `run_id` minutes after START."""
    start = START + timedelta(minutes=run_id)
    values = {"id": run_id, "created_at": start, "started_at": start, **changes}
    run = replace(RUN, **values)  # type: ignore[arg-type]
    job = replace(
        JOB,
        id=run_id * 10,
        run_id=run_id,
        attempt=run.attempt,
        conclusion=run.conclusion,
        started_at=start,
        completed_at=start + timedelta(seconds=seconds),
        steps=(),
    )
    return Attempt(run, (job,))


def test_an_attempt_comes_back(kept: RepositoryHistory) -> None:
    kept.save(Attempt(RUN, (JOB,)))
    assert kept.attempts() == [Attempt(RUN, (JOB,))]
    assert kept.jobs(101, 1) == (JOB,)
    assert kept.known([(101, 1), (101, 2), (102, 1)]) == {(101, 1)}
    assert kept.attempts(steps=False) == [Attempt(RUN, (replace(JOB, steps=()),))]


def test_what_is_not_kept(kept: RepositoryHistory) -> None:
    assert kept.jobs(1, 1) is None
    assert kept.attempts() == []
    assert kept.known([(1, 1)]) == set()
    assert kept.typical([RUN.workflow_path]) == {}
    kept.save(Attempt(RUN, ()))
    assert kept.jobs(101, 1) == ()


def test_saving_again_replaces(kept: RepositoryHistory) -> None:
    kept.save(Attempt(RUN, (JOB, replace(JOB, id=9002, name="lint"))))
    later = Attempt(replace(RUN, conclusion="failure"), (replace(JOB, conclusion="failure"),))
    kept.save(later)
    kept.save(later)
    assert kept.attempts() == [later]


def test_it_is_still_there_after_closing(opened: Callable[[], History]) -> None:
    first = opened()
    first.repository(API, REPOSITORY).save(Attempt(RUN, (JOB,)))
    first.close()
    first.close()
    assert opened().repository(f"{API}/", REPOSITORY).jobs(101, 1) == (JOB,)


def test_repositories_and_servers_never_mix(history: History) -> None:
    history.repository(API, REPOSITORY).save(Attempt(RUN, (JOB,)))
    history.repository(API, REPOSITORY).save_cache_states({JOB.id: CacheState.HIT})
    other_server = history.repository("http://127.0.0.1:4040", REPOSITORY)
    other_name = history.repository(API, replace(REPOSITORY, name="agent_car"))
    for other in (other_server, other_name):
        assert other.attempts() == []
        assert other.cache_states([JOB.id]) == {}
        assert other.typical([RUN.workflow_path]) == {}
    same = history.repository(API, replace(REPOSITORY, owner="Tefj-Fun"))
    assert same.known([(101, 1)]) == {(101, 1)}


def test_newest_first_by_workflow_and_branch(kept: RepositoryHistory) -> None:
    kept.save_all(
        [
            attempt(3),
            attempt(1),
            attempt(2, workflow_name="Smoke", workflow_path=".github/workflows/smoke.yml", workflow_id=6),
            attempt(4, branch="main"),
            attempt(5, workflow_id=8),
            attempt(6, branch=None),
        ]
    )

    def ids(**filters: object) -> list[int]:
        return [one.run.id for one in kept.attempts(**filters)]  # type: ignore[arg-type]

    assert ids() == [6, 5, 4, 3, 2, 1]
    assert ids(limit=2) == [6, 5]
    assert ids(limit=0) == []
    assert ids(limit=-1) == []
    assert ids(workflow="CI") == [6, 5, 4, 3, 1]
    assert ids(workflow="CI", limit=2) == [6, 5]
    assert ids(workflow=".github/workflows/smoke.yml") == ids(workflow="smoke.yml") == ids(workflow="Smoke") == [2]
    assert ids(branch="main") == [4]
    assert ids(branch="kan-76-lint", workflow="CI") == [5, 3, 1]
    assert ids(workflow="nope") == []


def test_the_newest_attempt_of_a_run_comes_first(kept: RepositoryHistory) -> None:
    again = replace(attempt(1).run, attempt=2, started_at=START + timedelta(hours=1))
    kept.save_all([Attempt(again, ()), attempt(1), attempt(2)])
    assert [one.run.key for one in kept.attempts()] == [(1, 2), (2, 1), (1, 1)]


def test_more_than_one_statement_holds(kept: RepositoryHistory) -> None:
    kept.save_all(attempt(number) for number in range(1, 1203))
    assert len(kept.attempts(limit=2000)) == 1202
    assert len(kept.known((number, 1) for number in range(5000))) == 1202
    kept.save_cache_states(dict.fromkeys(range(1202), CacheState.HIT))
    assert len(kept.cache_states(range(5000))) == 1202


def test_cache_states_remember_that_a_log_was_gone(kept: RepositoryHistory) -> None:
    kept.save_cache_states({1: CacheState.HIT, 2: None, 3: CacheState.MISS})
    kept.save_cache_states({3: CacheState.PARTIAL})
    expected = {1: CacheState.HIT, 2: CacheState.UNKNOWN, 3: CacheState.PARTIAL}
    assert kept.cache_states([1, 2, 3, 4]) == expected
    kept.save_cache_states({})
    assert kept.cache_states([]) == {}


def test_typical_is_the_median_of_the_last_successes(kept: RepositoryHistory) -> None:
    kept.save_all(attempt(number, seconds=1_000) for number in range(1, 6))
    kept.save_all(attempt(number, seconds=number) for number in range(100, 120))
    kept.save(attempt(200, seconds=7_000, conclusion="failure"))
    kept.save(attempt(201, seconds=5, workflow_path=".github/workflows/other.yml"))
    key = (RUN.workflow_path, "test")
    assert kept.typical([RUN.workflow_path]) == {key: Typical(109.5, 20, tuple(map(float, range(100, 120))))}
    assert kept.typical([RUN.workflow_path], limit=3) == {key: Typical(118, 3, (117, 118, 119))}
    both = kept.typical([RUN.workflow_path, ".github/workflows/other.yml"])
    assert both[".github/workflows/other.yml", "test"] == Typical(5, 1, (5,))


def test_typical_leaves_carried_over_and_skipped_jobs_out(kept: RepositoryHistory) -> None:
    kept.save(attempt(1, seconds=100))
    second = attempt(1, seconds=100)
    rerun = replace(second.run, attempt=2, started_at=START + timedelta(hours=2))
    skipped = replace(JOB, id=3, name="deploy", conclusion="skipped", started_at=START + timedelta(hours=3))
    kept.save(Attempt(rerun, (replace(second.jobs[0], id=2, attempt=2), skipped)))
    assert kept.typical([RUN.workflow_path]) == {(RUN.workflow_path, "test"): Typical(100, 1, (100,))}


def test_clock_skew_gives_no_negative_duration(kept: RepositoryHistory) -> None:
    kept.save(attempt(1, seconds=-1))
    assert kept.typical([RUN.workflow_path]) == {(RUN.workflow_path, "test"): Typical(0, 1, (0,))}


@pytest.mark.parametrize("value", [10**30, "\ud800"])
def test_values_that_sqlite_cannot_hold(kept: RepositoryHistory, value: object) -> None:
    change = {"number": value} if isinstance(value, int) else {"title": value}
    with pytest.raises(HistoryError, match="can't hold a value"):
        kept.save(Attempt(replace(RUN, **change), (JOB,)))
    assert kept.attempts() == []
    kept.save(Attempt(RUN, (JOB,)))
    assert kept.attempts() == [Attempt(RUN, (JOB,))]


# -- exactly, whatever a server sends ---------------------------------------------------------------------------

WORDS = st.sampled_from(["completed", "success", "failure", "queued", "in_progress", "a word of tomorrow"])
TEXTS = st.text(max_size=20)
NUMBERS = st.integers(min_value=-(2**63), max_value=2**63 - 1)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])
MOMENTS = st.builds(
    lambda seconds, fraction, zone: datetime.fromtimestamp(seconds, zone).replace(microsecond=fraction),
    st.integers(-(10**9), 7 * 10**9),
    st.just(0) | st.integers(0, 999_999),
    ZONES,
)
STEPS = st.builds(
    Step,
    number=st.integers(0, 5_000),
    name=TEXTS,
    status=WORDS,
    conclusion=st.none() | WORDS,
    started_at=st.none() | MOMENTS,
    completed_at=st.none() | MOMENTS,
)


@st.composite
def any_attempts(draw: st.DrawFn) -> Attempt:
    run = draw(
        st.builds(
            Run,
            repository=st.just(REPOSITORY),
            id=NUMBERS,
            attempt=st.integers(1, 50),
            number=NUMBERS,
            workflow_id=NUMBERS,
            workflow_name=TEXTS,
            workflow_path=TEXTS,
            title=TEXTS,
            event=WORDS,
            branch=st.none() | TEXTS,
            head_sha=TEXTS,
            status=WORDS,
            conclusion=st.none() | WORDS,
            created_at=MOMENTS,
            started_at=MOMENTS,
            updated_at=MOMENTS,
            actor=TEXTS,
            url=TEXTS,
            pull_requests=st.lists(st.integers(), max_size=3).map(tuple),
        )
    )
    jobs = st.builds(
        Job,
        id=NUMBERS,
        run_id=st.just(run.id),
        attempt=st.just(run.attempt),
        name=TEXTS,
        status=WORDS,
        conclusion=st.none() | WORDS,
        created_at=st.none() | MOMENTS,
        started_at=st.none() | MOMENTS,
        completed_at=st.none() | MOMENTS,
        labels=st.lists(TEXTS, max_size=3).map(tuple),
        runner_name=st.none() | TEXTS,
        url=TEXTS,
        steps=st.lists(STEPS, max_size=5).map(tuple),
    )
    return Attempt(run, tuple(draw(st.lists(jobs, max_size=4))))


@settings(max_examples=150, deadline=None)
@given(any_attempts())
def test_round_trip(saved: Attempt) -> None:
    history = History.open(None, SystemClock())
    try:
        kept = history.repository(API, REPOSITORY)
        kept.save(saved)
        (found,) = kept.attempts()
        assert found == saved
        assert kept.jobs(*saved.run.key) == saved.jobs
        kept.typical([saved.run.workflow_path])
    finally:
        history.close()


def test_a_job_takes_well_below_a_kilobyte(history: History, path: Path) -> None:
    kept = history.repository(API, REPOSITORY)
    steps = tuple(
        Step(n, f"Step {n}: run the script", "completed", "success", START + timedelta(seconds=5 * n), None)
        for n in range(15)
    )
    kept.save_all(
        replace(one, jobs=tuple(replace(one.jobs[0], steps=steps, name=name) for name in ("lint", "test")))
        for one in (attempt(number) for number in range(1, 501))
    )
    history.close()
    assert path.stat().st_size / 1_000 < 700


def test_the_workflow_file_is_noted_and_survives_a_newer_reading(history: History) -> None:
    kept = history.repository(API, REPOSITORY)
    kept.save_all([Attempt(RUN, (JOB,)), Attempt(replace(RUN, id=102, head_sha="c" * 40), ())])
    kept.save_workflow_blobs({(RUN.head_sha, RUN.workflow_path): "b" * 40, ("d" * 40, RUN.workflow_path): "e" * 40})
    kept.save(Attempt(RUN, (JOB,)))
    assert {one.run.id: one.run.workflow_blob for one in kept.attempts()} == {101: "b" * 40, 102: None}


def test_whole_runs_and_their_usual_time(history: History) -> None:
    kept = history.repository(API, REPOSITORY)
    assert kept.typical_runs([RUN.workflow_path]) == {}
    for number in range(1, 4):
        run = replace(RUN, id=number, attempt=1, started_at=RUN.started_at + timedelta(hours=number))
        start = run.started_at
        jobs = [replace(JOB, id=number * 10, started_at=start, completed_at=start + timedelta(seconds=60))]
        jobs.append(replace(jobs[0], id=number * 10 + 1, completed_at=start + timedelta(seconds=100 * number)))
        kept.save(Attempt(run, tuple(jobs)))
    kept.save(Attempt(replace(RUN, id=9, attempt=2), (JOB,)))
    assert kept.typical_runs([RUN.workflow_path]) == {RUN.workflow_path: Typical(200, 3, (100, 200, 300))}


def test_all_attempts_in_pieces(history: History) -> None:
    kept = history.repository(API, REPOSITORY)
    started = [RUN.started_at + timedelta(hours=number) for number in range(7)]
    kept.save_all(Attempt(replace(RUN, id=number, started_at=when), ()) for number, when in enumerate(started))
    assert [[one.run.id for one in piece] for piece in kept.every(size=3)] == [[6, 5, 4], [3, 2, 1], [0]]
    assert [[one.run.id for one in piece] for piece in kept.every(size=3, since=started[2])] == [[6, 5, 4], [3, 2]]
    assert list(kept.every(workflow="nothing")) == []


def test_listed_spans_swallow_smaller_ones(history: History) -> None:
    kept = history.repository(API, REPOSITORY)
    day = timedelta(days=1)
    start = RUN.started_at
    for low, high in ((0, 1), (2, 3), (0, 3)):
        kept.save_synced(start + low * day, start + high * day)
    kept.save_synced(start, start + day, "CI")
    assert [span[:2] for span in kept.synced()] == [(start, start + 3 * day)]
    assert [span[:2] for span in kept.synced("CI")] == [(start, start + day)]
