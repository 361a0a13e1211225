"""The app itself: what it asks of engine and terminal, and what it gives away when it fails."""

import inspect
import io
import os
import subprocess
import sys
from typing import Any

import pytest
from rich.console import Console
from textual.app import App

from cidash.domain.snapshot import Snapshot
from cidash.tui import browser, hangup
from cidash.tui.app import CidashApp, SnapshotChanged


async def test_the_engine_runs_after_the_first_frame_and_is_listened_to(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert stage.engine.running
        assert len(stage.engine.listeners) == 1
        await pilot.press("r")
        assert stage.engine.kicks == 1
    assert stage.engine.listeners == []


async def test_a_burst_of_snapshots_is_drawn_once(stage: Any) -> None:
    drawn: list[object] = []

    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        screen = stage.app.view
        show = screen.show

        def counted(snapshot: Snapshot) -> None:
            drawn.append(snapshot)
            show(snapshot)

        screen.show = counted
        for _ in range(100):
            stage.engine.put(stage.engine.snapshot)
        await pilot.pause()
    assert 1 <= len(drawn) <= 3


def test_only_the_newest_snapshot_waits(stage: Any) -> None:
    message = SnapshotChanged(stage.engine.snapshot)
    assert message.can_replace(SnapshotChanged(stage.engine.snapshot))


async def test_focus_of_the_terminal_reaches_the_engine(stage: Any) -> None:
    from textual.events import AppBlur, AppFocus

    async with stage.app.run_test(size=(120, 40)) as pilot:
        stage.app.post_message(AppBlur())
        await pilot.pause()
        stage.app.post_message(AppFocus())
        await pilot.pause()
    assert stage.engine.focus == [False, True]


async def test_a_bug_in_the_engine_is_loud(stage: Any) -> None:
    async def broken() -> None:
        raise RuntimeError("a bug in the engine")

    stage.engine.run = broken

    async def start() -> None:
        async with stage.app.run_test(size=(120, 40)) as pilot:
            await pilot.pause(0.1)

    with pytest.raises(Exception, match="a bug in the engine"):
        await start()


async def test_the_crash_report_shows_no_local_variable(stage: Any) -> None:
    """Holds Textual's private `_fatal_error` in place: it is what a crash calls, and our report has no locals."""
    assert "self._fatal_error()" in inspect.getsource(App._handle_exception)

    def leaky() -> None:
        authorization = "Bearer " + "ghp_" + "secretsecret"
        assert authorization
        raise RuntimeError("a bug")

    async with stage.app.run_test(size=(120, 40)):
        try:
            leaky()
        except RuntimeError:
            stage.app._fatal_error()
        out = io.StringIO()
        console = Console(file=out, width=200)
        for renderable in stage.app._exit_renderables:
            console.print(renderable)
    report = out.getvalue()
    assert "leaky" in report
    assert "ghp_secretsecret" not in report
    assert "locals" not in report


async def test_a_lost_terminal_ends_the_app(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        monkeypatch.setattr(type(stage.app), "is_headless", False)
        monkeypatch.setattr("cidash.tui.app.terminal_is_gone", lambda: True)
        stage.app._tick()
        await pilot.pause()
    assert stage.app.return_code == 129


def test_a_hung_up_terminal_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "rb", buffering=0) as terminal:
        monkeypatch.setattr(sys, "__stdin__", terminal)
        assert not hangup.terminal_is_gone()
        os.close(ours)
        assert hangup.terminal_is_gone()


@pytest.mark.parametrize(
    ("url", "openable"),
    [
        ("https://github.com/x", True),
        ("http://127.0.0.1:8000/x", True),
        ("http://github.com/x", False),
        ("javascript:alert(1)", False),
        ("file:///etc/passwd", False),
        ("", False),
        (None, False),
    ],
)
def test_only_web_pages_are_opened(url: str | None, openable: bool) -> None:
    assert browser.is_openable(url) is openable


@pytest.mark.parametrize(
    ("environ", "platform", "program"),
    [
        ({"DISPLAY": ":0"}, "linux", "xdg-open"),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "1 2 3 4"}, "linux", None),
        ({}, "linux", None),
        ({}, "darwin", "open"),
        ({"SSH_TTY": "/dev/pts/1"}, "darwin", None),
    ],
)
def test_a_browser_is_started_only_where_it_can_be_seen(
    environ: dict[str, str], platform: str, program: str | None
) -> None:
    call = browser.command_for("https://github.com/x", environ, platform)
    assert (call[0] if call else None) == program


async def test_without_a_browser_the_address_is_copied_and_shown(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "1 2 3 4")
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("o")
        await pilot.pause()
        assert stage.app.clipboard == "https://github.com/tefj-fun/agent_bus/pull/38"
        assert "Copied instead: https://github.com/tefj-fun/agent_bus/pull/38" in stage.said()[0]
        await pilot.press("tab", "tab", "y")
        assert stage.app.clipboard == "https://example.atlassian.net/browse/KAN-76"
        await pilot.press("tab", "y")
        assert stage.app.clipboard.endswith("KAN-76")


async def test_a_step_has_its_own_address(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter", "j", "y")
        assert stage.app.clipboard.endswith("/actions/runs/380/job/3802#step:1:1")


async def test_the_palette_finds_actions(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("j", "j", "ctrl+p")
        await pilot.press(*"re-run")
        for _ in range(40):
            await pilot.pause(0.05)
            if "Re-run failed jobs, one" in stage.text():
                break
        assert "Re-run failed jobs, one, or all" in stage.text()
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert type(stage.app.screen).__name__ == "RerunDialog"


def test_the_screen_imports_no_client_library() -> None:
    code = (
        "import sys, cidash.tui.app\n"
        "slow = {'httpx', 'github', 'jira', 'pydantic', 'requests', 'sqlite3', 'starlette', 'uvicorn'}\n"
        "print(sorted(slow & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_stylesheet_is_beside_the_app() -> None:
    from pathlib import Path

    import cidash.tui.app as module

    assert (Path(module.__file__).parent / str(CidashApp.CSS_PATH)).is_file()
