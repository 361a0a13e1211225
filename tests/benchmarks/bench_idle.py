# ruff: noqa: T201 - a benchmark prints
"""What it costs to leave it open: `PYTHONPATH=tests python tests/benchmarks/bench_idle.py`.

The dashboard in a pseudo-terminal of 120 by 40, servers in another process, 10,000 runs in the history, nothing
active: processor time, bytes written to the terminal and peak memory, before any write. Exits with 1 if a promise is
broken: 1 % of a core over 60 s, 100 MiB.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.prepared import RUNS, cpu_seconds, need_linux, peak_mebibytes, prepare, start
from program import Home, served

CPU_LIMIT_PERCENT, MEMORY_LIMIT = 1.0, 100


def main() -> int:
    """Prints the figures; returns 1 if a promise is broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--runs", type=int, default=RUNS)
    options = parser.parse_args()
    need_linux()
    # In the other scenario everything ended days ago.
    with tempfile.TemporaryDirectory() as folder, served(Home(Path(folder)), "--scenario", "closed") as servers:
        home = Home(Path(folder))
        with start(home, prepare(home, servers, options.runs)) as program:
            program.wait_for("● live", "Jira ✓", seconds=30)
            program.read_for(10)
            used, seen = cpu_seconds(program.pid), program.bytes_seen
            program.read_for(options.seconds)
            percent = (cpu_seconds(program.pid) - used) / options.seconds * 100
            rate = (program.bytes_seen - seen) / options.seconds
            peak = peak_mebibytes(program.pid)
            program.press("q")
            program.wait_for_end()
    print(f"idle for {options.seconds:.0f} s: {percent:.2f} % of a core (promise < {CPU_LIMIT_PERCENT:.0f} %)")
    print(f"written to the terminal: {rate:.0f} bytes/s")
    print(f"peak memory: {peak:.1f} MiB (promise < {MEMORY_LIMIT} MiB)")
    return int(percent >= CPU_LIMIT_PERCENT or peak >= MEMORY_LIMIT)


if __name__ == "__main__":
    sys.exit(main())
