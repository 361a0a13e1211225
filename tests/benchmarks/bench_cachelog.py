# ruff: noqa: T201 - a benchmark prints
"""How fast and how right the cache log reader is. Run it as a script: `python tests/benchmarks/bench_cachelog.py`.

Prints megabytes per second over a file of realistic job logs, the time as a multiple of a bare loop over the same
file's lines with one `in` test, the peak memory of a process of its own, and precision and recall over the corpus.
Exits with 1 if a promise is broken: 50 MB/s, 6 times the loop, 50 MiB, precision and recall 1.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cidash.analysis.cachelog import read_events

CORPUS = Path(__file__).parents[1] / "analysis" / "cachelog" / "corpus"
WORDS = re.findall(
    r"\S+",
    "error warning building compile module test pass src main node_modules package index lib util request session cache"
    " value running check file path result object target debug release",
)
CHUNK = 256 * 1024
ROUNDS = 3


def chunks(path: Path) -> Iterator[bytes]:
    """Gives the file in pieces."""
    with path.open("rb") as stream:
        while piece := stream.read(CHUNK):
            yield piece


def noise(dice: random.Random) -> str:
    """Gives one line of what fills job logs: compilers, tests, packages, downloads, containers."""

    def words(count: int) -> str:
        return " ".join(dice.choices(WORDS, k=count))

    makers: tuple[tuple[int, Callable[[], str]], ...] = (
        (45, lambda: words(dice.randint(4, 16))),
        (15, lambda: f"#{dice.randint(5, 30)} {dice.random() * 90:.3f} {words(8)}"),
        (8, lambda: f"  Using cached {words(1)}-1.{dice.randint(0, 9)}-py3-none-any.whl ({dice.randint(1, 900)} kB)"),
        (2, lambda: f"Received {dice.randint(1, 10**9)} of 400000000 ({dice.random() * 99:.1f}%), 80.2 MBs/sec"),
        (3, lambda: dice.choice(("##[group]Fetching", "##[endgroup]", "[command]/usr/bin/git version"))),
        (
            2,
            lambda: (
                f"   Compiling {words(1)} v0.{dice.randint(1, 99)}.0 (/home/runner/.cargo/registry/cache/{words(1)})"
            ),
        ),
        (
            25,
            lambda: (
                f"tests/test_{words(1)}.py::test_{words(1)}[{dice.randint(1, 9999)}] PASSED [{dice.randint(0, 99)}%]"
            ),
        ),
    )
    return dice.choices([make for _, make in makers], [weight for weight, _ in makers])[0]()


def write_log(path: Path, size: int) -> None:
    """Writes job logs one after the other: those of the corpus, filled up with noise, some 2 MB each."""
    dice = random.Random(4)
    samples = [item.read_bytes() for item in sorted(CORPUS.glob("*.log")) if item.name.startswith(("cache", "docker"))]
    blocks = []
    for sample in samples[:24]:
        lines = sample.decode().splitlines(keepends=True)
        at = max(1, len(lines) - 5)
        filling = [
            f"2026-08-17T04:{n // 600 % 60:02}:{n // 10 % 60:02}.{n % 10}815322Z {noise(dice)}\n" for n in range(22_000)
        ]
        blocks.append("".join([*lines[:at], *filling, *lines[at:]]).encode())
    written = 0
    with path.open("wb") as stream:
        while written < size:
            written += stream.write(blocks[dice.randrange(len(blocks))])


def bare_loop(path: Path) -> float:
    """Returns the seconds of the simplest search there is, the faster of bytes and text."""
    best = float("inf")
    for mode, needle in (("rb", b"Cache restored"), ("r", "Cache restored")):
        start = time.perf_counter()
        with path.open(mode, **({} if mode == "rb" else {"encoding": "utf-8", "errors": "replace"})) as stream:  # type: ignore[call-overload]
            sum(1 for line in stream if needle in line)
        best = min(best, time.perf_counter() - start)
    return best


def read(path: Path) -> tuple[float, int]:
    """Returns the seconds that reading takes and how many events there are."""
    start = time.perf_counter()
    events = read_events(chunks(path)).events
    return time.perf_counter() - start, len(events)


def peak_memory(path: Path) -> float:
    """Returns the peak of a fresh process that reads the file, in MiB, above one that only imports the reader."""
    peaks = []
    for argument in (path, Path("/dev/null")):
        done = subprocess.run(
            [sys.executable, __file__, "--child", str(argument)], capture_output=True, text=True, check=True
        )
        peaks.append(float(done.stdout))
    print(f"  process as a whole: {peaks[0]:.1f} MiB; only importing the reader: {peaks[1]:.1f} MiB")
    return peaks[0]


def correctness() -> tuple[float, float, int]:
    """Returns precision and recall over the labelled corpus, and the number of its logs."""
    labelled = given = right = logs = 0
    for path in sorted(CORPUS.glob("*.json")):
        labels: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["events"]
        left = [asdict(event) for event in read_events([path.with_suffix(".log").read_bytes()]).events]
        logs, labelled, given = logs + 1, labelled + len(labels), given + len(left)
        for label in labels:
            found = next((event for event in left if label.items() <= event.items()), None)
            if found is not None:
                left.remove(found)
                right += 1
    return right / max(1, given), right / max(1, labelled), logs


def main() -> int:
    """Prints the numbers; returns 1 if a promise is broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--file", type=Path, help="a log to read instead of a made one")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        read(options.child)
        status = Path("/proc/self/status").read_text(encoding="ascii")
        print(next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024)
        return 0
    precision, recall, logs = correctness()
    print(f"corpus: {logs} logs, precision {precision:.3f}, recall {recall:.3f}")
    with tempfile.TemporaryDirectory() as folder:
        path = options.file or Path(folder) / "job.log"
        if not options.file:
            write_log(path, options.megabytes * 1_000_000)
        size = path.stat().st_size / 1_000_000
        rounds = [(bare_loop(path), *read(path)) for _ in range(ROUNDS)]
        bare, seconds = min(one[0] for one in rounds), min(one[1] for one in rounds)
        print(f"speed: {size:.0f} MB, {rounds[0][2]} events, {seconds:.2f} s = {size / seconds:.0f} MB/s")
        print(f"  bare loop over its lines: {bare:.2f} s; the reader takes {seconds / bare:.2f} times that")
        memory = peak_memory(path)
    held = size / seconds >= 50 and seconds / bare <= 6 and memory < 50 and precision == recall == 1
    print("all promises held" if held else "A PROMISE IS BROKEN")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
