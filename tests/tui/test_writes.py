"""Writes: captured when the key is pressed, named, confirmed, and claimed only when they were read back."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from cidash.domain.command import Action, ActionState, Command, MoveTicket, Rerun, RerunScope
from cidash.domain.problem import Problem, ProblemKind, SourceError

FAILED = "Re-run failed jobs of CI, attempt 1, kan-79-release at ccccccc"


async def test_failed_jobs_are_re_run_after_a_yes(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("j", "j", "R")
        assert stage.flat("#what") == f"{FAILED}."
        await pilot.press("enter")
        assert stage.flat(".sentence") == f"{FAILED}?"
        await pilot.press("y")
        await pilot.pause()
        (command,) = stage.engine.performed
        assert isinstance(command, Rerun)
        assert (command.scope, command.run_id, command.attempt, command.debug) == (RerunScope.FAILED, 440, 1, False)
        assert stage.said()[-1] == f"{FAILED}: done."


@pytest.mark.parametrize("answer", ["enter", "n", "escape"])
async def test_anything_but_yes_does_nothing(stage: Any, answer: str) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("j", "j", "R", "enter", answer)
        await pilot.pause()
        assert stage.engine.performed == []
        assert len(stage.app.screen_stack) == 1


async def test_the_menu_offers_one_job_all_jobs_and_debug_logging(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("j", "j", "R", "j", "d")
        sentence = "Re-run job test of CI, attempt 1, kan-79-release at ccccccc with debug logging."
        assert stage.flat("#what") == sentence
        await pilot.press("j", "enter", "y")
        await pilot.pause()
        (command,) = stage.engine.performed
        assert (command.scope, command.debug, command.job_id) == (RerunScope.ALL, True, None)


async def test_a_run_that_goes_on_is_re_run_when_it_has_ended(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("R")
        assert "GitHub re-runs only finished runs" in stage.flat("#what")
        await pilot.press("enter")
        assert "when it can be re-run? It waits in cidash" in stage.flat(".sentence")
        await pilot.press("y")
        await pilot.pause()
        assert stage.engine.performed == []
        (armed,) = stage.engine.snapshot.armed
        assert (armed.command.run_id, armed.command.attempt) == (380, 2)
        assert "armed: Re-run failed jobs of CI, attempt 2" in stage.lines()[-2]
        await pilot.press("R")
        assert "Disarm it?" in stage.flat(".sentence")
        await pilot.press("y")
        await pilot.pause()
        assert stage.engine.snapshot.armed == ()


async def test_nothing_failed_means_no_failed_jobs(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("j", "R")
        assert "no job has failed" in stage.text()
        await pilot.press("enter", "y")
        await pilot.pause()
        assert stage.engine.performed[0].scope is RerunScope.JOB


async def test_the_command_is_what_was_on_screen_when_the_key_was_pressed(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("j", "j", "R")
        pulls = stage.repository().pulls.data
        stage.change(pulls=stage.make["part"](tuple(reversed(pulls[:2]))))
        await pilot.press("enter", "y")
        await pilot.pause()
        assert stage.engine.performed[0].run_id == 440


async def test_the_row_says_asked_until_it_is_read_back(stage: Any) -> None:
    release = asyncio.Event()

    async def slow(command: Command) -> Action:
        await release.wait()
        action: Action = await stage.engine.done(command)
        return action

    stage.engine.answer = slow
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("j", "j", "R", "enter", "y")
        stage.clock.advance(3)
        stage.app.view.tick()
        await pilot.pause()
        assert "asked 3s" in next(line for line in stage.lines() if "#44 KAN-79 Release" in line)
        assert "re-run asked 3s ago" in stage.lines()[1]
        release.set()
        await pilot.pause(0.1)
        assert "asked 3s" not in stage.text()


async def test_a_refusal_stays_on_the_line_above_the_footer(stage: Any) -> None:
    async def refused(command: Command) -> Action:
        problem = Problem(ProblemKind.FORBIDDEN, "GitHub refused: the token lacks the right actions:write.")
        now = stage.clock.now()
        return Action(1, command, ActionState.REFUSED, now, problem.sentence, now, problem)

    stage.engine.answer = refused
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("j", "j", "R", "enter", "y")
        await pilot.pause()
        assert "the token lacks the right actions:write" in stage.lines()[-2]


async def test_a_ticket_without_fields_is_moved(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("tab", "tab", "t")
        await pilot.pause()
        assert "Back to work → ◐ In Progress" in stage.text()
        await pilot.press("enter")
        assert "Move KAN-76 from In Review to In Progress?" in stage.text()
        await pilot.press("enter")
        await pilot.pause()
        (command,) = stage.engine.performed
        assert isinstance(command, MoveTicket)
        assert (command.key, command.transition_id, command.fields) == ("KAN-76", "21", {})
        assert len(stage.app.screen_stack) == 1


async def test_the_ticket_of_the_selected_pull_request_is_meant(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("j", "t")
        await pilot.pause()
        assert "KAN-77 Container build cache improvements" in stage.text()


async def test_required_fields_are_asked_for_and_sent_as_jira_takes_them(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("t")
        await pilot.pause()
        await pilot.press("G", "enter")
        await pilot.pause()
        text = stage.text()
        assert "Resolution" in text
        assert "Won't do" in text
        assert "Reason" in text
        await pilot.press("j", "enter", "enter")
        assert "Reason is required." in stage.text()
        assert stage.engine.performed == []
        await pilot.press(*"too late", "enter")
        await pilot.pause()
        (command,) = stage.engine.performed
        assert command.fields == {"resolution": {"id": "10001"}, "customfield_1": "too late"}


async def test_a_refused_move_keeps_the_form_and_names_the_field(stage: Any) -> None:
    async def refused(command: Command) -> Action:
        problem = Problem(
            ProblemKind.REFUSED, "Jira refused to move KAN-76.", fields=(("customfield_1", "Reason is too short."),)
        )
        now = stage.clock.now()
        return Action(1, command, ActionState.REFUSED, now, problem.sentence, now, problem)

    stage.engine.answer = refused
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("t")
        await pilot.pause()
        await pilot.press("G", "enter")
        await pilot.pause()
        await pilot.press("enter", *"short", "enter")
        await pilot.pause()
        text = stage.text()
        assert "✗ Reason is too short." in text
        assert "Jira refused to move KAN-76." in text
        assert "short" in text
        await pilot.press("e", "r", "enter")
        await pilot.pause()
        assert stage.engine.performed[1].fields["customfield_1"] == "shorter"


async def test_transitions_that_can_not_be_read_say_why(stage: Any) -> None:
    stage.engine.offered = SourceError(Problem(ProblemKind.UNREACHABLE, "Jira does not answer."))
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("t")
        await pilot.pause()
        assert "✗ Jira does not answer." in stage.text()
        await pilot.press("escape")
        assert len(stage.app.screen_stack) == 1


async def test_leaving_while_a_move_is_asked_for_lets_it_go_on(stage: Any) -> None:
    release = asyncio.Event()

    async def slow(command: Command) -> Action:
        await release.wait()
        action: Action = await stage.engine.done(command)
        return action

    stage.engine.answer = slow
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("t")
        await pilot.pause()
        await pilot.press("enter", "enter")
        await pilot.pause()
        assert "asked, waiting until Jira shows it" in stage.flat("#state")
        await pilot.press("escape")
        assert "asked 0s" in stage.text()
        release.set()
        await pilot.pause(0.1)
        assert stage.said()[-1] == "Move KAN-76 from In Review to In Progress: done."


async def test_read_only_hides_and_refuses_writes(new_stage: Any) -> None:
    stage = new_stage(read_only=True)
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("j", "j", "R")
        assert len(stage.app.screen_stack) == 1
        assert "read-only session" in stage.said()[0]
        await pilot.press("t")
        assert len(stage.app.screen_stack) == 1
        assert "re-run" not in stage.lines()[-1]
        await pilot.press("question_mark")
        assert "Re-run failed jobs" not in stage.text()
        await pilot.press("escape")
        command = Rerun(stage.repository().id, 1, 1, "CI", "b", "abc", RerunScope.ALL)
        stage.app.perform(command)
        await pilot.pause()
        assert stage.engine.performed == []


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
async def test_leaving_during_a_stuck_write_takes_less_than_a_second(stage: Any, key: str) -> None:
    async def stuck(command: Command) -> Action:
        await asyncio.Event().wait()
        raise AssertionError("nobody waits for this")

    stage.engine.answer = stuck
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("j", "j", "R", "enter", "y")
        await pilot.pause()
        assert stage.engine.performed
        begun = time.monotonic()
        await pilot.press(key)
    assert time.monotonic() - begun < 1.0
    assert stage.app.return_code == 0


async def test_ctrl_c_leaves_from_within_a_dialog(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("j", "j", "R", "ctrl+c")
    assert stage.app.return_code == 0


async def test_a_bug_in_perform_is_loud(stage: Any) -> None:
    async def broken(command: Command) -> Action:
        raise RuntimeError("a bug")

    stage.engine.answer = broken

    async def ask() -> None:
        async with stage.app.run_test(size=(120, 40)) as pilot:
            await pilot.press("j", "j", "R", "enter", "y")
            await pilot.pause()

    with pytest.raises(Exception, match="a bug"):
        await ask()


def test_old_attempts_are_not_re_run(stage: Any) -> None:
    from cidash.tui.watch.acts import rerun_choices

    run = replace(stage.repository().runs.data[3], attempt=1)
    assert all("only the newest one, 2" in reason for _, _, reason in rerun_choices(run, (), None, 2))
