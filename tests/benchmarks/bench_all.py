# ruff: noqa: T201 - a benchmark prints
"""Runs every benchmark, one after the other, and says at the end which promises were kept: `make bench`.

Each runs in a process of its own, so that none warms up or burdens another. Exits with 1 if a promise is broken.
"""

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """Prints what the benchmarks print, then one line for each."""
    table = []
    for script in sorted(HERE.glob("bench_*.py")):
        if script == Path(__file__):
            continue
        print(f"== {script.stem.removeprefix('bench_')}", flush=True)
        begun = time.perf_counter()
        code = subprocess.run([sys.executable, script], check=False).returncode
        table.append((script.stem.removeprefix("bench_"), code, time.perf_counter() - begun))
    print("\nbenchmark      promises   seconds")
    for name, code, seconds in table:
        print(f"{name:<14} {'kept' if code == 0 else 'BROKEN':<10} {seconds:>7.0f}")
    return int(any(code for _, code, _ in table))


if __name__ == "__main__":
    sys.exit(main())
