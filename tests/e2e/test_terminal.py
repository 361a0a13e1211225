"""The demo in a real terminal: what is on it, how it follows the size, how it is left."""

import re
from collections.abc import Callable

import pytest
from program import Home
from pseudo_terminal import PseudoTerminal, Screen

Start = Callable[..., PseudoTerminal]


def is_drawn(screen: Screen) -> bool:
    return "Pull requests" in screen.text and "● live" in screen.text


@pytest.fixture
def demo(terminal: Start) -> PseudoTerminal:
    program = terminal("demo")
    program.wait_until(is_drawn, "the Watch view, live", 30)
    return program


def test_the_story_is_on_the_screen(demo: PseudoTerminal) -> None:
    demo.wait_for("#38 KAN-76 Lint/format checks", "CI · attempt 2", "KAN-40", "Targets", "Jira ✓")
    demo.wait_until(lambda screen: re.search(r"◐ test .*\d+s", screen.text) is not None, "the running job")
    assert demo.screen.alternate
    assert not demo.screen.cursor_shown
    assert len(demo.screen.lines) == 40


def test_keys_move_the_cursor_and_open_dialogs(demo: PseudoTerminal) -> None:
    demo.wait_for("▸ ◐ #38")
    demo.press("j")
    demo.wait_until(lambda screen: "▸ ✗ #48" in screen.text and "▸ ◐ #38" not in screen.text, "the cursor on #48")
    demo.press("up", "?")
    demo.wait_for("Re-run failed jobs, one, or all")
    demo.press("escape")
    demo.wait_until(lambda screen: "Re-run failed jobs, one, or all" not in screen.text, "the help is gone")
    demo.wait_for("▸ ◐ #38")
    demo.press("R")
    demo.wait_for("debug logging")
    demo.press("escape")
    demo.wait_until(lambda screen: "debug logging" not in screen.text, "the menu is gone")


def test_a_terminal_of_40_by_10_and_back(demo: PseudoTerminal) -> None:
    demo.wait_for("▸ ◐ #38")
    demo.resize(40, 10)
    demo.wait_until(lambda screen: "agent_bus" in screen.lines[0] and "test" in screen.text, "the run alone")
    assert "Targets" not in demo.screen.text
    assert all(len(line) <= 40 for line in demo.screen.lines)
    demo.resize(120, 40)
    demo.wait_for("▸ ◐ #38", "Targets", "KAN-80")


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
def test_leaving_gives_the_terminal_back(demo: PseudoTerminal, key: str) -> None:
    demo.press(key)
    assert demo.wait_for_end(3) == 0
    assert demo.modes_are_restored
    assert "Traceback" not in demo.screen.text
    assert demo.screen.text.strip() == ""


def test_a_lost_terminal_ends_the_program_even_if_it_is_not_told(terminal: Start) -> None:
    program = terminal("demo", ignores_hangup=True)
    program.wait_until(is_drawn, "the Watch view, live", 30)
    program.hang_up()
    assert program.wait_for_end(5) > 0


def test_without_a_terminal_it_says_what_to_do(home: Home) -> None:
    done = home.run("demo")
    assert done.returncode == 64
    assert "cidash status" in done.stderr
