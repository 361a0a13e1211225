# ruff: noqa: T201 - a benchmark prints
"""How a large log opens. Run it as a script: `python tests/benchmarks/bench_log.py [MEGABYTES]`.

Writes a log of 200 MB, opens it on the real log screen in a process of its own, and prints the time to the first
screen at the failing step, the longest time that the screen was held up meanwhile, the index's speed, the time of a
search through all of it, and the peak memory. Exits with 1 if a promise is broken: 150 MiB, and never held up for
more than a quarter of a second.
"""

import asyncio
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

BEGIN = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)
STEPS = 20
MEMORY_MIB = 150
HELD_SECONDS = 0.25


def write_log(path: Path, megabytes: int) -> None:
    """Writes the log: steps with groups, the one before the last fails."""
    dice = random.Random(7)
    words = ["compile", "module", "test", "warning", "src", "main", "index", "request", "session", "cache", "value"]
    filler = [" ".join(dice.choices(words, k=dice.randint(4, 16))) for _ in range(997)]
    total, at, written = megabytes * 1_000_000, 0, 0
    with path.open("wb") as out:
        for step in range(STEPS):
            second = 0
            lines = [f"##[group]Run step {step}", "##[endgroup]"]
            size = 0
            while size < total // STEPS:
                text = filler[at % len(filler)]
                at += 1
                if at % 500 == 0:
                    lines += ["##[group]Some group", "inside", "##[endgroup]"]
                lines.append(f"\x1b[32m{text}\x1b[0m" if at % 7 == 0 else text)
                size += len(text) + 30
                if len(lines) > 5_000:
                    written += _flush(out, lines, step, second)
                    lines, second = [], min(59, second + 1)
            if step == STEPS - 2:
                lines.append("##[error]Process completed with exit code 1.")
            written += _flush(out, lines, step, second)


def _flush(out: Any, lines: list[str], step: int, second: int) -> int:
    stamp = (BEGIN + timedelta(minutes=step, seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.1234567Z ")
    data = "".join(f"{stamp}{line}\n" for line in lines).encode()
    return int(out.write(data))


async def measure(path: Path) -> dict[str, float]:
    """Opens the log on the screen and returns what was measured."""
    from textual.app import App

    from cidash.analysis.log_view.index import LogIndex
    from cidash.analysis.log_view.search import Pattern
    from cidash.domain.ci import Job, Step
    from cidash.github.log_file import CHUNK, LogFile
    from cidash.tui.log.view import LogView
    from cidash.tui.themes import DARK, THEMES

    steps = tuple(
        Step(
            number + 1, f"Run step {number}", "completed", "failure" if number == STEPS - 2 else "success",
            BEGIN + timedelta(minutes=number), BEGIN + timedelta(minutes=number + 1),
        )
        for number in range(STEPS)
    )  # fmt: skip
    job = Job(1, 1, 1, "test", "completed", "failure", BEGIN, BEGIN, BEGIN, (), None, "", steps)
    found: dict[str, float] = {}

    class Bench(App[None]):
        def compose(self) -> Any:
            yield LogView()

    app = Bench()
    for theme in THEMES:
        app.register_theme(theme)
    app.theme = DARK
    async with app.run_test(size=(120, 40)) as pilot:
        held = 0.0

        async def heart() -> None:
            nonlocal held
            while True:
                before = time.perf_counter()
                await asyncio.sleep(0.005)
                held = max(held, time.perf_counter() - before)

        beating = asyncio.create_task(heart())
        begun = time.perf_counter()
        index = LogIndex()
        stream = path.open("rb")
        while chunk := stream.read(CHUNK):
            index.feed(chunk)
            await asyncio.sleep(0)
        index.finish()
        indexed = time.perf_counter()
        view = app.query_one(LogView)
        with LogFile(stream, index) as file:
            view.open(file, job)
            await pilot.pause()
            found["first_screen_seconds"] = time.perf_counter() - begun
            found["index_mb_per_second"] = index.size / 1e6 / (indexed - begun)
            found["lines"] = index.lines
            view.pattern = Pattern("not in there at all")
            begun = time.perf_counter()
            await view.search(backwards=False)
            found["search_seconds"] = time.perf_counter() - begun
            view.go_first()
            for _ in range(30):
                view.page(1)
                await pilot.pause()
        found["held_up_seconds"] = held
        beating.cancel()
    found["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


def main() -> int:
    """Measures in a process of its own, and returns 1 if a promise is broken."""
    if len(sys.argv) > 2 and sys.argv[1] == "--measure":
        print(json.dumps(asyncio.run(measure(Path(sys.argv[2])))))
        return 0
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "job.log"
        write_log(path, megabytes)
        done = subprocess.run(
            [sys.executable, __file__, "--measure", str(path)], capture_output=True, text=True, check=True
        )
    found = json.loads(done.stdout)
    for name, value in found.items():
        print(f"{name:24} {value:,.3f}")
    return int(found["peak_mib"] > MEMORY_MIB or found["held_up_seconds"] > HELD_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
