"""A run that was chosen tells once when it ends; nothing tells by itself."""

from dataclasses import replace
from typing import Any

import pytest

from cidash.tui.bells import Bells, desktop_notice, sentence


def test_a_notice_holds_no_strangers_sequences() -> None:
    notice = desktop_notice("CI of x\x07\x1b]0;evil\x07: passed\x9c", {})
    assert notice == "\x1b]9;CI of x: passed\x07"
    assert desktop_notice("a", {"TMUX": "x"}) == "\x1bPtmux;\x1b\x1b]9;a\x07\x1b\\"


async def test_the_key_turns_it_on_and_the_end_is_told_once(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    written: list[str] = []
    async with stage.app.run_test(size=(120, 40)) as pilot:
        monkeypatch.setattr(stage.app, "bell", lambda: rung.append(1))
        monkeypatch.setattr(stage.app._driver, "write", written.append)
        runs = stage.repository().runs.data
        ended = tuple(replace(run, status="completed", conclusion="success") if run.id == 380 else run for run in runs)
        assert rung == []
        await pilot.press("b")
        await pilot.pause()
        assert "tells its end" in stage.text()
        for _ in range(2):
            stage.change(runs=stage.make["part"](ended))
            await pilot.pause()
        assert rung == [1]
        assert [text for text in written if "]9;" in text] == [
            "\x1b]9;cidash: CI of kan-76-lint-format-checks, attempt 2: passed\x07"
        ]
        await pilot.press("b")
        await pilot.pause()
        assert any("Only a run that goes on" in text for text in stage.said())


async def test_the_key_turns_it_off_again(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("b", "b")
        await pilot.pause()
        assert stage.app.bells.wanted == frozenset()


def test_a_run_in_words(stage: Any) -> None:
    bells = Bells()
    run = stage.repository().runs.data[0]
    assert bells.toggle(run)
    assert bells.ended(stage.engine.snapshot) == []
    assert sentence(run) == "CI of kan-76-lint-format-checks, attempt 2: running"
