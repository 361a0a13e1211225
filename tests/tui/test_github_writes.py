"""Cancel, merge, dispatch, approve, marks, artifacts: named, asked about, and handed on as they were on screen."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cidash.domain.acting import Artifact, MergeSettings, PendingDeployment
from cidash.domain.ci import Workflow
from cidash.domain.command import Action, ActionState, Command
from cidash.domain.github_command import (
    ApproveRun,
    CancelRun,
    DispatchWorkflow,
    Environment,
    MergeMethod,
    MergePull,
    ReviewDeployment,
    SetWorkflow,
)
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.workflow_file import DispatchInput

SIZE = (120, 40)
SETTINGS = MergeSettings((MergeMethod.SQUASH, MergeMethod.REBASE), True, "main")
CI = Workflow(7, "CI", ".github/workflows/ci.yml", "active", "")
OFF = Workflow(8, "Nightly", ".github/workflows/n.yml", "disabled_manually", "")


async def test_cancel_asks_and_no_is_the_default(stage: Any) -> None:
    async with stage.app.run_test(size=SIZE) as pilot:
        await pilot.press("X")
        sentence = "Cancel CI, attempt 2, kan-76-lint-format-checks at a1b2c3d?"
        assert stage.flat(".sentence") == sentence
        await pilot.press("enter")
        await pilot.pause()
        assert stage.engine.performed == []
        await pilot.press("X", "y")
        await pilot.pause()
        (command,) = stage.engine.performed
        assert isinstance(command, CancelRun)
        assert (command.run.id, command.run.attempt, command.force) == (380, 2, False)


async def test_after_a_cancel_that_did_not_end_the_run_force_is_offered(stage: Any) -> None:
    async with stage.app.run_test(size=SIZE) as pilot:
        await pilot.press("X", "y")
        await pilot.pause()
        await pilot.press("X")
        await pilot.pause()
        assert "It was asked to cancel and goes on." in stage.text()
        assert "force-cancel" in stage.text()
        await pilot.press("enter", "y")
        await pilot.pause()
        assert [command.force for command in stage.engine.performed] == [False, True]


async def test_a_finished_run_is_not_cancelled(stage: Any) -> None:
    async with stage.app.run_test(size=SIZE, notifications=True) as pilot:
        await pilot.press("j", "X")
        assert "has ended: there is nothing to cancel" in stage.said()[-1]
        assert len(stage.app.screen_stack) == 1


async def test_marked_rows_are_re_run_together_and_each_has_its_outcome(stage: Any) -> None:
    async with stage.app.run_test(size=SIZE, notifications=True) as pilot:
        await pilot.press("j", "space", "j", "space")
        assert any("✗*" in line and "#44" in line for line in stage.lines())
        await pilot.press("R")
        await pilot.pause()
        assert "failed jobs of 1 run" in stage.text()
        await pilot.press("j", "enter")
        assert "All 2?" in stage.flat(".sentence")
        await pilot.press("y")
        await pilot.pause()
        assert sorted(command.run_id for command in stage.engine.performed) == [430, 440]
        assert len(stage.said()) == 2
        assert stage.app.view.marked == frozenset()


async def test_marked_rows_that_go_on_are_cancelled_and_esc_drops_marks(stage: Any) -> None:
    async with stage.app.run_test(size=SIZE) as pilot:
        await pilot.press("space", "j", "space", "X")
        assert stage.flat(".sentence") == "Cancel CI, attempt 2, kan-76-lint-format-checks at a1b2c3d?"
        await pilot.press("n", "escape")
        assert stage.app.view.marked == frozenset()
        assert stage.engine.performed == []


async def test_merge_offers_what_the_repository_allows_and_names_auto_merge_first(stage: Any) -> None:
    stage.engine.github.answers |= {"merge_settings": SETTINGS, "pull": stage.repository().pulls.data[1]}
    async with stage.app.run_test(size=SIZE) as pilot:
        await pilot.press("j", "M")
        await pilot.pause()
        text = stage.text()
        assert "GitHub's own auto-merge is allowed here" in text
        assert "squash now" in text
        assert "rebase when green" in text
        assert "merge now" not in text
        await pilot.press("enter")
        assert "Merge #43 (KAN-77: Docker build cache), kan-77-build-cache at bbbbbbb" in stage.flat(".sentence")
        await pilot.press("y")
        await pilot.pause()
        (command,) = stage.engine.performed
        assert isinstance(command, MergePull)
        assert (command.number, command.head_sha, command.method) == (43, "b" * 40, MergeMethod.SQUASH)


async def test_a_merge_is_armed_shown_disarmed_and_asked_about_on_quitting(stage: Any) -> None:
    stage.engine.github.answers |= {"merge_settings": SETTINGS, "pull": stage.repository().pulls.data[1]}
    async with stage.app.run_test(size=SIZE) as pilot:
        await pilot.press("j", "M")
        await pilot.pause()
        await pilot.press("j", "j", "enter", "y")
        await pilot.pause()
        assert stage.engine.performed == []
        assert "armed: Merge #43" in stage.lines()[-2]
        await pilot.press("q")
        await pilot.pause()
        assert "is dropped when cidash ends. Quit?" in stage.flat(".sentence")
        await pilot.press("n")
        assert stage.app.is_running
        await pilot.press("M", "y")
        await pilot.pause()
        assert stage.engine.snapshot.armed == ()
        await pilot.press("q")
    assert stage.app.return_code == 0


async def test_ctrl_c_twice_leaves_with_something_armed(stage: Any) -> None:
    async with stage.app.run_test(size=SIZE) as pilot:
        await pilot.press("R", "enter", "y")
        await pilot.pause()
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert stage.app.is_running
        await pilot.press("ctrl+c")
    assert stage.app.return_code == 0


async def test_a_head_that_moved_is_not_merged(stage: Any) -> None:
    moved = replace(stage.repository().pulls.data[1], head_sha="e" * 40)
    stage.engine.github.answers |= {"merge_settings": SETTINGS, "pull": moved}
    async with stage.app.run_test(size=SIZE) as pilot:
        await pilot.press("j", "M")
        await pilot.pause()
        assert "the head has moved to eeeeeee" in stage.text()
        await pilot.press("enter", "escape")
        assert stage.engine.performed == []


async def test_what_can_not_be_asked_says_why(stage: Any) -> None:
    stage.engine.github.answers["pull"] = SourceError(Problem(ProblemKind.UNREACHABLE, "GitHub could not be reached."))
    async with stage.app.run_test(size=SIZE) as pilot:
        await pilot.press("M")
        await pilot.pause()
        assert "✗ GitHub could not be reached." in stage.text()


async def test_a_forks_run_is_approved(stage: Any) -> None:
    runs = stage.repository().runs.data
    held = replace(runs[2], conclusion="action_required")
    stage.change(runs=stage.make["part"]((*runs[:2], held, *runs[3:])))
    async with stage.app.run_test(size=SIZE) as pilot:
        await pilot.press("j", "A")
        assert stage.flat(".sentence") == "Approve that CI, attempt 1, kan-77-build-cache at bbbbbbb may run?"
        await pilot.press("y")
        await pilot.pause()
        assert isinstance(stage.engine.performed[0], ApproveRun)


async def test_deployments_are_answered_one_by_one(stage: Any) -> None:
    stage.engine.github.answers["pending_deployments"] = (
        PendingDeployment(Environment(5, "production"), True, ("lena",)),
        PendingDeployment(Environment(6, "vault"), False, ("noor",)),
    )
    async with stage.app.run_test(size=SIZE) as pilot:
        await pilot.press("A")
        await pilot.pause()
        assert "only noor may answer" in stage.text()
        await pilot.press("j", "enter", "y")
        await pilot.pause()
        (command,) = stage.engine.performed
        assert isinstance(command, ReviewDeployment)
        assert ([one.name for one in command.environments], command.approve) == (["production"], False)


async def test_dispatch_asks_for_the_typed_inputs(stage: Any) -> None:
    stage.engine.github.answers |= {
        "workflows": (CI, OFF),
        "dispatch_inputs": (
            DispatchInput("reason", "string", True, None, (), "why"),
            DispatchInput("size", "choice", False, "small", ("small", "large"), ""),
            DispatchInput("rounds", "number", False, "3", (), ""),
        ),
    }
    async with stage.app.run_test(size=SIZE) as pilot:
        await pilot.press("D")
        await pilot.pause()
        assert "disabled manually" in stage.text()
        await pilot.press("enter", "enter")
        await pilot.pause()
        assert "reason (required)  why" in stage.text()
        await pilot.press("enter", "j", "enter", "enter")
        await pilot.pause()
        assert "✗ reason is required." in stage.text()
        await pilot.press(*"now", "enter", "enter", "x", "enter")
        await pilot.pause()
        assert "✗ rounds is a number" in stage.text()
        await pilot.press("backspace", "enter")
        await pilot.pause()
        assert "Run workflow CI on main with reason=now, size=large, rounds=3?" in stage.flat(".sentence")
        await pilot.press("y")
        await pilot.pause()
        (command,) = stage.engine.performed
        assert isinstance(command, DispatchWorkflow)
        assert dict(command.inputs) == {"reason": "now", "size": "large", "rounds": "3"}


async def test_a_workflow_is_enabled(stage: Any) -> None:
    stage.engine.github.answers["workflows"] = (CI, OFF)
    async with stage.app.run_test(size=SIZE) as pilot:
        await pilot.press("w")
        await pilot.pause()
        await pilot.press("j", "enter")
        assert stage.flat(".sentence") == "Enable workflow Nightly in tefj-fun/agent_bus?"
        await pilot.press("y")
        await pilot.pause()
        assert isinstance(stage.engine.performed[0], SetWorkflow)


async def test_an_artifact_goes_where_it_is_told_to(stage: Any, tmp_path: Path) -> None:
    report = Artifact(1, "report", 2048, False, None, None, None)
    gone = Artifact(2, "old", 10, True, None, None, None)
    stage.engine.github.answers |= {"artifacts": (report, gone), "download": tmp_path / "report"}
    async with stage.app.run_test(size=SIZE, notifications=True) as pilot:
        await pilot.press("d")
        await pilot.pause()
        assert "report  2.0 KB" in stage.text()
        assert "expired" in stage.text()
        await pilot.press("enter")
        await pilot.pause()
        stage.app.screen.query_one("#folder").value = str(tmp_path)
        await pilot.press("enter")
        await pilot.pause()
        assert stage.engine.github.asked[-1] == ("download", report, tmp_path)
        assert stage.said() == [f"report is in {tmp_path / 'report'}"]


@pytest.mark.parametrize("key", list("RXMDAdw"))
async def test_read_only_refuses_every_write(new_stage: Any, key: str) -> None:
    stage = new_stage(read_only=True)
    async with stage.app.run_test(size=SIZE, notifications=True) as pilot:
        await pilot.press(key)
        await pilot.pause()
        assert "read-only session" in stage.said()[0]
        assert len(stage.app.screen_stack) == 1
        await pilot.press("question_mark")
        assert "Cancel the run" not in stage.text()


async def test_a_refusal_is_told_for_each(stage: Any) -> None:
    async def refused(command: Command) -> Action:
        problem = Problem(ProblemKind.CONFLICT, "github.com could not cancel it now (409).")
        now = stage.clock.now()
        return Action(1, command, ActionState.REFUSED, now, problem.sentence, now, problem)

    stage.engine.answer = refused
    async with stage.app.run_test(size=SIZE) as pilot:
        await pilot.press("X", "y")
        await pilot.pause()
        assert "could not cancel it now (409)" in stage.lines()[-2]
