"""Exit codes and sentences of the entry point."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cidash.cli import loop
from cidash.domain.problem import Problem, ProblemKind, SourceError

Cidash = Callable[..., tuple[int, str, str]]
PROGRAM = [sys.executable, "-m", "cidash"]


def test_version_imports_nothing_heavy() -> None:
    code = (
        "import sys; from cidash.cli.main import main; code = main(['--version']);"
        "heavy = {'textual', 'rich', 'httpx', 'github', 'jira', 'pydantic', 'requests', 'starlette', 'asyncio'};"
        "print(sorted(heavy & set(sys.modules))); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()) == (0, ["cidash 0.1.0", "[]"]), done.stderr


@pytest.mark.parametrize(
    "argv",
    [
        ("statsu",), ("status", "--jsn"), ("rerun",), ("rerun", "1", "--failed", "--job", "x"), ("ticket",),
        ("ticket", "move", "KAN-1"), ("config",), ("demo", "--pace", "0"), ("demo", "--pace", "nan"),
        ("demo", "--scenario", "x"), ("targets", "--json", "--markdown"), ("--repo",), ("status", "--js"),
        ("rerun", "x"), ("ticket", "move", "nope", "Done"), ("ticket", "move", "A-1", "X", "--field", "x", "--yes"),
        ("status", "-R", "one"), ("status", "-R", "a/b/c/d"), ("status", "--config", "/nowhere/c.toml"),
    ],
)  # fmt: skip
def test_usage_errors_end_with_64(argv: tuple[str, ...], cidash: Cidash) -> None:
    code, out, err = cidash(*argv)
    assert (code, out) == (64, "")
    assert err


def test_help_is_on_stdout(cidash: Cidash) -> None:
    code, out, _ = cidash("--help")
    assert code == 0
    for word in ("demo", "status", "rerun", "ticket", "targets", "config", "exit codes", "-R"):
        assert word in out


def test_no_config_and_no_remote(cidash: Cidash) -> None:
    code, _, err = cidash("status")
    assert code == 64
    assert "no GitHub remote" in err
    assert "cidash demo" in err


def test_no_terminal_suggests_status(cidash: Cidash) -> None:
    for argv in ((), ("demo",)):
        code, _, err = cidash(*argv)
        assert code == 64
        assert "cidash status" in err


def test_a_dumb_terminal_suggests_status(cidash: Cidash, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    code, _, err = cidash("-R", "a/b")
    assert code == 64
    assert "TERM" in err


def test_a_mistake_of_ours_is_one_sentence(cidash: Cidash, engine: Any) -> None:
    engine.raises = ValueError("token ghp_s3cret")
    code, out, err = cidash("status", "-R", "a/b")
    assert (code, out) == (70, "")
    assert err == "cidash: internal error (ValueError). Run with CIDASH_DEBUG=1 for the traceback.\n"
    assert engine.closed


def test_the_traceback_is_there_for_who_asks(
    cidash: Cidash,
    engine: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CIDASH_DEBUG", "1")
    engine.raises = ValueError("x")
    with pytest.raises(ValueError, match="x"):
        cidash("status", "-R", "a/b")


def test_a_source_error_is_its_sentence(cidash: Cidash, engine: Any) -> None:
    engine.raises = SourceError(Problem(ProblemKind.UNAUTHORIZED, "GitHub refused the token."))
    assert cidash("status", "-R", "a/b") == (1, "", "cidash: GitHub refused the token.\n")


def test_ctrl_c_is_quiet(cidash: Cidash, engine: Any) -> None:
    engine.raises = KeyboardInterrupt()
    assert cidash("status", "-R", "a/b") == (130, "", "")
    assert engine.closed


def test_a_broken_history_is_a_sentence(cidash: Cidash, home: Path) -> None:
    broken = home / "broken.db"
    broken.write_bytes(b"not a database at all" * 100)
    file = home / "c.toml"
    file.write_text(f'[hosts."github.com"]\napi_url = "http://127.0.0.1:9"\n[history]\npath = "{broken}"\n')
    code, out, err = cidash("status", "-R", "a/b", "--config", str(file))
    assert code == 1, "nobody answered, and there is no history to answer from"
    assert "pull requests: unknown" in out
    assert "broken.db" in err
    assert broken.read_bytes() == b"not a database at all" * 100, "what can't be read is left alone"


def test_nobody_answers(cidash: Cidash, home: Path) -> None:
    file = home / "c.toml"
    file.write_text(f'[hosts."github.com"]\napi_url = "http://127.0.0.1:9"\n[history]\npath = "{home}/h.db"\n')
    code, out, err = cidash("status", "-R", "a/b", "--config", str(file))
    assert code == 1
    assert "pull requests: unknown" in out
    assert "could not be reached" in err


def test_a_closed_pipe_is_quiet(home: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*PROGRAM, "config", "schema"], stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert done.stderr == ""
    assert done.returncode == 0


def test_an_output_without_unicode_gets_question_marks(home: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, "status", "-R", "ä/ö"],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 64
    assert b"is not a repository" in done.stderr


def test_ctrl_c_ends_the_process_at_once(home: Path) -> None:
    """The loop and the interpreter wait for no thread, even while one is stuck in a name look-up."""
    code = (
        "import time, asyncio, sys; from cidash.cli import loop\n"
        "async def main():\n"
        "    print('up', flush=True)\n"
        "    await asyncio.get_running_loop().run_in_executor(None, time.sleep, 60)\n"
        "try: loop.run(main())\n"
        "except KeyboardInterrupt: sys.exit(130)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert time.monotonic() - asked < 5


def test_blocking_calls_still_answer() -> None:
    async def main() -> tuple[str, str]:
        import asyncio

        running = asyncio.get_running_loop()
        good = await running.run_in_executor(None, lambda: "answer")
        try:
            await running.run_in_executor(None, lambda: 1 / 0)
        except ZeroDivisionError as error:
            return good, str(error)
        return good, ""

    assert loop.run(main()) == ("answer", "division by zero")
