"""The two messages of actions/cache, and nothing that only looks like them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cidash.analysis.cache_label import cache_state
from cidash.demo.logs import JobForLog, StepForLog, job_log
from cidash.domain.cache import CacheState

KEY = "Linux-docker-0a1b"
STAMP = "2026-02-06T06:49:36.8299043Z "


def step(*output: str, key: str | None = KEY, action: str = "actions/cache@v4") -> list[str]:
    """A step of an action as the runner prints it, stamped, with its output."""
    inputs = [] if key is None else [f"  key: {key}"]
    header = [f"##[group]Run {action}", "with:", "  path: /tmp/x", *inputs, "  lookup-only: false", "env:", "  A: 1"]
    return [f"{STAMP}{line}" for line in [*header, "##[endgroup]", *output]]


def script(*source: str, output: tuple[str, ...] = ()) -> list[str]:
    """A step of a script: its source is echoed in colour inside the group."""
    echoed = [f"\x1b[36;1m{line}\x1b[0m" for line in source]
    group = [f"##[group]Run {source[0]}", *echoed, "shell: /usr/bin/bash -e {0}", "##[endgroup]", *output]
    return [f"{STAMP}{line}" for line in group]


def state(lines: list[str], *, bom: bool = True) -> CacheState:
    return cache_state(("\ufeff" * bom + "\n".join(lines)).encode().splitlines(keepends=True))


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (f"Cache restored from key: {KEY}", CacheState.HIT),
        (f"Cache restored from key: {KEY.upper()}", CacheState.HIT),
        (f"\x1b[32mCache restored from key: {KEY}\x1b[0m", CacheState.HIT),
        ("Cache restored from key: Linux-docker-", CacheState.PARTIAL),
        (f"Cache restored from key: {KEY}2", CacheState.PARTIAL),
        (f"Cache not found for input keys: {KEY}, Linux-docker-", CacheState.MISS),
        (f"Cache not found for input keys: {KEY}.", CacheState.MISS),
        (f"Cache hit for: {KEY}", CacheState.UNUSED),
        (f"it said: Cache restored from key: {KEY}", CacheState.UNUSED),
    ],
)
def test_one_step(output: str, expected: CacheState) -> None:
    assert state(step("Cache Size: ~1 MB (1 B)", output)) is expected


@pytest.mark.parametrize("action", ["actions/cache@v4", "actions/cache/restore@0123abc", "actions/cache@v4.2.3"])
def test_its_names(action: str) -> None:
    assert state(step(f"Cache restored from key: {KEY}", action=action)) is CacheState.HIT


@pytest.mark.parametrize("log", [[], [b""], [b"\xef\xbb\xbf"], [b"\xef\xbb\xbf\n", b"  \r\n"]])
def test_an_empty_log_is_unknown(log: list[bytes]) -> None:
    assert cache_state(log) is CacheState.UNKNOWN


def test_a_log_without_caches() -> None:
    assert state([f"{STAMP}Hello"]) is CacheState.UNUSED


def test_scripts_never_count() -> None:
    fake = f"Cache restored from key: {KEY}"
    lines = [
        *script("grep -c x ci.log", fake, "  key: other", output=(fake, "Cache not found for input keys: a")),
        *step(fake),
        *script(f"echo '{fake}x'", "Cache not found for input keys: b", output=("Cache not found for input keys: c",)),
    ]
    assert state(lines) is CacheState.HIT
    assert state(script("actions/cache@v4", fake, output=())) is CacheState.UNUSED


def test_other_actions_do_not_count() -> None:
    other = step(f"Cache restored from key: {KEY}", key=None, action="actions/setup-python@v5")
    assert state(other) is CacheState.UNUSED
    assert state([*other, *step("Cache not found for input keys: x")]) is CacheState.MISS


def test_what_follows_the_steps_does_not_count() -> None:
    after = [f"{STAMP}Post job cleanup.", f"{STAMP}Cache not found for input keys: {KEY}"]
    assert state([*step(f"Cache restored from key: {KEY}"), *after]) is CacheState.HIT


def test_several_caches_give_the_worst() -> None:
    hit, miss = step(f"Cache restored from key: {KEY}"), step(f"Cache not found for input keys: {KEY}")
    partial = step("Cache restored from key: Linux-")
    assert state([*hit, *hit]) is CacheState.HIT
    assert state([*hit, *partial]) is CacheState.PARTIAL
    assert state([*partial, *miss, *hit]) is CacheState.MISS


def test_an_unreadable_key_is_unknown() -> None:
    assert state(step(f"Cache restored from key: {KEY}", key=None)) is CacheState.UNKNOWN


def test_inputs_of_several_lines() -> None:
    lines = step(f"Cache restored from key: {KEY}")
    lines[2:3] = [f"{STAMP}  path: ~/.cache", "~/.npm", "  key: not-this-one", "env:"]
    lines[7:7] = [f"{STAMP}  restore-keys: Linux-", "Other-", ""]
    assert state(lines) is CacheState.HIT


def test_a_log_without_stamps() -> None:
    lines = [line.removeprefix(STAMP) for line in step(f"Cache restored from key: {KEY}")]
    assert state(lines, bom=False) is CacheState.HIT


@given(st.lists(st.binary(max_size=60)))
def test_any_bytes_are_read(lines: list[bytes]) -> None:
    assert cache_state(lines) in {CacheState.UNKNOWN, CacheState.UNUSED}


def test_a_huge_line_is_no_trouble() -> None:
    assert cache_state([b"Cache restored from key: " + b"x" * 10_000_000]) is CacheState.UNUSED


@pytest.mark.parametrize(
    ("cache", "expected"),
    [("hit", "hit"), ("partial", "partial"), ("miss", "miss"), ("broken", "miss"), ("none", "unused")],
)
def test_the_demos_logs(cache: str, expected: str) -> None:
    start = datetime(2026, 2, 6, 6, 49, tzinfo=UTC)
    names = ("Set up job", "Checkout", "Cache Docker layers", "Build + start services", "Pytest", "Complete job")
    steps = tuple(
        StepForLog(number, name, "success", start + timedelta(seconds=number), start + timedelta(seconds=number + 1))
        for number, name in enumerate(names, 1)
    )
    log = job_log(JobForLog("test", "success", start, steps, cache=cache, cache_key=KEY, docker_steps_total=7))
    assert cache_state(log.splitlines()) == expected
