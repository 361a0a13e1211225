"""The selection stays on what it is, whatever the servers and the terminal do."""

from dataclasses import replace
from typing import Any

from textual.events import Key

from cidash.domain.ci import Job
from cidash.tui.watch.screen import WatchScreen


def screen_of(stage: Any) -> WatchScreen:
    screen = stage.app.view
    assert isinstance(screen, WatchScreen)
    return screen


def job_of(stage: Any) -> Job:
    job = screen_of(stage).run_pane.cursor_job
    assert job is not None
    return job


def selected(stage: Any) -> int | None:
    item = screen_of(stage).item
    return item.pull.number if item is not None and item.pull is not None else None


async def test_it_follows_the_pull_request_through_reorder_and_removal(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("j")
        assert selected(stage) == 43
        pulls = stage.repository().pulls.data
        stage.change(pulls=stage.make["part"](tuple(reversed(pulls))))
        await pilot.pause()
        assert selected(stage) == 43
        assert next(line for line in stage.lines() if line.startswith("▸")).split()[2] == "#43"
        stage.change(pulls=stage.make["part"](tuple(pull for pull in pulls if pull.number != 43)))
        await pilot.pause()
        assert selected(stage) in {38, 44}


async def test_the_engine_hears_of_the_selected_run_once_the_cursor_rests(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("j", "j")
        await pilot.pause(0.3)
        assert stage.engine.selected[-1][1] == 440
        calls = len(stage.engine.selected)
        stage.change(default_branch="main")
        await pilot.pause(0.2)
        assert len(stage.engine.selected) == calls


async def test_a_new_push_is_followed(stage: Any) -> None:
    make = stage.make
    async with stage.app.run_test(size=(120, 40)) as pilot:
        pulls = stage.repository().pulls.data
        moved = replace(pulls[0], head_sha="f" * 40)
        fresh = make["run"](390, "CI", moved.branch, "f" * 40, 5, status="queued")
        stage.change(pulls=make["part"]((moved, *pulls[1:])), runs=make["part"]((fresh, *stage.repository().runs.data)))
        await pilot.pause()
        assert "CI · fffffff" in stage.text()
        assert selected(stage) == 38


async def test_40x10_and_back_keeps_selection_and_focus(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("j", "tab", "tab")
        focused = stage.app.screen.focused
        assert focused is not None
        assert focused.id == "epic-list"
        await pilot.press("j")
        for size in ((40, 10), (80, 24), (40, 10), (120, 40)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert stage.app.screen.focused is focused
        assert selected(stage) == 43
        ticket = screen_of(stage).epic.ticket
        assert ticket is not None
        assert ticket.key == "KAN-77"


async def test_at_40x10_the_run_has_the_focus_and_its_keys_work(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        assert stage.app.screen.focused.id == "run-list"
        await pilot.press("k")
        assert "#38" in stage.lines()[0]
        assert selected(stage) == 38


async def test_the_cursor_stays_on_the_job_of_that_name_in_the_next_attempt(stage: Any) -> None:
    make = stage.make
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter", "g")
        assert job_of(stage).name == "lint"
        repository = stage.repository()
        again = replace(repository.runs.data[0], attempt=3)
        jobs = (
            make["job"](3811, 380, "test", 4, None, attempt=3),
            make["job"](3812, 380, "lint", 4, None, attempt=3),
        )
        stage.change(
            runs=make["part"]((again, *repository.runs.data[1:])),
            jobs={**repository.jobs, (380, 3): make["part"](jobs)},
        )
        await pilot.pause()
        assert "attempt 3" in stage.text()
        assert job_of(stage).id == 3812


async def test_older_attempts_and_back(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("left_square_bracket")
        await pilot.pause(0.2)
        assert "attempt 1 of 2" in stage.text()
        assert "✗ failed" in stage.lines()[1]
        assert stage.engine.selected[-1][1:] == (380, 1)
        await pilot.press("left_square_bracket", "right_square_bracket")
        await pilot.pause(0.2)
        assert "attempt 2" in stage.text()
        assert stage.engine.selected[-1][1:] == (380, None)


async def test_steps_fold_and_unfold(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        assert "Set up Docker Buildx" in stage.text()
        await pilot.press("enter")
        assert "Set up Docker Buildx" not in stage.text()
        await pilot.press("enter")
        assert "Set up Docker Buildx" in stage.text()


async def test_a_filter_is_typed_kept_and_cleared(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("slash", *"docker")
        assert "#44 KAN-79 Release" not in stage.text()
        await pilot.press("enter")
        assert "/docker" in stage.lines()[1]
        assert stage.app.screen.focused.id == "pulls-list"
        await pilot.press("escape")
        assert "#44 KAN-79 Release" in stage.text()
        assert "/docker" not in stage.lines()[1]
        await pilot.press("slash", "q", "escape")
        assert "#44 KAN-79 Release" in stage.text()


async def test_enter_on_a_ticket_goes_to_its_pull_request(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("tab", "tab", "j", "enter")
        assert selected(stage) == 43
        assert stage.app.screen.focused.id == "pulls-list"


async def test_n_finds_the_next_failure(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("n")
        assert selected(stage) == 44
        await pilot.press("n")
        item = screen_of(stage).item
        assert item is not None
        assert item.runs[0].workflow_name == "Nightly Real-Claude Smoke"


async def test_the_time_goes_on_while_something_runs(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert "◐ running 2m14s · ~1m07s left" in stage.text()
        stage.clock.advance(10)
        screen_of(stage).tick()
        await pilot.pause()
        assert "◐ running 2m24s · ~57s left" in stage.text()


async def test_a_key_right_behind_a_move_means_the_row_moved_to(stage: Any) -> None:
    """Typed faster than messages travel: the re-run menu must not open for the row that was left."""
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        for key in "jjR":
            stage.app.post_message(Key(key, key))
        await pilot.pause()
        await pilot.pause()
        assert "Re-run CI, kan-79-release at ccccccc" in stage.text()
