"""What several benchmarks stand on: a warm history of many runs, and figures of a running process."""

import os
import random
import shutil
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from benchmarks.bench_history import attempts
from program import CIDASH, Home, Served
from pseudo_terminal import PseudoTerminal

from cidash.config.load import load_text
from cidash.domain.clock import SystemClock
from cidash.history.store import History

RUNS = 10_000


def start(home: Home, config: Path) -> PseudoTerminal:
    """Starts the dashboard in a terminal of 120 by 40."""
    return PseudoTerminal([*CIDASH, "--config", config], environ=home.environ, cwd=home.path)


def prepare(home: Home, servers: Served, runs: int = RUNS) -> Path:
    """Returns a config whose history knows the demo's past, as one session leaves it, and this many runs more."""
    history = home.path / "history.sqlite3"
    config = home.write("demo.toml", servers.config_with_history(history))
    with start(home, config) as program:
        program.wait_for("● live", "Jira ✓", seconds=30)
        before = -1
        while (now := kept_attempts(history)) != before:
            before = now
            program.read_for(4)
        program.press("q")
        program.wait_for_end()
    fill(history, config, runs)
    return config


def fill(history: Path, config: Path, runs: int) -> None:
    """Writes so many runs of the past into the history of the config's repository."""
    loaded = load_text(config.read_text(encoding="utf-8"), str(config))
    repository = loaded.repositories[0].id
    url = loaded.host(repository.host).api_url
    store = History.open(history, SystemClock())
    kept = store.repository(url, repository)
    for attempt in attempts(runs, random.Random(7)):
        kept.save(replace(attempt, run=replace(attempt.run, repository=repository)))
    store.close()


def kept_attempts(history: Path) -> int:
    """Returns how many attempts the history holds."""
    with closing(sqlite3.connect(history)) as base:
        return int(base.execute("SELECT count(*) FROM attempts").fetchone()[0])


def cpu_seconds(pid: int) -> float:
    """Returns the processor time that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mebibytes(pid: int) -> float:
    """Returns the largest resident size that a process has had (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def need_linux() -> None:
    """Ends the program where figures of processes can't be read."""
    if not shutil.which("sh") or not Path("/proc/self/stat").exists():
        sys.exit("This benchmark reads /proc, which is not here.")
