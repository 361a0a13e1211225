"""The screen as text, at the sizes that the design names."""

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from cidash.domain.problem import Problem, ProblemKind
from cidash.domain.snapshot import Part, Snapshot, SourceState


async def settled(stage: Any, pilot: Any) -> str:
    """The text of the screen once layout and rows have found each other: the same three times running."""
    seen: list[str] = []
    for _ in range(100):
        await pilot.pause()
        seen.append(stage.text())
        if len(seen) >= 3 and len(set(seen[-3:])) == 1:
            break
    return seen[-1]


SIZES = [(80, 24), (120, 40), (200, 60), (40, 10)]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_watch_view(new_stage: Any, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    stage = new_stage()
    async with stage.app.run_test(size=size) as pilot:
        assert await settled(stage, pilot) == snapshot
        assert all(len(line) <= size[0] for line in stage.lines())


async def test_several_runs_of_a_commit_are_shown_side_by_side(stage: Any, snapshot: SnapshotAssertion) -> None:
    make = stage.make
    runs = stage.repository().runs.data
    security = make["run"](381, "Security", "kan-76-lint-format-checks", runs[0].head_sha, 130, path="security.yml")
    stage.change(runs=make["part"]((*runs, security)))
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert "◐ CI   ✓ Security" in stage.text()
        await pilot.press("right")
        assert stage.lines()[1].count("Security")
        await pilot.press("h")
        assert "CI · attempt 2" in stage.text()


async def test_targets_and_epic_open_in_one_column(stage: Any, snapshot: SnapshotAssertion) -> None:
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("tab", "tab")
        assert await settled(stage, pilot) == snapshot(name="epic open")
        await pilot.press("tab")
        assert await settled(stage, pilot) == snapshot(name="targets open")


async def test_failing_sources_keep_their_data_and_say_so(new_stage: Any, snapshot: SnapshotAssertion) -> None:
    stage = new_stage()
    problem = Problem(ProblemKind.SERVER_ERROR, "GitHub answered 502 for the runs of tefj-fun/agent_bus.")
    repository = stage.repository()
    async with stage.app.run_test(size=(120, 30)) as pilot:
        stage.clock.advance(45)
        stage.change(runs=Part(repository.runs.data, repository.runs.fetched_at, SourceState.FAILING, problem))
        await pilot.pause()
        text = stage.text()
        assert "✗ failing 47s" in text
        assert "✗ GitHub answered 502 for the runs of tefj-fun/agent_bus." in stage.lines()[-2]
        assert "#38 KAN-76" in text
        stage.change(runs=repository.runs)
        await pilot.pause()
        assert "502" not in stage.text()


@pytest.mark.parametrize(
    ("epic", "shown"),
    [
        (Part(state=SourceState.OFF), "Jira is off."),
        (Part(state=SourceState.LOADING), "Reading the epic…"),
        (
            Part(
                None,
                None,
                SourceState.FAILING,
                Problem(ProblemKind.UNREACHABLE, "Jira at https://example.atlassian.net does not answer."),
            ),
            "Jira at https://example.atlassian.net does not",
        ),
    ],
)
async def test_epic_without_data_says_why(stage: Any, epic: Part[Any], shown: str) -> None:
    from dataclasses import replace

    stage.engine.snapshot = replace(stage.engine.snapshot, epic=epic)
    stage.app = type(stage.app)(stage.engine, stage.clock)
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert shown in stage.text()


async def test_an_empty_snapshot_is_no_crash(new_stage: Any) -> None:
    from datetime import UTC, datetime

    for snapshot in (Snapshot(datetime(2026, 2, 1, tzinfo=UTC)),):
        stage = new_stage(snapshot)
        async with stage.app.run_test(size=(80, 24)) as pilot:
            await pilot.press("j", "tab", "enter", "n", "o", "R", "t")
            assert "No repository is configured." in stage.text()


async def test_a_run_that_could_not_start_says_why(stage: Any) -> None:
    make = stage.make
    broken = make["run"](500, "CI", "kan-79-release", "e" * 40, 60, conclusion="startup_failure")
    pull = make["pull"](45, "Break the workflow", "kan-79-release", "e" * 40)
    stage.change(pulls=make["part"]((pull,)), runs=make["part"]((broken,)), jobs={})
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert "CI could not start: GitHub rejected .github/workflows/ci.yml" in stage.text()
        assert "startup failure" in stage.text()


async def test_ascii_glyphs_leave_no_other_character_of_ours(new_stage: Any) -> None:
    stage = new_stage(ascii_glyphs=True)
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        lines = stage.app.screen.query_one("#pulls-list").render_lines
        assert lines is not None
        drawn = "\n".join(
            segment.text
            for strip in stage.app.screen._compositor.render_strips()
            for segment in strip.apply_filter(stage.app.get_line_filters()[-1], stage.app.screen.background_colors[1])
        )
        assert drawn.isascii(), sorted({char for char in drawn if not char.isascii()})


async def test_no_color_still_tells_everything(new_stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stage = new_stage()
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        text = stage.text()
        for word in ("✗ MISSED", "✓ MET", "? unknown", "◐ running", "▸"):
            assert word in text


async def test_every_theme_draws(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        for name in stage.app.available_themes:
            stage.app.theme = name
            await pilot.pause()
        assert "#38" in stage.text()
