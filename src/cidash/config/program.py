"""Running a program that prints a token: no shell, no terminal, bounded in time and size, its errors not repeated."""

import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cidash.config.error import ConfigError

OUTPUT_LIMIT = 64 * 1024


def output_of(arguments: Sequence[str], environ: Mapping[str, str], timeout_seconds: float) -> str:
    """Returns the program's standard output without the white space around it.

    It is started in the home folder: a folder that somebody else wrote must not steer it.

    Raises:
        ConfigError: it can't be started, fails, takes too long or prints too much. Only its name is repeated.
    """
    name = Path(arguments[0]).name
    try:
        process = subprocess.Popen(  # noqa: S603 - a list from the user's own file, no shell
            list(arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environ),
            cwd=_home(),
        )
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "an argument holds a NUL character"
        raise ConfigError(f"The program {name}, which should print a token, can't be started: {why}.") from None
    reader = _Reader(process)
    reader.thread.join(timeout_seconds)
    if reader.thread.is_alive() or len(reader.output) > OUTPUT_LIMIT:
        process.kill()
        process.wait()
        reader.thread.join(1)
        what = "prints too much" if len(reader.output) > OUTPUT_LIMIT else f"took more than {timeout_seconds:g} s"
        raise ConfigError(f"The program {name}, which should print a token, {what} and was stopped.")
    if process.returncode:
        raise ConfigError(
            f"The program {name}, which should print a token, failed with exit code {process.returncode}. "
            "Run it by hand to see why."
        )
    try:
        return reader.output.decode().strip()
    except UnicodeDecodeError:
        raise ConfigError(f"The program {name}, which should print a token, printed something else.") from None


class _Reader:
    """Reads in a daemon thread: a grandchild that keeps the pipe open can't hold up the program."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.output = b""
        self._process = process
        self.thread = threading.Thread(target=self._read, name="cidash-token", daemon=True)
        self.thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe, suppress(OSError, ValueError):
            self.output = pipe.read(OUTPUT_LIMIT + 1)
        if len(self.output) <= OUTPUT_LIMIT:
            self._process.wait()


def _home() -> Path | None:
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home if home.is_dir() else None
