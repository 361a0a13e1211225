"""Intervals against the limit: met or missed where the data decides, not proven else, unknown without any run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cidash.analysis.targets import cache_arm, improvement_text, judge
from cidash.domain.cache import CacheState
from cidash.domain.ci import Attempt, Job, Run, Step
from cidash.domain.target import Target, TargetResult, Verdict

MakeAttempt = Callable[..., Attempt]
START = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)
HIT, MISS, PARTIAL = CacheState.HIT, CacheState.MISS, CacheState.PARTIAL
TARGET = Target("ci-time", "CI time", "run-duration", workflow="CI", baseline=210, limit=120)


@pytest.fixture
def make_attempt(make_run: Callable[..., Run], make_job: Callable[..., Job]) -> MakeAttempt:
    """An attempt numbered `n` whose one job took `seconds`."""

    def make(n: int, seconds: float = 100, **changes: object) -> Attempt:
        run = make_run(1_000.0 * n, id=n, **changes)
        return Attempt(run, (make_job(1_000.0 * n, 1_000.0 * n + seconds, id=n * 10, conclusion=run.conclusion),))

    return make


def judged(
    attempts: Sequence[Attempt], caches: Mapping[int, CacheState] | None = None, **changes: object
) -> TargetResult:
    (result,) = judge([replace(TARGET, **changes)], attempts, caches or {})  # type: ignore[arg-type]
    return result


def test_met(make_attempt: MakeAttempt) -> None:
    result = judged([make_attempt(n, seconds=90 + 2 * n) for n in range(1, 8)])
    assert (result.verdict, result.n, result.value, result.within) == (Verdict.MET, 7, 98, 7)
    assert result.interval == (92.0, 104.0)
    assert result.share_interval == pytest.approx((0.6457, 1.0), abs=0.0001)
    assert result.runs == tuple((n, 1) for n in range(7, 0, -1))
    assert result.reason == (
        "Median 1m38s (1m32s–1m44s) of 7 runs is within the limit of 2m00s, 53% less than the baseline of 3m30s."
    )
    assert result.data == "successful first attempts of CI, event pull_request, 2026-02-01 to 2026-02-01"


def test_missed(make_attempt: MakeAttempt) -> None:
    result = judged([make_attempt(n, seconds=s) for n, s in enumerate([121, 130, 230, 240, 250, 260], 1)])
    assert (result.verdict, result.n, result.value, result.within) == (Verdict.MISSED, 6, 235, 0)
    assert "is over the limit of 2m00s, 12% more than the baseline" in result.reason


def test_a_limit_inside_the_interval_is_not_proven(make_attempt: MakeAttempt) -> None:
    result = judged([make_attempt(n, seconds=s) for n, s in enumerate([100, 101, 102, 103, 104, 260], 1)])
    assert (result.verdict, result.interval, result.more_runs) == (Verdict.NOT_PROVEN, (100, 260), 3)
    assert "the limit of 2m00s lies inside the interval" in result.reason
    assert result.reason.endswith("; about 3 more runs for a verdict.")
    even = judged([make_attempt(n, seconds=100 if n % 2 else 200) for n in range(20)])
    assert (even.verdict, even.more_runs) == (Verdict.NOT_PROVEN, None)
    assert even.reason.endswith("; more runs like these would not decide it.")


@pytest.mark.parametrize(
    ("within", "n", "verdict"),
    [(20, 20, Verdict.MET), (19, 20, Verdict.MET), (18, 20, Verdict.NOT_PROVEN), (13, 20, Verdict.MISSED)],
)
def test_a_percentile_asks_for_a_share(make_attempt: MakeAttempt, within: int, n: int, verdict: Verdict) -> None:
    attempts = [make_attempt(one, seconds=100 if one < within else 300) for one in range(n)]
    assert judged(attempts, percentile=90).verdict is verdict


def test_what_is_older_than_thirty_days_does_not_count(make_attempt: MakeAttempt) -> None:
    attempts = [make_attempt(n) for n in range(8)]
    assert judged(attempts).n == 8
    (later,) = judge([TARGET], attempts, {}, START + timedelta(days=31))
    assert (later.n, later.verdict) == (0, Verdict.UNKNOWN)


def test_the_window_is_the_targets(make_attempt: MakeAttempt) -> None:
    assert judged([make_attempt(n) for n in range(30)], window=10).n == 10


def test_only_runs_under_the_same_conditions_share_a_sample(make_attempt: MakeAttempt) -> None:
    old = [make_attempt(n, 300, workflow_blob="a" * 40) for n in range(10)]
    new = [make_attempt(n, 60, workflow_blob="b" * 40) for n in range(10, 17)]
    result = judged([*old, *new])
    assert (result.n, result.value, result.verdict) == (7, 60, Verdict.MET)
    assert result.data is not None
    assert result.data.endswith("; left out: 10 another or unknown workflow file")
    assert judged([*old, *new[:3]]).value == 300
    unknown = [make_attempt(n, 60) for n in range(10, 17)]
    assert judged([*old, *unknown]).n == 17
    scheduled = [make_attempt(n, 900, event="schedule") for n in range(20, 24)]
    assert judged([*new, *scheduled]).n == 7


def test_what_a_hit_saves(make_attempt: MakeAttempt) -> None:
    attempts = [make_attempt(n, seconds=(200 if n < 10 else 100) + n % 10) for n in range(20)]
    hits = {n * 10: HIT for n in range(10, 20)}
    saving = {"measure": "cache-saving", "limit": 60}
    against_none = judged(attempts, hits | {n * 10: CacheState.UNUSED for n in range(10)}, **saving)
    assert (against_none.verdict, against_none.value, against_none.n) == (Verdict.MET, 100, 10)
    against_miss = judged(attempts, hits | {n * 10: MISS for n in range(10)}, **saving)
    assert against_miss.verdict is Verdict.NOT_PROVEN
    assert against_miss.reason.endswith("faster than a miss, but there is no baseline without the cache.")
    slower = judged(attempts, hits | {n * 10: MISS for n in range(10)}, measure="cache-saving", limit=150)
    assert slower.verdict is Verdict.MISSED
    nothing = judged(attempts, {}, **saving)
    assert nothing.verdict is Verdict.UNKNOWN
    assert nothing.reason.endswith("4 more hits and 4 more runs without the cache for a verdict.")
    few = judged(attempts[:12], hits | {n * 10: CacheState.BROKEN for n in range(10)}, **saving)
    assert (few.verdict, few.more_runs) == (Verdict.NOT_PROVEN, 1)


def test_at_the_limit_is_within_it(make_attempt: MakeAttempt) -> None:
    assert judged([make_attempt(n, seconds=120) for n in range(6)]).verdict is Verdict.MET


@pytest.mark.parametrize(
    ("count", "reason"),
    [
        (0, "No run: 6 more runs for a verdict."),
        (1, "1 run: 5 more runs for a verdict."),
        (5, "5 runs: 1 more run for a verdict."),
    ],
)
def test_too_few(make_attempt: MakeAttempt, count: int, reason: str) -> None:
    result = judged([make_attempt(n) for n in range(count)])
    assert (result.verdict, result.n, result.reason) == (
        Verdict.NOT_PROVEN if count else Verdict.UNKNOWN, count, reason,
    )  # fmt: skip
    assert result.value == (100 if count else None)


def test_only_the_newest_twenty_count(make_attempt: MakeAttempt) -> None:
    attempts = [make_attempt(n, seconds=1_000 if n <= 30 else 60) for n in range(1, 51)]
    result = judged(attempts)
    assert (result.n, result.value) == (20, 60)
    assert judged(attempts[::-1]) == result


def test_what_is_not_comparable(make_attempt: MakeAttempt) -> None:
    good = [make_attempt(n) for n in range(6)]
    other = [
        make_attempt(10, 999, conclusion="failure"),
        make_attempt(11, 999, attempt=2),
        make_attempt(12, 999, workflow_name="Smoke", workflow_path="smoke.yml"),
        replace(make_attempt(13), jobs=()),
    ]
    assert judged([*good, *other]).value == 100
    assert judged([*good, *other]).n == 6
    assert judged([*good, *other], workflow=None).n == 6
    assert judged(good, workflow=".github/workflows/ci.yml").n == 6
    assert judged(good, workflow="ci.yml").n == 6


def test_the_arm_of_a_cache(make_attempt: MakeAttempt) -> None:
    attempts = [make_attempt(n, seconds=100 if n % 2 else 230) for n in range(1, 17)]
    caches = {n * 10: HIT if n % 2 else MISS for n in range(1, 13)}
    hit = judged(attempts, caches, cache=HIT)
    assert (hit.verdict, hit.n, hit.value) == (Verdict.MET, 6, 100)
    assert hit.reason.endswith(". 4 left out: cache state unknown.")
    assert judged(attempts, caches, cache=MISS).verdict is Verdict.MISSED
    few = judged(attempts, caches, cache=PARTIAL)
    assert few.reason == "No run: 6 more runs for a verdict. 4 left out: cache state unknown."


def test_the_worst_job_gives_the_arm(make_run: Callable[..., Run], make_job: Callable[..., Job]) -> None:
    jobs = (make_job(id=1), make_job(id=2), make_job(id=3, conclusion="skipped"))
    attempt = Attempt(make_run(), jobs)
    assert cache_arm(attempt, {1: HIT, 2: CacheState.UNUSED}) is HIT
    assert cache_arm(attempt, {1: HIT, 2: MISS}) is MISS
    assert cache_arm(attempt, {1: HIT}) is CacheState.UNKNOWN
    assert cache_arm(attempt, {1: HIT, 2: CacheState.UNKNOWN}) is CacheState.UNKNOWN
    assert cache_arm(Attempt(make_run(), ()), {}) is CacheState.UNKNOWN


def test_a_job_or_a_step(make_run: Callable[..., Run], make_job: Callable[..., Job]) -> None:
    def moment(seconds: float) -> datetime:
        return START + timedelta(seconds=seconds)

    def attempt(n: int) -> Attempt:
        first = 1_000 * n
        steps = (
            Step(1, "Set up", "completed", "success", moment(first), moment(first + 2)),
            Step(2, "Build", "completed", "success", moment(first + 2), moment(first + 30)),
            Step(3, "Old build", "completed", "skipped", moment(first + 2), moment(first + 2)),
        )
        jobs = (make_job(first, first + 10, name="lint"), make_job(first, first + 100, name="test", steps=steps))
        return Attempt(make_run(first, id=n), jobs)

    attempts = [attempt(n) for n in range(6)]
    assert judged(attempts).value == 100
    assert judged(attempts, job="lint").value == 10
    assert judged(attempts, step="Build").value == 28
    assert judged(attempts, job="test", step="Build").value == 28
    assert judged(attempts, job="lint", step="Build").n == 0
    assert judged(attempts, step="Old build").n == 0
    assert judged(attempts, job="gone").n == 0


def test_what_cannot_be_judged_yet(make_attempt: MakeAttempt) -> None:
    attempts = [make_attempt(n) for n in range(8)]
    assert judged(attempts, measure="control") == TargetResult(
        replace(TARGET, measure="control"), Verdict.UNKNOWN, "Controls are not read yet."
    )
    assert judged(attempts, cache_name="buildx", cache=HIT).verdict is Verdict.UNKNOWN
    named = {n * 10: {"buildx": HIT, "pip": MISS} for n in range(7)}
    (by_name,) = judge([replace(TARGET, cache_name="buildx", cache=HIT)], attempts, {}, named=named)
    assert (by_name.verdict, by_name.n) == (Verdict.MET, 7)
    no_limit = judged(attempts, limit=None)
    assert (no_limit.verdict, no_limit.value, no_limit.within) == (Verdict.UNKNOWN, 100, None)
    assert no_limit.reason == "No limit is set; median of 8 runs."


def test_each_target_has_its_result_in_order() -> None:
    targets = [replace(TARGET, id=name) for name in "abc"]
    assert [result.target for result in judge(targets, [], {})] == targets


@pytest.mark.parametrize(
    ("baseline", "value", "text"),
    [
        (210, 105, "50% less than the baseline of 3m30s"),
        (210, 420, "100% more than the baseline of 3m30s"),
        (210, 210.5, "as long as the baseline of 3m30s"),
        (None, 1, None),
        (0, 1, None),
        (210, None, None),
    ],
)
def test_against_the_baseline(baseline: float | None, value: float | None, text: str | None) -> None:
    result = TargetResult(replace(TARGET, baseline=baseline), Verdict.MET, "", value=value)
    assert improvement_text(result) == text
    shares = replace(result, target=replace(result.target, unit="percent"))
    assert improvement_text(shares) is None


@given(
    st.lists(st.tuples(st.integers(0, 1_000), st.sampled_from(["success", "failure"]), st.integers(1, 2)), max_size=40),
    st.integers(0, 1_000),
)
def test_the_rule_holds_for_any_past(past: list[tuple[int, str, int]], limit: int) -> None:
    run = Run(
        repository=None,  # type: ignore[arg-type]
        id=0, attempt=1, number=1, workflow_id=1, workflow_name="CI", workflow_path="ci.yml", title="", event="push",
        branch="main", head_sha="", status="completed", conclusion="success", created_at=START, started_at=START,
        updated_at=START, actor="", url="",
    )  # fmt: skip
    attempts = []
    for n, (seconds, conclusion, attempt) in enumerate(past):
        at = START + timedelta(hours=n)
        end = at + timedelta(seconds=seconds)
        job = Job(n, n, attempt, "test", "completed", conclusion, at, at, end, (), "r", "")
        attempts.append(Attempt(replace(run, id=n, attempt=attempt, conclusion=conclusion, started_at=at), (job,)))
    result = judged(attempts, limit=limit)
    good = [seconds for seconds, conclusion, attempt in past if conclusion == "success" and attempt == 1][-20:]
    assert result.n == len(good)
    assert result.within == sum(seconds <= limit for seconds in good)
    assert result.value is None or result.interval is None or result.interval[0] <= result.value <= result.interval[1]
    if len(good) < 6:
        assert result.verdict is (Verdict.NOT_PROVEN if good else Verdict.UNKNOWN)
    elif result.verdict is Verdict.MET:
        assert result.value is not None
        assert result.value <= limit
    elif result.verdict is Verdict.MISSED:
        assert result.value is not None
        assert result.value > limit
