"""Any bytes at all: no crash, the same answer however they are cut into chunks, bounded memory."""

import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cidash.analysis.cachelog import read_events, states
from cidash.analysis.cachelog.line import LIMIT
from cidash.analysis.cachelog.messages import catalogue

_PIECES = st.sampled_from(
    [message.sample.encode() for message in catalogue().messages]
    + [
        b"##[group]Run actions/cache@v4",
        b"with:",
        b"  key: Linux-pip-1",
        b"##[endgroup]",
        b"##[group]Run make",
        b"\x1b[36;1mmake\x1b[0m",
        b"shell: /usr/bin/bash -e {0}",
        b"Post job cleanup.",
        b"Cleaning up orphan processes",
        b"Current runner version: '2.336.0'",
        b"2026-08-17T04:25:16.8815322Z Cache not found for input keys: a",
        b"build\tCache pip\t2026-08-17T04:25:16.8815322Z ##[group]Run actions/cache@v4",
        b"\xef\xbb\xbf",
        b"\xff\xfe\x00",
        b"Run actions/cache@v4",
        b"  with:",
        b"Summary:",
        b"x" * 70_000,
        b"\r",
        b"",
    ]
)
_TEXT = st.lists(st.one_of(_PIECES, st.binary(max_size=80)), max_size=40).map(b"\n".join)


def _cut(raw: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = 0
    for size in sizes:
        yield raw[at : at + size]
        at += size
    yield raw[at:]


@settings(max_examples=300, deadline=None)
@given(raw=_TEXT, sizes=st.lists(st.integers(0, 200), max_size=30))
def test_chunks_make_no_difference(raw: bytes, sizes: list[int]) -> None:
    whole = read_events([raw])
    assert read_events(_cut(raw, sizes)) == whole
    states(whole)


@settings(max_examples=200, deadline=None)
@given(raw=st.binary(max_size=2000))
def test_any_bytes_are_read(raw: bytes) -> None:
    reading = read_events([raw])
    assert reading.completeness in {"complete", "cut", "empty"}


def test_every_sample_one_byte_at_a_time(corpus: list[Any]) -> None:
    for sample in corpus:
        whole = read_events([sample.raw])
        assert read_events(bytes([byte]) for byte in sample.raw) == whole
        assert read_events(_cut(sample.raw, [7] * (len(sample.raw) // 7))) == whole


def test_a_log_cut_anywhere_is_never_a_crash_and_never_complete(corpus: list[Any]) -> None:
    raw = next(sample.raw for sample in corpus if sample.name == "cache-v4-hit")
    for end in range(3, len(raw) - 60, 11):
        assert read_events([raw[:end]]).completeness == "cut"


def test_a_line_is_cut_at_64_kib_wherever_the_chunks_end() -> None:
    long = b"Cache restored from key: " + b"k" * LIMIT + b" Cache not found for input keys: z\n"
    for raw in (long * 3, b"x" * LIMIT + b"\n" + long, b"y" * (LIMIT - 9) + long):
        assert read_events([raw]) == read_events(_cut(raw, [1000] * (len(raw) // 1000)))


def test_memory_stays_small_however_long_the_log_and_its_lines() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"2026-08-17T04:25:16.8815322Z ##[group]Run docker/build-push-action@v6\n"
        for number in range(60):
            yield b"#%d [2/3] RUN x\n#%d CACHED\n" % (number, number) * 300
            yield b"z" * 200_000
            yield b"Cache not found for input keys: a\nPost job cleanup.\n" * 100

    tracemalloc.start()
    read_events(chunks())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40 * 1024 * 1024


def test_lines_made_to_confuse_patterns_cost_no_more_than_others() -> None:
    stuffing = [
        b" to /a in ",
        b"1",
        b": Error: ",
        b" and key: ",
        b'"',
        b"a=",
        b", another job",
        b"\x1b[",
        b"[1/2",
        b"'",
    ]
    heads = [message.sample.encode()[:40] for message in catalogue().messages]
    lines = [head + stuff * (LIMIT // 2 // len(stuff)) + b"ache found." for head in heads[::6] for stuff in stuffing]
    opening = b"2026-08-17T04:25:16Z ##[group]Run gradle/actions/setup-gradle@v4\nwith:\n##[endgroup]\n"
    started = time.process_time()
    read_events([opening, b"\n".join(lines)])
    assert time.process_time() - started < 20


def test_a_log_of_nothing_but_messages_costs_linear_time() -> None:
    lines = (
        b"Post job cleanup.\nCache saved with key: a\n",
        b"##[group]Run actions/cache@v4\nwith:\n  key: a\n##[endgroup]\nCache not found for input keys: a\n",
        b"a\tx\t2026-08-17T04:25:16Z No cache found.\nb\tx\t2026-08-17T04:25:16Z No cache found.\n",
        b"#12 [2/3] RUN x\n#12 CACHED\n#1 [internal] load build definition from Dockerfile\n#1 DONE 0.0s\n",
    )
    for line in lines:
        started = time.process_time()
        reading = read_events([line * (400_000 // len(line))])
        assert time.process_time() - started < 10
        assert len(reading.events) <= 10_000
