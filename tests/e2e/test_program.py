"""The program against servers in another process, against servers that never answer, and against none."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from program import Home, Served
from pseudo_terminal import PseudoTerminal, Screen
from starlette.requests import Request

from cidash.demo.serve import start

Start = Callable[..., PseudoTerminal]


def is_live(screen: Screen) -> bool:
    return "● live" in screen.text and "◐ #38" in screen.text


def kept_attempts(history: Path) -> int:
    if not history.exists():
        return 0
    with closing(sqlite3.connect(history)) as base:
        return int(base.execute("SELECT count(*) FROM attempts").fetchone()[0])


def test_status_in_words_and_in_json(home: Home, demo_served: Served) -> None:
    config = home.write("demo.toml", demo_served.config)
    words = home.run("--config", config, "status")
    assert (words.returncode, words.stderr) == (0, "")
    assert "#38" in words.stdout
    assert "\x1b" not in words.stdout
    done = home.run("--config", config, "status", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert answer["schema_version"] == 1
    assert "demo-github-token" not in done.stdout
    assert "KAN-76" in done.stdout


def test_killed_while_it_writes_and_opened_again_without_a_network(
    home: Home, demo_served: Served, terminal: Start
) -> None:
    history = home.path / "history.sqlite3"
    config = home.write("demo.toml", demo_served.config_with_history(history))
    first = terminal("--config", config)
    first.wait_until(is_live, "the Watch view, live", 30)
    first.wait_until(lambda _: kept_attempts(history) >= 20, "attempts in the history", 30)
    first.kill()
    assert first.wait_for_end() == -9
    demo_served.stop()

    second = terminal("--config", config)
    second.wait_until(lambda screen: "#38" in screen.text and "KAN-76" in screen.text, "what was known", 10)
    second.wait_for("could not be reached")
    assert "#38" in second.screen.text
    assert "● live" not in second.screen.text
    second.press("q")
    assert second.wait_for_end(3) == 0

    offline = home.run("--config", config, "status", "--json")
    assert offline.returncode == 0
    assert "KAN-76" in offline.stdout
    with closing(sqlite3.connect(history)) as base:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_leaving_during_a_write_that_is_never_answered(home: Home, terminal: Start) -> None:
    arrived = threading.Event()

    async def never(request: Request) -> None:
        if request.method == "POST":
            arrived.set()
            await asyncio.Event().wait()

    with start() as servers:
        program = terminal("--config", home.write("demo.toml", servers.config_text))
        program.wait_until(is_live, "the Watch view, live", 30)
        program.press("j")
        program.wait_for("▸ ✗ #48")
        servers.github.world.faults.append(never)
        program.press("R")
        program.wait_for("debug logging")
        program.press("enter")
        program.wait_for("y yes")
        program.press("y")
        program.wait_until(lambda _: arrived.is_set(), "the write at the server", 10)
        program.press("q")
        seconds = program.wait_until(lambda screen: not screen.alternate, "the main screen", 3)
        assert seconds < 1
        assert program.wait_for_end(1) == 0
        assert program.modes_are_restored


def test_servers_that_never_answer_hold_nothing_up(home: Home, terminal: Start) -> None:
    async def never(_request: Request) -> None:
        await asyncio.Event().wait()

    with start() as servers:
        servers.github.world.faults.append(never)
        program = terminal("--config", home.write("demo.toml", servers.config_text))
        program.wait_for("Jira ✓", "KAN-76")
        program.press("?")
        program.wait_for("Re-run failed jobs, one, or all")
        program.press("ctrl+c")
        assert program.wait_until(lambda screen: not screen.alternate, "the main screen", 3) < 1
        assert program.wait_for_end(1) == 0
