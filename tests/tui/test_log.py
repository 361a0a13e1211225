"""The log screen: where it opens, folding, search, copying, saving, a running job, hostile text."""

import asyncio
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from cidash.analysis.log_view.index import LogIndex
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.github.log_file import LogFile
from cidash.github.log_queries import Annotation


def stamped(second: int, text: str) -> str:
    return f"2026-02-01T07:{second // 60:02}:{second % 60:02}.1234567Z {text}\n"


def failing_log() -> bytes:
    """The broken job of PR #44: it began 9,000 s before 09:41, at 07:11."""
    lines = [stamped(660, "Current runner version: '2.331.0'")]
    lines += [stamped(670, "##[group]Run docker compose up -d --build"), stamped(670, "shell: bash")]
    lines += [stamped(670, "##[endgroup]"), *(stamped(671, f"building layer {number}") for number in range(40))]
    lines += [
        stamped(780, "##[group]Run pytest"),
        stamped(780, "\x1b[36;1mpytest -q\x1b[0m"),
        stamped(780, "##[endgroup]"),
    ]
    lines += [stamped(781, f"tests/test_{number}.py .") for number in range(60)]
    lines += [stamped(839, "[link=x]E   assert\x1b]0;owned\x07 1 == 2[/link]"), stamped(839, "##[error]exit code 1.")]
    return "".join(lines).encode()


async def until(pilot: Any, holds: Callable[[], bool]) -> None:
    """Waits for the screen, which is drawn a moment after the key."""
    for _ in range(200):
        if holds():
            return
        await pilot.pause()
    pytest.fail("the screen never came to show it")


class FakeLogs:
    """Hands out a log, or raises; `gate` holds it back."""

    def __init__(self, data: bytes | SourceError, annotations: tuple[Annotation, ...] | None = None) -> None:
        self.data = data
        self.notes = annotations
        self.asked: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.file: LogFile | None = None

    async def open(self, repository: Any, job_id: int, on_bytes: Callable[[int], None] = lambda _: None) -> LogFile:
        self.asked.append(job_id)
        on_bytes(2_000_000)
        await self.gate.wait()
        if isinstance(self.data, SourceError):
            raise self.data
        self.file = LogFile(io.BytesIO(self.data), LogIndex().feed_all([self.data]))
        return self.file

    async def annotations(self, repository: Any, job_id: int) -> tuple[Annotation, ...] | None:
        return self.notes


async def settle(stage: Any, pilot: Any) -> None:
    """Waits until nothing is being read, searched or saved any more."""
    await pilot.pause()
    groups = {"log", "annotations", "search", "save"}
    for _ in range(100):
        if all(one.group not in groups or one.is_finished for one in stage.app.workers):
            break
        await pilot.pause(0.01)
    await pilot.pause()


async def open_log(stage: Any, pilot: Any, logs: FakeLogs, pull: int = 2) -> None:
    stage.engine.logs = logs
    await pilot.pause()
    await pilot.press(*["j"] * pull, "L")
    await settle(stage, pilot)


async def test_it_opens_at_the_first_failing_step(stage: Any, snapshot: SnapshotAssertion) -> None:
    notes = (Annotation("failure", "tests/test_bus.py", 41, "", "assert [red]1[/red] == 2"),)
    logs = FakeLogs(failing_log(), notes)
    async with stage.app.run_test(size=(100, 24)) as pilot:
        await open_log(stage, pilot, logs)
        assert logs.asked == [4402]
        assert stage.text() == snapshot
        assert "▸     error: exit code 1." in stage.text()
        assert "[link=x]E   assert 1 == 2[/link]" in stage.text()
        assert "tests/test_bus.py:41  assert [red]1[/red] == 2" in stage.text()
        await pilot.press("escape")
        await pilot.pause()
        assert logs.file is not None
        with pytest.raises(ValueError, match="closed"):
            logs.file.raw(0)


