"""The interval of the time left: order statistics of what took longer, calibrated, never backwards."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cidash.analysis.eta_interval import LEAST, left_of, run_time_left_interval, time_left_interval
from cidash.domain.ci import Job, Run
from cidash.domain.snapshot import Typical

START = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)
TIMES = tuple(float(value) for value in range(100, 300, 10))


def typical(*times: float) -> Typical:
    return Typical(sorted(times)[len(times) // 2], len(times), tuple(sorted(times)))


def test_from_the_start_it_is_the_middle_eighty_percent() -> None:
    found = left_of(TIMES, 0)
    assert found is not None
    assert (round(found.seconds), round(found.low), round(found.high), found.n) == (195, 111, 279, 20)


def test_what_has_passed_rules_out_what_was_shorter() -> None:
    found = left_of(TIMES, 195)
    assert found is not None
    assert found.n == 10
    assert 0 <= found.low < found.seconds < found.high
    assert found.seconds == 50


def test_too_little_to_go_by() -> None:
    assert left_of(TIMES[: LEAST - 1], 0) is None
    assert left_of(TIMES, 290) is None


def test_a_job(make_job: Callable[..., Job]) -> None:
    running = make_job(0, None, status="in_progress", conclusion=None)
    found = time_left_interval(running, typical(*TIMES), START + timedelta(seconds=195))
    assert found == left_of(TIMES, 195)
    assert time_left_interval(make_job(), typical(*TIMES), START) is None
    assert time_left_interval(running, None, START) is None
    assert time_left_interval(running, Typical(100, 20), START) is None
    queued = make_job(None, None, status="queued", conclusion=None)
    assert time_left_interval(queued, typical(*TIMES), START) == left_of(TIMES, 0)


def test_a_run_ends_no_sooner_than_its_longest_job(make_run: Callable[..., Run], make_job: Callable[..., Job]) -> None:
    run = make_run(0, status="in_progress", conclusion=None)
    job = make_job(0, None, status="in_progress", conclusion=None)
    now = START + timedelta(seconds=50)
    whole = run_time_left_interval(run, (job,), typical(*TIMES), {}, now)
    assert whole == left_of(TIMES, 50)
    slow = {"test": typical(*(time * 3 for time in TIMES))}
    lifted = run_time_left_interval(run, (job,), typical(*TIMES), slow, now)
    assert lifted is not None
    assert whole is not None
    assert lifted.high > whole.high
    assert run_time_left_interval(run, (job,), None, {}, now) is None
    assert run_time_left_interval(run, (), typical(*TIMES), {}, now) is None
    assert run_time_left_interval(make_run(), (job,), typical(*TIMES), {}, now) is None


def test_it_holds_about_eight_times_of_ten() -> None:
    dice = random.Random(1)
    held = told = 0
    for _ in range(1_000):
        times = sorted(dice.lognormvariate(5, 0.15) for _ in range(20))
        real = dice.lognormvariate(5, 0.15)
        elapsed = real * dice.random()
        found = left_of(times, elapsed)
        if found is not None:
            told += 1
            held += found.low <= real - elapsed <= found.high
    assert 0.75 <= held / told <= 0.90


@given(st.lists(st.floats(0.001, 1e6), min_size=LEAST, max_size=40), st.floats(0, 1e6))
def test_it_is_always_in_order(times: list[float], elapsed: float) -> None:
    found = left_of(sorted(times), elapsed)
    assert found is None or 0 <= found.low <= found.seconds <= found.high
