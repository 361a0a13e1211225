# ruff: noqa: T201 - a benchmark prints
"""How fast it opens and how fast it answers: `PYTHONPATH=tests python tests/benchmarks/bench_start.py`.

First frame with data against a Textual app with one Static: fresh processes in pseudo-terminals of 120 by 40, taking
turns, servers in another process, 10,000 runs in the history. Then how long a cursor key and a view switch take until
the screen shows it. Exits with 1 if a promise is broken: 1.5 times, 50 ms at the 95th percentile, 150 ms.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.prepared import RUNS, cpu_seconds, need_linux, prepare, start
from program import Home, served
from pseudo_terminal import PseudoTerminal, Screen

RATIO_LIMIT, KEY_LIMIT_MS, VIEW_LIMIT_MS = 1.5, 50, 150
BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("ready to compare")
Bare().run()
"""
_LATE = {"httpx", "github", "jira", "requests", "starlette", "uvicorn"}


def has_data(screen: Screen) -> bool:
    """Whether pull requests, jobs, epic and targets are there."""
    return all(text in screen.text for text in ("#38", "KAN-76", "Targets", "CI · attempt"))


def first_frame(program: PseudoTerminal, *, bare: bool) -> tuple[float, float]:
    """Returns the seconds from the start of the process, and those of the processor; ends the program."""
    with program:
        program.wait_until(
            lambda screen: "ready to compare" in screen.text if bare else has_data(screen), "the first frame", 30
        )
        return time.perf_counter() - program.started, cpu_seconds(program.pid)


def percentile(values: list[float], share: float) -> float:
    """Returns the value that this share of the values does not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def key_seconds(program: PseudoTerminal, count: int) -> list[float]:
    """Returns how long each of so many cursor keys took until the cursor was elsewhere."""
    seconds = []
    for number in range(count):
        before = marked(program.screen)
        program.press("down" if number % 6 < 3 else "up")
        seconds.append(program.wait_until(lambda screen: marked(screen) != before, "the moved cursor", 5))  # noqa: B023
        program.read_for(0.15)
    return seconds


def marked(screen: Screen) -> str:
    """Returns the place of the cursor in the list of pull requests."""
    return next((line[:12] for line in screen.lines if line.startswith("▸")), "")


def view_seconds(program: PseudoTerminal, count: int) -> list[float]:
    """Returns how long each switch to another view and back took; nothing if there is only one view."""
    seconds = []
    for _ in range(count):
        for key, shown in (("2", False), ("1", True)):
            program.press(key)
            try:
                seconds.append(
                    program.wait_until(lambda screen: ("Pull requests" in screen.text) == shown, "the view", 3)  # noqa: B023
                )
            except AssertionError:
                return []
            program.read_for(0.3)
    return seconds


def imported_early(home: Home, config: Path) -> set[str]:
    """Returns the packages that opening on the history imports although it could do without."""
    code = (
        "import sys, os, asyncio\n"
        "from pathlib import Path\n"
        "from cidash.cli import session\n"
        "from cidash.config.load import load\n"
        "import cidash.cli.dashboard, cidash.tui.app\n"
        f"config = load(Path({str(config)!r}), Path.cwd(), os.environ).config\n"
        "engine = session.build_engine(config, [one.id for one in config.repositories])\n"
        "engine.open()\n"
        f"print(' '.join(sorted(set(sys.modules) & {_LATE!r})))\n"
        "asyncio.run(engine.close())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=home.environ, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def measure(home: Home, config: Path, rounds: int, keys: int) -> int:
    """Prints the figures; returns 1 if a promise is broken."""
    ours, bare = [], []
    for _ in range(rounds):
        bare.append(
            first_frame(PseudoTerminal([sys.executable, "-c", BARE], environ=home.environ, cwd=home.path), bare=True)
        )
        ours.append(first_frame(start(home, config), bare=False))
    (wall, cpu), (bare_wall, bare_cpu) = (
        [statistics.median(one) * 1000 for one in zip(*each, strict=True)] for each in (ours, bare)
    )
    ratio = wall / bare_wall
    print(
        f"first frame: {wall:.0f} ms, bare Textual {bare_wall:.0f} ms; ratio {ratio:.2f} (promise <= {RATIO_LIMIT}); "
        f"best {min(ours)[0] * 1000:.0f} and {min(bare)[0] * 1000:.0f}; n={rounds} each"
    )
    print(f"of the processor: {cpu:.0f} ms, bare Textual {bare_cpu:.0f} ms; ratio {cpu / bare_cpu:.2f}")
    early = imported_early(home, config)
    print(f"imported before the first frame although not needed: {', '.join(sorted(early)) or 'none'}")
    with start(home, config) as program:
        program.wait_for("● live", "Jira ✓", seconds=30)
        program.read_for(3)
        pressed = key_seconds(program, keys)
        switched = view_seconds(program, 10)
    p95 = percentile(pressed, 0.95) * 1000
    print(
        f"cursor key: median {statistics.median(pressed) * 1000:.0f} ms, 95th percentile {p95:.0f} ms "
        f"(promise <= {KEY_LIMIT_MS}), n={keys}"
    )
    slowest = percentile(switched, 0.95) * 1000 if switched else 0.0
    if switched:
        print(
            f"view switch: median {statistics.median(switched) * 1000:.0f} ms, 95th percentile {slowest:.0f} ms "
            f"(promise <= {VIEW_LIMIT_MS}), n={len(switched)}"
        )
    else:
        print("view switch: there is only one view")
    return int(ratio > RATIO_LIMIT or bool(early) or p95 > KEY_LIMIT_MS or slowest > VIEW_LIMIT_MS)


def main() -> int:
    """Measures in a home of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--keys", type=int, default=60)
    parser.add_argument("--runs", type=int, default=RUNS)
    options = parser.parse_args()
    need_linux()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        with served(home) as servers:
            return measure(home, prepare(home, servers, options.runs), options.rounds, options.keys)


if __name__ == "__main__":
    sys.exit(main())