async def test_steps_fold_and_unfold(stage: Any) -> None:
    async with stage.app.run_test(size=(100, 24)) as pilot:
        await open_log(stage, pilot, FakeLogs(failing_log()))
        await pilot.press("g", "enter")
        await until(pilot, lambda: "Current runner version" in stage.text())
        await pilot.press("space")
        await until(pilot, lambda: "Current runner version" not in stage.text())
        await pilot.press("f")
        await until(pilot, lambda: "failed steps only" in stage.text())
        await until(pilot, lambda: "Set up job" not in stage.text())
        await pilot.press("f", "T", "n")
        await until(pilot, lambda: "2026-02-01T07:13:59.1234567Z error: exit code 1." in stage.text())


async def test_search_goes_into_folded_steps_and_groups(stage: Any) -> None:
    async with stage.app.run_test(size=(100, 24)) as pilot:
        await open_log(stage, pilot, FakeLogs(failing_log()))
        await pilot.press("slash", *"shell", "enter")
        await settle(stage, pilot)
        assert "▸       shell: bash" in stage.text()
        await pilot.press("slash", *"/layer 3[0-9]", "enter")
        await settle(stage, pilot)
        assert "▸     building layer 30" in stage.text()
        await pilot.press("n")
        await settle(stage, pilot)
        assert "▸     building layer 31" in stage.text()
        await pilot.press("N", "N")
        await settle(stage, pilot)
        assert "▸     building layer 39" in stage.text(), "it starts over at the end"
        await pilot.press("slash", *"not there", "enter")
        await settle(stage, pilot)
        assert stage.said()[-1] == "not there is not there."
        await pilot.press("slash", *"/(a+)+$", "enter")
        await settle(stage, pilot)
        assert "may take for ever" in stage.said()[-1]
        await pilot.press("escape", "n")
        await settle(stage, pilot)
        assert "▸     error: exit code 1." in stage.text()


async def test_copying(stage: Any) -> None:
    async with stage.app.run_test(size=(100, 24)) as pilot:
        await open_log(stage, pilot, FakeLogs(failing_log()))
        await pilot.press("y")
        assert stage.app.clipboard == "error: exit code 1."
        await pilot.press("v", "k", "Y")
        assert stage.app.clipboard == "[link=x]E   assert 1 == 2[/link]\nerror: exit code 1."
        await pilot.press("Y")
        assert stage.app.clipboard.startswith("Pytest\nRun pytest")


async def test_saving_never_overwrites(stage: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with stage.app.run_test(size=(100, 24)) as pilot:
        await open_log(stage, pilot, FakeLogs(failing_log()))
        for _ in range(2):
            await pilot.press("s")
            await pilot.pause()
            await pilot.press("enter")
            await settle(stage, pilot)
        assert (tmp_path / "test-4402.log").read_bytes() == failing_log()
        assert stage.said()[-2:] == [
            "Saved to test-4402.log.",
            "test-4402.log is there already, and stays as it is: choose another name.",
        ]


async def test_a_running_job_shows_its_steps_until_its_log_is_there(stage: Any) -> None:
    logs = FakeLogs(b"all is well\n")
    async with stage.app.run_test(size=(110, 24)) as pilot:
        await open_log(stage, pilot, logs, pull=0)
        await pilot.press("escape", "enter", "L")
        await pilot.pause()
        assert "GitHub has no public live log" in stage.text()
        assert "◐ Build + start services  1m58s" in stage.text()
        assert logs.asked == []
        repository = stage.repository()
        part = repository.jobs[380, 2]
        ended = tuple(
            replace(job, status="completed", conclusion="success", completed_at=stage.NOW) for job in part.data
        )
        stage.change(jobs={**repository.jobs, (380, 2): replace(part, data=ended)})
        await pilot.pause()
        await settle(stage, pilot)
        assert len(logs.asked) == 1
        assert "1 line" in stage.text()


async def test_reading_shows_how_far_it_is_and_what_goes_wrong(stage: Any) -> None:
    logs = FakeLogs(SourceError(Problem(ProblemKind.FORBIDDEN, "github.com refused to show the log.")))
    logs.gate.clear()
    async with stage.app.run_test(size=(100, 24)) as pilot:
        stage.engine.logs = logs
        await pilot.press("j", "j", "L")
        await pilot.pause()
        assert "Reading the log… 2 MB" in stage.text()
        logs.gate.set()
        await settle(stage, pilot)
        assert "github.com refused to show the log." in stage.text()
        await pilot.press("s", "escape")
        await pilot.pause()
        assert stage.said()[-1] == "There is no log to save yet."
