"""cidash as a program: with a home of its own, and with the demo world served by another process."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CIDASH = [sys.executable, "-m", "cidash"]
SOURCE = Path(__file__).parents[1] / "src"
_LAST_WORDS = b'"enforced"'


@dataclass(frozen=True)
class Home:
    """A home of one's own: no configuration, token or history of the machine can get in."""

    path: Path

    @property
    def environ(self) -> dict[str, str]:
        """All that the program is given of an environment."""
        names = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
        folders = {name: str(self.path / name.lower()) for name in names}
        given = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONPATH": str(SOURCE), "TZ": "UTC"}
        return {**given, "HOME": str(self.path), **folders}

    def run(self, *arguments: str | Path, **extra: str) -> "subprocess.CompletedProcess[str]":
        """Runs the program without a terminal and returns what it printed."""
        return subprocess.run(
            [*CIDASH, *map(str, arguments)],
            env={**self.environ, **extra},
            cwd=self.path,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            timeout=30,
            check=False,
        )

    def write(self, name: str, text: str) -> Path:
        """Writes a file there and returns where it is."""
        path = self.path / name
        path.write_text(text, encoding="utf-8")
        return path


@dataclass
class Served:
    """A running `cidash demo --serve`."""

    config: str
    process: "subprocess.Popen[bytes]"

    def config_with_history(self, history: Path) -> str:
        """Returns the config with another place for the history."""
        return "\n".join(
            f'path = "{history}"' if line.startswith("path = ") else line for line in self.config.splitlines()
        )

    def stop(self) -> None:
        """Takes the servers off the net; does nothing the second time."""
        self.process.terminate()
        self.process.wait(10)


@contextmanager
def served(home: Home, *arguments: str) -> Iterator[Served]:
    """Serves the demo world from another process until the block ends."""
    process = subprocess.Popen(
        [*CIDASH, "demo", "--serve", *arguments], stdout=subprocess.PIPE, env=home.environ, cwd=home.path
    )
    watchdog = threading.Timer(30, process.kill)  # a server that never answers would hold us for ever
    watchdog.start()
    try:
        assert process.stdout is not None
        text = b""
        while _LAST_WORDS not in text:
            piece = os.read(process.stdout.fileno(), 65536)
            if not piece:
                raise AssertionError("the demo ended before it had written its config")
            text += piece
        watchdog.cancel()
        yield Served(text.decode(), process)
    finally:
        watchdog.cancel()
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()
